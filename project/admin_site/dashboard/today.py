"""The figures of the day, each shown to those who may view what it counts."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from functools import cache, partial
from typing import Any

from django.db.models import Count, Sum
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.bookings.models import Booking
from apps.bookings.occupancy import TAKING, Load
from apps.common.money import display_money
from apps.payments.models import Payment
from apps.payments.owed import unpaid
from project.admin_site.dashboard.cards import (
    UNKNOWN,
    Card,
    Clock,
    Lookups,
    asked,
    call,
    count_each,
    listed,
    may_view,
)

Status = Booking.Status
STANDING = ",".join(TAKING)
# How many days back a visit is still missed, when it was neither closed nor paid.
LOOKED_BACK = 30
Makers = list[tuple[str, Callable[[], Card | None]]]
Counts = Callable[[], dict[str, int]]
Received = Callable[[], dict[date, tuple[Decimal, int]]]


def makers(user: Any, clock: Clock, load: Callable[[], Load | None], received: Received) -> Makers:
    """`(name, maker)` of each card `user` may see, the most asked for first.

    `load` gives today's Load of the team (None: nobody to tell of), `received` money and number of payments by day.
    """
    if not may_view(user, Booking):
        return []
    lists = visit_lists(clock)
    span = clock.since("starts_at", 1 - LOOKED_BACK)
    counts = cache(lambda: count_each(Booking.objects.visible_to(user), lists, span))
    found: Makers = [
        ("bookings", partial(bookings_today, lists, counts)),
        ("waiting", partial(waiting, lists, counts)),
        ("hours", partial(free_hours, lists, load)),
    ]
    if may_view(user, Payment):
        found.append(("received", partial(received_today, clock, received)))
        found.append(("unpaid", partial(unpaid_visits, clock, user)))
    found.append(("no_shows", partial(no_show_rate, lists, counts)))
    found.append(("unclosed", partial(unclosed, lists, counts)))
    return found


def visit_lists(clock: Clock) -> dict[str, Lookups]:
    """The lists of bookings behind the figures, by name. All lie in one span of time, which is read once."""
    month = clock.between("starts_at", 1 - LOOKED_BACK, 0)
    return {
        "today": {**clock.between("starts_at", 0, 0), "status__in": STANDING},
        "ahead": {**clock.between("starts_at", 0, 0), "status__in": "pending,confirmed"},
        "waiting": {**clock.since("starts_at", 0), "status__in": "pending"},
        "over": {**month, "status__in": "completed,no_show"},
        "missed": {**month, "status__in": "no_show"},
        "unclosed": {**clock.between("starts_at", 1 - LOOKED_BACK, -1), "status__in": "confirmed,arrived"},
    }


def bookings_today(lists: dict[str, Lookups], counts: Counts) -> Card:
    count, ahead = counts()["today"], counts()["ahead"]
    hint = ngettext("%(count)s visit still to come", "%(count)s visits still to come", ahead) % {"count": f"{ahead:,}"}
    return Card("bookings", _("Bookings today"), f"{count:,}", "event", listed(Booking, lists["today"]), hint)


def waiting(lists: dict[str, Lookups], counts: Counts) -> Card:
    """Visits ahead that wait for the salon's word or for money."""
    link = listed(Booking, lists["waiting"])
    return call("waiting", _("Waiting for an answer"), "hourglass_top", counts()["waiting"], link)


def free_hours(lists: dict[str, Lookups], load: Callable[[], Load | None]) -> Card | None:
    today = load()
    if today is None:
        return None
    hint = _("Nobody works today.")
    if today.working:
        times = {"all": duration(today.working), "ahead": duration(today.free_ahead)}
        hint = _("of %(all)s, %(ahead)s still ahead") % times
    return Card("hours", _("Free today"), duration(today.free), "schedule", listed(Booking, lists["today"]), hint)


def duration(minutes: int) -> str:
    """`6 h 30 min`, `45 min`, `8 h`."""
    hours, rest = divmod(minutes, 60)
    if not hours:
        return _("%(minutes)s min") % {"minutes": rest}
    if not rest:
        return _("%(hours)s h") % {"hours": f"{hours:,}"}
    return _("%(hours)s h %(minutes)s min") % {"hours": f"{hours:,}", "minutes": rest}


def received_today(clock: Clock, received: Received) -> Card:
    amount, count = received().get(clock.today, (Decimal(0), 0))
    hint = ngettext("%(count)s payment", "%(count)s payments", count) % {"count": f"{count:,}"}
    link = listed(Payment, clock.between("paid_at", 0, 0))
    return Card("received", _("Received today"), display_money(amount), "payments", link, hint)


def unpaid_visits(clock: Clock, user: Any) -> Card:
    lookups = clock.between("starts_at", 1 - LOOKED_BACK, 0)
    visits = unpaid(Booking.objects.visible_to(user).order_by().filter(asked(lookups)), reader=user)
    owed = visits.aggregate(amount=Sum("missing"), count=Count("pk"))
    hint = display_money(owed["amount"]) if owed["count"] else _("Everything is paid.")
    tone = "alarming" if owed["count"] else "good"
    link = listed(Booking, {**lookups, "money": "due"})
    return Card("unpaid", _("Not paid yet"), f"{owed['count']:,}", "account_balance_wallet", link, hint, tone)


def no_show_rate(lists: dict[str, Lookups], counts: Counts) -> Card:
    over, missed = counts()["over"], counts()["missed"]
    title, link = _("No-shows, 30 days"), listed(Booking, lists["over"])
    if not over:
        return Card("no_shows", title, UNKNOWN, "person_off", link, _("No visits yet."))
    hint = ngettext("%(missed)s of %(count)s visit", "%(missed)s of %(count)s visits", over) % {
        "missed": f"{missed:,}",
        "count": f"{over:,}",
    }
    return Card("no_shows", title, f"{100 * missed / over:.1f}%", "person_off", link, hint)


def unclosed(lists: dict[str, Lookups], counts: Counts) -> Card | None:
    """Visits of past days of which nobody said whether they took place; no card when there are none."""
    count, link = counts()["unclosed"], listed(Booking, lists["unclosed"])
    return call("unclosed", _("Past visits to close"), "event_available", count, link) if count else None
