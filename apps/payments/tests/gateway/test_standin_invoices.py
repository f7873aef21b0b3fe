"""The stand-in's invoices and lists."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from apps.payments.standin import APPROVED_CARD, DECLINED_CARD
from apps.payments.standin.messages import Refused
from apps.payments.tests.gateway.kit import call, card, fetch_invoice, make_invoice, make_payment, order, refusal, steer


def test_lists_have_forty_per_page_newest_first(standin):
    ids = [standin.control.add_payment(1000)["id"] for _ in range(81)]

    pages = [call(standin, "GET", f"/payments?page={page}").json() for page in (1, 2, 3)]

    assert [payment["id"] for page in pages for payment in page["payments"]] == ids[::-1]
    assert [len(page["payments"]) for page in pages] == [40, 40, 1]
    assert pages[0]["meta"] == {
        "current_page": 1,
        "next_page": 2,
        "prev_page": None,
        "total_pages": 3,
        "total_count": 81,
    }
    assert (pages[2]["meta"]["next_page"], pages[2]["meta"]["prev_page"]) == (None, 2)


@pytest.mark.parametrize("page", ["0", "-1", "x", "٢", "1e3"])
def test_a_page_that_is_no_number_is_refused(standin, page):
    assert call(standin, "GET", "/payments", params={"page": page}).status_code == 400


def test_payments_are_filtered(standin):
    paid = make_payment(standin, card(APPROVED_CARD), metadata={"ref": "a", "number": 7})
    failed = make_payment(standin, card("4201321234411220"), metadata={"ref": "ab"})
    standin.control.advance(60)
    call(standin, "POST", f"/payments/{paid['id']}/refund", {"amount": 1})

    def ids(**query):
        listed = call(standin, "GET", "/payments", params=query).json()
        return [payment["id"] for payment in listed["payments"]]

    middle = (datetime.now(UTC) + timedelta(seconds=30)).isoformat()
    assert ids(id=failed["id"]) == [failed["id"]]
    assert ids(status="failed") == [failed["id"]]
    assert ids(**{"metadata[ref]": "a"}) == [paid["id"]]
    assert ids(**{"metadata[number]": "7"}) == [paid["id"]]
    assert ids(**{"metadata[ref]": "%"}) == []
    assert ids(**{"updated[gt]": middle}) == [paid["id"]]
    assert ids(**{"updated[lt]": middle}) == [failed["id"]]
    assert ids(**{"created[gt]": middle}) == []
    assert ids(**{"created[lt]": middle}) == [failed["id"], paid["id"]]
    assert ids(card_last_digits="1010") == [paid["id"]]
    assert call(standin, "GET", "/payments", params={"created[gt]": "soon"}).status_code == 400


def test_an_invoice_has_exactly_the_observed_keys(standin):
    invoice = make_invoice(standin, metadata={"order_ref": "B-1001"})

    keys = "id status amount currency description logo_url amount_format url callback_url expired_at created_at"
    assert set(invoice) == set(f"{keys} updated_at back_url success_url metadata payments".split())
    assert invoice["url"] == f"{standin.url}/invoices/{invoice['id']}"
    assert (invoice["status"], invoice["amount_format"], invoice["payments"]) == ("initiated", "150.00 SAR", [])
    assert make_invoice(standin)["metadata"] is None


@pytest.mark.parametrize(
    ("changes", "errors"),
    [
        ({"amount": 99}, {"amount": ["The value must be greater than or equal to 100."]}),
        ({"amount": "15000"}, {"amount": ["The value must be an integer."]}),
        ({"description": ""}, {"description": ["The value is required."]}),
        ({"back_url": "javascript:alert(1)"}, {"back_url": ["The url is not valid."]}),
        ({"expired_at": "soon"}, {"expired_at": ["The value is not a date."]}),
    ],
)
def test_a_wrong_invoice_is_refused_with_its_field(standin, changes, errors):
    answer = call(standin, "POST", "/invoices", order(**changes))

    assert refusal(answer) == ("validation_error", "Validation Failed", errors)
    assert standin.control.report()["invoices"] == []


def test_an_expiry_in_the_past_is_refused(standin):
    past = (datetime.now(UTC) - timedelta(seconds=1)).isoformat()

    kind, _, errors = refusal(call(standin, "POST", "/invoices", order(expired_at=past)))

    today = datetime.now(UTC).strftime("%Y-%m-%d")
    assert kind == "validation_error"
    assert errors["expired_at"][0].startswith(f"The value must be greater than or equal to {today}")
    assert errors["expired_at"][0].endswith(" +0000.")


def test_an_expiry_is_told_in_utc(standin):
    assert make_invoice(standin, expired_at="2099-01-10T18:00:00+03:00")["expired_at"] == "2099-01-10T15:00:00.000Z"


@pytest.mark.parametrize(("offset", "told"), [(0, "2099-01-10T00:00:00.000Z"), (3, "2099-01-09T21:00:00.000Z")])
def test_a_bare_date_expires_at_the_start_of_its_day(standin, offset, told):
    standin.control.switch(bare_date_offset_hours=offset)

    assert make_invoice(standin, expired_at="2099-01-10")["expired_at"] == told


def test_the_bare_date_of_today_is_in_the_past(standin):
    today = datetime.now(UTC).strftime("%Y-%m-%d")

    assert call(standin, "POST", "/invoices", order(expired_at=today)).status_code == 400


def test_an_invoice_expires_when_its_moment_has_passed(standin):
    expires_at = (datetime.now(UTC) + timedelta(minutes=10)).isoformat()
    first, second = make_invoice(standin, expired_at=expires_at), make_invoice(standin, expired_at=expires_at)
    lasting = make_invoice(standin)

    standin.control.advance(601)

    assert fetch_invoice(standin, first["id"])["status"] == "expired"
    assert refusal(call(standin, "PUT", f"/invoices/{second['id']}/cancel")) == (
        "invalid_request_error",
        "Cancel failed. The Invoice is already expired.",
        None,
    )
    assert fetch_invoice(standin, lasting["id"])["status"] == "initiated"


def test_an_expired_invoice_is_listed_as_expired_at_once(standin):
    invoice = make_invoice(standin, expired_at=(datetime.now(UTC) + timedelta(minutes=10)).isoformat())
    standin.control.advance(601)

    listed = call(standin, "GET", "/invoices?status=expired").json()["invoices"]

    assert [one["id"] for one in listed] == [invoice["id"]]


def test_an_invoice_is_canceled_once(standin):
    path = f"/invoices/{make_invoice(standin)['id']}/cancel"

    assert call(standin, "PUT", path).json()["status"] == "canceled"
    assert refusal(call(standin, "PUT", path))[1] == "Cancel failed. The Invoice is already canceled."


@pytest.mark.parametrize(("choice", "code", "status"), [("refuse", 400, "paid"), ("accept", 200, "canceled")])
def test_canceling_a_paid_invoice_is_undocumented(standin, choice, code, status):
    standin.control.switch(cancel_paid_invoice=choice)
    invoice = make_invoice(standin)
    standin.control.pay(invoice["id"])

    assert call(standin, "PUT", f"/invoices/{invoice['id']}/cancel").status_code == code
    assert fetch_invoice(standin, invoice["id"])["status"] == status


def test_an_invoice_update_touches_metadata_only(standin):
    invoice = make_invoice(standin, metadata={"ref": "a"})

    updated = call(standin, "PUT", f"/invoices/{invoice['id']}", {"metadata": {"ref": "b"}, "amount": 1}).json()

    assert (updated["metadata"], updated["amount"]) == ({"ref": "b"}, 15000)


def test_invoices_are_made_in_bulk_all_or_none(standin):
    made = call(standin, "POST", "/invoices/bulk", {"invoices": [order(), order(amount=20000)]})
    spoiled = call(standin, "POST", "/invoices/bulk", {"invoices": [order(), order(amount=1)]})
    many = call(standin, "POST", "/invoices/bulk", {"invoices": [order()] * 51})

    assert [invoice["amount"] for invoice in made.json()["invoices"]] == [15000, 20000]
    assert (made.status_code, spoiled.status_code, many.status_code) == (201, 400, 400)
    assert len(standin.control.report()["invoices"]) == 2


def test_an_unknown_invoice_is_not_found(standin):
    answer = call(standin, "GET", f"/invoices/{uuid4()}")

    assert (answer.status_code, answer.json()["type"]) == (404, "record_not_found")


def test_a_payer_who_began_in_time_pays_after_the_link_has_expired(standin):
    invoice = make_invoice(standin, expired_at=(datetime.now(UTC) + timedelta(minutes=10)).isoformat())
    begun = standin.control.begin_payment(invoice["id"])
    standin.control.advance(601)

    late = fetch_invoice(standin, invoice["id"])
    paid = standin.control.finish_payment(begun["id"])

    assert (late["status"], late["payments"]) == ("expired", [begun])
    assert (begun["source"]["message"], begun["source"]["response_code"]) == (None, None)
    assert (paid["status"], paid["source"]["message"], paid["source"]["response_code"]) == ("paid", "APPROVED", "00")
    assert fetch_invoice(standin, invoice["id"])["status"] == "paid"


@pytest.mark.parametrize(
    ("card", "authenticated", "message", "code"),
    [
        (APPROVED_CARD, False, "3-D Secure transaction attempt failed (Unauthenticated)", None),
        (DECLINED_CARD, True, "INSUFFICIENT FUNDS", "51"),
    ],
)
def test_a_payer_who_has_begun_can_still_fail(standin, card, authenticated, message, code):
    invoice = make_invoice(standin)
    begun = standin.control.begin_payment(invoice["id"], card)

    failed = standin.control.finish_payment(begun["id"], authenticated=authenticated)

    assert begun["status"] == "initiated"
    assert (failed["status"], failed["source"]["message"], failed["source"]["response_code"]) == (
        "failed",
        message,
        code,
    )
    assert fetch_invoice(standin, invoice["id"])["status"] == "initiated"


def test_what_is_finished_or_was_never_begun_is_not_finished_again(standin):
    invoice = make_invoice(standin)
    begun = standin.control.begin_payment(invoice["id"])
    standin.control.finish_payment(begun["id"])

    with pytest.raises(Refused):
        standin.control.finish_payment(begun["id"])
    with pytest.raises(Refused):
        standin.control.begin_payment(invoice["id"])

    assert [one["status"] for one in fetch_invoice(standin, invoice["id"])["payments"]] == ["paid"]


def test_a_payer_by_stc_pay_is_played_in_one_step_from_another_process_too(standin):
    invoice = make_invoice(standin)

    code, failed = steer(standin, f"invoices/{invoice['id']}/stc", {"code": "222222"})
    paid = standin.control.pay_by_stc(invoice["id"])

    assert (code, failed["status"], paid["status"]) == (200, "failed", "paid")
    assert [one["id"] for one in fetch_invoice(standin, invoice["id"])["payments"]] == [failed["id"], paid["id"]]
