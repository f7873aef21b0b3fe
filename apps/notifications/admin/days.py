"""Messages by day: what providers took and delivered, and what it cost."""

from datetime import timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from apps.common.money import display_money
from apps.common.scope import salons_allowing
from apps.notifications.admin.attempts import provider_name
from apps.notifications.costs import price_of
from apps.notifications.daily import COUNTED, messages_by_day
from apps.notifications.models import Channel, DeliveryAttempt

DAYS = 14
COLUMNS = {
    "delivered": _("delivered"),
    "sent": _("sent, no report yet"),
    "undelivered": _("not delivered"),
    "refused": _("refused"),
    "unavailable": _("not taken"),
    "in_doubt": _("in doubt"),
}
# A number of these that is not zero is worth a look.
ALARMING = {"undelivered", "refused", "unavailable", "in_doubt"}


def days_page(model_admin, request):
    """The last days of the chosen salon, or of all that the reader reaches on the clock of the installation."""
    salons = salons_allowing(request, DeliveryAttempt, "view")
    chosen = next((salon for salon in salons if str(salon.pk) == request.GET.get("salon")), None)
    only = chosen or (salons[0] if len(salons) == 1 else None)
    zone = only.timezone if only else settings.TIME_ZONE
    today = timezone.localdate(timezone=ZoneInfo(zone))
    figures = messages_by_day(request.user, [only] if only else salons, zone, today=today, days=DAYS)
    context = {
        **model_admin.admin_site.each_context(request),
        "title": _("Messages by day"),
        "opts": model_admin.opts,
        "salon": only,
        "salons": salons if len(salons) > 1 else [],
        "columns": [COLUMNS[name] for name in COUNTED],
        "days": _by_day(figures, today),
        "price": display_money(price_of(1)),
        "all_messages": reverse("admin:notifications_notification_changelist"),
    }
    request.current_app = model_admin.admin_site.name
    return TemplateResponse(request, "notifications/admin/days.html", context)


def _by_day(figures, today):
    """[(day in words, lines), …] of every day, newest first, those on which nothing was sent included."""
    days = [today - timedelta(days=back) for back in range(DAYS)]
    return [(date_format(day, "l j F"), [_line(one) for one in figures if one.day == day]) for day in days]


def _line(figures):
    return {
        "provider": provider_name(figures.provider),
        "channel": Channel(figures.channel).label,
        "attempts": figures.attempts,
        "counts": [(COLUMNS[name], count, bool(count) and name in ALARMING) for name, count in figures.counts.items()],
        "parts": figures.parts,
        "cost": str(figures.cost),
    }
