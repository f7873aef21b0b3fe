"""The stand-in's webhooks: bodies, order, loss, duplicates, retries."""

import pytest

from apps.payments.standin import DECLINED_CARD, Standin
from apps.payments.tests.gateway.kit import (
    Receiver,
    call,
    card,
    fetch_invoice,
    make_invoice,
    make_payment,
    refusal,
    wallet,
)


def test_a_payment_event_has_the_secret_in_its_body(hooked, receiver):
    invoice = make_invoice(hooked)
    payment = hooked.control.pay(invoice["id"])

    event = receiver.next()

    assert set(event) == {"id", "type", "created_at", "secret_token", "account_name", "live", "data"}
    assert (event["type"], event["secret_token"], event["live"]) == ("payment_paid", "shared", False)
    assert event["data"] == payment
    assert event["data"]["invoice_id"] == invoice["id"]


def test_every_change_of_a_payment_has_its_event(hooked, receiver):
    held = make_payment(hooked, wallet(manual=True))
    call(hooked, "POST", f"/payments/{held['id']}/capture")
    call(hooked, "POST", f"/payments/{held['id']}/refund", {"amount": 1})
    call(hooked, "POST", f"/payments/{make_payment(hooked)['id']}/void")
    make_payment(hooked, card("4201321234411220"))
    hooked.control.deliver_webhooks()

    assert [event["type"] for event in receiver.drain()] == [
        "payment_authorized",
        "payment_captured",
        "payment_refunded",
        "payment_paid",
        "payment_voided",
        "payment_failed",
    ]


@pytest.mark.parametrize("spelling", ["payment_failed", "payment_faild"])
def test_a_failed_payment_is_spelled_either_way(hooked, receiver, spelling):
    hooked.control.switch(failed_event=spelling)
    hooked.control.pay(make_invoice(hooked)["id"], DECLINED_CARD)

    event = receiver.next()

    assert (event["type"], event["data"]["status"]) == (spelling, "failed")


def test_duplicates_carry_one_event_id(tmp_path, receiver):
    options = {"webhook_url": receiver.url, "webhook_secret": "shared", "webhook_copies": 3}
    with Standin(tmp_path / "ledger.sqlite3", **options) as standin:
        make_payment(standin)
        standin.control.deliver_webhooks()

    events = receiver.drain()
    assert len(events) == 3
    assert len({event["id"] for event in events}) == 1


def test_held_events_are_sent_in_any_order_and_some_are_lost(hooked, receiver):
    def types_after(**release):
        hooked.control.reset()
        hooked.control.switch(webhook_hold=True)
        path = f"/payments/{make_payment(hooked, wallet(manual=True))['id']}"
        call(hooked, "POST", f"{path}/capture")
        call(hooked, "POST", f"{path}/refund", {"amount": 1})
        assert hooked.control.report()["deliveries"]["held"] == 3
        sent = hooked.control.release_webhooks(**release)
        types = [event["type"].removeprefix("payment_") for event in receiver.drain()]
        assert sent == len(types)
        return types

    assert types_after() == ["authorized", "captured", "refunded"]
    assert types_after(order="reversed") == ["refunded", "captured", "authorized"]
    assert types_after(order=[1, 2, 0]) == ["captured", "refunded", "authorized"]
    assert types_after(order=[2, 0, 1], lose=[0]) == ["refunded", "captured"]


@pytest.mark.parametrize("order_", [[0, 0], [0], [0, 1, 2], "sideways"])
def test_a_release_must_name_each_held_event(hooked, receiver, order_):
    hooked.control.switch(webhook_hold=True)
    make_payment(hooked)
    make_payment(hooked)

    with pytest.raises(ValueError, match="order"):
        hooked.control.release_webhooks(order=order_)

    assert hooked.control.report()["deliveries"]["held"] == 2
    assert receiver.drain() == []


def test_muted_events_are_lost_for_good(hooked, receiver):
    hooked.control.switch(webhook_mute=True)
    make_payment(hooked)
    hooked.control.switch(webhook_mute=False)
    later = make_payment(hooked)

    assert receiver.next()["data"]["id"] == later["id"]
    assert hooked.control.report()["deliveries"]["lost"] == 1


def test_a_delayed_event_comes_after_a_later_one(hooked, receiver):
    hooked.control.switch(webhook_delay_seconds=1.0)
    delayed = make_payment(hooked)
    hooked.control.switch(webhook_delay_seconds=0)
    prompt = make_payment(hooked)

    assert [receiver.next()["data"]["id"] for _ in range(2)] == [prompt["id"], delayed["id"]]


def test_an_event_is_tried_six_times_under_one_id_and_then_dropped(hooked, receiver):
    for code in (500, 404, 302, 500, 500, 500):
        receiver.codes.put(code)
    make_payment(hooked)

    events = [receiver.next() for _ in range(6)]
    make_payment(hooked)
    receiver.next()
    hooked.control.deliver_webhooks()

    assert len({event["id"] for event in events}) == 1
    deliveries = hooked.control.report()["deliveries"]
    assert (deliveries["dropped"], deliveries["delivered"], deliveries["pending"]) == (1, 1, 0)


def test_attempts_are_listed_as_documented(hooked, receiver):
    receiver.codes.put(503)
    make_payment(hooked)
    event_id, _ = (receiver.next()["id"] for _ in range(2))
    hooked.control.deliver_webhooks()

    listed = call(hooked, "GET", "/webhooks/attempts").json()

    second, first = listed["webhook_attempts"]
    keys = "id webhook_id event_id event_type retry_number result message response_code response_headers"
    assert set(first) == set(f"{keys} response_body created_at".split())
    assert (first["event_id"], first["retry_number"], first["result"], first["response_code"]) == (
        event_id,
        1,
        "failed",
        503,
    )
    assert (second["event_id"], second["retry_number"], second["result"]) == (event_id, 2, "success")
    assert second["message"] == "Webhook message was delivered successfully"
    assert call(hooked, "GET", f"/webhooks/attempts/{first['id']}").json() == first
    assert listed["meta"]["total_count"] == 2


def test_a_receiver_that_is_away_is_tried_again(hooked, receiver):
    dead = Receiver()
    dead.server_close()
    call(hooked, "POST", "/webhooks", {"url": dead.url, "shared_secret": "s"})

    make_payment(hooked)

    assert receiver.next()["type"] == "payment_paid"
    hooked.control.deliver_webhooks()
    failed = [
        one for one in call(hooked, "GET", "/webhooks/attempts").json()["webhook_attempts"] if one["result"] == "failed"
    ]
    assert failed[-1]["response_code"] is None


def test_webhooks_are_managed_without_telling_their_secret(standin, receiver):
    body = {"http_method": "post", "url": receiver.url, "shared_secret": "s3cret", "events": ["payment_refunded"]}

    made = call(standin, "POST", "/webhooks", body)
    webhook = made.json()

    assert made.status_code == 201
    assert set(webhook) == {"id", "http_method", "url", "created_at", "events"}
    assert call(standin, "GET", "/webhooks").json() == {"webhooks": [webhook]}
    assert call(standin, "GET", f"/webhooks/{webhook['id']}").json() == webhook
    assert "payment_abandoned" in call(standin, "GET", "/webhooks/available_events").json()["events"]

    payment = make_payment(standin)
    call(standin, "POST", f"/payments/{payment['id']}/refund", {"amount": 1})
    event = receiver.next()
    assert (event["type"], event["secret_token"]) == ("payment_refunded", "s3cret")

    assert call(standin, "DELETE", f"/webhooks/{webhook['id']}").json() == {
        "message": "Webhook was deleted successfully"
    }
    assert call(standin, "GET", f"/webhooks/{webhook['id']}").status_code == 404


@pytest.mark.parametrize("changes", [{"url": "receiver"}, {"url": None}, {"shared_secret": ""}])
def test_a_wrong_webhook_is_refused(standin, changes):
    body = {"url": "http://localhost/hook", "shared_secret": "s"} | changes

    assert refusal(call(standin, "POST", "/webhooks", body))[0] == "validation_error"


def test_an_event_can_be_forged_or_foreign(hooked, receiver):
    hooked.control.switch(webhook_secret="wrong", webhook_live=True)
    hooked.control.send_event("payment_paid", {"id": "unknown", "status": "paid"})

    event = receiver.next()

    assert (event["secret_token"], event["live"], event["data"]["id"]) == ("wrong", True, "unknown")


def test_the_callback_of_an_invoice_tells_the_paid_invoice_without_a_secret(standin, receiver):
    invoice = make_invoice(standin, callback_url=receiver.url)
    standin.control.pay(invoice["id"], DECLINED_CARD)
    standin.control.pay(invoice["id"])

    told = receiver.next()
    standin.control.deliver_webhooks()

    assert told == fetch_invoice(standin, invoice["id"])
    assert told["status"] == "paid"
    assert receiver.drain() == []


def test_the_address_given_at_the_start_replaces_the_earlier_one(tmp_path, receiver):
    path = tmp_path / "ledger.sqlite3"
    with Standin(path, webhook_url="http://127.0.0.1:9/old", webhook_secret="old"):
        pass
    with Standin(path, webhook_url=receiver.url, webhook_secret="new") as standin:
        make_payment(standin)

        assert receiver.next()["secret_token"] == "new"
        assert [webhook["url"] for webhook in call(standin, "GET", "/webhooks").json()["webhooks"]] == [receiver.url]


def registered(standin, receiver):
    standin.control.switch(webhook_verification=True)
    return call(standin, "POST", "/webhooks", {"url": receiver.url, "shared_secret": "shared"}).json()


def verify(standin, webhook, code):
    answer = call(standin, "POST", f"/webhooks/{webhook['id']}/verify", {"code": code})
    return answer.status_code, answer.json()


def test_wh11_a_webhook_hears_nothing_before_its_code_has_come_back(standin, receiver):
    webhook = registered(standin, receiver)
    event = receiver.next()
    make_payment(standin)
    standin.control.deliver_webhooks()
    unheard = receiver.drain()

    code, told = verify(standin, webhook, event["data"]["verification_code"])
    later = make_payment(standin)

    assert webhook["verified"] is False
    assert set(event) == {"id", "type", "created_at", "secret_token", "account_name", "data"}
    assert (event["type"], event["secret_token"]) == ("webhook_verification", "shared")
    assert event["data"]["webhook_id"] == webhook["id"]
    assert unheard == []
    assert (code, told["verified"]) == (200, True)
    assert receiver.next()["data"]["id"] == later["id"]


def test_wh11_a_code_is_sent_once(standin, receiver):
    receiver.codes.put(500)
    registered(standin, receiver)
    receiver.next()
    standin.control.deliver_webhooks()

    assert receiver.drain() == []
    assert standin.control.report()["deliveries"]["dropped"] == 1


def test_wh11_five_wrong_codes_use_the_right_one_up(standin, receiver):
    webhook = registered(standin, receiver)
    right = receiver.next()["data"]["verification_code"]
    wrong = {"type": "webhook_verification_invalid", "message": "Verification code is incorrect", "errors": None}

    assert [verify(standin, webhook, "wrong") for _ in range(5)] == [(400, wrong)] * 5
    assert verify(standin, webhook, right)[1]["type"] == "webhook_verification_expired"


@pytest.mark.parametrize(("seconds", "code"), [(30 * 60 - 5, 200), (30 * 60 + 1, 400)])
def test_wh11_a_code_is_valid_for_half_an_hour(standin, receiver, seconds, code):
    webhook = registered(standin, receiver)
    standin.control.advance(seconds)

    assert verify(standin, webhook, receiver.next()["data"]["verification_code"])[0] == code
    assert call(standin, "GET", f"/webhooks/{webhook['id']}").json()["verified"] is (code == 200)
