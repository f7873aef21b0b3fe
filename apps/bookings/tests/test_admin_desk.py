"""What the desk may do outside the usual path, and what it is told before and after."""

from datetime import date
from decimal import Decimal

import pytest
from django.contrib.messages import get_messages
from django.urls import reverse

from apps.accounts.models import User
from apps.bookings import services
from apps.bookings.models import Booking
from apps.bookings.tests.conftest import open_salon
from apps.bookings.tests.factories import BookingFactory
from apps.salons.models import Salon
from apps.salons.tests.factories import (
    CustomerFactory,
    MembershipFactory,
    ServiceFactory,
    StaffServiceFactory,
    TimeOffFactory,
    WeeklyHoursFactory,
)

LIST = reverse("admin:bookings_booking_changelist")
ADD = reverse("admin:bookings_booking_add")
REASSIGN = reverse("admin:bookings_booking_reassign_action")
SUBMITTED = {"_form_submitted": "true"}
PHONE = "+966551234567"


@pytest.fixture
def desk(client, house):
    return seated(client, house.manager)


@pytest.fixture
def reception(client, house):
    return seated(client, MembershipFactory(salon=house.salon, role="receptionist").user)


def seated(client, person):
    client.force_login(person)
    client.cookies["django_language"] = "en"
    return client


def type_in(client, house, hours, **said):
    """Send the form of a new visit with Anna, `hours` from now."""
    moment = house.at(hours)
    when = {"starts_at_0": moment.date().isoformat(), "starts_at_1": f"{moment:%H:%M}"}
    data = {"phone": PHONE, "name": "", "service": house.service.pk, "staff": house.staff[0].pk, "note": ""}
    return client.post(ADD, {**data, **when, **said})


def errors(answer):
    """`{field: [text, …]}` of the form that came back."""
    return {field: list(texts) for field, texts in answer.context["adminform"].form.errors.items()}


def told(answer):
    return [(message.level_tag, str(message)) for message in get_messages(answer.wsgi_request)]


def book(house, hours, staff=0, **said):
    return services.book_appointment(
        **{"actor": house.customer, "person": house.customer, "service_id": house.service.pk, **said},
        staff_id=house.staff[staff].pk,
        starts_at=house.at(hours),
    )


def step(client, name, booking, **said):
    return client.post(reverse(f"admin:bookings_booking_{name}_action", args=[booking.pk]), {**SUBMITTED, **said})


# --- A refusal names its reasons and keeps what was typed ---


def test_a_refused_time_is_explained_at_its_field_with_everything_still_typed(desk, house):
    booking = book(house, 25)

    answer = type_in(desk, house, 25, name="Noura", note="by the window")

    reason, link = errors(answer)["starts_at"]
    assert reason == f"Booking {booking.display_reference} from 10:00 to 10:45."
    assert reverse("admin:bookings_booking_why_not_action") in link
    form = answer.context["adminform"].form
    assert [form[name].value() for name in ("phone", "name", "note")] == [PHONE, "Noura", "by the window"]
    assert list(Booking.objects.all()) == [booking]
    assert not User.objects.filter(phone=PHONE).exists()


def test_with_anybody_the_reasons_are_told_person_by_person(desk, house):
    anna, basma = house.staff
    booking = book(house, 25)
    TimeOffFactory(salon=house.salon, staff=basma, starts_at=house.at(24), ends_at=house.at(36), reason="wedding")

    *reasons, _link = errors(type_in(desk, house, 25, staff=""))["starts_at"]

    assert reasons == [
        f"<bdi>{anna}</bdi>: Booking {booking.display_reference} from 10:00 to 10:45.",
        f"<bdi>{basma}</bdi>: Time off “wedding” from Monday 23 November 09:00 to Monday 23 November 21:00.",
    ]


def test_bk22_a_walk_in_is_told_of_the_visit_it_would_run_into(desk, house):
    Salon.objects.filter(pk=house.salon.pk).update(lead_time_minutes=0)
    house.service.refresh_from_db()
    booking = BookingFactory(salon=house.salon, service=house.service, staff=house.staff[0], starts_at=house.at(1.5))

    refused = errors(type_in(desk, house, 67 / 60))["starts_at"]
    overridden = errors(type_in(desk, house, 67 / 60, override_reason="walk-in"))["starts_at"]

    taken = f"Booking {booking.display_reference} from 10:30 to 11:15."
    assert refused[:2] == ["Start times lie 15 minutes apart, the next one is 10:15.", taken]
    assert overridden == [f"Booking {booking.display_reference} takes this time from 10:30 to 11:15."]
    assert list(Booking.objects.all()) == [booking]


def test_the_time_is_typed_by_the_clock_of_the_salon(desk, house):
    Salon.objects.filter(pk=house.salon.pk).update(timezone="Asia/Karachi")

    type_in(desk, house, 0, starts_at_0="2026-11-23", starts_at_1="10:00")

    assert Booking.objects.get().starts_at == house.at(23)


# --- Outside the rules ---


def after_closing(house):
    return 36


def at_short_notice(house):
    return 0.5


def off_the_grid(house):
    return 25 + 7 / 60


def in_a_break(house):
    hours = {"opens": house.at(28).time(), "closes": house.at(29).time()}
    WeeklyHoursFactory(salon=house.salon, staff=None, weekday=0, is_break=True, **hours)
    return 28


def in_a_buffer(house):
    house.service.buffer_after_minutes = 30
    house.service.save()
    book(house, 25)
    return 25.75


@pytest.mark.parametrize("where", [after_closing, at_short_notice, off_the_grid, in_a_break, in_a_buffer])
def test_bk19_av23_with_a_reason_a_visit_lies_outside_the_rules_and_history_says_why(desk, house, where):
    hours = where(house)
    already = Booking.objects.count()

    assert "starts_at" in errors(type_in(desk, house, hours))
    assert Booking.objects.count() == already
    type_in(desk, house, hours, override_reason="a bride")

    booking = Booking.objects.get(customer__user__phone=PHONE)
    assert (booking.starts_at, booking.staff, booking.override_reason) == (house.at(hours), house.staff[0], "a bride")
    past = booking.history.get()
    assert (past.history_user, past.history_change_reason) == (house.manager, "a bride")


def test_nobody_is_chosen_automatically_outside_the_rules(desk, house):
    answer = type_in(desk, house, 36, staff="", override_reason="a bride")

    assert errors(answer) == {"staff": ["Choose a staff member to book outside the rules."]}
    assert Booking.objects.count() == 0


def test_who_may_not_override_has_no_field_for_it_and_what_they_post_counts_for_nothing(reception, house):
    form = reception.get(ADD).context["adminform"].form
    answer = type_in(reception, house, 36, override_reason="a bride")

    assert "override_reason" not in form.fields
    assert "starts_at" in errors(answer)
    assert Booking.objects.count() == 0


def test_the_right_in_one_salon_is_none_in_another(client, house):
    other = open_salon()
    MembershipFactory(salon=other.salon, user=house.manager, role="receptionist")

    answer = type_in(
        seated(client, house.manager),
        other,
        36,
        salon=other.salon.pk,
        override_reason="a bride",
    )

    assert errors(answer) == {"override_reason": ["You may not do this."]}
    assert Booking.objects.count() == 0


@pytest.mark.parametrize("override_reason", ["a" * 501, "a" * 100_000])
def test_a_reason_has_an_end(desk, house, override_reason):
    assert list(errors(type_in(desk, house, 36, override_reason=override_reason))) == ["override_reason"]
    assert Booking.objects.count() == 0


def test_bk15_a_blocked_customer_is_booked_with_a_reason_only(desk, house):
    CustomerFactory(salon=house.salon, user__phone=PHONE, is_blocked=True)

    refused = type_in(desk, house, 25)
    assert errors(refused) == {"override_reason": ["This customer is blocked. Give a reason to book all the same."]}
    assert Booking.objects.count() == 0

    type_in(desk, house, 25, override_reason="has apologised")
    assert Booking.objects.get().override_reason == "has apologised"


def test_bk15_who_may_not_override_is_told_who_can(reception, house):
    CustomerFactory(salon=house.salon, user__phone=PHONE, is_blocked=True)

    assert errors(type_in(reception, house, 25)) == {
        "phone": ["This customer is blocked. Somebody who may book outside the rules can enter the visit."]
    }
    assert Booking.objects.count() == 0


# --- The same customer twice ---


def test_bk16_a_second_visit_at_the_same_time_is_booked_and_the_desk_is_warned(desk, house):
    sara = house.customer
    other = book(house, 25, staff=1)
    book(house, 26, staff=1)
    elsewhere = open_salon()
    book(elsewhere, 25, person=sara)

    answer = type_in(desk, house, 25, phone=sara.phone)

    assert Booking.objects.filter(salon=house.salon).count() == 3
    assert [text for level, text in told(answer) if level == "warning"] == [
        f"Sara has another visit at this time: {other.service} with {house.staff[1]}, Mon 23 Nov · 10:00 "
        f"({other.display_reference})."
    ]


def test_bk16_visits_one_after_the_other_are_nothing_to_warn_of(desk, house):
    book(house, 25, staff=1)

    answer = type_in(desk, house, 25.75, phone=house.customer.phone)

    assert Booking.objects.count() == 2
    assert "warning" not in dict(told(answer))


# --- Moving ---


@pytest.mark.parametrize("name", ["reschedule", "service", "cancel"])
def test_a_dialog_names_the_visit_it_is_about(desk, house, name):
    booking = book(house, 25)

    page = desk.get(reverse(f"admin:bookings_booking_{name}_action", args=[booking.pk])).content.decode()

    about = (booking.customer, booking.service_name, booking.staff, "Mon 23 Nov · 10:00")
    assert " · ".join(f"<bdi>{part}</bdi>" for part in about) in page


@pytest.mark.parametrize(("name", "field"), [("reschedule", "starts_at"), ("service", "service")])
def test_a_click_without_a_choice_changes_nothing(desk, house, name, field):
    booking = book(house, 25)

    answer = step(desk, name, booking, reason="x", by="salon", staff=house.staff[0].pk)

    assert list(answer.context["form"].errors) == [field]
    assert Booking.history.count() == 1


@pytest.mark.parametrize(
    ("hours", "told"),
    [
        (30, "Cancelling is free of charge now."),
        (2, "A customer who cancels now owes 57.50 SAR; the salon owes nothing."),
    ],
)
def test_what_cancelling_costs_is_said_before(desk, house, hours, told):
    house.salon.free_cancellation_hours, house.salon.late_cancellation_percent = 24, 50
    house.salon.save()
    booking = book(house, hours)

    form = desk.get(reverse("admin:bookings_booking_cancel_action", args=[booking.pk])).context["form"]

    assert form.fields["by"].help_text == told


def dialog(client, booking, **asked):
    return client.get(reverse("admin:bookings_booking_reschedule_action", args=[booking.pk]), asked).context["form"]


def offered(form):
    return [moment for moment, _text in form.fields["starts_at"].widget.choices]


def test_a_visit_moves_to_a_colleague_whose_own_free_times_are_shown(desk, house):
    basma = house.staff[1]
    booking = book(house, 25)
    book(house, 27, staff=1, person=house.manager)

    with_anna, with_basma = offered(dialog(desk, booking)), offered(dialog(desk, booking, staff=basma.pk))
    target = house.at(27).isoformat()
    assert (target in with_anna, target in with_basma) == (True, False)

    step(desk, "reschedule", booking, staff=basma.pk, starts_at=house.at(28).isoformat(), by="customer", reason="")

    booking.refresh_from_db()
    assert (booking.staff, booking.starts_at, booking.protected_starts_at) == (basma, house.at(28), house.at(25))


def test_moved_at_the_salons_wish_the_fee_is_judged_by_the_new_time(desk, house):
    booking = book(house, 25)

    step(desk, "reschedule", booking, starts_at=house.at(49).isoformat(), by="salon", reason="Anna is ill")

    booking.refresh_from_db()
    assert (booking.staff, booking.protected_starts_at) == (house.staff[0], house.at(49))
    assert booking.history.latest().history_change_reason == "Anna is ill"


def test_a_refused_move_comes_back_in_its_dialog_with_the_reasons(desk, house):
    booking, other = book(house, 25), book(house, 27)

    answer = step(desk, "reschedule", booking, starts_at=house.at(27).isoformat(), by="salon", reason="earlier")

    form = answer.context["form"]
    assert "HX-Redirect" not in answer.headers
    assert form.errors == {"starts_at": [f"Booking {other.display_reference} from 12:00 to 12:45."]}
    assert form["reason"].value() == "earlier"
    booking.refresh_from_db()
    assert (booking.starts_at, booking.version) == (house.at(25), 1)


@pytest.mark.parametrize(
    ("said", "wrong"),
    [
        ({}, "starts_at"),
        ({"starts_at": "abc"}, "starts_at"),
        ({"starts_at": "9999-12-31T23:59:59-12:00"}, "starts_at"),
        ({"starts_at": "0001-01-01T00:00:00+14:00"}, "starts_at"),
        ({"starts_at": "٢٠٢٦-١١-٢٣"}, "starts_at"),
        ({"starts_at": "2026-11-23T15:00", "staff": "9" * 40}, "staff"),
        ({"starts_at": "2026-11-23T15:00", "staff": "abc"}, "staff"),
        ({"outside": "2026-11-23T22:00", "reason": ""}, "reason"),
        ({"outside": "9999-12-31T23:59", "reason": "x"}, "outside"),
        ({"outside": "0001-01-01T00:00", "reason": "x"}, "outside"),
        ({"outside": "tomorrow", "reason": "x"}, "outside"),
        ({"starts_at": "2026-11-23T15:00", "by": "nobody"}, "by"),
    ],
)
def test_a_move_that_cannot_be_understood_is_an_error_of_the_dialog(desk, house, said, wrong):
    booking = book(house, 25)

    answer = step(desk, "reschedule", booking, **{"by": "salon", "reason": "", **said})

    assert list(answer.context["form"].errors) == [wrong]
    booking.refresh_from_db()
    assert (booking.starts_at, booking.version) == (house.at(25), 1)


def test_a_visit_moves_to_nobody_of_another_salon(desk, house):
    booking, other = book(house, 25), open_salon()

    form = dialog(desk, booking, staff=other.staff[0].pk)
    answer = step(desk, "reschedule", booking, staff=other.staff[0].pk, starts_at=house.at(28).isoformat(), by="salon")

    assert [label for _pk, label in form.fields["staff"].choices] == house.staff
    assert "staff" in answer.context["form"].errors


def test_bk19_with_a_reason_a_visit_moves_outside_the_rules_and_never_onto_another(desk, house):
    booking, other = book(house, 25), book(house, 27)
    said = {"by": "salon", "reason": "a bride"}

    onto = step(desk, "reschedule", booking, outside="2026-11-23T12:10", **said)
    text = f"Booking {other.display_reference} takes this time from 12:00 to 12:45."
    assert onto.context["form"].errors == {"outside": [text]}

    step(desk, "reschedule", booking, outside="2026-11-23T22:10", **said)
    booking.refresh_from_db()
    assert (booking.starts_at, booking.override_reason) == (house.at(37 + 10 / 60), "a bride")


def test_who_may_not_override_moves_to_free_times_only(reception, house):
    booking = book(house, 25)

    answer = step(reception, "reschedule", booking, outside="2026-11-23T22:00", by="salon", reason="a bride")

    form = answer.context["form"]
    assert "outside" not in form.fields
    assert "Outside the rules" not in answer.content.decode()
    assert form.errors == {"starts_at": ["Choose one of the times."]}
    booking.refresh_from_db()
    assert booking.starts_at == house.at(25)


def test_bk16_a_move_beside_another_visit_of_the_customer_warns(desk, house):
    book(house, 27, staff=1)
    booking = book(house, 25)

    answer = step(desk, "reschedule", booking, starts_at=house.at(27).isoformat(), by="customer", reason="")

    assert [level for level, _text in told(answer)] == ["success", "warning"]


@pytest.mark.parametrize(
    ("hours", "words"),
    [
        (30, "The customer may move or cancel it free of charge until 22 Nov 2026, 3:00\xa0PM."),
        (10, "The customer could move it until 21 Nov 2026, 7:00\xa0PM. Moved at the customer's wish, a fee for"),
    ],
)
def test_rs05_the_dialog_says_whether_the_customers_window_is_open(desk, house, hours, words):
    assert dialog(desk, book(house, hours)).fields["by"].help_text.startswith(words)


def test_the_page_of_a_visit_says_until_when_cancelling_is_free(desk, house):
    booking = book(house, 30)
    address = reverse("admin:bookings_booking_change", args=[booking.pk])

    assert "22 Nov 2026, 3:00\xa0PM" in desk.get(address).content.decode()
    services.cancel_booking(actor=house.manager, booking_id=booking.pk, by="salon")
    assert "22 Nov 2026, 3:00\xa0PM" not in desk.get(address).content.decode()


# --- Another service ---


def test_rs07_the_service_changes_and_the_difference_is_shown_before(desk, house):
    anna, booking = house.staff[0], book(house, 25)
    dearer = ServiceFactory(salon=house.salon, name_en="Colour", price_amount="300.00", duration_minutes=60)
    StaffServiceFactory(salon=house.salon, staff=anna, service=dearer)
    inactive = ServiceFactory(salon=house.salon, is_active=False)
    StaffServiceFactory(salon=house.salon, staff=anna, service=inactive)
    other = ServiceFactory(salon=house.salon)

    form = desk.get(reverse("admin:bookings_booking_service_action", args=[booking.pk])).context["form"]
    dearer_choice = (dearer.pk, "Colour · 185.00 SAR more · 300.00 SAR · 60 min")
    assert form.fields["service"].choices == [("", "Select value"), dearer_choice]
    for service in (inactive, other, open_salon().service):
        assert "service" in step(desk, "service", booking, service=service.pk, reason="x").context["form"].errors

    step(desk, "service", booking, service=dearer.pk, reason="wants colour")
    booking.refresh_from_db()
    assert (booking.service, booking.price_amount, booking.ends_at) == (dearer, Decimal("300.00"), house.at(26))
    assert booking.history.latest().history_change_reason == "wants colour"


# --- A day goes to colleagues ---

MONDAY = date(2026, 11, 23)


def reassign(client, person, **said):
    return client.post(REASSIGN, {**SUBMITTED, "staff": person.pk, "day": MONDAY, "reason": "Anna is ill", **said})


def test_a_day_goes_to_colleagues_and_who_is_left_is_named(desk, house):
    anna, basma = house.staff
    moving, staying = book(house, 25), book(house, 27)
    book(house, 27, staff=1, person=house.manager)
    another_day = book(house, 49)

    answer = reassign(desk, anna)

    for booking in (moving, staying, another_day):
        booking.refresh_from_db()
    assert [moving.staff, staying.staff, another_day.staff] == [basma, anna, anna]
    assert moving.history.latest().history_change_reason == "Anna is ill"
    assert "HX-Redirect" in answer.headers
    assert told(answer) == [
        ("success", f"Visits given to colleagues: 1 ({basma} 1)."),
        ("warning", "Nobody else is free for: Mon 23 Nov · 12:00 Sara."),
    ]


def test_a_day_without_visits_leaves_nothing_to_do(desk, house):
    assert told(reassign(desk, house.staff[0])) == [("info", "There is no visit to give away on this day.")]


@pytest.mark.parametrize(
    ("said", "wrong"),
    [
        ({"day": "2026-11-21"}, "day"),
        ({"day": "2028-11-25"}, "day"),
        ({"day": "9999-12-31"}, "day"),
        ({"day": "0001-01-01"}, "day"),
        ({"day": "٢٠٢٦"}, "day"),
        ({"day": ""}, "day"),
        ({"reason": " "}, "reason"),
        ({"staff": "9" * 40}, "staff"),
        ({"staff": "abc"}, "staff"),
        ({"staff": ""}, "staff"),
    ],
)
def test_a_day_that_cannot_be_given_away_is_an_error_of_the_dialog(desk, house, said, wrong):
    booking = book(house, 25)

    answer = reassign(desk, house.staff[0], **said)

    assert list(answer.context["form"].errors) == [wrong]
    booking.refresh_from_db()
    assert (booking.staff, booking.version) == (house.staff[0], 1)


def test_nobody_gives_away_a_day_of_another_salon(desk, house):
    other = open_salon()
    booking = book(other, 25)

    form = desk.get(REASSIGN).context["form"]
    answer = reassign(desk, other.staff[0])

    assert list(form.fields["staff"].queryset) == house.staff
    assert list(answer.context["form"].errors) == ["staff"]
    booking.refresh_from_db()
    assert booking.staff == other.staff[0]


@pytest.mark.parametrize("role", ["stylist", None])
def test_a_stylist_and_a_stranger_give_no_day_away(client, house, role):
    anna, booking = house.staff[0], book(house, 25)
    if role:
        anna.user = MembershipFactory(salon=house.salon, role=role).user
        anna.save()
    client.force_login(anna.user if role else house.customer)

    assert reassign(client, anna).status_code == (403 if role else 302)
    booking.refresh_from_db()
    assert booking.staff == anna


# --- A page that is stale ---


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("arrive", {}),
        ("cancel", {"by": "salon", "reason": "x"}),
        ("reschedule", {"by": "salon", "outside": "2026-11-23T15:00"}),
    ],
)
def test_a_button_that_was_pressed_too_late_says_what_happened_meanwhile(desk, house, name, said):
    """ADM06. Not that it may not be pressed: it could be when the page was loaded."""
    booking = book(house, 25)
    Booking.objects.filter(pk=booking.pk).update(status=Booking.Status.COMPLETED)

    opened = desk.get(reverse(f"admin:bookings_booking_{name}_action", args=[booking.pk]))
    answer = step(desk, name, booking, **{"reason": "x", **said})

    assert opened.status_code == 200
    [(level, text)] = told(answer)
    assert (level, "completed" in text, "HX-Redirect" in answer.headers) == ("error", True, True)
    booking.refresh_from_db()
    assert (booking.status, booking.version) == ("completed", 1)
