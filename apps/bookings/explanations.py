"""Why is this time not offered? The engine's obstacles in words, for the people at the desk."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.accounts.models import User
from apps.bookings import selectors
from apps.bookings.availability import (
    MINUTES_A_DAY,
    Calendar,
    Cause,
    Visit,
    midnight,
    obstacles,
    to_datetime,
    to_minutes,
)
from apps.bookings.models import Booking
from apps.bookings.selectors import ONE_DAY, Offer
from apps.salons.models import Salon, ScheduleException, Service, Staff, StaffService, TimeOff

ALWAYS = 0, 2**40


@dataclass(frozen=True, slots=True)
class Reason:
    """One obstacle: a stable `code` (a Cause, or what is off sale) and a sentence in the active language."""

    code: str
    text: str

    def __str__(self) -> str:
        return self.text


def why_not(
    service: Service,
    staff: Staff,
    starts_at: datetime,
    *,
    now: datetime,
    moving: Booking | None = None,
    reader: User | None = None,
) -> list[Reason]:
    """Everything that keeps `service` with `staff` from beginning at `starts_at` (aware); empty when it is offered.

    Why somebody is away is told to a `reader` who may view that time off; without one everything is told.
    """
    return why_not_each(service, [staff], starts_at, now=now, moving=moving, reader=reader)[staff.pk]


def why_not_each(
    service: Service,
    people: list[Staff],
    starts_at: datetime,
    *,
    now: datetime,
    moving: Booking | None = None,
    reader: User | None = None,
) -> dict[int, list[Reason]]:
    """The same for several `people` by their key; ten queries, however many."""
    salon = service.salon
    rows = StaffService.objects.filter(service=service, staff__in=people)
    lengths = {row.staff_id: row.duration_minutes or service.duration_minutes for row in rows}
    reasons = {person.pk: [*_off_sale(service, person, is_able=person.pk in lengths)] for person in people}
    offers = [
        Offer(
            person,
            moving.duration_minutes if moving else lengths.get(person.pk, service.duration_minutes),
            service.price_amount,
        )
        for person in people
    ]
    calendars = selectors.calendars_at(salon, offers, starts_at, now=now, moving=moving)
    if not calendars:
        nowhere = Reason("no_time", _("Choose a full minute within reach of the calendar."))
        return {pk: [*found, nowhere] for pk, found in reasons.items()}
    day = starts_at.astimezone(ZoneInfo(salon.timezone)).date()
    _schedule, prayers = selectors.load_schedule(salon, day, day, today=day)
    words = _Words(salon, prayers, first=day, last=day, now=now, reader=reader)
    rivals = selectors.rivals(now, moving and moving.pk)
    words.bookings = list(rivals.filter(staff__in=people).occupying(starts_at - ONE_DAY, starts_at + 2 * ONE_DAY))
    for offer in offers:
        person, visit = offer.staff, selectors.visit_of(offer, moving or service, salon)
        reasons[person.pk] += words.reasons(person, calendars[person.pk], visit, to_minutes(starts_at))
    return reasons


def stranded_visits(salon_id: int, *, now: datetime) -> dict[UUID, list[Reason]]:
    """Visits ahead in a salon which its schedule, people and price list no longer cover, with the reasons, by time.

    Other bookings do not matter here, nor do buffers, notice and horizon: the question is whether somebody is there to
    receive the customer. Eight queries, however many visits.
    """
    salon = Salon.objects.get(pk=salon_id)
    visits = list(_visits_ahead(salon, now))
    if not visits:
        return {}
    able = set(StaffService.objects.filter(salon=salon).values_list("staff_id", "service_id"))
    zone = ZoneInfo(salon.timezone)
    first, last = (visit.starts_at.astimezone(zone).date() for visit in (visits[0], visits[-1]))
    schedule, prayers = selectors.load_schedule(salon, first, last, today=first)
    calendars = _calendars_without_bookings(salon, visits, schedule, prayers)
    words = _Words(salon, prayers, first=first, last=last, now=now)
    stranded = {}
    for booking in visits:
        visit, start = Visit(booking.duration_minutes, 0, 0, step=1), to_minutes(booking.starts_at)
        reasons = [*_off_sale(booking.service, booking.staff, is_able=(booking.staff_id, booking.service_id) in able)]
        reasons += words.reasons(booking.staff, calendars[booking.staff_id], visit, start)
        if reasons:
            stranded[booking.pk] = reasons
    return stranded


def _visits_ahead(salon, now):
    ahead = selectors.rivals(now).filter(salon=salon, starts_at__gt=now).active()
    return ahead.select_related("staff", "service__category", "service__salon").order_by("starts_at", "pk")


def _calendars_without_bookings(salon, visits, schedule, prayers):
    zone = ZoneInfo(salon.timezone)
    begin, end = selectors.reach(*(visit.starts_at.astimezone(zone).date() for visit in (visits[0], visits[-1])))
    staff = {booking.staff_id: booking.staff for booking in visits}
    until = visits[-1].starts_at + selectors.AFTER_START
    time_off = selectors.load_absences(list(staff), visits[0].starts_at, until)
    pauses = selectors.pause_blocks(prayers)
    calendars = {}
    for pk, person in staff.items():
        blocks = time_off[pk] + selectors.standing_blocks(salon, person, schedule, pauses, begin, end)
        calendars[pk] = Calendar(schedule.working(pk, begin, end), blocks, *ALWAYS)
    return calendars


def _off_sale(service: Service, staff: Staff, *, is_able: bool) -> Iterator[Reason]:
    if not service.salon.is_active:
        yield Reason("salon_closed", _("The salon is closed for business."))
    if not (service.is_active and service.category.is_active):
        yield Reason("service_inactive", _("“%(service)s” can no longer be booked.") % {"service": service})
    if not staff.is_active:
        yield Reason("staff_inactive", _("%(staff)s takes no bookings.") % {"staff": staff})
    if not is_able:
        yield Reason("not_able", _("%(staff)s does not do this service.") % {"staff": staff})


class _Words:
    """Sentences about one salon's days; the names in them are read once."""

    def __init__(self, salon: Salon, prayers, *, first: date, last: date, now: datetime, reader: User | None = None):
        self._zone, self._prayers, self._now, self._reader = ZoneInfo(salon.timezone), prayers, now, reader
        begin, end = selectors.reach(first, last)
        days_off = ScheduleException.objects.filter(salon=salon, starts_on__lte=end, ends_on__gte=begin)
        self._days_off = sorted(days_off, key=lambda row: row.ends_on - row.starts_on)
        midnights = [midnight(day, self._zone) for day in (begin, end + ONE_DAY)]
        absent = TimeOff.objects.filter(salon=salon, starts_at__lt=midnights[1], ends_at__gt=midnights[0])
        self._time_off = list(absent.order_by("starts_at"))
        self.bookings: list[Booking] = []

    def reasons(self, staff: Staff, calendar: Calendar, visit: Visit, start: int) -> list[Reason]:
        """The engine's obstacles to `visit` at `start`, each in a sentence."""
        return [
            Reason(str(cause), self._sentence(Cause(cause), begins, ends, staff, calendar, visit, start))
            for begins, ends, cause in obstacles(calendar, visit, start)
        ]

    def _sentence(self, cause, begins, ends, staff, calendar, visit, start):
        match cause:
            case Cause.TOO_SOON:
                return self._too_soon(start, ends)
            case Cause.TOO_FAR:
                return _("Bookings are possible until %(day)s.") % {"day": self._day(begins - 1)}
            case Cause.OUTSIDE_HOURS:
                return self._outside_hours(staff, calendar, start)
            case Cause.OFF_GRID:
                return self._off_grid(calendar, visit, start)
            case Cause.BREAK:
                return _("Break from %(start)s to %(end)s.") % self._span(begins, ends)
            case Cause.PRAYER:
                return _("Prayer pause (%(prayer)s) from %(start)s to %(end)s.") % {
                    "prayer": selectors.prayer_name(self._prayers, begins, ends),
                    **self._span(begins, ends),
                }
            case Cause.TIME_OFF:
                return self._away(staff, begins, ends)
        return self._taken(staff, visit, begins, ends, start)

    def _too_soon(self, start, earliest):
        if to_datetime(start) <= self._now:
            return _("This moment has passed.")
        return _("The salon needs notice: possible from %(time)s.") % {"time": self._day_and_time(earliest)}

    def _outside_hours(self, staff, calendar, start):
        day = self._local(start).date()
        covering = [row for row in self._days_off if row.starts_on <= day <= row.ends_on]
        named = next((row for row in covering if row.staff_id in (staff.pk, None)), None)
        begins = to_minutes(midnight(day, self._zone))
        hours = [(s, e) for s, e in calendar.working if s < begins + MINUTES_A_DAY and begins < e]
        if not hours:
            about = {"staff": staff, "name": named}
            return (_("Closed: %(name)s.") if named else _("%(staff)s does not work on this day.")) % about
        spans = _(" and ").join(_("%(start)s to %(end)s") % self._span(s, e) for s, e in hours)
        about = {"staff": staff, "hours": spans, "name": named}
        if named:
            return _("Outside hours (%(name)s): %(staff)s works %(hours)s on this day.") % about
        return _("Outside hours: %(staff)s works %(hours)s on this day.") % about

    def _off_grid(self, calendar, visit, start):
        opens = next(begins for begins, ends in calendar.working if begins <= start < ends)
        following = start + visit.step - (start - opens) % visit.step
        about = {"step": visit.step, "time": self._clock(following)}
        return (
            ngettext(
                "Start times lie %(step)d minute apart, the next one is %(time)s.",
                "Start times lie %(step)d minutes apart, the next one is %(time)s.",
                visit.step,
            )
            % about
        )

    def _away(self, staff, begins, ends):
        row = next(r for r in self._time_off if r.staff_id == staff.pk and to_minutes(r.starts_at) == begins)
        about = {"reason": row.reason, "start": self._day_and_time(begins), "end": self._day_and_time(ends)}
        if row.reason and (self._reader is None or self._reader.has_perm("salons.view_timeoff", row)):
            return _("Time off “%(reason)s” from %(start)s to %(end)s.") % about
        return _("Time off from %(start)s to %(end)s.") % about

    def _taken(self, staff, visit, begins, ends, start):
        other = next(b for b in self.bookings if b.staff_id == staff.pk and to_minutes(b.occupied_from) == begins)
        starts, until = to_minutes(other.starts_at), to_minutes(other.ends_at)
        about = {"reference": other.display_reference, **self._span(starts, until)}
        if starts < start + visit.duration and start < until:
            return _("Booking %(reference)s from %(start)s to %(end)s.") % about
        if begins < start + visit.duration and start < ends:
            return _("Buffer of booking %(reference)s, which takes its time from %(start)s to %(end)s.") % {
                **about,
                **self._span(begins, ends),
            }
        return _("The visit's own buffer would run into booking %(reference)s from %(start)s to %(end)s.") % about

    def _span(self, begins, ends):
        return {"start": self._clock(begins), "end": self._clock(ends)}

    def _local(self, minute):
        return to_datetime(minute).astimezone(self._zone)

    def _clock(self, minute):
        return f"{self._local(minute):%H:%M}"

    def _day(self, minute):
        return date_format(self._local(minute), "l j F")

    def _day_and_time(self, minute):
        return f"{self._day(minute)} {self._clock(minute)}"
