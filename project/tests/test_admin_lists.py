"""Lists: a fixed price in queries, search as people type, and words for what they show."""

import pytest
from django.urls import reverse

from apps.accounts.models import User
from apps.accounts.tests.factories import OwnerFactory, UserFactory
from apps.bookings.models import Booking
from apps.bookings.tests.factories import BookingFactory
from apps.common.testing.queries import assert_constant_queries
from apps.salons.models import Customer, Salon, Service, ServiceCategory, Staff
from apps.salons.tests.factories import CustomerFactory, SalonFactory, ServiceFactory, StaffFactory
from project.tests.two_salons import every_row, member, shown_models

pytestmark = pytest.mark.django_db


def url(model, page, *args):
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


def found(client, model, term):
    return list(client.get(url(model, "changelist"), {"q": term}).context["cl"].result_list)


@pytest.fixture
def owner(client):
    person = OwnerFactory()
    client.force_login(person)
    return person


def worlds(count):
    for _number in range(count):
        every_row()


def test_a_list_costs_the_same_for_three_rows_and_for_thirty(client, owner):
    worlds(3)

    assert_constant_queries(client, [url(model, "changelist") for model in shown_models()], lambda: worlds(27))


@pytest.mark.parametrize(
    "term",
    [
        "0551234567",
        "+966551234567",
        "00966 55 123 4567",
        "٠٥٥١٢٣٤٥٦٧",
        "055-123-4567",
        "4567",
        "Huda",
        "hud",
        "Huda Ali",
    ],
)
def test_a_person_is_found_by_name_and_by_phone_in_any_spelling(client, owner, term):
    wanted = UserFactory(phone="+966551234567", name="Huda Ali")
    UserFactory(phone="+966551234999", name="Sara")
    card = CustomerFactory(user=wanted)
    CustomerFactory()
    staff = StaffFactory(user=wanted)

    assert found(client, User, term) == [wanted]
    assert found(client, Customer, term) == [card]
    assert found(client, Staff, term) == [staff]


@pytest.mark.parametrize("term", ["قَصّ", "قص شعر", "قص الشعر", "HAIRCUT", "cut", "SV-CUT"])
def test_a_service_is_found_whatever_its_letter_forms(client, owner, term):
    wanted = ServiceFactory(name_ar="قصّ الشَّعر شعر", name_en="Haircut", code="SV-CUT")
    ServiceFactory(name_ar="صبغة", name_en="Dye", code="SV-DYE")

    assert found(client, Service, term) == [wanted]


@pytest.mark.parametrize("term", ["K7Q3MX9TP", "k7q-3mx-9tp", "K7Q-3MX-9TP"])
def test_a_booking_is_found_by_its_reference_with_or_without_dashes(client, owner, term):
    wanted = BookingFactory(reference="K7Q3MX9TP")
    BookingFactory()

    assert found(client, Booking, term) == [wanted]


def test_nothing_is_found_by_a_term_that_stands_nowhere(client, owner):
    every_row()

    for model in (User, Customer, Service, Booking):
        assert found(client, model, "nowhere-to-be-found") == []
    assert len(found(client, Service, "   ")) == 1


def test_an_empty_list_says_what_will_stand_here(client):
    salon = SalonFactory()
    client.force_login(member(salon))

    page = client.get(url(ServiceCategory, "changelist")).content.decode()
    searched = client.get(url(ServiceCategory, "changelist"), {"q": "x"}).content.decode()

    assert "The headings of your price list will stand here." in page
    assert "Nothing matches this search." in searched


def test_the_salon_is_a_column_only_for_people_who_see_several(client, owner):
    salon = every_row()[Salon]
    every_row()

    several = client.get(url(Service, "changelist")).context["cl"].list_display
    client.force_login(member(salon))
    one = client.get(url(Service, "changelist")).context["cl"].list_display

    assert "salon" in several
    assert "salon" not in one


def test_every_card_of_the_first_page_opens_its_list(client, owner):
    cards = client.get(reverse("admin:index")).context["cards"]

    assert len(cards) > 3
    assert [
        (card.title, client.get(card.link).status_code) for card in cards if client.get(card.link).status_code != 200
    ] == []
