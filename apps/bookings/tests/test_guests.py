"""People who share a phone: the visit stays with whoever books, and the guest's name stays with the visit."""

import pytest
from django.urls import reverse

from apps.accounts.services.profile import update_profile
from apps.bookings import consequences, services
from apps.bookings.errors import TooManyBookings
from apps.bookings.models import Booking
from apps.bookings.resources import BookingResource
from apps.bookings.selectors import own_bookings
from apps.bookings.tests.test_admin_desk import LIST, book, dialog, errors, seated, step, told, type_in
from apps.bookings.tests.test_api import BOOKINGS, client_of, codes, post_booking
from apps.notifications.rendering import message_values
from apps.payments.models import Payment
from apps.salons.models import Salon, TimeOff
from apps.salons.tests.factories import MembershipFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(client, house):
    return seated(client, house.manager)


def test_adm21_a_guest_is_booked_at_the_desk_under_the_phone_of_the_family(desk, house):
    """ADM21"""
    type_in(desk, house, 25, phone=house.customer.phone, guest_name="  Noura   bint Ali ")

    booking = Booking.objects.get()
    assert (booking.guest_name, booking.customer.user) == ("Noura bint Ali", house.customer)
    assert booking.history.get().guest_name == "Noura bint Ali"


def test_adm21_a_guest_is_booked_in_the_app_and_named_in_the_answer(house):
    """ADM21"""
    sara = client_of(house.customer)

    answer = post_booking(sara, house, guest_name="نورة")

    assert (answer.status_code, answer.json()["guest_name"]) == (201, "نورة")
    [listed] = sara.get(BOOKINGS).json()["results"]
    assert listed["guest_name"] == "نورة"
    assert post_booking(sara, house, hours=32).json()["guest_name"] == ""


@pytest.mark.parametrize(
    ("name", "code"), [("x" * 161, "max_length"), ("a\x00b", "null_characters_not_allowed"), (None, "null")]
)
def test_adm21_a_name_that_cannot_be_kept_is_refused(house, name, code):
    """ADM21"""
    answer = post_booking(client_of(house.customer), house, guest_name=name)

    assert (answer.status_code, codes(answer)) == (400, [code])
    assert Booking.objects.count() == 0


def test_adm21_a_name_too_long_for_the_desk_is_refused_at_its_field(desk, house):
    """ADM21"""
    answer = type_in(desk, house, 25, guest_name="x" * 161)

    assert list(errors(answer)) == ["guest_name"]
    assert Booking.objects.count() == 0


def test_adm21_past_names_never_change(house):
    """ADM21"""
    first = book(house, 25, guest_name="Noura")
    plain = book(house, 27)

    book(house, 29, guest_name="Noura Ali")
    update_profile(user=house.customer, actor=house.customer, name="Sara Ali")

    assert [Booking.objects.get(pk=booking.pk).visitor for booking in (first, plain)] == ["Noura", "Sara Ali"]
    assert list(first.history.values_list("guest_name", flat=True)) == ["Noura"]


def test_adm21_whoever_expects_the_visit_reads_the_guests_name(desk, house):
    """ADM21"""
    booking = book(house, 25, guest_name="Noura")

    listed = desk.get(LIST).content.decode()
    page = desk.get(reverse("admin:bookings_booking_change", args=[booking.pk])).content.decode()
    asked = desk.get(reverse("admin:bookings_booking_cancel_action", args=[booking.pk])).content.decode()

    assert "Noura" in listed
    assert "guest of Sara" in listed
    assert "Noura" in page
    assert "<bdi>Noura</bdi>" in asked
    assert message_values(booking, "en")["customer"] == "Noura"
    assert message_values(book(house, 27), "en")["customer"] == "Sara"


def test_adm21_a_visit_that_is_stranded_names_the_guest(house):
    """ADM21"""
    booking = book(house, 25, guest_name="Noura")
    TimeOff.objects.create(salon=house.salon, staff=house.staff[0], starts_at=house.at(24), ends_at=house.at(36))

    [visit] = consequences.describe(consequences.stranded(house.salon.pk), actor=house.manager, listed=1)

    assert (visit.customer, visit.phone) == ("Noura", booking.customer.user.phone)


def test_adm21_the_stylist_reads_whom_to_expect(client, house):
    """ADM21"""
    book(house, 25, guest_name="Noura")
    stylist = MembershipFactory(salon=house.salon, role="stylist").user
    house.staff[0].user = stylist
    house.staff[0].save()

    assert "Noura" in seated(client, stylist).get(LIST).content.decode()


def test_adm21_the_first_page_names_the_guest(desk, house):
    """ADM21"""
    book(house, 3, guest_name="Noura")

    assert "<bdi>Noura</bdi>" in desk.get(reverse("admin:index")).content.decode()


def test_adm21_the_desk_finds_a_visit_by_the_guests_name(client, house):
    """ADM21"""
    wanted, other = book(house, 25, guest_name="Noura"), book(house, 27)
    reception = seated(client, MembershipFactory(salon=house.salon, role="receptionist").user)

    page = reception.get(LIST, {"q": "noura"}).content.decode()

    assert wanted.display_reference in page
    assert other.display_reference not in page


def test_adm21_the_money_of_a_visit_is_found_under_the_guests_name(desk, house):
    """ADM21"""
    booking = book(house, 25, guest_name="Noura")
    Payment.objects.create(salon=house.salon, booking=booking, amount=booking.price_amount)

    page = desk.get(reverse("admin:payments_payment_changelist"), {"q": "noura"}).content.decode()

    assert booking.display_reference in page
    assert "Noura</bdi>" in page


def test_adm21_the_list_that_leaves_names_the_guest(house):
    """ADM21"""
    book(house, 25, guest_name="Noura")

    [row] = BookingResource(user=house.manager).export().dict

    assert (row["customer"], row["guest"]) == ("Sara", "Noura")


def test_adm21_limits_count_per_account_whoever_comes(house):
    """ADM21"""
    Salon.objects.filter(pk=house.salon.pk).update(max_active_bookings=1)
    book(house, 25, guest_name="Noura")

    with pytest.raises(TooManyBookings):
        book(house, 27, guest_name="Layan")
    assert Booking.objects.count() == 1


def test_adm21_the_copy_of_a_persons_data_names_their_guests(house):
    """ADM21"""
    book(house, 25, guest_name="Noura")

    assert [row["guest_name"] for row in own_bookings(house.customer)] == ["Noura"]


@pytest.mark.parametrize(
    ("before", "now", "warned"),
    [
        ("", "", "Sara"),
        ("Noura", "noura ", "Noura"),
        ("سارة", "ساره", "سارة"),
        ("", "Sara", "Sara"),
        ("", "Noura", None),
        ("Noura", "Layan", None),
        ("Noura", "", None),
    ],
)
def test_bk16_two_visits_at_once_warn_when_the_same_person_would_have_to_be_in_two_places(
    desk, house, before, now, warned
):
    """BK16"""
    other = book(house, 25, staff=1, guest_name=before)

    answer = type_in(desk, house, 25, phone=house.customer.phone, guest_name=now)

    assert Booking.objects.count() == 2
    assert [text for level, text in told(answer) if level == "warning"] == (
        [
            f"{warned} has another visit at this time: {other.service} with {house.staff[1]}, Mon 23 Nov · 10:00 "
            f"({other.display_reference})."
        ]
        if warned
        else []
    )


def test_bk16_a_move_beside_the_visit_of_a_guest_is_nothing_to_warn_of(desk, house):
    """BK16"""
    book(house, 27, staff=1, guest_name="Noura")
    booking = book(house, 25)

    answer = step(desk, "reschedule", booking, starts_at=house.at(27).isoformat(), by="customer", reason="")

    assert [level for level, _text in told(answer)] == ["success"]
    assert dialog(desk, booking).booking.visitor == "Sara"


def test_adm21_a_guests_visit_moves_and_ends_like_any_other_and_keeps_its_name(house):
    """ADM21"""
    booking = book(house, 25, guest_name="Noura")

    services.reschedule_booking(actor=house.manager, booking_id=booking.pk, starts_at=house.at(27))
    services.cancel_booking(actor=house.manager, booking_id=booking.pk, by="salon")

    assert list(booking.history.values_list("guest_name", flat=True)) == ["Noura"] * 3
