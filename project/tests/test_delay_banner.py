"""The red banner over the pages of the admin: when it is there, what it says, to whom, and what it costs."""

import re
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
import time_machine
from django.core.cache import cache
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from redis.exceptions import RedisError

from apps.accounts.models import User
from apps.accounts.tests.factories import PlatformUserFactory
from apps.bookings.tests.factories import BookingFactory
from apps.common.testing.queries import queries_of
from apps.notifications.models import Notification
from apps.notifications.tests.factories import NotificationFactory
from apps.salons.models import Membership
from apps.salons.tests.factories import MembershipFactory, SalonFactory, StaffFactory
from project.models import LastRun

NOON = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)  # in Riyadh
INDEX = "/admin/"
SILENT = "The scheduler is not running"
LATE = "Messages are leaving late"
LAST_RUN = "Last run: 22 Nov 2026, 10:00\xa0AM."
START_IT = "Ask whoever runs the system to start it again; messages that are still of use then leave by themselves."

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


@pytest.fixture
def salon():
    return SalonFactory()


@pytest.fixture
def signed_in(salon):
    """A browser of somebody with this role in `salon` or for the platform, reading English: `signed_in("manager")`."""
    return lambda role, language="en": browser_of(person(role, salon), language)


def browser_of(user, language="en"):
    browser = Client()
    browser.force_login(user)
    browser.cookies["django_language"] = language
    return browser


def person(role, salon):
    if role == "owner":
        return User.objects.create_superuser("+966500000001")
    if role in ("support", "auditor"):
        return PlatformUserFactory(role=role)
    member = MembershipFactory(salon=salon, role=role).user
    if role == "stylist":
        StaffFactory(salon=salon, user=member)
    return member


def ago(**elapsed):
    return NOON - timedelta(**elapsed)


def last_ran(**elapsed):
    LastRun.objects.update_or_create(name="deliver_notifications", defaults={"started_at": ago(**elapsed)})


def overdue_messages(salon, *ages):
    return [NotificationFactory(booking__salon=salon, due_at=ago(**age)) for age in ages]


def page(browser, url=INDEX):
    response = browser.get(url)
    assert response.status_code == 200, url
    return response.content.decode()


def banner(browser, url=INDEX):
    """The words of the banner as a reader sees them; None when there is none."""
    found = re.search(r'<section class="salon-alarm".*?</section>', page(browser, url), re.DOTALL)
    if found is None:
        return None
    words = re.sub(r"<span.*?</span>|<[^>]+>", " ", found[0], flags=re.DOTALL)
    return re.sub(r"[ \n]+", " ", unescape(words)).strip()


def link(browser):
    found = re.search(r'<section class="salon-alarm".*?href="([^"]*)"', page(browser), re.DOTALL)
    return unescape(found[1])


# --- What it says ---


def test_msg21_a_dead_scheduler_is_told_with_its_last_run_and_the_number_overdue(signed_in, salon):
    last_ran(hours=2)
    overdue_messages(salon, {"minutes": 95}, {"minutes": 40}, {"minutes": 1})

    assert banner(signed_in("manager")) == (
        f"{SILENT} {LAST_RUN} 3 messages are overdue, the oldest since 22 Nov 2026, 10:25\xa0AM. "
        f"{START_IT} Show overdue messages"
    )


def test_msg21_it_says_so_in_arabic(signed_in, salon):
    last_ran(hours=2)
    overdue_messages(salon, {"minutes": 95}, {"minutes": 40}, {"minutes": 1})

    assert banner(signed_in("manager", "ar")) == (
        "المُجدول متوقف آخر تشغيل: 22 نوفمبر 2026، 10:00\xa0ص. 3 رسائل متأخرة، أقدمها منذ 22 نوفمبر 2026، 10:25\xa0ص. "
        "اطلب ممن يدير النظام إعادة تشغيله، وبعدها تُرسل تلقائيًا الرسائل التي ما زالت مفيدة. عرض الرسائل المتأخرة"
    )


def test_a_late_outbox_is_told_although_the_scheduler_runs(signed_in, salon):
    last_ran(minutes=1)
    overdue_messages(salon, {"minutes": 16})

    assert banner(signed_in("manager")) == (
        f"{LATE} Last run: 22 Nov 2026, 11:59\xa0AM. 1 message is overdue, since 22 Nov 2026, 11:44\xa0AM. "
        "Ask whoever runs the system to look at the log and at the message provider. Show overdue messages"
    )


def test_a_late_outbox_is_told_in_arabic(signed_in, salon):
    last_ran(minutes=1)
    overdue_messages(salon, {"minutes": 16})

    assert banner(signed_in("manager", "ar")) == (
        "الرسائل تتأخر في الإرسال آخر تشغيل: 22 نوفمبر 2026، 11:59\xa0ص. "
        "رسالة واحدة متأخرة منذ 22 نوفمبر 2026، 11:44\xa0ص. "
        "اطلب ممن يدير النظام مراجعة السجل ومزود الرسائل. عرض الرسائل المتأخرة"
    )


def test_a_dead_scheduler_is_told_before_a_message_is_overdue(signed_in):
    last_ran(hours=2)

    assert banner(signed_in("manager")) == f"{SILENT} {LAST_RUN} No message is overdue yet. {START_IT}"
    assert banner(signed_in("manager", "ar")) == (
        "المُجدول متوقف آخر تشغيل: 22 نوفمبر 2026، 10:00\xa0ص. لا توجد رسائل متأخرة حتى الآن. "
        "اطلب ممن يدير النظام إعادة تشغيله، وبعدها تُرسل تلقائيًا الرسائل التي ما زالت مفيدة."
    )


def test_a_scheduler_that_never_ran_is_told_once_a_message_waits_for_it(signed_in, salon, clock):
    browser = signed_in("manager")
    assert banner(browser) is None

    overdue_messages(salon, {"minutes": 0})
    clock.shift(31)

    assert banner(browser) == (
        f"{SILENT} It has not run yet. 1 message is overdue, since 22 Nov 2026, 12:00\xa0PM. "
        f"{START_IT} Show overdue messages"
    )
    assert "المُجدول متوقف لم يُشغَّل بعد." in banner(signed_in("manager", "ar"))


@pytest.mark.parametrize(
    ("count", "words"),
    [
        (2, "رسالتان متأخرتان، أقدمهما منذ"),
        (11, "11 رسالة متأخرة، أقدمها منذ"),
        (101, "101 رسالة متأخرة، أقدمها منذ"),
    ],
)
def test_arabic_counts_as_arabic_does(signed_in, salon, count, words):
    last_ran(hours=2)
    booking = BookingFactory(salon=salon)
    for version in range(count):
        NotificationFactory(booking=booking, booking_version=version, due_at=ago(hours=1))

    assert f". {words} " in banner(signed_in("manager", "ar"))


def test_the_link_leads_to_the_overdue_messages_and_no_others(signed_in, salon):
    last_ran(hours=2)
    overdue = overdue_messages(salon, {"minutes": 95}, {"minutes": 40})
    NotificationFactory(booking__salon=salon, due_at=NOON + timedelta(hours=1))
    NotificationFactory(booking__salon=salon, due_at=ago(hours=1), status="sent")
    NotificationFactory(booking__salon=salon, due_at=ago(hours=1), status="failed", attempts=8)
    browser = signed_in("manager")

    listed = browser.get(link(browser)).context["cl"].queryset

    assert set(listed) == set(overdue)


# --- When it is there ---


@pytest.mark.parametrize(("seconds", "title"), [(600, None), (601, SILENT)])
def test_the_scheduler_may_be_silent_for_ten_minutes(signed_in, seconds, title):
    last_ran(seconds=seconds)

    assert_title(banner(signed_in("manager")), title)


@pytest.mark.parametrize(("seconds", "title"), [(900, None), (901, LATE)])
def test_a_message_may_be_overdue_for_fifteen_minutes(signed_in, salon, seconds, title):
    last_ran(seconds=0)
    overdue_messages(salon, {"seconds": seconds})

    assert_title(banner(signed_in("manager")), title)


def assert_title(words, title):
    assert words is None if title is None else words.startswith(title)


def test_msg21_recovery_sends_what_is_still_useful_and_takes_the_banner_away(signed_in, salon, clock):
    last_ran(hours=2)
    begun = BookingFactory(salon=salon, status="confirmed", starts_at=ago(minutes=30))
    NotificationFactory(booking=begun, kind="reminder", due_at=ago(hours=1))
    NotificationFactory(booking__salon=salon, booking__starts_at=NOON + timedelta(days=1), due_at=ago(hours=1))
    browser = signed_in("manager")
    assert banner(browser).startswith(SILENT)

    call_command("deliver_notifications")
    clock.shift(31)

    assert banner(browser) is None
    assert set(Notification.objects.values_list("kind", "status")) == {
        ("reminder", "suppressed"),
        ("booking_confirmed", "sent"),
    }


# --- Where it is ---


def pages(salon):
    message = NotificationFactory(booking__salon=salon, due_at=ago(hours=1))
    booking = message.booking
    return [
        INDEX,
        reverse("admin:bookings_booking_changelist"),
        reverse("admin:bookings_booking_add"),
        reverse("admin:bookings_booking_change", args=[booking.pk]),
        reverse("admin:bookings_booking_history", args=[booking.pk]),
        reverse("admin:bookings_booking_export"),
        reverse("admin:salons_service_import"),
        reverse("admin:salons_service_delete", args=[booking.service_id]),
        reverse("admin:notifications_notification_change", args=[message.pk]),
        reverse("admin:payments_tillcount_day_action"),
        reverse("admin:app_list", args=["notifications"]),
        reverse("admin:account"),
        reverse("admin:password_change"),
    ]


def test_every_page_carries_it(signed_in, salon):
    last_ran(hours=2)
    addresses = pages(salon)
    browser = signed_in("manager")

    assert [url for url in addresses if banner(browser, url) is None] == []


def test_popups_fragments_and_data_do_not_carry_it(signed_in, salon):
    last_ran(hours=2)
    message, *_ = overdue_messages(salon, {"hours": 1})
    browser = signed_in("manager")
    booked = message.booking
    asked = {"app_label": "bookings", "model_name": "booking", "field_name": "service", "term": ""}

    answers = [
        browser.get(reverse("admin:salons_service_change", args=[booked.service_id]), {"_popup": 1}),
        browser.get(reverse("admin:bookings_booking_changelist"), {"_popup": 1}),
        browser.get(reverse("admin:search"), {"s": "message"}),
        browser.get(reverse("admin:autocomplete"), asked),
        browser.get(reverse("admin:jsi18n")),
    ]

    assert [answer.status_code for answer in answers] == [200] * 5
    assert [answer for answer in answers if b"salon-alarm" in answer.content] == []


# --- Who sees it ---


@pytest.mark.parametrize("role", ["manager", "receptionist", "support", "auditor", "owner"])
def test_whoever_may_see_messages_sees_it(signed_in, salon, role):
    last_ran(hours=2)
    overdue_messages(salon, {"minutes": 95})

    assert banner(signed_in(role)).startswith(SILENT)


def test_whoever_may_not_see_messages_does_not_see_it(signed_in, salon):
    last_ran(hours=2)
    overdue_messages(salon, {"minutes": 95})
    browser = signed_in("stylist")

    assert banner(browser) is None
    assert not any("project_lastrun" in query for query in queries_of(browser, INDEX))


def test_nobody_reads_it_before_having_signed_in(client, salon):
    last_ran(hours=2)
    overdue_messages(salon, {"minutes": 95})

    assert banner(client, reverse("admin:login")) is None


def test_who_owes_the_second_step_does_not_see_it(signed_in, salon, settings):
    settings.OPERATOR_MFA = "required"
    last_ran(hours=2)
    overdue_messages(salon, {"minutes": 95})

    assert banner(signed_in("manager"), reverse("admin:set_up_second_factor")) is None


def test_a_manager_learns_nothing_of_another_salons_messages(signed_in, salon):
    last_ran(hours=2)
    neighbour = SalonFactory()
    overdue_messages(neighbour, {"hours": 3}, {"hours": 2})
    overdue_messages(salon, {"minutes": 20})
    ours, theirs, all_of_them = signed_in("manager"), browser_of(person("manager", neighbour)), signed_in("support")

    assert " 1 message is overdue, since 22 Nov 2026, 11:40\xa0AM. " in banner(ours)
    assert " 2 messages are overdue, the oldest since 22 Nov 2026, 9:00\xa0AM. " in banner(theirs)
    assert " 3 messages are overdue, the oldest since 22 Nov 2026, 9:00\xa0AM. " in banner(all_of_them)


@pytest.mark.parametrize("run", [{"minutes": 1}, None])
def test_another_salons_late_messages_alone_are_no_news_for_a_manager(signed_in, run):
    if run:
        last_ran(**run)
    overdue_messages(SalonFactory(), {"hours": 3})

    assert banner(signed_in("manager")) is None
    assert banner(signed_in("support")) is not None


def test_who_loses_a_salon_loses_its_figures_at_once(signed_in, salon):
    last_ran(hours=2)
    both = MembershipFactory(salon=salon, role="manager").user
    neighbour = MembershipFactory(user=both, role="manager").salon
    overdue_messages(neighbour, {"hours": 3})
    overdue_messages(salon, {"hours": 1})
    browser = browser_of(both)
    assert " 2 messages are overdue" in banner(browser)

    Membership.objects.filter(salon=neighbour).update(is_active=False)

    assert " 1 message is overdue, since 22 Nov 2026, 11:00\xa0AM. " in banner(browser)


# --- What it costs ---


def test_a_page_asks_one_query_and_everybody_with_the_same_salons_none_for_half_a_minute(signed_in, salon, clock):
    last_ran(hours=2)
    overdue_messages(salon, {"hours": 1}, {"hours": 2})
    first, second, elsewhere = signed_in("manager"), signed_in("receptionist"), signed_in("support")

    assert readings(first) == 1
    assert readings(first) == 0
    assert readings(second) == 0
    assert readings(elsewhere) == 1
    clock.shift(31)
    assert readings(second) == 1


def readings(browser):
    return sum(
        "project_lastrun" in query for query in queries_of(browser, reverse("admin:bookings_booking_changelist"))
    )


def test_pages_are_shown_when_the_cache_is_away(signed_in, salon, monkeypatch, caplog):
    last_ran(hours=2)
    overdue_messages(salon, {"hours": 1})
    browser = signed_in("manager")

    def away(*_args, **_values):
        raise RedisError("redis://:secret@cache.internal")

    monkeypatch.setattr(cache, "get_or_set", away)

    assert banner(browser).startswith(SILENT)
    said = [record.getMessage() for record in caplog.records if record.name.startswith("project.")]
    assert said == ["the cache of deliveries does not answer (RedisError)"]
