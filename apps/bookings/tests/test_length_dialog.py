"""The dialog that changes how long a visit takes, for whoever drags nothing."""

import pytest
from django.contrib.messages import get_messages
from django.urls import reverse

from apps.bookings import services
from apps.bookings.models import Booking
from apps.salons.models import Staff
from apps.salons.tests.factories import MembershipFactory


@pytest.fixture
def desk(client, house):
    return seated(client, MembershipFactory(salon=house.salon, role="receptionist").user)


@pytest.fixture
def office(client, house):
    """A browser of the manager, who may book outside the rules."""
    return seated(client, house.manager)


def seated(client, person):
    client.force_login(person)
    client.cookies["django_language"] = "en"
    return client


def book(house, hours=25):
    """45 minutes with Anna, by default tomorrow at 10:00."""
    at = {"service_id": house.service.pk, "staff_id": house.staff[0].pk, "starts_at": house.at(hours)}
    return services.book_appointment(actor=house.customer, person=house.customer, **at)


def address(booking, version=None):
    page = reverse("admin:bookings_booking_length_action", args=[booking.pk])
    return f"{page}?version={version}" if version else page


def lengthen(client, booking, minutes, *, version=None, **said):
    data = {"_form_submitted": "true", "minutes": minutes, "reason": "Long hair", **said}
    return client.post(address(booking, version), data)


def told(answer):
    return [(message.level_tag, str(message)) for message in get_messages(answer.wsgi_request)]


def is_unchanged(booking):
    fresh = Booking.objects.get(pk=booking.pk)
    return (fresh.duration_minutes, fresh.version, fresh.override_reason, fresh.history.count()) == (45, 1, "", 1)


def test_a_visit_takes_longer_from_its_start_on_for_its_price_and_history_says_why(desk, house):
    booking = book(house)

    asked = desk.get(address(booking, 1)).context["form"]
    answer = lengthen(desk, booking, 75, version=1)

    assert asked["minutes"].value() == 45
    assert (answer.headers["HX-Redirect"], told(answer)) == ("/admin/", [("success", "The length was changed.")])
    fresh = Booking.objects.get()
    assert (fresh.starts_at, fresh.duration_minutes, fresh.version) == (house.at(25), 75, 2)
    assert fresh.price_amount == booking.price_amount
    latest = fresh.history.latest()
    assert (latest.history_user.memberships.get().role, latest.history_change_reason) == ("receptionist", "Long hair")


def test_a_length_that_does_not_fit_comes_back_in_its_dialog_with_every_reason(desk, house):
    booking, other = book(house), book(house, 26)

    answer = lengthen(desk, booking, 90)

    form = answer.context["form"]
    assert "HX-Redirect" not in answer.headers
    assert form.errors == {"minutes": [f"Booking {other.display_reference} from 11:00 to 11:45."]}
    assert (form["minutes"].value(), form["reason"].value()) == ("90", "Long hair")
    assert is_unchanged(booking)


def test_a_visit_that_begins_within_the_notice_is_refused_for_what_is_in_its_way_only(client, house, clock):
    booking, other = book(house, 3), book(house, 4)
    clock.move_to(house.at(2.9))

    answer = lengthen(seated(client, house.manager), booking, 90)

    assert answer.context["form"].errors == {"minutes": [f"Booking {other.display_reference} from 13:00 to 13:45."]}
    assert is_unchanged(booking)


def test_with_a_reason_a_visit_runs_on_after_closing_time_and_never_into_another(office, house):
    late = book(house, 35.25)
    booking, other = book(house), book(house, 26)

    refused = lengthen(office, late, 60)
    assert list(refused.context["form"].errors) == ["minutes"]
    assert is_unchanged(late)
    onto = lengthen(office, booking, 90, outside="on")
    text = f"Booking {other.display_reference} takes this time from 11:00 to 11:45."
    assert onto.context["form"].errors == {"outside": [text]}
    assert is_unchanged(booking)

    lengthen(office, late, 60, outside="on")
    late.refresh_from_db()
    assert (late.duration_minutes, late.override_reason) == (60, "Long hair")


def test_who_may_not_override_has_no_mark_for_it_and_what_they_post_counts_for_nothing(desk, house):
    booking = book(house, 35.25)

    answer = lengthen(desk, booking, 60, outside="on")

    assert "outside" not in answer.context["form"].fields
    assert "Outside the rules" not in answer.content.decode()
    assert list(answer.context["form"].errors) == ["minutes"]
    assert is_unchanged(booking)


def test_who_saw_an_older_page_is_told_who_was_faster(desk, house):
    booking = book(house)
    services.reschedule_booking(actor=house.manager, booking_id=booking.pk, starts_at=house.at(28))

    answer = lengthen(desk, booking, 75, version=1)

    [(level, text)] = told(answer)
    assert (level, text.startswith(f"{house.manager.name} changed this booking")) == ("error", True)
    booking.refresh_from_db()
    assert (booking.duration_minutes, booking.version) == (45, 2)


@pytest.mark.parametrize(
    ("said", "wrong"),
    [
        ({"minutes": ""}, "minutes"),
        ({"minutes": "long"}, "minutes"),
        ({"minutes": "4"}, "minutes"),
        ({"minutes": "1441"}, "minutes"),
        ({"minutes": "-60"}, "minutes"),
        ({"minutes": "60.5"}, "minutes"),
        ({"minutes": "9" * 40}, "minutes"),
        ({"minutes": "45"}, "minutes"),
        ({"reason": ""}, "reason"),
        ({"reason": " "}, "reason"),
        ({"reason": "x" * 501}, "reason"),
    ],
)
def test_a_length_that_is_none_is_an_error_of_the_dialog(office, house, said, wrong):
    booking = book(house)

    answer = lengthen(office, booking, **{"minutes": "60", **said})

    assert list(answer.context["form"].errors) == [wrong]
    assert is_unchanged(booking)


def test_the_page_and_the_panel_offer_it_until_the_visit_is_over(client, house, clock):
    booking = book(house, 3)
    panel = f"{reverse('admin:bookings_booking_calendar_panel')}?booking={booking.pk}"
    pages = [reverse("admin:bookings_booking_change", args=[booking.pk]), panel]
    clock.move_to(house.at(3))
    services.mark_arrived(actor=house.manager, booking_id=booking.pk)
    desk = seated(client, MembershipFactory(salon=house.salon, role="receptionist").user)

    assert all(address(booking, 2) in desk.get(page).content.decode() for page in pages)
    lengthen(desk, booking, 60, version=2)
    services.complete_booking(actor=house.manager, booking_id=booking.pk)

    assert not any(address(booking) in desk.get(page).content.decode() for page in pages)
    assert [level for level, _text in told(lengthen(desk, booking, 90))] == ["error"]
    booking.refresh_from_db()
    assert booking.duration_minutes == 60


def test_a_stylist_changes_no_length_and_is_not_offered_it(client, house):
    booking = book(house)
    stylist = MembershipFactory(salon=house.salon, role="stylist").user
    Staff.objects.filter(pk=house.staff[0].pk).update(user=stylist)
    seated(client, stylist)

    page = client.get(reverse("admin:bookings_booking_change", args=[booking.pk])).content.decode()

    assert address(booking) not in page
    assert lengthen(client, booking, 60).status_code == 403
    assert is_unchanged(booking)
