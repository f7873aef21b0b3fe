"""The stand-in's page for payers."""

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests

from apps.payments.tests.gateway.kit import WAIT, call, fetch_invoice, make_invoice, steer


def choose(invoice, outcome, query=""):
    answer = requests.post(f"{invoice['url']}{query}", data={"outcome": outcome}, allow_redirects=False, timeout=WAIT)
    assert answer.status_code == 303
    return answer.headers["Location"]


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
    assert back == f"/invoices/{invoice['id']}?lang=ar&declined=1"
    assert fetched["status"] == "initiated"
    assert [payment["status"] for payment in fetched["payments"]] == ["failed"]
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
