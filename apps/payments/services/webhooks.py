"""What the gateway tells us: kept at once, answered at once, believed only after fetching."""

import logging
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from apps.common.errors import Forbidden
from apps.payments.erasure import forget_payer
from apps.payments.errors import GatewayUnavailable
from apps.payments.models import Payment, WebhookEvent
from apps.payments.services.payments import refresh_payment

logger = logging.getLogger(__name__)

Status = WebhookEvent.Status
PROVIDER = "moyasar"
WAITING = (Status.NEW, Status.FAILED)
LEASE = timedelta(minutes=1)
MAX_ATTEMPTS = 5


@transaction.atomic
def receive_webhook(*, event_id, kind, payload):
    """Keep an authenticated event; the same one again is the same row. `payload` comes without the shared secret."""
    values = {"kind": kind, "payload": payload}
    event, _created = WebhookEvent.objects.get_or_create(provider=PROVIDER, event_id=event_id, defaults=values)
    return event


def process_webhooks(*, limit=200):
    """Act on events whose turn has come; returns how many were taken. Safe beside itself: an event is taken by one."""
    due = WebhookEvent.objects.filter(status__in=WAITING, due_at__lte=timezone.now())
    taken = 0
    for event_pk in list(due.order_by("due_at", "pk").values_list("pk", flat=True)[:limit]):
        if _take(event_pk):
            _process(WebhookEvent.objects.get(pk=event_pk))
            taken += 1
    return taken


@transaction.atomic
def replay_webhook(*, actor, event_pk):
    """Put an event back in the queue, whatever became of it: acting on it twice changes nothing. Raises Forbidden."""
    event = WebhookEvent.objects.select_for_update(no_key=True).get(pk=event_pk)
    if not actor.has_perm("payments.replay_webhookevent", event):
        raise Forbidden

    event.status, event.attempts, event.due_at = Status.NEW, 0, timezone.now()
    event.save(update_fields=["status", "attempts", "due_at"])
    logger.info("webhook %s was put back in the queue by user %s", event.event_id, actor.pk)
    return event


def _take(event_pk):
    now = timezone.now()
    due = WebhookEvent.objects.filter(pk=event_pk, status__in=WAITING, due_at__lte=now)
    return due.update(due_at=now + LEASE) == 1


def _process(event):
    try:
        payment = _payment_of(event.payload)
        if payment is not None:
            refresh_payment(payment_id=payment.pk)
            if payment.booking.customer.user.erased_at is not None:
                forget_payer(event)
    except GatewayUnavailable as error:
        _postpone(event, str(error.__cause__))
    except Exception as error:
        logger.exception("webhook %s could not be processed", event.event_id)
        _postpone(event, type(error).__name__)
    else:
        event.status = Status.PROCESSED if payment else Status.IGNORED
        event.processed_at, event.error = timezone.now(), ""
        event.save(update_fields=["status", "processed_at", "error"])


def _postpone(event, problem):
    event.attempts += 1
    event.status = Status.DEAD if event.attempts >= MAX_ATTEMPTS else Status.FAILED
    event.due_at = timezone.now() + timedelta(minutes=2**event.attempts)
    event.error = problem[:255]
    event.save(update_fields=["attempts", "status", "due_at", "error"])


def _payment_of(payload):
    """Ours, by the link it was paid under. Whatever else the event claims is not looked at."""
    data = payload.get("data")
    invoice_id = data.get("invoice_id") if isinstance(data, dict) else None
    if not isinstance(invoice_id, str) or not invoice_id:
        return None
    return Payment.objects.filter(gateway_invoice_id=invoice_id).first()
