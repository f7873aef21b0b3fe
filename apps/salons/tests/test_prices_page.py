"""The price list as a page: what it shows, what is saved where it stands, and what two people do at once."""

from decimal import Decimal

import pytest
from django.contrib.messages import get_messages
from django.urls import reverse

from apps.accounts.roles import PlatformRole, SalonRole
from apps.accounts.tests.factories import PlatformUserFactory
from apps.common.errors import Forbidden, Missing
from apps.common.testing.queries import assert_constant_queries
from apps.salons import services
from apps.salons.errors import TermsChanged
from apps.salons.models import Service
from apps.salons.tests.factories import (
    MembershipFactory,
    ServiceCategoryFactory,
    ServiceFactory,
    StaffServiceFactory,
)

pytestmark = pytest.mark.django_db

PAGE = reverse("admin:salons_service_prices_action")
SCRIPT = {"HX-Request": "true"}


@pytest.fixture
def haircut(salon):
    return ServiceFactory(salon=salon, name_en="Haircut", price_amount=Decimal("100.00"), duration_minutes=45)


def said(service, *, price="100.00", minutes="45", seen=("100.00", "45"), **more):
    fields = {"service": service.pk, "price": price, "minutes": minutes}
    return {**fields, "seen_price": seen[0], "seen_minutes": seen[1], **more}


def terms(service):
    service.refresh_from_db()
    return service.price_amount, service.duration_minutes


def seen(price="100.00", minutes=45):
    return {"price_amount": Decimal(price), "duration_minutes": minutes}


def test_services_stand_under_their_headings_in_the_order_of_the_price_list(client, manager, salon):
    late = ServiceCategoryFactory(salon=salon, name_en="Nails", position=2)
    early = ServiceCategoryFactory(salon=salon, name_en="Hair", position=1)
    ServiceFactory(salon=salon, category=late, name_en="Manicure")
    ServiceFactory(salon=salon, category=early, name_en="Dye", position=2)
    ServiceFactory(salon=salon, category=early, name_en="Cut", position=1, is_active=False)
    ServiceFactory(name_en="Of another salon")

    groups = client.get(PAGE).context["groups"]

    shown = [(category.name_en, [row["service"].name_en for row in rows]) for category, rows in groups]
    assert shown == [("Hair", ["Cut", "Dye"]), ("Nails", ["Manicure"])]


def test_a_price_is_saved_where_it_stands_with_actor_and_reason(client, manager, haircut):
    answer = client.post(PAGE, said(haircut, price="120", reason="Summer"), headers=SCRIPT)

    assert (answer.status_code, terms(haircut)) == (200, (Decimal("120.00"), 45))
    assert answer.context["is_saved"] is True
    version = haircut.history.first()
    assert (version.history_user, version.history_change_reason) == (manager, "Summer")
    assert (version.price_amount, version.prev_record.price_amount) == (Decimal("120.00"), Decimal("100.00"))


@pytest.mark.parametrize(
    "typed", ["١٢٠٫٥٠", "120,5", " 120.5 ", "120.50 SAR"], ids=["arabic", "comma", "blank", "unit"]
)
def test_a_price_is_understood_as_people_write_it(client, manager, haircut, typed):
    client.post(PAGE, said(haircut, price=typed), headers=SCRIPT)

    assert terms(haircut) == (Decimal("120.50"), 45)


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"price": "0"}, "A price is greater than zero."),
        ({"price": "400 - 300"}, "is not one price but a range"),
        ({"price": ""}, "Enter a value."),
        ({"price": "999999999999"}, "This price is too large."),
        ({"minutes": "4"}, "A service takes between 5 minutes and 24 hours."),
        ({"minutes": "1441"}, "A service takes between 5 minutes and 24 hours."),
        ({"minutes": "<b>"}, "is not a whole number of minutes."),
    ],
    ids=["zero", "range", "empty", "large", "short", "long", "letters"],
)
def test_what_is_wrong_is_said_in_the_row_and_nothing_is_stored(client, manager, haircut, fields, text):
    client.cookies["django_language"] = "en"

    answer = client.post(PAGE, said(haircut, **fields), headers=SCRIPT)

    [error] = answer.context["row"]["errors"]
    assert text in error
    assert answer.context["row"]["typed"]["price"] == fields.get("price", "100.00")
    assert (terms(haircut), haircut.history.count()) == ((Decimal("100.00"), 45), 1)


def test_a_stale_price_is_refused_and_told_and_overwrites_nothing(client, manager, haircut):
    services.change_terms(actor=manager, service_id=haircut.pk, seen=seen(), wanted=seen("150.00"))

    answer = client.post(PAGE, said(haircut, price="120"), headers=SCRIPT)

    row = answer.context["row"]
    assert (row["is_stale"], row["typed"]["price"], row["current"]["price"]) == (True, "120", "150.00")
    assert (terms(haircut), haircut.history.count()) == ((Decimal("150.00"), 45), 2)


def test_who_has_seen_the_newer_price_may_replace_it(client, manager, haircut):
    services.change_terms(actor=manager, service_id=haircut.pk, seen=seen(), wanted=seen("150.00"))

    client.post(PAGE, said(haircut, price="120", seen=("150.00", "45")), headers=SCRIPT)

    assert terms(haircut) == (Decimal("120.00"), 45)


def test_two_people_who_change_different_cells_of_a_row_are_both_served(manager, haircut):
    services.change_terms(actor=manager, service_id=haircut.pk, seen=seen(), wanted=seen("150.00"))
    services.change_terms(actor=manager, service_id=haircut.pk, seen=seen(), wanted=seen(minutes=60))

    assert terms(haircut) == (Decimal("150.00"), 60)


def test_a_double_click_is_one_version(client, manager, haircut):
    for _click in range(2):
        answer = client.post(PAGE, said(haircut, price="120"), headers=SCRIPT)
        assert answer.context["is_saved"] is True

    assert haircut.history.count() == 2


def test_the_use_case_refuses_who_may_not_and_what_is_not_there(salon, manager, haircut):
    desk = MembershipFactory(salon=salon, role=SalonRole.RECEPTIONIST).user
    step = {"seen": seen(), "wanted": seen("1.00")}

    with pytest.raises(Forbidden):
        services.change_terms(actor=desk, service_id=haircut.pk, **step)
    with pytest.raises(Missing):
        services.change_terms(actor=manager, service_id=haircut.pk + 1, **step)
    with pytest.raises(TermsChanged):
        services.change_terms(actor=manager, service_id=haircut.pk, seen=seen("99.00"), wanted=seen("1.00"))

    assert (terms(haircut), haircut.history.count()) == ((Decimal("100.00"), 45), 1)


@pytest.mark.parametrize("role", [SalonRole.RECEPTIONIST, PlatformRole.SUPPORT, PlatformRole.AUDITOR])
def test_who_may_not_change_services_reads_the_list_without_boxes(client, salon, haircut, role):
    here = role in SalonRole.values
    client.force_login(MembershipFactory(salon=salon, role=role).user if here else PlatformUserFactory(role=role))

    page = client.get(PAGE)
    refused = client.post(PAGE, said(haircut, price="1"))

    assert (page.status_code, refused.status_code) == (200, 403)
    assert 'name="price"' not in page.content.decode()
    assert terms(haircut) == (Decimal("100.00"), 45)


def test_a_service_of_another_salon_is_not_there(client, manager):
    theirs = ServiceFactory(price_amount=Decimal("100.00"), duration_minutes=45)

    for number in (theirs.pk, 0, "x", 2**70):
        answer = client.post(PAGE, said(theirs, price="1") | {"service": number}, headers=SCRIPT)
        assert answer.status_code == 404

    assert terms(theirs) == (Decimal("100.00"), 45)


def test_without_a_script_the_row_is_saved_and_the_page_says_so(client, manager, haircut):
    saved = client.post(PAGE, said(haircut, price="120"))
    refused = client.post(PAGE, said(haircut, price="130"))

    assert (saved.status_code, refused.status_code) == (302, 302)
    levels = [message.level_tag for message in get_messages(refused.wsgi_request)]
    assert (levels[-1], terms(haircut)) == ("error", (Decimal("120.00"), 45))


def test_a_search_finds_services_whatever_the_letter_forms(client, manager, salon):
    ServiceFactory(salon=salon, name_ar="أظافر", name_en="Nails")
    ServiceFactory(salon=salon, name_ar="شعر", name_en="Hair")

    page = client.get(PAGE, {"q": "اظافر", "p": "²"})

    assert [row["service"].name_en for _category, rows in page.context["groups"] for row in rows] == ["Nails"]


def test_the_page_costs_the_same_for_few_services_and_for_many(client, manager, salon):
    def add_rows(count=20):
        for _number in range(count):
            StaffServiceFactory(salon=salon)

    add_rows(2)

    assert_constant_queries(client, [PAGE], add_rows)


def test_looking_writes_nothing(client, manager, haircut):
    client.get(PAGE)
    client.post(PAGE)

    assert (Service.history.count(), terms(haircut)) == (1, (Decimal("100.00"), 45))
