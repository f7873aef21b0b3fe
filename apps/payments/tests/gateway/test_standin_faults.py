"""The stand-in's faults and its control."""

from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from apps.payments.moyasar import GatewayOutcomeUnknown, GatewayRejected, MoyasarClient
from apps.payments.standin import Standin
from apps.payments.tests.gateway.kit import WAIT, call, fetch_invoice, make_invoice, make_payment, steer


def client_of(standin):
    return MoyasarClient(standin.secret_key, standin.api_url, connect_timeout=5, read_timeout=10)


def test_a_fault_strikes_its_operation_as_often_as_asked(standin):
    payment = make_payment(standin)
    assert steer(standin, "faults", {"operation": "refund", "fault": "error_500", "times": 2})[0] == 200

    def refund():
        return call(standin, "POST", f"/payments/{payment['id']}/refund", {"amount": 100}).status_code

    assert call(standin, "GET", f"/payments/{payment['id']}").status_code == 200
    assert [refund() for _ in range(3)] == [500, 500, 200]
    report = requests.get(f"{standin.url}/control/ledger", timeout=WAIT).json()
    assert (report["calls"]["refund"], report["executed"]["refund"]) == (3, 1)
    assert report["payments"][0]["refunded"] == 100


@pytest.mark.parametrize(
    "body",
    [
        {"operation": "refund", "fault": "unheard_of"},
        {"operation": "refnud", "fault": "error_500"},
        {"operation": "refund", "fault": "error_500", "times": 0},
        {"operation": "refund", "fault": "stale"},
        {"operation": "refund"},
    ],
)
def test_a_fault_nobody_would_meet_is_refused(standin, body):
    code, told = steer(standin, "faults", body)

    assert (code, told["type"]) == (400, "control_error")
    assert requests.get(f"{standin.url}/control/faults", timeout=WAIT).json() == {"faults": []}


def test_faults_are_cleared(standin):
    standin.control.inject("*", "error_500", times=100)

    requests.delete(f"{standin.url}/control/faults", timeout=WAIT)

    assert call(standin, "GET", "/payments").status_code == 200


@pytest.mark.parametrize("switch", [{"second_refund": "maybe"}, {"allow_double_payment": 1}, {"no_such": True}])
def test_a_wrong_switch_is_refused_and_changes_nothing(standin, switch):
    before = standin.control.switches()

    code, _ = steer(standin, "switches", {"coupon_discount": 5} | switch)

    assert code == 400
    assert standin.control.switches() == before


def test_control_is_not_for_web_pages(standin):
    answer = requests.post(
        f"{standin.url}/control/reset", data="{}", headers={"Content-Type": "text/plain"}, timeout=WAIT
    )

    assert answer.status_code == 415


def test_a_late_call_is_executed_when_told(standin):
    payment = make_payment(standin)
    hasty = MoyasarClient(standin.secret_key, standin.api_url, connect_timeout=5, read_timeout=0.2)
    standin.control.inject("refund", "late_apply")

    with pytest.raises(GatewayOutcomeUnknown):
        hasty.refund_payment(payment["id"], 1000)
    before = client_of(standin).fetch_payment(payment["id"]).refunded
    code, told = steer(standin, "late")

    assert (before, code, told) == (0, 200, {"result": 1})
    assert client_of(standin).fetch_payment(payment["id"]).refunded == 1000
    assert standin.control.apply_late() == 0


def test_a_late_call_is_executed_by_itself_after_its_time(hooked, receiver):
    payment = make_payment(hooked)
    assert receiver.next()["type"] == "payment_paid"
    hasty = MoyasarClient(hooked.secret_key, hooked.api_url, connect_timeout=5, read_timeout=0.2)
    hooked.control.inject("refund", "late_apply", after=0.3)

    with pytest.raises(GatewayOutcomeUnknown):
        hasty.refund_payment(payment["id"], 1000)

    assert receiver.next()["data"]["refunded"] == 1000


def test_a_held_answer_comes_after_its_webhook(hooked, receiver):
    hooked.control.inject("create_payment", "hold_after")

    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(make_payment, hooked)
        event = receiver.next()
        still_open = not answer.done()
        hooked.control.release_held()

        assert still_open
        assert answer.result(timeout=WAIT)["id"] == event["data"]["id"]


def test_a_held_call_is_executed_after_its_release(standin):
    payment = make_payment(standin)
    standin.control.inject("refund", "hold_before")
    path = f"/payments/{payment['id']}"

    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(call, standin, "POST", f"{path}/refund", {"amount": 1000})
        standin.control.await_standing()
        before = call(standin, "GET", path).json()["refunded"]
        standin.control.release_held()

    assert before == 0
    assert answer.result().json()["refunded"] == 1000


def test_a_stale_read_tells_what_was(standin):
    invoice = make_invoice(standin)
    payment = standin.control.pay(invoice["id"])
    standin.control.inject("fetch_payment", "stale")
    standin.control.inject("fetch_invoice", "stale")

    stale, fresh = (call(standin, "GET", f"/payments/{payment['id']}").json() for _ in range(2))
    stale_invoice, fresh_invoice = (fetch_invoice(standin, invoice["id"]) for _ in range(2))

    assert (stale["status"], fresh["status"]) == ("initiated", "paid")
    assert (stale_invoice["status"], stale_invoice["payments"][0]["status"]) == ("initiated", "initiated")
    assert (fresh_invoice["status"], fresh_invoice["payments"][0]["status"]) == ("paid", "paid")


def test_a_refusal_can_hide_an_executed_call(standin):
    payment = make_payment(standin)
    body = {"type": "invalid_request_error", "message": "Already refunded", "errors": None}
    standin.control.inject("refund", "answer", status=400, body=body, executed=True)

    with pytest.raises(GatewayRejected, match="Already refunded"):
        client_of(standin).refund_payment(payment["id"], 1000)

    assert client_of(standin).fetch_payment(payment["id"]).refunded == 1000


def test_the_dashboard_moves_money_behind_our_back(hooked, receiver):
    payment = make_payment(hooked)
    receiver.next()

    code, told = steer(hooked, f"payments/{payment['id']}/refund", {"amount": 700})

    report = hooked.control.report()
    assert (code, told["refunded"]) == (200, 700)
    assert receiver.next()["data"]["refunded"] == 700
    assert (report["journal"][-1]["origin"], report["journal"][-1]["amount"]) == ("dashboard", 700)
    assert "refund" not in report["executed"]
    assert "refund" not in report["calls"]


def test_divergences_are_planted(standin):
    kept, edited, forgotten = (make_payment(standin)["id"] for _ in range(3))

    steer(standin, f"payments/{edited}/edit", {"amount": 1, "currency": "USD"})
    steer(standin, f"payments/{forgotten}/forget")
    added = steer(standin, "payments", {"amount": 9900})[1]["id"]

    payments = {payment["id"]: payment for payment in standin.control.report()["payments"]}
    assert set(payments) == {kept, edited, added}
    assert (payments[edited]["amount"], payments[edited]["currency"]) == (1, "USD")
    assert call(standin, "GET", f"/payments/{forgotten}").status_code == 404


def test_a_reset_forgets_all_but_the_webhooks(hooked, receiver):
    hooked.control.switch(webhook_mute=True, webhook_copies=2)
    make_payment(hooked)
    hooked.control.inject("*", "error_500")

    steer(hooked, "reset")

    report = hooked.control.report()
    assert (report["payments"], report["invoices"], report["journal"], report["calls"]) == ([], [], [], {})
    make_payment(hooked)
    hooked.control.deliver_webhooks()
    assert [event["type"] for event in receiver.drain()] == ["payment_paid"]


def test_stopping_ends_calls_that_hang(tmp_path):
    standin = Standin(tmp_path / "ledger.sqlite3")
    standin.start()
    standin.control.inject("list_payments", "timeout_before")

    with ThreadPoolExecutor(1) as pool:
        hanging = pool.submit(call, standin, "GET", "/payments")
        assert steer(standin, "standing", {"count": 1})[0] == 200
        standin.stop()

        with pytest.raises(requests.ConnectionError):
            hanging.result(timeout=WAIT)
