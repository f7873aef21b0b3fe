"""What becomes of messages when a person is erased."""

from collections.abc import Iterable

from django.db.models import CharField
from django.db.models.functions import Cast

from apps.accounts.erasure import Obstacle, forget_log_entries
from apps.accounts.models import User
from apps.bookings.models import Booking
from apps.common.history import overwrite
from apps.notifications import reasons
from apps.notifications.models import DeliveryAttempt, DeliveryReceipt, Notification

Status = Notification.Status
WAITING = (Status.PENDING, Status.FAILED, Status.SENDING)


def obstacles(person: User) -> Iterable[Obstacle]:
    """A message on its way holds nothing up."""
    return ()


def erase(person: User) -> None:
    """That and when somebody was told stays, without the words and the number; what waits is never sent."""
    messages = Notification.objects.filter(booking__in=Booking.objects.once_of(person))
    messages.filter(status__in=WAITING).update(
        status=Status.SUPPRESSED, reason=reasons.PERSON_ERASED, leased_until=None
    )
    forget_log_entries(messages)
    # Without their numbers, messages of one state of a booking to several numbers would be the same one.
    nameless = {"recipient": "", "occasion": Cast("id", CharField(max_length=48))}
    overwrite(messages, **nameless, body="", variables=[], provider_message_id="")
    DeliveryAttempt.objects.filter(notification__in=messages).update(provider_message_id="")
    overwrite(DeliveryReceipt.objects.filter(notification__in=messages))
