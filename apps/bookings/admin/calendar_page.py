"""What the page of the calendar begins with: salons to choose from, services to book, texts for its script."""

from itertools import groupby
from zoneinfo import ZoneInfo

from django.urls import reverse
from django.utils import timezone
from django.utils.formats import get_format
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from apps.bookings.day_view import OVER, calendar_salons
from apps.bookings.models import Booking
from apps.common.scope import visible_rows
from apps.salons.models import Service

# A person of the platform reaches thousands; another one is named in the address.
MOST_SALONS = 200
# Seconds after which what somebody else did is seen at the latest.
FRESH_WITHIN = 12
# The countries in whose way its script writes dates, by language.
LOCALES = {"ar": "ar-SA", "en": "en-GB"}
SHOWN_STATES = [state for state in Booking.Status if state not in OVER]


def page_context(request, name):
    """The context of the page; `name` is that of its address."""
    salons = list(calendar_salons(request.user).order_by("-is_active", "search_text", "pk")[:MOST_SALONS])
    asked = request.GET.get("salon", "")
    salon = (
        next((one for one in salons if str(one.pk) == asked), None) or _beyond(request, asked) or (salons or [None])[0]
    )
    may_add = salon is not None and request.user.has_perm("bookings.add_booking", Booking(salon=salon))
    return {
        "title": _("Calendar"),
        "salons": salons,
        "salon": salon,
        "may_add": may_add,
        "states": [(state, state.label) for state in SHOWN_STATES],
        "services": _services(request, salon) if may_add else [],
        "settings": salon and _settings(salon, name),
        "is_fullwidth": "1",
    }


def _beyond(request, asked):
    """The salon `asked` for where the list was too long to hold it."""
    if not (asked.isascii() and asked.isdecimal() and len(asked) < 10):
        return None
    return calendar_salons(request.user).filter(pk=int(asked)).first()


def _services(request, salon):
    """`[(category, [Service, …]), …]` in the order of the price list."""
    rows = visible_rows(Service, request.user).filter(salon=salon, is_active=True, category__is_active=True)
    ordered = rows.select_related("category", "salon").order_by("category__position", "category", "position", "pk")
    return [(str(category), list(group)) for category, group in groupby(ordered, key=lambda one: one.category)]


def _settings(salon, name):
    """What the script needs to know, as plain values."""
    language = get_language()
    return {
        "salon": salon.pk,
        "today": timezone.localdate(timezone=ZoneInfo(salon.timezone)).isoformat(),
        "step": min(salon.slot_step_minutes, 30),
        "every": FRESH_WITHIN,
        # Counted from Sunday, as scripts do.
        "firstDay": get_format("FIRST_DAY_OF_WEEK"),
        "locale": f"{LOCALES.get(language, language)}-u-ca-gregory-nu-latn",
        "urls": {part: reverse(f"admin:{name}_{part}") for part in ("days", "panel", "move", "length", "walk_in")}
        | {"add": reverse("admin:bookings_booking_add")},
        "texts": {
            "everybody": _("Everybody"),
            "noStaff": _("Nobody takes bookings in this salon yet. Add the team first."),
            "moved": _("Moved"),
            "resized": _("The length was changed"),
            "booked": _("Booked"),
            "notDone": _("This was not done"),
            "failed": _("The server did not answer. Try again: nothing is done twice."),
            "hasNote": _("There is a note"),
            "whyLength": _("Why does it take longer or shorter?"),
            "anyway": _("Do it all the same"),
            "change": _("Change the length"),
            "close": _("Close"),
        },
    }
