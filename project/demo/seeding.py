"""Fills a database with the demo, and decides what a further start does with what is there.

The rule: the demo only ever fills an empty database, and only ever empties one that it filled itself. Data of today
stay as they are. Data of an earlier day are made anew, because every date in them is told from the day they were
made, unless somebody has worked with them: then they stay, with the visits of the weeks ahead that were planned at
the time. `--fresh` makes them anew in any case.

Two databases made on the same day hold the same rows, whoever made them; only what lies within minutes of the moment
of seeding (the visits under way, the open ends of money and messages, the hourly comparison) follows the clock.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from django.apps import apps
from django.contrib.admin.models import ADDITION, LogEntry
from django.core.management import call_command
from django.db import connection, transaction
from django.utils import timezone

from apps.accounts.models import User
from apps.payments.models import Payment
from apps.salons.models import Salon
from project.demo.bookkeeping import Comparisons, count_tills
from project.demo.catalogue import add_services, import_price_list
from project.demo.content import Content
from project.demo.gateway import SeededGateway
from project.demo.loose_ends import LooseEnds
from project.demo.people import add_backoffice, add_customers
from project.demo.planning import planned_visits
from project.demo.shops import Shop, add_calendar, add_salon, add_staff, add_templates
from project.demo.sign_ins import add_sign_ins
from project.demo.visits import VisitStory
from project.demo.world import ZONE, World

MARK = "Demo data"


class ForeignDatabase(Exception):
    """The database holds people or salons that the demo did not make."""


class Outcome(StrEnum):
    """What became of the data at a start."""

    MADE = "made just now"
    KEPT = "kept from an earlier start"
    RENEWED = "made anew for today"
    KEPT_OLD = "kept because people worked with it; --fresh makes it anew"


@dataclass(frozen=True, slots=True)
class Gateway:
    """Where links to pay lead, and the ledger of the stand-in behind them.

    No `ledger` when the environment names another gateway: that one knows nothing of the seeded payments.
    """

    url: str
    ledger: Path | None


def prepare(gateway: Gateway, *, fresh: bool = False, scale: float = 1, now: datetime | None = None) -> Outcome:
    """Leave the migrated database with demo data in it. Raises ForeignDatabase."""
    now = (now or timezone.now()).replace(second=0, microsecond=0)
    made_at = seeded_at()
    if made_at is None:
        if User.objects.exists() or Salon.objects.exists():
            raise ForeignDatabase
        seed(gateway, now=now, scale=scale)
        return Outcome.MADE
    is_of_today = made_at.astimezone(ZONE).date() == now.astimezone(ZONE).date()
    if is_of_today and not fresh:
        return Outcome.KEPT
    if not fresh and people_changed_something_since(made_at):
        return Outcome.KEPT_OLD
    empty_database()
    seed(gateway, now=now, scale=scale)
    return Outcome.RENEWED


def empty_database() -> None:
    """Delete every row. With its keys unchecked SQLite drops whole tables of rows instead of looking at each."""
    with connection.constraint_checks_disabled():
        call_command("flush", interactive=False, verbosity=0)


def seeded_at() -> datetime | None:
    """When this database was filled; None when the demo never did."""
    mark = LogEntry.objects.filter(object_repr=MARK, content_type=None).first()
    return mark.action_time if mark else None


def people_changed_something_since(moment: datetime) -> bool:
    """Whether anybody, operator or customer, changed a row; the periodic passes are nobody."""
    histories = (model.history.model for model in apps.get_models() if hasattr(model, "history"))
    return any(
        history.objects.filter(history_date__gt=moment, history_user__isnull=False).exists() for history in histories
    )


@transaction.atomic
def seed(gateway: Gateway, *, now: datetime, scale: float = 1) -> int:
    """Tell the whole story up to `now` (aware, a whole minute) and store it; returns the number of rows."""
    world = World(now=now, scale=scale, content=Content.read(), gateway_url=gateway.url)
    office = add_backoffice(world)
    clientele = add_customers(world)
    shops = [add_salon(world, entry, office, clientele[entry["slug"]]) for entry in world.content.salons]
    written = world.archive.write()
    for shop in shops:
        if "price_list" in world.content.services[shop.salon.slug]:
            import_price_list(world, shop)
    for shop in shops:
        if not shop.services:
            add_services(world, shop)
        add_staff(world, shop, office)
        add_calendar(world, shop)
        add_templates(world, shop)
    books = SeededGateway()
    tell_the_visits(world, shops, books)
    customers = [newcomer for known in clientele.values() for newcomer in known]
    add_sign_ins(world, customers, office.owner)
    comparisons = Comparisons(world, books, office.support)
    comparisons.compare()
    count_tills(world, shops)
    written += world.archive.write()
    comparisons.seal()
    mark(office.owner, now)
    if gateway.ledger is not None:
        books.write(gateway.ledger, world.archive.rows(Payment))
    return written


def tell_the_visits(world: World, shops: list[Shop], books: SeededGateway) -> None:
    """Every visit up to now, and then what is open just now."""
    stories, unbooked = [], []
    for shop in shops:
        for plan in planned_visits(world, shop):
            if plan.booked_at <= world.now:
                stories.append(VisitStory(world, shop, plan))
            else:
                unbooked.append((shop, plan))
    world.run()
    LooseEnds(world, books, stories).leave_all(unbooked)


def mark(owner: User, now: datetime) -> None:
    """Note in the admin's own journal that and when the demo filled this database."""
    LogEntry.objects.create(user_id=owner.pk, action_time=now, object_repr=MARK, action_flag=ADDITION)
