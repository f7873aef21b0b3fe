"""What becomes of messages when a person is erased."""

from collections.abc import Iterable

from apps.accounts.erasure import Obstacle, forget_log_entries
from apps.accounts.models import User
from apps.bookings.models import Booking
from apps.common.history import overwrite
from apps.notifications import reasons
from apps.notifications.models import DeliveryReceipt, Notification

Status = Notification.Status
WAITING = (Status.PENDING, Status.FAILED)


def obstacles(person: User) -> Iterable[Obstacle]:
    """A message on its way holds nothing up."""
    return ()


def erase(person: User) -> None:
    """That and when somebody was told stays, without the words and the number; what waits is never sent."""
    messages = Notification.objects.filter(booking__in=Booking.objects.once_of(person))
    messages.filter(status__in=WAITING).update(status=Status.SUPPRESSED, reason=reasons.PERSON_ERASED)
    forget_log_entries(messages)
    overwrite(messages, recipient="", body="", provider_message_id="")
    overwrite(DeliveryReceipt.objects.filter(notification__in=messages))
