"""Which door a change comes through: kept with every line of history, beside who and why."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Door(TextChoices):
    """The ways into the books. Lines written before doors were kept have none."""

    ADMIN = "admin", _("back office")
    API = "api", _("customers' app")
    WEBHOOK = "webhook", _("report of a provider")
    IMPORT = "import", _("imported file")
    JOB = "job", _("job or command")


_door: ContextVar[Door] = ContextVar("door", default=Door.JOB)


@contextmanager
def through(door: Door) -> Iterator[None]:
    """While it lasts, changes come through `door`; outside of it through a job or a command."""
    token = _door.set(door)
    try:
        yield
    finally:
        _door.reset(token)


def current_door() -> str:
    """The value of the door that a change made now comes through."""
    return _door.get().value
