"""Time for a visit: who is free for it by the rules, and what neighbours give up for one outside of them."""

from zoneinfo import ZoneInfo

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.bookings import policies, selectors
from apps.bookings.errors import SlotNotOffered, SlotTaken, StaffRequired
from apps.bookings.locks import lock_calendars
from apps.bookings.models import Booking
from apps.bookings.services import holds
from apps.common.history import save_as


def free_for(service, candidates, starts_at, *, now, override_reason, moving=None):
    """Whom a visit may be given to, in order of preference; an override looks at other bookings only."""
    if not override_reason:
        return selectors.free_offers(service, candidates, starts_at, now=now, moving=moving)
    if len(candidates) > 1:
        raise StaffRequired(field="staff")
    if starts_at.second or starts_at.microsecond or not policies.may_be_entered(starts_at, now):
        raise SlotNotOffered(_("Outside the rules, a visit begins at most a day ago and at most two years ahead."))
    staff_ids = [offer.staff.pk for offer in candidates]
    lock_calendars(staff_ids)
    holds.expire_holds(now=now, staff_ids=staff_ids)
    return candidates


def make_room(booking, *, actor, reason):
    """Neighbours give up the buffers that `booking` runs into, and it gives up its own; no visit gives way."""
    booking.override_reason = reason
    gives_way = _("Buffer given up for booking %(reference)s: %(reason)s")
    told = gives_way % {"reference": booking.display_reference, "reason": reason}
    others = Booking.objects.filter(staff=booking.staff).exclude(pk=booking.pk).select_for_update(no_key=True)
    for other in others.occupying(booking.occupied_from, booking.occupied_until).order_by("starts_at"):
        if other.starts_at < booking.ends_at and booking.starts_at < other.ends_at:
            raise SlotTaken(
                _("Booking %(reference)s takes this time from %(start)s to %(end)s."),
                reference=other.display_reference,
                start=_wall_time(other.starts_at, booking.salon),
                end=_wall_time(other.ends_at, booking.salon),
            )
        if other.ends_at <= booking.starts_at:
            kept = min(other.occupied_until, booking.starts_at)
            changed, other.occupied_until = other.occupied_until != kept, kept
            booking.occupied_from = max(booking.occupied_from, kept)
        else:
            kept = max(other.occupied_from, booking.ends_at)
            changed, other.occupied_from = other.occupied_from != kept, kept
            booking.occupied_until = min(booking.occupied_until, kept)
        if changed:
            save_as(other, actor=actor, reason=told, update_fields=["occupied_from", "occupied_until"])


def _wall_time(moment, salon):
    return f"{timezone.localtime(moment, ZoneInfo(salon.timezone)):%H:%M}"
