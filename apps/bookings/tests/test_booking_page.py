"""The page of one visit: what it says of the visit now, of the customer, and of everything that happened."""

import re
from datetime import datetime, timedelta
from html import unescape

import pytest
from django.urls import reverse
from django.utils.html import strip_tags

from apps.accounts.tests.factories import PlatformUserFactory
from apps.bookings import services
from apps.bookings.models import Booking
from apps.bookings.story import LATEST
from apps.bookings.tests.factories import BookingFactory
from apps.common.doors import Door, through
from apps.salons.models import Salon
from apps.salons.tests.factories import CustomerFactory, MembershipFactory

Status = Booking.Status
ADD = reverse("admin:bookings_booking_add")


@pytest.fixture
def desk(client, house):
    return seated(client, house.manager)


def seated(client, person):
    client.force_login(person)
    client.cookies["django_language"] = "en"
    return client


def visit(house, status=Status.CONFIRMED, hours=4.0, **fields):
    house.service.refresh_from_db()
    fields.setdefault("customer", CustomerFactory(salon=house.salon, user__name="Sara"))
    fields.setdefault("starts_at", house.at(hours))
    place = {"salon": house.salon, "service": house.service, "staff": house.staff[0]}
    return BookingFactory(**place, status=status, **fields)


def page_of(client, booking):
    return client.get(reverse("admin:bookings_booking_change", args=[booking.pk]))


def text_of(answer):
    return re.sub(r"\s+", " ", unescape(strip_tags(answer.content.decode())))


def banner(client, booking):
    return page_of(client, booking).context["banner"]


def steps(answer):
    """The step to take next, and that beside it and those of the menu, by the last part of their addresses."""
    primary, others = answer.context["primary"], [answer.context["beside"], *answer.context["menu"]]
    names = [button["path"].split("?")[0].rstrip("/").rsplit("/", 1)[1] for button in (primary, *others) if button]
    return (names[0], names[1:]) if primary else (None, names)


# --- What it means now ---


@pytest.mark.parametrize(
    ("status", "hours", "meaning"),
    [
        (Status.PENDING, 4, "Waits for the salon's answer for 12 min."),
        (Status.CONFIRMED, 37 / 60, "Starts in 25 min."),
        (Status.CONFIRMED, 0.2, "Starts now."),
        (Status.CONFIRMED, 1.2, "Starts in 1 h."),
        (Status.CONFIRMED, 3.45, "Starts in 3 h 15 min."),
        (Status.CONFIRMED, 60, "Starts in 2 days."),
        (Status.CONFIRMED, 2 / 60, "Should have started 10 min ago. Is the customer here?"),
        (
            Status.CONFIRMED,
            -1,
            "Should have ended 27 min ago, and nobody said whether the customer came.",
        ),
        (Status.ARRIVED, 37 / 60, "The customer is here. The visit starts in 25 min."),
        (Status.ARRIVED, 0, "Under way until 09:45."),
        (Status.ARRIVED, -1, "Should have ended 27 min ago."),
        (Status.COMPLETED, -2, "The visit took place."),
        (Status.NO_SHOW, -2, "The customer did not come."),
        (Status.CANCELLED, 4, "Called off by the salon."),
        (Status.EXPIRED, 4, "It was not paid in time, and the time is free again."),
    ],
    ids=lambda value: str(value)[:24] if isinstance(value, str) else f"{value:.2f}",
)
def test_the_banner_says_what_the_state_means_at_this_minute(desk, house, clock, status, hours, meaning):
    booking = visit(house, status, hours)
    clock.shift(timedelta(minutes=12))

    assert banner(desk, booking)["meaning"] == meaning


@pytest.mark.parametrize(
    ("minutes", "meaning"),
    [
        (5, "The hold ends at 09:15 unless it is paid."),
        (20, "The hold ended at 09:15 without a payment: others may take the time."),
    ],
    ids=["open", "over"],
)
def test_a_hold_says_when_it_ends(desk, house, clock, minutes, meaning):
    booking = visit(house, Status.PENDING, hold_expires_at=house.at(0.25))
    clock.shift(timedelta(minutes=minutes))

    assert banner(desk, booking)["meaning"] == meaning


def test_a_fee_is_named_in_the_banner(desk, house):
    fee = {"cancelled_by": Booking.CancelledBy.CUSTOMER, "cancellation_fee_amount": "57.50"}
    booking = visit(house, Status.CANCELLED, **fee)

    assert banner(desk, booking)["meaning"] == "Called off at the customer's wish. The fee is 57.50 SAR."


# --- The next step ---


@pytest.mark.parametrize(
    ("status", "hours", "primary", "menu"),
    [
        (Status.PENDING, 4, "confirm", ["reschedule", "service", "cancel"]),
        (Status.CONFIRMED, 4, "arrive", ["reschedule", "service", "cancel"]),
        (Status.CONFIRMED, 30, None, ["reschedule", "service", "cancel"]),
        (Status.CONFIRMED, -1, "arrive", ["no-show", "reschedule", "service", "cancel"]),
        (Status.ARRIVED, 4, None, ["service", "undo"]),
        (Status.ARRIVED, -0.1, "complete", ["service", "undo"]),
        (Status.COMPLETED, -2, None, ["undo"]),
        (Status.NO_SHOW, -2, None, ["undo"]),
        (Status.CANCELLED, 4, None, []),
        (Status.EXPIRED, 4, None, []),
    ],
    ids=lambda value: str(value) if isinstance(value, str) else "",
)
def test_the_next_step_is_the_button_and_what_would_be_refused_as_too_early_is_not_offered(
    desk, house, status, hours, primary, menu
):
    found, others = steps(page_of(desk, visit(house, status, hours)))

    assert (found, [name for name in others if name in {*menu, "arrive", "complete", "no-show"}]) == (primary, menu)


@pytest.mark.parametrize(
    ("status", "hours", "beside"),
    [
        (Status.PENDING, 4, "reschedule"),
        (Status.CONFIRMED, 4, "reschedule"),
        (Status.CONFIRMED, -1, "no-show"),
        (Status.ARRIVED, -0.1, None),
        (Status.COMPLETED, -2, None),
    ],
    ids=lambda value: str(value) if isinstance(value, str) else "",
)
def test_beside_the_next_step_stands_the_other_answer_to_what_the_banner_asks(desk, house, status, hours, beside):
    button = page_of(desk, visit(house, status, hours)).context["beside"]

    assert (button and button["path"].split("?")[0].rstrip("/").rsplit("/", 1)[1]) == beside


def test_who_reads_only_is_offered_no_step(client, house):
    booking = visit(house)
    auditor = seated(client, PlatformUserFactory(role="auditor"))

    answer = page_of(auditor, booking)

    assert (steps(answer), answer.context["again_url"]) == ((None, []), "")


def test_adm03_a_stylist_sees_the_own_visit_without_phone_figures_money_and_messages(client, house):
    stylist = MembershipFactory(salon=house.salon, role="stylist").user
    house.staff[0].user = stylist
    house.staff[0].save()
    booking = visit(house, hours=-0.1, customer__notes="allergic")
    phone = booking.customer.user.phone

    answer = page_of(seated(client, stylist), booking)

    assert steps(answer) == ("arrive", [])
    assert answer.context["account"] is None
    assert set(answer.context["card"]) == {"name", "phone", "guest", "language"}
    assert phone not in answer.content.decode()
    assert [entry.title for entry in answer.context["story"].entries] == ["Booked online"]


# --- The customer ---


def test_the_card_counts_what_the_customer_did_in_this_salon_only(desk, house):
    customer = CustomerFactory(salon=house.salon, user__name="Sara", notes="allergic", is_blocked=True)
    for status, hours in ((Status.COMPLETED, -50), (Status.COMPLETED, -26), (Status.NO_SHOW, -80)):
        visit(house, status, hours, customer=customer)
    BookingFactory(customer__user=customer.user, status=Status.COMPLETED, starts_at=house.at(-100))
    booking = visit(house, customer=customer)

    card = page_of(desk, booking).context["card"]

    assert card["facts"][:3] == [("Visits", 2), ("Ahead", 1), ("No-shows", 1)]
    assert (card["last"], card["notes"], card["is_blocked"]) == ("21 Nov 2026, 7:00\xa0AM", "allergic", True)
    assert card["url"] == reverse("admin:salons_customer_change", args=[customer.pk])


def test_booking_again_opens_the_form_filled_in_without_a_phone_in_its_address(desk, house):
    booking = visit(house, guest_name="Noura")

    address = page_of(desk, booking).context["again_url"]
    form = desk.get(address).context["adminform"].form

    assert address == f"{ADD}?again={booking.pk}"
    said = {name: form[name].value() for name in ("phone", "name", "guest_name", "service", "staff")}
    person = booking.customer.user
    assert said == {
        "phone": person.phone,
        "name": "Sara",
        "guest_name": "Noura",
        "service": house.service.pk,
        "staff": house.staff[0].pk,
    }


@pytest.mark.parametrize("again", ["x", "", "00000000-0000-0000-0000-000000000000"], ids=repr)
def test_a_booking_that_is_none_fills_in_nothing(desk, again):
    assert desk.get(ADD, {"again": again}).context["adminform"].form["phone"].value() is None


def test_a_visit_of_another_salon_fills_in_nothing(desk, house):
    assert desk.get(ADD, {"again": BookingFactory().pk}).context["adminform"].form["phone"].value() is None


# --- The story ---


def test_the_story_tells_who_did_what_from_what_to_what_why_and_through_which_door(desk, house, clock):
    person = house.customer
    at = {"service_id": house.service.pk, "staff_id": house.staff[0].pk, "starts_at": house.at(25)}
    with through(Door.API):
        booking = services.book_appointment(actor=person, person=person, **at)
    clock.shift(timedelta(minutes=1))
    move = {"starts_at": house.at(26), "staff_id": house.staff[1].pk, "reason": "Anna is ill"}
    with through(Door.ADMIN):
        services.reschedule_booking(actor=house.manager, booking_id=booking.pk, **move)
    clock.shift(timedelta(minutes=1))
    with through(Door.API):
        services.cancel_booking(actor=person, booking_id=booking.pk, by="customer", reason="travelling")

    entries = [one for one in page_of(desk, booking).context["story"].entries if not one.title.startswith("Message")]

    anna, basma = house.staff
    told = [(one.title, one.changes, one.who, one.door, one.reason) for one in entries]
    assert told == [
        ("Cancelled", (("Confirmed", "Cancelled"),), "Sara", "customer, online", "travelling"),
        (
            "Moved",
            (("Mon 23 Nov · 10:00", "Mon 23 Nov · 11:00"), (str(anna), str(basma))),
            house.manager.name,
            "back office",
            "Anna is ill",
        ),
        ("Booked online", (), "Sara", "customer, online", ""),
    ]
    assert entries[-1].detail == f"Mon 23 Nov · 10:00 · {house.service} · {anna}"


@pytest.mark.parametrize(
    ("who", "door", "told"),
    [
        ("customer", "api", "customer, online"),
        ("customer", "admin", "back office"),
        ("customer", "", "customer, online"),
        ("manager", "admin", "back office"),
        ("manager", "api", "customers' app"),
        ("manager", "job", "job or command"),
        ("manager", "", "back office"),
        ("nobody", "webhook", "report of a provider"),
        ("nobody", "import", "imported file"),
        ("nobody", "job", "by itself"),
        # On the way of somebody who did something else, as a hold that ran out in the way of a visit.
        ("nobody", "admin", "by itself"),
        ("nobody", "api", "by itself"),
        ("nobody", "", "by itself"),
    ],
)
def test_the_story_tells_the_door_that_history_kept_and_for_old_lines_the_likely_one(desk, house, who, door, told):
    booking = visit(house)
    person = {"customer": booking.customer.user, "manager": house.manager, "nobody": None}[who]
    booking.history.update(history_user=person, history_door=door)

    [entry] = [one for one in page_of(desk, booking).context["story"].entries if not one.title.startswith("Message")]

    assert entry.door == told


def test_a_long_story_is_cut_and_leads_to_the_rest(desk, house):
    booking = visit(house)
    for number in range(LATEST + 5):
        booking.note = str(number)
        booking.save()

    answer = page_of(desk, booking)

    assert (len(answer.context["story"].entries), answer.context["story"].is_cut) == (LATEST, True)
    assert reverse("admin:bookings_booking_history", args=[booking.pk]) in answer.content.decode()


@pytest.mark.parametrize(
    ("minutes", "said"),
    [
        (1, "بعد دقيقة واحدة."),
        (2, "بعد دقيقتين."),
        (3, "بعد 3 دقائق."),
        (11, "بعد 11 دقيقة."),
        (60, "بعد ساعة."),
        (125, "بعد ساعتين و5 دقائق."),
        (24 * 60, "بعد يوم."),
        (49 * 60, "بعد يومين."),
        (5 * 24 * 60, "بعد 5 أيام."),
    ],
)
def test_arabic_says_how_long_in_its_six_forms(client, house, minutes, said):
    booking = visit(house, hours=minutes / 60)
    client.force_login(house.manager)
    client.cookies["django_language"] = "ar"

    assert page_of(client, booking).context["banner"]["meaning"].endswith(said)


def test_the_page_says_everything_in_arabic(client, house):
    booking = visit(house)
    client.force_login(house.manager)
    client.cookies["django_language"] = "ar"

    answer = page_of(client, booking)

    assert answer.context["banner"]["meaning"].startswith("تبدأ الزيارة بعد")
    assert not re.search(r"\b(Starts|Waits|Customer|Money|Book|More|Visits|happened)\b", text_of(answer))


@pytest.mark.parametrize(
    ("clock", "text"),
    [("2026-02-17T20:59:00+00:00", "29 Sha'ban 1447 AH"), ("2026-02-17T21:00:00+00:00", "1 Ramadan 1447 AH")],
    ids=["a minute before midnight", "midnight"],
)
def test_the_hijri_date_of_a_visit_is_that_of_its_day_in_the_salon(desk, house, clock, text):
    booking = visit(house, starts_at=datetime.fromisoformat(clock))
    assert banner(desk, booking)["hijri"] == ""

    Salon.objects.filter(pk=house.salon.pk).update(show_hijri_dates=True)

    assert banner(desk, booking)["hijri"] == text
    assert text in text_of(page_of(desk, booking))
