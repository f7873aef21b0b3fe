"""The calendar as its script reads it: times by the clock of the salon, every word in the reader's language."""

from datetime import datetime, time
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from apps.bookings.availability import to_datetime
from apps.bookings.models import Booking
from apps.bookings.money import Paid, paid_of
from apps.common.hijri import hijri_text
from apps.common.reader import called

RESIZABLE = (*Booking.MOVABLE, Booking.Status.ARRIVED)


def days_json(days, *, reader):
    """`Days` as plain values."""
    salon = days.salon
    zone = ZoneInfo(salon.timezone)
    may_move = reader.has_perm("bookings.reschedule_booking", Booking(salon=salon))
    names = {person.pk: str(person) for person in days.staff}
    return {
        "hijri": hijri_text(days.first, days.last) if salon.show_hijri_dates else "",
        "offset": _offset(days.first, zone),
        "opens": days.opens,
        "closes": days.closes,
        "staff": [_person(person) for person in days.staff],
        "visits": [
            _visit(booking, zone, names.get(booking.staff_id, ""), days.received, may_move=may_move)
            for booking in days.bookings
        ],
        "stretches": [_stretch(one, zone) for one in days.stretches],
    }


def wall_text(moment, zone):
    """An aware datetime as the clock of the salon shows it, ISO 8601 without an offset."""
    return moment.astimezone(zone).replace(tzinfo=None).isoformat(timespec="minutes")


def paid_text(paid):
    """How a visit is paid, in a word or two; none for who may not know."""
    return {
        None: "",
        Paid.FULLY: pgettext("visit", "paid"),
        Paid.PARTLY: pgettext("visit", "partly paid"),
        Paid.NOT: pgettext("visit", "not paid"),
    }[paid]


def _offset(day, zone):
    """What the clock of `zone` shows more than UTC at noon of `day`: "+03:00"."""
    text = f"{datetime.combine(day, time(12), zone):%z}"
    return f"{text[:3]}:{text[3:5]}"


def _person(person):
    return {"id": str(person.pk), "name": str(person), "color": person.color}


def _visit(booking, zone, staff, received, *, may_move):
    paid = paid_of(booking, received)
    starts, ends = booking.starts_at.astimezone(zone), booking.ends_at.astimezone(zone)
    customer = booking.guest_name or called(booking.customer.user, booking)
    state = _("waits for payment") if booking.awaits_payment else booking.get_status_display()
    words = [f"{starts:%H:%M}–{ends:%H:%M}", customer, booking.service_name, staff, state, paid_text(paid)]
    return {
        "id": str(booking.pk),
        "staff": str(booking.staff_id),
        "staffName": staff,
        "start": wall_text(booking.starts_at, zone),
        "end": wall_text(booking.ends_at, zone),
        "version": booking.version,
        "status": booking.status,
        "state": state,
        "customer": customer,
        "service": booking.service_name,
        "paid": paid or "",
        "paidText": paid_text(paid),
        "hasNote": bool(booking.note),
        "label": _(", ").join(filter(None, words)),
        "movable": may_move and booking.status in Booking.MOVABLE,
        "resizable": may_move and booking.status in RESIZABLE,
    }


def _stretch(one, zone):
    return {
        "staff": str(one.staff_id),
        "start": wall_text(to_datetime(one.begins), zone),
        "end": wall_text(to_datetime(one.ends), zone),
        "kind": one.kind,
        "text": one.text,
    }
