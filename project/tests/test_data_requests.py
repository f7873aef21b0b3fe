"""The desk for requests about personal data: the owner files, answers, extends and refuses them, the auditor reads."""

import json
from datetime import date, timedelta

import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone
from rest_framework.test import APIClient

from apps.accounts import services
from apps.accounts.errors import RequestAnswered, RequestExtended
from apps.accounts.models import DataRequest, ExportLog, User
from apps.accounts.tests.factories import DataRequestFactory, OwnerFactory, PlatformUserFactory, UserFactory
from apps.bookings.tests.factories import BookingFactory
from apps.common.errors import Forbidden
from project.tests.personal_data import MARK, PHONE, somebody

pytestmark = pytest.mark.django_db

ENGLISH = {"accept-language": "en"}
Kind, Status = DataRequest.Kind, DataRequest.Status


@pytest.fixture
def owner(client):
    person = OwnerFactory(locale="en")
    client.force_login(person)
    return person


def page(name, *args):
    return reverse(f"admin:accounts_datarequest_{name}", args=args)


def press(client, name, asked, **said):
    return client.post(page(f"{name}_action", asked.pk), {"_form_submitted": "True", **said})


def told(client):
    """What the next page says to the person who pressed the button."""
    return [str(message) for message in client.get(page("changelist")).context["messages"]]


def test_a_request_by_phone_is_filed_with_its_source_due_in_thirty_days(client, owner):
    person = UserFactory()
    form = {"user": person.pk, "kind": "erasure", "source": "phone", "note": "Called on Sunday"}

    with time_machine.travel("2026-03-02T09:00:00+03:00", tick=False):
        client.force_login(owner)
        assert client.post(page("add"), form).status_code == 302

    asked = DataRequest.objects.get()
    assert (asked.user, asked.kind, asked.source, asked.note) == (person, "erasure", "phone", "Called on Sunday")
    assert (asked.status, asked.due_on) == ("open", date(2026, 4, 1))
    assert asked.history.get().history_user == owner


def test_filing_twice_leaves_one_request(client, owner):
    asked = DataRequestFactory(kind=Kind.ERASURE)

    client.post(page("add"), {"user": asked.user_id, "kind": "erasure", "source": "salon", "note": ""})

    assert DataRequest.objects.get() == asked


def test_nobody_files_for_a_person_who_was_erased(client, owner):
    gone = UserFactory()
    services.erase_person(request_id=services.request_erasure(user=gone, actor=gone).pk, actor=owner)

    response = client.post(page("add"), {"user": gone.pk, "kind": "export", "source": "phone", "note": ""})

    assert response.status_code == 200
    assert DataRequest.objects.filter(kind=Kind.EXPORT).count() == 0


@pytest.mark.parametrize(
    ("days", "status", "shown"),
    [
        (30, "open", ("in_time", "30")),
        (8, "open", ("in_time", "8")),
        (7, "open", ("soon", "7")),
        (0, "open", ("soon", "0")),
        (-1, "open", ("late", "overdue by 1 day")),
        (-2, "open", ("late", "overdue by 2 days")),
        (-1, "done", ("answered", "—")),
    ],
)
def test_the_list_shows_the_days_that_are_left_and_what_is_late(client, owner, days, status, shown):
    asked = DataRequestFactory(due_on=timezone.localdate() + timedelta(days=days), status=status)

    view = client.get(page("changelist")).context["cl"].model_admin

    state = view.display_clock(asked)
    assert (state[0], str(state[1])) == shown


def test_carrying_out_the_erasure(client, owner):
    person = UserFactory(name="Sara")
    asked = services.request_erasure(user=person, actor=person)

    press(client, "erase", asked)

    person.refresh_from_db()
    asked.refresh_from_db()
    assert person.erased_at is not None
    assert (asked.status, asked.history.latest().history_user) == ("done", owner)
    assert told(client) == ["The data of this person were erased."]


def test_an_erasure_with_something_in_the_way_stays_open_and_the_page_says_what(client, owner):
    visit = BookingFactory()
    person = visit.customer.user
    asked = services.request_erasure(user=person, actor=person)

    press(client, "erase", asked)

    asked.refresh_from_db()
    why = f"Booking {visit.display_reference} is still open."
    assert told(client) == [f"The data cannot be erased yet. {why}"]
    assert (asked.status, asked.history.count()) == ("open", 1)
    assert why in client.get(page("change", asked.pk)).content.decode()
    assert User.objects.get(pk=person.pk).erased_at is None


def test_pr01_the_copy_is_handed_over_and_every_fetching_is_noted_down(client, owner):
    """PR01"""
    known, other = somebody(), somebody(phone="+966551112223", mark="neighbour~3")
    asked = services.file_request(person=known.person, kind=Kind.EXPORT, actor=owner, source="writing")
    DataRequest.objects.filter(user=known.person).exclude(pk=asked.pk).delete()
    assert client.get(page("copy_action", asked.pk)).status_code == 302
    assert ExportLog.objects.filter(actor=owner).count() == 0

    press(client, "hand_over", asked)
    file = client.get(page("copy_action", asked.pk))

    asked.refresh_from_db()
    assert (asked.status, asked.answered_at is not None) == ("done", True)
    assert file.headers["Content-Disposition"] == f'attachment; filename="personal-data-{asked.pk}.json"'
    entry = ExportLog.objects.get(actor=owner)
    assert (entry.person, entry.file_format, entry.model_label) == (known.person, "json", "accounts.user")
    assert entry.network == "127.0.0.0/24"
    said = file.content.decode()
    assert PHONE in said
    assert "neighbour~3" not in said
    assert other.person.phone not in said


def test_pr01_the_copy_holds_every_kind_of_row_and_no_secret(client):
    """PR01"""
    known = somebody()
    api = APIClient()
    api.credentials(HTTP_AUTHORIZATION=f"Bearer {services.issue_tokens(user=known.person).access}")

    copy = api.get("/api/v1/me/export/").json()

    assert {name: len(rows) for name, rows in copy.items() if isinstance(rows, list)} == {
        "codes": 1,
        "sign_ins": 2,
        "data_requests": 2,
        "earlier_profiles": 2,
        "consents": 1,
        "copies": 2,
        "repeatable_calls": 1,
        "customer_cards": 2,
        "reviews": 2,
        "bookings": 2,
        "booking_changes": 0,
        "payments": 2,
        "refunds": 2,
        "tax_documents": 2,
        "messages": 2,
    }
    assert [card["notes"] for card in copy["customer_cards"]] == [MARK, MARK]
    said = json.dumps(copy)
    assert not {word for word in ("password", "hmac", "jti", "secret") if word in said}


def test_pr01_taking_one_s_own_copy_is_a_request_answered_at_once():
    """PR01"""
    person = UserFactory()
    api = APIClient(REMOTE_ADDR="203.0.113.9")
    api.credentials(HTTP_AUTHORIZATION=f"Bearer {services.issue_tokens(user=person).access}")

    api.get("/api/v1/me/export/")

    asked, entry = DataRequest.objects.get(), ExportLog.objects.get()
    assert (asked.user, asked.kind, asked.status, asked.source) == (person, "export", "done", "app")
    assert (entry.actor, entry.person, entry.network) == (person, person, "203.0.113.0/24")


def test_more_time_is_taken_once_and_with_a_reason(client, owner):
    asked = DataRequestFactory(due_on=date(2026, 4, 1))

    press(client, "extend", asked)
    asked.refresh_from_db()
    assert asked.due_on == date(2026, 4, 1)

    press(client, "extend", asked, reason="Two salons have to answer")
    press(client, "extend", asked, reason="Once more")

    asked.refresh_from_db()
    assert (asked.due_on, asked.extension_reason) == (date(2026, 5, 1), "Two salons have to answer")
    change = asked.history.latest()
    assert (change.history_user, change.history_change_reason) == (owner, "Two salons have to answer")
    with pytest.raises(RequestExtended):
        services.extend_request(request_id=asked.pk, actor=owner, reason="Once more")


def test_a_request_is_refused_with_a_reason(client, owner):
    asked = DataRequestFactory(kind=Kind.ERASURE)

    press(client, "refuse", asked, reason="Not the person themselves")

    asked.refresh_from_db()
    assert (asked.status, asked.answer) == ("refused", "Not the person themselves")
    change = asked.history.latest()
    assert (change.history_user, change.history_change_reason) == (owner, "Not the person themselves")
    for answer in (
        lambda: services.refuse_request(request_id=asked.pk, actor=owner, reason="again"),
        lambda: services.extend_request(request_id=asked.pk, actor=owner, reason="again"),
        lambda: services.hand_over_copy(request_id=asked.pk, actor=owner),
        lambda: services.fetch_copy(request_id=asked.pk, actor=owner, network=""),
        lambda: services.erase_person(request_id=asked.pk, actor=owner),
    ):
        with pytest.raises(RequestAnswered):
            answer()
    asked.refresh_from_db()
    assert (asked.status, asked.answer, asked.history.count()) == ("refused", "Not the person themselves", 2)


def test_who_asked_for_a_copy_is_not_erased_and_who_asked_to_be_erased_gets_no_copy(owner):
    copy, erasure = DataRequestFactory(kind=Kind.EXPORT), DataRequestFactory(kind=Kind.ERASURE)

    with pytest.raises(RequestAnswered):
        services.erase_person(request_id=copy.pk, actor=owner)
    with pytest.raises(RequestAnswered):
        services.hand_over_copy(request_id=erasure.pk, actor=owner)

    assert set(DataRequest.objects.values_list("status", "answered_at")) == {("open", None)}
    assert not User.objects.filter(erased_at__isnull=False).exists()


def test_the_auditor_reads_the_desk_and_answers_nothing(client):
    auditor = PlatformUserFactory(role="auditor")
    asked = DataRequestFactory()
    client.force_login(auditor)

    assert client.get(page("change", asked.pk)).status_code == 200
    assert client.get(page("add")).status_code == 403
    for name in ("erase", "hand_over", "extend", "refuse"):
        assert press(client, name, asked, reason="no").status_code == 403
    for answer in (services.hand_over_copy, services.erase_person):
        with pytest.raises(Forbidden):
            answer(request_id=asked.pk, actor=auditor)
    asked.refresh_from_db()
    assert (asked.status, ExportLog.objects.count()) == ("open", 0)


def test_buttons_stand_where_they_fit(client, owner):
    def buttons(asked):
        said = client.get(page("change", asked.pk)).content.decode()
        return {
            name
            for name in ("erase", "hand_over", "copy", "extend", "refuse")
            if page(f"{name}_action", asked.pk) in said
        }

    assert buttons(DataRequestFactory(kind=Kind.EXPORT)) == {"hand_over", "extend", "refuse"}
    assert buttons(DataRequestFactory(kind=Kind.ERASURE)) == {"erase", "extend", "refuse"}
    assert buttons(DataRequestFactory(kind=Kind.EXPORT, status=Status.DONE)) == {"copy"}
    assert buttons(DataRequestFactory(kind=Kind.ERASURE, status=Status.DONE)) == set()
