"""Is a message still true at the moment of sending?"""

from datetime import timedelta

import pytest

from apps.notifications import services
from apps.notifications.models import Kind, Notification
from apps.notifications.tests.factories import NotificationFactory
from apps.notifications.tests.helpers import NOW, changed, state_of
from apps.payments.models import Payment

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("frozen")]


@pytest.mark.parametrize("kind", [Kind.REMINDER, Kind.BOOKING_CONFIRMED, Kind.BOOKING_MOVED, Kind.BOOKING_RECEIVED])
def test_msg08_a_cancelled_booking_is_not_spoken_of_as_if_it_stood(provider, kind):
    notification = NotificationFactory(kind=kind)
    changed(notification.booking, status="cancelled", cancelled_by="customer")

    assert services.deliver(notification.pk) == "suppressed"

    assert state_of(notification) == ("suppressed", 0, NOW, "booking cancelled")
    assert provider.messages == []


@pytest.mark.parametrize("kind", [Kind.REMINDER, Kind.BOOKING_CONFIRMED, Kind.BOOKING_MOVED, Kind.REVIEW_INVITATION])
def test_a_message_about_an_older_state_of_the_booking_is_held_back(provider, kind):
    notification = NotificationFactory(kind=kind)
    changed(notification.booking)

    services.deliver(notification.pk)

    assert state_of(notification) == ("suppressed", 0, NOW, "booking changed")
    assert provider.messages == []


@pytest.mark.parametrize("kind", [Kind.BOOKING_CANCELLED, Kind.PAYMENT_RECEIVED, Kind.REFUND_SENT])
def test_what_happened_is_told_whatever_came_after(provider, kind):
    notification = NotificationFactory(kind=kind)
    changed(notification.booking, status="cancelled", cancelled_by="customer")

    assert services.deliver(notification.pk) == "sent"


def test_a_reminder_after_the_visit_began_is_held_back(provider):
    notification = NotificationFactory(kind=Kind.REMINDER, booking__starts_at=NOW)

    services.deliver(notification.pk)

    assert state_of(notification) == ("suppressed", 0, NOW, "the visit has begun")


def test_an_erased_person_gets_nothing(provider):
    notification = NotificationFactory(kind=Kind.REFUND_SENT, booking__customer__user__erased_at=NOW)

    services.deliver(notification.pk)

    assert state_of(notification) == ("suppressed", 0, NOW, "the customer's data was erased")
    assert provider.messages == []


@pytest.mark.parametrize(
    ("payment", "expected"),
    [
        ({"status": Payment.Status.INITIATED}, "sent"),
        ({"status": Payment.Status.INITIATED, "expires_at": NOW + timedelta(seconds=1)}, "sent"),
        ({"status": Payment.Status.INITIATED, "expires_at": NOW}, "suppressed"),
        ({"status": Payment.Status.PAID}, "suppressed"),
        ({"status": Payment.Status.EXPIRED}, "suppressed"),
    ],
)
def test_a_payment_link_goes_out_only_while_it_can_be_paid(provider, payment, expected):
    notification = NotificationFactory(kind=Kind.PAYMENT_LINK)
    Payment.objects.create(
        salon=notification.salon,
        booking=notification.booking,
        amount="100.00",
        payment_url="https://pay.example/1",
        **payment,
    )

    assert services.deliver(notification.pk) == expected

    reason = "" if expected == "sent" else "there is nothing to pay any more"
    assert Notification.objects.get(pk=notification.pk).reason == reason
