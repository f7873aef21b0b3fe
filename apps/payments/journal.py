"""The money journal: every saved step of a payment or refund, each sealed with the one before it.

All money is saved through `keep`, under the payment's lock, so that the steps of one payment follow each other.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC
from itertools import groupby

from django.db import transaction
from django.utils import timezone

from apps.common.history import save_as
from apps.common.secrets import keyed_hash
from apps.payments import reasons
from apps.payments.locks import lock_payment
from apps.payments.models import MoneyEvent, Payment, Refund

FIRST_LINK = ""  # what the first step of a payment is sealed with


def keep(row, *, actor, reason="", update_fields=None):
    """Save a Payment or a Refund with its history row, and write the step into the journal. Returns the row.

    The caller holds the payment's lock, or has just made the payment.
    """
    save_as(row, actor=actor, reason=reason, update_fields=update_fields)
    payment, refund = (row, None) if isinstance(row, Payment) else (row.payment, row)
    last = MoneyEvent.objects.filter(payment=payment).order_by("-sequence").first()
    event = step(payment, refund, at=timezone.now(), actor=actor, reason=reason)
    for sealed_event in sealed([event], after=last):
        sealed_event.save(force_insert=True)
    return row


def step(payment, refund=None, *, at, actor=None, reason=""):
    """The unsaved MoneyEvent of what a payment, or one of its refunds, is now; `sealed` gives it its place."""
    return MoneyEvent(
        salon_id=payment.salon_id,
        payment_id=payment.pk,
        refund_id=refund and refund.pk,
        at=at,
        actor_id=actor and actor.pk,
        reason=reasons.without_words(reason),
        payment_status=payment.status,
        captured_amount=payment.captured_amount,
        refunded_amount=payment.refunded_amount,
        refund_reserved_amount=payment.refund_reserved_amount,
        refund_status=refund.status if refund else "",
        refund_amount=refund.amount if refund else None,
    )


def sealed(events: Iterable[MoneyEvent], *, after: MoneyEvent | None = None) -> Iterator[MoneyEvent]:
    """The steps of one payment, numbered on from `after` and sealed, in order."""
    before, link = (after.sequence, after.digest) if after else (0, FIRST_LINK)
    for number, event in enumerate(events, start=before + 1):
        event.sequence = number
        event.digest = link = _seal(event, link)
        yield event


def broken_payments() -> Iterator[str]:
    """Keys of payments whose journal has a gap, a wrong seal, or ends elsewhere than payment and refunds stand.

    Rows and steps are read one after the other: what money moved in between is looked at once more, by itself.
    """
    for payment_id in list(_suspects()):
        if not _is_sound(payment_id):
            yield str(payment_id)


def _suspects():
    payments = {payment.pk: payment for payment in Payment.objects.only(*_AMOUNTS, "status").iterator()}
    refunds = {refund.pk: refund for refund in Refund.objects.only("status", "amount", "payment_id").iterator()}
    unheard = set(payments) | {refund.payment_id for refund in refunds.values()}
    told_refunds = set()
    events = MoneyEvent.objects.order_by("payment_id", "sequence").iterator(chunk_size=5000)
    for payment_id, steps in groupby(events, key=lambda event: event.payment_id):
        kept = list(steps)
        unheard.discard(payment_id)
        latest = {event.refund_id: event for event in kept if event.refund_id}
        told_refunds |= set(latest)
        payment = payments.get(payment_id)
        if payment is None or not _is_told(kept, payment, [(event, refunds.get(key)) for key, event in latest.items()]):
            yield payment_id
    silent = {refund.payment_id for key, refund in refunds.items() if key not in told_refunds}
    yield from sorted(unheard | silent)


@transaction.atomic
def _is_sound(payment_id):
    """Whether the journal of one payment tells it and all its refunds, while nobody can write another step."""
    payment = lock_payment(payment_id)
    kept = list(MoneyEvent.objects.filter(payment=payment_id).order_by("sequence"))
    latest = {event.refund_id: event for event in kept if event.refund_id}
    refunds = {refund.pk: refund for refund in Refund.objects.filter(payment=payment_id)}
    pairs = [(latest.get(key), refunds.get(key)) for key in {*latest, *refunds}]
    return bool(kept) and _is_told(kept, payment, pairs)


def _is_told(kept, payment, pairs):
    """`pairs`: each refund with the last step that tells of it, None where one of the two is missing."""
    shown = all(event and refund and _shows_refund(event, refund) for event, refund in pairs)
    return _is_chain(kept) and _shows_payment(kept[-1], payment) and shown


_AMOUNTS = ("captured_amount", "refunded_amount", "refund_reserved_amount")


def _is_chain(events):
    link = FIRST_LINK
    for number, event in enumerate(events, start=1):
        if event.sequence != number or event.digest != _seal(event, link):
            return False
        link = event.digest
    return True


def _shows_payment(event, payment):
    amounts = all(getattr(event, name) == getattr(payment, name) for name in _AMOUNTS)
    return amounts and event.payment_status == payment.status


def _shows_refund(event, refund):
    return (event.refund_status, event.refund_amount) == (refund.status, refund.amount)


def _seal(event, link):
    """HMAC over the step and the seal before it; amounts with two places, the moment in UTC, whatever read the row."""
    amounts = (event.captured_amount, event.refunded_amount, event.refund_reserved_amount, event.refund_amount)
    told = (
        *(event.payment_id, event.sequence, event.at.astimezone(UTC).isoformat(), event.actor_id, event.reason),
        *(event.payment_status, event.refund_id, event.refund_status),
        *("" if amount is None else f"{amount:.2f}" for amount in amounts),
    )
    return keyed_hash("money", "|".join((link, *map(str, told))))
