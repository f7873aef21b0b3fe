"""Money that goes back by the rules: after a cancellation what is beyond the fee, exactly once."""

from datetime import timedelta
from decimal import Decimal
from functools import partial

import pytest
from django.utils import timezone

from apps.bookings import services as bookings
from apps.bookings.errors import SlotTaken
from apps.bookings.models import Booking
from apps.bookings.tests.conftest import NOW
from apps.payments import reasons, services
from apps.payments.models import Refund, TaxDocument
from apps.payments.selectors import outstanding_amount
from apps.payments.tests.support import amounts, ask_refund, paid, refunds_made, reload, states_of
from apps.salons.tests.factories import ServiceFactory, StaffServiceFactory

pytestmark = pytest.mark.django_db
Status = Refund.Status


@pytest.fixture
def on_commit(django_capture_on_commit_callbacks):
    """`with on_commit():` does what follows the commit as well."""
    return partial(django_capture_on_commit_callbacks, execute=True)


def cancel(booking, by, actor, reason=""):
    return bookings.cancel_booking(actor=actor, booking_id=booking.pk, by=by, reason=reason)


def test_cancelling_a_paid_booking_returns_the_price_minus_the_fee_exactly_once(
    gateway_standin, house, book, on_commit
):
    booking = book(house, hours=5)
    payment = paid(gateway_standin, booking)

    with on_commit():
        cancel(booking, Booking.CancelledBy.CUSTOMER, house.customer, "Ill")

    booking, refund = reload(booking), Refund.objects.get()
    assert booking.cancellation_fee_amount == Decimal("57.50")
    assert (refund.status, refund.amount, refund.reason) == (Status.SUCCEEDED, Decimal("57.50"), "Ill")
    assert (refund.requested_by, refund.approved_by) == (house.customer, None)
    assert states_of(refund)[0] == (Status.APPROVED, house.customer.pk, "Ill")
    assert amounts(payment) == ("115.00", "57.50", "0.00")
    with on_commit():
        assert services.return_what_is_owed(booking_id=booking.pk) == []
    assert refunds_made(gateway_standin) == 1


def another_service(house, price, minutes=45):
    service = ServiceFactory(salon=house.salon, price_amount=price, duration_minutes=minutes)
    for person in house.staff:
        StaffServiceFactory(salon=house.salon, staff=person, service=service)
    return service


def change_service(house, booking, service):
    return bookings.change_service(
        actor=house.manager, booking_id=booking.pk, service_id=service.pk, reason="She wants the longer one"
    )


def test_rs07_a_dearer_service_leaves_the_difference_due_and_the_invoice_as_it_was(
    gateway_standin, house, book, on_commit
):
    booking = book(house, hours=5)
    payment = paid(gateway_standin, booking)
    [invoice] = TaxDocument.objects.values()

    with on_commit():
        changed = change_service(house, booking, another_service(house, "200.00", 90))

    assert (changed.price_amount, changed.vat_amount, changed.ends_at) == (
        Decimal("200.00"),
        Decimal("26.09"),
        house.at(6.5),
    )
    assert (outstanding_amount(changed), amounts(payment)) == (Decimal("85.00"), ("115.00", "0.00", "0.00"))
    assert list(TaxDocument.objects.values()) == [invoice]
    assert changed.history.first().history_change_reason == "She wants the longer one"


def test_rs07_of_a_cheaper_service_the_surplus_goes_back_with_a_note(gateway_standin, house, book, on_commit):
    booking = book(house, hours=5)
    payment = paid(gateway_standin, booking)

    with on_commit():
        changed = change_service(house, booking, another_service(house, "100.00"))

    assert (outstanding_amount(changed), amounts(payment)) == (Decimal("0.00"), ("115.00", "15.00", "0.00"))
    assert [(d.kind, d.gross_amount) for d in TaxDocument.objects.order_by("pk")] == [
        (TaxDocument.Kind.INVOICE, Decimal("115.00")),
        (TaxDocument.Kind.CREDIT_NOTE, Decimal("15.00")),
    ]
    assert Refund.objects.get().reason == reasons.MORE_THAN_DUE


def test_rs07_a_service_that_takes_longer_than_the_time_there_is_changes_nothing(gateway_standin, house, book):
    booking = book(house, hours=5)
    bookings.book_appointment(
        actor=house.customer,
        person=house.customer,
        service_id=house.service.pk,
        staff_id=booking.staff_id,
        starts_at=house.at(5.75),
    )

    with pytest.raises(SlotTaken):
        change_service(house, booking, another_service(house, "200.00", 90))
    assert (reload(booking).price_amount, reload(booking).version) == (Decimal("115.00"), 1)


@pytest.mark.parametrize(
    ("price", "missing", "kept"),
    [("200.00", "165.50", ("34.50", "0.00", "0.00")), ("30.00", "0.00", ("34.50", "4.50", "0.00"))],
    ids=["dearer", "cheaper than the deposit"],
)
def test_pay15_after_a_deposit_the_rest_follows_the_new_price(
    gateway_standin, prepaid, book, on_commit, price, missing, kept
):
    type(prepaid.salon).objects.filter(pk=prepaid.salon.pk).update(deposit_percent=30)
    booking = book(prepaid)
    deposit = paid(gateway_standin, booking)
    assert amounts(deposit) == ("34.50", "0.00", "0.00")

    with on_commit():
        changed = change_service(prepaid, booking, another_service(prepaid, price))

    assert (outstanding_amount(changed), amounts(deposit)) == (Decimal(missing), kept)


def test_a_salon_that_cancels_returns_everything(gateway_standin, house, book, on_commit):
    booking = book(house, hours=5)
    payment = paid(gateway_standin, booking)

    with on_commit():
        cancel(booking, Booking.CancelledBy.SALON, house.manager)

    assert amounts(payment) == ("115.00", "115.00", "0.00")
    assert Refund.objects.get().reason == reasons.BOOKING_CANCELLED


def test_the_fee_is_kept_once_over_several_payments(gateway_standin, house, book, clock, on_commit):
    booking = book(house, hours=5)
    cash = services.record_payment(actor=house.manager, booking_id=booking.pk, amount=Decimal("40.00"), method="cash")
    clock.shift(1)
    online = paid(gateway_standin, booking)

    with on_commit():
        cancel(booking, Booking.CancelledBy.CUSTOMER, house.customer)

    assert amounts(cash) == ("40.00", "0.00", "0.00")
    assert amounts(online) == ("75.00", "57.50", "0.00")


def test_a_refund_on_its_way_does_not_swallow_what_a_cancellation_owes(
    gateway_standin, house, book, support, on_commit
):
    house.salon.refund_limit = Decimal(0)
    house.salon.save()
    booking = book(house)
    payment = paid(gateway_standin, booking)
    waiting = ask_refund(support, payment, "15.00")
    with on_commit():
        cancel(booking, Booking.CancelledBy.SALON, house.manager)
    assert amounts(payment) == ("115.00", "0.00", "15.00")

    with on_commit():
        services.approve_refund(actor=house.manager, refund_id=waiting.pk, proven_at=NOW)
        services.send_refund(refund_id=waiting.pk)

    assert amounts(payment) == ("115.00", "115.00", "0.00")
    assert sorted(Refund.objects.values_list("amount", flat=True)) == [Decimal("15.00"), Decimal("100.00")]


def test_rejecting_a_refund_lets_go_what_a_cancellation_owes(gateway_standin, house, book, support, on_commit):
    house.salon.refund_limit = Decimal(0)
    house.salon.save()
    booking = book(house)
    payment = paid(gateway_standin, booking)
    waiting = ask_refund(support, payment, "15.00")
    with on_commit():
        cancel(booking, Booking.CancelledBy.SALON, house.manager)

    with on_commit():
        services.reject_refund(actor=house.manager, refund_id=waiting.pk, reason="All of it goes back")

    assert amounts(payment) == ("115.00", "115.00", "0.00")


def test_cash_goes_back_only_when_a_person_has_handed_it_over(house, book, on_commit):
    booking = book(house)
    payment = services.record_payment(
        actor=house.manager, booking_id=booking.pk, amount=Decimal("115.00"), method="cash"
    )
    with on_commit():
        cancel(booking, Booking.CancelledBy.CUSTOMER, house.customer)
    refund = Refund.objects.get()
    assert (refund.status, amounts(payment)) == (Status.APPROVED, ("115.00", "0.00", "115.00"))
    assert services.resolve_refunds() == 0

    done = services.send_refund(refund_id=refund.pk, actor=house.manager)

    assert (done.status, done.way) == (Status.SUCCEEDED, Refund.Way.BY_HAND)
    assert amounts(payment) == ("115.00", "115.00", "0.00")
    assert refund.history.first().history_user == house.manager


@pytest.mark.django_db(transaction=True)
def test_what_a_person_gave_up_is_not_sent_after_all_when_the_rest_is_handed_over(
    gateway_standin, house, book, support, clock
):
    booking = book(house, hours=72)
    services.record_payment(actor=house.manager, booking_id=booking.pk, amount=Decimal(50), method="cash")
    online = paid(gateway_standin, booking)
    clock.shift(timedelta(hours=3))
    gateway_standin.control.inject("refund", "reset_before", times=3)
    cancel(booking, Booking.CancelledBy.SALON, house.manager)
    for _ in range(16):
        clock.shift(timedelta(hours=1))
        services.resolve_refunds()
    lost = Refund.objects.get(payment=online)
    assert (lost.status, lost.attempt) == (Refund.Status.NOT_APPLIED, 3)
    services.give_up_refund(actor=support, refund_id=lost.pk, explanation="She was paid by bank transfer")

    services.carry_out_refund(
        actor=house.manager, refund_id=Refund.objects.get(payment__method="cash").pk, proven_at=timezone.now()
    )

    assert Refund.objects.filter(payment=online).count() == 1
