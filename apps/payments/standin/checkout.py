"""The pages a payer sees: the hosted invoice and the bank's 3-D Secure question. Self-contained, in two languages."""

from collections.abc import Callable
from html import escape
from string import Template
from urllib.parse import quote, urlencode, urlsplit, urlunsplit

from apps.payments.standin.cards import APPROVED_CARD, DECLINED_CARD
from apps.payments.standin.invoices import Invoices
from apps.payments.standin.messages import Json, Refused, Reply, Request, Route, html_reply, redirect
from apps.payments.standin.payments import Payments

_WORDS = {
    "en": {
        "title": "Payment",
        "notice": "Test page. No real money moves.",
        "initiated": "Choose how this payment ends.",
        "declined": "The card was declined. You can try again.",
        "paid": "Paid. Thank you.",
        "canceled": "This payment link was canceled.",
        "expired": "This payment link has expired.",
        "closed": "This payment link is closed.",
        "missing": "This payment link does not exist.",
        "challenge": "Your bank asks: is this you?",
        "pay": "Pay",
        "decline": "Decline",
        "leave": "Leave without paying",
        "accept": "Yes, approve",
        "reject": "No, reject",
        "other": "العربية",
    },
    "ar": {
        "title": "الدفع",
        "notice": "صفحة تجريبية، لا تُحوَّل أموال حقيقية.",
        "initiated": "اختر كيف تنتهي عملية الدفع هذه.",
        "declined": "رُفضت البطاقة. يمكنك المحاولة مرة أخرى.",
        "paid": "تم الدفع، شكرًا لك.",
        "canceled": "أُلغي رابط الدفع هذا.",
        "expired": "انتهت صلاحية رابط الدفع هذا.",
        "closed": "رابط الدفع هذا مغلق.",
        "missing": "رابط الدفع هذا غير موجود.",
        "challenge": "يسألك مصرفك: هل هذه العملية منك؟",
        "pay": "ادفع",
        "decline": "رفض البطاقة",
        "leave": "الخروج دون دفع",
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
  form { display: grid; gap: .625rem }
  button { font: inherit; min-height: 3rem; border-radius: .625rem; border: 1px solid var(--line);
    background: transparent; color: inherit; cursor: pointer }
  button.first { background: var(--strong); border-color: var(--strong); color: var(--on-strong); font-weight: 600 }
  button:focus-visible, a:focus-visible { outline: 3px solid var(--strong); outline-offset: 2px }
</style>
</head>
<body>
<main>
<header><span>$notice</span><a href="?lang=$other_lang" lang="$other_lang">$other</a></header>
$bill
<p class="state" role="status">$state</p>
$form
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
        )

    def _show_invoice(self, request: Request, invoice_id: str) -> Reply:
        lang, invoice = language(request), self._invoices.fetch(invoice_id)
        words, status = _WORDS[lang], invoice["status"]
        declined = status == "initiated" and "declined" in request.query
        state = words["declined" if declined else status if status in words else "closed"]
        payable = self._invoices.is_payable(status)
        buttons = (("paid", "pay"), ("declined", "decline"), ("left", "leave")) if payable else ()
        return _render(lang, invoice, state, buttons)

    def _choose(self, request: Request, invoice_id: str) -> Reply:
        invoice = self._invoices.fetch(invoice_id)
        outcome = request.form().get("outcome")
        here = f"/invoices/{quote(invoice_id)}?lang={language(request)}"
        if outcome == "left":
            return redirect(invoice["back_url"] or here)
        if outcome not in ("paid", "declined"):
            raise Refused(400, "invalid_request_error", "Choose an outcome.")
        if not self._invoices.is_payable(invoice["status"]):
            return redirect(here)
        if outcome == "declined":
            self._invoices.pay(invoice_id, DECLINED_CARD)
            return redirect(f"{here}&declined=1")
        payment = self._invoices.pay(invoice_id, APPROVED_CARD)
        told = _told(payment) | {"invoice_id": invoice_id}
        return redirect(with_query(invoice["success_url"], told) if invoice["success_url"] else here)

    def _show_challenge(self, request: Request, payment_id: str) -> Reply:
        lang, payment = language(request), self._payments.fetch(payment_id)
        if payment["status"] != "initiated":
            return _render(lang, payment, _WORDS[lang]["closed"], ())
        return _render(lang, payment, _WORDS[lang]["challenge"], (("yes", "accept"), ("no", "reject")))

    def _answer(self, request: Request, payment_id: str) -> Reply:
        authenticated = request.form().get("outcome") == "yes"
        payment = self._payments.answer_challenge(payment_id, authenticated=authenticated)
        return redirect(with_query(payment["callback_url"], _told(payment)))


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
    return html_reply(404, _fill(lang, bill="", state=_WORDS[lang]["missing"], form=""))


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


def _told(payment: Json) -> dict[str, str]:
    return {"id": payment["id"], "status": payment["status"], "message": payment["source"]["message"]}


def _render(lang: str, subject: Json, state: str, buttons: tuple[tuple[str, str], ...]) -> Reply:
    amount, currency = subject["amount"], subject["currency"]
    shown = f"{amount // 100:,}.{amount % 100:02d} {_CURRENCIES.get(lang, {}).get(currency, currency)}"
    bill = f'<h1><bdi>{escape(shown)}</bdi></h1>\n<p class="what"><bdi>{escape(subject["description"] or "")}</bdi></p>'
    choices = "\n".join(
        f'<button name="outcome" value="{value}"{" class=first" if place == 0 else ""}>{_WORDS[lang][word]}</button>'
        for place, (value, word) in enumerate(buttons)
    )
    form = f'<form method="post" action="?lang={lang}">\n{choices}\n</form>' if buttons else ""
    return html_reply(200, _fill(lang, bill=bill, state=escape(state), form=form))


def _fill(lang: str, *, bill: str, state: str, form: str) -> str:
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
        form=form,
    )
