"""Random salons for the property tests: everything that decides about free times, around a day in question."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from apps.bookings.models import Booking
from apps.salons.models import (
    Customer,
    PrayerTime,
    Salon,
    ScheduleException,
    Service,
    ServiceCategory,
    Staff,
    StaffService,
    TimeOff,
    WeeklyHours,
)

DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
# An ordinary day, the end of a year, and days on which the clocks change: by night, at midnight, by half an hour.
PLACES = [
    ("Asia/Riyadh", date(2026, 11, 27)),
    ("Asia/Riyadh", date(2026, 12, 31)),
    ("Europe/Berlin", date(2027, 3, 28)),
    ("Europe/Berlin", date(2026, 10, 25)),
    ("America/New_York", date(2027, 3, 14)),
    ("America/New_York", date(2026, 11, 1)),
    ("Africa/Cairo", date(2027, 4, 30)),
    ("Africa/Cairo", date(2026, 10, 29)),
    ("Australia/Lord_Howe", date(2026, 10, 4)),
]
EVERYBODY = None
PEOPLE = range(2)


@dataclass(frozen=True)
class World:
    """Fields of the rows of one salon; `staff` and `exception` are places in their lists. `now` is aware.

    The question is about the local days `first` to `last`.
    """

    now: datetime
    first: date
    last: date
    salon: dict
    service: dict
    people: list[dict]
    exceptions: list[dict]
    hours: list[dict]
    prayer_times: list[dict]
    time_off: list[dict]
    bookings: list[dict]


def usually(values, otherwise):
    """One of `values` four times out of five."""
    return st.integers(0, 4).flatmap(lambda die: st.sampled_from(values) if die else otherwise)


clock_times = st.builds(time, st.integers(0, 23), st.sampled_from([0, 0, 10, 15, 30, 45, 50]))
owners = st.sampled_from([EVERYBODY, *PEOPLE])


NOWHERE, WORK = st.none(), st.just(value=False)


@st.composite
def windows(draw, day, *, owners=owners, exceptions=NOWHERE, is_break=WORK):
    """One row of hours on a weekday near `day`."""
    opens, closes = draw(clock_times), draw(clock_times)
    return {
        "staff": draw(owners),
        "exception": draw(exceptions),
        "weekday": (day + draw(st.sampled_from([-1, 0, 0, 1])) * DAY).weekday(),
        "opens": opens,
        "closes": closes,
        "ends_next_day": closes <= opens,
        "is_break": draw(is_break),
        **draw(st.just({}) | validity(day)),
    }


def validity(day):
    near = st.integers(-2, 3).map(lambda n: day + n * DAY)
    return st.one_of(
        near.map(lambda first: {"valid_from": first}),
        near.map(lambda last: {"valid_until": last}),
        st.tuples(near, near).map(lambda ends: {"valid_from": min(ends), "valid_until": max(ends)}),
    )


def whole_week(owner, opens, closes, *, exception=None):
    hours = {"staff": owner, "exception": exception, "opens": opens, "closes": closes, "ends_next_day": closes <= opens}
    return [{**hours, "weekday": weekday, "is_break": False} for weekday in range(7)]


usual_weeks = st.sampled_from(
    [
        whole_week(EVERYBODY, time(9), time(21)),
        whole_week(EVERYBODY, time(7), time(23)),
        whole_week(EVERYBODY, time(0), time(0)),
        whole_week(EVERYBODY, time(16), time(2)),
        [*whole_week(EVERYBODY, time(9), time(12)), *whole_week(EVERYBODY, time(12), time(15))],
        [*whole_week(EVERYBODY, time(8), time(18)), *whole_week(EVERYBODY, time(20), time(9, 10))],
        [*whole_week(EVERYBODY, time(8), time(0)), *whole_week(1, time(22), time(4, 30))],
        [*whole_week(0, time(9, 10), time(18)), *whole_week(1, time(18), time(2))],
    ]
)


@st.composite
def dated(draw, day):
    """First and last day of something near `day`."""
    first = day + draw(st.integers(-2, 2)) * DAY
    return {"starts_on": first, "ends_on": first + draw(st.sampled_from([0, 1, 2, 6])) * DAY}


@st.composite
def hours_of(draw, day, exceptions):
    rows = [*draw(usual_weeks), *draw(st.lists(windows(day), max_size=2))]
    for place, exception in enumerate(exceptions):
        concerned = owners if exception["staff"] is EVERYBODY else st.sampled_from([exception["staff"], EVERYBODY])
        rows += draw(st.lists(windows(day, owners=concerned, exceptions=st.just(place)), max_size=3))
    anytime = st.sampled_from([None, *range(len(exceptions))])
    return rows + draw(st.lists(windows(day, exceptions=anytime, is_break=st.just(value=True)), max_size=3))


@st.composite
def absences(draw, midnight):
    seconds, split = draw(st.integers(-86400, 3 * 86400)), draw(usually([0], st.sampled_from([300, 700])))
    starts_at = midnight + timedelta(seconds=seconds, milliseconds=split)
    lasts = draw(usually([1, 59, 1800, 3600, 5400], st.integers(1, 2 * 86400)))
    return {
        "staff": draw(st.sampled_from(PEOPLE)),
        "starts_at": starts_at,
        "ends_at": starts_at + timedelta(seconds=lasts),
    }


@st.composite
def visits(draw, midnight, now):
    """A booking in any state; a hold ends just before, at or just after `now`."""
    status = draw(st.sampled_from([*Booking.Status.values, Booking.Status.CONFIRMED, Booking.Status.PENDING]))
    hold = draw(st.sampled_from([None, -60, -1, 0, 1, 600]))
    is_held = status == Booking.Status.PENDING and hold is not None
    return {
        "staff": draw(st.sampled_from(PEOPLE)),
        "starts_at": midnight + draw(st.integers(-12, 60).map(lambda n: n * 60) | st.integers(-720, 3600)) * MINUTE,
        "duration_minutes": draw(usually([5, 30, 60, 90], st.integers(5, 1440))),
        "buffer_before_minutes": draw(usually([0, 15], st.integers(0, 120))),
        "buffer_after_minutes": draw(usually([0, 15], st.integers(0, 480))),
        "status": status,
        "hold_expires_at": now + timedelta(seconds=hold) if is_held else None,
    }


def salons(zone):
    return st.fixed_dictionaries(
        {
            "timezone": st.just(zone),
            "city": st.sampled_from(Salon.City.values),
            "slot_step_minutes": st.sampled_from([5, 7, 10, 15, 20, 30, 45, 60]),
            "lead_time_minutes": usually([0, 1, 60, 120], st.integers(0, 1440)),
            "horizon_days": usually([3, 60], st.sampled_from([1, 2])),
            "horizon_counts_open_days": st.booleans(),
            "prayer_pause": st.sampled_from(Salon.PrayerPause.values),
            "prayer_minutes_before": usually([0, 10], st.integers(0, 120)),
            "prayer_minutes_after": usually([25], st.integers(0, 120)),
            "friday_prayer_minutes_after": usually([60], st.integers(0, 180)),
        }
    )


services = st.fixed_dictionaries(
    {
        "duration_minutes": usually([5, 30, 45, 50, 60], st.integers(5, 1440)),
        "buffer_before_minutes": usually([0, 15, 30], st.integers(0, 480)),
        "buffer_after_minutes": usually([0, 15, 30], st.integers(0, 480)),
        "price_amount": st.just(Decimal("115.00")),
    }
)
people = st.fixed_dictionaries(
    {
        "is_able": st.sampled_from([True, True, True, False]),
        "is_active": st.sampled_from([True, True, True, False]),
        "keeps_prayer_pause": st.booleans(),
        "duration_minutes": st.none() | st.sampled_from([20, 75]),
        "price_amount": st.none() | st.sampled_from([Decimal("90.00"), Decimal("150.00")]),
    }
)


@st.composite
def worlds(draw):
    zone, day = draw(st.sampled_from(PLACES))
    day += draw(st.integers(-1, 1)) * DAY
    midnight = datetime.combine(day, time.min, ZoneInfo(zone)).astimezone(UTC)
    now = midnight + timedelta(seconds=draw(st.integers(-86400, 43200)))
    now += draw(st.sampled_from([timedelta(0), timedelta(microseconds=1), timedelta(milliseconds=500)]))
    entered = st.fixed_dictionaries({"prayer": st.sampled_from(PrayerTime.Prayer.values), "called_at": clock_times})
    exceptions = draw(st.lists(st.tuples(owners, dated(day)), max_size=3))
    exceptions = [{"staff": owner, **days} for owner, days in exceptions]
    own_calls = draw(st.lists(st.tuples(entered, dated(day)), max_size=2))
    return World(
        now=now,
        first=day,
        last=day + draw(st.integers(0, 1)) * DAY,
        salon=draw(salons(zone)),
        service=draw(services),
        people=draw(st.lists(people, min_size=len(PEOPLE), max_size=len(PEOPLE))),
        exceptions=exceptions,
        hours=draw(hours_of(day, exceptions)),
        prayer_times=[{**call, **days} for call, days in own_calls],
        time_off=draw(st.lists(absences(midnight), max_size=3)),
        bookings=draw(st.lists(visits(midnight, now), max_size=6)),
    )


def build(world, customer):
    """The rows of `world`: its service and its people. Bookings are those of `customer` (a User)."""
    [salon] = Salon.objects.bulk_create([Salon(slug="salon", name_en="Salon", **world.salon)])
    [category] = ServiceCategory.objects.bulk_create([ServiceCategory(salon=salon, name_en="Hair")])
    service = Service(salon=salon, category=category, code="HAIR", name_en="Haircut", **world.service)
    Service.objects.bulk_create([service])
    staff = _people(world, salon, service)
    who = {EVERYBODY: None, **dict(enumerate(staff))}

    def rows(model, fields, **more):
        return model.objects.bulk_create(model(salon=salon, **row, **more) for row in fields)

    def of_staff(fields):
        return [{**row, "staff": who[row["staff"]]} for row in fields]

    exceptions = rows(ScheduleException, of_staff(world.exceptions), name_en="Holiday")
    when = {None: None, **dict(enumerate(exceptions))}
    rows(WeeklyHours, [{**row, "exception": when[row["exception"]]} for row in of_staff(world.hours)])
    rows(TimeOff, of_staff(world.time_off))
    rows(PrayerTime, world.prayer_times)
    _bookings(of_staff(world.bookings), service, customer)
    return service, staff


def _people(world, salon, service):
    staff = [
        Staff(
            salon=salon,
            name_en=f"Person {place}",
            is_active=person["is_active"],
            keeps_prayer_pause=person["keeps_prayer_pause"],
        )
        for place, person in enumerate(world.people)
    ]
    Staff.objects.bulk_create(staff)
    StaffService.objects.bulk_create(
        StaffService(
            salon=salon,
            service=service,
            staff=member,
            duration_minutes=person["duration_minutes"],
            price_amount=person["price_amount"],
        )
        for member, person in zip(staff, world.people, strict=True)
        if person["is_able"]
    )
    return staff


def _bookings(fields, service, customer):
    """Bookings as `fields` say, without those that would overlap an active one before them."""
    [card] = Customer.objects.bulk_create([Customer(salon=service.salon, user=customer)])
    made: list[Booking] = []
    for row in fields:
        booking = Booking(
            salon=service.salon,
            customer=card,
            service=service,
            booked_by=customer,
            price_amount=Decimal("115.00"),
            vat_rate=0,
            vat_amount=0,
            free_cancellation_hours=24,
            late_cancellation_percent=50,
            cancelled_by="salon" if row["status"] == Booking.Status.CANCELLED else "",
            protected_starts_at=row["starts_at"],
            **{name: value for name, value in row.items() if name not in ("staff", "starts_at")},
        )
        booking.place(staff=row["staff"], starts_at=row["starts_at"])
        if not (booking.is_active and any(_meet(booking, other) for other in made)):
            made.append(booking)
    Booking.objects.bulk_create(made)


def _meet(one, other):
    is_rival = other.is_active and other.staff == one.staff
    return is_rival and one.occupied_from < other.occupied_until and other.occupied_from < one.occupied_until
