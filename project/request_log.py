"""One id and one line for every request, and what it cost."""

import time
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

import django_structlog.middlewares
from django.conf import settings
from django.db import connection
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse
from django.utils.functional import LazyObject, empty
from django_structlog.celery.signals import modify_context_before_task_publish
from django_structlog.signals import bind_extra_request_finished_metadata

from apps.common.doors import current_door
from apps.common.metrics import QUERIES, REQUESTS
from apps.common.trace import current_request_id, is_well_formed
from project.middleware import door_of

METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
GIVEN_ID = "HTTP_X_REQUEST_ID"


@dataclass(slots=True)
class Cost:
    """What a request has taken so far, in seconds of the monotonic clock. Queries are those of the database alone."""

    began: float = field(default_factory=time.perf_counter)
    queries: int = 0
    query_seconds: float = 0.0

    @property
    def seconds(self) -> float:
        return time.perf_counter() - self.began

    def watch(self, execute: Callable[..., Any], *query: Any) -> Any:
        """A wrapper around every statement, as Django's `execute_wrapper` takes it."""
        began = time.perf_counter()
        try:
            return execute(*query)
        finally:
            self.queries += 1
            self.query_seconds += time.perf_counter() - began


_request: ContextVar[HttpRequest | None] = ContextVar("request", default=None)


class RequestMiddleware(django_structlog.middlewares.RequestMiddleware):
    """The library's, but an id from outside counts only from a trusted proxy and well formed, addresses are logged
    without their query, and the traceback of a failure is left to Django, which logs it already.
    """

    def __call__(self, request: HttpRequest) -> HttpResponse:
        is_trusted = settings.TRUSTED_PROXY_COUNT > 0 and is_well_formed(request.META.get(GIVEN_ID, ""))
        if not is_trusted:
            request.META.pop(GIVEN_ID, None)
        request.cost = Cost()  # type: ignore[attr-defined]  # for the line at its end
        token = _request.set(request)
        try:
            with connection.execute_wrapper(request.cost.watch):  # type: ignore[attr-defined]
                return super().__call__(request)  # type: ignore[return-value]  # the project is not asynchronous
        finally:
            _request.reset(token)

    @staticmethod
    def format_request(request: HttpRequest) -> str:
        return f"{request.method} {request.path}"

    def process_got_request_exception(self, sender: type[Any], request: HttpRequest, **kwargs: Any) -> None:
        """Nothing: a request that failed gets the same line at its end as every other."""


@receiver(bind_extra_request_finished_metadata)
def tell_the_end(request: HttpRequest, response: HttpResponse, log_kwargs: dict[str, Any], **kwargs: Any) -> None:
    """The client gets the id, the line and the metrics get the cost."""
    request.request_id = current_request_id()  # type: ignore[attr-defined]  # Django logs a refusal after this
    response.headers["X-Request-ID"] = request.request_id  # type: ignore[attr-defined]
    cost = request.cost  # type: ignore[attr-defined]
    view = view_of(request)
    method = request.method if request.method in METHODS else "other"
    REQUESTS.labels(view, method, response.status_code).observe(cost.seconds)
    QUERIES.labels(view).observe(cost.query_seconds)
    log_kwargs |= {
        "view": view,
        "duration_ms": round(cost.seconds * 1000, 1),
        "queries": cost.queries,
        "query_ms": round(cost.query_seconds * 1000, 1),
    }


@receiver(modify_context_before_task_publish)
def send_the_id_alone(context: dict[str, Any], **kwargs: Any) -> None:
    """A task belongs to the request that caused it; the rest of its lines are its own."""
    cause = context.get("request_id")
    context.clear()
    if cause:
        context["request_id"] = cause


def view_of(request: HttpRequest) -> str:
    """The name of the view that answered, "" where none was found. There are as many as the project has addresses."""
    return request.resolver_match.view_name if request.resolver_match else ""


def about_request(request: Any) -> dict[str, Any]:
    """What a line tells of `request`, if it is one, else of the one being answered: its id, door and who is signed in.

    Who that is goes by key, and only where somebody asked already: nothing here asks the database.
    """
    request = request if isinstance(request, HttpRequest) else _request.get()
    if request is None:
        return {"door": current_door()}
    user = getattr(request, "user", None)
    if isinstance(user, LazyObject) and user.__dict__["_wrapped"] is empty:
        user = None
    known = {"request_id": getattr(request, "request_id", None), "actor": getattr(user, "pk", None)}
    return {"door": door_of(request.path_info).value} | {name: value for name, value in known.items() if value}
