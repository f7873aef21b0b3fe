"""Suite `admin`: whether a page of the back office costs more among a million bookings than among a thousand (G9)."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from statistics import median
from typing import Any

from django.db import connection
from django.test import Client
from django.urls import reverse

from apps.accounts.models import User
from apps.bookings.models import Booking
from apps.common.testing.queries import counted_statements
from project.bench.clock import milliseconds
from project.bench.database import WORTH_KEEPING, scalar, seeded_database, using
from project.bench.doors import OK, visitor
from project.bench.goals import GOALS, NONE
from project.bench.ledgers import add_ledgers, days_for
from project.bench.partners.plain_admin import plain_list
from project.bench.report import Report, median_ratio
from project.bench.scale import AdminScale
from project.bench.timetable import fill, tidy, without_indexes
from project.bench.world import World, load_world, make_world

PLAIN = "plain admin: bookings"
DEEP = 400
OWNER = "+966599999999"
PLACE = ("starts_at", "staff")
DAY_LOOKED_AT = timedelta(days=3)


@dataclass
class Sides:
    """Of one page: times and queries where there are few rows and where there are many, round by round."""

    small: list[float] = field(default_factory=list)
    large: list[float] = field(default_factory=list)
    queries: dict[str, int] = field(default_factory=dict)

    @property
    def ratio(self) -> float:
        return median_ratio(self.large, self.small)


def run(report: Report, scale: AdminScale) -> None:
    """Measure in the present database, which is new and empty."""
    world = make_world(staff=scale.staff, customers=scale.customers)
    User.objects.create_superuser(OWNER, "not a password of anybody", name="Owner")
    _write(world, first=1, last=scale.small_days)
    here = str(connection.settings_dict["NAME"])
    few = scalar("SELECT count(*) FROM bookings_booking")
    keep_as = f"admin_{scale.bookings}" if scale.bookings >= WORTH_KEEPING else None
    past = days_for(scale.bookings - few, scale.staff).days
    with seeded_database(lambda: _write(world, first=-past, last=0), keep_as=keep_as, base=here) as grown:
        with using(grown):
            many = scalar("SELECT count(*) FROM bookings_booking")
            versions = scalar("SELECT count(*) FROM bookings_historicalbooking")
            pages_there = _pages()
        pages = _pages()
        sides = {name: Sides() for name in pages}
        for round_number in range(scale.rounds):
            for name, found in sides.items():
                for database, side, page in ((here, "small", pages[name]), (grown, "large", pages_there[name])):
                    with using(database):
                        _measure(found, side, page, scale, count=round_number == 0)
    _report(report, sides, f"{many:,} bookings and {versions:,} versions / {few:,}")


def _write(world: World, *, first: int, last: int) -> None:
    cards = range(world.customers[0][1], world.customers[-1][1] + 1)
    with without_indexes():
        fill(world, world.salon, first=first, last=last, open_of_five=4, cards=cards)
    add_ledgers(world)
    tidy()


def _desk(person: User) -> Client:
    client = visitor()
    client.force_login(person)
    return client


def _pages() -> dict[str, Callable[[], None]]:
    """Every page of the present database by name, as a call that fetches it."""
    world, owner = load_world(), User.objects.get(phone=OWNER)
    desks = {name: _desk(person) for name, person in (("owner", owner), ("manager", world.manager))}
    # In both databases a visit of the same customer, of whom there are equally many elsewhere.
    wanted = Booking.objects.filter(starts_at__gt=world.first_day).select_related("customer__user").earliest(*PLACE)
    bookings, row = _list(Booking), wanted.pk
    looked_up = {
        "by reference": {"q": wanted.reference},
        "by phone": {"q": wanted.customer.user.phone},
        "by the end of a phone": {"q": wanted.customer.user.phone[-6:]},
        "by a name nobody has": {"q": "Nobody is called so"},
        "by state": {"status__exact": "completed"},
        "by staff member": {"staff__id__exact": str(world.staff[0].pk)},
        "the last page that is counted": {"p": str(DEEP)},
    }
    addresses: dict[str, tuple[str, dict[str, str]]] = {"bookings": (bookings, {})}
    addresses |= {f"bookings, {name}": (bookings, said) for name, said in looked_up.items()}
    addresses |= {
        name: (reverse(f"admin:{label}_changelist"), {})
        for name, label in (
            ("customers", "salons_customer"),
            ("people", "accounts_user"),
            ("payments", "payments_payment"),
            ("messages", "notifications_notification"),
        )
    }
    day = {"salon": str(world.salon.pk), "day": (world.first_day + DAY_LOOKED_AT).date().isoformat(), "days": "1"}
    addresses["dashboard"] = (reverse("admin:index"), {})
    addresses["day calendar"] = (reverse("admin:bookings_booking_calendar_days"), day)
    addresses["all changes"] = (reverse("admin:changes"), {})
    addresses["all changes of bookings"] = (reverse("admin:changes"), {"model": "bookings.booking"})
    addresses["history of a booking"] = (reverse("admin:bookings_booking_history", args=[row]), {})
    pages: dict[str, Callable[[], None]] = {
        f"{who}: {name}": partial(_fetch, client, *address)
        for who, client in desks.items()
        for name, address in addresses.items()
        if not (who == "manager" and name == "people")
    }
    pages[PLAIN] = plain_list(owner)
    pages[f"{PLAIN}, by phone"] = plain_list(owner, {"q": wanted.customer.user.phone})
    return pages


def _fetch(client: Client, address: str, said: dict[str, str]) -> None:
    answer = client.get(address, said)
    # Of few rows there is no such page, and the list begins anew.
    if answer.status_code != OK and "p" not in said:
        raise RuntimeError(f"{address} answered {answer.status_code}")


def _list(model: Any) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")


def _measure(sides: Sides, side: str, page: Callable[[], None], scale: AdminScale, *, count: bool) -> None:
    getattr(sides, side).append(milliseconds(page, scale))
    if count:
        # The lower of two: what the cache of the process forgets now and then is no matter of the rows.
        sides.queries[side] = min(_queries(page), _queries(page))


def _queries(page: Callable[[], None]) -> int:
    with counted_statements() as sent:
        page()
    return len(sent)


def _report(report: Report, sides: dict[str, Sides], tables: str) -> None:
    lists = {name: found for name, found in sides.items() if not name.startswith("plain") and "dashboard" not in name}
    steady = {name: found for name, found in lists.items() if "last page" not in name}
    unequal = sum(found.queries["small"] != found.queries["large"] for found in steady.values())
    report.invariant("G9", f"pages of {len(steady)} whose queries grow with the rows", unequal, NONE)
    most = max(found.queries["large"] for found in lists.values())
    report.invariant("G9", "most queries of a page", most, GOALS["queries of a page"])
    for name, found in sides.items():
        bound = GOALS["large list"] if name in steady else None
        report.figure("G9", f"{name}: {tables}", found.ratio, bound)
    plain = sides[PLAIN]
    for name in ("owner: bookings", "manager: bookings"):
        report.figure("G9", f"{PLAIN} / {name}, large", median_ratio(plain.large, sides[name].large))
    for name, found in sides.items():
        report.absolutes[name] = {
            "small, ms": median(found.small),
            "large, ms": median(found.large),
            "queries": found.queries,
        }
