"""The first page: what today asks for. Every figure leads to the list that proves it, within the reader's walls."""

from datetime import date
from functools import cache, partial
from typing import Any

from django.http import HttpRequest
from django.utils import timezone

from apps.bookings.models import Booking
from apps.bookings.occupancy import Load, team_loads
from apps.common.hijri import hijri_text
from apps.payments.models import Payment
from apps.salons.models import Salon, Staff
from project.admin_site.dashboard import alarms, charts, today
from project.admin_site.dashboard.cards import Clock, drawn, may_view, tried
from project.admin_site.dashboard.shortcuts import first_steps, shortcuts
from project.admin_site.dashboard.visits import agenda

# Beyond so many people hours are worked out on the pages of one salon, not for all of them on the way in.
LARGEST_TEAM = 60


def dashboard_callback(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Unfold asks for what its index page shows."""
    user, clock = request.user, Clock()
    loads = cache(partial(_loads, user, clock))
    received = cache(partial(charts.received_by_day, Payment.objects.visible_to(user), clock))
    return {
        **context,
        "today": clock.today,
        "hijri": tried("hijri date", partial(_hijri, user, clock), on_failure=""),
        "shortcuts": tried("shortcuts", partial(shortcuts, user), on_failure=[]),
        "first_steps": tried("first steps", partial(first_steps, user), on_failure=[]),
        "cards": drawn(today.makers(user, clock, lambda: loads().get(clock.today), received)),
        "alarms": drawn(alarms.makers(user, clock)),
        "shows_agenda": may_view(user, Booking),
        "agenda": tried("agenda", partial(agenda, user, clock), on_failure=None) if may_view(user, Booking) else [],
        "charts": _charts(user, clock, loads, received),
        # Who runs the platform looks after what went wrong, not after the next visit.
        "alarms_first": not user.has_perm("bookings.arrive_booking"),
    }


def _hijri(user: Any, clock: Clock) -> str:
    """Today's Hijri date for who works with the visits of a salon that wants it, else nothing."""
    if not user.has_perm("bookings.arrive_booking"):
        return ""
    wanted = Salon.objects.visible_to(user).filter(show_hijri_dates=True, is_active=True).exists()
    return hijri_text(clock.today) if wanted else ""


def _charts(user: Any, clock: Clock, loads: Any, received: Any) -> list[charts.Chart]:
    drawings = [("occupancy", lambda: charts.occupancy(read, clock) if (read := loads()) else None)]
    if may_view(user, Payment):
        drawings.insert(0, ("revenue", lambda: charts.revenue(received(), clock)))
    found = (tried(name, draw, on_failure=None) for name, draw in drawings)
    return [chart for chart in found if chart is not None]


def _loads(user: Any, clock: Clock) -> dict[date, Load]:
    """The Load of the last fourteen days of the team `user` sees, empty where there is none to tell of."""
    if not (user.has_perm("salons.view_weeklyhours") and user.has_perm("bookings.view_booking")):
        return {}
    active = Staff.objects.visible_to(user).filter(is_active=True, salon__is_active=True)
    team = list(active.select_related("salon").order_by("pk")[: LARGEST_TEAM + 1])
    if not team or len(team) > LARGEST_TEAM:
        return {}
    zone = timezone.get_current_timezone()
    return team_loads(team, charts.first_day(clock), clock.today, now=clock.now, zone=zone)
