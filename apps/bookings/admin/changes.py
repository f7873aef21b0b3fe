"""The history of a booking in the words of the desk: its own part of the story."""

from itertools import pairwise

from django.utils.text import capfirst
from django.utils.translation import gettext as _

from apps.bookings.admin.times import time_text
from apps.bookings.models import Booking
from apps.bookings.story import Entry
from apps.common.doors import Door
from apps.common.money import display_money
from apps.common.reader import called
from apps.common.text import localized
from apps.salons.models import Staff

Status = Booking.Status
LOOK = {
    Status.PENDING: ("hourglass_top", "warning"),
    Status.CONFIRMED: ("event_available", "info"),
    Status.ARRIVED: ("login", "primary"),
    Status.COMPLETED: ("task_alt", "success"),
    Status.NO_SHOW: ("person_off", "danger"),
    Status.CANCELLED: ("event_busy", "danger"),
    Status.EXPIRED: ("timer_off", "default"),
}
UNDONE = {
    (Status.ARRIVED, Status.CONFIRMED),
    (Status.COMPLETED, Status.ARRIVED),
    (Status.NO_SHOW, Status.CONFIRMED),
}
# What came through these is known without a person; elsewhere the rules did it on the way of something else.
TELLING = (Door.WEBHOOK, Door.IMPORT)


def changes_of(booking, *, reader, limit):
    """What happened to `booking`, newest first, each with what changed from what. Two queries."""
    records = list(booking.history.select_related("history_user").order_by("-history_date", "-history_id")[: limit + 1])
    words = _Words(booking, records)
    told = [words.change(older, newer) for newer, older in pairwise(records)]
    if records and len(records) <= limit:
        told.append(words.beginning(records[-1]))
    return told


class _Words:
    def __init__(self, booking, records):
        self._booking = booking
        others = {record.staff_id for record in records} - {booking.staff_id}
        self._staff = {booking.staff_id: booking.staff, **(Staff.objects.in_bulk(others) if others else {})}

    def beginning(self, record):
        place = f"{self._time(record.starts_at)} · {self._service(record)} · {self._host(record)}"
        title = _("Booked online") if record.source == Booking.Source.ONLINE else _("Entered by the salon")
        return self._entry(record, "add_circle", "success", title, (), detail=place)

    def change(self, older, newer):
        icon, colour, title = self._look(older, newer)
        return self._entry(newer, icon, colour, title, tuple(self._differences(older, newer)))

    def _entry(self, record, icon, colour, title, changes, detail=""):
        reason, (who, door) = record.history_change_reason, self._who(record)
        return Entry(
            record.history_date,
            icon,
            colour,
            title,
            detail,
            changes,
            who=who,
            door=door,
            # A reason that the system gives is kept in English.
            reason=_(reason) if reason else "",
        )

    @staticmethod
    def _look(older, newer):
        if older.status != newer.status:
            if (older.status, newer.status) in UNDONE:
                return "undo", "warning", _("Taken back")
            return *LOOK[Status(newer.status)], capfirst(newer.get_status_display())
        if (older.starts_at, older.staff_id) != (newer.starts_at, newer.staff_id):
            return "update", "info", _("Moved")
        if _named(older) != _named(newer):
            return "content_cut", "info", _("Service changed")
        if older.duration_minutes != newer.duration_minutes:
            return "schedule", "info", _("Length changed")
        if older.hold_expires_at != newer.hold_expires_at:
            return "hourglass_top", "info", _("Held longer")
        if older.review_id != newer.review_id:
            return "star", "success", _("Reviewed by the customer")
        return "edit", "default", _("Changed")

    def _differences(self, older, newer):
        if older.status != newer.status:
            yield capfirst(older.get_status_display()), capfirst(newer.get_status_display())
        shown = (
            (self._time, "starts_at"),
            (display_money, "price_amount"),
            (_minutes, "duration_minutes"),
            (str, "guest_name"),
        )
        for show, name in shown:
            before, after = getattr(older, name), getattr(newer, name)
            if before != after:
                yield (show(before) if before else "—"), (show(after) if after else "—")
        for show, key in ((self._host, "staff_id"), (self._service, "service_id")):
            if getattr(older, key) != getattr(newer, key):
                yield show(older), show(newer)
        if older.hold_expires_at and newer.hold_expires_at and older.hold_expires_at != newer.hold_expires_at:
            yield self._time(older.hold_expires_at), self._time(newer.hold_expires_at)

    def _who(self, record):
        """Who did it, and through which door."""
        person, door = record.history_user, record.history_door
        if person is None:
            return "", record.get_history_door_display() if door in TELLING else _("by itself")
        is_customer = person.pk == self._booking.customer.user_id
        # Lines written before doors were kept: customers have the API, everybody else the back office.
        door = door or (Door.API if is_customer else Door.ADMIN)
        is_online = is_customer and door == Door.API
        return called(person, self._booking), _("customer, online") if is_online else str(Door(door).label)

    def _time(self, moment):
        return time_text(moment, self._booking.salon)

    def _host(self, record):
        return str(self._staff.get(record.staff_id, "—"))

    @staticmethod
    def _service(record):
        return localized(*_named(record))


def _named(record):
    return record.service_name_ar, record.service_name_en


def _minutes(count):
    return _("%(minutes)s min") % {"minutes": count}
