"""The stand-in's page for payers."""

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests

from apps.payments.tests.gateway.kit import WAIT, call, fetch_invoice, make_invoice, steer


def press(url, **form):
    answer = requests.post(url, data=form, allow_redirects=False, timeout=WAIT)
    assert answer.status_code == 303
    return answer.headers["Location"]


def choose(invoice, outcome, query="", **fields):
    return press(f"{invoice['url']}{query}", outcome=outcome, **fields)


def test_paying_returns_the_browser_with_the_result_beside_its_own_query(standin):
    invoice = make_invoice(standin)

    address = urlsplit(choose(invoice, "paid"))

    fetched = fetch_invoice(standin, invoice["id"])
    (payment,) = fetched["payments"]
    assert (fetched["status"], payment["status"], payment["invoice_id"]) == ("paid", "paid", invoice["id"])
    assert address.geturl().startswith("http://localhost/done?own=1&id=")
    assert dict(parse_qsl(address.query)) == {
        "own": "1",
        "id": payment["id"],
        "status": "paid",
        "message": "APPROVED",
        "invoice_id": invoice["id"],
    }


def test_a_decline_leaves_the_invoice_open_with_a_failed_attempt(standin):
    invoice = make_invoice(standin)

    back = choose(invoice, "declined", "?lang=ar")

    fetched = fetch_invoice(standin, invoice["id"])
    (attempt,) = fetched["payments"]
    assert back == f"/invoices/{invoice['id']}?lang=ar&failed={attempt['id']}"
    assert (fetched["status"], attempt["status"]) == ("initiated", "failed")
    assert "رُفضت البطاقة" in requests.get(f"{standin.url}{back}", timeout=WAIT).text
    choose(invoice, "paid")
    assert [payment["status"] for payment in fetch_invoice(standin, invoice["id"])["payments"]] == ["failed", "paid"]


def test_leaving_goes_back_and_changes_nothing(standin):
    invoice = make_invoice(standin)

    assert choose(invoice, "left") == "http://localhost/back"
    assert fetch_invoice(standin, invoice["id"]) == invoice


def test_without_addresses_the_page_shows_the_result_itself(standin):
    invoice = make_invoice(standin, success_url=None, back_url=None)

    assert choose(invoice, "left") == f"/invoices/{invoice['id']}?lang=en"
    page = requests.get(f"{standin.url}{choose(invoice, 'paid')}", timeout=WAIT).text

    assert "Paid. Thank you." in page
    assert "<form" not in page


def test_the_page_speaks_english_and_arabic(standin):
    url = make_invoice(standin, amount=1234567, description="حجز B-1001")["url"]

    english = requests.get(url, timeout=WAIT).text
    arabic = requests.get(url, headers={"Accept-Language": "ar-SA,ar;q=0.9,en;q=0.5"}, timeout=WAIT).text
    wished = requests.get(f"{url}?lang=en", headers={"Accept-Language": "ar"}, timeout=WAIT).text

    assert '<html lang="en" dir="ltr">' in english
    assert "12,345.67 SAR" in english
    assert "حجز B-1001" in english
    assert '<html lang="ar" dir="rtl">' in arabic
    assert "12,345.67 ر.س" in arabic
    assert "ادفع" in arabic
    assert wished == english


def test_the_page_needs_nothing_from_elsewhere_and_escapes_what_it_shows(standin):
    invoice = make_invoice(standin, description='<script>alert("x")</script>')

    answer = requests.get(invoice["url"], timeout=WAIT)

    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert "&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;" in answer.text
    assert "<script" not in answer.text
    assert "http" not in answer.text.replace("http-equiv", "")


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [("cancel", "This payment link was canceled."), ("expire", "This payment link has expired.")],
)
def test_a_closed_invoice_still_has_a_page_without_buttons(standin, spoil, sentence):
    invoice = make_invoice(standin, expired_at=(datetime.now(UTC) + timedelta(minutes=10)).isoformat())
    if spoil == "cancel":
        call(standin, "PUT", f"/invoices/{invoice['id']}/cancel")
    else:
        standin.control.advance(601)

    page = requests.get(invoice["url"], timeout=WAIT)

    assert page.status_code == 200
    assert sentence in page.text
    assert "<form" not in page.text
    assert choose(invoice, "paid") == f"/invoices/{invoice['id']}?lang=en"
    assert fetch_invoice(standin, invoice["id"])["payments"] == []


def test_an_unknown_page_says_so(standin):
    for path in ("/invoices/none", "/card_auth/none", "/"):
        answer = requests.get(f"{standin.url}{path}?lang=ar", timeout=WAIT)

        assert answer.status_code == 404
        assert "رابط الدفع هذا غير موجود" in answer.text


def test_two_tabs_pay_twice_only_when_allowed(standin):
    once, twice = make_invoice(standin), make_invoice(standin)

    choose(once, "paid")
    choose(once, "paid")
    standin.control.switch(allow_double_payment=True)
    choose(twice, "paid")
    choose(twice, "paid")

    assert [payment["status"] for payment in fetch_invoice(standin, once["id"])["payments"]] == ["paid"]
    assert [payment["status"] for payment in fetch_invoice(standin, twice["id"])["payments"]] == ["paid", "paid"]


def test_a_canceled_invoice_is_paid_late_only_when_allowed(standin):
    invoice = make_invoice(standin)
    call(standin, "PUT", f"/invoices/{invoice['id']}/cancel")

    code, told = steer(standin, f"invoices/{invoice['id']}/pay")
    standin.control.switch(allow_late_payment=True)
    standin.control.pay(invoice["id"])

    assert (code, told["message"]) == (400, "The Invoice is already canceled.")
    assert fetch_invoice(standin, invoice["id"])["status"] == "paid"


@pytest.mark.parametrize("code", ["123456", "٠٠٠٠٠٠", "123 456"])
def test_stc_pay_asks_for_a_mobile_then_for_a_code(standin, code):
    invoice = make_invoice(standin)

    wallet = choose(invoice, "stc", mobile="٠٥١ ٢٣٤ ٥٦٧٨")
    (begun,) = fetch_invoice(standin, invoice["id"])["payments"]
    page = requests.get(wallet, timeout=WAIT).text
    shop = press(wallet, outcome="code", code=code)

    (paid,) = fetch_invoice(standin, invoice["id"])["payments"]
    assert wallet == f"{standin.url}/stc_pay/{begun['id']}?lang=en"
    assert (begun["status"], begun["source"]["type"], begun["source"]["mobile"]) == (
        "initiated",
        "stcpay",
        "05XXXXX678",
    )
    assert 'inputmode="numeric" autocomplete="one-time-code"' in page
    assert (paid["status"], paid["source"]["message"]) == ("paid", "Paid")
    assert shop.startswith(f"http://localhost/done?own=1&id={paid['id']}&status=paid&message=Paid&")
    assert fetch_invoice(standin, invoice["id"])["status"] == "paid"


@pytest.mark.parametrize(
    ("code", "message", "told"),
    [
        ("111111", "Insufficient Balance.", "There is not enough money in the wallet."),
        (
            "222222",
            "You have exceeded the allowed daily transaction limit for your STC Pay account.",
            "The wallet&#x27;s daily limit is reached.",
        ),
        (
            "333333",
            "You have exceeded the maximum allowed transaction amount.",
            "The amount is above the wallet&#x27;s limit for one payment.",
        ),
        (
            "444444",
            "Connection timed out while waiting for response from STC Pay service.",
            "STC Pay did not answer in time.",
        ),
        ("987654", "Invalid OTP", "That code is not right."),
        ("", "Invalid OTP", "That code is not right."),
    ],
)
def test_pay13_each_failure_of_stc_pay_stays_in_the_invoice_and_is_told_apart(standin, code, message, told):
    invoice = make_invoice(standin)

    back = press(choose(invoice, "stc", mobile="0512345678"), outcome="code", code=code)

    fetched = fetch_invoice(standin, invoice["id"])
    (attempt,) = fetched["payments"]
    assert (attempt["status"], attempt["source"]["message"]) == ("failed", message)
    assert fetched["status"] == "initiated"
    assert told in requests.get(f"{standin.url}{back}", timeout=WAIT).text
    choose(invoice, "paid")
    assert fetch_invoice(standin, invoice["id"])["status"] == "paid"


def test_a_mobile_that_stc_pay_refuses_fails_at_once(standin):
    invoice = make_invoice(standin)

    back = choose(invoice, "stc", mobile="0515555555")

    (attempt,) = fetch_invoice(standin, invoice["id"])["payments"]
    assert (attempt["status"], attempt["source"]["message"]) == (
        "failed",
        "Mobile number is not registered to use the STC Pay service.",
    )
    assert "STC Pay does not accept this mobile now." in requests.get(f"{standin.url}{back}", timeout=WAIT).text


@pytest.mark.parametrize("mobile", ["", "0412345678", "051234567", "+966512345678", "mobile"])
def test_what_is_no_mobile_is_asked_again_and_makes_no_attempt(standin, mobile):
    invoice = make_invoice(standin)

    back = choose(invoice, "stc", mobile=mobile)

    assert "Enter a mobile such as 0512345678." in requests.get(f"{standin.url}{back}", timeout=WAIT).text
    assert fetch_invoice(standin, invoice["id"])["payments"] == []


def test_leaving_the_wallet_leads_back_to_the_bill_with_the_attempt_open(standin):
    invoice = make_invoice(standin)

    back = press(choose(invoice, "stc", mobile="0512345678"), outcome="left")

    assert back == f"/invoices/{invoice['id']}?lang=en"
    assert [one["status"] for one in fetch_invoice(standin, invoice["id"])["payments"]] == ["initiated"]


@pytest.mark.parametrize(
    ("answer", "status", "told"),
    [("yes", "paid", "Paid. Thank you."), ("no", "failed", "Your bank could not confirm you.")],
)
def test_a_payer_who_has_begun_answers_the_bank_and_comes_back(standin, answer, status, told):
    invoice = make_invoice(standin, success_url=None)
    begun = standin.control.begin_payment(invoice["id"])

    back = press(begun["source"]["transaction_url"], outcome=answer)

    assert begun["status"] == "initiated"
    assert [one["status"] for one in fetch_invoice(standin, invoice["id"])["payments"]] == [status]
    assert told in requests.get(f"{standin.url}{back}", timeout=WAIT).text
    assert "This payment link is closed." in requests.get(begun["source"]["transaction_url"], timeout=WAIT).text
