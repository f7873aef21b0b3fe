"""No message is lost to a change of booking, service, channel or hours, and none is sent that is of use to nobody."""

from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
import time_machine

from apps.accounts.tests.factories import PlatformUserFactory
from apps.bookings.events import BookingRepriced
from apps.bookings.models import Booking
from apps.bookings.services import change_service
from apps.bookings.tests.conftest import open_salon
from apps.bookings.tests.factories import BookingFactory
from apps.common.providers import ProviderUnavailable
from apps.notifications import policies, services
from apps.notifications.handlers import tell_repriced
from apps.notifications.models import Channel, Kind, MessageSettings, Notification
from apps.notifications.providers import ensure_carried
from apps.notifications.tests.factories import (
    MessageSettingsFactory,
    NotificationFactory,
    TemplateFactory,
)
from apps.notifications.tests.helpers import NOW, UNAVAILABLE, RecordingProvider, at, play, state_of
from apps.payments.models import Payment

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("frozen")]


def test_a_confirmation_is_not_lost_because_the_service_was_changed_meanwhile(provider):
    """Nothing else tells the customer of a changed service."""
    house = open_salon()
    house.service.refresh_from_db()
    booking = BookingFactory(
        salon=house.salon, service=house.service, staff=house.staff[0], starts_at=NOW + timedelta(hours=30)
    )
    services.queue_message(booking, Kind.BOOKING_CONFIRMED)
    change_service(actor=house.manager, booking_id=booking.pk, service_id=house.service.pk, reason="longer")
    services.deliver_due()

    assert len(provider.messages) == 1, list(Notification.objects.values_list("kind", "status", "reason"))


def test_a_reminder_that_a_resting_provider_held_up_is_not_lost_by_a_change_of_service(provider):
    with at(days=-1):
        booking = BookingFactory(starts_at=NOW + timedelta(hours=24))
        services.queue_message(booking, Kind.REMINDER, occasion="24h", due_at=NOW)
    provider.failure = UNAVAILABLE
    services.deliver_due()
    provider.failure = None
    with at(seconds=20):
        fresh = Booking.objects.get(pk=booking.pk)
        fresh.version += 1
        fresh.save()
        tell_repriced(BookingRepriced(fresh.pk, None))
    with at(minutes=5):
        services.plan_reminders()
        services.deliver_due()

    assert len(provider.messages) == 2, list(Notification.objects.values_list("kind", "status", "reason"))


def test_a_salon_that_goes_back_from_whatsapp_to_sms_loses_no_reminder(monkeypatch):
    class Strict(RecordingProvider):
        def send(self, message):
            ensure_carried("strict", self.channels, message)
            return super().send(message)

    provider = play(monkeypatch, Strict())
    with at(days=-10):
        booking = BookingFactory(starts_at=NOW + timedelta(hours=30))
    template = TemplateFactory(
        salon=booking.salon, kind=Kind.REMINDER, channel=Channel.WHATSAPP, provider_id_en="HX1", provider_id_ar="HX2"
    )
    services.plan_reminders()
    template.is_active = False
    template.save()
    with at(hours=6):
        services.deliver_due()
        services.deliver_due()

    assert [message.channel for message in provider.messages] == ["sms"]


def test_send_again_is_not_lost_to_a_repeated_report_about_the_first_call(provider):
    """WhatsApp: "read" follows "delivered"; the provider rests, so the second message still waits."""
    notification = NotificationFactory(
        status="sent", provider="console", provider_message_id="wa-1", channel="whatsapp"
    )
    told = {"provider": "console", "message_id": "wa-1", "target": "delivered"}
    services.record_receipt(**told, word="delivered")
    services.retry_notification(notification.pk, actor=PlatformUserFactory())
    services.record_receipt(**told, word="read")
    services.deliver_due()

    assert len(provider.messages) == 1


def test_a_note_written_on_a_booking_does_not_cost_its_reminder_when_the_hours_change(provider):
    """docs/notifications.md: "Who changes the hours loses nothing"."""
    with at(days=-10):
        booking = BookingFactory(starts_at=NOW + timedelta(hours=30))
    services.plan_reminders()
    booking.note = "wants tea"
    booking.save(update_fields=["note", "updated_at"])
    with at(minutes=1):
        MessageSettings.objects.create(salon=booking.salon, reminder_hours=[48])
    for hours in (1, 6, 12):
        with at(hours=hours):
            services.plan_reminders()
            services.deliver_due()

    assert len(provider.messages) == 1, list(Notification.objects.values_list("occasion", "status", "reason"))


@pytest.mark.parametrize("zone", ["Asia/Riyadh", "Africa/Cairo", "America/New_York", "Asia/Kathmandu"])
def test_promotions_leave_by_day_on_every_hour_of_days_with_a_clock_change(zone):
    ways = MessageSettings()
    for day in (
        datetime(2026, 3, 7, tzinfo=UTC),
        datetime(2026, 4, 23, tzinfo=UTC),
        datetime(2026, 10, 29, tzinfo=UTC),
        datetime(2026, 10, 31, tzinfo=UTC),
        datetime(2028, 2, 28, tzinfo=UTC),
    ):
        for quarter in range(4 * 72):
            now = day + timedelta(minutes=15 * quarter)
            moment = policies.promotion_moment(ways, zone, now=now)
            local = moment.astimezone(ZoneInfo(zone)).time()
            assert now <= moment <= now + timedelta(hours=10, minutes=15)
            assert time(7) <= local < time(22)


def test_a_link_that_ran_out_is_not_sent_because_another_one_can_be_paid(provider):
    booking = BookingFactory()
    dead = Payment.objects.create(
        salon=booking.salon, booking=booking, amount=Decimal(100), payment_url="https://pay.example/1", status="expired"
    )
    Payment.objects.create(
        salon=booking.salon, booking=booking, amount="100.00", payment_url="https://pay.example/2", status="initiated"
    )
    services.queue_message(booking, Kind.PAYMENT_LINK, occasion=str(dead.pk), amount=dead.amount, link=dead.payment_url)
    services.deliver_due()

    assert provider.messages == []


def test_a_message_of_use_to_nobody_any_more_is_given_up(monkeypatch, provider):
    """The provider refuses this destination (21408) as long as it lives: the visit was cancelled a month ago."""
    notification = NotificationFactory(kind=Kind.BOOKING_CANCELLED)
    provider.failure = ProviderUnavailable("twilio 21408: sending to this country is not enabled", "21408")
    now = NOW
    for _ in range(40):
        with time_machine.travel(now, tick=False):
            services.deliver_due()
            now = max(state_of(notification)[2], now + timedelta(hours=18))

    assert len(provider.messages) < 40


def test_an_invitation_to_review_of_last_month_is_not_sent_any_more(provider):
    booking = BookingFactory(
        status="completed", customer__user__marketing_consent=True, starts_at=NOW - timedelta(days=40)
    )
    MessageSettingsFactory(salon=booking.salon)
    with at(days=-39):
        NotificationFactory(booking=booking, kind=Kind.REVIEW_INVITATION)
    services.deliver_due()

    assert provider.messages == []
