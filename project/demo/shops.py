"""The four salons with all they need before the first customer comes: rules, team, hours, message texts."""

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from apps.accounts.models import User
from apps.accounts.roles import SalonRole
from apps.bookings.availability import Block, Cause, Schedule, Season, Window, to_minutes
from apps.bookings.selectors import Offer
from apps.notifications.models import MessageSettings, Template
from apps.payments.models import TaxSequence
from apps.salons.models import (
    Customer,
    Membership,
    PrayerTime,
    Salon,
    ScheduleException,
    Service,
    Staff,
    StaffService,
    TimeOff,
    WeeklyHours,
)
from apps.salons.prayer import CalledByHand, pauses_of
from project.demo.content import names_of
from project.demo.people import Backoffice, Newcomer
from project.demo.world import PAST_DAYS, ZONE, World, minutes

WEEKDAYS = {"mon": 0, "tue": 1, "wed": 2, "thu": 3, "fri": 4, "sat": 5, "sun": 6}
PROMOTION_HOURS = ("promotions_from", "promotions_until")
NO_SETTING = {"demand", "name_ar", "name_en", "refund_limit"}
Week = dict[str, list[str]]


@dataclass
class Shop:
    """One salon and everybody in it. `desk` is who receives customers, `offers` who does a service and how."""

    salon: Salon
    manager: User
    desk: User
    support: User
    demand: dict[str, int]
    clientele: list[Newcomer]
    staff: list[Staff] = field(default_factory=list)
    services: list[Service] = field(default_factory=list)
    offers: dict[int, list[Offer]] = field(default_factory=dict)
    time_off: dict[int, list[Block]] = field(default_factory=dict)
    prayer_times: list[CalledByHand] = field(default_factory=list)
    templates: dict[tuple[str, str], Template] = field(default_factory=dict)
    ways: MessageSettings = field(default_factory=MessageSettings)
    cards: dict[object, Customer] = field(default_factory=dict)
    schedule: Schedule = field(default_factory=lambda: Schedule([], [], ZONE))
    numbers: TaxSequence | None = None

    def pauses(self, day: date) -> list[Block]:
        """When everybody pauses for prayer on `day`."""
        if self.salon.prayer_pause != Salon.PrayerPause.SALON:
            return []
        pauses = pauses_of(self.salon, [day], self.prayer_times)
        return [(start, end, Cause.PRAYER) for start, end, _prayer in pauses]


def add_salon(world: World, entry: dict[str, Any], office: Backoffice, clientele: list[Newcomer]) -> Shop:
    """The salon itself with the memberships of its team."""
    values = {name: value for name, value in entry.items() if name not in NO_SETTING}
    salon = Salon(**values, **names_of(entry), refund_limit=Decimal(entry["refund_limit"]))
    world.archive.add(salon, at=world.opened, by=office.owner)
    team = dict(office.of_salon(entry["slug"]))
    for role, person in team.items():
        world.archive.add(Membership(salon=salon, user=person, role=role), at=world.opened, by=office.owner)
    manager = team[SalonRole.MANAGER]
    desk = team.get(SalonRole.RECEPTIONIST, manager)
    return Shop(salon, manager, desk, office.support, entry["demand"], clientele)


def add_staff(world: World, shop: Shop, office: Backoffice) -> None:
    """The staff of `0003_team.json` with hours, and who does which service for how much and how long."""
    for entry in world.content.team["staff"]:
        if entry["salon"] != shop.salon.slug:
            continue
        sign_in = next((user for user in office.roles.values() if user.phone == entry.get("sign_in")), None)
        staff = Staff(
            salon=shop.salon,
            user=sign_in,
            gender=entry.get("gender", Staff.Gender.FEMALE),
            title_ar=entry["title_ar"],
            title_en=entry["title_en"],
            color=entry["color"],
            position=len(shop.staff) + 1,
            **names_of(entry),
        )
        shop.staff.append(_kept(world, shop, staff))
        shift, hours = entry["hours"], world.content.hours
        _add_hours(world, shop, hours["shifts"][shift], staff=staff)
        _add_hours(world, shop, hours["breaks"].get(shift, {}), staff=staff, is_break=True)
        for service in shop.services:
            if service.category.name_en in entry["does"]:
                _add_offer(world, shop, staff, service, entry)


def _add_offer(world: World, shop: Shop, staff: Staff, service: Service, entry: dict[str, Any]) -> None:
    price, duration = None, None
    if percent := entry.get("raise_percent"):
        price = (service.price_amount * (100 + percent) / 100).quantize(Decimal(1)) + Decimal("0.00")
    if percent := entry.get("slower_percent"):
        duration = round(service.duration_minutes * (100 + percent) / 500) * 5
    _kept(
        world,
        shop,
        StaffService(salon=shop.salon, staff=staff, service=service, price_amount=price, duration_minutes=duration),
    )
    offer = Offer(staff, duration or service.duration_minutes, price or service.price_amount)
    shop.offers.setdefault(service.pk, []).append(offer)


def add_calendar(world: World, shop: Shop) -> None:
    """Opening hours, Ramadan, special days, time off, prayer times; afterwards the shop knows its working times."""
    hours = world.content.hours
    _add_hours(world, shop, hours["opening"][shop.salon.slug])
    first_day = world.moment(-PAST_DAYS, time(0)).date().isoformat()
    months = hours["ramadan"]
    ramadan = next((month for month in months if month["ends_on"] >= first_day), months[-1])
    season = ScheduleException(kind=ScheduleException.Kind.SEASON, **_days(ramadan), **names_of(ramadan))
    _add_exception(world, shop, season, hours["ramadan_hours"])
    for entry in hours["special_days"]:
        if entry["salon"] == shop.salon.slug:
            day = world.moment(entry["in_days"], time(12)).date()
            special = ScheduleException(kind=entry["kind"], starts_on=day, ends_on=day, **names_of(entry))
            every_day = {" ".join(WEEKDAYS): [entry["hours"]]} if "hours" in entry else {}
            _add_exception(world, shop, special, every_day)
    for entry in hours["time_off"]:
        staff = next((one for one in shop.staff if one.name_en == entry["staff"]), None)
        if staff is not None:
            _add_time_off(world, shop, staff, entry)
    for entry in hours["prayer_times"]:
        if entry["salon"] == shop.salon.slug:
            _add_prayer_time(world, shop, entry)
    shop.schedule = _schedule(world, shop)


def add_templates(world: World, shop: Shop) -> None:
    """How the salon speaks to its customers, and its own message texts."""
    for entry in world.content.messages["settings"]:
        if entry["salon"] == shop.salon.slug:
            hours = {name: time.fromisoformat(entry[name]) for name in PROMOTION_HOURS if name in entry}
            values = {name: value for name, value in entry.items() if name != "salon"} | hours
            shop.ways = _kept(world, shop, MessageSettings(salon=shop.salon, **values))
    for entry in world.content.messages["texts"]:
        if entry["salon"] == shop.salon.slug:
            values = {name: value for name, value in entry.items() if name != "salon"}
            template = _kept(world, shop, Template(salon=shop.salon, **values))
            shop.templates[template.kind, template.channel] = template


def _kept(world: World, shop: Shop, row: Any) -> Any:
    return world.archive.add(row, at=world.opened, by=shop.manager)


def _add_exception(world: World, shop: Shop, exception: ScheduleException, week: Week) -> None:
    exception.salon = shop.salon
    _kept(world, shop, exception)
    _add_hours(world, shop, week, exception=exception)


def _days(month: dict[str, str]) -> dict[str, Any]:
    return {name: datetime.fromisoformat(month[name]).date() for name in ("starts_on", "ends_on")}


def _add_hours(world: World, shop: Shop, week: Week, **fields: Any) -> None:
    """A row for each window of `week`; `fields` say whose it is, of which exception, and whether it is a break."""
    for days, windows in week.items():
        for day in days.split():
            for window in windows:
                opens, closes = map(time.fromisoformat, window.split("-"))
                row = WeeklyHours(
                    salon=shop.salon,
                    weekday=WEEKDAYS[day],
                    opens=opens,
                    closes=closes,
                    ends_next_day=closes <= opens,
                    **fields,
                )
                _kept(world, shop, row)


def _add_time_off(world: World, shop: Shop, staff: Staff, entry: dict[str, Any]) -> None:
    starts = world.moment(entry["in_days"], time.fromisoformat(entry.get("from", "00:00")))
    ends = starts + (timedelta(days=entry["days"]) if "days" in entry else minutes(60 * entry["hours"]))
    row = TimeOff(salon=shop.salon, staff=staff, starts_at=starts, ends_at=ends, reason=entry["reason"])
    _kept(world, shop, row)
    shop.time_off.setdefault(staff.pk, []).append((to_minutes(starts), to_minutes(ends), Cause.TIME_OFF))


def _add_prayer_time(world: World, shop: Shop, entry: dict[str, Any]) -> None:
    first_day = world.today + timedelta(days=entry["in_days"])
    row = PrayerTime(
        salon=shop.salon,
        prayer=entry["prayer"],
        called_at=time.fromisoformat(entry["called_at"]),
        starts_on=first_day,
        ends_on=first_day + timedelta(days=entry["days"] - 1),
    )
    _kept(world, shop, row)
    shop.prayer_times.append(CalledByHand(row.prayer, row.called_at, row.starts_on, row.ends_on, row.pk))


def _schedule(world: World, shop: Shop) -> Schedule:
    own = shop.salon.pk
    windows = [
        Window(
            row.staff_id,
            row.exception_id,
            row.weekday,
            row.opens,
            row.closes,
            row.ends_next_day,
            row.is_break,
            row.valid_from,
            row.valid_until,
        )
        for row in world.archive.rows(WeeklyHours)
        if row.salon_id == own
    ]
    seasons = [
        Season(row.pk, row.staff_id, row.starts_on, row.ends_on)
        for row in world.archive.rows(ScheduleException)
        if row.salon_id == own
    ]
    return Schedule(windows, seasons, ZONE)
