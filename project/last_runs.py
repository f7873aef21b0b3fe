"""Marks when each pass last ran. A mark that cannot be made is logged, and the pass goes on as if it had been."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from django.core.management import CommandError
from django.db import transaction
from django.utils import timezone

from project.models import LastRun

logger = logging.getLogger(__name__)


@contextmanager
def marked(name: str) -> Iterator[None]:
    """Mark the beginning of a pass, and its end or its failure, which goes on to the caller."""
    _mark(name, started_at=timezone.now())
    try:
        yield
    except Exception as error:
        _mark(name, failed_at=timezone.now(), error=_class_of(error))
        raise
    _mark(name, finished_at=timezone.now())


def _mark(name: str, **values: object) -> None:
    """One statement, so that two passes at once never wait for more than each other's."""
    row = LastRun(name=name, **values)
    try:
        # A failure inside the caller's transaction takes nothing but the mark with it.
        with transaction.atomic():
            LastRun.objects.bulk_create(
                [row], update_conflicts=True, unique_fields=["name"], update_fields=list(values)
            )
    except Exception:
        logger.exception("pass %s was not marked", name)


def _class_of(error: Exception) -> str:
    """The short name of its class; of a command's refusal, that of what it refuses for."""
    cause = error.__cause__ if isinstance(error, CommandError) else None
    return type(cause or error).__name__[:64]
