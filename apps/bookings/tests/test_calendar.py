"""The calendar of the day: what it shows to whom, and what it answers."""

import json
from datetime import date, time, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from django.urls import reverse
from django.utils.translation import override

from apps.accounts.models import User
from apps.accounts.tests.factories import OwnerFactory, UserFactory
from apps.bookings import services
from apps.bookings.availability import Cause
from apps.bookings.models import Booking
from apps.bookings.selectors import TIMELESS
from apps.bookings.tests.factories import BookingFactory
from apps.common.testing.queries import MOST_QUERIES_OF_A_LIST, queries_of
from apps.payments.models import Payment
from apps.salons.models import Salon, Staff
from apps.salons.tests.factories import (
    MembershipFactory,
    ScheduleExceptionFactory,
    ServiceFactory,
    StaffFactory,
    StaffServiceFactory,
    TimeOffFactory,
    WeeklyHoursFactory,
)
from project.env import BASE_DIR

TODAY = "2026-11-22"
STYLES = BASE_DIR / "project" / "static" / "project" / "css" / "calendar.css"


def address(part=""):
    return reverse(f"admin:bookings_booking_calendar{part}")


def days_url(salon, day=TODAY, days=1):
    return f"{address('_days')}?salon={salon.pk}&day={day}&days={days}"


def book(house, hours=3, staff=0, **said):
    arguments = {"actor": house.customer, "person": house.customer, "service_id": house.service.pk, **said}
    return services.book_appointment(starts_at=house.at(hours), staff_id=house.staff[staff].pk, **arguments)


def seen(client, salon, day=TODAY, days=1):
    response = client.get(days_url(salon, day, days))
    assert response.status_code == 200, response.content
    return response.json()


def pay(booking, amount):
    money = {"amount": amount, "captured_amount": amount}
    Payment.objects.create(salon=booking.salon, booking=booking, status="paid", **money)


def receptionist(house):
    return MembershipFactory(salon=house.salon, role="receptionist").user


def move(client, booking, said=None, **more):
    told = {"booking": booking.pk, "version": booking.version, "staff": booking.staff_id, "reason": ""}
    return client.post(address("_move"), {**told, **(said or {}), **more})


@pytest.fixture
def desk(client, house):
    """A browser of the salon's receptionist."""
    with override("en"):
        client.cookies["django_language"] = "en"
        client.force_login(receptionist(house))
        yield client


@pytest.fixture
def office(client, house):
    """A browser of the manager, who may book outside the rules."""
    with override("en"):
        client.cookies["django_language"] = "en"
        client.force_login(house.manager)
        yield client


# --- What it shows ---


def test_a_visit_is_shown_with_customer_service_state_and_whether_it_is_paid(desk, house):
    booking = book(house)
    paid = book(house, hours=5)
    pay(paid, "115.00")

    shown = {visit["id"]: visit for visit in seen(desk, house.salon)["visits"]}

    first = shown[str(booking.pk)]
    assert (first["customer"], first["service"], first["state"]) == ("Sara", house.service.name_en, "confirmed")
    assert (first["start"], first["end"]) == ("2026-11-22T12:00", "2026-11-22T12:45")
    assert (first["paid"], shown[str(paid.pk)]["paid"]) == ("unpaid", "paid")
    assert first["label"].startswith("12:00–12:45, Sara, ")
    assert (first["movable"], first["resizable"], first["version"]) == (True, True, 1)


def test_a_part_that_came_is_no_full_payment_and_one_that_went_back_none(desk, house):
    booking = book(house)
    pay(booking, "40.00")
    assert seen(desk, house.salon)["visits"][0]["paid"] == "partly"

    Payment.objects.update(refunded_amount="40.00")
    assert seen(desk, house.salon)["visits"][0]["paid"] == "unpaid"


def test_money_that_is_reserved_on_a_card_counts_as_paid(desk, house):
    booking = book(house)
    Payment.objects.create(salon=house.salon, booking=booking, status="authorized", amount="115.00")

    assert seen(desk, house.salon)["visits"][0]["paid"] == "paid"


@pytest.mark.parametrize("amounts", [[], ["40.00"], ["115.00"]], ids=["unpaid", "partly", "paid"])
def test_who_may_not_see_payments_reads_nothing_of_what_came(desk, house, amounts):
    booking = book(house)
    for amount in amounts:
        pay(booking, amount)
    stylist = MembershipFactory(salon=house.salon, role="stylist").user
    Staff.objects.filter(pk=house.staff[0].pk).update(user=stylist)
    desk.force_login(stylist)
    panel_url = f"{address('_panel')}?booking={booking.pk}"

    days, asked = seen(desk, house.salon), queries_of(desk, days_url(house.salon))
    panel = desk.get(panel_url).content.decode()

    [visit] = days["visits"]
    assert (visit["paid"], visit["paidText"]) == ("", "")
    assert visit["label"] == f"12:00–12:45, Sara, {house.service.name_en}, {house.staff[0]}, confirmed"
    assert "panel-chip" in panel
    assert "paid" not in panel
    assert not [query for query in asked if "payments_payment" in query]


@pytest.mark.parametrize("role", ["manager", "receptionist"])
def test_who_may_see_payments_reads_in_the_panel_too_how_a_visit_is_paid(desk, house, role):
    booking = book(house)
    pay(booking, "40.00")
    desk.force_login(MembershipFactory(salon=house.salon, role=role).user)

    panel = desk.get(f"{address('_panel')}?booking={booking.pk}").content.decode()

    assert '<span class="panel-chip paid-partly">partly paid</span>' in panel


def test_what_is_over_gives_its_time_back_and_what_took_place_stays(desk, house):
    for number, status in enumerate(Booking.Status):
        BookingFactory(salon=house.salon, staff=house.staff[0], status=status, starts_at=house.at(number))
    BookingFactory(
        salon=house.salon,
        staff=house.staff[1],
        status="pending",
        hold_expires_at=house.at(-1),
        starts_at=house.at(8),
    )

    shown = {visit["status"] for visit in seen(desk, house.salon)["visits"]}

    assert shown == {"pending", "confirmed", "arrived", "completed", "no_show"}


def test_hours_breaks_prayers_absences_buffers_and_closed_days_are_told_apart(desk, house):
    WeeklyHoursFactory(salon=house.salon, staff=None, weekday=6, opens=time(13), closes=time(14), is_break=True)
    TimeOffFactory(
        salon=house.salon, staff=house.staff[1], starts_at=house.at(6), ends_at=house.at(8), reason="Dentist"
    )
    house.salon.prayer_pause = "salon"
    house.salon.save()
    house.service.buffer_after_minutes = 15
    house.service.save()
    BookingFactory(
        salon=house.salon, service=house.service, staff=house.staff[0], starts_at=house.at(6), price_amount=Decimal(115)
    )

    day = seen(desk, house.salon)
    mine = [one for one in day["stretches"] if one["staff"] == str(house.staff[0].pk)]

    assert (day["opens"], day["closes"], day["offset"]) == (9, 21, "+03:00")
    assert {one["kind"] for one in mine} == {"closed", "break", "prayer", "buffer"}
    kinds = {one["kind"]: one for one in day["stretches"]}
    called = {Cause.OUTSIDE_HOURS: "closed", Cause.BOOKING: "buffer"}
    assert set(kinds) == {called.get(cause, cause) for cause in set(Cause) - TIMELESS}
    assert [kind for kind in kinds if f".stretch-{kind}" not in STYLES.read_text(encoding="utf-8")] == []
    assert (kinds["break"]["start"], kinds["break"]["end"]) == ("2026-11-22T13:00", "2026-11-22T14:00")
    assert (kinds["buffer"]["start"], kinds["buffer"]["end"]) == ("2026-11-22T15:45", "2026-11-22T16:00")
    assert kinds["time_off"]["text"] == "Time off: Dentist"
    assert "Prayer (Dhuhr)" in {one["text"] for one in mine}


def test_a_closed_day_says_what_it_is_called(desk, house):
    ScheduleExceptionFactory(
        salon=house.salon, staff=None, name_en="Founding Day", starts_on=date(2026, 11, 23), ends_on=date(2026, 11, 23)
    )

    day = seen(desk, house.salon, day="2026-11-23")

    assert {one["text"] for one in day["stretches"] if one["start"].startswith("2026-11-23")} == {
        "Closed: Founding Day"
    }
    assert (day["opens"], day["closes"]) == (9, 21)


def test_a_night_of_ramadan_is_shown_to_its_end_with_the_evening_it_began(desk, house):
    for weekday in range(7):
        WeeklyHoursFactory(
            salon=house.salon, staff=house.staff[0], weekday=weekday, opens=time(21), closes=time(2), ends_next_day=True
        )
    for weekday in range(7):
        WeeklyHoursFactory(
            salon=house.salon, staff=None, weekday=weekday, opens=time(21), closes=time(2), ends_next_day=True
        )

    assert seen(desk, house.salon)["closes"] == 26


def test_adm03_a_stylist_sees_own_visits_only_moves_none_and_reads_no_phone(client, house):
    stylist = UserFactory()
    MembershipFactory(salon=house.salon, role="stylist", user=stylist)
    Staff.objects.filter(pk=house.staff[0].pk).update(user=stylist)
    own, other = book(house), book(house, staff=1)
    client.force_login(stylist)

    day = seen(client, house.salon)

    assert [visit["id"] for visit in day["visits"]] == [str(own.pk)]
    assert [person["id"] for person in day["staff"]] == [str(house.staff[0].pk)]
    assert day["visits"][0]["movable"] is False
    panel = client.get(f"{address('_panel')}?booking={own.pk}")
    assert panel.status_code == 200
    assert house.customer.phone not in panel.content.decode()
    assert client.get(f"{address('_panel')}?booking={other.pk}").status_code == 404
    assert move(client, own, starts_at=f"{TODAY}T15:00").status_code == 403
    own.refresh_from_db()
    assert own.starts_at == house.at(3)


def test_another_salon_is_not_there(desk, house, by_hand):
    theirs = BookingFactory(salon=by_hand.salon, staff=by_hand.staff[0])

    assert desk.get(days_url(by_hand.salon)).status_code == 404
    assert desk.get(f"{address('_panel')}?booking={theirs.pk}").status_code == 404
    assert move(desk, theirs, starts_at=f"{TODAY}T15:00").status_code == 404
    assert move(desk, book(house), starts_at=f"{TODAY}T15:00", staff=by_hand.staff[0].pk).status_code == 404
    walked = {"salon": by_hand.salon.pk, "phone": "0551112233", "service": by_hand.service.pk}
    assert desk.post(address("_walk_in"), walked).status_code == 404
    walked["salon"] = house.salon.pk
    assert desk.post(address("_walk_in"), walked).status_code == 400
    assert Booking.objects.filter(salon=by_hand.salon).count() == 1
    theirs.refresh_from_db()
    assert theirs.version == 1


def test_nothing_new_is_answered_in_one_line(desk, house):
    book(house)
    first = desk.get(days_url(house.salon))

    again = desk.get(days_url(house.salon), headers={"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content, again["ETag"]) == (304, b"", first["ETag"])

    book(house, hours=6)
    changed = desk.get(days_url(house.salon), headers={"If-None-Match": first["ETag"]})
    assert changed.status_code == 200
    assert len(changed.json()["visits"]) == 2


@pytest.mark.parametrize("who", ["manager", "stylist", "owner"])
def test_adm16_fourteen_people_with_sixty_visits_each_cost_as_many_queries_as_one(client, house, who):
    person = {"manager": house.manager, "owner": None, "stylist": UserFactory()}[who] or OwnerFactory()
    if who == "stylist":
        MembershipFactory(salon=house.salon, role="stylist", user=person)
        Staff.objects.filter(pk=house.staff[0].pk).update(user=person)
    client.force_login(person)
    BookingFactory(
        salon=house.salon, service=house.service, staff=house.staff[0], starts_at=house.at(3), price_amount=Decimal(115)
    )
    TimeOffFactory(salon=house.salon, staff=house.staff[0], starts_at=house.at(8), ends_at=house.at(9))
    url = days_url(house.salon)
    queries_of(client, url)
    few = queries_of(client, url)

    team = [*house.staff, *StaffFactory.create_batch(12, salon=house.salon)]
    customer = Booking.objects.get().customer
    rows = [
        BookingFactory.build(
            salon=house.salon,
            customer=customer,
            service=house.service,
            staff=member,
            starts_at=house.at(-6) + timedelta(minutes=15 * number),
            duration_minutes=15,
            price_amount=Decimal(115),
            booked_by=house.manager,
        )
        for member in team
        for number in range(60)
    ]
    Booking.objects.all().delete()
    Booking.objects.bulk_create(rows)
    many = queries_of(client, url)

    assert len(client.get(url).json()["visits"]) == (60 if who == "stylist" else 840)
    assert len(many) == len(few), "\n".join(many)
    assert len(many) <= MOST_QUERIES_OF_A_LIST, "\n".join(many)


BAD_DAYS = [
    {},
    {"salon": "x"},
    {"salon": "1", "day": "2026-11-22", "days": "1000000"},
    {"salon": "1", "day": "2026-13-45", "days": "1"},
    {"salon": "1", "day": "0001-01-01", "days": "1"},
    {"salon": "1", "day": "9999-12-31", "days": "14"},
    {"salon": "99999999999999999999", "day": "2026-11-22", "days": "1"},
    {"salon": "1", "day": "2026-W01-1T", "days": "1"},
]


@pytest.mark.parametrize("asked", BAD_DAYS, ids=[f"bad{number}" for number in range(len(BAD_DAYS))])
def test_days_that_make_no_sense_are_refused_in_words(desk, asked):
    response = desk.get(address("_days"), asked)

    assert response.status_code == 400
    assert response.json()["detail"]


def test_the_page_names_its_salon_services_and_states(office, house):
    page = office.get(address()).content.decode()

    assert house.service.name_en in page
    for state in ("pending", "confirmed", "arrived", "completed", "no-show"):
        assert state in page
    settings = json.loads(page.split('id="calendar-settings" type="application/json">')[1].split("</script>")[0])
    assert (settings["salon"], settings["today"], settings["every"]) == (house.salon.pk, TODAY, 12)
    assert settings["locale"] == "en-GB-u-ca-gregory-nu-latn"


@pytest.mark.parametrize("asked", ["", "x", "-1", "99999999999999999999", "0"])
def test_a_salon_that_is_none_of_theirs_leads_to_their_own(office, house, by_hand, asked):
    page = office.get(address(), {"salon": asked or by_hand.salon.pk})

    assert page.status_code == 200
    assert page.context["salon"] == house.salon


# --- Moving ---


def test_a_visit_is_dragged_to_another_time_and_another_person(desk, house):
    booking = book(house)

    answer = move(desk, booking, starts_at=f"{TODAY}T15:30", staff=house.staff[1].pk).json()

    booking.refresh_from_db()
    assert (answer["done"], answer["version"]) == (True, 2)
    assert (booking.starts_at, booking.staff) == (house.at(6.5), house.staff[1])
    assert booking.history.latest().history_user.memberships.get().role == "receptionist"


def test_adm14_a_refused_drag_says_every_reason_and_changes_nothing(desk, house):
    booking, other = book(house), book(house, hours=5)
    TimeOffFactory(salon=house.salon, staff=house.staff[0], starts_at=house.at(5.5), ends_at=house.at(7), reason="Gym")

    answer = move(desk, booking, starts_at=f"{TODAY}T14:15").json()

    assert (answer["done"], answer["may_override"]) == (False, False)
    texts = " ".join(reason["text"] for reason in answer["reasons"])
    assert other.display_reference in texts
    assert "Gym" in texts
    booking.refresh_from_db()
    assert (booking.starts_at, booking.version, booking.history.count()) == (house.at(3), 1, 1)


def test_adm14_who_may_insist_is_asked_why_and_the_reason_is_kept(office, house):
    booking = book(house)
    late = {"starts_at": f"{TODAY}T21:30"}

    answer = move(office, booking, **late).json()
    assert (answer["done"], answer["may_override"]) == (False, True)
    assert "Outside hours" in answer["reasons"][0]["text"]

    answer = move(office, booking, **late, reason="She flies tonight").json()
    booking.refresh_from_db()
    assert (answer["done"], booking.starts_at) == (True, house.at(12.5))
    assert booking.override_reason == "She flies tonight"


def test_no_reason_puts_one_visit_on_another(office, house):
    booking = book(house)
    book(house, hours=5)

    answer = move(office, booking, starts_at=f"{TODAY}T14:15").json()
    assert (answer["done"], answer["may_override"]) == (False, False)

    answer = move(office, booking, starts_at=f"{TODAY}T14:15", reason="I insist").json()
    assert (answer["done"], answer["may_override"]) == (False, False)
    booking.refresh_from_db()
    assert (booking.version, booking.override_reason) == (1, "")


def test_a_receptionist_cannot_insist_by_hand(desk, house):
    booking = book(house)

    assert move(desk, booking, starts_at=f"{TODAY}T21:30", reason="Please").status_code == 403
    booking.refresh_from_db()
    assert (booking.starts_at, booking.version) == (house.at(3), 1)


def test_adm15_a_drag_on_an_old_page_is_refused_and_says_who_was_faster(desk, house):
    booking = book(house)
    services.reschedule_booking(actor=house.manager, booking_id=booking.pk, starts_at=house.at(5))

    answer = move(desk, booking, starts_at=f"{TODAY}T16:00").json()

    assert (answer["done"], answer["code"], answer["may_override"]) == (False, "stale_page", False)
    booking.refresh_from_db()
    assert (booking.starts_at, booking.version) == (house.at(5), 2)


BAD_MOVES = [
    {"booking": "1"},
    {"version": "x"},
    {"version": ""},
    {"staff": "99999999999999999999"},
    {"starts_at": "tomorrow"},
    {"starts_at": "0001-01-01T00:00"},
    {"starts_at": "9999-12-31T23:59"},
    {"starts_at": f"{TODAY}T15:00:30"},
    {"starts_at": f"{TODAY}T15:00+03:00"},
    {"starts_at": ""},
    {"reason": "x" * 501},
]


@pytest.mark.parametrize("said", BAD_MOVES, ids=[f"bad{number}" for number in range(len(BAD_MOVES))])
def test_a_move_that_makes_no_sense_is_refused_in_words(office, house, said):
    booking = book(house)

    response = move(office, booking, {"starts_at": f"{TODAY}T15:00", **said})

    assert response.status_code == 400
    assert response.json()["detail"]
    booking.refresh_from_db()
    assert booking.version == 1


@pytest.mark.parametrize("part", ["_move", "_length", "_walk_in"])
def test_nothing_is_written_by_a_get(office, part):
    assert office.get(address(part)).status_code == 405


# --- Length ---


def lengthen(client, booking, minutes, **said):
    told = {"booking": booking.pk, "version": booking.version, "minutes": minutes, "reason": "Long hair", **said}
    return client.post(address("_length"), told)


def test_a_visit_is_pulled_longer_with_a_reason(desk, house):
    booking = book(house)

    assert lengthen(desk, booking, 75).json()["done"] is True
    booking.refresh_from_db()
    assert (booking.duration_minutes, booking.history.latest().history_change_reason) == (75, "Long hair")


def test_a_length_that_runs_into_the_next_visit_is_refused_with_the_reason(office, house):
    booking, other = book(house), book(house, hours=4)

    answer = lengthen(office, booking, 90).json()

    assert (answer["done"], answer["may_override"]) == (False, False)
    assert other.display_reference in answer["reasons"][0]["text"]
    booking.refresh_from_db()
    assert (booking.duration_minutes, booking.version) == (45, 1)


def test_a_length_beyond_closing_time_needs_somebody_who_may_insist(office, house):
    booking = book(house, hours=11.25)

    assert lengthen(office, booking, 90).json()["may_override"] is True
    assert lengthen(office, booking, 90, override="on").json()["done"] is True

    office.force_login(receptionist(house))
    booking.refresh_from_db()
    assert lengthen(office, booking, 120, override="on").status_code == 403
    booking.refresh_from_db()
    assert booking.duration_minutes == 90


@pytest.mark.parametrize("minutes", ["", "x", "0", "-15", "1441", "99999999999999999999"])
def test_a_length_that_makes_no_sense_is_refused_in_words(office, house, minutes):
    booking = book(house)

    response = lengthen(office, booking, minutes)

    assert (response.status_code, bool(response.json()["detail"])) == (400, True)
    booking.refresh_from_db()
    assert booking.duration_minutes == 45


# --- Who comes without an appointment ---


def walk_in(client, house, **said):
    told = {"salon": house.salon.pk, "phone": "055 111 2233", "service": house.service.pk, **said}
    return client.post(address("_walk_in"), told)


def test_phone_service_go_books_a_new_customer_from_now_on(desk, house):
    answer = walk_in(desk, house).json()

    booking = Booking.objects.get()
    assert (answer["done"], answer["booking"]) == (True, str(booking.pk))
    assert (booking.customer.user.phone, booking.source, booking.status) == ("+966551112233", "desk", "arrived")
    assert booking.starts_at == house.at(0)


def test_the_quick_form_sent_again_books_nothing_again(desk, house):
    key = uuid4().hex

    first, again = (walk_in(desk, house, key=key).json() for _time in range(2))

    assert first == again
    assert (first["done"], Booking.objects.count()) == (True, 1)
    assert walk_in(desk, house, key="x").status_code == 400


def test_at_a_chosen_time_with_a_chosen_person_nobody_has_arrived_yet(desk, house):
    said = {"starts_at": f"{TODAY}T16:00", "staff": house.staff[1].pk, "name": "Mona"}
    assert walk_in(desk, house, **said).json()["done"] is True

    booking = Booking.objects.get()
    assert (booking.starts_at, booking.staff, booking.status) == (house.at(7), house.staff[1], "confirmed")
    assert booking.customer.user.name == "Mona"


def test_when_nobody_is_free_now_everybodys_reason_and_the_next_times_are_told(desk, house):
    first, second = (walk_in(desk, house, phone=f"05511122{number}").json() for number in (34, 35))
    people = User.objects.count()

    answer = walk_in(desk, house).json()

    assert (first["done"], second["done"], answer["done"]) == (True, True, False)
    assert {reason["who"] for reason in answer["reasons"]} == {str(person) for person in house.staff}
    assert answer["nearest"][0]["start"] == "2026-11-22T10:00"
    assert (Booking.objects.count(), User.objects.count()) == (2, people)


def test_a_walk_in_out_of_hours_needs_a_named_person_and_a_reason(office, house):
    late = {"starts_at": f"{TODAY}T21:30"}
    assert walk_in(office, house, **late).json()["may_override"] is False

    named = {**late, "staff": house.staff[0].pk}
    assert walk_in(office, house, **named).json()["may_override"] is True
    assert walk_in(office, house, **named, reason="Bride").json()["done"] is True
    assert Booking.objects.get().override_reason == "Bride"


BAD_WALK_INS = [
    {"phone": "abc"},
    {"phone": ""},
    {"service": "x"},
    {"service": ""},
    {"starts_at": "soon"},
    {"staff": "-"},
]


@pytest.mark.parametrize("said", BAD_WALK_INS, ids=[f"bad{number}" for number in range(len(BAD_WALK_INS))])
def test_a_walk_in_that_makes_no_sense_is_refused_in_words(desk, house, said):
    people = User.objects.count()

    response = walk_in(desk, house, **said)

    assert (response.status_code, bool(response.json()["detail"])) == (400, True)
    assert (Booking.objects.count(), User.objects.count()) == (0, people)


def test_support_reads_the_calendar_and_books_nothing(client, house):
    from apps.accounts.tests.factories import PlatformUserFactory

    booking = book(house)
    client.force_login(PlatformUserFactory(role="support"))

    assert seen(client, house.salon)["visits"][0]["movable"] is False
    assert move(client, booking, starts_at=f"{TODAY}T15:00").status_code == 403
    assert walk_in(client, house).status_code == 403
    assert Booking.objects.count() == 1


def test_the_panel_offers_the_steps_a_person_may_take_and_says_which_page_it_saw(desk, house):
    booking = book(house)

    panel = desk.get(f"{address('_panel')}?booking={booking.pk}").content.decode()

    assert f"/admin/bookings/booking/{booking.pk}/reschedule/?version=1" in panel
    assert f"/admin/bookings/booking/{booking.pk}/arrive/?version=1" in panel
    assert "undo/" not in panel
    assert house.customer.phone in panel


@pytest.mark.parametrize("key", ["", "1", "x", "00000000-0000-4000-8000-000000000000", "%00"])
def test_a_panel_of_no_visit_is_not_there(desk, key):
    assert desk.get(f"{address('_panel')}?booking={key}").status_code in {400, 404}


def test_another_service_of_somebody_who_does_not_do_it_is_refused_also_with_a_reason(office, house):
    special = ServiceFactory(salon=house.salon)
    StaffServiceFactory(salon=house.salon, staff=house.staff[0], service=special)
    booking = book(house, service_id=special.pk)

    answer = move(office, booking, starts_at=f"{TODAY}T15:00", staff=house.staff[1].pk).json()

    assert (answer["done"], answer["may_override"]) == (False, False)
    assert "does not do this service" in answer["reasons"][0]["text"]


def test_days_carry_their_hijri_date_where_the_salon_wants_it(desk, house):
    assert seen(desk, house.salon)["hijri"] == ""

    Salon.objects.filter(pk=house.salon.pk).update(show_hijri_dates=True)

    assert seen(desk, house.salon)["hijri"] == "12 Jumada al-Akhirah 1448 AH"
    assert seen(desk, house.salon, days=7)["hijri"] == "12–18 Jumada al-Akhirah 1448 AH"
    desk.cookies["django_language"] = "ar"
    assert seen(desk, house.salon)["hijri"] == "12 جمادى الآخرة 1448 هـ"
