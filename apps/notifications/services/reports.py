"""What providers say of messages after they took them: called by them, or asked by us where no call came."""

import logging
import time
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from apps.common.history import save_as
from apps.common.providers import ProviderError, Report
from apps.notifications import policies, reasons
from apps.notifications.models import DeliveryAttempt, DeliveryReceipt, Notification
from apps.notifications.providers import get_provider
from apps.notifications.services.delivery import PASS_TAKES, fallback_for, price_told, request_delivery

logger = logging.getLogger(__name__)

Status, Attempt = Notification.Status, DeliveryAttempt.Status
FINAL = (Status.DELIVERED, Status.UNDELIVERED)
# Nobody here knows yet whether it left.
UNSETTLED = (Status.SENDING, Status.FAILED)
# What waits to be sent again does so, whatever is reported of the call before.
STAYS = (Status.DELIVERED, Status.SUPPRESSED, Status.PENDING)


@transaction.atomic
def record_receipt(
    *,
    provider: str,
    message_id: str,
    word: str,
    target: str | None,
    error_code: str = "",
    recipient: str = "",
    reference: str = "",
) -> DeliveryReceipt | None:
    """Keep what `provider` reported about one of its messages, and move our state forward if it says more than we know.

    `word` is the provider's own, `target` our state for it (None: no news), `reference` our number of the call. An
    unknown message gives None, as does a `recipient` (E.164) other than the one it went to. `delivered` is the last
    word; `undelivered` only follows what may be on its way.
    """
    attempt = _attempt(provider, message_id, reference)
    if attempt is None:
        return None
    notification = Notification.objects.select_for_update().get(pk=attempt.notification_id)
    if recipient and recipient != notification.recipient:
        return None

    receipt, _is_new = DeliveryReceipt.objects.get_or_create(
        notification=notification,
        provider_status=word,
        error_code=error_code,
        defaults={"salon_id": notification.salon_id},
    )
    attempt.refresh_from_db()
    is_known = attempt.status in DeliveryAttempt.TAKEN
    _move_attempt(attempt, message_id, target, error_code)
    if _is_followed(notification, attempt) and not (is_known and _is_before_the_last_turn(notification, attempt)):
        _move_message(notification, attempt, error_code)
    return receipt


def _attempt(provider: str, message_id: str, reference: str) -> DeliveryAttempt | None:
    """The call that a report is about: by the provider's number, or by ours where its answer never reached us."""
    calls = DeliveryAttempt.objects.filter(provider=provider)
    if message_id and (known := calls.filter(provider_message_id=message_id).order_by("-pk").first()):
        return known
    if not reference or not message_id:
        return None
    return calls.filter(pk=reference, provider_message_id="").first()


def _move_attempt(attempt: DeliveryAttempt, message_id: str, target: str | None, error_code: str) -> None:
    if attempt.status == Attempt.DELIVERED:
        return
    # Any word about it proves that the provider has the message.
    if attempt.status in DeliveryAttempt.OPEN_ENDED:
        attempt.status, attempt.code, attempt.provider_message_id = Attempt.SENT, "", message_id
        attempt.ended_at = attempt.ended_at or timezone.now()
    if target == Status.DELIVERED or (target == Status.UNDELIVERED and attempt.status == Attempt.SENT):
        attempt.status, attempt.code = Attempt(target), error_code
    attempt.save()


def _is_followed(notification: Notification, attempt: DeliveryAttempt) -> bool:
    """Whether the message's state is that of `attempt`: it was the last, or turned out to be taken, or arrived where
    nobody knew whether any had.
    """
    is_taken = (notification.status, notification.provider_message_id) == (Status.SENT, attempt.provider_message_id)
    has_arrived_after_all = attempt.status == Attempt.DELIVERED and notification.status == Status.FAILED
    return is_taken or has_arrived_after_all or not notification.tried.filter(pk__gt=attempt.pk).exists()


def _is_before_the_last_turn(notification: Notification, attempt: DeliveryAttempt) -> bool:
    """Whether a person has asked for the message again since: then only the new call counts."""
    return notification.sent_again_at is not None and attempt.started_at < notification.sent_again_at


def _move_message(notification: Notification, attempt: DeliveryAttempt, error_code: str) -> None:
    """The message follows its attempt; what was held back or given another turn meanwhile does not go back."""
    now = timezone.now()
    if attempt.status == Attempt.DELIVERED and notification.status not in STAYS:
        notification.status, notification.reason, notification.delivered_at = Status.DELIVERED, "", now
    elif attempt.status == Attempt.UNDELIVERED and notification.status in (Status.SENT, *UNSETTLED):
        notification.status = Status.UNDELIVERED
        notification.reason = reasons.with_code(reasons.NOT_DELIVERED, error_code)
    elif attempt.status == Attempt.SENT and notification.status in UNSETTLED:
        notification.status, notification.reason = Status.SENT, ""
        notification.ask_at = policies.next_question(now, now=now)
    else:
        return
    if notification.status in FINAL and attempt.cost is not None:
        notification.ask_at = None
    notification.leased_until = None
    notification.provider, notification.provider_message_id = attempt.provider, attempt.provider_message_id
    notification.sent_at = notification.sent_at or now
    save_as(notification, actor=None)
    if (sms := fallback_for(notification)) is not None:
        request_delivery(sms.pk)


def ask_for_reports(limit: int = 200) -> int:
    """Ask the provider about messages of which it has reported nothing. Returns about how many it was asked.

    It ends early when the provider gives no answer several times in a row.
    """
    now, end = timezone.now(), time.monotonic() + PASS_TAKES
    silent = Notification.objects.filter(ask_at__lte=now).order_by("ask_at", "pk")
    asked = unanswered = 0
    for notification in list(silent[:limit]):
        if time.monotonic() > end or unanswered == policies.FAILURES_IN_A_ROW:
            break
        if _take_turn(notification, now):
            unanswered = 0 if _is_answered(notification) else unanswered + 1
            asked += 1
    return asked


def _is_answered(notification: Notification) -> bool:
    try:
        _ask(notification)
    except ProviderError as error:
        logger.warning("message %s could not be asked about: %s", notification.pk, error)
        return False
    except Exception:
        # The next message is asked about whatever one answer breaks.
        logger.exception("message %s could not be asked about", notification.pk)
        return False
    return True


def _take_turn(notification: Notification, now: datetime) -> bool:
    """Of many who would ask at once, one does; the next turn is set before, so that nobody asks without end."""
    following = policies.next_question(notification.sent_at or now, now=now)
    turn = Notification.objects.filter(pk=notification.pk, ask_at=notification.ask_at)
    return turn.update(ask_at=following) == 1


def _ask(notification: Notification) -> None:
    attempt = notification.tried.exclude(provider_message_id="").order_by("-pk").first()
    report = None
    if attempt is not None and attempt.provider == settings.NOTIFICATION_PROVIDER:
        about = {"message_id": attempt.provider_message_id, "reference": str(attempt.pk)}
        report = get_provider().look_up(notification.channel, **about, to=notification.recipient)
    if attempt is not None and report is not None:
        _take_in(attempt, report)
    if report is None or report.state in FINAL:
        Notification.objects.filter(pk=notification.pk).update(ask_at=None)


def _take_in(attempt: DeliveryAttempt, report: Report) -> None:
    if report.state:
        record_receipt(
            provider=attempt.provider,
            message_id=attempt.provider_message_id,
            word=report.word,
            target=report.state,
            error_code=report.error_code,
        )
    if price := price_told(report):
        DeliveryAttempt.objects.filter(pk=attempt.pk).update(**price)
