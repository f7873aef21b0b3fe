"""The one search box: what people type finds what they mean, and nobody finds what they may not see."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.urls import reverse
from django.utils import translation

from apps.accounts.tests.factories import OwnerFactory, PlatformUserFactory, UserFactory
from apps.bookings.tests.factories import BookingFactory
from apps.common.testing.queries import queries_of
from apps.salons.tests.factories import (
    CustomerFactory,
    MembershipFactory,
    SalonFactory,
    ServiceFactory,
    StaffFactory,
)
from project.admin_site.search import find

pytestmark = pytest.mark.django_db

NOW = datetime(2027, 3, 10, 9, tzinfo=UTC)
PHONE = "+966551234567"
ADDRESS = "/admin/search/"


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def salon():
    return SalonFactory()


@pytest.fixture
def card(salon):
    return CustomerFactory(salon=salon, user=UserFactory(phone=PHONE, name="سارة الأحمدي"))


@pytest.fixture
def visit(salon, card):
    return BookingFactory(salon=salon, customer=card, reference="K7Q3MX9TP", starts_at=NOW + timedelta(days=1))


def member(salon, role="receptionist"):
    return MembershipFactory(salon=salon, role=role).user


def links(user, term):
    return [hit.link for group in find(user, term) for hit in group.hits]


def link(row):
    meta = row._meta
    return reverse(f"admin:{meta.app_label}_{meta.model_name}_change", args=[row.pk])


@pytest.mark.parametrize(
    "term",
    ["K7Q-3MX-9TP", "K7Q3MX9TP", "k7q3mx9tp", " k7q 3mx 9tp ", "K7Q-3", "k7q3", "K7Q\u20113MX\u20119TP\u200f"],
    ids=["as shown", "without dashes", "lower case", "spaces", "beginning", "four letters", "pasted"],
)
def test_a_visit_is_found_by_its_reference(salon, visit, term):
    BookingFactory(salon=salon, reference="K7R3MX9TP")

    assert links(member(salon), term) == [link(visit)]


def test_a_past_visit_is_found_by_its_reference_too(salon):
    past = BookingFactory(salon=salon, reference="ABCDEFGHJ", status="completed", starts_at=NOW - timedelta(days=700))

    assert links(member(salon), "abc-def-ghj") == [link(past)]


@pytest.mark.parametrize(
    "term",
    [
        "0551234567",
        "+966551234567",
        "00966551234567",
        "966551234567",
        "551234567",
        "055 123 4567",
        "+966 (55) 123-4567",
        "٠٥٥١٢٣٤٥٦٧",
        "۰۵۵۱۲۳۴۵۶۷",
        "\u202a+966 55 123 4567\u202c",
        "05512",
        "+96655123",
        "0096655123",
        "55123",
    ],
    ids=[
        "national",
        "international",
        "with 00",
        "without plus",
        "without zero",
        "spaces",
        "brackets",
        "arabic digits",
        "persian digits",
        "pasted",
        "beginning",
        "beginning with plus",
        "beginning with 00",
        "beginning without zero",
    ],
)
def test_a_phone_in_any_spelling_finds_the_customer_and_their_next_visit(salon, visit, term):
    CustomerFactory(salon=salon, user=UserFactory(phone="+966559999999"))

    assert links(member(salon), term) == [link(visit), link(visit.customer)]


@pytest.mark.parametrize("term", ["ساره الاحمدي", "سارة", "سَارَة", "الأحمدى", "أحمد", "ســارة", "الاحمدي ساره"])
def test_a_customer_is_found_whatever_the_forms_of_the_letters(salon, visit, term):
    CustomerFactory(salon=salon, user=UserFactory(name="Hanan"))

    assert links(member(salon), term) == [link(visit), link(visit.customer)]


def test_a_name_in_latin_letters_is_found_in_any_case(salon):
    card = CustomerFactory(salon=salon, user=UserFactory(name="Hanan AL-Otaibi"))

    assert links(member(salon), "al-OTAIBI") == [link(card)]


def test_a_guest_is_found_by_name(salon, visit):
    visit.guest_name = "هدى"
    visit.save()

    assert links(member(salon), "هدي") == [link(visit)]


def test_staff_and_services_are_found_by_either_name(salon):
    staff = StaffFactory(salon=salon, name_ar="أمل الزهراني", name_en="Amal")
    service = ServiceFactory(salon=salon, name_ar="صبغة شعر", name_en="Hair colour")

    assert links(member(salon), "امل") == [link(staff)]
    assert links(member(salon), "amal") == [link(staff)]
    assert links(member(salon), "شعر صبغه") == [link(service)]
    assert links(member(salon), "COLOUR") == [link(service)]


def test_hits_are_grouped_and_say_state_and_time(salon, visit):
    with translation.override("ar"):
        (visits, customers) = find(member(salon), PHONE)

    assert (visits.title, customers.title) == ("الزيارات", "العملاء")
    (hit,) = visits.hits
    assert (hit.title, hit.code, hit.state) == ("سارة الأحمدي", "K7Q-3MX-9TP", "confirmed")
    assert "11 مارس 2027" in hit.detail
    assert customers.hits[0].code == PHONE


def test_each_kind_shows_at_most_five(salon):
    for number in range(7):
        card = CustomerFactory(salon=salon, user=UserFactory(phone=f"+96655123000{number}", name="Noura"))
        BookingFactory(salon=salon, customer=card)
        StaffFactory(salon=salon, name_en=f"Noura {number}")
        ServiceFactory(salon=salon, name_en=f"Noura {number}")

    assert [len(group.hits) for group in find(member(salon), "noura")] == [5, 5, 5, 5]
    assert [len(group.hits) for group in find(member(salon), "05512300")] == [5, 5]


@pytest.mark.parametrize("term", ["K7Q3MX9TP", PHONE, "05512", "سارة", "Amal", "Colour"])
@pytest.mark.parametrize("role", ["manager", "receptionist", "stylist"])
def test_nothing_of_another_salon_is_found(salon, visit, role, term):
    StaffFactory(salon=salon, name_en="Amal")
    ServiceFactory(salon=salon, name_en="Colour")
    elsewhere = member(SalonFactory(), role)

    assert find(elsewhere, term) == []
    assert links(OwnerFactory(), term) != []


def test_a_stylist_finds_own_visits_by_name_and_nothing_by_phone(salon, visit):
    stylist = member(salon, "stylist")
    visit.staff.user = stylist
    visit.staff.save()
    BookingFactory(salon=salon, customer=visit.customer)

    assert links(stylist, "سارة") == [link(visit)]
    assert links(stylist, "k7q3mx9tp") == [link(visit)]
    assert [links(stylist, term) for term in (PHONE, "0551234567", "05512")] == [[], [], []]


def test_who_sees_masked_phones_finds_them_by_the_whole_number_only(salon, visit):
    support = PlatformUserFactory(role="support")

    (_visits, customers) = find(support, "0551234567")
    assert customers.hits[0].code == "+9665••••••67"
    assert [find(support, term) for term in ("05512", "055123456", "+96655123456")] == [[], [], []]


def test_an_erased_person_is_not_found(salon, card):
    card.user.erased_at, card.user.name, card.user.phone = NOW, "", "+012345678901234"
    card.user.save()

    assert [find(member(salon), term) for term in (PHONE, "سارة", "+0123456", "0123456789")] == [[], [], [], []]


HOSTILE = {
    "percent": "%",
    "underscores": "__",
    "backslash": "\\",
    "quote": "'; --",
    "one letter": "س",
    "long": "x" * 10_000,
    "arabic percent": "٪" * 100,
    "plus": "+",
    "pluses": "++++++",
    "zeros": "00000000",
    "faces": "😀😀",
    "marks without letters": "\u064e\u064e",
    "directions": "\u202e\u202e",
}


@pytest.mark.parametrize("term", HOSTILE.values(), ids=HOSTILE)
def test_hostile_terms_find_nothing_and_break_nothing(client, salon, visit, term):
    person = member(salon, "manager")
    client.force_login(person)

    assert find(person, term) == []
    assert client.get(ADDRESS, {"s": term}).status_code == 200


def test_a_nul_is_refused(client, salon):
    client.force_login(member(salon))

    assert client.get(ADDRESS, {"s": "a\x00"}).status_code == 400


def test_wildcards_are_letters_like_any_other(salon):
    card = CustomerFactory(salon=salon, user=UserFactory(name="a%b_c"))
    CustomerFactory(salon=salon, user=UserFactory(name="axbyc"))

    assert links(member(salon), "a%b") == [link(card)]
    assert links(member(salon), "b_c") == [link(card)]


def test_the_answer_is_not_kept_and_does_not_repeat_what_was_typed(client, salon, card):
    client.force_login(member(salon))
    found = client.get(ADDRESS, {"s": PHONE})
    nothing = client.get(ADDRESS, {"s": "<b>nobody</b>"})

    assert "no-store" in found.headers["Cache-Control"]
    assert link(card) in found.content.decode()
    assert "nobody" not in nothing.content.decode()


def test_what_was_found_once_is_gone_with_the_role(client, salon, card):
    person = member(salon)
    client.force_login(person)
    assert link(card) in client.get(ADDRESS, {"s": PHONE}).content.decode()

    person.memberships.update(salon=SalonFactory())

    assert link(card) not in client.get(ADDRESS, {"s": PHONE}).content.decode()


def test_nobody_searches_without_signing_in(client, card):
    assert client.get(ADDRESS, {"s": PHONE}).status_code == 302


def test_pages_are_found_by_name(client, salon):
    client.force_login(member(salon))
    client.cookies["django_language"] = "en"

    page = client.get(ADDRESS, {"s": "book"}).content.decode()

    assert reverse("admin:bookings_booking_changelist") in page


def test_a_search_costs_the_same_few_queries_whatever_it_finds(client, salon, visit):
    client.force_login(OwnerFactory())
    few = queries_of(client, f"{ADDRESS}?s=noura")
    for number in range(6):
        place = SalonFactory()
        card = CustomerFactory(salon=place, user=UserFactory(name="Noura"))
        BookingFactory(salon=place, customer=card)
        StaffFactory(salon=place, name_en=f"Noura {number}")

    many = queries_of(client, f"{ADDRESS}?s=noura")

    assert len(many) == len(few), "\n".join(many)
    assert len(many) <= 10
