"""What a payer sees: the hosted invoice, the bank's question, the wallet's code. Self-contained, in two languages."""

import re
from collections.abc import Callable
from html import escape
from string import Template
from urllib.parse import quote, urlencode, urlsplit, urlunsplit

from apps.payments.standin.cards import APPROVED_CARD, DECLINED_CARD, STC_FAILURES, STC_PAID_CODES, STC_WRONG_CODE
from apps.payments.standin.invoices import Invoices
from apps.payments.standin.messages import Json, Refused, Reply, Request, Route, html_reply, redirect
from apps.payments.standin.payments import Payments

_WORDS = {
    "en": {
        "title": "Payment",
        "notice": "Test page. No real money moves.",
        "initiated": "Choose how this payment ends.",
        "declined": "The card was declined. You can try again.",
        "unconfirmed": "Your bank could not confirm you. You can try again.",
        "111111": "There is not enough money in the wallet. You can pay another way.",
        "222222": "The wallet's daily limit is reached. You can pay another way.",
        "333333": "The amount is above the wallet's limit for one payment. You can pay another way.",
        "444444": "STC Pay did not answer in time. You can try again.",
        "wrong_code": "That code is not right. Ask for a new one.",
        "mobile_refused": "STC Pay does not accept this mobile now. You can pay another way.",
        "mobile_wrong": "Enter a mobile such as 0512345678.",
        "paid": "Paid. Thank you.",
        "canceled": "This payment link was canceled.",
        "expired": "This payment link has expired.",
        "closed": "This payment link is closed.",
        "missing": "This payment link does not exist.",
        "challenge": "Your bank asks: is this you?",
        "pay": "Pay by card",
        "decline": "Pay by a card that is declined",
        "leave": "Leave without paying",
        "mobile": "Mobile with STC Pay",
        "send_code": "Pay by STC Pay",
        "code_sent": "STC Pay has sent a code to your mobile.",
        "code": "Code",
        "codes": "Test codes",
        "code_paid": "paid",
        "code_111111": "not enough money",
        "code_222222": "daily limit reached",
        "code_333333": "above the limit for one payment",
        "code_444444": "no answer in time",
        "confirm": "Confirm",
        "back": "Choose another way",
        "accept": "Yes, approve",
        "reject": "No, reject",
        "other": "العربية",
    },
    "ar": {
        "title": "الدفع",
        "notice": "صفحة تجريبية، لا تُحوَّل أموال حقيقية.",
        "initiated": "اختر كيف تنتهي عملية الدفع هذه.",
        "declined": "رُفضت البطاقة. يمكنك المحاولة مرة أخرى.",
        "unconfirmed": "لم يتمكن مصرفك من التحقق منك. يمكنك المحاولة مرة أخرى.",
        "111111": "رصيد المحفظة لا يكفي. يمكنك الدفع بطريقة أخرى.",
        "222222": "بلغت المحفظة حدها اليومي. يمكنك الدفع بطريقة أخرى.",
        "333333": "المبلغ أعلى من حد المحفظة للعملية الواحدة. يمكنك الدفع بطريقة أخرى.",
        "444444": "لم تستجب STC Pay في الوقت المحدد. يمكنك المحاولة مرة أخرى.",
        "wrong_code": "الرمز غير صحيح. اطلب رمزًا جديدًا.",
        "mobile_refused": "لا تقبل STC Pay رقم الجوال هذا الآن. يمكنك الدفع بطريقة أخرى.",
        "mobile_wrong": "أدخل رقم جوال مثل 0512345678.",
        "paid": "تم الدفع، شكرًا لك.",
        "canceled": "أُلغي رابط الدفع هذا.",
        "expired": "انتهت صلاحية رابط الدفع هذا.",
        "closed": "رابط الدفع هذا مغلق.",
        "missing": "رابط الدفع هذا غير موجود.",
        "challenge": "يسألك مصرفك: هل هذه العملية منك؟",
        "pay": "ادفع بالبطاقة",
        "decline": "ادفع ببطاقة مرفوضة",
        "leave": "الخروج دون دفع",
        "mobile": "رقم الجوال المسجل في STC Pay",
        "send_code": "ادفع عبر STC Pay",
        "code_sent": "أرسلت STC Pay رمزًا إلى جوالك.",
        "code": "الرمز",
        "codes": "رموز تجريبية",
        "code_paid": "يتم الدفع",
        "code_111111": "الرصيد لا يكفي",
        "code_222222": "بلوغ الحد اليومي",
        "code_333333": "أعلى من حد العملية الواحدة",
        "code_444444": "لا استجابة في الوقت المحدد",
        "confirm": "تأكيد",
        "back": "اختر طريقة أخرى",
        "accept": "نعم، أوافق",
        "reject": "لا، أرفض",
        "other": "English",
    },
}
_CURRENCIES = {"ar": {"SAR": "ر.س"}}
_PAGE = Template("""<!DOCTYPE html>
<html lang="$lang" dir="$dir">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>$title</title>
<style>
  :root { color-scheme: light dark; --ink: #1f2328; --paper: #fff; --back: #f1efe9; --quiet: #646b73;
    --line: #dcd8ce; --strong: #0f766e; --on-strong: #fff }
  @media (prefers-color-scheme: dark) { :root { --ink: #ece9e2; --paper: #22262b; --back: #16191d;
    --quiet: #a2a9b1; --line: #3a4048; --strong: #2dd4bf; --on-strong: #06201d } }
  * { box-sizing: border-box }
  body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 1.25rem;
    background: var(--back); color: var(--ink); font: 1rem/1.6 system-ui, "Noto Sans Arabic", sans-serif }
  main { width: min(26rem, 100%); background: var(--paper); border: 1px solid var(--line);
    border-radius: 1rem; padding: 1.75rem; box-shadow: 0 .75rem 2rem rgb(0 0 0 / 8%) }
  header { display: flex; justify-content: space-between; gap: 1rem; color: var(--quiet); font-size: .875rem }
  header a { color: inherit }
  h1 { margin: 1.25rem 0 .25rem; font-size: 2.25rem; line-height: 1.2; font-variant-numeric: tabular-nums }
  .what { margin: 0; overflow-wrap: anywhere }
  .state { margin: 1.5rem 0 1rem; padding-block-start: 1.25rem; border-block-start: 1px solid var(--line) }
  form { display: grid; gap: .625rem; margin-block-end: .625rem }
  form.apart { border-block-start: 1px solid var(--line); margin-block: 1.25rem; padding-block-start: 1.25rem }
  label, dt { font-size: .875rem; color: var(--quiet) }
  dl { display: grid; grid-template-columns: auto 1fr; gap: .25rem 1rem; margin: 1.25rem 0 0; font-size: .875rem }
  dl :first-child { grid-column: 1 / -1 }
  dd { margin: 0 }
  input { font: inherit; min-height: 3rem; width: 100%; padding: 0 .875rem; border-radius: .625rem;
    border: 1px solid var(--line); background: var(--back); color: inherit; text-align: start }
  button { font: inherit; min-height: 3rem; border-radius: .625rem; border: 1px solid var(--line);
    background: transparent; color: inherit; cursor: pointer }
  button.first { background: var(--strong); border-color: var(--strong); color: var(--on-strong); font-weight: 600 }
  button:focus-visible, input:focus-visible, a:focus-visible { outline: 3px solid var(--strong); outline-offset: 2px }
</style>
</head>
<body>
<main>
<header><span>$notice</span><a href="?lang=$other_lang" lang="$other_lang">$other</a></header>
$bill
<p class="state" role="status">$state</p>
$forms
</main>
</body>
</html>
""")


class Checkout:
    """Turns a payer's clicks into what the gateway does with them."""

    def __init__(self, payments: Payments, invoices: Invoices) -> None:
        self._payments, self._invoices = payments, invoices

    def routes(self) -> tuple[Route, ...]:
        return (
            Route("GET", "/invoices/<id>", "show_invoice", _page(self._show_invoice)),
            Route("POST", "/invoices/<id>", "choose", _page(self._choose)),
            Route("GET", "/card_auth/<id>", "show_challenge", _page(self._show_challenge)),
            Route("POST", "/card_auth/<id>", "answer", _page(self._answer)),
            Route("GET", "/stc_pay/<id>", "show_code", _page(self._show_code)),
            Route("POST", "/stc_pay/<id>", "enter_code", _page(self._enter_code)),
        )

    def _show_invoice(self, request: Request, invoice_id: str) -> Reply:
        lang, invoice = language(request), self._invoices.fetch(invoice_id)
        words, status = _WORDS[lang], invoice["status"]
        if not self._invoices.is_payable(status):
            return _render(lang, invoice, words[status if status in words else "closed"])
        failed = next((one for one in invoice["payments"] if one["id"] == request.query.get("failed")), None)
        state = _why_failed(failed) if failed else "mobile_wrong" if "wrong" in request.query else status
        ways = (
            _form(lang, _button("paid", words["pay"], first=True), _button("declined", words["decline"])),
            _form(lang, _field("mobile", words["mobile"], "tel"), _button("stc", words["send_code"]), apart=True),
            _form(lang, _button("left", words["leave"])),
        )
        return _render(lang, invoice, words[state if state in words else "closed"], *ways)

    def _choose(self, request: Request, invoice_id: str) -> Reply:
        invoice, form = self._invoices.fetch(invoice_id), request.form()
        outcome, here = form.get("outcome"), _address_of(request, invoice_id)
        if outcome == "left":
            return redirect(invoice["back_url"] or here)
        if outcome not in ("paid", "declined", "stc"):
            raise Refused(400, "invalid_request_error", "Choose an outcome.")
        if not self._invoices.is_payable(invoice["status"]):
            return redirect(here)
        if outcome == "stc":
            mobile = _digits(form.get("mobile", ""))
            if not re.fullmatch(r"05\d{8}", mobile):
                return redirect(f"{here}&wrong=mobile")
            payment = self._invoices.begin_by_stc(invoice_id, mobile)
        else:
            payment = self._invoices.pay(invoice_id, APPROVED_CARD if outcome == "paid" else DECLINED_CARD)
        return self._sent_on(request, payment)

    def _show_challenge(self, request: Request, payment_id: str) -> Reply:
        lang, payment = language(request), self._payments.fetch(payment_id)
        words = _WORDS[lang]
        if payment["status"] != "initiated":
            return _render(lang, payment, words["closed"])
        answers = (_button("yes", words["accept"], first=True), _button("no", words["reject"]))
        return _render(lang, payment, words["challenge"], _form(lang, *answers))

    def _answer(self, request: Request, payment_id: str) -> Reply:
        authenticated = request.form().get("outcome") == "yes"
        return self._sent_on(request, self._invoices.answer_challenge(payment_id, authenticated=authenticated))

    def _show_code(self, request: Request, payment_id: str) -> Reply:
        lang, payment = language(request), self._payments.fetch(payment_id)
        words = _WORDS[lang]
        if payment["status"] != "initiated":
            return _render(lang, payment, words["closed"])
        typed = (_field("code", words["code"], "one-time-code"), _button("code", words["confirm"], first=True))
        ways = (_form(lang, *typed), _form(lang, _button("left", words["back"])), _test_codes(words))
        return _render(lang, payment, words["code_sent"], *ways)

    def _enter_code(self, request: Request, payment_id: str) -> Reply:
        form = request.form()
        if form.get("outcome") == "left":
            return redirect(_address_of(request, self._payments.fetch(payment_id)["invoice_id"]))
        return self._sent_on(request, self._invoices.enter_code(payment_id, _digits(form.get("code", ""))))

    def _sent_on(self, request: Request, payment: Json) -> Reply:
        """Where the browser goes after an attempt: to the wallet, back to the bill, or to the shop."""
        if payment["invoice_id"] is None:
            return redirect(with_query(payment["callback_url"], _told(payment)))
        here = _address_of(request, payment["invoice_id"])
        if payment["status"] == "initiated":
            return redirect(f"{payment['source']['transaction_url']}?lang={language(request)}")
        if payment["status"] == "failed":
            return redirect(f"{here}&failed={payment['id']}")
        shop = self._invoices.fetch(payment["invoice_id"])["success_url"]
        return redirect(with_query(shop, _told(payment) | {"invoice_id": payment["invoice_id"]}) if shop else here)


def language(request: Request) -> str:
    """Arabic or English: the address decides, else the browser's first wish."""
    wished = request.query.get("lang") or request.headers.get("accept-language", "")
    return "ar" if wished.lower().startswith("ar") else "en"


def with_query(url: str, extra: dict[str, str]) -> str:
    """The address with parameters appended; its own stay as they are."""
    parts = urlsplit(url)
    query = "&".join(filter(None, (parts.query, urlencode(extra))))
    return urlunsplit(parts._replace(query=query))


def missing_page(request: Request) -> Reply:
    lang = language(request)
    return html_reply(404, _fill(lang, bill="", state=_WORDS[lang]["missing"], forms=""))


def _page(answer: Callable[[Request, str], Reply]) -> Callable[[Request, str], Reply]:
    """People get a page where programs get a 404."""

    def guarded(request: Request, object_id: str) -> Reply:
        try:
            return answer(request, object_id)
        except Refused as refusal:
            if refusal.status == 404:
                return missing_page(request)
            raise

    return guarded


def _address_of(request: Request, invoice_id: str) -> str:
    return f"/invoices/{quote(invoice_id)}?lang={language(request)}"


def _digits(typed: str) -> str:
    """What was typed, in Arabic digits or ours, with spaces or without."""
    return "".join(str(int(sign)) if sign.isdecimal() else sign for sign in typed if not sign.isspace())


def _why_failed(payment: Json) -> str:
    """The word of `_WORDS` for a failed attempt."""
    message, code = payment["source"]["message"], payment["source"].get("response_code")
    if payment["source"]["type"] != "stcpay":
        return "declined" if code else "unconfirmed"
    known = {text: code for code, text in STC_FAILURES.items()} | {STC_WRONG_CODE: "wrong_code"}
    return known.get(message, "mobile_refused")


def _told(payment: Json) -> dict[str, str]:
    return {"id": payment["id"], "status": payment["status"], "message": payment["source"]["message"]}


def _button(value: str, text: str, *, first: bool = False) -> str:
    return f'<button name="outcome" value="{value}"{" class=first" if first else ""}>{text}</button>'


def _field(name: str, text: str, autocomplete: str) -> str:
    """A field for digits, which run from left to right in Arabic too."""
    attributes = f'inputmode="numeric" autocomplete="{autocomplete}" dir="ltr" required'
    return f'<label for="{name}">{text}</label>\n<input id="{name}" name="{name}" {attributes}>'


def _form(lang: str, *parts: str, apart: bool = False) -> str:
    kind = ' class="apart"' if apart else ""
    return f'<form method="post" action="?lang={lang}"{kind}>\n' + "\n".join(parts) + "\n</form>"


def _test_codes(words: dict[str, str]) -> str:
    meanings = dict.fromkeys(sorted(STC_PAID_CODES), "code_paid") | {code: f"code_{code}" for code in STC_FAILURES}
    rows = "\n".join(f"<dt><bdi>{code}</bdi></dt><dd>{words[word]}</dd>" for code, word in meanings.items())
    return f"<dl>\n<dt>{words['codes']}</dt>\n{rows}\n</dl>"


def _render(lang: str, subject: Json, state: str, *forms: str) -> Reply:
    amount, currency = subject["amount"], subject["currency"]
    shown = f"{amount // 100:,}.{amount % 100:02d} {_CURRENCIES.get(lang, {}).get(currency, currency)}"
    bill = f'<h1><bdi>{escape(shown)}</bdi></h1>\n<p class="what"><bdi>{escape(subject["description"] or "")}</bdi></p>'
    return html_reply(200, _fill(lang, bill=bill, state=escape(state), forms="\n".join(forms)))


def _fill(lang: str, *, bill: str, state: str, forms: str) -> str:
    words, arabic = _WORDS[lang], lang == "ar"
    return _PAGE.substitute(
        lang=lang,
        dir="rtl" if arabic else "ltr",
        other_lang="en" if arabic else "ar",
        title=words["title"],
        notice=words["notice"],
        other=words["other"],
        bill=bill,
        state=state,
        forms=forms,
    )
