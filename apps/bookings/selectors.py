"""Reads of the calendar: free slots for a list, and whether one moment is among them."""

from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.utils import timezone

from apps.bookings.availability import Season, Visit, Window, WorkingTimes, offered_starts, to_datetime, to_minutes
from apps.bookings.models import Booking
from apps.salons.models import ScheduleException, Staff, StaffService, TimeOff, WeeklyHours

ONE_DAY = timedelta(days=1)
# The longest visit of 24 hours with its 8 hours of cleaning up, begun in the last minute of a day.
MARGIN = timedelta(days=3)


@dataclass(frozen=True, slots=True)
class Slot:
    """A time at which the named staff could start; `starts_at` and `ends_at` are aware, the visit without buffers."""

    starts_at: datetime
    ends_at: datetime
    staff_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Offer:
    """A service as one staff member does it."""

    staff: Staff
    duration_minutes: int
    price_amount: object


def offers(service, staff_id=None):
    """Who does `service`, for how long and at what price: a list of Offer in a fixed order (one query)."""
    rows = StaffService.objects.filter(service=service, staff__is_active=True, salon__is_active=True)
    rows = rows.select_related("staff")
    if staff_id is not None:
        rows = rows.filter(staff_id=staff_id)
    return [
        Offer(row.staff, row.duration_minutes or service.duration_minutes, row.price_amount or service.price_amount)
        for row in rows.order_by("staff__position", "staff_id")
    ]


def free_slots(service, *, first: date, last: date, now: datetime, staff_id=None, moving=None) -> list[Slot]:
    """Free slots of `service` on local days `first` to `last`, by time; four queries, however many staff and days.

    `moving` is a booking that looks for another time: its own counts as free, and it takes as long as was booked.
    """
    slots = defaultdict(list)
    rivals = _rivals(now, moving)
    for offer, starts in _starts_by_offer(service, offers(service, staff_id), first, last, now, moving, rivals):
        for start in starts:
            slots[start, start + offer.duration_minutes].append(offer.staff.pk)
    return [Slot(to_datetime(start), to_datetime(end), tuple(ids)) for (start, end), ids in sorted(slots.items())]


def free_offers(
    service, candidates, starts_at: datetime, *, now: datetime, moving=None, as_if_unbooked=False
) -> list[Offer]:
    """Those of `candidates` (Offers) that are free at `starts_at`: the same answer the list of slots gives.

    `as_if_unbooked` asks for the salon's hours and people's time off only.
    """
    # At the ends of the calendar (year 1, year 9999) even the arithmetic of days fails.
    within_reach = now <= starts_at <= now + timedelta(days=service.salon.horizon_days + 2)
    if not within_reach or starts_at.second or starts_at.microsecond:
        return []
    day = timezone.localtime(starts_at, ZoneInfo(service.salon.timezone)).date()
    rivals = Booking.objects.none() if as_if_unbooked else _rivals(now, moving)
    found = _starts_by_offer(service, candidates, day, day, now, moving, rivals)
    return [offer for offer, starts in found if to_minutes(starts_at) in starts]


def own_bookings(person):
    """What the product keeps of a customer's visits, as plain values, newest first."""
    fields = (
        "reference",
        "status",
        "starts_at",
        "ends_at",
        "service_name_ar",
        "service_name_en",
        "price_amount",
        "note",
    )
    return list(Booking.objects.of_customer(person).values(*fields))


def _starts_by_offer(service, candidates, first, last, now, moving, rivals):
    salon = service.salon
    zone = ZoneInfo(salon.timezone)
    today = timezone.localtime(now, zone).date()
    first, last = max(first, today), min(last, today + timedelta(days=salon.horizon_days))
    staff_ids = [offer.staff.pk for offer in candidates]
    if not staff_ids or last < first:
        return
    working = _working_times(salon, first, last, zone)
    busy = _busy(staff_ids, rivals, first, last, zone)
    # What was booked keeps its length and its buffers, whatever the catalogue says by now.
    terms = moving or service
    # A minute that has begun has passed: with no notice at all, 10:00 is gone at 10:00:00.5.
    notice = now + timedelta(minutes=salon.lead_time_minutes, seconds=59, microseconds=999_999)
    earliest = max(to_minutes(notice), to_minutes(_midnight(first, zone)))
    latest = to_minutes(_midnight(last + ONE_DAY, zone))
    for offer in candidates:
        offer = replace(offer, duration_minutes=moving.duration_minutes) if moving else offer
        visit = Visit(
            duration=offer.duration_minutes,
            buffer_before=terms.buffer_before_minutes,
            buffer_after=terms.buffer_after_minutes,
            step=salon.slot_step_minutes,
        )
        # The shift that began the evening before reaches into the first day, a visit may run on into the day after.
        intervals = working.intervals(offer.staff.pk, first - ONE_DAY, last + ONE_DAY)
        yield offer, offered_starts(intervals, busy[offer.staff.pk], visit, earliest=earliest, latest=latest)


def _working_times(salon, first, last, zone):
    begin, end = first - ONE_DAY, last + ONE_DAY
    hours = WeeklyHours.objects.filter(salon=salon).in_force(begin, end)
    days_off = ScheduleException.objects.filter(salon=salon, starts_on__lte=end, ends_on__gte=begin)
    windows = [
        Window(*row)
        for row in hours.values_list(
            "staff_id", "exception_id", "weekday", "opens", "closes", "ends_next_day", "valid_from", "valid_until"
        )
    ]
    seasons = [Season(*row) for row in days_off.values_list("pk", "staff_id", "starts_on", "ends_on")]
    return WorkingTimes(windows, seasons, zone)


def _rivals(now, moving):
    """Bookings that count; a hold whose time is up does not, whether or not a pass has ended it already."""
    others = Booking.objects.exclude(pk=moving and moving.pk)
    return others.exclude(status=Booking.Status.PENDING, hold_expires_at__lte=now)


def _busy(staff_ids, rivals, first, last, zone):
    starts, ends = _midnight(first, zone) - MARGIN, _midnight(last, zone) + MARGIN
    bookings = rivals.filter(staff__in=staff_ids).occupying(starts, ends).order_by()
    time_off = TimeOff.objects.filter(staff__in=staff_ids, starts_at__lt=ends, ends_at__gt=starts).order_by()
    rows = bookings.values_list("staff_id", "occupied_from", "occupied_until").union(
        time_off.values_list("staff_id", "starts_at", "ends_at"), all=True
    )
    busy = defaultdict(list)
    for staff_id, begins, until in rows:
        # A stray second at the end still occupies its whole minute.
        busy[staff_id].append((to_minutes(begins), to_minutes(until + timedelta(seconds=59))))
    return busy


def _midnight(day, zone):
    return datetime.combine(day, datetime.min.time(), zone)
