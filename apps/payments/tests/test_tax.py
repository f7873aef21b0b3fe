"""Tax documents: exact sums, the code the tax authority asks for, numbers without a gap."""

import base64
from collections import Counter
from decimal import Decimal
from threading import Barrier, local
from uuid import uuid4

import pytest
from django.core.exceptions import ValidationError
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.utils import timezone

from apps.accounts.tests.factories import PlatformUserFactory
from apps.common.testing.race import PATIENCE, Halt, beside, deadlocks, race, wait_for_blocked
from apps.payments import services
from apps.payments.models import Payment, TaxDocument, TaxSequence
from apps.payments.services import tax
from apps.payments.tests.support import paid
from apps.salons.models import Salon

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


def told(document):
    return [tuple(line[name] for name in ("name_ar", "name_en", "gross", "net", "vat")) for line in document.lines]


def decoded(payload):
    """{tag: text} of a QR payload."""
    data, fields = base64.b64decode(payload), {}
    while data:
        tag, length = data[0], data[1]
        fields[tag] = data[2 : 2 + length].decode()
        data = data[2 + length :]
    return fields


def kinds(results):
    return Counter(type(result).__name__ for result in results)


def priced(house, amount):
    house.service.price_amount = Decimal(amount)
    house.service.save()
    return house


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
    assert told(invoice) == [(booking.service_name_ar, booking.service_name_en, price, net, vat)]
    assert invoice.vat_rate == Decimal("15.00")
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


# --- VAT counts once ---


def test_vat09_a_deposit_and_the_rest_are_taxed_once(house, book):
    booking = book(priced(house, "345.50"))
    arabic, english = booking.service_name_ar, booking.service_name_en

    for amount in ("100.00", "45.50", "200.00"):
        pay_at_desk(house, booking, amount)

    invoices = list(TaxDocument.objects.order_by("number"))
    assert [told(invoice) for invoice in invoices] == [
        [(f"عربون: {arabic}", f"Deposit: {english}", "100.00", "86.96", "13.04")],
        [(f"دفعة جزئية: {arabic}", f"Part payment: {english}", "45.50", "39.57", "5.93")],
        [(f"باقي السعر: {arabic}", f"Rest of the price: {english}", "200.00", "173.91", "26.09")],
    ]
    assert sum(invoice.gross_amount for invoice in invoices) == booking.price_amount
    # Each document is rounded by itself: they may differ from the price's own VAT by a halala each.
    assert sum(invoice.vat_amount for invoice in invoices) == Decimal("45.06")
    assert booking.vat_amount == Decimal("45.07")


def test_vat09_what_was_credited_in_full_does_not_count_as_paid(house, book):
    booking = book(house)
    refund(pay_at_desk(house, booking, "50.00"), "50.00")

    pay_at_desk(house, booking, "115.00")

    latest = TaxDocument.objects.latest("number")
    assert told(latest) == [(booking.service_name_ar, booking.service_name_en, "115.00", "100.00", "15.00")]


@pytest.mark.parametrize("name", ["name_ar", "name_en"])
def test_a_name_in_one_language_stands_in_both(house, book, name):
    setattr(house.service, name, "")
    house.service.save()
    booking = book(house)

    pay_at_desk(house, booking, "115.00")

    [(arabic, english, *_amounts)] = told(TaxDocument.objects.get())
    assert arabic == english == (booking.service_name_ar or booking.service_name_en) != ""


def test_vat16_a_new_rate_reaches_no_document_of_before(house, book, monkeypatch):
    payment = pay_at_desk(house, book(house), "115.00")
    monkeypatch.setattr("apps.bookings.services.terms.VAT_RATE", Decimal("5.00"))
    pay_at_desk(house, book(house, hours=30), "115.00")

    refund(payment, "57.50")

    old, new, note = TaxDocument.objects.order_by("number")
    assert (old.vat_rate, *sums(old)) == (Decimal("15.00"), "115.00", "100.00", "15.00")
    assert (new.vat_rate, *sums(new)) == (Decimal("5.00"), "115.00", "109.52", "5.48")
    assert (note.vat_rate, *sums(note)) == (Decimal("15.00"), "57.50", "50.00", "7.50")


# --- Who may charge VAT ---


@pytest.mark.parametrize("number", ["30000000000003", "200000000000003", "300000000000002", "3000000000000033", "3x"])
def test_vat13_a_number_that_is_none_is_refused(house, number):
    house.salon.vat_number = number

    with pytest.raises(ValidationError) as refusal:
        house.salon.full_clean()
    assert list(refusal.value.message_dict) == ["vat_number"]
    with pytest.raises(DatabaseError), transaction.atomic():
        house.salon.save()
    assert Salon.objects.get(pk=house.salon.pk).vat_number == "300000000000003"


# --- Final once issued ---


def test_an_issued_document_is_not_changed_through_the_models(house, book):
    pay_at_desk(house, book(house), "115.00")
    document = TaxDocument.objects.get()
    document.seller_name = "Another"

    for change in (document.save, lambda: TaxDocument.objects.update(number=7)):
        with pytest.raises(IntegrityError, match="payments_taxdocument_append_only"), transaction.atomic():
            change()

    kept = TaxDocument.objects.get()
    assert (kept.seller_name, kept.number) == (house.salon.name_ar, 1)


def test_an_issued_document_is_not_changed_by_plain_sql_either(house, book):
    pay_at_desk(house, book(house), "115.00")

    with (
        pytest.raises(IntegrityError, match="payments_taxdocument_append_only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute("UPDATE payments_taxdocument SET lines = '[]'")

    assert TaxDocument.objects.get().lines != []


def test_the_database_refuses_a_document_that_does_not_add_up(house, book):
    pay_at_desk(house, book(house), "115.00")

    document = TaxDocument.objects.get()
    document.pk, document.number, document.uuid, document.vat_amount = None, 2, uuid4(), Decimal("14.99")
    with pytest.raises(IntegrityError, match="payments_taxdocument_sum"), transaction.atomic():
        document.save(force_insert=True)


# --- Numbers ---


def test_a_number_of_a_payment_that_failed_is_free_again(house, book, monkeypatch):
    pay_at_desk(house, book(house), "115.00")
    booking = book(house, hours=30)
    with monkeypatch.context() as broken:
        broken.setattr("apps.payments.services.arrival.confirm_paid_booking", lambda **_about: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            pay_at_desk(house, booking, "115.00")

    pay_at_desk(house, booking, "115.00")

    assert list(TaxDocument.objects.order_by("pk").values_list("number", flat=True)) == [1, 2]
    assert TaxSequence.objects.get().last_number == 2


@pytest.mark.django_db(transaction=True)
def test_vat15_two_cashiers_at_once_leave_no_gap_and_no_double(house, book):
    rows = [book(house, hours=25 + number // 2, staff=number % 2) for number in range(8)]

    results = race(8, lambda number: pay_at_desk(house, rows[number], "115.00"))

    assert kinds(results) == {"Payment": 8}
    assert sorted(TaxDocument.objects.values_list("number", flat=True)) == list(range(1, 9))
    assert TaxSequence.objects.get().last_number == 8


@pytest.mark.django_db(transaction=True)
def test_vat15_control_without_the_row_of_numbers_cashiers_take_the_same_number(house, book, monkeypatch):
    rows = [book(house, hours=25 + number // 2, staff=number % 2) for number in range(8)]
    everybody, taken = Barrier(8), local()
    monkeypatch.setattr(tax, "_next_number", lambda salon_id: taken.number)

    def pay(number):
        taken.number = TaxDocument.objects.count() + 1
        everybody.wait(PATIENCE)
        return pay_at_desk(house, rows[number], "115.00")

    assert kinds(race(8, pay)) == {"Payment": 1, "IntegrityError": 7}
    assert TaxDocument.objects.get().number == 1


def refund_while_the_salon_is_edited(house, book):
    """The salon's form has taken the salon and takes its payments next; meanwhile money of one goes back.

    Returns (what the refund became, how many deadlocks the server counted).
    """
    payment = pay_at_desk(house, book(house), "115.00")
    support = PlatformUserFactory()
    asked = services.request_refund(actor=support, payment_id=payment.pk, amount=Decimal(15), reason="Late")
    halt, before = Halt(), deadlocks()

    def edit():
        with transaction.atomic():
            salon = Salon.objects.select_for_update(no_key=True).get(pk=house.salon.pk)
            halt.here()
            list(Payment.objects.select_for_update(no_key=True))
            salon.save()

    with beside(edit) as editing:
        halt.wait()
        with beside(lambda: services.carry_out_refund(actor=support, refund_id=asked.pk)) as refunding:
            wait_for_blocked(refunding)
            halt.lift()
            results = editing.result(), refunding.result()
    return Counter(type(result).__name__ for result in results), deadlocks() - before


@pytest.mark.django_db(transaction=True)
def test_vat15_a_salon_that_is_being_edited_is_in_nobodys_way(house, book):
    assert refund_while_the_salon_is_edited(house, book) == ({"NoneType": 1, "Refund": 1}, 0)
    assert list(TaxDocument.objects.order_by("number").values_list("number", flat=True)) == [1, 2]


@pytest.mark.django_db(transaction=True)
def test_vat15_control_with_the_salon_s_row_as_the_lock_both_wait_for_each_other(house, book, monkeypatch):
    take = tax._next_number

    def next_number(salon_id):
        Salon.objects.select_for_update(no_key=True).get(pk=salon_id)
        return take(salon_id)

    monkeypatch.setattr(tax, "_next_number", next_number)

    results, counted = refund_while_the_salon_is_edited(house, book)

    is_postgresql = connection.vendor == "postgresql"
    assert (results["OperationalError"], counted) == ((1, 1) if is_postgresql else (0, 0))
