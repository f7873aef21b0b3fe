"""Two questions an orchestrator asks: is the process alive, and may it be given work?"""

import logging
from collections.abc import Callable
from datetime import timedelta
from functools import cache

import redis
from django.apps import apps
from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache

from apps.common.constraints import missing_guards
from project.delivery import Delivery, read_delivery

BROKER_SECONDS = 2
logger = logging.getLogger(__name__)


@never_cache
def healthz(request: HttpRequest) -> JsonResponse:
    """The process answers. Nothing else is asked, so a broken database does not restart healthy workers."""
    return JsonResponse({"status": "ok"})


@never_cache
def readyz(request: HttpRequest) -> JsonResponse:
    """200 when requests can be served, else 503. Answers name the part that fails and never why.

    A late outbox and a silent scheduler are told as ``degraded`` with 200: withdrawing the process would stop
    bookings as well.
    """
    parts: dict[str, bool] = {"database": passes("database", database_is_reachable)}
    delivery = None
    if parts["database"]:
        parts["migrations"] = passes("migrations", migrations_are_applied)
        parts["guards"] = parts["migrations"] and passes("guards", guards_are_present)
    if parts.get("migrations"):
        delivery = delivery_as_it_is()
    if settings.CELERY_BROKER_URL:
        parts["broker"] = passes("broker", broker_answers)
    is_ready = all(parts.values())
    is_late = bool(delivery and delivery.is_late)
    answer = {
        "status": "unavailable" if not is_ready else "degraded" if is_late else "ok",
        "checks": {name: "ok" if passed else "failed" for name, passed in parts.items()},
        "outbox_oldest_due_seconds": seconds_of(delivery.outbox_age if delivery else None),
        "scheduler_last_run_seconds": seconds_of(delivery.scheduler_age if delivery else None),
    }
    return JsonResponse(answer, status=200 if is_ready else 503)


def passes(name: str, check: Callable[[], bool]) -> bool:
    try:
        passed = check()
    except (DatabaseError, InterfaceError, redis.RedisError) as error:
        logger.warning("readiness: %s failed with %s", name, type(error).__name__)
        return False
    if not passed:
        logger.warning("readiness: %s failed", name)
    return passed


def database_is_reachable() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return True


def migrations_are_applied() -> bool:
    return known_migrations() <= MigrationRecorder(connection).applied_migrations().keys()


@cache
def known_migrations() -> frozenset[tuple[str, str]]:
    """Read from disk once; a process never sees new code without a restart."""
    return frozenset(MigrationLoader(None).disk_migrations or ())


def guards_are_present() -> bool:
    return not missing_guards(connection, apps.get_models())


def broker_answers() -> bool:
    client = redis.Redis.from_url(
        settings.CELERY_BROKER_URL, socket_connect_timeout=BROKER_SECONDS, socket_timeout=BROKER_SECONDS
    )
    with client:
        return bool(client.ping())


def delivery_as_it_is() -> Delivery | None:
    """How messages leave; ``None`` when that cannot be read."""
    try:
        return read_delivery()
    except (DatabaseError, InterfaceError) as error:
        logger.warning("readiness: the outbox was not read, %s", type(error).__name__)
        return None


def seconds_of(age: timedelta | None) -> int | None:
    return None if age is None else int(age.total_seconds())
