"""What the gateway pays out: the stand-in's settlements, and the client that reads them."""

import pytest

from apps.payments.moyasar import GatewayMissing, GatewayOutcomeUnknown
from apps.payments.tests.gateway.kit import call, charge, make_invoice, make_payment, wallet

KEYS = "id recipient_type recipient_id currency amount fee tax reference settlement_count invoice_url csv_list_url"
LINE_KEYS = "payment_id type currency payment_amount amount fee tax reference_number created_at"


def summed(lines):
    return [(line.payment_id, line.type, line.payment_amount, line.amount, line.fee, line.tax) for line in lines]


def test_a_settlement_has_what_was_taken_refunded_and_voided_since_the_last_one(client, standin):
    refunded, voided = charge(client, amount=10000), charge(client, amount=20000)
    held, captured = charge(client, amount=30000, manual=True), charge(client, amount=25000, manual=True)
    make_payment(standin, wallet(), amount=105000)
    client.refund_payment(refunded.id, 4000)
    client.void_payment(voided.id)
    client.void_payment(held.id)
    client.capture_payment(captured.id, 15000)

    told = standin.control.settle()
    ((settlement,), following) = client.list_settlements()
    lines, end = client.list_settlement_lines(settlement.id)

    assert set(told) == {*KEYS.split(), "pdf_list_url", "created_at"}
    assert (following, end) == (None, None)
    assert summed(lines) == [
        (refunded.id, "payment", 10000, 9684, 316, 41),
        (voided.id, "payment", 20000, 19483, 517, 67),
        (refunded.id, "refund", 10000, -4000, 0, 0),
        (voided.id, "void", 20000, -20000, 0, 0),
        (captured.id, "payment", 25000, 14584, 416, 54),
    ]
    assert (settlement.amount, settlement.fee, settlement.tax) == (19751, 1249, 162)
    assert (settlement.currency, settlement.settlement_count, settlement.reference) == ("SAR", 5, "STANDIN-000001")


def test_the_next_settlement_has_only_what_is_new(client, standin):
    invoice = make_invoice(standin)
    paid = standin.control.pay(invoice["id"])
    first = standin.control.settle()
    client.refund_payment(paid["id"], 15000)
    elsewhere = standin.control.add_payment(5000)

    second = standin.control.settle()

    settlements, _ = client.list_settlements()
    assert [one.id for one in settlements] == [second["id"], first["id"]]
    assert [line.payment_id for line in client.list_settlement_lines(first["id"])[0]] == [paid["id"]]
    assert [(line.type, line.payment_id) for line in client.list_settlement_lines(second["id"])[0]] == [
        ("refund", paid["id"]),
        ("payment", elsewhere["id"]),
    ]


def test_lines_are_planted(client, standin):
    payment = charge(client, amount=20000)
    standin.control.settle()

    standin.control.add_settlement_line(payment.id, -20000, "chargeback", payment_amount=20000)
    standin.control.add_settlement_line(payment.id, -5750, "chargeback_penalty", payment_amount=20000)
    standin.control.add_settlement_line("unknown", 900, fee=100)
    told = standin.control.add_settlement_line(None, -1150, "platform_duties", payment_amount=0)

    ((settlement,), _) = client.list_settlements()
    lines, _ = client.list_settlement_lines(settlement.id)
    assert summed(lines)[1:] == [
        (payment.id, "chargeback", 20000, -20000, 0, 0),
        (payment.id, "chargeback_penalty", 20000, -5750, 0, 0),
        ("unknown", "payment", 1000, 900, 100, 13),
        (None, "platform_duties", 0, -1150, 0, 0),
    ]
    assert settlement.amount == told["amount"] == sum(line.amount for line in lines)
    with pytest.raises(ValueError, match="gift"):
        standin.control.add_settlement_line(payment.id, 1, "gift")


def test_a_line_planted_before_any_settlement_makes_one(client, standin):
    standin.control.add_settlement_line("unknown", 900, currency="USD")

    ((settlement,), _) = client.list_settlements()
    (line,) = client.list_settlement_lines(settlement.id)[0]
    assert (line.payment_id, line.currency, line.amount) == ("unknown", "USD", 900)


def test_many_lines_and_settlements_come_page_by_page(client, standin):
    for number in range(45):
        standin.control.add_payment(1000 + number)
    settlement = standin.control.settle()
    for _ in range(40):
        standin.control.settle()

    first, following = client.list_settlement_lines(settlement["id"])
    last, end = client.list_settlement_lines(settlement["id"], following)
    newest, older = client.list_settlements()
    oldest, nothing = client.list_settlements(older)

    assert (len(first), following, len(last), end) == (40, 2, 5, None)
    assert [line.payment_amount for line in (*first, *last)] == list(range(1000, 1045))
    assert (len(newest), older, [one.id for one in oldest], nothing) == (40, 2, [settlement["id"]], None)


def test_a_settlement_that_is_not_there_is_missing(client, standin):
    with pytest.raises(GatewayMissing):
        client.list_settlement_lines("none")


def test_the_ledger_forgets_settlements_when_it_is_reset(client, standin):
    charge(client)
    standin.control.settle()
    standin.control.reset()

    assert client.list_settlements() == ((), None)
    assert call(standin, "GET", "/settlements").json()["meta"]["total_count"] == 0


SOUND = {
    "id": "s-1",
    "currency": "SAR",
    "amount": 900,
    "fee": 100,
    "tax": 13,
    "reference": "R-1",
    "settlement_count": 1,
    "created_at": "2026-01-09T09:00:00.000Z",
}
SOUND_LINE = {
    "payment_id": "p-1",
    "type": "payment",
    "currency": "SAR",
    "payment_amount": 1000,
    "amount": 900,
    "fee": 100,
    "tax": 13,
    "reference_number": None,
    "created_at": "2026-01-09T09:00:00.000Z",
}


@pytest.mark.parametrize(
    ("field", "patch"),
    [
        ("id", {"id": None}),
        ("currency", {"currency": "sar"}),
        ("amount", {"amount": 9.0}),
        ("amount", {"amount": 10**13}),
        ("fee", {"fee": "100"}),
        ("tax", {"tax": True}),
        ("settlement_count", {"settlement_count": -1}),
        ("created_at", {"created_at": "2026-01-09"}),
        ("settlement", None),
    ],
)
def test_a_settlement_of_the_wrong_shape_is_in_doubt(client, standin, field, patch):
    body = {"settlements": [None if patch is None else SOUND | patch], "meta": {"next_page": None}}
    standin.control.inject("list_settlements", "answer", status=200, body=body)

    with pytest.raises(GatewayOutcomeUnknown) as doubt:
        client.list_settlements()

    assert str(doubt.value) == f"list_settlements: unusable answer: {field}"


@pytest.mark.parametrize(
    ("field", "patch"),
    [
        ("payment_id", {"payment_id": 7}),
        ("type", {"type": ""}),
        ("currency", {"currency": None}),
        ("payment_amount", {"payment_amount": -1}),
        ("amount", {"amount": None}),
        ("fee", {"fee": 1e3}),
        ("tax", {"tax": []}),
        ("created_at", {"created_at": None}),
        ("line", None),
    ],
)
def test_a_line_of_the_wrong_shape_is_in_doubt(client, standin, field, patch):
    body = {"lines": [None if patch is None else SOUND_LINE | patch], "meta": {"next_page": None}}
    standin.control.inject("list_settlement_lines", "answer", status=200, body=body)

    with pytest.raises(GatewayOutcomeUnknown) as doubt:
        client.list_settlement_lines("s-1")

    assert str(doubt.value) == f"list_settlement_lines: unusable answer: {field}"


@pytest.mark.parametrize("meta", [None, {}, {"next_page": 1}])
def test_pages_that_lead_nowhere_are_refused(client, standin, meta):
    standin.control.inject("list_settlements", "answer", status=200, body={"settlements": [], "meta": meta})

    with pytest.raises(GatewayOutcomeUnknown, match="meta"):
        client.list_settlements()
