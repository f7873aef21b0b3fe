"""When is somebody free? Found the slow way, from the rows, for one person and one minute at a time.

This is the judge of `availability`: written from the rules in words, it searches nothing and knows no arithmetic of
intervals.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from apps.bookings.models import Booking
from apps.salons.models import PrayerTime, Salon, ScheduleException, StaffService, TimeOff, WeeklyHours
from apps.salons.prayer import prayer_calls

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
FRIDAY = 4
# Where nobody ever opens again the horizon is never reached.
MOST_DAYS_AHEAD = 7 * 366

Span = tuple[datetime, datetime]


class Judge:
    """Judges start times of `service` on the local days `first` to `last`, as things stand at `now` (aware).

    `moving` is a booking that looks for another time.
    """

    def __init__(self, service, *, first: date, last: date, now: datetime, moving=None):
        self.service, self.salon, self.moving = service, service.salon, moving
        self.first, self.last, self.now = first, last, now
        self.zone = ZoneInfo(self.salon.timezone)
        # A night shift begins the day before, the longest visit with its buffers ends two days after it began.
        self.days = [first + n * DAY for n in range(-2, (last - first).days + 4)]
        self.hours = list(WeeklyHours.objects.filter(salon=self.salon))
        self.exceptions = list(ScheduleException.objects.filter(salon=self.salon))
        self.own_calls = list(PrayerTime.objects.filter(salon=self.salon))
        self.length, self.worked, self.taken = cache(self._length), cache(self._worked), cache(self._taken)
        self.last_bookable_day = cache(self._last_bookable_day)

    def starts(self, staff) -> list[datetime]:
        """Every minute (UTC) of the days asked for at which `staff` may begin."""
        on_days = (minute for minute in self.worked(staff) if self.first <= self._day_of(minute) <= self.last)
        return [minute for minute in on_days if self.offers(staff, minute)]

    def offers(self, staff, start: datetime) -> bool:
        """Whether `staff` may begin at `start` (UTC)."""
        length, worked = self.length(staff), self.worked(staff)
        if length is None or start not in worked or (start - worked[start]) % self._step():
            return False
        if start < self.now + self.salon.lead_time_minutes * MINUTE or self._day_of(start) > self.last_bookable_day():
            return False
        terms, end = self.moving or self.service, start + length
        occupied = start - terms.buffer_before_minutes * MINUTE, end + terms.buffer_after_minutes * MINUTE
        is_worked = all(minute in worked for minute in each_minute((start, end)))
        return is_worked and not any(overlap(occupied, span) for span in self.taken(staff))

    # --- How long, and from when to when ---

    def _length(self, staff) -> timedelta | None:
        """How long `staff` takes; None for somebody who does not do it."""
        able = StaffService.objects.filter(service=self.service, staff=staff, staff__is_active=True).first()
        if able is None:
            return None
        usual = able.duration_minutes or self.service.duration_minutes
        return (self.moving.duration_minutes if self.moving else usual) * MINUTE

    def _step(self) -> timedelta:
        return self.salon.slot_step_minutes * MINUTE

    def _last_bookable_day(self) -> date:
        day, ahead = self._day_of(self.now), self.salon.horizon_days
        if not self.salon.horizon_counts_open_days:
            return day + ahead * DAY
        for _ in range(MOST_DAYS_AHEAD):
            day += DAY
            ahead -= self._opening(day) != []
            if ahead == 0:
                break
        return day

    # --- Who works when ---

    def _worked(self, staff) -> dict[datetime, datetime]:
        """Every minute `staff` works, each with the beginning of the working time it belongs to."""
        shift_of: dict[datetime, date] = {}
        is_open: set[datetime] = set()
        for day in self.days:
            shifts = self._shifts(staff, day)
            hours = self._opening(day)
            # A minute of two shifts belongs to the later day's: a night shift yields to it.
            shift_of |= {minute: day for span in shifts for minute in each_minute(span)}
            is_open |= {minute for span in (shifts if hours is None else hours) for minute in each_minute(span)}
        begun: dict[datetime, datetime] = {}
        for minute in sorted(is_open & shift_of.keys()):
            before = minute - MINUTE
            goes_on = before in begun and shift_of[before] == shift_of[minute]
            begun[minute] = begun[before] if goes_on else minute
        return begun

    def _shifts(self, staff, day: date) -> list[Span]:
        """When `staff` begins work on `day`: by the own week if there is one, else by the salon's."""
        season = self._season_of(staff, day)
        week = self._week(staff.pk, season, day) or self._week(None, season, day)
        return self._on(day, week)

    def _opening(self, day: date) -> list[Span] | None:
        """The salon's hours that begin on `day`; None when it opens whenever somebody works."""
        season = self._season(None, day)
        week = self._week(None, season, day)
        if week:
            return self._on(day, week)
        of_season = {row.staff_id for row in self.hours if row.exception_id == season and not row.is_break}
        is_staffed = any(self._week(person, season, day) for person in of_season)
        return None if season is None or is_staffed else []

    def _week(self, owner, season, day: date, *, is_break=False) -> list[WeeklyHours]:
        """The rows of a person's week (or, for None, the salon's) that are valid on `day`, of all weekdays."""
        key = (owner, season, is_break)
        rows = [row for row in self.hours if (row.staff_id, row.exception_id, row.is_break) == key]
        return [row for row in rows if (row.valid_from or day) <= day <= (row.valid_until or day)]

    def _on(self, day: date, week: list[WeeklyHours]) -> list[Span]:
        return [
            (self._moment(day, row.opens), self._moment(day + DAY if row.ends_next_day else day, row.closes))
            for row in week
            if row.weekday == day.weekday()
        ]

    def _season_of(self, staff, day: date):
        """The season that counts for `staff`: an own one before one of the whole salon."""
        own = self._season(staff.pk, day)
        return self._season(None, day) if own is None else own

    def _season(self, owner, day: date):
        """The key of the shortest closed day or season of `owner` on `day`; None in the usual week."""
        rows = [row for row in self.exceptions if row.staff_id == owner and row.starts_on <= day <= row.ends_on]
        shortest = min(rows, key=lambda row: (row.ends_on - row.starts_on, row.pk), default=None)
        return shortest and shortest.pk

    # --- What is in the way ---

    def _taken(self, staff) -> list[Span]:
        """What `staff` cannot be booked over: bookings with their buffers, time off, breaks and prayer pauses."""
        bookings = [(row.occupied_from, row.occupied_until) for row in staff.bookings.all() if self._is_rival(row)]
        absences = TimeOff.objects.filter(staff=staff)
        time_off = [(_whole_second(row.starts_at), _whole_second(row.ends_at)) for row in absences]
        breaks = [span for day in self.days for span in self._breaks(staff, day)]
        pauses = [span for day in self.days for span in self._pauses(day)] if self._keeps_pause(staff) else []
        return bookings + time_off + breaks + pauses

    def _is_rival(self, booking) -> bool:
        holds = booking.hold_expires_at is None or self.now < booking.hold_expires_at
        waits_in_vain = booking.status == Booking.Status.PENDING and not holds
        return booking.status in Booking.ACTIVE and not waits_in_vain and booking != self.moving

    def _breaks(self, staff, day: date) -> list[Span]:
        season = self._season_of(staff, day)
        rows = [row for owner in (staff.pk, None) for row in self._week(owner, season, day, is_break=True)]
        return self._on(day, rows)

    def _keeps_pause(self, staff) -> bool:
        if self.salon.prayer_pause == Salon.PrayerPause.STAFF:
            return staff.keeps_prayer_pause
        return self.salon.prayer_pause == Salon.PrayerPause.SALON

    def _pauses(self, day: date) -> Iterator[Span]:
        for prayer, computed in prayer_calls(self.salon.city, day, self.zone).items():
            called = self._own_call(prayer, day) or computed.astimezone(UTC)
            is_friday_noon = prayer == PrayerTime.Prayer.DHUHR and day.weekday() == FRIDAY
            after = self.salon.friday_prayer_minutes_after if is_friday_noon else self.salon.prayer_minutes_after
            yield called - self.salon.prayer_minutes_before * MINUTE, called + after * MINUTE

    def _own_call(self, prayer, day: date) -> datetime | None:
        """When the salon says it is called: of several rows the one for fewest days counts, then the newest."""
        rows = [row for row in self.own_calls if row.prayer == prayer and row.starts_on <= day <= row.ends_on]
        chosen = min(rows, key=lambda row: (row.ends_on - row.starts_on, -row.pk), default=None)
        return self._moment(day, chosen.called_at) if chosen else None

    # --- Local time ---

    def _moment(self, day: date, wall: time) -> datetime:
        return datetime.combine(day, wall, self.zone).astimezone(UTC)

    def _day_of(self, moment: datetime) -> date:
        return moment.astimezone(self.zone).date()


def each_minute(span: Span) -> Iterator[datetime]:
    minute, end = span
    while minute < end:
        yield minute
        minute += MINUTE


def overlap(one: Span, other: Span) -> bool:
    return max(one[0], other[0]) < min(one[1], other[1])


def _whole_second(moment: datetime) -> datetime:
    return moment.replace(microsecond=0)
