"""From a fact to what the customer is told: events published as the lower apps do."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from django.db import transaction

from apps.accounts.events import PhoneChanged
from apps.accounts.tests.factories import UserFactory
from apps.bookings.events import (
    BookingCancelled,
    BookingCompleted,
    BookingConfirmed,
    BookingMoved,
    BookingPlaced,
)
from apps.bookings.models import Booking
from apps.bookings.tests.factories import BookingFactory
from apps.common.events import publish
from apps.notifications import rendering, services
from apps.notifications.models import Notification
from apps.notifications.tests.factories import MessageSettingsFactory, NotificationFactory
from apps.notifications.tests.helpers import NOW
from apps.payments.events import PaymentLinkReady, PaymentReceived, RefundSucceeded
from apps.payments.models import Payment, Refund

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("frozen")]


@pytest.fixture
def told(provider, django_capture_on_commit_callbacks):
    """Publish one event, commit, and return the kinds and texts that left."""

    def tell(event):
        with django_capture_on_commit_callbacks(execute=True):
            publish(event)
        return [(message.kind, message.body) for message in provider.messages]

    return tell


def booking_for_sara(**fields):
    return BookingFactory(
        salon__name_en="Reem",
        service__name_en="Haircut",
        staff__name_en="Huda",
        reference="K7Q3MX9TP",
        starts_at=datetime(2026, 1, 15, 15, 30, tzinfo=UTC),
        **fields,
    )


def payment_for(booking, **fields):
    return Payment.objects.create(salon=booking.salon, booking=booking, amount=Decimal("345.50"), **fields)


def test_a_booking_confirmed_at_once_is_told_as_confirmed(told):
    booking = booking_for_sara()

    assert told(BookingPlaced(booking.pk)) == [
        (
            "booking_confirmed",
            "Reem: your booking is confirmed. Haircut with Huda on Thursday 15/01/2026 at 18:30. Booking K7Q-3MX-9TP",
        )
    ]


def test_a_booking_that_waits_for_the_salon_is_told_as_received(told):
    booking = booking_for_sara(status=Booking.Status.PENDING)

    assert told(BookingPlaced(booking.pk)) == [
        (
            "booking_received",
            "Reem: we received your request for Haircut on Thursday 15/01/2026 at 18:30 and will confirm it "
            "shortly. Booking K7Q-3MX-9TP",
        )
    ]


def test_a_booking_held_for_payment_is_silent_until_its_link_is_ready(told):
    booking = booking_for_sara(status=Booking.Status.PENDING, hold_expires_at=NOW + timedelta(minutes=15))

    assert told(BookingPlaced(booking.pk)) == []
    assert Notification.objects.count() == 0

    payment = payment_for(booking, status=Payment.Status.INITIATED, payment_url="https://pay.example/1")
    assert told(PaymentLinkReady(payment.pk, booking.pk)) == [
        (
            "payment_link",
            "Reem: please pay 345.50 SAR for Haircut on Thursday 15/01/2026 at 18:30 here: "
            "https://pay.example/1 Booking K7Q-3MX-9TP",
        )
    ]


def test_a_confirmation_by_the_salon_is_told(told):
    booking = booking_for_sara(version=2)

    ((kind, _body),) = told(BookingConfirmed(booking.pk))

    assert kind == "booking_confirmed"
    assert Notification.objects.get().booking_version == 2


def test_a_move_is_told_with_the_new_time(told):
    assert told(BookingMoved(booking_for_sara().pk)) == [
        (
            "booking_moved",
            "Reem: your booking was moved. New time: Thursday 15/01/2026 at 18:30, Haircut with Huda. "
            "Booking K7Q-3MX-9TP",
        )
    ]


def test_a_cancellation_is_told(told):
    booking = booking_for_sara(status=Booking.Status.CANCELLED)

    assert told(BookingCancelled(booking.pk, Decimal("0.00"), None, "")) == [
        ("booking_cancelled", "Reem: your booking K7Q-3MX-9TP on Thursday 15/01/2026 at 18:30 was cancelled.")
    ]


def test_a_completed_visit_invites_to_review_it(told):
    booking = booking_for_sara(status=Booking.Status.COMPLETED, customer__user__marketing_consent=True)
    MessageSettingsFactory(salon=booking.salon)

    assert told(BookingCompleted(booking.pk)) == [
        (
            "review_invitation",
            "Reem: thank you for your visit. We would be glad to read your review of Haircut. Booking K7Q-3MX-9TP",
        )
    ]


def test_a_visit_completed_again_after_an_undo_invites_no_second_time(told):
    booking = booking_for_sara(status=Booking.Status.COMPLETED, version=4, customer__user__marketing_consent=True)
    MessageSettingsFactory(salon=booking.salon)
    told(BookingCompleted(booking.pk))
    Booking.objects.filter(pk=booking.pk).update(version=6)

    assert len(told(BookingCompleted(booking.pk))) == 1
    assert list(Notification.objects.order_by("pk").values_list("booking_version", "status", "reason")) == [
        (4, "sent", ""),
        (6, "suppressed", "the customer was invited before"),
    ]


def test_received_money_is_told_with_the_amount_that_came(told):
    booking = booking_for_sara()
    payment = payment_for(booking, status=Payment.Status.PAID, captured_amount=Decimal("345.50"))

    assert told(PaymentReceived(payment.pk, booking.pk)) == [
        ("payment_received", "Reem: we received 345.50 SAR for booking K7Q-3MX-9TP. Thank you.")
    ]


def test_a_refund_is_told_with_its_amount(told):
    booking = booking_for_sara()
    payment = payment_for(booking, status=Payment.Status.PAID, captured_amount=Decimal("345.50"))
    refund = Refund.objects.create(
        salon=booking.salon, payment=payment, amount=Decimal("172.75"), reason="half", requested_by=None
    )

    assert told(RefundSucceeded(refund.pk, booking.pk)) == [
        ("refund_sent", "Reem: a refund of 172.75 SAR for booking K7Q-3MX-9TP is on its way to you.")
    ]


def test_each_refund_of_one_state_of_a_booking_is_told(told):
    booking = booking_for_sara()
    payment = payment_for(booking, status=Payment.Status.PAID, captured_amount=Decimal("345.50"))
    about = {"salon": booking.salon, "payment": payment, "reason": "part", "requested_by": None}
    first, second = (
        Refund.objects.create(amount=Decimal(amount), status=Refund.Status.SUCCEEDED, **about)
        for amount in ("20.00", "30.00")
    )

    told(RefundSucceeded(first.pk, booking.pk))
    told(RefundSucceeded(second.pk, booking.pk))
    told(RefundSucceeded(first.pk, booking.pk))

    assert [body for _kind, body in told(RefundSucceeded(second.pk, booking.pk))] == [
        "Reem: a refund of 20.00 SAR for booking K7Q-3MX-9TP is on its way to you.",
        "Reem: a refund of 30.00 SAR for booking K7Q-3MX-9TP is on its way to you.",
    ]


def test_what_waits_for_an_old_phone_goes_to_the_new_one(told, provider):
    booking = booking_for_sara()
    person = booking.customer.user
    NotificationFactory(booking=booking)
    old_phone, person.phone = person.phone, "+966559999999"
    person.save()

    told(PhoneChanged(person.pk, old_phone))
    services.deliver_due()

    assert {(message.kind, message.to) for message in provider.messages} == {
        ("phone_changed", old_phone),
        ("booking_confirmed", "+966559999999"),
    }


def test_a_fact_that_is_published_twice_is_told_once(told):
    booking = booking_for_sara()
    told(BookingPlaced(booking.pk))

    assert len(told(BookingPlaced(booking.pk))) == 1
    assert Notification.objects.count() == 1


def test_a_message_that_cannot_be_planned_does_not_undo_the_fact(monkeypatch, caplog):
    booking = booking_for_sara()
    monkeypatch.setattr(rendering, "render", None)

    with transaction.atomic():
        Booking.objects.filter(pk=booking.pk).update(note="changed in the same step")
        publish(BookingMoved(booking.pk))

    booking.refresh_from_db()
    assert booking.note == "changed in the same step"
    assert Notification.objects.count() == 0
    assert "optional handler failed" in caplog.text


def test_a_message_about_a_booking_that_is_not_there_does_not_undo_the_fact(caplog):
    publish(BookingPlaced(uuid4()))

    assert Notification.objects.count() == 0
    assert "optional handler failed" in caplog.text


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("failure", [TimeoutError("provider hangs"), MemoryError()])
def test_a_provider_that_breaks_leaves_the_booking_call_untouched(provider, failure):
    provider.failure = failure
    booking = booking_for_sara()

    with transaction.atomic():
        publish(BookingPlaced(booking.pk))

    assert len(provider.messages) == 1
    assert Notification.objects.get().status == "failed"
    assert Booking.objects.get(pk=booking.pk).status == "confirmed"


def test_the_old_number_is_told_that_it_opens_the_account_no_longer(told):
    """OTP19"""
    booking = booking_for_sara()
    person, old_phone = booking.customer.user, booking.customer.user.phone
    person.phone = "+966557654321"
    person.save()

    assert told(PhoneChanged(person.pk, old_phone)) == [
        (
            "phone_changed",
            "Reem: the phone number of your account was changed; this number no longer opens it. "
            "If that was not you, please contact us.",
        )
    ]
    assert Notification.objects.get().recipient == old_phone


def test_each_number_is_told_once_although_the_booking_stays_the_same(told):
    booking = booking_for_sara()
    person, first = booking.customer.user, booking.customer.user.phone
    for old, new in ((first, "+966557654321"), ("+966557654321", "+966557654322")):
        person.phone = new
        person.save()
        told(PhoneChanged(person.pk, old))
        told(PhoneChanged(person.pk, old))

    assert list(Notification.objects.order_by("pk").values_list("recipient", flat=True)) == [first, "+966557654321"]


def test_somebody_without_a_booking_is_told_nothing(told):
    assert told(PhoneChanged(UserFactory().pk, "+966551234567")) == []
    assert not Notification.objects.exists()
