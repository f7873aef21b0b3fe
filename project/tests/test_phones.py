"""Phones are whole for whom the policy table lets contact customers, and masked for everybody else on every page."""

from datetime import timedelta

import pytest
from django.contrib import admin
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import User
from apps.accounts.roles import PlatformRole, SalonRole
from apps.accounts.tests.factories import OwnerFactory, PlatformUserFactory, UserFactory
from apps.bookings.models import Booking
from apps.bookings.resources import BookingResource
from apps.bookings.tests.conftest import open_salon
from apps.bookings.tests.factories import BookingFactory
from apps.common.history import save_as
from apps.notifications.models import Notification
from apps.salons.models import Customer, Salon, Staff
from apps.salons.tests.factories import CustomerFactory, MembershipFactory, TimeOffFactory
from project.tests.test_admin_walls import doors, text_of, url
from project.tests.two_salons import TwoSalons, every_row, member, shown_models

pytestmark = pytest.mark.django_db

PHONE = "+966558123947"
SHOWN = "9665••••••47"
LIMITED = [SalonRole.STYLIST, PlatformRole.SUPPORT]
WHOLE = [SalonRole.MANAGER, SalonRole.RECEPTIONIST, PlatformRole.AUDITOR, "owner"]


@pytest.fixture
def world():
    """A row of everything, about a customer who has a phone and no name yet."""
    rows = every_row()
    person = rows[User]
    person.phone, person.name = PHONE, ""
    person.save()
    message = rows[Notification]
    message.recipient = PHONE
    save_as(message, actor=person)
    for row in (person, rows[Customer]):
        kind = ContentType.objects.get_for_model(type(row))
        LogEntry.objects.create(
            user=person, content_type=kind, object_id=str(row.pk), object_repr=str(row), action_flag=CHANGE
        )
    return TwoSalons(ours=rows, theirs=rows)


def somebody_with(role, rows):
    if role == "owner":
        return OwnerFactory()
    if role in PlatformRole.values:
        return PlatformUserFactory(role=role)
    person = UserFactory()
    MembershipFactory(salon=rows[Salon], user=person, role=role)
    if role == SalonRole.STYLIST:
        staff = rows[Staff]
        staff.user = person
        save_as(staff, actor=None)
    return person


def pages(world):
    yield reverse("admin:index")
    yield f"{reverse('admin:search')}?s={PHONE}"
    for model in shown_models():
        yield from doors(world, model)


def showing(client, addresses):
    return [address for address in addresses if PHONE[4:] in text_of(client.get(address)).replace(f"q={PHONE}", "")]


@pytest.mark.parametrize("role", LIMITED)
def test_adm03_no_page_shows_a_stylist_or_support_a_whole_phone(client, world, role):
    """ADM03"""
    client.force_login(somebody_with(role, world.ours))

    assert showing(client, pages(world)) == []


@pytest.mark.parametrize("role", LIMITED)
def test_they_see_the_last_two_digits_where_the_whole_would_stand(client, world, role):
    client.force_login(somebody_with(role, world.ours))

    said = text_of(client.get(url(Booking, "change", world.ours[Booking].pk)))

    assert SHOWN in said


@pytest.mark.parametrize("role", WHOLE)
def test_who_may_contact_customers_sees_phones_whole(client, world, role):
    client.force_login(somebody_with(role, world.ours))
    addresses = [
        url(Booking, "changelist"),
        url(Booking, "change", world.ours[Booking].pk),
        url(Customer, "changelist"),
    ]

    assert showing(client, addresses) == addresses


def test_the_crawl_can_fail_because_the_owner_sees_the_phone_on_many_pages(client, world):
    client.force_login(OwnerFactory())

    assert len({address.split("?")[0] for address in showing(client, pages(world))}) >= 10


def test_adm03_a_salon_may_let_its_stylists_see_phones(client, world):
    """ADM03"""
    salon = world.ours[Salon]
    assert salon.stylists_see_phones is False
    salon.stylists_see_phones = True
    save_as(salon, actor=None)
    stylist = somebody_with(SalonRole.STYLIST, world.ours)
    client.force_login(stylist)
    elsewhere = BookingFactory(customer__user__phone="+966558123948")
    MembershipFactory(salon=elsewhere.salon, user=stylist, role=SalonRole.STYLIST)
    elsewhere.staff.user = stylist
    save_as(elsewhere.staff, actor=None)

    said = text_of(client.get(url(Booking, "changelist")))

    assert PHONE in said
    assert "+966558123948" not in said


def test_a_history_page_masks_the_recipient_of_a_message(client, world):
    message = world.ours[Notification]
    for role, whole in ((PlatformRole.SUPPORT, False), (PlatformRole.AUDITOR, True)):
        client.force_login(PlatformUserFactory(role=role))
        record = message.history.latest()

        said = text_of(client.get(url(Notification, "simple_history", message.pk, record.pk)))

        assert (PHONE in said) is whole


# --- Search: what is masked is not read piece by piece either ---


def found(client, model, term):
    return client.get(url(model, "changelist"), {"q": term}).context["cl"].result_count


@pytest.mark.parametrize("model", [Booking, Customer, Notification])
@pytest.mark.parametrize(("role", "by_piece"), [(PlatformRole.SUPPORT, 0), (PlatformRole.AUDITOR, 1)])
def test_only_who_sees_a_phone_finds_it_by_its_end(client, world, model, role, by_piece):
    client.force_login(PlatformUserFactory(role=role))

    assert found(client, model, "123947") == by_piece
    assert found(client, model, "3947") == by_piece
    for whole in (PHONE, "0558123947", "٠٥٥٨١٢٣٩٤٧", "558123947"):
        assert found(client, model, whole) == 1


def test_who_is_receptionist_here_and_stylist_there_searches_by_pieces_here_only(client):
    person = UserFactory()
    here, there = (BookingFactory(customer__user__phone=phone) for phone in ("+966558120001", "+966558130001"))
    MembershipFactory(salon=here.salon, user=person, role=SalonRole.RECEPTIONIST)
    MembershipFactory(salon=there.salon, user=person, role=SalonRole.STYLIST)
    there.staff.user = person
    save_as(there.staff, actor=None)
    client.force_login(person)

    rows = client.get(url(Booking, "changelist"), {"q": "0001"}).context["cl"].result_list

    assert [booking.pk for booking in rows] == [here.pk]
    assert found(client, Booking, "+966558130001") == 1


def test_an_autocomplete_gives_support_no_phone_by_pieces(client, world):
    model_admin = admin.site.get_model_admin(Customer)
    request = type("Request", (), {"user": PlatformUserFactory(role=PlatformRole.SUPPORT)})()

    rows, _more = model_admin.get_search_results(request, Customer.objects.all(), "3947")

    assert list(rows) == []


# --- Files ---


def test_a_file_holds_what_its_reader_sees(world):
    booking = world.ours[Booking]
    manager, stylist = member(booking.salon), somebody_with(SalonRole.STYLIST, world.ours)

    [whole], [masked] = (BookingResource(user=reader).export().get_col(3) for reader in (manager, stylist))

    assert (whole, masked) == (PHONE, f"+{SHOWN}")


# --- Why somebody is away ---


@pytest.mark.parametrize(
    ("role", "is_told"),
    [(SalonRole.MANAGER, True), (SalonRole.RECEPTIONIST, True), (PlatformRole.SUPPORT, False)],
)
def test_why_not_says_why_somebody_is_away_only_to_who_may_view_time_off(client, role, is_told):
    house = open_salon()
    start = timezone.localtime().replace(hour=12, minute=0, second=0, microsecond=0) + timedelta(days=1)
    away = {"starts_at": start - timedelta(hours=1), "ends_at": start + timedelta(hours=2)}
    TimeOffFactory(salon=house.salon, staff=house.staff[0], reason="surgery", **away)
    client.force_login(somebody_with(role, {Salon: house.salon}))
    asked = {
        "salon": house.salon.pk,
        "service": house.service.pk,
        "staff": house.staff[0].pk,
        "starts_at_0": start.date().isoformat(),
        "starts_at_1": "12:00",
    }

    page = client.get(reverse("admin:bookings_booking_why_not_action"), asked, headers={"accept-language": "en"})

    said = page.content.decode()
    assert len(page.context["answers"]) == 1
    assert len(page.context["answers"][0][1]) == 1
    assert ("surgery" in said) is is_told


def test_a_person_without_a_name_is_called_by_the_masked_phone():
    person = UserFactory(phone=PHONE, name="")

    assert (str(person), person.get_short_name()) == (f"+{SHOWN}", f"+{SHOWN}")
    assert str(CustomerFactory(user=person)) == f"+{SHOWN}"
