"""WhatsApp where the salon has an approved template, SMS where it certainly did not arrive, and never both in doubt."""

from datetime import timedelta

import pytest
import time_machine

from apps.bookings.tests.factories import BookingFactory
from apps.common.providers import ProviderOutcomeUnknown, ProviderRejected, ProviderUnavailable
from apps.notifications import services
from apps.notifications.models import Channel, Kind, Notification
from apps.notifications.tests.factories import TemplateFactory
from apps.notifications.tests.helpers import NOW, state_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("frozen")]

CONFIRMED = Kind.BOOKING_CONFIRMED


@pytest.fixture
def booking():
    return BookingFactory(customer__user__name="Sara", service__name_en="Haircut", service__name_ar="قص")


@pytest.fixture
def template(booking):
    """The salon's confirmation by WhatsApp, approved in English only."""
    return TemplateFactory(
        salon=booking.salon,
        kind=CONFIRMED,
        channel=Channel.WHATSAPP,
        body_en="{service} for {customer}. Thank you, {customer}!",
        provider_id_en="HX1",
    )


def channels():
    return list(Notification.objects.order_by("pk").values_list("channel", "status"))


def test_a_template_carries_its_id_and_what_fills_its_numbers(provider, booking, template):
    message = services.queue_message(booking, CONFIRMED)
    services.deliver_due()

    (sent,) = provider.messages
    assert (sent.channel, sent.template_id, sent.variables, sent.locale) == (
        "whatsapp",
        "HX1",
        ("Haircut", "Sara"),
        "en",
    )
    assert (message.body, message.segments) == ("Haircut for Sara. Thank you, Sara!", 0)


def test_msg07_a_value_that_is_missing_is_a_dash_to_a_template(provider, booking, template):
    booking.customer.user.name = ""

    assert services.queue_message(booking, CONFIRMED).variables == ["Haircut", "-"]


@pytest.mark.parametrize("change", [{"provider_id_en": ""}, {"is_active": False}])
def test_without_a_template_that_may_be_used_it_is_an_sms(provider, booking, template, change):
    for name, value in change.items():
        setattr(template, name, value)
    template.save()

    assert services.queue_message(booking, CONFIRMED).channel == "sms"


def test_a_language_without_an_approved_template_gets_sms(provider, booking, template):
    booking.customer.user.locale = "ar"

    assert services.queue_message(booking, CONFIRMED).channel == "sms"


def test_a_provider_that_carries_no_whatsapp_gets_sms(provider, booking, template):
    provider.channels = frozenset({"sms"})

    assert services.queue_message(booking, CONFIRMED).channel == "sms"


def test_msg19_a_refused_template_is_shown_and_falls_back_to_sms_once(provider, booking, template):
    whatsapp = services.queue_message(booking, CONFIRMED)
    provider.failure = ProviderRejected("63016", "twilio 63016: free text is outside the 24 hours")
    services.deliver_due()
    provider.failure = None
    services.deliver_due()
    services.deliver_due()

    assert state_of(whatsapp)[3] == "WhatsApp takes only an approved template here (63016)"
    assert channels()[0] == ("whatsapp", "undelivered")
    assert [message.channel for message in provider.messages[:2]] == ["whatsapp", "sms"]
    assert Notification.objects.get(channel="sms").body == whatsapp.body


def test_msg13_a_failure_minutes_later_falls_back_to_sms_once(provider, booking, template):
    whatsapp = services.queue_message(booking, CONFIRMED)
    services.deliver_due()
    failed = {"provider": "console", "message_id": "id-1", "word": "undelivered", "target": "undelivered"}

    services.record_receipt(**failed, error_code="63024")
    services.record_receipt(**failed, error_code="63024")
    services.deliver_due()

    assert channels() == [("whatsapp", "undelivered"), ("sms", "sent")]
    assert state_of(whatsapp)[3] == "this number has no WhatsApp (63024)"


def test_msg20_a_number_without_whatsapp_is_remembered_for_a_month(provider, booking, template):
    services.queue_message(booking, CONFIRMED)
    services.deliver_due()
    failed = {"provider": "console", "message_id": "id-1", "word": "undelivered", "target": "undelivered"}
    services.record_receipt(**failed, error_code="63024")

    booking.version += 1
    assert services.queue_message(booking, CONFIRMED).channel == "sms"
    booking.version += 1
    with time_machine.travel(NOW + timedelta(days=31), tick=False):
        assert services.queue_message(booking, CONFIRMED).channel == "whatsapp"


@pytest.mark.parametrize(
    "failure",
    [ProviderOutcomeUnknown("no answer", "no_answer"), ProviderUnavailable("too many requests", "429"), OSError()],
)
def test_in_doubt_or_later_no_other_channel_is_tried(provider, booking, template, failure):
    services.queue_message(booking, CONFIRMED)
    provider.failure = failure

    services.deliver_due()

    assert channels() == [("whatsapp", "failed")]


def test_a_repeated_fact_is_not_told_by_the_other_channel(provider, booking, template):
    first = services.queue_message(booking, CONFIRMED)
    template.is_active = False
    template.save()

    assert services.queue_message(booking, CONFIRMED).pk == first.pk
    assert Notification.objects.count() == 1


def test_an_sms_that_the_salon_switched_off_does_not_take_the_place_of_a_whatsapp(provider, booking, template):
    TemplateFactory(salon=booking.salon, kind=CONFIRMED, is_active=False)
    services.queue_message(booking, CONFIRMED)
    provider.failure = ProviderRejected("63024", "twilio 63024: no WhatsApp")

    services.deliver_due()

    assert channels() == [("whatsapp", "undelivered"), ("sms", "suppressed")]
