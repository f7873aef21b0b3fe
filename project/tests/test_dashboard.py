"""The first page: every figure is what its list says, for each role, and one that fails stays alone."""

import json
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import User
from apps.accounts.tests.factories import DataRequestFactory, PlatformUserFactory
from apps.bookings.models import Booking
from apps.bookings.tests.factories import BookingFactory
from apps.common.testing.queries import queries_of
from apps.notifications.tests.factories import NotificationFactory
from apps.payments.models import Payment, ReconciliationFinding, ReconciliationRun, Refund, WebhookEvent
from apps.salons.models import Salon
from apps.salons.tests.factories import (
    MembershipFactory,
    SalonFactory,
    ServiceFactory,
    StaffFactory,
    TimeOffFactory,
    WeeklyHoursFactory,
)
from project.admin_site.dashboard import visits

pytestmark = pytest.mark.django_db

# A Wednesday, noon in Riyadh.
NOW = datetime(2027, 3, 10, 9, tzinfo=UTC)
ROLES = ["manager", "receptionist", "stylist", "support", "auditor", "owner"]


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


@pytest.fixture
def salon():
    """A salon with visits, money and troubles of every kind, and a neighbour with the same."""
    ours, neighbour = SalonFactory(), SalonFactory()
    for place in (ours, neighbour):
        fill(place)
    WebhookEvent.objects.create(provider="moyasar", event_id="evt-1", kind="payment_paid", payload={}, status="dead")
    return ours


def fill(place):
    """Today at 10:00 and 14:00 a visit in each state, yesterday one never closed, 40 days ago one too old to count."""
    for status in ("confirmed", "arrived", "completed", "no_show", "cancelled", "expired"):
        booking = visit(place, status=status, hour=10)
    visit(place, status="pending", hour=14)
    visit(place, status="confirmed", hour=10, days=-1)
    visit(place, status="completed", hour=10, days=-29)
    visit(place, status="no_show", hour=10, days=-40)
    visit(place, status="pending", hour=10, days=3)
    money = paid(booking, "50.00", refund_reserved_amount=10)
    Refund.objects.create(salon=place, payment=money, amount=10, reason="x", status="requested")
    wants_a_person(booking)
    NotificationFactory(booking=booking, status="failed", occasion="a")
    NotificationFactory(booking=booking, status="undelivered", occasion="b")
    with time_machine.travel(NOW - timedelta(days=8)):
        NotificationFactory(booking=booking, status="failed", occasion="c")
    run = ReconciliationRun.objects.create(since=NOW)
    ReconciliationFinding.objects.create(salon=place, run=run, payment=money, kind="amount")
    DataRequestFactory(due_on=timezone.localdate() + timedelta(days=7))
    DataRequestFactory(due_on=timezone.localdate() + timedelta(days=8))
    DataRequestFactory(due_on=timezone.localdate(), status="done")


def visit(place, *, hour, days=0, **fields):
    return BookingFactory(salon=place, starts_at=at(hour, days=days), **fields)


def at(hour, *, days=0):
    """That hour in Riyadh, `days` from today."""
    return NOW.replace(hour=hour - 3) + timedelta(days=days)


def paid(booking, amount, *, days=0, **fields):
    received = {"amount": Decimal(amount), "captured_amount": Decimal(amount), "status": "paid"}
    return Payment.objects.create(
        salon=booking.salon, booking=booking, **received, paid_at=NOW + timedelta(days=days), **fields
    )


def wants_a_person(booking):
    """A contradicted payment, money reserved for too long beside some that is not, and cash to hand back."""
    money = {"salon": booking.salon, "booking": booking, "amount": 50}
    Payment.objects.create(**money, status="review")
    for days in (9, 11):
        Payment.objects.create(
            **money, status="authorized", authorized_at=NOW - timedelta(days=days), source="applepay"
        )
    cash = paid(booking, "50.00", days=-1, method="cash", refund_reserved_amount=5)
    Refund.objects.create(salon=booking.salon, payment=cash, amount=5, reason="x", status="approved", way="by_hand")


def person(role, salon):
    if role == "owner":
        return User.objects.create_superuser("+966500000001")
    if role in ("support", "auditor"):
        return PlatformUserFactory(role=role)
    member = MembershipFactory(salon=salon, role=role).user
    if role == "stylist":
        StaffFactory(salon=salon, user=member)
    return member


def page_of(client, user, language="en"):
    client.force_login(user)
    client.cookies["django_language"] = language
    return client.get(reverse("admin:index"))


def figures(page):
    return {card.key: card.value for card in [*page.context["cards"], *page.context["alarms"]]}


def rows_of(client, link):
    """Every row of the list at `link`."""
    page = client.get(link)
    assert page.status_code == 200, (link, page.status_code)
    return list(page.context["cl"].queryset)


ALL_SALONS = {
    "bookings": "10",
    "waiting": "4",
    "unpaid": "10",
    "unclosed": "2",
    "refunds": "2",
    "review": "2",
    "by_hand": "2",
    "held": "2",
    "messages": "4",
    "findings": "2",
    "webhooks": "1",
    "requests": "2",
}
ONE_SALON = {
    "bookings": "5",
    "waiting": "2",
    "unpaid": "5",
    "unclosed": "1",
    "refunds": "1",
    "review": "1",
    "by_hand": "1",
    "held": "1",
    "messages": "2",
    "findings": "1",
}
MONEY_MATTERS = {"refunds", "by_hand", "findings"}


@pytest.mark.parametrize(
    ("role", "expected"),
    [
        ("manager", ONE_SALON),
        ("receptionist", {key: count for key, count in ONE_SALON.items() if key not in MONEY_MATTERS}),
        ("stylist", {"bookings": "0", "waiting": "0"}),
        ("support", {key: count for key, count in ALL_SALONS.items() if key != "requests"}),
        ("auditor", ALL_SALONS),
        ("owner", ALL_SALONS),
    ],
    ids=ROLES,
)
def test_every_count_is_that_of_the_list_it_leads_to(client, salon, role, expected):
    page = page_of(client, person(role, salon))
    cards = [*page.context["cards"], *page.context["alarms"]]
    counts = [card for card in cards if card.key not in {"hours", "received", "no_shows"}]

    assert {card.key: card.value for card in counts} == expected
    assert {card.key: f"{len(rows_of(client, card.link))}" for card in counts} == expected


def test_money_received_today_is_what_was_kept_of_the_payments_in_its_list(client, salon):
    paid(visit(salon, status="completed", hour=9), "0.30", refunded_amount=Decimal("0.10"))
    page = page_of(client, person("manager", salon))
    (card,) = [card for card in page.context["cards"] if card.key == "received"]
    payments = rows_of(client, card.link)

    assert (card.value, card.hint) == ("50.20 SAR", "2 payments")
    assert sum(row.captured_amount - row.refunded_amount for row in payments) == Decimal("50.20")


def test_visits_that_are_paid_reserved_or_called_off_are_not_owed(client):
    salon = SalonFactory()
    for status in ("confirmed", "arrived", "completed"):
        visit(salon, status=status, hour=9)
    paid(visit(salon, status="completed", hour=10), "100.00")
    paid(visit(salon, status="completed", hour=10), "99.99")
    given_back = visit(salon, status="completed", hour=11)
    paid(given_back, "100.00", refunded_amount=Decimal("30.00"), refund_reserved_amount=Decimal("20.00"))
    reserved = visit(salon, status="confirmed", hour=11)
    Payment.objects.create(
        salon=salon, booking=reserved, amount=100, status="authorized", authorized_at=NOW, source="applepay"
    )
    for status in ("pending", "cancelled", "expired", "no_show"):
        visit(salon, status=status, hour=9)
    visit(salon, status="confirmed", hour=9, days=1)
    page = page_of(client, person("manager", salon))
    (card,) = [card for card in page.context["cards"] if card.key == "unpaid"]

    assert (card.value, card.hint, card.tone) == ("5", "350.01 SAR", "alarming")
    assert sum(row.missing for row in rows_of(client, card.link)) == Decimal("350.01")


def test_the_rate_of_no_shows_is_that_of_the_visits_in_its_list(client, salon):
    page = page_of(client, person("manager", salon))
    (card,) = [card for card in page.context["cards"] if card.key == "no_shows"]
    states = [row.status for row in rows_of(client, card.link)]

    assert (card.value, card.hint) == ("33.3%", "1 of 3 visits")
    assert (len(states), states.count("no_show")) == (3, 1)


def team_of_two(salon):
    """09:00–17:00 each with an hour's break at 12:00; one is away from 15:00, the other has visits of 90 minutes."""
    first, second = StaffFactory(salon=salon), StaffFactory(salon=salon)
    for weekday in range(7):
        WeeklyHoursFactory(salon=salon, weekday=weekday, opens=time(9), closes=time(17))
        WeeklyHoursFactory(salon=salon, weekday=weekday, opens=time(12), closes=time(13), is_break=True)
    TimeOffFactory(salon=salon, staff=first, starts_at=at(15), ends_at=at(20))
    service = ServiceFactory(salon=salon, duration_minutes=75, buffer_after_minutes=15)
    visit(salon, staff=second, service=service, status="completed", hour=9)
    visit(salon, staff=second, service=service, status="confirmed", hour=13)
    visit(salon, staff=second, service=service, status="cancelled", hour=15)
    return second


def test_free_hours_are_the_working_time_of_the_team_less_the_visits_in_the_list(client):
    salon = SalonFactory()
    team_of_two(salon)
    page = page_of(client, person("receptionist", salon))
    (card,) = [card for card in page.context["cards"] if card.key == "hours"]
    booked = sum((row.occupied_until - row.occupied_from for row in rows_of(client, card.link)), timedelta())

    assert (card.value, card.hint) == ("9 h", "of 12 h, 4 h 30 min still ahead")
    assert booked == timedelta(hours=12 - 9)


def test_free_hours_of_a_stylist_are_their_own(client):
    salon = SalonFactory()
    own = team_of_two(salon)
    own.user = MembershipFactory(salon=salon, role="stylist").user
    own.save()

    (card,) = [card for card in page_of(client, own.user).context["cards"] if card.key == "hours"]

    assert (card.value, card.hint) == ("4 h", "of 7 h, 2 h 30 min still ahead")


def test_a_closed_day_has_no_free_hours(client):
    salon = SalonFactory()
    StaffFactory(salon=salon)

    (card,) = [card for card in page_of(client, person("manager", salon)).context["cards"] if card.key == "hours"]

    assert (card.value, card.hint) == ("0 min", "Nobody works today.")


def test_the_charts_compare_seven_days_with_the_same_days_before(client):
    salon = SalonFactory()
    staff = team_of_two(salon)
    booking = visit(salon, staff=staff, status="completed", hour=10, days=-7)
    paid(booking, "80.00", days=-7)
    paid(booking, "20.00", days=-7, method="cash")
    paid(booking, "30.00")
    page = page_of(client, person("manager", salon))
    revenue, occupancy = page.context["charts"]

    assert (revenue.total, revenue.before) == ("30.00 SAR", "100.00 SAR")
    this, last = (series["data"] for series in json.loads(revenue.data)["datasets"])
    assert (this, last) == ([0, 0, 0, 0, 0, 0, 30.0], [0, 0, 0, 0, 0, 0, 100.0])
    assert json.loads(occupancy.data)["datasets"][0]["data"] == [0, 0, 0, 0, 0, 0, 25]
    assert occupancy.rows[-1].now.text == "25% (3 h of 12 h)"
    assert len(rows_of(client, revenue.rows[-1].before.link)) == 2
    assert len(rows_of(client, occupancy.rows[-1].now.link)) == 2


def test_charts_run_from_right_to_left_in_arabic(client, salon):
    manager = person("manager", salon)

    english, arabic = (
        json.loads(page_of(client, manager, language).context["charts"][0].options) for language in ("en", "ar")
    )

    assert (english["scales"]["x"]["reverse"], english["scales"]["y"]["position"]) == (False, "left")
    assert (arabic["scales"]["x"]["reverse"], arabic["scales"]["y"]["position"]) == (True, "right")
    assert arabic["plugins"]["tooltip"] == {"rtl": True, "textDirection": "rtl"}


def test_days_of_a_chart_can_be_read_as_text(client, salon):
    page = page_of(client, person("manager", salon))

    assert page.content.decode().count('<th scope="row">Wednesday 10 March</th>') == 2


def test_the_agenda_shows_what_is_to_come_with_money_and_the_next_step(client):
    salon = SalonFactory()
    over = visit(salon, status="confirmed", hour=9)
    here = visit(salon, status="arrived", hour=9, guest_name="Huda")
    late = visit(salon, status="confirmed", hour=12)
    asks = visit(salon, status="pending", hour=14)
    held = visit(salon, status="pending", hour=15, hold_expires_at=at(14))
    tomorrow = visit(salon, status="confirmed", hour=9, days=1)
    paid(here, "100.00")
    page = page_of(client, person("receptionist", salon))
    days = page.context["agenda"]
    entries = [entry for day in days for entry in day.entries]

    assert [(day.title, len(day.entries)) for day in days] == [("Today", 4), ("Tomorrow", 1)]
    assert [entry.booking for entry in entries] == [here, late, asks, held, tomorrow]
    assert over not in [entry.booking for entry in entries]
    assert [(e.time, e.is_late, e.paid, e.step and e.step.text) for e in entries] == [
        ("09:00", False, "paid", "Complete"),
        ("12:00", True, "100.00 SAR due", "Arrived"),
        ("14:00", False, "", "Confirm"),
        ("15:00", False, "", None),
        ("09:00", False, "100.00 SAR due", None),
    ]
    assert client.get(entries[0].link).status_code == 200


def test_the_next_step_is_taken_without_leaving_the_page(client):
    salon = SalonFactory()
    booking = visit(salon, status="confirmed", hour=12)
    page = page_of(client, person("receptionist", salon))
    step = page.context["agenda"][0].entries[0].step
    here = {"HX-Request": "true", "HX-Current-URL": "http://testserver/admin/"}

    dialog = client.get(step.link, headers=here)
    assert Booking.objects.get(pk=booking.pk).status == "confirmed"
    done = client.post(step.link, {"_form_submitted": "1"}, headers=here)

    assert "Has the customer arrived?" in dialog.content.decode()
    assert Booking.objects.get(pk=booking.pk).status == "arrived"
    assert done.headers["HX-Redirect"] == "/admin/"


@pytest.mark.parametrize("role", ["auditor", "support"])
def test_who_only_reads_is_offered_no_step(client, salon, role):
    days = page_of(client, person(role, salon)).context["agenda"]

    assert [entry.step for day in days for entry in day.entries] == [None] * 6


def test_a_stylist_sees_own_visits_and_nothing_of_their_money(client, salon):
    user = person("stylist", salon)
    own = BookingFactory(salon=salon, staff=user.staff_entries.get(), starts_at=at(13))
    page = page_of(client, user)
    entries = [entry for day in page.context["agenda"] for entry in day.entries]

    assert [(entry.booking, entry.paid, entry.step.text) for entry in entries] == [(own, "", "Arrived")]
    assert [chart.key for chart in page.context["charts"]] == ["occupancy"]
    assert len(rows_of(client, f"{reverse('admin:bookings_booking_changelist')}?money=due")) == 1


def test_the_agenda_is_of_this_salon_and_short(client, salon):
    for hour in range(13, 20):
        for _ in range(2):
            visit(salon, status="confirmed", hour=hour)
    days = page_of(client, person("manager", salon)).context["agenda"]
    entries = [entry for day in days for entry in day.entries]

    assert len(entries) == visits.LENGTH
    assert {entry.booking.salon_id for entry in entries} == {salon.pk}


@pytest.mark.parametrize(
    ("role", "titles"),
    [
        ("manager", ["New booking", "Walk-in", "Day's money", "Import a price list"]),
        ("receptionist", ["New booking", "Walk-in", "Day's money"]),
        ("stylist", []),
        ("support", ["Day's money"]),
        ("auditor", ["Day's money"]),
        ("owner", ["New booking", "Walk-in", "Day's money", "Import a price list"]),
    ],
    ids=ROLES,
)
def test_shortcuts_lead_to_pages_the_person_may_open(client, salon, monkeypatch, role, titles):
    # Whether this installation has a calendar is not what this test is about.
    page = page_of(client, person(role, salon))
    shown = [shortcut for shortcut in page.context["shortcuts"] if shortcut.title != "Calendar"]

    assert [shortcut.title for shortcut in shown] == titles
    assert [client.get(shortcut.link).status_code for shortcut in shown] == [200] * len(titles)


def test_a_new_salon_is_told_where_to_begin(client):
    salon = SalonFactory()
    ServiceFactory(salon=salon)
    manager = person("manager", salon)

    steps = page_of(client, manager).context["first_steps"]
    assert [step.is_done for step in steps] == [True, False, False, False]
    assert [client.get(step.link).status_code for step in steps] == [200] * 4

    BookingFactory(salon=salon)
    assert page_of(client, manager).context["first_steps"] == []


def test_a_receptionist_of_a_new_salon_is_not_asked_to_set_it_up(client):
    assert page_of(client, person("receptionist", SalonFactory())).context["first_steps"] == []


@pytest.mark.parametrize(
    ("broken", "missing"),
    [
        ("project.admin_site.dashboard.today.unpaid_visits", {"unpaid"}),
        ("project.admin_site.dashboard.today.count_each", {"bookings", "waiting", "no_shows", "unclosed"}),
        ("project.admin_site.dashboard.team_loads", {"hours"}),
        ("project.admin_site.dashboard.charts.received_by_day", {"received"}),
    ],
    ids=["one figure", "figures read together", "hours", "money"],
)
def test_a_figure_that_fails_leaves_the_rest_of_the_page(client, salon, monkeypatch, caplog, broken, missing):
    StaffFactory(salon=salon)
    manager = person("manager", salon)
    whole = figures(page_of(client, manager))

    def fail(*args, **kwargs):
        raise RuntimeError("no such column")

    monkeypatch.setattr(broken, fail)
    page = page_of(client, manager)

    assert page.status_code == 200
    assert {key for key, value in figures(page).items() if value == "—"} == missing
    assert {key: value for key, value in figures(page).items() if key not in missing} == {
        key: value for key, value in whole.items() if key not in missing
    }
    assert "no such column" in caplog.text
    assert "no such column" not in page.content.decode()


def test_an_agenda_or_a_chart_that_fails_leaves_the_figures(client, salon, monkeypatch):
    monkeypatch.setattr("project.admin_site.dashboard.visits.missing_amounts", lambda *args, **kwargs: 1 / 0)
    monkeypatch.setattr("project.admin_site.dashboard.charts.revenue", lambda *args: 1 / 0)
    page = page_of(client, person("manager", salon))

    assert page.context["agenda"] is None
    assert "Could not be read just now." in page.content.decode()
    assert [chart.key for chart in page.context["charts"]] == ["occupancy"]
    assert figures(page)["unpaid"] == "5"


@pytest.mark.parametrize("role", ROLES)
def test_the_page_costs_the_same_few_queries_however_much_is_on_it(client, salon, role):
    user = person(role, salon)
    team_of_two(salon)
    page_of(client, user)
    few = queries_of(client, reverse("admin:index"))
    for place in (salon, SalonFactory()):
        fill(place)
        team_of_two(place)
    many = queries_of(client, reverse("admin:index"))

    assert len(many) == len(few), "\n".join(many)
    assert len(many) <= 20, "\n".join(many)


def test_hours_of_very_many_people_are_left_out(client, salon, monkeypatch):
    monkeypatch.setattr("project.admin_site.dashboard.LARGEST_TEAM", 1)
    team_of_two(salon)
    page = page_of(client, person("manager", salon))

    assert "hours" not in figures(page)
    assert [chart.key for chart in page.context["charts"]] == ["revenue"]


def test_days_begin_at_midnight_in_riyadh(client):
    salon = SalonFactory()
    midnight = at(3) - timedelta(hours=3)
    BookingFactory(salon=salon, starts_at=midnight, status="completed")
    BookingFactory(salon=salon, starts_at=midnight - timedelta(minutes=1), status="completed")
    page = page_of(client, person("manager", salon))

    assert figures(page)["bookings"] == "1"
    (query,) = [parse_qs(urlsplit(card.link).query) for card in page.context["cards"] if card.key == "bookings"]
    assert query["starts_at__gte"] == ["2027-03-10T00:00:00+03:00"]


@pytest.mark.parametrize(
    ("minutes", "language", "text"),
    [
        (-1, "en", "29 Sha'ban 1447 AH"),
        (0, "en", "1 Ramadan 1447 AH"),
        (0, "ar", "1 رمضان 1447 هـ"),
    ],
    ids=["a minute before midnight", "midnight", "in Arabic"],
)
def test_today_has_its_hijri_date_where_a_salon_of_the_reader_wants_it(client, clock, minutes, language, text):
    clock.move_to(datetime(2026, 2, 17, 21, tzinfo=UTC) + timedelta(minutes=minutes))
    ours = SalonFactory()
    SalonFactory(show_hijri_dates=True)  # a neighbour
    manager = person("manager", ours)
    assert page_of(client, manager, language).context["hijri"] == ""

    Salon.objects.filter(pk=ours.pk).update(show_hijri_dates=True)

    page = page_of(client, manager, language)
    assert page.context["hijri"] == text
    assert f'<bdi class="desk-hijri">{text}</bdi>' in page.content.decode().replace("&#x27;", "'")
