"""What is planned with a fact, and what leaves after the commit."""

from datetime import UTC, datetime, timedelta

import pytest

from apps.bookings.tests.factories import BookingFactory
from apps.notifications import services
from apps.notifications.models import Kind, Notification
from apps.notifications.providers import Message
from apps.notifications.services import delivery
from apps.notifications.tests.factories import NotificationFactory, TemplateFactory
from apps.notifications.tests.helpers import NOW, state_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("frozen")]


def test_a_message_is_planned_with_its_text_recipient_and_language():
    booking = BookingFactory(
        salon__name_en="Reem",
        service__name_en="Haircut",
        staff__name_en="Huda",
        reference="K7Q3MX9TP",
        starts_at=datetime(2026, 1, 15, 15, 30, tzinfo=UTC),
    )

    notification = services.queue_message(booking, Kind.BOOKING_CONFIRMED)

    assert notification.body == (
        "Reem: your booking is confirmed. Haircut with Huda on Thursday 15/01/2026 at 18:30. Booking K7Q-3MX-9TP"
    )
    assert (notification.salon, notification.booking_version) == (booking.salon, booking.version)
    assert (notification.recipient, notification.locale) == (booking.customer.user.phone, "en")
    assert (notification.status, notification.channel, notification.due_at) == ("pending", "sms", NOW)


def test_an_arabic_speaker_gets_the_arabic_text():
    booking = BookingFactory(
        customer__user__locale="ar",
        salon__name_ar="صالون الريم",
        reference="K7Q3MX9TP",
        starts_at=datetime(2026, 1, 15, 15, 30, tzinfo=UTC),
    )

    notification = services.queue_message(booking, Kind.BOOKING_CANCELLED)

    assert notification.body == ("صالون الريم: تم إلغاء حجزك رقم \u200eK7Q-3MX-9TP يوم الخميس 15/01/2026 الساعة 18:30.")


def test_the_same_message_for_the_same_state_of_a_booking_is_planned_once():
    booking = BookingFactory()

    first = services.queue_message(booking, Kind.BOOKING_CONFIRMED)
    again = services.queue_message(booking, Kind.BOOKING_CONFIRMED)

    assert again.pk == first.pk
    assert Notification.objects.count() == 1


def test_the_next_state_of_a_booking_gets_a_message_of_its_own():
    booking = BookingFactory()
    services.queue_message(booking, Kind.BOOKING_MOVED)

    booking.version += 1
    services.queue_message(booking, Kind.BOOKING_MOVED)

    assert Notification.objects.count() == 2


def test_a_salons_own_text_wins_over_the_text_of_the_house():
    booking = BookingFactory(customer__user__name="Sara")
    TemplateFactory(salon=booking.salon, kind=Kind.REMINDER, body_en="See you, {customer}")

    assert services.queue_message(booking, Kind.REMINDER).body == "See you, Sara"


def test_the_text_of_another_salon_counts_for_nothing():
    TemplateFactory(kind=Kind.REMINDER, body_en="See you, {customer}")

    assert "See you" not in services.queue_message(BookingFactory(), Kind.REMINDER).body


def test_a_stored_text_that_no_form_would_take_gives_way_to_the_text_of_the_house():
    booking = BookingFactory(salon__name_en="Reem", reference="K7Q3MX9TP")
    TemplateFactory(salon=booking.salon, kind=Kind.BOOKING_CANCELLED, body_en="{booking.customer.user.password}")

    body = services.queue_message(booking, Kind.BOOKING_CANCELLED).body

    assert body.startswith("Reem: your booking K7Q-3MX-9TP on ")


def test_a_message_the_salon_switched_off_is_kept_with_the_reason_and_not_sent(
    provider, django_capture_on_commit_callbacks
):
    booking = BookingFactory()
    TemplateFactory(salon=booking.salon, kind=Kind.BOOKING_CONFIRMED, is_active=False)

    with django_capture_on_commit_callbacks(execute=True) as callbacks:
        notification = services.queue_message(booking, Kind.BOOKING_CONFIRMED)

    assert callbacks == []
    assert state_of(notification) == ("suppressed", 0, NOW, "switched off by the salon")
    assert provider.messages == []


def test_a_planned_message_leaves_after_the_commit(provider, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        notification = services.queue_message(BookingFactory(), Kind.BOOKING_CONFIRMED)
        assert provider.messages == []

    row = Notification.objects.get(pk=notification.pk)
    assert (row.status, row.attempts, row.provider, row.provider_message_id) == ("sent", 1, "console", "id-1")
    assert (row.sent_at, row.reason, row.leased_until) == (NOW, "", None)
    attempt = row.tried.get()
    assert (attempt.status, attempt.provider, attempt.provider_message_id) == ("sent", "console", "id-1")
    assert (attempt.started_at, attempt.ended_at, attempt.segments) == (NOW, NOW, 1)
    assert provider.messages == [
        Message(row.pk, row.recipient, "booking_confirmed", "sms", row.body, reference=str(attempt.pk), locale="en")
    ]


def test_a_message_for_later_waits(provider, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        notification = services.queue_message(BookingFactory(), Kind.REMINDER, due_at=NOW + timedelta(seconds=1))

    assert provider.messages == []
    assert services.deliver(notification.pk) is None
    assert state_of(notification) == ("pending", 0, NOW + timedelta(seconds=1), "")


def test_no_failure_of_the_sender_reaches_whoever_committed(monkeypatch, django_capture_on_commit_callbacks, caplog):
    def broken(notification_id):
        raise OSError("disk full")

    monkeypatch.setattr(delivery, "deliver", broken)

    with django_capture_on_commit_callbacks(execute=True):
        notification = services.queue_message(BookingFactory(), Kind.BOOKING_CONFIRMED)

    assert state_of(notification) == ("pending", 0, NOW, "")
    assert "disk full" in caplog.text


def test_bk28_with_a_broker_the_worker_is_told_the_number_and_nothing_is_sent_here(
    settings, monkeypatch, provider, django_capture_on_commit_callbacks
):
    settings.CELERY_BROKER_URL = "redis://127.0.0.1:1/0"
    sent_tasks = []
    monkeypatch.setattr(
        "celery.app.base.Celery.send_task", lambda app, *args, **kwargs: sent_tasks.append((args, kwargs))
    )

    with django_capture_on_commit_callbacks(execute=True):
        notification = services.queue_message(BookingFactory(), Kind.BOOKING_CONFIRMED)

    assert sent_tasks == [
        (("apps.notifications.tasks.deliver_notification",), {"args": [notification.pk], "retry": False})
    ]
    assert provider.messages == []


def test_bk27_a_broker_that_is_away_leaves_the_message_for_the_next_pass(
    settings, monkeypatch, provider, django_capture_on_commit_callbacks
):
    from kombu.exceptions import OperationalError

    def away(*args, **kwargs):
        raise OperationalError("connection refused")

    settings.CELERY_BROKER_URL = "redis://127.0.0.1:1/0"
    monkeypatch.setattr("celery.app.base.Celery.send_task", away)

    with django_capture_on_commit_callbacks(execute=True):
        notification = services.queue_message(BookingFactory(), Kind.BOOKING_CONFIRMED)
    assert state_of(notification) == ("pending", 0, NOW, "")

    assert services.deliver_due() == 1
    assert state_of(notification)[0] == "sent"


def test_the_workers_task_sends_the_message_it_is_given_once(provider):
    from apps.notifications.tasks import deliver_notification

    notification = NotificationFactory()

    deliver_notification(notification.pk)
    deliver_notification(notification.pk)

    assert deliver_notification.name == delivery.DELIVERY_TASK
    assert [message.notification_id for message in provider.messages] == [notification.pk]
