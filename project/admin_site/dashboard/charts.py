"""The last seven days beside the seven before: what came in, and how full the team's time was."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Count, F, Sum
from django.db.models.functions import TruncDate
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import get_language_bidi
from django.utils.translation import gettext as _

from apps.bookings.models import Booking
from apps.bookings.occupancy import Load
from apps.common.money import display_money, round_money
from apps.payments.models import Payment
from project.admin_site.dashboard.cards import UNKNOWN, Clock, asked, listed
from project.admin_site.dashboard.today import STANDING, duration

WEEK = 7
NOTHING = Decimal("0.00")
COLOURS = ("var(--color-primary-600)", "var(--color-base-400)")
GREY = "#9ca3af"


@dataclass(frozen=True, slots=True)
class Cell:
    text: str
    link: str


@dataclass(frozen=True, slots=True)
class Row:
    """One weekday: what it brought this time, and the same day a week before."""

    day: str
    now: Cell
    before: Cell


@dataclass(frozen=True, slots=True)
class Chart:
    """`data` and `options` are JSON for Chart.js; `rows` say the same in words."""

    key: str
    title: str
    total: str
    before: str
    data: str
    options: str
    rows: list[Row]


def received_by_day(payments: Any, clock: Clock) -> dict[date, tuple[Decimal, int]]:
    """Of fourteen days what was received on each and has not gone back, and in how many payments; one query."""
    day = TruncDate("paid_at", tzinfo=timezone.get_current_timezone())
    kept, count = Sum(F("captured_amount") - F("refunded_amount")), Count("pk")
    rows = payments.order_by().filter(asked(clock.between("paid_at", 1 - 2 * WEEK, 0)))
    days = rows.values_list(day).annotate(kept=kept, count=count)
    return {day: (round_money(amount or NOTHING), count) for day, amount, count in days}


def revenue(received: Mapping[date, tuple[Decimal, int]], clock: Clock) -> Chart:
    """What was received per day and has not gone back; `received` covers fourteen days."""
    this, last = _two_weeks(clock, lambda day: received.get(day, (NOTHING, 0))[0])
    cells = [
        [Cell(display_money(amount), listed(Payment, clock.between("paid_at", ago, ago))) for ago, amount in week]
        for week in (this, last)
    ]
    return Chart(
        key="revenue",
        title=_("Received"),
        total=display_money(sum((amount for _ago, amount in this), NOTHING)),
        before=display_money(sum((amount for _ago, amount in last), NOTHING)),
        data=_data(clock, [float(amount) for _ago, amount in this], [float(amount) for _ago, amount in last]),
        options=_options(),
        rows=_rows(clock, *cells),
    )


def occupancy(loads: Mapping[date, Load], clock: Clock) -> Chart:
    """How much of the team's working time visits took per day; `loads` covers fourteen days."""
    this, last = _two_weeks(clock, lambda day: loads.get(day, Load()))
    cells = [
        [
            Cell(_share(load), listed(Booking, {**clock.between("starts_at", ago, ago), "status__in": STANDING}))
            for ago, load in week
        ]
        for week in (this, last)
    ]
    totals = [f"{_percent(sum((load for _ago, load in week), Load()))}%" for week in (this, last)]
    return Chart(
        key="occupancy",
        title=_("Booked of the team's time"),
        total=totals[0],
        before=totals[1],
        data=_data(clock, *([_percent(load) for _ago, load in week] for week in (this, last))),
        options=_options(most=100),
        rows=_rows(clock, *cells),
    )


def first_day(clock: Clock) -> date:
    """The first of the fourteen days."""
    return clock.today - timedelta(days=2 * WEEK - 1)


def _two_weeks(clock: Clock, value: Callable[[date], Any]) -> tuple[list[Any], list[Any]]:
    """`(days from today, value)` of the last seven days, and of the same weekdays before."""
    this, last = (
        [(ago, value(clock.today + timedelta(days=ago))) for ago in range(first, first + WEEK)]
        for first in (1 - WEEK, 1 - 2 * WEEK)
    )
    return this, last


def _percent(load: Load) -> int:
    return round(100 * load.booked / load.working) if load.working else 0


def _share(load: Load) -> str:
    if not load.working:
        return UNKNOWN
    booked, working = duration(load.booked), duration(load.working)
    return _("%(percent)s%% (%(booked)s of %(working)s)") % {
        "percent": _percent(load),
        "booked": booked,
        "working": working,
    }


def _days(clock: Clock) -> list[date]:
    return [clock.today + timedelta(days=ago) for ago in range(1 - WEEK, 1)]


def _data(clock: Clock, this: list[Any], last: list[Any]) -> str:
    names = (_("these 7 days"), _("7 days before"))
    series = [
        {"label": name, "data": values, "backgroundColor": colour, "displayYAxis": True, "borderRadius": 4}
        for name, values, colour in zip(names, (this, last), COLOURS, strict=True)
    ]
    return json.dumps({"labels": [[date_format(day, "D"), f"{day:%-d}"] for day in _days(clock)], "datasets": series})


def _rows(clock: Clock, this: list[Cell], last: list[Cell]) -> list[Row]:
    days = (date_format(day, "l j F") for day in _days(clock))
    return [Row(*row) for row in zip(days, this, last, strict=True)]


def _options(most: int | None = None) -> str:
    """Chart.js options without functions, whole, because they replace Unfold's; days run as the language reads."""
    is_rtl = get_language_bidi()
    ticks = {"color": GREY, "maxTicksLimit": 5}
    options = {
        "animation": False,
        "responsive": True,
        "maintainAspectRatio": False,
        "maxBarThickness": 18,
        "interaction": {"mode": "index", "intersect": False},
        "plugins": {
            "legend": {"display": False},
            "tooltip": {"rtl": is_rtl, "textDirection": "rtl" if is_rtl else "ltr"},
        },
        "scales": {
            "x": {
                "reverse": is_rtl,
                "ticks": {"color": GREY, "maxRotation": 0, "autoSkip": False, "font": {"size": 11}},
                "grid": {"display": False},
                "border": {"display": False},
            },
            "y": {
                "position": "right" if is_rtl else "left",
                "beginAtZero": True,
                "ticks": ticks,
                "grid": {"color": GREY},
                "border": {"display": False, "dash": [3, 3]},
                **({"max": most} if most else {}),
            },
        },
    }
    return json.dumps(options)
