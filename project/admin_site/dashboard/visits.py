"""The visits that come next, each with what it asks for."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from apps.bookings.models import Booking
from apps.common.money import display_money
from apps.payments.owed import missing_amounts
from project.admin_site.dashboard.cards import Clock

LENGTH = 12
DAYS_AHEAD = 7
Status = Booking.Status
# The step that comes next from each state: right, page of its dialog, icon.
STEPS = {
    Status.PENDING: ("confirm", "check_circle"),
    Status.CONFIRMED: ("arrive", "login"),
    Status.ARRIVED: ("complete", "task_alt"),
}


@dataclass(frozen=True, slots=True)
class Step:
    """A dialog of the booking's page, opened from here."""

    text: str
    icon: str
    link: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One visit. `paid` is what to say of its money, "" where it owes nothing yet or the reader may not know."""

    booking: Booking
    link: str
    time: str
    is_late: bool
    paid: str
    is_paid: bool
    step: Step | None


@dataclass(frozen=True, slots=True)
class Day:
    title: str
    entries: list[Entry]


def agenda(user: Any, clock: Clock) -> list[Day]:
    """The next visits `user` may see, those of today that have begun among them, in two queries."""
    visits = list(
        Booking.objects.visible_to(user)
        .active()
        .filter(starts_at__gte=clock.midnight(), starts_at__lt=clock.midnight(DAYS_AHEAD))
        # Who has arrived waits for the last step, also when the time of the visit is over.
        .filter(Q(ends_at__gte=clock.now) | Q(status=Status.ARRIVED))
        .select_related("customer__user", "staff", "salon")
        .order_by("starts_at", "pk")[:LENGTH]
    )
    missing = missing_amounts(visits, reader=user)
    entries = [_entry(visit, missing.get(visit.pk), user, clock) for visit in visits]
    by_day = groupby(entries, key=lambda entry: timezone.localdate(entry.booking.starts_at))
    return [Day(_day_title(day, clock), list(of_day)) for day, of_day in by_day]


def _entry(visit: Booking, missing: Decimal | None, user: Any, clock: Clock) -> Entry:
    local = timezone.localtime(visit.starts_at, ZoneInfo(visit.salon.timezone))
    return Entry(
        booking=visit,
        link=reverse("admin:bookings_booking_change", args=[visit.pk]),
        time=f"{local:%H:%M}",
        is_late=visit.status in Booking.MOVABLE and visit.starts_at <= clock.now,
        paid=_paid(missing),
        is_paid=missing == 0,
        step=_step(visit, user, clock),
    )


def _paid(missing: Decimal | None) -> str:
    if missing is None:
        return ""
    return _("%(amount)s due") % {"amount": display_money(missing)} if missing else _("paid")


def _step(visit: Booking, user: Any, clock: Clock) -> Step | None:
    """What comes next, when `user` may do it and its day has come; a hold waits for money and for nobody's word."""
    verb, icon = STEPS[Status(visit.status)]
    is_early = visit.status != Status.PENDING and visit.starts_at >= clock.midnight(1)
    if is_early or visit.awaits_payment or not user.has_perm(f"bookings.{verb}_booking", visit):
        return None
    texts = {"confirm": _("Confirm"), "arrive": _("Arrived"), "complete": _("Complete")}
    return Step(texts[verb], icon, reverse(f"admin:bookings_booking_{verb}_action", args=[visit.pk]))


def _day_title(day: date, clock: Clock) -> str:
    names = {clock.today: _("Today"), clock.today + timedelta(days=1): _("Tomorrow")}
    return names.get(day) or date_format(day, "l j F")
