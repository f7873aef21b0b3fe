"""The history of one row: read, narrowed, paged, and used as the beginning of an edit."""

from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse

from apps.accounts.tests.factories import OwnerFactory, UserFactory
from apps.bookings.tests.factories import BookingFactory
from apps.common.doors import Door, through
from apps.common.history import save_as
from apps.common.testing.queries import MOST_QUERIES_OF_A_LIST, queries_of
from apps.notifications.tests.factories import NotificationFactory
from apps.salons.models import Service
from apps.salons.tests.factories import SalonFactory, ServiceFactory
from project.tests.two_salons import member

pytestmark = pytest.mark.django_db
MARCH = "2026-03-04T09:00:00Z"


@pytest.fixture
def owner(client):
    person = OwnerFactory(name="Owner")
    client.force_login(person)
    return person


@pytest.fixture
def service(owner):
    """Made on 4 March by a job, made dearer on the 5th by the owner through a file, renamed on the 6th on a page."""
    with time_machine.travel(MARCH, tick=False) as clock:
        row = ServiceFactory(name_en="Cut", price_amount=100)
        clock.shift(timedelta(days=1))
        row.price_amount = 120
        with through(Door.IMPORT):
            save_as(row, actor=owner, reason="New list")
        clock.shift(timedelta(days=1))
        row.name_en = "Haircut"
        with through(Door.ADMIN):
            save_as(row, actor=UserFactory(name="Mona"), reason="Typo")
    return row


def page_of(client, row, **asked):
    return client.get(reverse("admin:salons_service_history", args=[row.pk]), asked)


def told(page):
    return [
        (record.display["title"], [str(change["field"]) for change in record.display["changes"]])
        for record in page.context["page_obj"]
    ]


RENAMED = ("Changed", ["English name"])
DEARER = ("Changed", ["Price incl. VAT, SAR"])
MADE: tuple[str, list[str]] = ("Created", [])


def test_history_says_who_when_what_why_and_by_which_door(client, service):
    page = page_of(client, service)

    assert told(page) == [RENAMED, DEARER, MADE]
    assert [str(record.display["door"]) for record in page.context["page_obj"]] == [
        "back office",
        "imported file",
        "job or command",
    ]
    text = page.content.decode()
    assert "New list" in text
    assert "<del><bdi>Cut</bdi></del>" in text
    assert "<ins><bdi>Haircut</bdi></ins>" in text


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"field": "price_amount"}, [DEARER, MADE]),
        ({"field": "name_en"}, [RENAMED, MADE]),
        ({"door": "import"}, [DEARER]),
        ({"who": "system"}, [MADE]),
        ({"q": "typo"}, [RENAMED]),
        ({"since": "2026-03-05", "until": "2026-03-05"}, [DEARER]),
        ({"field": "nothing", "door": "window", "who": "x", "since": "soon"}, [RENAMED, DEARER, MADE]),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else str(len(value)),
)
def test_history_is_narrowed_by_field_person_door_day_and_reason(client, service, asked, found):
    assert told(page_of(client, service, **asked)) == found


def test_history_is_narrowed_to_one_person(client, service, owner):
    assert told(page_of(client, service, who=str(owner.pk))) == [DEARER]


def test_adm08_a_history_of_147_versions_comes_in_pages_of_a_fixed_price(client, owner):
    service = ServiceFactory()
    few = len(queries_of(client, reverse("admin:salons_service_history", args=[service.pk])))
    for number in range(146):
        service.position = number + 1
        save_as(service, actor=owner)

    many = len(queries_of(client, reverse("admin:salons_service_history", args=[service.pk])))
    last = page_of(client, service, p=6)

    assert service.history.count() == 147
    assert many <= few + 1 <= MOST_QUERIES_OF_A_LIST
    assert len(last.context["page_obj"]) == 147 - 5 * 25


def test_the_last_entry_of_a_page_says_what_changed_since_the_first_of_the_next(client, owner):
    service = ServiceFactory(position=0)
    for number in range(30):
        service.position = number + 1
        save_as(service, actor=owner)

    [change] = page_of(client, service).context["page_obj"][24].display["changes"]

    assert (change["old"], change["new"]) == ("<bdi>5</bdi>", "<bdi>6</bdi>")


def test_an_edit_may_begin_with_old_values_and_is_saved_like_any_other(client, service, owner):
    version = service.history.last()
    form_page = reverse("admin:salons_service_change", args=[service.pk])

    page = client.get(form_page, {"version": version.pk})

    form = page.context["adminform"].form
    assert (form["name_en"].value(), form["price_amount"].value()) == ("Cut", 100)
    assert "Nothing is saved yet." in page.content.decode()
    service.refresh_from_db()
    assert (service.name_en, service.history.count()) == ("Haircut", 3)


def test_adm11_a_version_that_is_sent_back_is_refused_and_nothing_changes(client, service):
    version = service.history.last()

    answer = client.post(reverse("admin:salons_service_simple_history", args=[service.pk, version.pk]), {})

    assert answer.status_code == 403
    service.refresh_from_db()
    assert (service.name_en, service.history.count()) == ("Haircut", 3)


def test_who_may_only_read_a_row_is_offered_no_old_values(client, service):
    client.force_login(member(service.salon, "receptionist"))

    page = page_of(client, service)
    form = client.get(reverse("admin:salons_service_change", args=[service.pk]), {"version": service.history.last().pk})

    assert "Edit with these values" not in page.content.decode()
    assert form.status_code == 200
    assert "Nothing is saved yet." not in form.content.decode()


def test_old_values_of_another_row_are_not_found(client, service):
    other = ServiceFactory()

    page = client.get(reverse("admin:salons_service_change", args=[service.pk]), {"version": other.history.first().pk})

    assert page.status_code == 404


def test_adm09_a_form_that_is_saved_as_it_was_adds_no_line(client, service, owner):
    form_page = reverse("admin:salons_service_change", args=[service.pk])
    form = client.get(form_page).context["adminform"].form
    said = {name: "" if form[name].value() is None else form[name].value() for name in form.fields}
    said = {name: value for name, value in said.items() if value is not False}
    said |= {"staff_services-TOTAL_FORMS": "0", "staff_services-INITIAL_FORMS": "0"}

    answer = client.post(form_page, said)

    assert answer.status_code == 302
    assert Service.history.filter(pk=service.history.first().pk).exists()
    assert service.history.count() == 3


def test_history_of_a_row_of_another_salon_is_not_found(client, service):
    client.force_login(member(SalonFactory()))

    assert page_of(client, service, field="name_en").status_code == 404


def test_history_asked_for_from_the_year_one_is_whole(client, service):
    assert told(page_of(client, service, since="0001-01-01", until="9999-12-31")) == [RENAMED, DEARER, MADE]


def test_a_column_that_only_the_machine_writes_is_not_told(client, owner):
    message = NotificationFactory(booking=BookingFactory())
    message.ask_at, message.attempts = message.due_at, 1
    save_as(message, actor=None)

    page = client.get(reverse("admin:notifications_notification_history", args=[message.pk]))

    assert [str(change["field"]) for change in page.context["page_obj"][0].display["changes"]] == ["Attempts"]
