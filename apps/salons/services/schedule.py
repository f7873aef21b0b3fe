"""Changes of when a salon works."""

from collections import Counter
from datetime import date, time
from hashlib import blake2b
from typing import NamedTuple

from apps.common.errors import Forbidden, Missing
from apps.common.history import delete_as, save_as
from apps.common.locks import lock
from apps.common.transactions import use_case
from apps.salons.errors import WeekChanged
from apps.salons.models import Salon, ScheduleException, Staff, WeeklyHours


def lock_schedule(salon_id):
    """Hours, time off and people of the salon, for whoever changes them: until the commit nothing is booked in it."""
    lock(exclusive=[("schedule", salon_id)])


class Window(NamedTuple):
    """One row of a week as it shall be, Monday is 0. `row` is the id of the WeeklyHours it was, or None for a new one.

    The other fields are those of WeeklyHours.
    """

    row: int | None
    weekday: int
    opens: time
    closes: time
    ends_next_day: bool = False
    is_break: bool = False
    valid_from: date | None = None
    valid_until: date | None = None

    @classmethod
    def of(cls, row):
        return cls(row.pk, **{name: getattr(row, name) for name in FIELDS})


FIELDS = Window._fields[1:]


def week_rows(*, salon_id, staff_id, exception_id):
    """The rows of one week: of a person or (None) of the salon itself, usual or during an exception."""
    rows = WeeklyHours.objects.filter(salon=salon_id, staff=staff_id, exception=exception_id)
    return list(rows.order_by("weekday", "opens", "pk"))


def week_mark(rows, *, salon_id, staff_id, exception_id):
    """How a page remembers which week it showed, and what stood in it."""
    windows = sorted(map(str, map(Window.of, rows)))
    text = "/".join(map(str, (salon_id, staff_id, exception_id, *windows)))
    return blake2b(text.encode(), digest_size=12).hexdigest()


@use_case
def change_week(*, actor, salon_id, staff_id, exception_id, seen, windows, reason=""):
    """Make one week consist of `windows` ([Window, …]); rows that stay as they are get no line in the history.

    `staff_id` None means the salon's own hours, `exception_id` None the usual week. `seen` is the `week_mark` of the
    week that was shown. Returns how many rows were written or removed.

    Raises: Missing, Forbidden; WeekChanged when somebody else changed that week.
    """
    whose = {"salon_id": salon_id, "staff_id": staff_id, "exception_id": exception_id}
    lock_schedule(salon_id)
    _ensure_week_of(actor=actor, **whose)
    stored = {row.pk: row for row in week_rows(**whose)}
    if Counter(window[1:] for window in windows) == Counter(Window.of(row)[1:] for row in stored.values()):
        # Nothing to do, or sent twice.
        return 0
    if seen != week_mark(stored.values(), **whose):
        raise WeekChanged
    kept = {window.row: window for window in windows if window.row is not None}
    if not kept.keys() <= stored.keys():
        raise Missing

    going = [row for pk, row in stored.items() if pk not in kept]
    for row in going:
        delete_as(row, actor=actor, reason=reason)
    changed = [window for pk, window in kept.items() if window != Window.of(stored[pk])]
    changed += [window for window in windows if window.row is None]
    for window in changed:
        row = stored.get(window.row) or WeeklyHours(**whose)
        for name in FIELDS:
            setattr(row, name, getattr(window, name))
        save_as(row, actor=actor, reason=reason)
    return len(going) + len(changed)


def _ensure_week_of(*, actor, salon_id, staff_id, exception_id):
    salon = Salon.objects.filter(pk=salon_id).first()
    if salon is None:
        raise Missing
    if not all(actor.has_perm(f"salons.{verb}_weeklyhours", WeeklyHours(salon=salon)) for verb in ALL_VERBS):
        raise Forbidden
    if staff_id is not None and not Staff.objects.filter(salon=salon, pk=staff_id).exists():
        raise Missing
    if exception_id is not None:
        exception = ScheduleException.objects.filter(salon=salon, pk=exception_id).first()
        if exception is None or exception.staff_id not in (None, staff_id):
            raise Missing


ALL_VERBS = ("add", "change", "delete")
