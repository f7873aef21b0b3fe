"""Tax documents: exact sums, the code the tax authority asks for, numbers without a gap."""

import base64
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from apps.accounts.tests.factories import PlatformUserFactory
from apps.common.testing.race import race
from apps.payments import services
from apps.payments.models import TaxDocument
from apps.payments.tax import qr_payload, within_bytes
from apps.payments.tests.support import paid

Kind = TaxDocument.Kind


def pay_at_desk(house, booking, amount):
    return services.record_payment(actor=house.manager, booking_id=booking.pk, amount=Decimal(amount), method="cash")


def refund(payment, *amounts):
    support = PlatformUserFactory()
    for amount in amounts:
        asked = services.request_refund(actor=support, payment_id=payment.pk, amount=Decimal(amount), reason="Late")
        services.send_refund(refund_id=asked.pk, actor=support)


def sums(document):
    return tuple(f"{value:.2f}" for value in (document.gross_amount, document.net_amount, document.vat_amount))


def decoded(payload):
    """{tag: text} of a QR payload."""
    data, fields = base64.b64decode(payload), {}
    while data:
        tag, length = data[0], data[1]
        fields[tag] = data[2 : 2 + length].decode()
        data = data[2 + length :]
    return fields


def priced(house, amount):
    house.service.price_amount = Decimal(amount)
    house.service.save()
    return house


def test_vat11_the_qr_code_counts_bytes():
    payload = qr_payload(
        seller="صالون الريم",
        vat_number="310122393500003",
        issued_at=datetime(2026, 3, 1, 14, 30, tzinfo=UTC),
        total=Decimal("115.00"),
        vat=Decimal("15.00"),
    )

    assert payload == (
        "ARXYtdin2YTZiNmGINin2YTYsdmK2YUCDzMxMDEyMjM5MzUwMDAwMwMUMjAyNi0wMy0wMVQxNDozMDowMFoEBjExNS4wMAUFMTUuMDA="
    )
    assert len(base64.b64decode(payload)) == 77


def test_a_name_is_cut_at_a_whole_letter():
    assert within_bytes("ص" * 160) == "ص" * 127
    assert within_bytes("a" * 160) == "a" * 160


@pytest.mark.parametrize(
    ("price", "net", "vat"),
    [
        ("115.00", "100.00", "15.00"),
        ("345.50", "300.43", "45.07"),
        ("10.00", "8.70", "1.30"),
        ("33.00", "28.70", "4.30"),
    ],
)
def test_vat01_03_an_invoice_adds_up_for_every_price(house, book, price, net, vat):
    booking = book(priced(house, price))

    payment = pay_at_desk(house, booking, price)

    invoice = TaxDocument.objects.get()
    assert (invoice.kind, invoice.number, invoice.payment) == (Kind.INVOICE, 1, payment)
    assert sums(invoice) == (price, net, vat)
    assert (invoice.seller_name, invoice.seller_vat_number) == (house.salon.name_ar, "300000000000003")
    assert invoice.issued_at == timezone.now()
    assert decoded(invoice.qr_payload) == {
        1: house.salon.name_ar,
        2: "300000000000003",
        3: "2026-11-22T06:00:00Z",
        4: price,
        5: vat,
    }


def test_money_paid_online_has_its_invoice(gateway_standin, house, book):
    payment = paid(gateway_standin, book(house))

    services.refresh_payment(payment_id=payment.pk)

    assert sums(TaxDocument.objects.get(payment=payment)) == ("115.00", "100.00", "15.00")


def test_rf20_a_credit_note_of_a_part_names_its_invoice(house, book):
    payment = pay_at_desk(house, book(priced(house, "345.50")), "345.50")

    refund(payment, "100.00")

    invoice, note = TaxDocument.objects.order_by("number")
    assert (note.kind, note.number, note.corrects, note.refund) == (
        Kind.CREDIT_NOTE,
        2,
        invoice,
        payment.refunds.get(),
    )
    assert sums(note) == ("100.00", "86.96", "13.04")
    assert decoded(note.qr_payload)[4] == "100.00"


def test_the_credit_notes_of_a_payment_are_together_exactly_its_invoice(house, book):
    payment = pay_at_desk(house, book(house), "115.00")

    refund(payment, "33.33", "33.33", "48.34")

    notes = TaxDocument.objects.filter(kind=Kind.CREDIT_NOTE).order_by("number")
    assert [sums(note) for note in notes] == [
        ("33.33", "28.98", "4.35"),
        ("33.33", "28.99", "4.34"),
        ("48.34", "42.03", "6.31"),
    ]
    assert sum(note.vat_amount for note in notes) == Decimal("15.00")
    assert sum(note.net_amount for note in notes) == Decimal("100.00")


def test_vat14_a_salon_without_registration_issues_nothing(house, book):
    house.salon.vat_number = ""
    house.salon.save()

    refund(pay_at_desk(house, book(house), "115.00"), "15.00")

    assert not TaxDocument.objects.exists()


def test_vat16_a_credit_note_is_written_as_its_invoice_was(house, book):
    payment = pay_at_desk(house, book(house), "115.00")
    before = TaxDocument.objects.get()
    house.salon.vat_number, house.salon.name_ar = "", "اسم جديد"
    house.salon.save()

    refund(payment, "115.00")

    note = TaxDocument.objects.get(kind=Kind.CREDIT_NOTE)
    assert (note.seller_name, note.seller_vat_number) == (before.seller_name, "300000000000003")
    assert sums(note) == ("115.00", "100.00", "15.00")


def test_each_salon_counts_for_itself(house, prepaid, book):
    pay_at_desk(house, book(house), "115.00")
    pay_at_desk(prepaid, book(prepaid), "115.00")

    assert list(TaxDocument.objects.values_list("number", flat=True)) == [1, 1]


def test_the_database_refuses_a_document_that_does_not_add_up(house, book):
    pay_at_desk(house, book(house), "115.00")

    with pytest.raises(IntegrityError), transaction.atomic():
        TaxDocument.objects.update(vat_amount=Decimal("14.99"))


@pytest.mark.django_db(transaction=True)
def test_vat15_two_cashiers_at_once_leave_no_gap_and_no_double(house, book):
    rows = [book(house, hours=25 + number // 2, staff=number % 2) for number in range(8)]

    results = race(8, lambda number: pay_at_desk(house, rows[number], "115.00"))

    assert [type(result).__name__ for result in results] == ["Payment"] * 8
    assert sorted(TaxDocument.objects.values_list("number", flat=True)) == list(range(1, 9))
