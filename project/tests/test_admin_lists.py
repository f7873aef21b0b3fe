"""Lists: a fixed price in queries, search as people type, and words for what they show."""

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group
from django.urls import reverse

from apps.accounts.models import User
from apps.accounts.tests.factories import OwnerFactory, UserFactory
from apps.bookings.models import Booking
from apps.bookings.tests.factories import BookingFactory
from apps.common.admin.base import BaseModelAdmin
from apps.common.models import Named
from apps.common.scope import salon_model
from apps.common.testing.queries import assert_constant_queries
from apps.salons.models import Customer, Salon, Service, ServiceCategory, Staff
from apps.salons.tests.factories import CustomerFactory, SalonFactory, ServiceFactory, StaffFactory
from project.tests.two_salons import every_row, member, shown_models

pytestmark = pytest.mark.django_db
# There is a salon and a person before anybody sees a list; the groups are the roles.
NEVER_EMPTY = {Salon, User, Group}


def url(model, page, *args):
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


def page_of(model):
    return admin.site.get_model_admin(model)


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


def test_every_list_that_can_be_empty_says_what_will_stand_there():
    silent = {model for model in shown_models() if page_of(model).empty_text is BaseModelAdmin.empty_text}

    assert silent == NEVER_EMPTY


def test_every_list_of_things_with_a_name_is_searched_by_name():
    named = [model for model in shown_models() if issubclass(model, Named)]

    assert [model for model in named if "search_text" not in page_of(model).search_fields] == []


def test_every_list_and_every_choice_of_its_rows_has_an_order():
    assert [model for model in shown_models() if not (page_of(model).ordering or model._meta.ordering)] == []


def test_every_list_of_rows_of_salons_names_the_salon():
    owned = [model for model in shown_models() if salon_model(model)]

    assert [model for model in owned if "salon" not in page_of(model).list_display] == []


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


@pytest.fixture
def three_are_many(monkeypatch):
    monkeypatch.setattr("apps.common.admin.paginator.MOST_COUNTED", 3)
    monkeypatch.setattr("apps.bookings.admin.booking.BookingAdmin.list_per_page", 2)
    BookingFactory.create_batch(5)


def test_a_list_counts_and_pages_no_further_than_its_most_and_says_how_to_see_the_rest(client, owner, three_are_many):
    page = client.get(url(Booking, "changelist"))

    assert page.context["cl"].paginator.count == 3
    assert "3+" in page.content.decode()
    assert "Narrow the list by a filter or by search to see more." in page.content.decode()
    assert page.context["cl"].paginator.num_pages == 2


def test_a_page_beyond_those_that_are_counted_is_the_last_of_them(client, owner, three_are_many):
    deep = client.get(url(Booking, "changelist"), {"p": 4000})

    assert deep.context["cl"].page_num == 2
    assert len(deep.context["cl"].result_list) == 1


def test_a_short_list_is_counted_to_its_end(client, owner):
    BookingFactory.create_batch(2)

    page = client.get(url(Booking, "changelist"))

    assert str(page.context["cl"].result_count) == "2"
    assert "Narrow the list" not in page.content.decode()


def test_a_dropdown_offers_what_occurs_in_the_list_and_of_the_chosen_salon_alone(client, owner):
    first, elsewhere = BookingFactory(), BookingFactory()
    second = BookingFactory(salon=first.salon)
    StaffFactory(salon=first.salon)

    everywhere = client.get(url(Booking, "changelist")).context["cl"]
    narrowed = client.get(url(Booking, "changelist"), {"salon__id__exact": first.salon_id}).context["cl"]

    assert offered(everywhere, "staff") == {first.staff_id, second.staff_id, elsewhere.staff_id}
    assert offered(narrowed, "staff") == {first.staff_id, second.staff_id}


def offered(changelist, field):
    [spec] = [spec for spec in changelist.filter_specs if getattr(spec, "field_path", "") == field]
    return {key for key, _name in spec.lookup_choices}


def test_a_guest_a_service_and_a_customer_lead_to_the_booking(client, owner):
    wanted = BookingFactory(guest_name="Maha", service__name_en="Haircut", customer__user__name="Huda")
    BookingFactory()

    assert [found(client, Booking, term) for term in ("mah", "haircut", "huda")] == [[wanted]] * 3


def test_how_many_rows_a_list_has_is_said_as_each_language_says_it(client, owner):
    ServiceFactory()
    ServiceFactory()
    english = client.get(url(Service, "changelist")).content.decode()
    client.cookies["django_language"] = "ar"
    arabic = client.get(url(Service, "changelist")).content.decode()

    assert "2 services" in english
    assert "الخدمات: 2" in arabic
