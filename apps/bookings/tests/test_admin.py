"""The desk through its own pages: forms with their tokens, dialogs by POST, nothing by GET."""

from uuid import UUID, uuid4

import pytest
from django.contrib.auth.models import Group
from django.test import Client, RequestFactory
from django.urls import reverse

from apps.accounts.models import User
from apps.bookings import services
from apps.bookings.admin.moving import MoveDialog
from apps.bookings.models import Booking
from apps.bookings.tests.factories import BookingFactory
from apps.salons.tests.factories import MembershipFactory

Status = Booking.Status
LIST = reverse("admin:bookings_booking_changelist")
ADD = reverse("admin:bookings_booking_add")
STEPS = ["confirm", "arrive", "complete", "no-show", "reschedule", "cancel", "undo"]


def booked(house, hours=30):
    return services.book_appointment(
        actor=house.customer, person=house.customer, service_id=house.service.pk, starts_at=house.at(hours)
    )


def step_url(name, booking):
    return reverse(f"admin:bookings_booking_{name.replace('-', '_')}_action", args=[booking.pk])


@pytest.fixture
def desk(client, by_hand):
    client.force_login(by_hand.manager)
    return client


def test_the_list_shows_who_comes_when_and_in_which_state(desk, by_hand):
    booking = booked(by_hand)

    page = desk.get(LIST).content.decode()

    assert booking.display_reference in page
    assert "Sara" in page
    assert str(by_hand.customer.phone) in page


@pytest.mark.parametrize(
    "spelling", ["{national}", "{e164}", "{arabic}", "{reference}"], ids=["PH15"] * 3 + ["reference"]
)
def test_bookings_are_found_by_phone_in_any_spelling_and_by_reference(desk, by_hand, spelling):
    booking = booked(by_hand)
    other = BookingFactory(salon=by_hand.salon)
    national = "0" + by_hand.customer.phone[4:]
    arabic = national.translate(str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩"))
    term = spelling.format(
        national=national, e164=by_hand.customer.phone, arabic=arabic, reference=booking.display_reference
    )

    page = desk.get(LIST, {"q": term}).content.decode()

    assert booking.display_reference in page
    assert other.display_reference not in page


def test_a_visit_typed_in_at_the_desk_is_confirmed_and_knows_its_new_customer(desk, by_hand):
    moment = by_hand.at(30)

    desk.post(
        ADD,
        {
            "phone": "٠٥٥ ١٢٣ ٤٥٦٧",
            "name": "Noura",
            "service": by_hand.service.pk,
            "staff": "",
            "starts_at_0": moment.strftime("%Y-%m-%d"),
            "starts_at_1": moment.strftime("%H:%M"),
            "note": "",
        },
    )

    booking = Booking.objects.get()
    assert (booking.status, booking.source, booking.starts_at) == (Status.CONFIRMED, Booking.Source.DESK, moment)
    assert booking.customer.user == User.objects.get(phone="+966551234567", name="Noura")
    assert booking.booked_by == by_hand.manager


def test_a_visit_at_a_time_that_is_taken_is_refused_in_words_and_stores_nobody(desk, by_hand):
    for person in by_hand.staff:
        BookingFactory(salon=by_hand.salon, staff=person, starts_at=by_hand.at(30))
    people, moment = User.objects.count(), by_hand.at(30)

    answer = type_in(desk, by_hand.service, f"{moment:%Y-%m-%dT%H:%M}")

    assert list(answer.context["adminform"].form.errors) == ["starts_at"]
    assert Booking.objects.count() == 2
    assert User.objects.count() == people


def type_in(client, service, moment, **said):
    data = {"phone": "0551234567", "name": "", "service": service.pk, "staff": "", "note": "", **said}
    day, hour = moment.split("T")
    return client.post(ADD, {**data, "starts_at_0": day, "starts_at_1": hour})


def test_a_form_sent_twice_is_one_visit_and_the_next_form_is_another(desk, by_hand):
    first, second = ({"key": desk.get(ADD).context["adminform"].form["key"].value()} for _form in range(2))
    moment = f"{by_hand.at(30):%Y-%m-%dT%H:%M}"

    answers = [type_in(desk, by_hand.service, moment, **first) for _click in range(2)]

    assert [answer.status_code for answer in answers] == [302, 302]
    [visit] = Booking.objects.all()
    assert (visit.pk, visit.version, visit.history.count()) == (UUID(first["key"]), 1, 1)
    type_in(desk, by_hand.service, moment, **second)
    assert set(Booking.objects.values_list("staff", flat=True)) == {person.pk for person in by_hand.staff}


def test_a_refused_form_keeps_its_key_for_the_visit_it_becomes(desk, by_hand):
    key = desk.get(ADD).context["adminform"].form["key"].value()

    refused = type_in(desk, by_hand.service, f"{by_hand.at(-1):%Y-%m-%dT%H:%M}", key=key)
    assert (refused.status_code, Booking.objects.count()) == (200, 0)
    assert refused.context["adminform"].form["key"].value() == key

    type_in(desk, by_hand.service, f"{by_hand.at(30):%Y-%m-%dT%H:%M}", key=key)
    assert Booking.objects.get().pk == UUID(key)


def test_the_key_of_somebody_elses_form_shows_and_changes_nothing(desk, by_hand):
    key, moment = uuid4(), f"{by_hand.at(30):%Y-%m-%dT%H:%M}"
    type_in(desk, by_hand.service, moment, key=key)
    colleague = Client()
    colleague.force_login(MembershipFactory(salon=by_hand.salon).user)

    answer = type_in(colleague, by_hand.service, moment, key=key, phone="0551234599")

    assert list(answer.context["adminform"].form.errors) == ["__all__"]
    assert (Booking.objects.count(), Booking.history.count()) == (1, 1)
    assert not User.objects.filter(phone="+966551234599").exists()


@pytest.mark.parametrize("moment", ["0001-01-01T00:00", "0001-01-02T00:00", "9999-12-31T23:59"])
def test_a_visit_at_the_end_of_the_calendar_is_refused_in_words(desk, by_hand, moment):
    answer = type_in(desk, by_hand.service, moment)

    assert answer.status_code in (200, 302)
    assert Booking.objects.count() == 0


def test_an_auditor_who_works_at_one_desk_books_nothing_in_the_salons_they_only_read(client, by_hand):
    person = MembershipFactory(role="receptionist").user
    person.groups.add(Group.objects.get_or_create(name="auditor")[0])
    client.force_login(person)

    answer = type_in(client, by_hand.service, "2026-11-23T15:00")

    assert list(answer.context["errors"][0]) != []
    assert Booking.objects.count() == 0
    assert not User.objects.filter(phone="+966551234567").exists()


def test_a_service_is_booked_in_the_salon_that_was_chosen_or_not_at_all(client, by_hand):
    person = MembershipFactory().user
    MembershipFactory(salon=by_hand.salon, user=person)
    client.force_login(person)
    elsewhere = person.memberships.exclude(salon=by_hand.salon).get().salon

    type_in(client, by_hand.service, "2026-11-23T15:00", salon=elsewhere.pk)
    assert Booking.objects.count() == 0

    type_in(client, by_hand.service, "2026-11-23T15:00", salon=by_hand.salon.pk)
    assert Booking.objects.get().salon == by_hand.salon


def test_the_times_offered_for_a_move_are_those_of_the_visit_as_it_was_booked(by_hand):
    booking = booked(by_hand)
    by_hand.service.duration_minutes = 120
    by_hand.service.save()

    request = RequestFactory().get("/", {"day": "2026-11-23"})
    request.user = by_hand.manager
    choices = MoveDialog(request, booking.pk).fields["starts_at"].widget.choices

    assert choices[-1] == (by_hand.at(35.25).isoformat(), "20:15")


def test_confirming_is_one_post_and_history_names_the_manager(desk, by_hand):
    booking = booked(by_hand)

    answer = desk.post(step_url("confirm", booking), {"_form_submitted": "true"})

    assert "HX-Redirect" in answer.headers
    booking.refresh_from_db()
    assert booking.status == Status.CONFIRMED
    assert booking.history.latest().history_user == by_hand.manager


def test_cancelling_keeps_the_reason(desk, by_hand):
    booking = booked(by_hand)

    desk.post(step_url("cancel", booking), {"_form_submitted": "true", "by": "salon", "reason": "Anna is ill"})

    booking.refresh_from_db()
    assert (booking.status, booking.cancelled_by) == (Status.CANCELLED, "salon")
    assert booking.history.latest().history_change_reason == "Anna is ill"


def test_moving_offers_free_times_and_only_those(desk, by_hand):
    booking = booked(by_hand)
    target = by_hand.at(33)
    said = {"_form_submitted": "true", "by": "salon", "reason": "", "starts_at": target.isoformat()}

    desk.post(step_url("reschedule", booking), {**said, "starts_at": by_hand.at(33.1).isoformat()})
    booking.refresh_from_db()
    assert booking.starts_at == by_hand.at(30)

    desk.post(step_url("reschedule", booking), said)
    booking.refresh_from_db()
    assert booking.starts_at == target


@pytest.mark.parametrize("step", STEPS)
def test_opening_a_step_changes_nothing(desk, by_hand, step):
    booking = booked(by_hand)

    desk.get(step_url(step, booking))

    booking.refresh_from_db()
    assert (booking.status, booking.version) == (Status.PENDING, 1)


@pytest.mark.parametrize("step", STEPS)
def test_a_neighbour_salon_and_a_stranger_reach_no_step(client, by_hand, step):
    booking = booked(by_hand)
    said = {"_form_submitted": "true", "by": "salon", "reason": "x", "starts_at": by_hand.at(33).isoformat()}

    for person in (MembershipFactory().user, by_hand.customer):
        client.force_login(person)
        answer = client.post(step_url(step, booking), said)
        assert answer.status_code in (302, 403, 404)

    booking.refresh_from_db()
    assert (booking.status, booking.version) == (Status.PENDING, 1)


def test_a_stylist_sees_only_own_bookings_and_marks_arrivals_on_them(client, by_hand):
    anna, basma = by_hand.staff
    anna.user = MembershipFactory(salon=by_hand.salon, role="stylist").user
    anna.save()
    own = BookingFactory(salon=by_hand.salon, staff=anna, starts_at=by_hand.at(1))
    other = BookingFactory(salon=by_hand.salon, staff=basma, starts_at=by_hand.at(1))
    client.force_login(anna.user)

    page = client.get(LIST).content.decode()
    assert own.display_reference in page
    assert other.display_reference not in page

    for booking in (own, other):
        client.post(step_url("arrive", booking), {"_form_submitted": "true"})
        client.post(step_url("cancel", booking), {"_form_submitted": "true", "by": "salon", "reason": "x"})
    own.refresh_from_db()
    other.refresh_from_db()
    assert (own.status, other.status) == (Status.ARRIVED, Status.CONFIRMED)
