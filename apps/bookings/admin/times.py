"""Times as the desk types and reads them, by the clock of the salon, and why one of them is refused."""

from datetime import timedelta
from heapq import nsmallest
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.translation import gettext as _

from apps.bookings import selectors
from apps.bookings.errors import SlotNotOffered, SlotTaken
from apps.bookings.explanations import why_not_each
from apps.salons.models import Service, Staff

NOT_FREE = SlotNotOffered, SlotTaken
AROUND = timedelta(days=7)
MOST_NEAREST = 12


def by_salon_clock(typed, salon):
    """The moment (aware) at which the clock of `salon` shows what was typed."""
    return typed.replace(tzinfo=ZoneInfo(salon.timezone))


def time_text(moment, salon):
    """An aware datetime by the clock of `salon`, day and hour in one short line."""
    local = moment.astimezone(ZoneInfo(salon.timezone))
    return f"{date_format(local, 'D j M')} · {local:%H:%M}"


def reasons_by_person(service, staff, starts_at, *, reader, moving=None):
    """`[(Staff, [Reason, …]), …]` of `staff`, or where that is None of everybody who does `service`, for `reader`."""
    people = [staff] if staff else list(Staff.objects.filter(services=service, is_active=True))
    reasons = why_not_each(service, people, starts_at, now=timezone.now(), moving=moving, reader=reader)
    return [(person, reasons[person.pk]) for person in people]


def refusal_texts(refusal, service, staff, starts_at, *, reader, moving=None, ignored=()):
    """What to tell about a time that was refused: every reason whose code is not `ignored`, or the refusal's own words
    where there is none.
    """
    people = reasons_by_person(service, staff, starts_at, reader=reader, moving=moving)
    found = [(person, reason) for person, reasons in people for reason in reasons if reason.code not in ignored]
    texts = [_of_person(person, str(reason), staff) for person, reason in found]
    return texts or [str(refusal)]


def _of_person(person, text, staff):
    """`text` with the name before it, where nobody was named and it does not name the person itself."""
    return text if staff or str(person) in text else format_html("<bdi>{}</bdi>: {}", person, text)


def nearest_slots(service, starts_at, *, staff=None):
    """The free times (Slots) nearest to `starts_at`, by time, of `staff` or of anybody."""
    if not Service.objects.bookable().filter(pk=service.pk).exists():
        return []
    zone, now = ZoneInfo(service.salon.timezone), timezone.now()
    today = now.astimezone(zone).date()
    day = min(max(starts_at.astimezone(zone).date(), today), today + selectors.FARTHEST)
    staff_id = staff and staff.pk
    slots = selectors.free_slots(service, first=day - AROUND, last=day + AROUND, now=now, staff_id=staff_id)
    nearest = nsmallest(MOST_NEAREST, slots, key=lambda slot: abs(slot.starts_at - starts_at))
    return sorted(nearest, key=lambda slot: slot.starts_at)


def why_not_link(service, staff, starts_at):
    """A link to the page that explains this time and shows others."""
    local = starts_at.astimezone(ZoneInfo(service.salon.timezone))
    asked = {
        "salon": service.salon_id,
        "service": service.pk,
        "staff": staff.pk if staff else "",
        "starts_at_0": local.date().isoformat(),
        "starts_at_1": f"{local:%H:%M}",
    }
    address = f"{reverse('admin:bookings_booking_why_not_action')}?{urlencode(asked)}"
    return format_html('<a class="underline" href="{}">{}</a>', address, _("Show the nearest free times"))


def add_url(service, staff, starts_at):
    """The address of the form for a new visit with these already filled in."""
    local = starts_at.astimezone(ZoneInfo(service.salon.timezone))
    typed = local.replace(tzinfo=None).isoformat(timespec="minutes")
    said = {"salon": service.salon_id, "service": service.pk, "starts_at": typed}
    if staff:
        said["staff"] = staff.pk
    return f"{reverse('admin:bookings_booking_add')}?{urlencode(said)}"
