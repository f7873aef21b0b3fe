"""The stand-in's time: the wall clock, which tests may push forward, and the gateway's way to write moments."""

from datetime import UTC, datetime, timedelta, timezone


class Clock:
    """UTC now, plus what was advanced since the start."""

    def __init__(self) -> None:
        self._ahead = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self._ahead

    def stamp(self) -> str:
        return stamp(self.now())

    def advance(self, seconds: float) -> None:
        self._ahead += timedelta(seconds=seconds)


def stamp(moment: datetime) -> str:
    """ISO 8601 in UTC with milliseconds. Sorts as text, which the ledger relies on."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def parse_moment(text: object, bare_offset_hours: int = 0) -> datetime | None:
    """Read an ISO date or datetime; None when it is neither.

    A bare date is midnight at its start. In which zone the gateway does not say, hence the offset, which also
    serves datetimes without one.
    """
    if not isinstance(text, str):
        return None
    zone = timezone(timedelta(hours=bare_offset_hours))
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=zone)
    return moment.astimezone(UTC)
