"""Where people go from the first page, and where a salon without any booking begins."""

from dataclasses import dataclass
from typing import Any

from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _

from apps.bookings.models import Booking
from apps.salons.models import Service, Staff, WeeklyHours


@dataclass(frozen=True, slots=True)
class Shortcut:
    title: str
    icon: str
    link: str
    is_primary: bool = False


@dataclass(frozen=True, slots=True)
class FirstStep:
    title: str
    text: str
    link: str
    is_done: bool


def shortcuts(user: Any) -> list[Shortcut]:
    """The pages `user` may open, the most used first."""
    wanted = [
        ("bookings.add_booking", _("New booking"), "add_circle", "bookings_booking_add", True),
        ("bookings.add_booking", _("Walk-in"), "directions_walk", "bookings_booking_calendar#walk-in", False),
        ("bookings.view_booking", _("Calendar"), "calendar_view_day", "bookings_booking_calendar", False),
        ("payments.view_tillcount", _("Day's money"), "today", "payments_tillcount_day_action", False),
        ("salons.import_service", _("Import a price list"), "upload_file", "salons_service_import", False),
    ]
    return [
        Shortcut(title, icon, link, is_primary)
        for right, title, icon, page, is_primary in wanted
        if user.has_perm(right) and (link := _address(page))
    ]


def first_steps(user: Any) -> list[FirstStep]:
    """What to do before the first booking comes, for whoever may do it; nothing once there is one."""
    if not user.has_perm("salons.add_service") or Booking.objects.visible_to(user).exists():
        return []
    wanted = [
        (Service, _("Your services"), _("Import the price list, or type in what you offer."), "salons_service_import"),
        (Staff, _("Your team"), _("Who works here, and who does which service."), "salons_staff_add"),
        (WeeklyHours, _("Opening hours"), _("When the salon is open and who works when."), "salons_weeklyhours_add"),
        (Booking, _("The first booking"), _("Enter a visit, or wait for customers online."), "bookings_booking_add"),
    ]
    return [
        FirstStep(title, text, reverse(f"admin:{page}"), model.objects.visible_to(user).exists())
        for model, title, text, page in wanted
    ]


def _address(page: str) -> str:
    """Where `page` is, a place on it included, "" when this installation has none of that name."""
    name, mark, place = page.partition("#")
    try:
        return reverse(f"admin:{name}") + mark + place
    except NoReverseMatch:
        return ""
