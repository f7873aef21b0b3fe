"""Which visits are booked: how many on which day, by whom, for what, when and with whom.

The plan of a day is the same at whatever time of that day it is made, and keeps every rule a booking has to keep: it
uses the product's own working times and start times.
"""

from bisect import bisect
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from random import Random

from apps.accounts.models import User
from apps.bookings.availability import Block, Calendar, Cause, Visit, offered_starts, to_datetime, to_minutes
from apps.bookings.selectors import Offer
from apps.salons.models import Service
from project.demo.shops import Shop
from project.demo.world import DAYS_AHEAD, PAST_DAYS, ZONE, World, minutes

# Of an average day's visits: Monday to Sunday. The weekend of Friday and Saturday begins on Thursday evening.
WEEKDAY_SHARES = (0.82, 0.84, 0.92, 1.24, 1.18, 1.1, 0.86)
# How many people want to come in which hour of the day; 24 and 25 lie after midnight.
HOURS = range(9, 26)
WISHES = (1, 2, 3, 3, 2, 2, 3, 6, 8, 9, 9, 8, 6, 4, 2, 1, 1)
TRIES = 6
FEWEST_VISITS = 2
LONGEST_LEAD_DAYS = 45
NOBODY_BOOKS = range(1, 8)
MOVED_PERCENT = 7


@dataclass(frozen=True, slots=True)
class Plan:
    """A visit as it will come to be booked. `first_starts_at` is another time at first, when it will be moved."""

    name: str
    person: User
    service: Service
    offer: Offer
    booked_at: datetime
    starts_at: datetime
    first_starts_at: datetime
    is_online: bool


def planned_visits(world: World, shop: Shop) -> Iterator[Plan]:
    """All visits of one salon from three months ago to four weeks ahead, whether booked by now or later."""
    for days in range(-PAST_DAYS, DAYS_AHEAD + 1):
        yield from Day(world, shop, days).plans()


class Day:
    """One salon's day with the times that are still free."""

    def __init__(self, world: World, shop: Shop, days: int) -> None:
        self.world, self.shop, self.days = world, shop, days
        self.day: date = world.today + timedelta(days=days)
        self.chance = world.chance(shop.salon.slug, days)
        self.midnight = to_minutes(world.moment(days, time(0)))
        self.working = {staff.pk: shop.schedule.working(staff.pk, self.day, self.day) for staff in shop.staff}
        pauses = shop.pauses(self.day)
        self.busy = {
            staff.pk: [*shop.time_off.get(staff.pk, ()), *shop.schedule.breaks(staff.pk, self.day, self.day), *pauses]
            for staff in shop.staff
        }
        self.known: set[object] = set()
        self.weights = [1 / (float(service.price_amount) + 30) ** 0.8 for service in shop.services]

    def plans(self) -> Iterator[Plan]:
        wanted = max(FEWEST_VISITS, self.shop.demand["visits_per_day"] * self.world.scale)
        wanted *= WEEKDAY_SHARES[self.day.weekday()] * self.chance.uniform(0.88, 1.12)
        for number in range(int(wanted + self.chance.random())):
            plan = self._plan(f"{self.shop.salon.slug}/{self.days}/{number}")
            if plan is not None:
                yield plan

    def _plan(self, name: str) -> Plan | None:
        for service in self.chance.choices(self.shop.services, self.weights, k=TRIES):
            offers = [one for one in self.shop.offers.get(service.pk, ()) if self.working[one.staff.pk]]
            if offers and (placed := self._placed(service, self.chance.choice(offers))):
                return self._booked(name, service, *placed)
        return None

    def _placed(self, service: Service, offer: Offer) -> tuple[Offer, datetime, datetime] | None:
        """The free start nearest to the wished hour, and perhaps another one that is booked at first."""
        staff, visit = offer.staff.pk, _visit(self.shop, service, offer)
        working = self.working[staff]
        starts = offered_starts(Calendar(working, self.busy[staff], working[0][0], working[-1][1]), visit)
        if not starts:
            return None
        (hour,) = self.chance.choices(HOURS, WISHES)
        wished = self.midnight + 60 * hour + self.chance.randrange(60)
        start = min(starts, key=lambda one: abs(one - wished))
        first = self.chance.choice(starts) if self.chance.random() < MOVED_PERCENT / 100 else start
        for taken in {start, first}:
            self.busy[staff].append(_occupied(visit, taken))
        return offer, to_datetime(start), to_datetime(first)

    def _booked(self, name: str, service: Service, offer: Offer, start: datetime, first: datetime) -> Plan | None:
        chance, salon = self.chance, self.shop.salon
        is_online = chance.random() < 0.72
        notice = minutes(salon.lead_time_minutes if is_online else 0)
        booked_at = _awake(min(start, first) - notice - _lead(chance, salon.horizon_days))
        person = self._somebody(booked_at)
        if person is None:
            return None
        return Plan(name, person, service, offer, booked_at, start, first, is_online)

    def _somebody(self, booked_at: datetime) -> User | None:
        """A customer who is known by then and does not come on this day yet; the longest known come most often."""
        known = bisect(self.shop.clientele, booked_at, key=lambda one: one.joined)
        for _ in range(TRIES if known else 0):
            person = self.shop.clientele[int(known * self.chance.random() ** 1.5)].person
            if person.pk not in self.known:
                self.known.add(person.pk)
                return person
        return None


def _visit(shop: Shop, service: Service, offer: Offer) -> Visit:
    return Visit(
        duration=offer.duration_minutes,
        buffer_before=service.buffer_before_minutes,
        buffer_after=service.buffer_after_minutes,
        step=shop.salon.slot_step_minutes,
    )


def _occupied(visit: Visit, start: int) -> Block:
    return start - visit.buffer_before, start + visit.duration + visit.buffer_after, Cause.BOOKING


def _lead(chance: Random, horizon_days: int) -> timedelta:
    """How long before the visit it is booked: often on the day, mostly within the week, sometimes weeks before."""
    mood = chance.random()
    if mood < 0.25:
        return minutes(chance.uniform(5, 300))
    if mood < 0.75:
        return minutes(min(chance.expovariate(1 / 4), 14) * 1440)
    return minutes(chance.uniform(7, min(LONGEST_LEAD_DAYS, horizon_days - 1)) * 1440)


def _awake(moment: datetime) -> datetime:
    """`moment`, or the evening before it when it lies in the small hours, in whole seconds."""
    local = moment.astimezone(ZONE)
    if local.hour in NOBODY_BOOKS:
        local -= timedelta(hours=8)
    return local.astimezone(UTC).replace(microsecond=0)
