"""Planning, sending and settling, with a provider that plays its part."""

import logging
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import connection, transaction
from django.utils import timezone

from apps.accounts.roles import PlatformRole, SalonRole
from apps.accounts.tests.factories import PlatformUserFactory
from apps.bookings.models import Booking
from apps.bookings.tests.factories import BookingFactory
from apps.common.errors import Forbidden, Missing
from apps.common.providers import ProviderOutcomeUnknown, ProviderRejected, ProviderUnavailable, Sent
from apps.notifications import selectors, services
from apps.notifications.errors import NotRetryable
from apps.notifications.models import Kind, Notification
from apps.notifications.providers import Message
from apps.notifications.tests.factories import NotificationFactory, TemplateFactory
from apps.notifications.tests.stand_ins import RecordingProvider
from apps.payments.models import Payment
from apps.salons.tests.factories import MembershipFactory

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 1, 14, 9, 0, tzinfo=UTC)
UNAVAILABLE = ProviderUnavailable("twilio 20429: too many requests", "20429")
UNKNOWN = ProviderOutcomeUnknown("twilio: no answer after sending (ReadTimeout)", "no_answer")
REJECTED = ProviderRejected("21610", "twilio 21610: recipient opted out")


@pytest.fixture(autouse=True)
def _frozen():
    with time_machine.travel(NOW, tick=False):
        yield


def state_of(notification):
    row = Notification.objects.get(pk=notification.pk)
    return row.status, row.attempts, row.due_at, row.reason


# --- Planning ---


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


# --- After the commit ---


def test_a_planned_message_leaves_after_the_commit(provider, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        notification = services.queue_message(BookingFactory(), Kind.BOOKING_CONFIRMED)
        assert provider.messages == []

    row = Notification.objects.get(pk=notification.pk)
    assert (row.status, row.attempts, row.provider, row.provider_message_id) == ("sent", 1, "console", "id-1")
    assert (row.sent_at, row.reason, row.leased_until) == (NOW, "", None)
    assert provider.messages == [Message(row.pk, row.recipient, "booking_confirmed", "sms", row.body)]


def test_a_message_for_later_waits(provider, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True) as callbacks:
        notification = services.queue_message(BookingFactory(), Kind.REMINDER, due_at=NOW + timedelta(seconds=1))

    assert callbacks == []
    assert services.deliver(notification.pk) is None
    assert state_of(notification) == ("pending", 0, NOW + timedelta(seconds=1), "")


def test_no_failure_of_the_sender_reaches_whoever_committed(monkeypatch, django_capture_on_commit_callbacks, caplog):
    def broken(notification_id):
        raise OSError("disk full")

    monkeypatch.setattr(services, "deliver", broken)

    with django_capture_on_commit_callbacks(execute=True):
        notification = services.queue_message(BookingFactory(), Kind.BOOKING_CONFIRMED)

    assert state_of(notification) == ("pending", 0, NOW, "")
    assert "disk full" in caplog.text


def test_with_a_broker_the_worker_is_told_the_number_and_nothing_is_sent_here(
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


def test_a_broker_that_is_away_leaves_the_message_for_the_next_pass(
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

    assert deliver_notification.name == services.DELIVERY_TASK
    assert [message.notification_id for message in provider.messages] == [notification.pk]


# --- Outcomes ---


@pytest.mark.parametrize(
    ("failure", "expected"),
    [
        (
            UNAVAILABLE,
            ("failed", 1, NOW + timedelta(minutes=1), "the provider takes no messages at the moment (20429)"),
        ),
        (
            UNKNOWN,
            (
                "failed",
                1,
                NOW + timedelta(minutes=2),
                "the provider gave no clear answer, it may have been sent (no_answer)",
            ),
        ),
        (REJECTED, ("undelivered", 1, NOW, "the customer opted out (21610)")),
        (
            RuntimeError("a library broke"),
            ("failed", 1, NOW + timedelta(minutes=2), "sending failed for a reason of our own, see the log"),
        ),
    ],
)
def test_each_failure_ends_in_its_state_with_its_reason(provider, failure, expected):
    notification = NotificationFactory()
    provider.failure = failure

    assert services.deliver(notification.pk) == expected[0]

    assert state_of(notification) == expected
    assert Notification.objects.get(pk=notification.pk).provider == "console"


def test_a_failing_message_is_tried_eight_times_with_growing_delays_and_then_waits_for_a_person(provider, caplog):
    notification = NotificationFactory()
    provider.failure = UNAVAILABLE
    waits, now = [], NOW

    for _attempt in range(10):
        with time_machine.travel(now, tick=False):
            if services.deliver_due() == 0:
                break
            due_at = state_of(notification)[2]
        waits.append(int((due_at - now).total_seconds() / 60))
        now = due_at

    assert waits == [1, 2, 4, 8, 16, 32, 60, 60]
    assert state_of(notification)[:2] == ("failed", 8)
    assert len(provider.messages) == 8
    assert [record.message for record in caplog.records if record.levelno == logging.ERROR] == [
        f"message {notification.pk} given up after 8 attempts"
    ]


def test_a_message_leaves_when_the_provider_is_back(provider):
    notification = NotificationFactory()
    provider.failure = UNAVAILABLE
    services.deliver_due()
    provider.failure = None

    assert services.deliver_due() == 0
    with time_machine.travel(NOW + timedelta(minutes=1), tick=False):
        assert services.deliver_due() == 1

    assert state_of(notification)[0] == "sent"
    assert [message.notification_id for message in provider.messages] == [notification.pk] * 2


def test_what_a_dead_sender_left_behind_is_sent_after_its_lease(provider):
    notification = NotificationFactory(status="sending", attempts=1, leased_until=NOW + services.LEASE)

    assert services.deliver_due() == 0
    with time_machine.travel(NOW + services.LEASE, tick=False):
        assert services.deliver_due() == 1

    assert state_of(notification)[:2] == ("sent", 2)


def test_a_message_that_kills_its_sender_each_time_is_parked(provider):
    notification = NotificationFactory(status="sending", attempts=8, leased_until=NOW)

    assert services.deliver_due() == 1

    assert state_of(notification)[:2] == ("failed", 8)
    assert provider.messages == []
    assert services.deliver_due() == 0


def test_who_outlived_the_lease_changes_nothing_any_more(monkeypatch):
    notification = NotificationFactory()

    class SlowProvider(RecordingProvider):
        def send(self, message):
            Notification.objects.filter(pk=message.notification_id).update(
                leased_until=NOW + 2 * services.LEASE, attempts=2
            )
            return Sent("too-late", "queued")

    monkeypatch.setattr(services, "get_provider", SlowProvider)
    services.deliver(notification.pk)

    row = Notification.objects.get(pk=notification.pk)
    assert (row.status, row.attempts, row.provider_message_id) == ("sending", 2, "")


def test_every_outcome_stands_in_the_history(provider):
    notification = NotificationFactory()
    provider.failure = UNAVAILABLE
    services.deliver(notification.pk)
    provider.failure = None
    with time_machine.travel(NOW + timedelta(minutes=1), tick=False):
        services.deliver(notification.pk)

    history = notification.history.order_by("history_id").values_list("status", "attempts")
    assert list(history) == [("pending", 0), ("failed", 1), ("sent", 2)]


@pytest.mark.django_db(transaction=True)
def test_a_provider_is_asked_while_no_transaction_is_open(monkeypatch):
    notification = NotificationFactory()
    open_transactions = []

    class Watching(RecordingProvider):
        def send(self, message):
            open_transactions.append(connection.in_atomic_block)
            return super().send(message)

    monkeypatch.setattr(services, "get_provider", Watching)
    services.deliver(notification.pk)

    assert open_transactions == [False]
    assert state_of(notification)[0] == "sent"


@pytest.mark.django_db(transaction=True)
def test_sending_inside_a_transaction_is_refused(provider):
    notification = NotificationFactory()

    with pytest.raises(RuntimeError), transaction.atomic():
        services.deliver(notification.pk)

    assert provider.messages == []
    assert state_of(notification)[:2] == ("pending", 0)


@pytest.mark.django_db(transaction=True)
def test_a_message_of_a_change_that_was_undone_was_never_planned(provider):
    booking = BookingFactory()

    with transaction.atomic():
        services.queue_message(booking, Kind.BOOKING_CONFIRMED)
        transaction.set_rollback(True)

    assert Notification.objects.count() == 0
    assert provider.messages == []


# --- Still true at the moment of sending? ---


def changed(booking, **fields):
    Booking.objects.filter(pk=booking.pk).update(version=booking.version + 1, **fields)


@pytest.mark.parametrize("kind", [Kind.REMINDER, Kind.BOOKING_CONFIRMED, Kind.BOOKING_MOVED, Kind.BOOKING_RECEIVED])
def test_a_cancelled_booking_is_not_spoken_of_as_if_it_stood(provider, kind):
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


# --- The pass ---


def test_one_bad_message_does_not_stop_the_others(monkeypatch, provider):
    bad, good = NotificationFactory(), NotificationFactory()
    deliver = services.deliver

    def failing(notification_id):
        if notification_id == bad.pk:
            raise OSError("disk full")
        return deliver(notification_id)

    monkeypatch.setattr(services, "deliver", failing)

    assert services.deliver_due() == 1
    assert state_of(good)[0] == "sent"


def test_a_pass_takes_the_longest_waiting_up_to_its_limit(provider):
    young, old, oldest = (NotificationFactory(due_at=NOW - timedelta(minutes=minutes)) for minutes in (1, 2, 3))

    assert services.deliver_due(limit=2) == 2

    assert [message.notification_id for message in provider.messages] == [oldest.pk, old.pk]
    assert state_of(young)[0] == "pending"


def test_the_age_of_the_oldest_due_message_counts_only_what_should_be_out(provider):
    assert selectors.oldest_due_age() is None

    NotificationFactory(due_at=NOW + timedelta(minutes=5))
    NotificationFactory(due_at=NOW - timedelta(hours=9), status="sent")
    NotificationFactory(due_at=NOW - timedelta(hours=8), status="failed", attempts=8)
    assert selectors.oldest_due_age() is None

    NotificationFactory(due_at=NOW - timedelta(minutes=7))
    NotificationFactory(due_at=NOW - timedelta(minutes=3))
    assert selectors.oldest_due_age() == timedelta(minutes=7)


def test_the_messages_of_a_booking_come_newest_first():
    booking = BookingFactory()
    first = NotificationFactory(booking=booking, kind=Kind.BOOKING_CONFIRMED)
    second = NotificationFactory(booking=booking, kind=Kind.REMINDER)
    NotificationFactory()

    assert list(selectors.messages_of(booking)) == [second, first]


# --- Reminders ---


def reminders():
    return list(
        Notification.objects.filter(kind=Kind.REMINDER).order_by("pk").values_list("status", "due_at", "reason")
    )


def test_a_reminder_is_planned_for_24_hours_before_the_visit():
    booking = BookingFactory(starts_at=NOW + timedelta(hours=47))

    assert services.plan_reminders() == 1

    assert reminders() == [("pending", NOW + timedelta(hours=23), "")]
    assert Notification.objects.get().booking_version == booking.version


def test_planning_twice_plans_once():
    BookingFactory(starts_at=NOW + timedelta(hours=30))
    services.plan_reminders()

    assert services.plan_reminders() == 0
    assert len(reminders()) == 1


def test_a_booking_further_away_is_planned_later():
    BookingFactory(starts_at=NOW + timedelta(hours=48, seconds=1))

    assert services.plan_reminders() == 0
    assert services.plan_reminders(NOW + timedelta(seconds=1)) == 1


@pytest.mark.parametrize("status", ["pending", "arrived", "completed", "no_show", "cancelled", "expired"])
def test_only_confirmed_bookings_are_reminded_of(status):
    BookingFactory(status=status, starts_at=NOW + timedelta(hours=30))

    assert services.plan_reminders() == 0
    assert reminders() == []


def test_a_booking_made_after_its_reminders_moment_keeps_the_reason_and_is_not_reminded(provider):
    BookingFactory(starts_at=NOW + timedelta(minutes=20))

    assert services.plan_reminders() == 1
    assert services.deliver_due() == 0

    moment = NOW + timedelta(minutes=20) - timedelta(hours=24)
    assert reminders() == [("suppressed", moment, "booked or changed after the moment of the reminder")]
    assert provider.messages == []


def test_a_reminder_the_planner_was_late_for_still_goes_out(provider, django_capture_on_commit_callbacks):
    with time_machine.travel(NOW - timedelta(days=5), tick=False):
        BookingFactory(starts_at=NOW + timedelta(hours=22))

    with django_capture_on_commit_callbacks(execute=True):
        services.plan_reminders()

    assert reminders() == [("sent", NOW - timedelta(hours=2), "")]


def test_a_moved_booking_is_reminded_of_once_for_its_new_time(provider):
    booking = BookingFactory(starts_at=NOW + timedelta(hours=30))
    services.plan_reminders()
    booking.place(staff=booking.staff, starts_at=NOW + timedelta(hours=40))
    booking.version += 1
    booking.save()

    services.plan_reminders()
    with time_machine.travel(NOW + timedelta(hours=20), tick=False):
        services.deliver_due()

    assert reminders() == [
        ("suppressed", NOW + timedelta(hours=6), "booking changed"),
        ("sent", NOW + timedelta(hours=16), ""),
    ]
    assert len(provider.messages) == 1


def test_one_salon_with_a_broken_time_zone_does_not_cost_the_others_their_reminders(caplog):
    BookingFactory(salon__timezone="Nowhere/Never", starts_at=NOW + timedelta(hours=30))
    BookingFactory(starts_at=NOW + timedelta(hours=31))

    assert services.plan_reminders() == 1

    assert reminders() == [("pending", NOW + timedelta(hours=7), "")]
    assert "no reminder could be planned" in caplog.text


# --- Sending again ---


@pytest.mark.parametrize("status", ["failed", "undelivered"])
def test_a_manager_sends_a_failed_message_again(provider, django_capture_on_commit_callbacks, status):
    notification = NotificationFactory(
        status=status, attempts=8, due_at=NOW + timedelta(hours=1), reason="out of order"
    )
    manager = MembershipFactory(salon=notification.salon).user

    with django_capture_on_commit_callbacks(execute=True):
        services.retry_notification(notification.pk, actor=manager)

    assert state_of(notification) == ("sent", 1, NOW, "")
    assert len(provider.messages) == 1
    history = notification.history.filter(history_change_reason="sent again by hand").get()
    assert (history.history_user, history.status) == (manager, "pending")


@pytest.mark.parametrize("status", ["pending", "sending", "sent", "delivered", "suppressed"])
def test_only_what_failed_is_sent_again(provider, status):
    notification = NotificationFactory(status=status, reason="why")
    support = PlatformUserFactory(role=PlatformRole.SUPPORT)
    before = state_of(notification)

    with pytest.raises(NotRetryable):
        services.retry_notification(notification.pk, actor=support)

    assert state_of(notification) == before


def test_two_clicks_on_retry_send_one_message(provider, django_capture_on_commit_callbacks):
    notification = NotificationFactory(status="failed", attempts=8)
    support = PlatformUserFactory(role=PlatformRole.SUPPORT)

    with django_capture_on_commit_callbacks(execute=True):
        services.retry_notification(notification.pk, actor=support)
    with pytest.raises(NotRetryable):
        services.retry_notification(notification.pk, actor=support)

    assert len(provider.messages) == 1


def test_who_may_only_look_may_not_send_again():
    notification = NotificationFactory(status="failed")
    receptionist = MembershipFactory(salon=notification.salon, role=SalonRole.RECEPTIONIST).user

    with pytest.raises(Forbidden):
        services.retry_notification(notification.pk, actor=receptionist)

    assert state_of(notification)[0] == "failed"


def test_a_message_of_another_salon_is_not_there():
    notification = NotificationFactory(status="failed")

    with pytest.raises(Missing):
        services.retry_notification(notification.pk, actor=MembershipFactory().user)

    assert state_of(notification)[0] == "failed"


def test_a_retried_reminder_of_a_cancelled_booking_stays_unsent(provider, django_capture_on_commit_callbacks):
    notification = NotificationFactory(kind=Kind.REMINDER, status="failed", attempts=3)
    changed(notification.booking, status="cancelled", cancelled_by="salon")

    with django_capture_on_commit_callbacks(execute=True):
        services.retry_notification(notification.pk, actor=PlatformUserFactory())

    assert state_of(notification) == ("suppressed", 0, timezone.now(), "booking cancelled")
    assert provider.messages == []
