"""Messages to customers: planned with the fact they tell, sent after it is stored, settled by what the provider said.

`queue_message` writes the row, `deliver` sends it. Between the two stands the database: a row is claimed for a
limited time by one conditional UPDATE, and no transaction is open while a provider is asked.
"""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from apps.accounts.models import User
from apps.bookings.models import Booking
from apps.common.errors import Forbidden, Missing
from apps.common.history import insert_unless, save_as
from apps.common.providers import ProviderError, ProviderOutcomeUnknown, ProviderRejected
from apps.notifications import policies, reasons, rendering, selectors
from apps.notifications.errors import NotRetryable
from apps.notifications.models import Channel, DeliveryReceipt, Kind, Notification, Template
from apps.notifications.providers import Message, get_provider
from apps.notifications.texts import HOUSE_TEXTS

logger = logging.getLogger(__name__)

# Longer than any provider may take: who still holds it afterwards is dead.
LEASE = timedelta(minutes=2)
# A provider that took the message without telling so should have reported by then.
DELAY_IN_DOUBT = timedelta(minutes=2)
# A reminder stands in the list of messages a day before it goes out.
PLANNED_AHEAD = timedelta(hours=24)
ONCE_PER_VERSION = "notifications_notification_once_per_version"
DELIVERY_TASK = "apps.notifications.tasks.deliver_notification"
Status = Notification.Status


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one attempt; `is_in_doubt` when the customer may have the message although it failed."""

    status: str
    reason: str = ""
    provider_message_id: str = ""
    is_in_doubt: bool = False


def queue_message(
    booking: Booking,
    kind: str,
    *,
    amount: Decimal | None = None,
    link: str = "",
    due_at: datetime | None = None,
    held_back: str = "",
    recipient: str = "",
) -> Notification:
    """Plan one message about the booking as it is now, in the customer's language; a repeat returns the first one.

    It goes to the customer's phone, or to `recipient` where that is another one.

    With `held_back` (a reason) the row only says what was not sent and why. A message that is due at once leaves
    after the commit. `amount` is in SAR.
    """
    now = timezone.now()
    template = selectors.salon_template(booking, kind, Channel.SMS)
    person = booking.customer.user

    if template is not None and not template.is_active:
        held_back = held_back or reasons.SWITCHED_OFF

    values = rendering.message_values(booking, person.locale, amount=amount, link=link)
    about = {
        "booking": booking,
        "booking_version": booking.version,
        "kind": kind,
        "channel": Channel.SMS,
        "recipient": recipient or person.phone,
    }
    notification = Notification(
        **about,
        salon_id=booking.salon_id,
        locale=person.locale,
        body=rendering.render(_wording(template, kind, person.locale), values),
        status=Status.SUPPRESSED if held_back else Status.PENDING,
        reason=held_back,
        due_at=due_at or now,
    )
    if not insert_unless(notification, rule=ONCE_PER_VERSION):
        return Notification.objects.get(**about)

    if notification.status == Status.PENDING and notification.due_at <= now:
        request_delivery(notification.pk)
    return notification


def _wording(template: Template | None, kind: str, locale: str) -> str:
    """The salon's text, or the text of the house when there is none or no form would take it."""
    text = getattr(template, f"body_{locale}", "")
    return text if text and rendering.is_valid_text(text, kind) else HOUSE_TEXTS[kind][locale]


def request_delivery(notification_id: int) -> None:
    """Have the message sent once the present transaction is stored; whatever fails then never reaches the caller."""

    # A function and no `partial`: Django names the failed one in its log, and a partial has no name.
    def start() -> None:
        _start_delivery(notification_id)

    transaction.on_commit(start, robust=True)


def _start_delivery(notification_id: int) -> None:
    if not settings.CELERY_BROKER_URL:
        deliver(notification_id)
        return
    # Only with a broker, so that an installation without one never pays for the import.
    from celery import current_app
    from kombu.exceptions import OperationalError

    try:
        current_app.send_task(DELIVERY_TASK, args=[notification_id], retry=False)
    except OperationalError:
        logger.warning("broker not reached, message %s waits for the next pass", notification_id)


def deliver(notification_id: int) -> str | None:
    """Send one message that is due. Returns its new state, None when it is not due or somebody else has it.

    Never inside a transaction (RuntimeError). A provider's failure is an outcome and not an exception.
    """
    claimed = _claim(notification_id, now=timezone.now())
    if claimed is None:
        return None

    outcome = _outcome_without_sending(claimed) or _send(claimed)

    _settle(claimed, outcome, now=timezone.now())
    return outcome.status


@transaction.atomic(durable=True)
def _claim(notification_id: int, *, now: datetime) -> Notification | None:
    """Take the message for the time of a lease; of many who try at once, one gets it."""
    is_mine = (
        Notification.objects.due(now)
        .filter(pk=notification_id)
        .update(status=Status.SENDING, leased_until=now + LEASE, attempts=F("attempts") + 1, updated_at=now)
    )
    if not is_mine:
        return None
    return Notification.objects.select_related("booking__customer__user").get(pk=notification_id)


def _outcome_without_sending(claimed: Notification) -> Outcome | None:
    now = timezone.now()
    if claimed.attempts > Notification.MAX_ATTEMPTS:
        return Outcome(Status.FAILED, reasons.INTERRUPTED)
    reason = policies.reason_to_hold_back(claimed, claimed.booking, now=now)
    if not reason and claimed.kind == Kind.PAYMENT_LINK and not selectors.has_payable_link(claimed.booking, now):
        reason = reasons.NOTHING_TO_PAY
    return Outcome(Status.SUPPRESSED, reason) if reason else None


def _send(claimed: Notification) -> Outcome:
    message = Message(claimed.pk, claimed.recipient, claimed.kind, claimed.channel, claimed.body)
    try:
        sent = get_provider().send(message)
    except ProviderRejected as error:
        # Trying again would be refused again: it is not delivered until a person changes something.
        return Outcome(Status.UNDELIVERED, reasons.of_failure(error))
    except ProviderError as error:
        logger.warning("message %s failed: %s", claimed.pk, error)
        is_in_doubt = isinstance(error, ProviderOutcomeUnknown)
        return Outcome(Status.FAILED, reasons.of_failure(error), is_in_doubt=is_in_doubt)
    except Exception:
        # The sender is a worker's loop: whatever a provider's library raises, the next message has its turn.
        logger.exception("message %s failed unexpectedly", claimed.pk)
        return Outcome(Status.FAILED, reasons.INTERNAL, is_in_doubt=True)
    return Outcome(Status.SENT, provider_message_id=sent.provider_message_id)


@transaction.atomic(durable=True)
def _settle(claimed: Notification, outcome: Outcome, *, now: datetime) -> None:
    """Write what became of the attempt, unless the lease ran out and the message belongs to somebody else."""
    mine = Notification.objects.select_for_update().filter(
        pk=claimed.pk, status=Status.SENDING, leased_until=claimed.leased_until
    )
    row = mine.first()
    if row is None:
        logger.warning("message %s was settled by somebody else, ours ended %s", claimed.pk, outcome.status)
        return

    row.status, row.reason, row.leased_until = outcome.status, outcome.reason, None
    row.attempts = min(row.attempts, Notification.MAX_ATTEMPTS)
    if outcome.status == Status.SUPPRESSED:
        row.attempts -= 1  # nothing was tried
    else:
        row.provider = settings.NOTIFICATION_PROVIDER
    if outcome.status == Status.SENT:
        row.provider_message_id, row.sent_at = outcome.provider_message_id, now
    if outcome.status == Status.FAILED:
        delay = policies.retry_delay(row.attempts)
        row.due_at = now + (max(delay, DELAY_IN_DOUBT) if outcome.is_in_doubt else delay)
        if row.attempts == Notification.MAX_ATTEMPTS:
            logger.error("message %s given up after %s attempts", row.pk, row.attempts)
    save_as(row, actor=None)


def deliver_due(limit: int = 200) -> int:
    """Send up to `limit` messages that are due, the longest waiting first. Returns how many this pass took."""
    due = Notification.objects.due(timezone.now()).order_by("due_at", "pk")
    taken = 0
    for notification_id in list(due.values_list("pk", flat=True)[:limit]):
        try:
            taken += deliver(notification_id) is not None
        except Exception:
            logger.exception("message %s could not be delivered", notification_id)
    return taken


def plan_reminders(now: datetime | None = None) -> int:
    """Plan the reminders of the coming two days, each 24 hours before its visit. Returns how many rows it wrote.

    A booking made, confirmed or moved after that moment was told about just then: its row keeps that as the reason.
    """
    now = now or timezone.now()
    planned = 0
    for booking in selectors.bookings_to_remind(now, now + policies.REMINDER_BEFORE + PLANNED_AHEAD):
        due_at = booking.starts_at - policies.REMINDER_BEFORE
        held_back = reasons.MADE_TOO_LATE if booking.updated_at > due_at else ""
        try:
            queue_message(booking, Kind.REMINDER, due_at=due_at, held_back=held_back)
        except Exception:
            logger.exception("no reminder could be planned for booking %s", booking.pk)
        else:
            planned += 1
    return planned


@transaction.atomic
def retry_notification(notification_id: int, *, actor: User) -> Notification:
    """Send a failed or undelivered message again, with all its attempts.

    Raises Missing, Forbidden, or NotRetryable when it is on its way, out, or held back.
    """
    locked = Notification.objects.visible_to(actor).select_for_update(of=("self",))
    notification = locked.filter(pk=notification_id).first()

    if notification is None:
        raise Missing
    if not actor.has_perm("notifications.retry_notification", notification):
        raise Forbidden
    if notification.status not in (Status.FAILED, Status.UNDELIVERED):
        raise NotRetryable(current=notification.get_status_display())

    notification.status, notification.reason, notification.attempts = Status.PENDING, "", 0
    notification.due_at = timezone.now()
    save_as(notification, actor=actor, reason=reasons.SENT_AGAIN)

    request_delivery(notification.pk)
    return notification


@transaction.atomic
def record_receipt(
    *, provider: str, message_id: str, word: str, target: str | None, error_code: str = "", recipient: str = ""
) -> DeliveryReceipt | None:
    """Keep what `provider` reported about one of its messages, and move our state forward if it says more than we know.

    `word` is the provider's own, `target` our state for it (None: no news). An unknown message gives None, as does a
    `recipient` (E.164) other than the one it went to. `delivered` is the last word; `undelivered` only follows `sent`.
    """
    known = Notification.objects.select_for_update().filter(provider=provider, provider_message_id=message_id)
    notification = known.first() if message_id else None
    if notification is None or (recipient and recipient != notification.recipient):
        return None

    receipt, _is_new = DeliveryReceipt.objects.get_or_create(
        notification=notification,
        provider_status=word,
        error_code=error_code,
        defaults={"salon_id": notification.salon_id},
    )

    if target == Status.DELIVERED and notification.status not in (Status.DELIVERED, Status.SUPPRESSED):
        notification.status, notification.reason = Status.DELIVERED, ""
        notification.delivered_at = timezone.now()
        save_as(notification, actor=None)
    elif target == Status.UNDELIVERED and notification.status == Status.SENT:
        notification.status = Status.UNDELIVERED
        notification.reason = reasons.with_code(reasons.NOT_DELIVERED, error_code)
        save_as(notification, actor=None)
    return receipt
