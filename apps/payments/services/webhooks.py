"""What the gateway tells us: kept at once, answered at once, believed only after fetching."""

import logging
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from apps.common.errors import Forbidden
from apps.common.money import to_halalas
from apps.payments import reasons
from apps.payments.envelope import as_key, data_of, id_in, kept_of
from apps.payments.erasure import forget_payer
from apps.payments.errors import GatewayUnavailable
from apps.payments.models import Payment, WebhookEvent, WebhookRefusal
from apps.payments.moyasar import GatewayError, GatewayMissing
from apps.payments.selectors import NOTHING, gateway
from apps.payments.services import refusals
from apps.payments.services.arrival import apply_fetched
from apps.payments.services.payments import refresh_payment

logger = logging.getLogger(__name__)

Status = WebhookEvent.Status
PROVIDER = "moyasar"
WAITING = (Status.NEW, Status.FAILED)
LEASE = timedelta(minutes=1)
MAX_ATTEMPTS = 5
# A reading at the very instant of an event may still show what was before it.
SETTLES_WITHIN = timedelta(minutes=1)
LOOK_AGAIN_AFTER = timedelta(seconds=15)
RUN_PASS = "project.tasks.run_pass"  # noqa: S105 - a name


@transaction.atomic
def receive_webhook(*, event_id, kind, payload):
    """Keep an authenticated event, without secret and card; the same one again is the same row. Returns it.

    One of the other mode (a test event in live operation, or the reverse) is kept for people and never acted on.
    """
    values = {"kind": kind, "payload": kept_of(payload)}
    if _is_of_other_mode(values["payload"]):
        values |= {"status": Status.IGNORED, "error": reasons.OTHER_MODE}
    event, is_new = WebhookEvent.objects.get_or_create(provider=PROVIDER, event_id=event_id, defaults=values)
    if is_new and event.status == Status.IGNORED:
        refusals.tally.count(WebhookRefusal.Reason.MODE)
        logger.error("webhook %s is of the other mode than our key, it is not acted on", event_id)
    elif is_new:
        transaction.on_commit(_wake_worker, robust=True)
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
    transaction.on_commit(_wake_worker, robust=True)
    logger.info("webhook %s was put back in the queue by user %s", event.event_id, actor.pk)
    return event


def _wake_worker():
    """With a broker the event is acted on at once, without one by the next pass."""
    if not settings.CELERY_BROKER_URL:
        return
    # Only with a broker, so that an installation without one never pays for the import.
    from celery import current_app
    from kombu.exceptions import OperationalError

    try:
        current_app.send_task(RUN_PASS, args=["process_webhooks"], retry=False)
    except OperationalError:
        logger.warning("broker not reached, webhooks wait for the next pass")


def _take(event_pk):
    now = timezone.now()
    due = WebhookEvent.objects.filter(pk=event_pk, status__in=WAITING, due_at__lte=now)
    return due.update(due_at=now + LEASE) == 1


def _process(event):
    try:
        _act_on(event)
    except GatewayUnavailable as error:
        _postpone(event, str(error.__cause__))
    except GatewayError as error:
        _postpone(event, str(error))
    except Exception as error:
        logger.exception("webhook %s could not be processed", event.event_id)
        _postpone(event, type(error).__name__)


def _act_on(event):
    if _is_of_other_mode(event.payload):
        return _finish(event, Status.IGNORED, reasons.OTHER_MODE)
    if event.kind == WebhookEvent.VERIFICATION:
        return _forget_code(event)
    payments = _read_payments(data_of(event.payload))
    if not payments:
        return _finish(event, Status.IGNORED)
    if any(payment.booking.customer.user.erased_at for payment in payments):
        forget_payer(event)
    if timezone.now() < event.received_at + SETTLES_WITHIN and not _shows(payments, event):
        return _wait(event, timezone.now() + LOOK_AGAIN_AFTER)
    return _finish(event, Status.PROCESSED)


def _read_payments(data):
    """Our payments that the event is about, as they are after reading the gateway. What it claims is not looked at.

    Two when somebody paid twice under one link, none when the gateway account has other users.
    """
    invoice_id, gateway_id = id_in(data, "invoice_id"), id_in(data, "id")
    named = Q(pk=None)
    if invoice_id:
        named |= Q(gateway_invoice_id=invoice_id)
    if gateway_id:
        named |= Q(gateway_payment_id=gateway_id) | Q(pk=as_key(gateway_id))
    known = list(Payment.objects.filter(named).order_by("created_at", "pk").values_list("pk", flat=True))
    if known or not invoice_id:
        return [refresh_payment(payment_id=payment_id) for payment_id in known]
    return _adopt(invoice_id)


def _adopt(invoice_id):
    """A link of ours whose number has not reached us yet: the event overtook the answer of the call that made it."""
    try:
        invoice = gateway().fetch_invoice(invoice_id)
    except GatewayMissing:
        return []
    payment_id = as_key(invoice.metadata.get("payment_id"))
    waiting = Payment.objects.filter(pk=payment_id, method=Payment.Method.ONLINE, gateway_invoice_id="")
    return [apply_fetched(payment_id, invoice)] if waiting.exists() else []


def _shows(payments, event):
    """Whether our rows show by now what the event hints at. A hint is enough to look once more, never to write."""
    data = data_of(event.payload)
    gateway_id, refunded = id_in(data, "id"), data.get("refunded")
    if not gateway_id or any(payment.status == Payment.Status.REVIEW for payment in payments):
        return True
    payment = Payment.objects.filter(gateway_payment_id=gateway_id).first()
    if event.kind == "payment_refunded" and payment is not None and type(refunded) is int:
        return to_halalas(max(payment.refunded_amount, payment.gateway_refunded_amount or NOTHING)) >= refunded
    return event.kind != "payment_paid" or payment is not None


def _forget_code(event):
    """The code of a webhook's registration is shown to people while it is valid, and blanked out afterwards."""
    if timezone.now() < event.code_ends_at:
        return _wait(event, event.code_ends_at)
    data_of(event.payload).pop("verification_code", None)
    event.save(update_fields=["payload"])
    return _finish(event, Status.PROCESSED)


def _finish(event, status, error=""):
    event.status, event.processed_at, event.error = status, timezone.now(), error
    event.save(update_fields=["status", "processed_at", "error"])


def _wait(event, until):
    event.due_at = until
    event.save(update_fields=["due_at"])


def _postpone(event, problem):
    event.attempts += 1
    event.status = Status.DEAD if event.attempts >= MAX_ATTEMPTS else Status.FAILED
    event.due_at = timezone.now() + timedelta(minutes=2**event.attempts)
    event.error = problem[:255]
    event.save(update_fields=["attempts", "status", "due_at", "error"])


def _is_of_other_mode(payload):
    """Registrations carry no mode; what carries one must carry that of our key."""
    ours = gateway().is_live
    return payload.get("live", ours) is not ours
