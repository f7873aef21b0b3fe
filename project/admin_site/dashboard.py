"""The first page: what today asks for. Every figure is the count of the list it links to, within the reader's walls."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode

from django.contrib.admin.utils import prepare_lookup_value
from django.db.models import F, QuerySet, Sum
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.accounts.models import DataRequest
from apps.bookings.models import Booking
from apps.common.money import display_money
from apps.notifications.models import Notification
from apps.payments.models import Payment, ReconciliationFinding, Refund

AGENDA_LENGTH = 12
DATA_REQUESTS_DUE = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Card:
    """A figure, its name, its icon, and the list that proves it."""

    title: str
    value: str
    icon: str
    link: str
    alarming: bool = False


def dashboard_callback(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Unfold asks for what its index page shows."""
    midnight = datetime.combine(timezone.localdate(), time.min, timezone.get_current_timezone())
    today = {"starts_at__gte": midnight.isoformat(), "starts_at__lt": (midnight + timedelta(days=1)).isoformat()}
    return {**context, "cards": _cards(request, midnight, today), "agenda": _agenda(request, today)}


def _cards(request: HttpRequest, midnight: datetime, today: dict[str, str]) -> list[Card]:
    cards: list[Card] = []
    if request.user.has_perm("bookings.view_booking"):
        cards += _booking_cards(Booking.objects.visible_to(request.user), today)
    if request.user.has_perm("payments.view_payment"):
        cards.append(_income_card(Payment.objects.visible_to(request.user), midnight))
    cards += _alarm_cards(request)
    return cards


def _booking_cards(bookings: QuerySet, today: dict[str, str]) -> list[Card]:
    standing = {**today, "status__in": "confirmed,arrived,completed,pending,no_show"}
    waiting = {"status__in": "pending"}
    missed = {**today, "status__in": "no_show"}
    return [
        _counted(_("Bookings today"), "event", bookings, standing),
        _counted(_("Waiting for an answer"), "hourglass_top", bookings, waiting, alarming=True),
        _counted(_("No-shows today"), "person_off", bookings, missed),
    ]


def _income_card(payments: QuerySet, midnight: datetime) -> Card:
    received = {"paid_at__gte": midnight.isoformat()}
    kept = payments.filter(**received).aggregate(sum=Sum(F("captured_amount") - F("refunded_amount")))["sum"]
    return Card(_("Received today"), display_money(kept or 0), "payments", _list(Payment, received))


def _alarm_cards(request: HttpRequest) -> list[Card]:
    due_soon = (timezone.localdate() + DATA_REQUESTS_DUE + timedelta(days=1)).isoformat()
    wanted = [
        (Refund, _("Refunds waiting"), "currency_exchange", {"status__in": "requested,unknown,review"}),
        (Notification, _("Failed messages"), "sms_failed", {"status__in": "failed,undelivered"}),
        (ReconciliationFinding, _("Differences with the gateway"), "troubleshoot", {"resolved_at__isnull": "True"}),
        (DataRequest, _("Data requests due soon"), "policy", {"status__in": "open", "due_on__lt": due_soon}),
    ]
    return [
        _counted(title, icon, model.objects.visible_to(request.user), lookups, alarming=True)
        for model, title, icon, lookups in wanted
        if request.user.has_perm(f"{model._meta.app_label}.view_{model._meta.model_name}")
    ]


def _counted(title: str, icon: str, rows: QuerySet, lookups: dict[str, str], *, alarming: bool = False) -> Card:
    """A card whose figure is what the linked list will count: one set of lookups serves both."""
    filters = {name: prepare_lookup_value(name, value) for name, value in lookups.items()}
    count = rows.order_by().filter(**filters).count()
    return Card(title, f"{count:,}", icon, _list(rows.model, lookups), alarming=alarming and count > 0)


def _list(model: type, lookups: dict[str, str]) -> str:
    return f"{reverse(f'admin:{model._meta.app_label}_{model._meta.model_name}_changelist')}?{urlencode(lookups)}"


def _agenda(request: HttpRequest, today: dict[str, str]) -> list[Booking]:
    """Today's visits that are not over yet, earliest first."""
    if not request.user.has_perm("bookings.view_booking"):
        return []
    coming = Booking.objects.visible_to(request.user).active().filter(**today, ends_at__gte=timezone.now())
    return list(coming.select_related("customer__user", "staff", "salon").order_by("starts_at", "pk")[:AGENDA_LENGTH])
