"""Messages by day: what providers took and delivered, and what it cost."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils.html import escape

from apps.accounts.roles import PlatformRole, SalonRole
from apps.accounts.tests.factories import OwnerFactory, PlatformUserFactory, UserFactory
from apps.notifications.costs import Cost
from apps.notifications.daily import messages_by_day
from apps.notifications.tests.factories import AttemptFactory, NotificationFactory
from apps.notifications.tests.helpers import NOW, shown
from apps.salons.models import Salon
from apps.salons.tests.factories import MembershipFactory, SalonFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("frozen")]

DAYS = reverse("admin:notifications_notification_days_action")
TODAY = NOW.date()


def called(salon, status="sent", channel="sms", **fields):
    """A call about a message of `salon`."""
    notification = NotificationFactory(booking__salon=salon, channel=channel)
    return AttemptFactory(notification=notification, **{"status": status, "provider": "twilio", **fields})


def figures(reader, zone="Asia/Riyadh", days=14):
    return messages_by_day(reader, list(Salon.objects.all()), zone, today=TODAY, days=days)


def test_a_day_counts_what_came_of_the_calls_to_each_provider(salon):
    for status in ("delivered", "delivered", "sent", "undelivered", "refused", "unavailable", "in_doubt", "begun"):
        called(salon, status, segments=2)
    called(salon, "delivered", "whatsapp", provider="unifonic", segments=0, cost=Decimal("0.06"), currency="USD")

    twilio, unifonic = figures(OwnerFactory())

    assert (twilio.day, twilio.provider, twilio.channel, twilio.attempts) == (TODAY, "twilio", "sms", 8)
    assert twilio.counts == {
        "delivered": 2,
        "sent": 1,
        "undelivered": 1,
        "refused": 1,
        "unavailable": 1,
        "in_doubt": 2,
    }
    assert twilio.parts == 12  # what was refused or not taken is no SMS
    assert twilio.cost == Cost({}, estimated_parts=12)
    assert (unifonic.provider, unifonic.channel, unifonic.attempts) == ("unifonic", "whatsapp", 1)
    assert unifonic.cost == Cost({"USD": Decimal("0.06")})


def test_costs_are_added_by_currency_and_the_rest_is_estimated(salon):
    for cost, currency in (("0.0425", "USD"), ("0.0425", "USD"), ("0.17", "SAR"), (None, "")):
        called(salon, segments=2, cost=cost and Decimal(cost), currency=currency)

    [line] = figures(OwnerFactory())

    assert line.attempts == 4
    assert line.cost == Cost({"USD": Decimal("0.085"), "SAR": Decimal("0.17")}, estimated_parts=2)
    assert str(line.cost) == "≈ 0.37 SAR + 0.0850 USD"


def test_a_day_is_that_of_the_salon_and_fourteen_of_them_are_told(salon):
    midnight = datetime(2026, 1, 13, 21, 0, tzinfo=UTC)  # in Riyadh
    called(salon, started_at=midnight)
    called(salon, started_at=midnight - timedelta(microseconds=1))
    called(salon, started_at=midnight - timedelta(days=13))
    called(salon, started_at=midnight - timedelta(days=13, microseconds=1))
    owner = OwnerFactory()

    assert [(line.day.day, line.attempts) for line in figures(owner)] == [(14, 1), (13, 1), (1, 1)]
    # By the clock of London both moments of that night are of the 13th.
    assert [(line.day.day, line.attempts) for line in figures(owner, "UTC", days=3)] == [(13, 2)]


def test_the_figures_are_one_query(salon, django_assert_num_queries):
    for _number in range(5):
        called(SalonFactory())
    owner, salons = OwnerFactory(), list(Salon.objects.all())

    with django_assert_num_queries(1):
        messages_by_day(owner, salons, "Asia/Riyadh", today=TODAY, days=14)


def test_nobody_counts_the_messages_of_another_salon(salon):
    called(salon)
    called(SalonFactory())
    manager = MembershipFactory(salon=salon).user

    assert [line.attempts for line in figures(manager)] == [1]
    assert figures(UserFactory()) == []


def test_the_page_shows_every_day_and_those_on_which_nothing_was_sent(signed_in, salon):
    called(salon, "refused", segments=2)
    called(salon, segments=3)

    text = shown(signed_in().get(DAYS))

    assert "Attempts Delivered Sent, no report yet Not delivered Refused Not taken In doubt Parts Cost" in text
    assert "Wednesday 14 January Twilio · SMS 2 0 1 0 1 0 0 3 ≈ 0.30 SAR" in text
    assert text.count("nothing was sent") == 13
    assert "Thursday 1 January nothing was sent" in text
    assert "≈ is an estimate with 0.10 SAR for each SMS whose price the provider has not told." in text


def test_a_manager_counts_the_own_salon_whatever_the_address_says(signed_in, salon):
    called(salon)
    foreign = SalonFactory(name_en="Elsewhere")
    for _number in range(7):
        called(foreign)

    for address in (DAYS, f"{DAYS}?salon={foreign.pk}", f"{DAYS}?salon=%00", f"{DAYS}?salon={'9' * 40}"):
        response = signed_in().get(address)
        if response.status_code == 400:  # a NUL character
            continue
        text = shown(response)
        assert "Twilio · SMS 1 0 1 0 0 0 0 1 ≈ 0.10 SAR" in text
        assert "Elsewhere" not in text


@pytest.mark.parametrize("role", [PlatformRole.SUPPORT, PlatformRole.AUDITOR])
def test_the_platform_counts_all_salons_or_one(signed_in, salon, role):
    called(salon)
    other = SalonFactory(name_ar="", name_en="Reem & Co")
    for _number in range(2):
        called(other)
    browser = signed_in(user=PlatformUserFactory(role=role))

    assert "Twilio · SMS 3 0 3" in shown(browser.get(DAYS))
    response = browser.get(DAYS, {"salon": other.pk})
    assert "Twilio · SMS 2 0 2" in shown(response)
    assert f'<option value="{other.pk}" selected>{escape("Reem & Co")}</option>' in response.content.decode()


@pytest.mark.parametrize("role", [SalonRole.RECEPTIONIST, SalonRole.STYLIST])
def test_the_desk_finds_no_figures(signed_in, salon, role):
    called(salon)

    assert signed_in(role).get(DAYS).status_code == 403


def test_the_list_of_messages_leads_to_the_figures(signed_in, salon):
    assert f'href="{DAYS}"' in signed_in().get(reverse("admin:notifications_notification_changelist")).content.decode()
    assert (
        DAYS
        not in signed_in(SalonRole.RECEPTIONIST)
        .get(reverse("admin:notifications_notification_changelist"))
        .content.decode()
    )


def test_the_page_speaks_arabic(signed_in, salon):
    called(salon, "delivered", segments=2, cost=Decimal("0.0425"), currency="SAR")

    text = shown(signed_in(user=OwnerFactory(locale="ar")).get(DAYS))

    assert "Twilio · رسالة نصية 1 1 0 0 0 0 0 2 0.0425 ر.س" in text
    assert "لم يرسل شيء" in text
