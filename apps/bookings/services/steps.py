"""The steps of a visit, from the salon's yes to the customer's word on it; called off, or taken back."""

from datetime import timedelta
from zoneinfo import ZoneInfo

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from apps.bookings import policies
from apps.bookings.availability import midnight
from apps.bookings.errors import NotReviewable, ReasonRequired, TooEarly, TooLate
from apps.bookings.events import BookingCancelled, BookingCompleted, BookingConfirmed
from apps.bookings.locks import lock_booking, lock_visit
from apps.bookings.models import Booking
from apps.bookings.services import holds
from apps.bookings.services.writing import change_status, overlap_as_slot_taken
from apps.bookings.staleness import ensure_seen
from apps.common.errors import InvalidTransition, ensure_transition
from apps.common.events import publish
from apps.common.history import save_as
from apps.common.transactions import use_case
from apps.salons.models import Review
from apps.salons.services import ensure_not_erased

Status = Booking.Status


@use_case
def confirm_booking(*, actor, booking_id, reason="", seen_version=None):
    """The salon accepts a pending booking; a hold for payment ends with it. Publishes: BookingConfirmed."""
    booking = lock_booking(booking_id)
    ensure_seen(booking, seen_version, actor=actor)
    # Late money and an undone step also end in “confirmed”, by use cases that look at the calendar and ask why.
    ensure_transition(booking, Status.CONFIRMED, allowed={Status.PENDING: {Status.CONFIRMED}})

    change_status(booking, Status.CONFIRMED, actor=actor, reason=reason, hold_expires_at=None)

    publish(BookingConfirmed(booking.pk))
    return booking


@use_case
def cancel_booking(*, actor, booking_id, by, reason="", seen_version=None):
    """Call a booking off. `by` says whose wish it was: a customer may owe the agreed fee, a salon takes none.

    Raises: TooLate (customers after the start), InvalidTransition. Publishes: BookingCancelled.
    """
    now = timezone.now()
    booking = lock_booking(booking_id)
    ensure_seen(booking, seen_version, actor=actor)

    if by == Booking.CancelledBy.CUSTOMER and booking.is_active and now >= booking.starts_at:
        raise TooLate
    fee = policies.cancellation_fee(booking, by=by, now=now)

    change_status(
        booking,
        Status.CANCELLED,
        actor=actor,
        reason=reason,
        hold_expires_at=None,
        cancelled_by=by,
        cancellation_fee_amount=fee,
    )

    publish(BookingCancelled(booking.pk, fee_amount=fee, actor_id=actor.pk if actor else None, reason=reason))
    return booking


@use_case
def mark_arrived(*, actor, booking_id, reason="", seen_version=None):
    """The customer is here. Raises TooEarly before the day of the visit."""
    booking = lock_booking(booking_id)
    ensure_seen(booking, seen_version, actor=actor)
    # From “completed” it would be an undo, which asks why.
    ensure_transition(booking, Status.ARRIVED, allowed={Status.CONFIRMED: {Status.ARRIVED}})
    zone = ZoneInfo(booking.salon.timezone)
    _ensure_reached(midnight(timezone.localdate(booking.starts_at, zone), zone), booking)

    return change_status(booking, Status.ARRIVED, actor=actor, reason=reason)


@use_case
def complete_booking(*, actor, booking_id, reason="", seen_version=None):
    """The visit took place. Raises TooEarly before it began. Publishes: BookingCompleted."""
    booking = lock_booking(booking_id)
    ensure_seen(booking, seen_version, actor=actor)
    ensure_transition(booking, Status.COMPLETED, allowed=Booking.ALLOWED)
    _ensure_reached(booking.starts_at, booking)

    change_status(booking, Status.COMPLETED, actor=actor, reason=reason)

    publish(BookingCompleted(booking.pk))
    return booking


@use_case
def mark_no_show(*, actor, booking_id, reason="", seen_version=None):
    """The customer did not come. Raises TooEarly until the salon's grace time after the start is over."""
    booking = lock_booking(booking_id)
    ensure_seen(booking, seen_version, actor=actor)
    ensure_transition(booking, Status.NO_SHOW, allowed=Booking.ALLOWED)
    _ensure_reached(booking.starts_at + timedelta(minutes=booking.salon.no_show_grace_minutes), booking)

    return change_status(booking, Status.NO_SHOW, actor=actor, reason=reason)


@use_case
def undo_step(*, actor, booking_id, reason, seen_version=None):
    """Take back arrived, completed or no-show. Raises ReasonRequired, SlotTaken when the time is occupied meanwhile."""
    if not reason.strip():
        raise ReasonRequired(field="reason")
    booking = lock_visit(booking_id)
    ensure_seen(booking, seen_version, actor=actor)

    before = {Status.ARRIVED: Status.CONFIRMED, Status.COMPLETED: Status.ARRIVED, Status.NO_SHOW: Status.CONFIRMED}
    if booking.status not in before:
        raise InvalidTransition(_("There is nothing to undo."))
    target = before[booking.status]

    holds.expire_holds(staff_ids=[booking.staff_id])
    with overlap_as_slot_taken():
        return change_status(booking, target, actor=actor, reason=reason)


@use_case
def review_booking(*, actor, booking_id, rating, comment=""):
    """A customer's word on a completed visit, once. Raises NotReviewable."""
    booking = lock_booking(booking_id)
    if booking.status != Status.COMPLETED or booking.review_id is not None:
        raise NotReviewable
    ensure_not_erased(booking.customer.user)

    review = Review(
        salon=booking.salon,
        customer=booking.customer,
        service=booking.service,
        staff=booking.staff,
        rating=rating,
        comment=comment,
    )
    booking.review = save_as(review, actor=actor)
    return save_as(booking, actor=actor, update_fields=["review"])


def _ensure_reached(moment, booking):
    if timezone.now() < moment:
        local = timezone.localtime(moment, ZoneInfo(booking.salon.timezone))
        raise TooEarly(moment=f"{date_format(local, 'l j F')} {local:%H:%M}")
