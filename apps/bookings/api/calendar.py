"""A booking as a calendar file (RFC 5545), for the customer's own calendar."""

from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import gettext as _
from icalendar import Calendar, Event

from apps.bookings.models import Booking

STATUSES = {
    Booking.Status.PENDING: "TENTATIVE",
    Booking.Status.CANCELLED: "CANCELLED",
    Booking.Status.EXPIRED: "CANCELLED",
}


def calendar_file(booking: Booking) -> bytes:
    """One event in UTC, which calendars show at their reader's own time. A later version replaces an earlier one."""
    calendar = Calendar()
    calendar.add("prodid", "-//Salon back office//")
    calendar.add("version", "2.0")
    calendar.add_component(_event(booking))
    content: bytes = calendar.to_ical()
    return content


def _event(booking):
    event = Event()
    event.add("uid", f"{booking.pk}@{urlsplit(settings.PUBLIC_BASE_URL).hostname}")
    event.add("sequence", booking.version)
    event.add("dtstamp", booking.updated_at)
    event.add("dtstart", booking.starts_at)
    event.add("dtend", booking.ends_at)
    event.add("status", STATUSES.get(booking.status, "CONFIRMED"))
    event.add("summary", f"{booking.service_name or booking.service.name} · {booking.salon.name}")
    event.add("location", ", ".join(filter(None, [booking.salon.name, booking.salon.address])))
    about = {"staff": booking.staff.name, "reference": booking.display_reference}
    event.add("description", _("With %(staff)s. Booking %(reference)s") % about)
    return event
