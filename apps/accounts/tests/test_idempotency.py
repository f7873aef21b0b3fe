"""Repeated POSTs: one key, one effect, one answer."""

import threading
from datetime import timedelta

import pytest
from django.urls import path
from django.utils import timezone
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts.api import idempotency
from apps.accounts.api.idempotency import idempotent
from apps.accounts.models import DataRequest, IdempotencyKey
from apps.accounts.tests.factories import UserFactory
from apps.common.errors import Conflict, Rejected
from apps.common.testing.race import race

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]

EFFECTS = DataRequest.objects  # any row will do: here each accepted order files one


def order(request):
    """Writes first and refuses afterwards, so that a test sees whether the writing was undone."""
    asked = EFFECTS.create(user=request.user, kind="export", status="done", due_on="2026-03-01", note="order")
    if request.data.get("bad") == "invalid":
        raise Rejected(code="slot_not_offered")
    if request.data.get("bad") == "conflict":
        raise Conflict(code="slot_taken")
    if request.data.get("bad") == "crash":
        raise RuntimeError("boom")
    return Response({"z": str(asked.pk), "a": "345.50", "name": "صالون", "at": timezone.now()}, status=201)


class Orders(APIView):
    @idempotent
    def post(self, request, **kwargs):
        return order(request)


class RemoteOrders(APIView):
    @idempotent(atomic=False)
    def post(self, request):
        return order(request)


urlpatterns = [
    path("orders/", Orders.as_view()),
    path("orders/<int:pk>/", Orders.as_view()),
    path("remote/", RemoteOrders.as_view()),
]


@pytest.fixture
def user():
    return UserFactory()


@pytest.fixture
def post(api, user):
    """`post(body, key="k1", path="/orders/")` as the signed-in person."""
    api.force_authenticate(user)

    def send(body, key="k1", path="/orders/"):
        headers = {} if key is None else {"idempotency-key": key}
        return api.post(path, body, headers=headers)

    return send


def code_of(response):
    return response.json()["errors"][0]["code"]


def test_a_repeat_changes_nothing_and_gets_the_same_bytes(post):
    """BK09"""
    first = post({"service": 1, "note": None})
    second = post({"note": None, "service": 1})

    assert (first.status_code, second.status_code) == (201, 201)
    assert first.content == second.content
    assert "Idempotent-Replayed" not in first.headers
    assert second.headers["Idempotent-Replayed"] == "true"
    assert EFFECTS.count() == 1


def test_another_key_is_another_request(post):
    assert post({}, key="k1").json() != post({}, key="k2").json()
    assert EFFECTS.count() == 2


def test_keys_of_other_people_do_not_meet(api, post):
    post({"service": 1})
    api.force_authenticate(UserFactory())

    assert post({"service": 2}).status_code == 201
    assert EFFECTS.count() == 2


@pytest.mark.parametrize("key", [None, "", "k" * 129, "tab\there", "\x7f"])
def test_a_missing_or_unusable_key_is_refused(post, key):
    response = post({}, key=key)

    assert (response.status_code, code_of(response)) == (400, "idempotency_key_required")
    assert (EFFECTS.count(), IdempotencyKey.objects.count()) == (0, 0)


@pytest.mark.parametrize("key", ["k", "k" * 128, "6f9619ff-8b86-d011-b42d-00cf4fc964ff", 'a "b" c'])
def test_any_printable_key_is_accepted(post, key):
    assert post({}, key=key).status_code == 201
    assert IdempotencyKey.objects.get().key == key


@pytest.mark.parametrize(
    ("body", "path"), [({"service": 2}, "/orders/"), ([], "/orders/"), ({"service": 1}, "/orders/7/")]
)
def test_the_same_key_for_something_else_is_refused(post, body, path):
    """BK10"""
    post({"service": 1})

    response = post(body, path=path)

    assert (response.status_code, code_of(response)) == (422, "idempotency_key_reused")
    assert EFFECTS.count() == 1


@pytest.mark.parametrize(
    ("bad", "status", "code"),
    [("invalid", 400, "slot_not_offered"), ("conflict", 409, "slot_taken"), ("crash", 500, "error")],
)
def test_an_error_undoes_everything_and_frees_the_key(post, bad, status, code):
    response = post({"bad": bad})

    assert (response.status_code, code_of(response)) == (status, code)
    assert (EFFECTS.count(), IdempotencyKey.objects.count()) == (0, 0)
    assert post({"bad": None}).status_code == 201


def test_malformed_json_claims_no_key(api, post):
    response = api.post("/orders/", "{", content_type="application/json", headers={"idempotency-key": "k1"})

    assert (response.status_code, code_of(response)) == (400, "parse_error")
    assert IdempotencyKey.objects.count() == 0


def test_a_live_twin_of_a_leased_run_is_told_to_wait(post):
    post({}, path="/remote/")
    IdempotencyKey.objects.update(response_status=None, locked_until=timezone.now() + timedelta(seconds=30))

    response = post({}, path="/remote/")

    assert (response.status_code, code_of(response), response.headers["Retry-After"]) == (
        409,
        "request_in_progress",
        "1",
    )
    assert EFFECTS.count() == 1


def test_a_leased_run_that_died_is_resumed_after_its_lease(post):
    post({}, path="/remote/")
    EFFECTS.all().delete()
    IdempotencyKey.objects.update(response_status=None, locked_until=timezone.now() - timedelta(microseconds=1))

    response = post({}, path="/remote/")

    assert (response.status_code, "Idempotent-Replayed" in response.headers) == (201, False)
    assert EFFECTS.count() == 1
    assert post({}, path="/remote/").headers["Idempotent-Replayed"] == "true"


def test_a_run_that_lost_its_lease_gives_no_answer(post, monkeypatch):
    answer = idempotency._answer

    def answer_late(response):
        IdempotencyKey.objects.update(locked_until=timezone.now() + timedelta(seconds=60))  # a twin took over
        return answer(response)

    monkeypatch.setattr(idempotency, "_answer", answer_late)

    response = post({}, path="/remote/")

    assert (response.status_code, code_of(response)) == (409, "request_in_progress")
    assert IdempotencyKey.objects.get().response_status is None


def test_a_handler_with_its_own_transactions_keeps_them_when_it_refuses(post):
    response = post({"bad": "conflict"}, path="/remote/")

    assert (response.status_code, IdempotencyKey.objects.count()) == (409, 0)
    assert EFFECTS.count() == 1


def test_a_handler_with_its_own_transactions_is_replayed_too(post):
    first, second = post({}, path="/remote/"), post({}, path="/remote/")

    assert (first.content, second.headers["Idempotent-Replayed"]) == (second.content, "true")
    assert EFFECTS.count() == 1


def send_twins(api, path, number=12):
    user = UserFactory()

    def send(_number):
        client = type(api)(raise_request_exception=False)
        client.force_authenticate(user)
        return client.post(path, {"service": 1}, headers={"idempotency-key": "k1"})

    return race(number, send)


@pytest.mark.parametrize("path", ["/orders/", "/remote/"])
def test_of_parallel_twins_one_works_and_the_others_get_its_answer_or_wait(transactional_db, api, path):
    """BK09"""
    answers = send_twins(api, path)

    created = [answer for answer in answers if answer.status_code == 201]
    fresh = [answer for answer in created if "Idempotent-Replayed" not in answer.headers]
    waiting = [code_of(answer) for answer in answers if answer.status_code != 201]
    assert len(fresh) == 1
    assert {answer.content for answer in created} == {fresh[0].content}
    assert set(waiting) <= {"request_in_progress"}
    assert EFFECTS.count() == 1


def test_control_looking_before_writing_lets_twins_through(transactional_db, api, monkeypatch):
    """Proof that the race above can be lost: a claim that looks first and writes later lets everybody in."""
    everybody_looked = threading.Barrier(4)

    def naive_claim(identity):
        seen = IdempotencyKey.objects.filter(user=identity["user"], key="k1").first()
        everybody_looked.wait(20)
        return seen or IdempotencyKey.objects.create(**{**identity, "key": f"k{threading.get_ident()}"})

    monkeypatch.setattr(idempotency, "_claim", naive_claim)

    assert [answer.status_code for answer in send_twins(api, "/remote/", 4)] == [201, 201, 201, 201]
    assert EFFECTS.count() == 4
