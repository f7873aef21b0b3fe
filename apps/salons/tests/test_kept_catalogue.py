"""The public catalogue as clients and caches between see it: tags, encodings, languages, and how old it may be."""

import gzip
from threading import Event, Thread

import pytest
from django.db import connection
from rest_framework.renderers import JSONRenderer
from rest_framework.response import Response
from rest_framework.test import APIRequestFactory

from apps.accounts.services import issue_tokens
from apps.accounts.tests.factories import OwnerFactory
from apps.common.api import kept as module
from apps.common.api.kept import KEPT_SECONDS, MOST_KEPT, kept, shelf
from apps.common.testing.queries import counted_statements
from apps.salons.models import Review, Salon, Service
from apps.salons.tests.factories import ReviewFactory, ServiceFactory, StaffServiceFactory

pytestmark = pytest.mark.django_db
PLACES = ["", "{slug}/", "{slug}/services/", "{slug}/staff/", "{slug}/reviews/"]


class Clock:
    """What the shelf takes for the monotonic clock; it stands still until moved."""

    now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(module, "monotonic", clock)
    return clock


@pytest.fixture
def service(salon):
    service = ServiceFactory(salon=salon, description_en="Wash, cut and blow-dry. " * 10)
    skill = StaffServiceFactory(salon=salon, service=service)
    ReviewFactory(salon=salon, service=service, staff=skill.staff)
    return service


@pytest.fixture
def get(client, salon):
    """Ask for a place below `salons/`; `name="value"` is a header."""

    def ask(place="{slug}/services/", query="", **headers):
        headers = {"accept-language": "en", **{name.replace("_", "-"): value for name, value in headers.items()}}
        return client.get(f"/api/v1/salons/{place.format(slug=salon.slug)}{query}", headers=headers)

    return ask


def names(answer):
    return [row["name"] for row in answer.json()["results"]]


@pytest.mark.parametrize("place", PLACES)
def test_every_page_of_the_catalogue_has_a_strong_tag_and_says_who_may_keep_it(get, service, place):
    answer = get(place)

    assert answer.status_code == 200
    assert answer["ETag"].startswith('"')
    assert answer["Cache-Control"] == "public, no-cache"
    assert {name.strip() for name in answer["Vary"].split(",")} == {"Accept-Encoding", "Accept-Language"}


@pytest.mark.parametrize("place", PLACES)
def test_who_has_the_page_is_told_so_without_a_body_and_without_a_query(get, service, place):
    tag = get(place)["ETag"]

    with counted_statements() as sent:
        answer = get(place, if_none_match=f'"other", W/{tag}')

    assert (answer.status_code, answer.content, len(sent)) == (304, b"", 0)
    assert (answer["ETag"], answer["Cache-Control"]) == (tag, "public, no-cache")
    assert {name.strip() for name in answer["Vary"].split(",")} == {"Accept-Encoding", "Accept-Language"}


def test_another_tag_gets_the_page(get, service):
    answer = get(if_none_match='"other"')

    assert (answer.status_code, names(answer)) == (200, [service.name_en])


def test_each_encoding_has_bytes_and_a_strong_tag_of_its_own(get, service):
    plain, first, second = get(), get(accept_encoding="gzip, br"), get(accept_encoding="gzip, br")

    assert (plain.headers.get("Content-Encoding"), first["Content-Encoding"]) == (None, "gzip")
    assert gzip.decompress(first.content) == plain.content
    assert first.content == second.content
    assert first["ETag"] == second["ETag"] == plain["ETag"].removesuffix('"') + '-gzip"'
    assert get(accept_encoding="gzip", if_none_match=first["ETag"]).status_code == 304
    assert get(accept_encoding="gzip", if_none_match=plain["ETag"]).status_code == 200


def test_each_language_query_and_host_has_an_answer_of_its_own(client, get, salon, service):
    other = ServiceFactory(salon=salon, category=service.category)

    english, arabic = get(), get(accept_language="ar")
    first, second = (get(query=f"?page_size=1&page={page}") for page in (1, 2))
    elsewhere = client.get(f"/api/v1/salons/{salon.slug}/services/?page_size=1", headers={"host": "localhost"})

    assert names(english) == [service.name_en, other.name_en]
    assert names(arabic) == [service.name_ar, other.name_ar]
    assert (names(first), names(second)) == ([service.name_en], [other.name_en])
    assert elsewhere.json()["next"].startswith("http://localhost/")
    assert len({answer["ETag"] for answer in (english, arabic, first, second, elsewhere)}) == 5


def test_everybody_gets_the_same_bytes_whoever_they_are_signed_in_as(client, get, service):
    stranger = get()
    shelf.forget()
    operator = OwnerFactory()
    client.force_login(operator)

    answer = get(authorization=f"Bearer {issue_tokens(user=operator).access}")

    assert (answer.content, answer["ETag"], answer["Vary"]) == (stranger.content, stranger["ETag"], stranger["Vary"])
    assert answer.cookies == {}


@pytest.mark.parametrize("path", ["me/", "bookings/", "salons/nowhere/", "salons/?page=0"])
def test_what_is_for_one_person_or_refused_is_kept_by_nobody(client, path):
    tokens = issue_tokens(user=OwnerFactory())

    answer = client.get(f"/api/v1/{path}", headers={"authorization": f"Bearer {tokens.access}"})

    assert (answer["Cache-Control"], answer.headers.get("ETag")) == ("no-store", None)


def raw_sql(service):
    with connection.cursor() as cursor:
        cursor.execute("UPDATE salons_service SET name_en = 'New' WHERE id = %s", [service.pk])


def renamed(service):
    service.name_en = "New"
    return service


WRITES = {
    "bulk update": lambda service: Service.objects.filter(pk=service.pk).update(name_en="New"),
    "a price list": lambda service: Service.objects.bulk_update([renamed(service)], ["name_en"]),
    "SQL by hand": raw_sql,
}


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
def test_what_was_written_past_every_signal_is_seen_a_second_later(clock, get, service, write):
    before = get()
    write(service)

    clock.now += KEPT_SECONDS - 0.01
    assert names(get()) == names(before)  # the control: until then it is the kept answer
    clock.now += 0.01
    after = get(if_none_match=before["ETag"])

    assert (after.status_code, names(after)) == (200, ["New"])
    assert KEPT_SECONDS <= 1


def test_a_closed_salon_is_gone_a_second_later_however_it_was_closed(clock, get, salon, service):
    tags = {place: get(place)["ETag"] for place in PLACES[1:]}
    Salon.objects.update(is_active=False)

    clock.now += KEPT_SECONDS

    assert {get(place, if_none_match=tag).status_code for place, tag in tags.items()} == {404}
    assert get("").json()["results"] == []


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("model", ["salon", "category", "service", "staff", "skill", "review", "author"])
def test_who_saves_and_looks_sees_it_at_once(clock, get, service, place, model):
    review = Review.objects.get()
    row = {
        "salon": service.salon,
        "category": service.category,
        "service": service,
        "staff": review.staff,
        "skill": review.staff.staff_services.get(),
        "review": review,
        "author": review.customer.user,
    }[model]
    get(place)

    row.save()

    with counted_statements() as sent:
        get(place)
    assert len(sent) > 0


def test_a_deleted_review_is_gone_at_once(clock, get, service):
    assert get("{slug}/reviews/").json()["count"] == 1

    Review.objects.get().delete()

    assert get("{slug}/reviews/").json()["count"] == 0


def test_who_was_overtaken_by_a_change_keeps_nothing_for_others(clock):
    reading, changed, seen = Event(), Event(), iter(["old", "new"])

    @kept
    def slow(request):
        word = next(seen)
        if word == "old":
            reading.set()
            changed.wait(10)
        return rendered(word)

    request = APIRequestFactory().get("/")
    answers = []
    reader = Thread(target=lambda: answers.append(slow(request).content))
    reader.start()
    reading.wait(10)
    shelf.forget()
    changed.set()
    reader.join(10)

    assert answers == [b'"old"']
    assert slow(request).content == b'"new"'


def test_a_stranger_who_varies_the_address_fills_a_bounded_place(clock):
    view = kept(lambda request: rendered(request.get_full_path()))
    for number in range(MOST_KEPT + 10):
        view(APIRequestFactory().get(f"/?{number}"))

    assert len(shelf._answers) == MOST_KEPT


def rendered(data):
    response = Response(data)
    response.accepted_renderer, response.accepted_media_type = JSONRenderer(), "application/json"
    response.renderer_context = {}
    return response
