"""The stand-in's payments: who may call, what is charged, captured, voided and refunded."""

import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import parse_qsl, urlsplit
from uuid import uuid4

import pytest
import requests

from apps.payments.standin import APPROVED_CARD
from apps.payments.tests.gateway.kit import SECRET_KEY, WAIT, call, card, make_payment, payment_order, refusal, wallet


@pytest.mark.parametrize("header", [None, "Basic", "Basic !!!", "Basic c2tfdGVzdF9vdGhlcjo=", f"Bearer {SECRET_KEY}"])
def test_a_wrong_key_is_told_so(standin, header):
    headers = {"Authorization": header} if header else {}
    answer = requests.get(f"{standin.api_url}/payments", headers=headers, timeout=WAIT)

    assert answer.status_code == 401
    assert answer.json() == {
        "type": "authentication_error",
        "message": "Invalid authorization credentials",
        "errors": None,
    }


def test_a_password_beside_the_key_is_a_wrong_key(standin):
    answer = requests.get(f"{standin.api_url}/payments", auth=(standin.secret_key, "x"), timeout=WAIT)

    assert answer.status_code == 401


def test_a_publishable_key_may_create_a_payment_and_nothing_else(standin):
    created = call(standin, "POST", "/payments", payment_order(wallet()), user=SECRET_KEY.replace("sk_", "pk_"))
    listed = call(standin, "GET", "/payments", user=SECRET_KEY.replace("sk_", "pk_"))

    assert created.status_code == 201
    assert listed.status_code == 403
    assert listed.json() == {"type": "api_error", "message": "User not authorized", "errors": None}


def test_a_live_key_finds_an_inactive_account(standin):
    answer = call(standin, "GET", "/payments", user="sk_live_real")

    assert (answer.status_code, answer.json()["type"]) == (405, "account_inactive_error")


def test_the_default_name_of_pythons_library_meets_the_firewall(standin):
    with pytest.raises(urllib.error.HTTPError) as blocked:
        urllib.request.urlopen(f"{standin.api_url}/payments", timeout=WAIT)  # noqa: S310 - loopback

    with blocked.value as answer:
        assert answer.status == 403
        assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
        assert b"1010" in answer.read()


def test_answers_carry_a_request_id(standin):
    answers = [call(standin, "GET", "/payments") for _ in range(2)]

    assert len({answer.headers["x-request-id"] for answer in answers}) == 2


@pytest.mark.parametrize("body", [b"{", b"[]", b"7", b"[" * 100_000, b"\xff"])
def test_a_body_that_is_no_json_object_is_refused(standin, body):
    answer = requests.post(f"{standin.api_url}/invoices", data=body, auth=(standin.secret_key, ""), timeout=WAIT)

    assert refusal(answer) == ("invalid_request_error", "The body must be a JSON object.", None)


def test_a_payment_has_every_documented_key(standin):
    payment = make_payment(standin, metadata={"ref": "B-1001"})

    keys = "id status amount fee currency refunded refunded_at captured captured_at voided_at description"
    keys += " amount_format fee_format refunded_format captured_format invoice_id ip callback_url created_at"
    assert set(payment) == set(f"{keys} updated_at metadata source".split())
    assert payment["amount_format"] == "250.00 SAR"
    assert payment["metadata"] == {"ref": "B-1001"}
    assert payment["captured"] == 0
    assert payment["captured_at"] is None


def test_a_given_id_becomes_the_id_and_is_refused_the_second_time(standin):
    given_id = str(uuid4())
    body = payment_order(wallet(), given_id=given_id)

    assert call(standin, "POST", "/payments", body).json()["id"] == given_id
    assert refusal(call(standin, "POST", "/payments", body | {"amount": 20000})) == (
        "used_given_id",
        "The given_id provided has been already used with a different payment.",
        None,
    )
    assert call(standin, "GET", f"/payments/{given_id}").json()["amount"] == 25000


@pytest.mark.parametrize(
    ("number", "status", "company", "code", "message"),
    [
        ("4201320111111010", "paid", "mada", "00", "APPROVED"),
        ("4201320000013020", "failed", "mada", "99", "UNSPECIFIED FAILURE"),
        ("4123120001090000", "failed", "visa", "51", "INSUFFICIENT FUNDS"),
        ("5204730000002514", "failed", "master", "05", "DECLINED"),
        ("4123128518640738", "failed", "visa", "54", "EXPIRED CARD"),
        ("340000000900000", "paid", "amex", "00", "APPROVED"),
        ("6200000000000005", "paid", "unionpay", "00", "APPROVED"),
        ("4111114005765430", "paid", "visa", "00", "APPROVED"),
        ("4000000000000002", "failed", "visa", "99", "UNSPECIFIED FAILURE"),
    ],
)
def test_test_cards_end_as_documented_and_all_others_fail(standin, number, status, company, code, message):
    payment = make_payment(standin, card(number))

    source = payment["source"]
    assert payment["status"] == status
    assert (source["company"], source["response_code"], source["message"]) == (company, code, message)
    assert source["number"] == f"XXXX-XXXX-XXXX-{number[-4:]}"


@pytest.mark.parametrize(
    ("amount", "status", "code"),
    [
        (20000, "paid", "00"),
        (30000, "paid", "00"),
        (100000, "failed", "99"),
        (120000, "failed", "51"),
        (130100, "failed", "05"),
    ],
)
def test_wallets_end_by_amount(standin, amount, status, code):
    payment = make_payment(standin, amount=amount)

    assert (payment["status"], payment["source"]["response_code"]) == (status, code)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"amount": 99}, "amount"),
        ({"amount": 100.5}, "amount"),
        ({"amount": True}, "amount"),
        ({"currency": "sar"}, "currency"),
        ({"given_id": "1"}, "given_id"),
        ({"given_id": "760878ec-d1d3-5f72-9056-191683f55872"}, "given_id"),
        ({"metadata": {"k" * 41: "v"}}, "metadata"),
        ({"metadata": {"k": "v" * 501}}, "metadata"),
        ({"metadata": {str(number): "v" for number in range(31)}}, "metadata"),
        ({"source": None}, "source.type"),
        ({"source": {"type": "mada"}}, "source.type"),
        ({"source": {"type": "token", "token": "t"}, "callback_url": None}, "callback_url"),
        ({"source": card(APPROVED_CARD, name="Nora")}, "source.name"),
    ],
)
def test_a_wrong_payment_is_refused_with_its_field(standin, changes, field):
    kind, message, errors = refusal(call(standin, "POST", "/payments", payment_order(wallet()) | changes))

    assert (kind, message, list(errors)) == ("validation_error", "Validation Failed", [field])
    assert standin.control.report()["payments"] == []


def test_a_card_cannot_be_saved_without_3d_secure(standin):
    answer = call(standin, "POST", "/payments", payment_order(card(APPROVED_CARD, save_card=True)))

    assert refusal(answer)[1] == "save_card options can't be used with MOTO transaction"


@pytest.mark.parametrize(
    ("outcome", "manual", "status", "message"),
    [
        ("yes", False, "paid", "APPROVED"),
        ("yes", True, "authorized", "APPROVED"),
        ("no", False, "failed", "3-D Secure transaction attempt failed (Unauthenticated)"),
    ],
)
def test_3d_secure_waits_for_the_payer(standin, outcome, manual, status, message):
    payment = make_payment(standin, {"type": "token", "token": f"token_{APPROVED_CARD}", "manual": manual})
    assert (payment["status"], payment["source"]["message"]) == ("initiated", None)
    page = payment["source"]["transaction_url"]

    assert "Your bank asks" in requests.get(page, timeout=WAIT).text
    answer = requests.post(page, data={"outcome": outcome}, allow_redirects=False, timeout=WAIT)

    address = urlsplit(answer.headers["Location"])
    told = {"own": "1", "id": payment["id"], "status": status, "message": message}
    assert answer.status_code == 303
    assert dict(parse_qsl(address.query)) == told
    assert call(standin, "GET", f"/payments/{payment['id']}").json()["status"] == status
    again = requests.post(page, data={"outcome": "yes"}, allow_redirects=False, timeout=WAIT)
    assert again.json()["type"] == "3ds_auth_error"


def test_a_held_payment_is_captured_once_within_its_amount(standin):
    path = f"/payments/{make_payment(standin, wallet(manual=True))['id']}"

    too_much = call(standin, "POST", f"{path}/capture", {"amount": 25001})
    captured = call(standin, "POST", f"{path}/capture", {"amount": 20000}).json()
    again = call(standin, "POST", f"{path}/capture")

    assert refusal(too_much)[1] == "Capture amount exceeds the authorized amount."
    assert (captured["status"], captured["captured"], captured["captured_format"]) == ("captured", 20000, "200.00 SAR")
    assert captured["captured_at"] == captured["updated_at"]
    assert refusal(again)[1] == "Only authorized payments can be captured."


def test_a_capture_without_amount_takes_all(standin):
    payment = make_payment(standin, wallet(manual=True))

    assert call(standin, "POST", f"/payments/{payment['id']}/capture").json()["captured"] == 25000


def test_a_captured_payment_is_refunded_up_to_what_was_captured(standin):
    path = f"/payments/{make_payment(standin, wallet(manual=True))['id']}"
    call(standin, "POST", f"{path}/capture", {"amount": 20000})

    assert refusal(call(standin, "POST", f"{path}/refund", {"amount": 20001}))[0] == "invalid_request_error"
    assert call(standin, "POST", f"{path}/refund").json()["refunded"] == 20000


def test_a_paid_payment_is_voided_until_two_hours_have_passed(standin):
    early, late = make_payment(standin), make_payment(standin)

    standin.control.advance(7190)
    voided = call(standin, "POST", f"/payments/{early['id']}/void").json()
    standin.control.advance(20)
    refused = call(standin, "POST", f"/payments/{late['id']}/void")

    assert voided["status"] == "voided"
    assert voided["voided_at"] == voided["updated_at"]
    assert refusal(refused) == ("invalid_request_error", "The payment cannot be voided.", None)
    assert call(standin, "GET", f"/payments/{late['id']}").json()["status"] == "paid"


def test_a_hold_is_voided_at_any_time(standin):
    payment = make_payment(standin, wallet(manual=True))
    standin.control.advance(86400)

    assert call(standin, "POST", f"/payments/{payment['id']}/void").json()["status"] == "voided"


def test_void_can_be_limited_to_holds(standin):
    standin.control.switch(void_scope="authorized")
    payment = make_payment(standin)

    assert call(standin, "POST", f"/payments/{payment['id']}/void").status_code == 400


def test_a_payment_refunded_in_part_is_not_voided(standin):
    standin.control.switch(partial_refund_status="paid")
    payment = make_payment(standin)
    call(standin, "POST", f"/payments/{payment['id']}/refund", {"amount": 1})

    assert call(standin, "POST", f"/payments/{payment['id']}/void").status_code == 400


@pytest.mark.parametrize(
    ("status_after", "second", "statuses", "refunded"),
    [
        ("refunded", "accept", ["refunded", "refunded"], 25000),
        ("paid", "accept", ["paid", "refunded"], 25000),
        ("refunded", "refuse", ["refunded", None], 10000),
        ("paid", "refuse", ["paid", None], 10000),
    ],
)
def test_undocumented_branches_of_partial_refunds(standin, status_after, second, statuses, refunded):
    standin.control.switch(partial_refund_status=status_after, second_refund=second)
    path = f"/payments/{make_payment(standin)['id']}"

    answers = [call(standin, "POST", f"{path}/refund", {"amount": amount}) for amount in (10000, 15000)]

    assert [answer.json().get("status") for answer in answers] == statuses
    assert call(standin, "GET", path).json()["refunded"] == refunded
    if second == "refuse":
        assert refusal(answers[1])[1] == "Only paid or captured payments can be refunded."


@pytest.mark.parametrize("amount", [0, -1, 1.5, "100", True, None, 25001])
def test_a_wrong_refund_amount_is_refused_and_nothing_moves(standin, amount):
    payment = make_payment(standin)

    assert call(standin, "POST", f"/payments/{payment['id']}/refund", {"amount": amount}).status_code == 400
    assert call(standin, "GET", f"/payments/{payment['id']}").json() == payment


def test_only_money_is_refunded(standin):
    failed = make_payment(standin, card("4201321234411220"))

    answer = call(standin, "POST", f"/payments/{failed['id']}/refund")

    assert refusal(answer)[1] == "Only paid or captured payments can be refunded."


def test_fifty_refunds_at_once_never_exceed_what_was_paid(standin):
    path = f"/payments/{make_payment(standin)['id']}"

    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: call(standin, "POST", f"{path}/refund", {"amount": 1000}), range(50)))

    assert sorted(answer.status_code for answer in answers) == [200] * 25 + [400] * 25
    assert call(standin, "GET", path).json()["refunded"] == 25000
    report = standin.control.report()
    assert (report["calls"]["refund"], report["executed"]["refund"]) == (50, 25)


def test_an_update_changes_description_and_metadata_only(standin):
    payment = make_payment(standin, metadata={"keep": "1", "drop": "2"})

    changes = {"description": "New", "metadata": {"drop": "", "add": "3"}, "amount": 1, "status": "refunded"}
    updated = call(standin, "PUT", f"/payments/{payment['id']}", changes).json()

    assert updated["metadata"] == {"keep": "1", "add": "3"}
    assert updated["description"] == "New"
    assert (updated["amount"], updated["status"]) == (25000, "paid")


def test_a_coupon_lowers_the_amount_unless_declined(standin):
    standin.control.switch(coupon_discount=500)

    lowered = make_payment(standin)
    full = make_payment(standin, apply_coupon=False)

    assert lowered["amount"] == 24500
    assert lowered["metadata"]["#coupon_original_amount"] == 25000
    assert full["amount"] == 25000


def test_a_hold_stays_authorized_by_itself_until_somebody_captures_or_voids_it(standin):
    held = make_payment(standin, wallet(manual=True))
    standin.control.advance(30 * 24 * 3600)

    assert call(standin, "GET", f"/payments/{held['id']}").json()["status"] == "authorized"
    assert call(standin, "POST", f"/payments/{held['id']}/void").json()["status"] == "voided"
