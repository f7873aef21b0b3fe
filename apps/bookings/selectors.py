"""Reads of the calendar: free times for a list, and who is free at one moment. Both ask the same engine."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from heapq import merge
from itertools import islice
from typing import NamedTuple
from zoneinfo import ZoneInfo

from django.db.models import BigIntegerField, Count, F, Field, Func, Q, TimeField, Value
from django.db.models.functions import Cast
from django.utils import timezone

from apps.bookings.availability import (
    Block,
    Calendar,
    Cause,
    Schedule,
    Season,
    Visit,
    Window,
    days,
    midnight,
    obstacles,
    offered_starts,
    to_datetime,
    to_minutes,
)
from apps.bookings.errors import SlotNotOffered, SlotTaken
from apps.bookings.models import Booking
from apps.bookings.querysets import LONGEST
from apps.common.statements import OneOf, compiled
from apps.salons.models import PrayerTime, Salon, ScheduleException, Staff, StaffService, TimeOff, WeeklyHours
from apps.salons.prayer import CalledByHand, pauses_of

ONE_DAY = timedelta(days=1)
# Columns of WeeklyHours in the order of `availability.Window`.
WINDOW = (
    "staff_id",
    "exception_id",
    "weekday",
    "opens",
    "closes",
    "ends_next_day",
    "is_break",
    "valid_from",
    "valid_until",
)
HALF_A_DAY = 720
# What may lie before and after a visit's start: 8 hours of preparation; 24 hours of service, 8 of cleaning up; and the
# hour that a clock change may take from a local midnight.
BEFORE_START, AFTER_START = timedelta(hours=9), timedelta(hours=33)
# A salon open one day a week reaches its farthest horizon after this time.
FARTHEST = timedelta(days=366 * 7)
# What speaks against a new start time, and not against another person at a time that is agreed already.
TIMELESS = {Cause.TOO_SOON, Cause.TOO_FAR, Cause.OFF_GRID}


class Slot(NamedTuple):
    """A time at which the named staff could start; `starts_at` and `ends_at` are aware, the visit without buffers."""

    starts_at: datetime
    ends_at: datetime
    staff_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Offer:
    """A service as one staff member does it."""

    staff: Staff
    duration_minutes: int
    price_amount: Decimal


@dataclass(frozen=True, slots=True)
class Record:
    """What counts for and against a customer who wants to book."""

    open_holds: int
    active: int
    no_shows: int


class _EpochMinutes(Func):
    """A moment as whole minutes since the epoch, rounded up by `spare` = 59 seconds or down by 0; split seconds fall.

    Made by the database, because a datetime object per row costs more than the whole search.
    """

    # A plain field: the driver's integers need no conversion row by row.
    output_field = Field()
    template = "((floor(date_part('epoch', %(expressions)s))::bigint + %(spare)s) / 60)"

    def __init__(self, expression, *, spare):
        super().__init__(expression, spare=spare)

    def as_sqlite(self, compiler, connection, **context):
        template = "((CAST(strftime('%%%%s', %(expressions)s) AS INTEGER) + %(spare)s) / 60)"
        return self.as_sql(compiler, connection, template=template, **context)


def offers(service, staff_id=None, *, moving=None):
    """Who does `service`, for how long and at what price: a list of Offer in the salon's order (one query).

    A booking that is `moving` takes as long and costs as much as was booked, also when its service is off sale by now.
    """
    if moving is not None:
        able = _able(service=service.pk, staff=staff_id)
        return [Offer(row.staff, moving.duration_minutes, moving.price_amount) for row in able]
    return [
        Offer(row.staff, row.duration_minutes or service.duration_minutes, row.price_amount or service.price_amount)
        for row in _able_and_on_sale(service=service.pk, staff=staff_id)
    ]


@compiled
def _able(*, service, staff):
    able = StaffService.objects.filter(service=service, staff__is_active=True, salon__is_active=True)
    if staff is not None:
        able = able.filter(staff=staff)
    return able.select_related("staff").order_by("staff__position", "staff_id")


@compiled
def _able_and_on_sale(*, service, staff):
    return _able.queryset(service=service, staff=staff).filter(
        service__is_active=True, service__category__is_active=True
    )


def free_slots(service, *, first: date, last: date, now: datetime, staff_id=None, moving=None) -> list[Slot]:
    """Free times of `service` on local days `first` to `last`, by time; four queries, however many staff and days.

    `moving` is a booking that looks for another time: its own counts as free, and it takes as long as was booked.
    """
    today = timezone.localtime(now, ZoneInfo(service.salon.timezone)).date()
    first, last = max(first, today), min(last, today + FARTHEST)
    candidates = offers(service, staff_id, moving=moving) if first <= last else []
    if not candidates:
        return []
    calendars = load_calendars(service.salon, candidates, first, last, now=now, moving=moving)
    free: dict[int, dict[int, list[int]]] = {}
    for offer in candidates:
        staff_id, starts = offer.staff.pk, free.setdefault(offer.duration_minutes, {})
        for start in offered_starts(calendars[staff_id], visit_of(offer, moving or service, service.salon)):
            starts.setdefault(start, []).append(staff_id)
    return list(merge(*(_slots(starts, timedelta(minutes=minutes)) for minutes, starts in free.items())))


def _slots(starts, duration):
    for start in sorted(starts):
        begins = to_datetime(start)
        yield Slot(begins, begins + duration, tuple(starts[start]))


def free_offers(service, candidates, starts_at: datetime, *, now: datetime, moving=None) -> list[Offer]:
    """Those of `candidates` (Offers) whom the list of free times shows at `starts_at` (aware).

    The cheapest come first, among them those with the emptiest day, among them the salon's own order. Never empty:
    raises SlotTaken when only bookings are in the way of somebody, SlotNotOffered otherwise.
    """
    calendars = calendars_at(service.salon, candidates, starts_at, now=now, moving=moving)
    start, is_taken = to_minutes(starts_at), False
    free: list[tuple[Decimal, int, int, Offer]] = []
    for offer in candidates if calendars else ():
        calendar, visit = calendars[offer.staff.pk], visit_of(offer, moving or service, service.salon)
        if start in offered_starts(calendar, visit):
            free.append((offer.price_amount, _minutes_booked_around(calendar, start), len(free), offer))
        else:
            is_taken |= all(cause == Cause.BOOKING for _from, _until, cause in obstacles(calendar, visit, start))
    if not free:
        raise SlotTaken if is_taken else SlotNotOffered
    return [offer for *_rank, offer in sorted(free, key=lambda ranked: ranked[:3])]


def free_as_agreed(booking: Booking, candidates, *, now: datetime) -> list[Offer]:
    """Those of `candidates` (Offers) who could take `booking` at its very time, the emptiest day first."""
    return free_at(booking.salon, booking, candidates, booking.starts_at, now=now, moving=booking)


def free_at(salon, terms, candidates, starts_at: datetime, *, now: datetime, moving=None) -> list[Offer]:
    """Those of `candidates` (Offers) with time for `terms` (as in `visit_of`) at a moment that is agreed already, the
    emptiest day first: notice, horizon and grid do not matter.
    """
    calendars = calendars_at(salon, candidates, starts_at, now=now, moving=moving)
    start, free = to_minutes(starts_at), []
    for offer in candidates if calendars else ():
        calendar, visit = calendars[offer.staff.pk], visit_of(offer, terms, salon)
        if all(cause in TIMELESS for _from, _until, cause in obstacles(calendar, visit, start)):
            free.append(offer)
    return sorted(free, key=lambda offer: _minutes_booked_around(calendars[offer.staff.pk], start))


def record_of(person, salon, *, now: datetime) -> Record:
    """The person's holds everywhere, and their visits ahead and no-shows in `salon` (one query)."""
    return Record(*(_record.first(person=person.pk, salon=salon.pk, now=now) or (0, 0, 0)))


@compiled
def _record(*, person, salon, now):
    here = Q(salon=salon)
    of_person = rivals(now).filter(customer__user=person).order_by().values("customer__user")
    return of_person.annotate(
        open_holds=Count("pk", filter=Q(status=Booking.Status.PENDING, hold_expires_at__gt=now)),
        active=Count("pk", filter=here & Q(status__in=Booking.ACTIVE, starts_at__gte=now)),
        no_shows=Count("pk", filter=here & Q(status=Booking.Status.NO_SHOW)),
    ).values_list("open_holds", "active", "no_shows")


def calendars_at(salon, candidates, starts_at: datetime, *, now: datetime, moving=None):
    """Calendars of `candidates` around `starts_at`, by staff key; none when that is no full minute, or absurd."""
    # At the ends of the calendar (year 1, year 9999) even the arithmetic of days fails.
    if starts_at.second or starts_at.microsecond or not now - FARTHEST < starts_at < now + FARTHEST:
        return {}
    day = timezone.localtime(starts_at, ZoneInfo(salon.timezone)).date()
    return load_calendars(salon, candidates, day, day, now=now, moving=moving)


def load_calendars(
    salon: Salon, candidates, first: date, last: date, *, now: datetime, moving=None
) -> dict[int, Calendar]:
    """Everything that decides on the local days `first` to `last`, by staff key, in three queries.

    The booking that is `moving` does not count. Start times outside notice and horizon are outside the calendar.
    """
    zone = ZoneInfo(salon.timezone)
    today = timezone.localtime(now, zone).date()
    staff_ids = [offer.staff.pk for offer in candidates]
    schedule, prayers = load_schedule(salon, first, last, today=today, staff_ids=staff_ids)
    pauses = pause_blocks(prayers)
    opens, closes = midnight(first, zone), midnight(last + ONE_DAY, zone)
    horizon = midnight(_last_bookable_day(salon, schedule, today) + ONE_DAY, zone)
    # A minute that has begun has passed: with no notice at all, 10:00 is gone at 10:00:00.5.
    notice = now + timedelta(minutes=salon.lead_time_minutes, seconds=59, microseconds=999_999)
    earliest, latest = to_minutes(max(notice, opens)), to_minutes(min(closes, horizon))
    busy = load_busy(staff_ids, opens - BEFORE_START, closes + AFTER_START, now=now, moving=moving)
    begin, end = reach(first, last)
    return {
        staff.pk: Calendar(
            schedule.working(staff.pk, begin, end),
            busy[staff.pk] + standing_blocks(salon, staff, schedule, pauses, begin, end),
            earliest,
            latest,
        )
        for staff in (offer.staff for offer in candidates)
    }


def reach(first: date, last: date) -> tuple[date, date]:
    """The local days whose hours, breaks and pauses matter for starts on the days `first` to `last`.

    The shift that began the evening before reaches into the first one; the longest visit, begun late, into the day
    after next.
    """
    return first - ONE_DAY, last + 2 * ONE_DAY


def visit_of(offer: Offer, terms, salon: Salon) -> Visit:
    """What `offer` occupies; `terms` (a service, or a booking on the move) gives the buffers."""
    return Visit(
        offer.duration_minutes, terms.buffer_before_minutes, terms.buffer_after_minutes, salon.slot_step_minutes
    )


def rivals(now, moving=None):
    """Bookings that count, without the one with the key `moving`.

    A hold whose time is up does not, whether or not a pass has ended it already.
    """
    others = Booking.objects.exclude(pk=moving) if moving is not None else Booking.objects.all()
    return others.exclude(status=Booking.Status.PENDING, hold_expires_at__lte=now)


def own_bookings(person):
    """What the product keeps of a customer's visits, as plain values, newest first."""
    fields = (
        "reference",
        "status",
        "source",
        "starts_at",
        "ends_at",
        "service_name_ar",
        "service_name_en",
        "price_amount",
        "vat_amount",
        "currency",
        "prepay_amount",
        "guest_name",
        "note",
        "override_reason",
        "cancelled_by",
        "cancellation_fee_amount",
        "created_at",
    )
    own = Booking.objects.of_customer(person)
    return list(
        own.values(*fields, salon_slug=F("salon__slug"), staff_ar=F("staff__name_ar"), staff_en=F("staff__name_en"))
    )


def own_changes(person):
    """What a customer did with their visits and the reason they gave, as plain values, newest first."""
    done = Booking.history.filter(customer__user=person, history_user=person)
    return list(done.values("reference", "status", changed_at=F("history_date"), reason=F("history_change_reason")))


def keeps_pause(salon: Salon, staff: Staff) -> bool:
    """Whether `staff` cannot be booked at prayer times."""
    everybody = salon.prayer_pause == Salon.PrayerPause.SALON
    return everybody or (salon.prayer_pause == Salon.PrayerPause.STAFF and staff.keeps_prayer_pause)


def _minutes_booked_around(calendar, start):
    begin, end = start - HALF_A_DAY, start + HALF_A_DAY
    taken = [(s, e) for s, e, cause in calendar.blocks if cause == Cause.BOOKING and s < end and begin < e]
    return sum(min(e, end) - max(s, begin) for s, e in taken)


def load_schedule(salon, first, last, *, today, staff_ids=None):
    """The salon's Schedule for starts on the days `first` to `last`, and the prayer pauses in it.

    It knows the usual week of `staff_ids` only, when they are given. Pauses are `(start, end, prayer)`; none when the
    salon keeps none. Two queries.
    """
    begin, end = reach(first, last)
    needed = today + FARTHEST if salon.horizon_counts_open_days else end
    windows = _windows(salon=salon.pk, begin=begin, end=needed, staff=staff_ids)
    seasons, calls = [], []
    for pk, staff_id, starts_on, ends_on, prayer, called_at in _dated_rows(salon=salon.pk, begin=begin, end=needed):
        if prayer:
            calls.append(CalledByHand(prayer, called_at, starts_on, ends_on, pk))
        else:
            seasons.append(Season(pk, staff_id, starts_on, ends_on))
    zone = ZoneInfo(salon.timezone)
    schedule = Schedule((Window(*row) for row in windows), seasons, zone)
    return schedule, pauses_of(salon, days(begin, end), calls) if salon.prayer_pause != Salon.PrayerPause.NONE else []


@compiled
def _windows(*, salon, begin, end, staff):
    hours = WeeklyHours.objects.filter(salon=salon).in_force(begin, end).order_by()
    if staff is not None:
        # What anybody works in a season says whether the salon itself sets bounds in it.
        hours = hours.filter(Q(OneOf("staff_id", staff)) | Q(staff=None) | Q(exception__isnull=False))
    return hours.values_list(*WINDOW)


@compiled
def _dated_rows(*, salon, begin, end):
    """Closed days and seasons together with prayer times entered by hand: both are short lists of dated rows."""
    reach = {"salon": salon, "starts_on__lte": end, "ends_on__gte": begin}
    days_off = ScheduleException.objects.filter(**reach).order_by()
    calls = PrayerTime.objects.filter(**reach).order_by()
    no_time, nobody = Cast(Value(None), TimeField()), Cast(Value(None), BigIntegerField())
    return days_off.values_list("pk", "staff_id", "starts_on", "ends_on", Value(""), no_time).union(
        calls.values_list("pk", nobody, "starts_on", "ends_on", "prayer", "called_at"), all=True
    )


def standing_blocks(salon, staff, schedule, pauses, begin, end) -> list[Block]:
    """What takes up time of `staff` on the local days `begin` to `end` and is neither a booking nor time off.

    A rule that follows from a salon, a person and a day is added here. Free times, stranded visits, the calendar of the
    desk and the figures of how full a day is ask this alone. `pauses` are Blocks.
    """
    return schedule.breaks(staff.pk, begin, end) + (pauses if keeps_pause(salon, staff) else [])


def pause_blocks(pauses) -> list[Block]:
    """Prayer pauses as the engine takes them."""
    return [(start, end, Cause.PRAYER) for start, end, _prayer in pauses]


def prayer_name(pauses, start, end):
    """What the prayer is called whose pause goes from `start` to `end`: the engine's blocks do not say it."""
    return next(PrayerTime.Prayer(prayer).label for begins, ends, prayer in pauses if (begins, ends) == (start, end))


def _last_bookable_day(salon, schedule, today):
    if not salon.horizon_counts_open_days:
        return today + timedelta(days=salon.horizon_days)
    open_days = (day for day in days(today + ONE_DAY, today + FARTHEST) if schedule.opening(day) != [])
    return next(islice(open_days, salon.horizon_days - 1, None), today + FARTHEST)


def load_busy(staff_ids, starts, ends, *, now, moving=None):
    """Blocks of bookings that count and of time off between two moments, by staff key, in one query."""
    span = {"since": starts - LONGEST, "starts": starts, "ends": ends}
    return _by_staff(_busy(staff=staff_ids, now=now, moving=moving and moving.pk, **span))


def load_absences(staff_ids, starts, ends):
    """Blocks of time off alone."""
    return _by_staff(_absences(staff=staff_ids, starts=starts, ends=ends))


def _by_staff(rows):
    blocks = defaultdict(list)
    for staff_id, start, end, cause in rows:
        blocks[staff_id].append((start, end, cause))
    return blocks


@compiled
def _busy(*, staff, since, starts, ends, now, moving):
    bookings = rivals(now, moving).filter(OneOf("staff_id", staff)).occupying(starts, ends, since=since).order_by()
    return bookings.values_list(*_block("occupied_from", "occupied_until", Cause.BOOKING)).union(
        _absences.queryset(staff=staff, starts=starts, ends=ends), all=True
    )


@compiled
def _absences(*, staff, starts, ends):
    away = TimeOff.objects.filter(OneOf("staff_id", staff), starts_at__lt=ends, ends_at__gt=starts).order_by()
    return away.values_list(*_block("starts_at", "ends_at", Cause.TIME_OFF))


def _block(starts, ends, cause):
    # A stray second at the end still occupies its whole minute.
    return "staff_id", _EpochMinutes(starts, spare=0), _EpochMinutes(ends, spare=59), Value(str(cause))
