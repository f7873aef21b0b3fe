"""What the law calls advertising: by day, under a sender name of its own, to who agreed, and never twice."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from apps.accounts.tests.factories import PlatformUserFactory
from apps.bookings.tests.factories import BookingFactory
from apps.common.providers import ProviderOutcomeUnknown, Report
from apps.notifications import services
from apps.notifications.models import Kind, MessageSettings, Notification
from apps.notifications.tests.factories import AttemptFactory, MessageSettingsFactory, NotificationFactory
from apps.notifications.tests.helpers import NOW, state_of
from apps.salons.tests.factories import SalonFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("frozen")]

UNKNOWN = ProviderOutcomeUnknown("unifonic: no answer after sending (ReadTimeout)", "no_answer")
LATE_EVENING = datetime(2026, 1, 14, 19, 30, tzinfo=UTC)  # 22:30 in Riyadh
MORNING = datetime(2026, 1, 15, 4, 0, tzinfo=UTC)  # 07:00 there


@pytest.fixture
def booking():
    """A visit that is over, of somebody who agreed to promotions, at a salon that may send them."""
    booking = BookingFactory(status="completed", customer__user__marketing_consent=True)
    MessageSettingsFactory(salon=booking.salon)
    return booking


def invite(booking):
    return services.queue_message(booking, Kind.REVIEW_INVITATION)


def test_msg16_a_promotion_at_half_past_ten_waits_for_seven_and_what_tells_of_a_booking_goes_out(provider, booking):
    with time_machine.travel(LATE_EVENING, tick=False):
        promotion, news = invite(booking), services.queue_message(booking, Kind.BOOKING_CANCELLED)
        assert services.deliver_due() == 1
        assert (state_of(promotion), state_of(news)[0]) == (("pending", 0, MORNING, ""), "sent")
    with time_machine.travel(MORNING - timedelta(seconds=1), tick=False):
        assert services.deliver_due() == 0
    with time_machine.travel(MORNING, tick=False):
        assert services.deliver_due() == 1

    assert [message.kind for message in provider.messages] == ["booking_cancelled", "review_invitation"]


def test_a_promotion_that_a_failing_provider_carried_into_the_night_waits_for_the_day(provider, booking):
    promotion = invite(booking)
    Notification.objects.filter(pk=promotion.pk).update(due_at=LATE_EVENING)

    with time_machine.travel(LATE_EVENING, tick=False):
        services.deliver_due()

    assert state_of(promotion) == ("pending", 0, MORNING, "")
    assert provider.messages == []


def test_a_salon_may_choose_a_shorter_day(provider, booking):
    MessageSettings.objects.update(promotions_from="10:00", promotions_until="20:00")

    with time_machine.travel(MORNING, tick=False):
        promotion = invite(booking)

    assert promotion.due_at == MORNING + timedelta(hours=3)


def test_msg18_without_consent_a_promotion_is_held_back_and_news_of_bookings_still_go(provider, booking):
    person = booking.customer.user
    promotion = invite(booking)
    person.marketing_consent = False
    person.save()
    news = services.queue_message(booking, Kind.PAYMENT_RECEIVED)

    services.deliver_due()

    assert state_of(promotion) == ("suppressed", 0, NOW, "the customer has not agreed to promotions")
    assert state_of(news)[0] == "sent"
    assert [message.kind for message in provider.messages] == ["payment_received"]


def test_promotions_go_out_under_the_salons_sender_name_and_nothing_else_does(provider, booking):
    invite(booking)
    services.queue_message(booking, Kind.PAYMENT_RECEIVED)

    services.deliver_due()

    assert [(message.kind, message.sender, message.is_promotional) for message in provider.messages] == [
        ("review_invitation", "REEM-AD", True),
        ("payment_received", "", False),
    ]


def test_without_a_sender_name_no_promotion_goes_out_as_sms(provider, booking):
    MessageSettings.objects.update(promotional_sender="")
    promotion = invite(booking)

    services.deliver_due()

    assert state_of(promotion)[::3] == ("suppressed", "the salon has no sender name for promotions")
    assert provider.messages == []


@pytest.mark.parametrize("name", ["REEM", "REEM AD", "REEMAD", "-AD", "12345-AD", "REEM-ad", "REEM-AD ", "ريم-AD"])
def test_msg17_a_sender_name_without_its_ending_is_refused(name):
    with pytest.raises(ValidationError) as refused:
        MessageSettings(salon=SalonFactory(), promotional_sender=name).full_clean()

    assert list(refused.value.message_dict) == ["promotional_sender"]


def test_msg17_a_sender_name_has_eleven_characters_at_most():
    salon = SalonFactory()
    MessageSettings(salon=salon, promotional_sender="ABCDEFGH-AD").full_clean()

    with pytest.raises(ValidationError):
        MessageSettings(salon=salon, promotional_sender="ABCDEFGHI-AD").full_clean()


@pytest.mark.parametrize(("begins", "ends"), [("06:59", "22:00"), ("07:00", "22:01"), ("12:00", "12:00")])
def test_the_database_knows_no_promotions_by_night(begins, ends):
    with pytest.raises(IntegrityError), transaction.atomic():
        MessageSettingsFactory(promotions_from=begins, promotions_until=ends)


def test_a_promotion_in_doubt_is_not_sent_again_by_itself(provider, booking, caplog):
    promotion = invite(booking)
    provider.failure = UNKNOWN
    services.deliver_due()
    provider.failure = None

    for minutes in (5, 60, 600):
        with time_machine.travel(NOW + timedelta(minutes=minutes), tick=False):
            services.deliver_due()

    assert len(provider.messages) == 1
    assert state_of(promotion)[::3] == ("failed", "it may have been sent, and promotions are not sent twice")
    assert promotion.tried.get().status == "in_doubt"


def test_a_promotion_whose_sender_died_during_the_call_is_not_sent_again(provider, booking):
    promotion = NotificationFactory(
        booking=booking, kind=Kind.REVIEW_INVITATION, status="sending", attempts=1, leased_until=NOW
    )
    AttemptFactory(notification=promotion, status="begun", ended_at=None, provider="console")

    services.deliver_due()

    assert provider.messages == []
    assert state_of(promotion)[:2] == ("failed", 8)


def test_a_promotion_whose_sender_died_before_the_call_goes_out(provider, booking):
    NotificationFactory(booking=booking, kind=Kind.REVIEW_INVITATION, status="sending", attempts=1, leased_until=NOW)

    services.deliver_due()

    assert len(provider.messages) == 1


def test_a_promotion_that_the_provider_turns_out_to_have_counts_as_sent(provider, booking):
    promotion = invite(booking)
    provider.failure = UNKNOWN
    services.deliver_due()
    provider.failure = None
    provider.reports = {str(promotion.tried.get().pk): Report("", "queued", "", "77")}

    with time_machine.travel(NOW + timedelta(minutes=2), tick=False):
        services.deliver_due()

    assert state_of(promotion)[::3] == ("sent", "")
    assert (len(provider.messages), promotion.tried.get().status) == (1, "sent")


def test_a_person_may_send_a_promotion_in_doubt_again(provider, booking):
    promotion = invite(booking)
    provider.failure = UNKNOWN
    services.deliver_due()
    provider.failure = None
    with time_machine.travel(NOW + timedelta(minutes=2), tick=False):
        services.deliver_due()
        services.retry_notification(promotion.pk, actor=PlatformUserFactory())
        services.deliver_due()

    promotion.refresh_from_db()
    assert (promotion.status, promotion.is_maybe_double, len(provider.messages)) == ("sent", True, 2)
