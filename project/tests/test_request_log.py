"""Every request has one line and one number, and whatever it causes carries that number."""

import io
import json
import logging
from logging.config import dictConfig

import pytest
import structlog
from django.conf import settings
from django.test import Client
from django.utils.functional import SimpleLazyObject
from django_structlog.celery.receivers import CeleryReceiver

from apps.accounts.services.tokens import issue_tokens
from apps.accounts.tests.factories import OwnerFactory, UserFactory
from apps.common import trace
from apps.notifications import services
from apps.notifications.tasks import deliver_notification
from apps.salons.tests.factories import ServiceCategoryFactory
from project import request_log
from project.env import LogFormat
from project.passes import run_pass
from project.settings.logging import logging_settings

GIVEN = "edge-4711-abcdef"


@pytest.fixture
def lines():
    """Reads what was logged so far, as dictionaries."""
    written = io.StringIO()
    configured = logging_settings(LogFormat.JSON)
    configured["handlers"]["console"]["stream"] = written
    dictConfig(configured)
    yield lambda: [json.loads(line) for line in written.getvalue().splitlines()]
    dictConfig(settings.LOGGING)


def test_a_request_is_one_line_with_its_number_view_and_cost(client, lines):
    answer = client.get("/healthz?q=secret")

    (line,) = lines()
    assert line.pop("duration_ms") >= 0
    assert line.pop("at")[:2] == "20"
    assert line == {
        "message": "request_finished",
        "request": "GET /healthz",
        "code": 200,
        "view": "healthz",
        "queries": 0,
        "query_ms": 0.0,
        "door": "admin",
        "request_id": answer.headers["X-Request-ID"],
        "level": "info",
        "logger": "django_structlog.middlewares.request",
    }


def test_two_requests_have_two_numbers(client):
    first, second = (client.get("/healthz").headers["X-Request-ID"] for _time in range(2))

    assert first != second


@pytest.mark.parametrize(
    ("proxies", "given", "is_taken"),
    [
        (1, GIVEN, True),
        (0, GIVEN, False),
        (1, "short", False),
        (1, "x" * 65, False),
        (1, "0551234567 0551", False),
        (1, 'forged" level="error', False),
        (1, "", False),
    ],
)
def test_a_number_from_outside_counts_from_a_trusted_proxy_and_well_formed(client, settings, proxies, given, is_taken):
    settings.TRUSTED_PROXY_COUNT = proxies

    number = client.get("/healthz", headers={"x-request-id": given}).headers["X-Request-ID"]

    assert (number == given) is is_taken
    assert trace.is_well_formed(number)


@pytest.mark.django_db
def test_a_customer_is_named_by_key_and_the_queries_are_counted(client, lines):
    person = UserFactory()
    key = {"authorization": f"Bearer {issue_tokens(user=person).access}"}

    client.get("/api/v1/me/", headers=key)

    line = lines()[-1]
    assert (line["actor"], line["door"], line["view"]) == (str(person.pk), "api", "me")
    assert line["queries"] > 0
    assert person.phone not in json.dumps(lines())


@pytest.mark.django_db
def test_an_operator_is_named_by_key_and_the_salon_that_was_written_to_too(client, lines):
    owner, category = OwnerFactory(), ServiceCategoryFactory()
    client.force_login(owner)

    client.post(f"/admin/salons/servicecategory/{category.pk}/change/", {"name_en": "Nails", "position": "3"})

    line = lines()[-1]
    assert (line["actor"], line["salon"], line["code"]) == (str(owner.pk), category.salon_id, 302)


def test_a_line_asks_nobody_who_is_signed_in(rf):
    def ask():
        raise AssertionError("somebody was asked")

    request = rf.get("/api/v1/me/")
    request.user = SimpleLazyObject(ask)

    assert request_log.about_request(request) == {"door": "api"}


def test_a_request_that_failed_has_one_line_and_one_traceback_of_one_number(lines, monkeypatch):
    def fail(request):
        raise RuntimeError("broken")

    monkeypatch.setattr("project.health.JsonResponse", fail)

    answer = Client(raise_request_exception=False).get("/healthz")

    failure, end = lines()
    assert answer.status_code == end["code"] == 500
    assert (failure["level"], "RuntimeError: broken" in failure["exception"]) == ("error", True)
    assert "exception" not in end
    assert failure["request_id"] == end["request_id"] == answer.headers["X-Request-ID"]


def test_nothing_of_a_request_is_left_when_it_is_over(client):
    client.get("/healthz")

    assert trace.current_request_id() is None


def test_a_run_of_a_command_has_a_number_of_its_own_and_names_what_started_it():
    with trace.running("tick"):
        outer = trace.current_request_id()
        with trace.running("expire_holds"):
            inner = trace.current_request_id()
            about = structlog.contextvars.get_contextvars()
        assert trace.current_request_id() == outer

    assert about == {"request_id": inner, "caused_by": outer, "command": "expire_holds"}
    assert inner != outer
    assert trace.current_request_id() is None


def test_a_run_that_goes_through_many_salons_names_none():
    with trace.running("expire_holds"):
        trace.concerns_salon(7)

        assert "salon" not in structlog.contextvars.get_contextvars()


def test_a_task_has_the_number_of_the_request_that_caused_it_and_nothing_else_of_it(lines):
    receiver, headers, body = CeleryReceiver(), {}, {"id": "task-1", "task": deliver_notification.name}
    with structlog.contextvars.bound_contextvars(request_id=GIVEN, salon=7, actor=1):
        receiver.receiver_before_task_publish(headers=headers, body=body)

    deliver_notification.push_request(**headers)
    try:
        receiver.receiver_task_prerun("task-1", deliver_notification)
        logging.getLogger("apps.notifications").info("at work")
        about = structlog.contextvars.get_contextvars()
    finally:
        deliver_notification.pop_request()
        structlog.contextvars.clear_contextvars()

    assert about == {"request_id": GIVEN, "task_id": "task-1"}
    assert {(line["request_id"], line["task_id"], line["door"]) for line in lines()} == {(GIVEN, "task-1", "job")}
    assert [line["message"] for line in lines()] == ["task_started", "at work"]


def test_a_task_that_no_request_caused_takes_no_number_along():
    headers = {}

    CeleryReceiver().receiver_before_task_publish(headers=headers)

    assert headers["__django_structlog__"] == {}


@pytest.mark.django_db
def test_every_line_of_a_pass_has_the_number_of_its_run(lines, monkeypatch):
    monkeypatch.setattr(services, "deliver_due", lambda _limit: logging.getLogger("apps").info("at work") or 0)

    run_pass("deliver_notifications")
    run_pass("deliver_notifications")

    first, second = lines()
    assert first["command"] == second["command"] == "deliver_notifications"
    assert first["request_id"] != second["request_id"]
