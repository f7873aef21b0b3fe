"""Rights and rows of people with unusual roles."""

from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth.models import Group

from apps.accounts.models import User
from apps.accounts.tests.factories import UserFactory
from apps.bookings.models import Booking
from apps.bookings.resources import BookingResource
from apps.bookings.tests.factories import BookingFactory
from apps.salons.tests.factories import MembershipFactory, SalonFactory

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("name", ["manager", "receptionist", "stylist", "anything"])
def test_a_group_called_like_a_role_of_a_salon_gives_nothing(name):
    person, booking = UserFactory(), BookingFactory()
    person.groups.add(Group.objects.create(name=name))

    assert not person.has_perm("bookings.view_booking", booking)
    assert person.get_all_permissions() == set()
    assert list(Booking.objects.visible_to(person)) == []


def test_each_salon_gives_the_rights_of_the_role_held_there_and_a_closed_one_none():
    managed, other = BookingFactory(), BookingFactory()
    person = MembershipFactory(salon=managed.salon, role="manager").user
    MembershipFactory(salon=other.salon, user=person, role="receptionist")

    exports = [person.has_perm("bookings.export_booking", booking) for booking in (managed, other)]
    assert exports == [True, False]
    assert not person.has_perm("bookings.view_booking", UserFactory())

    managed.salon.is_active = False
    managed.salon.save()
    person = User.objects.get(pk=person.pk)
    assert not person.has_perm("bookings.view_booking", managed)
    assert list(Booking.objects.visible_to(person)) == [other]


def test_a_spreadsheet_says_the_time_of_the_salon():
    booking = BookingFactory(salon=SalonFactory(timezone="Asia/Dubai"))

    local = booking.starts_at.astimezone(ZoneInfo("Asia/Dubai"))
    assert BookingResource(user=booking.booked_by).dehydrate_starts_at(booking) == f"{local:%Y-%m-%d} 16:00"
