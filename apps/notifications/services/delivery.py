"""Sending: a row is claimed for a limited time by one conditional UPDATE, and no transaction is open while a provider
is asked. Every call leaves an attempt before it and an outcome after it, so that who dies in between leaves a trace.
"""

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from apps.common.history import save_as
from apps.common.providers import ProviderError, ProviderOutcomeUnknown, ProviderRejected, Report, Sent
from apps.notifications import policies, reasons, rendering, selectors
from apps.notifications.models import PROMOTIONAL, Channel, DeliveryAttempt, Kind, Notification, Template
from apps.notifications.providers import Message, get_provider
from apps.notifications.services.writing import content_of, write_fallback

logger = logging.getLogger(__name__)

# Longer than any provider may take: who still holds it afterwards is dead.
LEASE = timedelta(minutes=2)
# A pass stops taking messages then, so that the next one of a cron finds its place.
PASS_TAKES = 50  # seconds
# When a provider works again, what was put off for its sake goes out at once, or this long after it was tried.
SHORTLY = timedelta(minutes=1)
PRICE = ("segments", "cost", "currency")
DELIVERY_TASK = "apps.notifications.tasks.deliver_notification"
Status, Attempt = Notification.Status, DeliveryAttempt.Status


@dataclass(frozen=True, slots=True)
class Outcome:
    """What becomes of a message; `attempt` are the fields in which the attempt keeps what happened to it."""

    status: str
    reason: str = ""
    due_at: datetime | None = None
    attempt: dict[str, Any] = field(default_factory=dict)

    @property
    def shows_that_it_works(self) -> bool:
        """Whether the provider answered: a message that it refuses is no failure of its own."""
        return self.attempt.get("status") in (Attempt.SENT, Attempt.REFUSED)

    @property
    def is_not_set_up(self) -> bool:
        """Whether the provider refuses for what the salon or the platform has to arrange with it."""
        return self.reason.startswith(reasons.NOT_SET_UP)

    @property
    def is_in_doubt(self) -> bool:
        """Whether the customer may have the message although it failed."""
        return self.attempt.get("status") == Attempt.IN_DOUBT


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
    """Send one message that is due. Returns its new state; None when it is not due, when somebody else has it, or when
    the provider has failed so often just now that messages wait for it.

    Never inside a transaction (RuntimeError). A provider's failure is an outcome and not an exception.
    """
    latest = selectors.latest_attempts(settings.NOTIFICATION_PROVIDER)
    return None if is_resting(latest) else _deliver(notification_id, latest)


def deliver_due(limit: int = 1000) -> int:
    """Send up to `limit` messages that are due, the longest waiting first. Returns how many this pass took.

    It ends early when the provider has failed several times in a row: the next pass tries with one message.
    """
    due = Notification.objects.due(timezone.now()).order_by("due_at", "pk")
    taken, end = 0, time.monotonic() + PASS_TAKES
    for notification_id in list(due.values_list("pk", flat=True)[:limit]):
        latest = selectors.latest_attempts(settings.NOTIFICATION_PROVIDER)
        if time.monotonic() > end or is_resting(latest):
            break
        try:
            taken += _deliver(notification_id, latest) is not None
        except Exception:
            logger.exception("message %s could not be delivered", notification_id)
    return taken


def is_resting(latest: list[DeliveryAttempt]) -> bool:
    """Whether the provider is left alone, as it is while a single call tries whether it works again."""
    now = timezone.now()
    if policies.rests(latest, now=now):
        return True
    tries_since = now - policies.LONGEST_CALL
    return policies.is_failing(latest) and selectors.is_being_tried(settings.NOTIFICATION_PROVIDER, tries_since)


def _deliver(notification_id: int, latest: list[DeliveryAttempt]) -> str | None:
    claimed = _claim(notification_id, now=timezone.now())
    if claimed is None:
        return None

    attempt, outcome = None, _outcome_without_sending(claimed)
    if outcome is None:
        attempt, outcome = _found_out(claimed) or _left_alone(claimed) or _tried(claimed)
    if outcome is None:
        return None

    works_again = bool(latest) and latest[0].status in DeliveryAttempt.PROVIDER_FAILED and outcome.shows_that_it_works
    fallback = _settle(claimed, attempt, outcome, works_again=works_again, now=timezone.now())
    if fallback is not None:
        deliver(fallback.pk)
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
    related = ("booking__customer__user", "booking__salon", "booking__service", "booking__staff")
    claimed = Notification.objects.select_related(*related).get(pk=notification_id)
    _direct(claimed)
    return claimed


def _direct(claimed: Notification) -> None:
    """It goes to the number that the customer has now; only what tells of a change of numbers goes to the old one."""
    phone = claimed.booking.customer.user.phone
    if claimed.kind != Kind.PHONE_CHANGED and phone and claimed.recipient != phone:
        claimed.recipient = phone
        Notification.objects.filter(pk=claimed.pk).update(recipient=phone)


def _outcome_without_sending(claimed: Notification) -> Outcome | None:
    now, booking = timezone.now(), claimed.booking
    if claimed.attempts > Notification.MAX_ATTEMPTS:
        return Outcome(Status.FAILED, reasons.INTERRUPTED)
    ways = selectors.settings_of(claimed.salon_id)
    templates = selectors.templates_of(booking, claimed.kind)
    template = templates.get(claimed.channel)
    reason = policies.reason_to_hold_back(claimed, booking, ways, now=now)
    reason = reason or _reason_of_the_moment(claimed, templates, now)
    if reason:
        return Outcome(Status.SUPPRESSED, reason)
    if claimed.kind in PROMOTIONAL:
        moment = policies.promotion_moment(ways, booking.salon.timezone, now=now)
        return Outcome(Status.PENDING, due_at=moment) if moment > now else None
    if claimed.kind == Kind.REMINDER:
        _word_anew(claimed, template)
    return None


def _reason_of_the_moment(claimed: Notification, templates: Mapping[str, Template], now: datetime) -> str:
    """Why it must not go out, as far as other rows tell; a WhatsApp text that is switched off leaves it to an SMS."""
    if claimed.channel == Channel.SMS and Channel.SMS in templates and not templates[Channel.SMS].is_active:
        return reasons.SWITCHED_OFF
    if claimed.channel == Channel.SMS and selectors.arrived_by_whatsapp(claimed):
        return reasons.ARRIVED_OTHERWISE
    if claimed.kind == Kind.PAYMENT_LINK and not selectors.has_payable_link(claimed, now):
        return reasons.NOTHING_TO_PAY
    return ""


def _word_anew(claimed: Notification, template: Template | None) -> None:
    """A reminder was written a day before it goes out: names, the salon's text, the customer's language may differ."""
    booking, person = claimed.booking, claimed.booking.customer.user
    values = rendering.message_values(booking, person.locale)
    words = {
        "locale": person.locale,
        **content_of(template, claimed.kind, claimed.channel, person.locale, values),
    }
    for name, value in words.items():
        setattr(claimed, name, value)
    _held(claimed).update(**words)


def _found_out(claimed: Notification) -> tuple[DeliveryAttempt, Outcome] | None:
    """An earlier attempt that the provider turns out to have taken; None where it knows of none, or does not answer."""
    if claimed.attempts == 1 and claimed.sent_again_at is None:
        return None
    for doubtful in selectors.attempts_in_doubt(claimed).filter(provider=settings.NOTIFICATION_PROVIDER):
        try:
            report = get_provider().look_up(claimed.channel, reference=str(doubtful.pk), to=claimed.recipient)
        except ProviderError as error:
            logger.warning("message %s could not be looked up: %s", claimed.pk, error)
            return None
        if report is not None and report.message_id:
            found = {"status": Attempt.SENT, "provider_message_id": report.message_id, **price_told(report)}
            return doubtful, Outcome(Status.SENT, attempt=found)
    return None


def _left_alone(claimed: Notification) -> tuple[None, Outcome] | None:
    """A promotion is never sent again where somebody may have got it, unless a person asked for just that."""
    if claimed.kind not in PROMOTIONAL:
        return None
    doubtful = selectors.attempts_in_doubt(claimed).first()
    is_asked_for = claimed.sent_again_at is not None and doubtful and doubtful.started_at < claimed.sent_again_at
    return (None, Outcome(Status.FAILED, reasons.NOT_SENT_TWICE)) if doubtful and not is_asked_for else None


def _tried(claimed: Notification) -> tuple[DeliveryAttempt | None, Outcome | None]:
    attempt = _begin(claimed)
    return attempt, _send(claimed, attempt) if attempt else None


@transaction.atomic(durable=True)
def _begin(claimed: Notification) -> DeliveryAttempt | None:
    """The trace of a call that is about to be made; None when the message belongs to somebody else by now."""
    is_maybe_double = claimed.is_maybe_double or selectors.attempts_in_doubt(claimed).exists()
    if not _held(claimed).update(is_maybe_double=is_maybe_double):
        return None
    return DeliveryAttempt.objects.create(
        salon_id=claimed.salon_id,
        notification=claimed,
        provider=settings.NOTIFICATION_PROVIDER,
        segments=claimed.segments,
        started_at=timezone.now(),
    )


def _send(claimed: Notification, attempt: DeliveryAttempt) -> Outcome:
    try:
        sent = get_provider().send(_message(claimed, attempt))
    except ProviderRejected as error:
        # Trying again would be refused again: it is not delivered until a person changes something.
        return _failed(error, Status.UNDELIVERED, Attempt.REFUSED)
    except ProviderError as error:
        logger.warning("message %s failed: %s", claimed.pk, error)
        if error.code in reasons.REPEATED and selectors.attempts_in_doubt(claimed).exclude(pk=attempt.pk).exists():
            return Outcome(Status.SENT, attempt={"status": Attempt.SENT, "code": error.code})
        is_in_doubt = isinstance(error, ProviderOutcomeUnknown)
        return _failed(error, Status.FAILED, Attempt.IN_DOUBT if is_in_doubt else Attempt.UNAVAILABLE)
    except Exception:
        # The sender is a worker's loop: whatever a provider's library raises, the next message has its turn.
        logger.exception("message %s failed unexpectedly", claimed.pk)
        return Outcome(Status.FAILED, reasons.INTERNAL, attempt={"status": Attempt.IN_DOUBT})
    taken = {"status": Attempt.SENT, "provider_message_id": sent.provider_message_id, **price_told(sent)}
    return Outcome(Status.SENT, attempt=taken)


def _failed(error: ProviderError, status: str, attempt_status: str) -> Outcome:
    return Outcome(status, reasons.of_failure(error), attempt={"status": attempt_status, "code": error.code})


def _message(claimed: Notification, attempt: DeliveryAttempt) -> Message:
    is_promotional = claimed.kind in PROMOTIONAL
    sms_sender = selectors.settings_of(claimed.salon_id).promotional_sender if is_promotional else ""
    template = None
    if claimed.channel == Channel.WHATSAPP:
        template = selectors.templates_of(claimed.booking, claimed.kind).get(Channel.WHATSAPP)
        template = template if template and template.is_active else None
    return Message(
        claimed.pk,
        claimed.recipient,
        claimed.kind,
        claimed.channel,
        claimed.body,
        reference=str(attempt.pk),
        sender=sms_sender if claimed.channel == Channel.SMS else "",
        is_promotional=is_promotional,
        template_id=getattr(template, f"provider_id_{claimed.locale}", ""),
        variables=tuple(claimed.variables),
        locale=claimed.locale,
    )


def price_told(told: Sent | Report) -> dict[str, Any]:
    """What the provider says that a message costs, where it says so."""
    priced = {} if told.cost is None else {"cost": told.cost, "currency": told.currency}
    return priced if told.segments is None else {**priced, "segments": told.segments}


@transaction.atomic(durable=True)
def _settle(
    claimed: Notification,
    attempt: DeliveryAttempt | None,
    outcome: Outcome,
    *,
    works_again: bool,
    now: datetime,
) -> Notification | None:
    """Write what became of the attempt, and of the message unless it belongs to somebody else by now.

    Returns the SMS that takes the place of a WhatsApp message that certainly did not arrive.
    """
    # The message first: a report takes the two rows in this order.
    row = Notification.objects.select_for_update().get(pk=claimed.pk)
    if attempt is not None:
        _end(attempt, outcome, is_erased=not row.recipient, now=now)
    if works_again:
        _bring_forward(now)
    if (row.status, row.leased_until) != (Status.SENDING, claimed.leased_until):
        return None
    _take_over(row, attempt, outcome, now=now)
    save_as(row, actor=None)
    return fallback_for(row)


def _end(attempt: DeliveryAttempt, outcome: Outcome, *, is_erased: bool, now: datetime) -> None:
    """Keep how the call ended. A report may have been quicker than its answer and knows more, but not the price."""
    ended = {**outcome.attempt, "ended_at": attempt.ended_at or now}
    if is_erased:
        ended["provider_message_id"] = ""
    this = DeliveryAttempt.objects.filter(pk=attempt.pk)
    if not this.filter(status__in=DeliveryAttempt.OPEN_ENDED).update(**ended):
        this.update(**{name: value for name, value in ended.items() if name in PRICE})


def fallback_for(row: Notification) -> Notification | None:
    """The SMS in the place of a WhatsApp message; None where that is not called for, or the message may have come.

    A refusal speaks of the number or the text, and so, most likely, of an earlier call too whose answer was lost.
    """
    if row.channel != Channel.WHATSAPP or row.status != Status.UNDELIVERED:
        return None
    may_have_come = selectors.attempts_in_doubt(row).exists()
    is_refused = row.tried.order_by("-pk").values_list("status", flat=True).first() == Attempt.REFUSED
    return write_fallback(row, is_maybe_double=may_have_come) if is_refused or not may_have_come else None


def _take_over(row: Notification, attempt: DeliveryAttempt | None, outcome: Outcome, *, now: datetime) -> None:
    row.status, row.reason, row.leased_until = outcome.status, outcome.reason, None
    row.attempts = min(row.attempts, Notification.MAX_ATTEMPTS)
    if outcome.status in (Status.SUPPRESSED, Status.PENDING):
        row.attempts -= 1  # nothing was tried
    if attempt is not None:
        row.provider = attempt.provider
    if outcome.due_at is not None:
        row.due_at = outcome.due_at
    if outcome.status == Status.SENT:
        row.sent_at, row.provider_message_id = now, outcome.attempt.get("provider_message_id", "")
        row.ask_at = policies.next_question(now, now=now) if row.provider_message_id else None
    if outcome.status == Status.FAILED:
        _put_off(row, outcome, now)


def _put_off(row: Notification, outcome: Outcome, now: datetime) -> None:
    tries = row.tried.count()
    if outcome.attempt.get("status") == Attempt.UNAVAILABLE and not outcome.is_not_set_up:
        row.attempts -= 1  # nothing speaks against the message, so it is not given up for the provider's sake
    elif outcome.reason == reasons.NOT_SENT_TWICE:
        row.attempts = Notification.MAX_ATTEMPTS
    delay = policies.retry_delay(max(tries, 1))
    row.due_at = now + (max(delay, policies.DELAY_IN_DOUBT) if outcome.is_in_doubt else delay)
    if row.attempts == Notification.MAX_ATTEMPTS:
        logger.error("message %s given up after %s attempts", row.pk, row.attempts)


def _bring_forward(now: datetime) -> None:
    """The provider works again: nobody waits out the long delays that its failures brought. What is in doubt waits for
    its report; what is not set up with the provider was not put off for its failures.
    """
    put_off = Notification.objects.filter(status=Status.FAILED, attempts__lt=Notification.MAX_ATTEMPTS)
    in_doubt = Q(reason__startswith=reasons.MAYBE_SENT) | Q(reason=reasons.INTERNAL)
    certain = put_off.exclude(in_doubt | Q(reason__startswith=reasons.NOT_SET_UP))
    for waiting, shortest in ((certain, SHORTLY), (put_off.filter(in_doubt), policies.DELAY_IN_DOUBT)):
        waiting.filter(due_at__gt=now, updated_at__lte=now - shortest).update(due_at=now)
        waiting.filter(due_at__gt=now + shortest).update(due_at=now + shortest)


def _held(claimed: Notification) -> QuerySet[Notification]:
    """The claimed message, or none when its lease is not ours any more."""
    return Notification.objects.filter(pk=claimed.pk, status=Status.SENDING, leased_until=claimed.leased_until)
