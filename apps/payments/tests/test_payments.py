"""A payment link: one open payment per booking, and no doubt about what the gateway was asked."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import transaction
from django.utils import timezone

from apps.bookings import services as bookings
from apps.bookings.models import Booking
from apps.payments import reasons, services
from apps.payments.errors import GatewayUnavailable, NothingToPay, PaymentInProgress, TooLittleOnline
from apps.payments.models import Payment
from apps.payments.moyasar import MoyasarClient
from apps.payments.selectors import gateway, most_telling
from apps.payments.tests.gateway.kit import closed_port
from apps.payments.tests.support import RETURN_URL, link, paid, reload, states_of

pytestmark = pytest.mark.django_db
Status = Payment.Status


def test_a_link_is_made_for_the_exact_halalas_and_names_the_payment(gateway_standin, prepaid, book):
    booking = book(prepaid)

    payment = link(booking)

    assert (payment.status, payment.amount, payment.currency) == (Status.INITIATED, Decimal("115.00"), "SAR")
    assert payment.expires_at == booking.hold_expires_at
    [invoice] = gateway_standin.control.report()["invoices"]
    assert payment.gateway_invoice_id == invoice["id"]
    assert payment.payment_url == invoice["url"]
    assert (invoice["amount"], invoice["currency"]) == (11500, "SAR")
    assert invoice["metadata"] == {"payment_id": str(payment.pk), "booking": booking.reference}
    visit = f"{prepaid.service.name_en} at {prepaid.salon.name_en}"
    assert invoice["description"] == f"{visit}, booking {booking.display_reference}"
    assert invoice["success_url"] == invoice["back_url"] == RETURN_URL


def test_the_link_speaks_the_customers_language(gateway_standin, prepaid, book):
    prepaid.customer.locale = "ar"
    prepaid.customer.save()

    link(book(prepaid))

    [invoice] = gateway_standin.control.report()["invoices"]
    assert prepaid.service.name_ar in invoice["description"]


def test_asking_again_gives_the_same_open_link(gateway_standin, prepaid, book):
    booking = book(prepaid)
    first = link(booking)

    second = link(booking)

    assert second == first
    assert Payment.objects.count() == 1
    assert gateway_standin.control.report()["executed"] == {"create_invoice": 1}


def test_a_deposit_is_asked_for_first_and_then_the_rest(gateway_standin, prepaid, book, clock):
    prepaid.salon.deposit_percent = 30
    prepaid.salon.save()
    booking = book(prepaid)

    deposit = paid(gateway_standin, booking)
    clock.shift(1)
    rest = link(booking)

    assert deposit.amount == Decimal("34.50")
    assert rest.amount == Decimal("80.50")
    assert most_telling(list(Payment.objects.filter(booking=booking))) == rest


def test_a_riyal_that_is_left_can_be_paid_by_link_and_less_than_that_is_for_the_salon(gateway_standin, house, book):
    booking, other = book(house), book(house, hours=30)
    for one, amount in ((booking, "114.00"), (other, "114.01")):
        services.record_payment(actor=house.manager, booking_id=one.pk, amount=Decimal(amount), method="cash")

    assert link(booking).amount == Decimal("1.00")
    with pytest.raises(TooLittleOnline) as refusal:
        link(other)

    assert str(refusal.value) == "Less than 1.00 SAR cannot be paid online. Please pay it at the salon."
    assert not Payment.objects.filter(booking=other, method=Payment.Method.ONLINE).exists()
    assert gateway_standin.control.report()["calls"] == {"create_invoice": 1}


def test_a_payment_under_review_stops_the_links_of_its_own_booking_only(gateway_standin, house, book):
    Payment.objects.create(salon=house.salon, booking=book(house), amount=115, status=Status.REVIEW)

    assert link(book(house, hours=30)).status == Status.INITIATED


def test_a_link_that_asks_for_the_wrong_amount_is_taken_back(gateway_standin, house, book):
    booking = book(house)
    old = link(booking)
    services.record_payment(actor=house.manager, booking_id=booking.pk, amount=Decimal("15.00"), method="cash")

    new = link(booking)

    assert new.amount == Decimal("100.00")
    assert reload(old).status == Status.EXPIRED
    states = [invoice["status"] for invoice in gateway_standin.control.report()["invoices"]]
    assert states == ["canceled", "initiated"]


@pytest.mark.parametrize("hours", [24, 25])
def test_a_link_that_ran_out_is_replaced(gateway_standin, house, book, clock, hours):
    booking = book(house, hours=51)
    old = link(booking)
    clock.shift(timedelta(hours=hours))

    new = link(booking)

    assert (reload(old).status, new.status) == (Status.EXPIRED, Status.INITIATED)
    assert new.payment_url != old.payment_url


def test_a_link_that_was_paid_just_before_it_was_replaced_counts(gateway_standin, house, book, clock):
    booking = book(house, hours=51)
    old = link(booking)
    gateway_standin.control.pay(old.gateway_invoice_id)
    clock.shift(timedelta(hours=25))

    with pytest.raises(NothingToPay):
        link(booking)

    assert reload(old).status == Status.PAID
    assert Payment.objects.count() == 1


@pytest.mark.parametrize("status", ["cancelled", "expired"])
def test_a_booking_that_is_over_has_nothing_to_pay(gateway_standin, prepaid, book, clock, status):
    booking = book(prepaid)
    if status == "cancelled":
        bookings.cancel_booking(actor=prepaid.manager, booking_id=booking.pk, by=Booking.CancelledBy.SALON)
    else:
        clock.shift(timedelta(minutes=15))

    with pytest.raises(NothingToPay):
        link(booking)

    assert not Payment.objects.exists()
    assert gateway_standin.control.report()["calls"] == {}


def test_a_booking_that_waits_for_the_salon_is_not_paid_before_its_word(gateway_standin, house, book):
    house.salon.confirmation = "by_hand"
    house.salon.save()
    booking = book(house)

    with pytest.raises(NothingToPay):
        link(booking)

    bookings.confirm_booking(actor=house.manager, booking_id=booking.pk)
    assert link(booking).amount == Decimal("115.00")


def test_a_paid_booking_has_nothing_to_pay(gateway_standin, prepaid, book):
    booking = book(prepaid)
    paid(gateway_standin, booking)

    with pytest.raises(NothingToPay):
        link(booking)

    assert Payment.objects.count() == 1


# --- The gateway does not answer ---


def test_a_refusal_for_certain_fails_and_the_next_try_makes_a_new_link(gateway_standin, prepaid, book):
    booking = book(prepaid)
    gateway_standin.control.inject("create_invoice", "busy_429")

    with pytest.raises(GatewayUnavailable):
        link(booking)

    payment = Payment.objects.get()
    assert payment.status == Status.FAILED
    assert payment.failure_reason.startswith(f"{reasons.BUSY} (HTTP 429")
    assert states_of(payment)[-1] == (Status.FAILED, None, payment.failure_reason)
    assert (payment.next_check_at, payment.check_count) == (None, 0)
    assert link(booking).status == Status.INITIATED
    assert gateway_standin.control.report()["executed"] == {"create_invoice": 1}


def test_a_lost_reply_is_found_again_by_our_key_without_a_second_link(gateway_standin, prepaid, book):
    booking = book(prepaid)
    gateway_standin.control.inject("create_invoice", "reset_after")

    with pytest.raises(GatewayUnavailable):
        link(booking)

    payment = Payment.objects.get()
    assert (payment.status, payment.gateway_invoice_id) == (Status.UNKNOWN, "")
    assert (payment.next_check_at, payment.check_count) == (timezone.now() + timedelta(seconds=10), 0)
    found = link(booking)
    assert (found.pk, found.status) == (payment.pk, Status.INITIATED)
    assert gateway_standin.control.report()["executed"] == {"create_invoice": 1}


def test_a_lost_request_is_made_again(gateway_standin, prepaid, book):
    booking = book(prepaid)
    gateway_standin.control.inject("create_invoice", "reset_before")

    with pytest.raises(GatewayUnavailable):
        link(booking)
    second = link(booking)

    first = Payment.objects.exclude(pk=second.pk).get()
    assert (first.status, first.failure_reason) == (Status.FAILED, reasons.NO_SUCH_LINK)
    assert second.status == Status.INITIATED
    assert gateway_standin.control.report()["executed"] == {"create_invoice": 1}


def test_while_one_request_waits_for_the_gateway_another_is_told_so(gateway_standin, prepaid, book):
    booking = book(prepaid)
    Payment.objects.create(
        salon=prepaid.salon, booking=booking, amount=115, status=Status.SUBMITTED, expires_at=booking.hold_expires_at
    )

    with pytest.raises(PaymentInProgress):
        link(booking)

    assert Payment.objects.get().status == Status.SUBMITTED
    assert gateway_standin.control.report()["calls"] == {}


def test_an_attempt_that_died_while_it_was_sent_is_resolved_by_reading(gateway_standin, prepaid, book, clock):
    booking = book(prepaid)
    payment = link(booking)
    Payment.objects.filter(pk=payment.pk).update(status=Status.SUBMITTED, gateway_invoice_id="", payment_url="")
    clock.shift(timedelta(minutes=2) - timedelta(microseconds=1))
    services.resolve_payments()
    assert reload(payment).status == Status.SUBMITTED  # its sender may still be waiting for the answer
    Payment.objects.update(next_check_at=timezone.now())
    clock.shift(timedelta(microseconds=1))

    assert services.resolve_payments() == 1

    found = reload(payment)
    assert (found.status, found.gateway_invoice_id) == (Status.INITIATED, payment.gateway_invoice_id)


def test_an_attempt_is_marked_before_it_is_sent_and_read_again_when_its_answer_must_be_here(
    gateway_standin, prepaid, book, monkeypatch
):
    def dies(client, **said):
        raise KeyboardInterrupt

    monkeypatch.setattr(MoyasarClient, "create_invoice", dies)

    with pytest.raises(KeyboardInterrupt):
        link(book(prepaid))

    payment = Payment.objects.get()
    assert (payment.status, payment.next_check_at) == (Status.SUBMITTED, timezone.now() + timedelta(minutes=2))


def test_an_attempt_that_died_before_it_was_sent_is_picked_up(gateway_standin, prepaid, book):
    booking = book(prepaid)
    left = Payment.objects.create(salon=prepaid.salon, booking=booking, amount=115)

    payment = link(booking)

    assert (payment.pk, payment.status) == (left.pk, Status.INITIATED)
    assert payment.expires_at == booking.hold_expires_at


def test_an_attempt_that_was_never_sent_ends_with_its_hold(gateway_standin, prepaid, book, clock):
    booking = book(prepaid)
    left = Payment.objects.create(salon=prepaid.salon, booking=booking, amount=115, expires_at=booking.hold_expires_at)
    clock.shift(timedelta(minutes=15) - timedelta(microseconds=1))
    services.resolve_payments()
    assert reload(left).status == Status.CREATED
    clock.shift(timedelta(microseconds=1))

    services.resolve_payments()

    assert (reload(left).status, reload(left).failure_reason) == (Status.EXPIRED, reasons.NEVER_SENT)
    assert gateway_standin.control.report()["calls"] == {}


def test_one_unreadable_payment_does_not_keep_the_others_waiting(gateway_standin, house, book, clock):
    stuck = link(book(house, hours=27))
    clock.shift(1)
    fine = link(book(house, hours=28))
    gateway_standin.control.pay(fine.gateway_invoice_id)
    clock.shift(timedelta(minutes=3))
    gateway_standin.control.inject("fetch_invoice", "error_500")

    assert services.resolve_payments(limit=1) == 1
    assert services.resolve_payments(limit=1) == 1

    assert (reload(stuck).status, reload(fine).status) == (Status.INITIATED, Status.PAID)


def test_no_call_leaves_while_a_transaction_is_open(gateway_standin, db):
    with transaction.atomic(), pytest.raises(AssertionError, match="inside a transaction"):
        gateway().find_invoice("payment_id", "none")


def test_pay17_a_dead_gateway_leaves_the_hold_and_says_so(settings, prepaid, book):
    settings.MOYASAR_BASE_URL = f"http://127.0.0.1:{closed_port()}/v1"
    booking = book(prepaid)

    with pytest.raises(GatewayUnavailable):
        link(booking)

    assert reload(booking).status == Booking.Status.PENDING
    payment = Payment.objects.get()
    assert (payment.status, payment.failure_reason) == (
        Status.FAILED,
        "the gateway could not be reached (ConnectionError)",
    )
