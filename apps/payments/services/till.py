"""Counting the till: what was counted, beside what the day's payments said at that moment."""

from datetime import date
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils import timezone

from apps.common.errors import Forbidden
from apps.common.history import insert_unless, save_as
from apps.payments.daily import flows_of_day
from apps.payments.errors import CountInvalid, DayAhead, TillCounted
from apps.payments.models import Payment, TillCount
from apps.salons.models import Salon


@transaction.atomic
def count_till(*, actor, salon_id, day: date, cash: Decimal, terminal: Decimal, note=""):
    """Keep what was counted, in SAR, with what the books expect now. The same again, as by a double click, is the same.

    Returns the TillCount. Raises: Forbidden, CountInvalid, DayAhead, TillCounted.
    """
    salon = Salon.objects.get(pk=salon_id)
    count = TillCount(salon=salon, day=day, counted_cash=cash, counted_terminal=terminal, note=note, counted_by=actor)
    if not actor.has_perm("payments.add_tillcount", count):
        raise Forbidden
    _ensure_amounts(cash, terminal)
    if day > timezone.localdate(timezone=ZoneInfo(salon.timezone)):
        raise DayAhead(field="day")

    flows = flows_of_day(salon, day)
    count.expected_cash, count.expected_terminal = (
        flows[method].net for method in (Payment.Method.CASH, Payment.Method.TERMINAL)
    )
    if insert_unless(count, rule="payments_tillcount_once_a_day", actor=actor):
        return count
    there = TillCount.objects.get(salon=salon, day=day)
    if _said(there) != _said(count):
        raise TillCounted
    return there


@transaction.atomic
def correct_till_count(*, actor, count_id, cash: Decimal, terminal: Decimal, reason):
    """Somebody counted wrong or typed wrong; what was expected stays as it was. Raises: Forbidden, CountInvalid."""
    count = TillCount.objects.select_for_update(of=("self",), no_key=True).get(pk=count_id)
    if not actor.has_perm("payments.change_tillcount", count):
        raise Forbidden
    _ensure_amounts(cash, terminal)

    count.counted_cash, count.counted_terminal = cash, terminal
    return save_as(count, actor=actor, reason=reason, update_fields=["counted_cash", "counted_terminal"])


def _ensure_amounts(*amounts):
    for amount in amounts:
        if amount < 0 or amount.as_tuple().exponent < -2:
            raise CountInvalid


def _said(count):
    return count.counted_cash, count.counted_terminal, count.note, count.counted_by_id
