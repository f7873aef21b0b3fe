"""Every change on one page: whose it is, what it shows of gone rows and other salons, and what it costs."""

from datetime import timedelta

import pytest
import time_machine

from apps.accounts.roles import PlatformRole
from apps.accounts.services import erase_person, request_erasure
from apps.accounts.tests.factories import OwnerFactory, PlatformUserFactory, UserFactory
from apps.common.doors import Door, through
from apps.common.history import save_as
from apps.common.testing.queries import MOST_QUERIES_OF_A_LIST, queries_of
from apps.salons.models import Customer, Service, ServiceCategory
from apps.salons.tests.factories import CustomerFactory, MembershipFactory, SalonFactory, ServiceCategoryFactory
from project.admin_site.changes import PAGE
from project.tests.two_salons import MARK, every_row, member, shown_models, two_salons

pytestmark = pytest.mark.django_db
ADDRESS = "/admin/changes/"


@pytest.fixture
def auditor(client):
    person = PlatformUserFactory(name="Auditor", role=PlatformRole.AUDITOR)
    client.force_login(person)
    return person


def entries(client, **asked):
    page = client.get(ADDRESS, asked)
    assert page.status_code == 200
    return [entry["record"] for entry in page.context["entries"]]


def everything(client, **asked):
    """The numbers of all pages, one after the other."""
    found, following, pages = [], "?", 0
    while following:
        page = client.get(ADDRESS + following, asked if following == "?" else {})
        found += [
            (entry["record"].history_date, entry["record"]._meta.label_lower, entry["record"].pk)
            for entry in page.context["entries"]
        ]
        following, pages = page.context["next"], pages + 1
    return found, pages


def test_the_newest_change_of_any_kind_stands_first(client, auditor):
    category = ServiceCategoryFactory(name_en="Hair")
    category.name_en = "Nails"
    with through(Door.ADMIN):
        save_as(category, actor=auditor, reason="Season")

    [newest, *_others] = entries(client)

    assert (newest.display["title"], newest.display["row"], str(newest.display["door"])) == (
        "Changed",
        "Nails",
        "back office",
    )
    assert [(change["old"], change["new"]) for change in newest.display["changes"]] == [
        ("<bdi>Hair</bdi>", "<bdi>Nails</bdi>")
    ]


def test_the_pages_hold_every_change_once_in_order(client, auditor):
    with time_machine.travel("2026-03-04T09:00:00Z", tick=False) as clock:
        for _salon in range(3):
            every_row()
            clock.shift(timedelta(minutes=1))
        found, pages = everything(client)

    kept = [model for model in shown_models() if hasattr(model, "history")]
    assert len(found) == sum(model.history.count() for model in kept)
    assert found == sorted(found, reverse=True)
    assert len(found) == len(set(found))
    assert pages > 3
    assert {label for _at, label, _number in found} >= {"bookings.historicalbooking", "salons.historicalservice"}


def test_equal_moments_lose_nothing_between_pages(client, auditor):
    with time_machine.travel("2026-03-04T09:00:00Z", tick=False):
        salon = SalonFactory()
        ServiceCategoryFactory.create_batch(2 * PAGE + 3, salon=salon)
        found, pages = everything(client, model="salons.servicecategory")

    assert len(set(found)) == len(found) == ServiceCategory.history.count() == 2 * PAGE + 3
    assert pages == 3


def test_a_gone_row_is_read_by_an_auditor_and_by_its_manager(client, auditor):
    category = ServiceCategoryFactory(name_en="Hair")
    salon, key = category.salon, category.pk
    category.delete()

    for reader in (auditor, member(salon)):
        client.force_login(reader)
        [gone, made] = entries(client, model="salons.servicecategory", row=key)
        assert [gone.display["title"], made.display["title"]] == ["Deleted", "Created"]
        assert gone.display["row"] == "Hair"


def test_a_manager_reads_their_own_salon_and_not_a_byte_of_another(client):
    world = two_salons()
    client.force_login(member(world.ours[Service].salon))
    text, following = "", "?"

    while following:
        page = client.get(ADDRESS + following)
        text, following = text + page.content.decode(), page.context["next"]

    assert world.ours[Service].name_en in text
    assert MARK not in text


def test_another_salons_row_is_no_row(client):
    world = two_salons()
    client.force_login(member(world.ours[Service].salon))

    assert entries(client, model="salons.service", row=world.theirs[Service].pk) == []


@pytest.mark.parametrize("role", ["receptionist", "stylist"])
def test_who_audits_nothing_is_refused(client, role):
    client.force_login(member(SalonFactory(), role))

    assert client.get(ADDRESS).status_code == 403


def test_changes_are_found_by_kind_person_door_and_day(client, auditor):
    with time_machine.travel("2026-03-04T09:00:00Z", tick=False) as clock:
        category = ServiceCategoryFactory(name_en="Hair")
        clock.shift(timedelta(days=1))
        category.name_en = "Nails"
        mona = UserFactory(name="Mona Ali")
        with through(Door.IMPORT):
            save_as(category, actor=mona)

        assert len(entries(client, model="salons.servicecategory")) == 2
        assert [row.display["row"] for row in entries(client, person="mona")] == ["Nails"]
        assert [row.display["row"] for row in entries(client, door="import")] == ["Nails"]
        assert [row.display["row"] for row in entries(client, model="salons.servicecategory", until="2026-03-04")] == [
            "Hair"
        ]
        assert entries(client, person="nobody at all") == []


def test_of_many_with_one_name_the_readers_own_team_is_meant(client, monkeypatch):
    monkeypatch.setattr("project.admin_site.changes.FEW_PEOPLE", 1)
    salon = SalonFactory()
    manager = member(salon)
    UserFactory.create_batch(3, name="Mona Ali")
    colleague = MembershipFactory(salon=salon, user=UserFactory(name="Mona Ali")).user
    save_as(ServiceCategoryFactory.build(salon=salon, name_en="Nails"), actor=colleague)
    client.force_login(manager)

    found = entries(client, person="mona", model="salons.servicecategory")

    assert [record.display["row"] for record in found] == ["Nails"]


def test_a_day_begins_at_the_local_midnight(client, auditor):
    with time_machine.travel("2026-03-31T21:30:00Z", tick=False):
        ServiceCategoryFactory()
        asked = {"model": "salons.servicecategory"}

        assert len(entries(client, **asked, since="2026-04-01")) == 1
        assert entries(client, **asked, until="2026-03-31") == []


def test_adm10_nothing_of_an_erased_person_is_left_on_the_page(client, auditor):
    person = UserFactory(name="Huda Alharbi", phone="+966551234567")
    CustomerFactory(user=person, notes="Huda likes tea")
    erase_person(request_id=request_erasure(user=person, actor=person).pk, actor=OwnerFactory())

    texts = [client.get(ADDRESS, {"model": label}).content.decode() for label in ("accounts.user", "salons.customer")]

    assert Customer.history.count() > 0
    for text in texts:
        assert "Huda" not in text
        assert "51234567" not in text


def test_the_page_costs_the_same_for_few_changes_and_for_many_and_at_most_twelve_queries(client):
    client.force_login(OwnerFactory())
    every_row()
    queries_of(client, ADDRESS)
    few = len(queries_of(client, ADDRESS))
    for _salon in range(5):
        every_row()

    many = len(queries_of(client, ADDRESS))

    assert many <= MOST_QUERIES_OF_A_LIST
    assert few <= MOST_QUERIES_OF_A_LIST


@pytest.mark.parametrize(
    "asked",
    [
        {"after": "x"},
        {"after": "2026-03-04T09:00:00~a~1"},
        {"after": "9999-99-99T00:00:00+00:00~a~1"},
        {"after": "2026-03-04T09:00:00+00:00~zzz~99999999999"},
        {"model": "no.such"},
        {"row": "x", "model": "salons.service"},
        {"row": "9" * 40, "model": "salons.service"},
        {"row": "not-a-uuid", "model": "bookings.booking"},
        {"since": "0001-01-01", "until": "9999-12-31"},
        {"person": "%" * 300},
    ],
    ids=[str(number) for number in range(10)],
)
def test_values_that_are_none_crash_nothing(client, auditor, asked):
    assert client.get(ADDRESS, asked).status_code == 200


def test_the_page_writes_nothing_and_takes_no_post(client, auditor):
    ServiceCategoryFactory()
    before = ServiceCategory.history.count()

    assert client.post(ADDRESS, {"delete": "1"}).status_code == 405
    assert ServiceCategory.history.count() == before


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"], ids=["first", "last"])
def test_a_place_at_the_end_of_the_calendar_is_none(client, auditor, moment):
    ServiceCategoryFactory()

    assert entries(client, after=f"{moment}~salons.servicecategory~1") == entries(client)
