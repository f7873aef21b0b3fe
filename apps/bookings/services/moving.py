"""A visit changes its place: another time or person, another service or length, or a whole day goes to colleagues."""

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.bookings import policies, selectors
from apps.bookings.errors import BookingRefused, ReasonRequired, SlotNotOffered, SlotTaken, TooLate
from apps.bookings.events import BookingMoved, BookingRepriced, BookingResized
from apps.bookings.locks import lock_day, lock_visit
from apps.bookings.models import Booking
from apps.bookings.services import holds
from apps.bookings.services.room import free_for, make_room
from apps.bookings.services.terms import bookable_service, offers_of, set_price, terms_of
from apps.bookings.services.writing import overlap_as_slot_taken
from apps.bookings.staleness import ensure_seen
from apps.common.errors import InvalidTransition, Missing
from apps.common.events import publish
from apps.common.history import save_as
from apps.common.transactions import use_case

Status = Booking.Status
Source = Booking.Source
CancelledBy = Booking.CancelledBy
# Minutes a visit may take, as a service may.
LENGTHS = range(5, 1441)
PLACE = ["staff", "starts_at", "ends_at", "occupied_from", "occupied_until", "protected_starts_at", "version"]


@use_case
def reschedule_booking(
    *,
    actor,
    booking_id,
    starts_at,
    staff_id=None,
    by=CancelledBy.SALON,
    source=Source.DESK,
    reason="",
    override_reason="",
    seen_version=None,
):
    """Move a booking to `starts_at` (aware), with the same staff member unless `staff_id` names another.

    `by` says whose wish it is: when it is the customer's, a later fee is still judged on the earliest time they held,
    when it is the salon's, on the new one. `override_reason` as in `book_appointment`.

    Raises: SlotNotOffered, SlotTaken, InvalidTransition; online also TooLate inside the fee window, BookingRefused.
    Publishes: BookingMoved.
    """
    now = timezone.now()
    booking = lock_visit(booking_id, *([staff_id] if staff_id else []))
    ensure_seen(booking, seen_version, actor=actor)

    _ensure_movable(booking, now)
    if source == Source.ONLINE:
        _ensure_may_move_online(booking, now)
    candidates = selectors.offers(booking.service, staff_id or booking.staff_id, moving=booking)
    if not candidates:
        raise SlotNotOffered
    free = free_for(booking.service, candidates, starts_at, now=now, override_reason=override_reason, moving=booking)
    if (starts_at, free[0].staff.pk) == (booking.starts_at, booking.staff_id):
        # Said once more, by a client that did not hear the answer: nobody needs to be told again.
        return booking

    holds.expire_holds(now=now, staff_ids=[free[0].staff.pk])
    booking.place(staff=free[0].staff, starts_at=starts_at)
    if override_reason:
        make_room(booking, actor=actor, reason=override_reason)
    earliest = min(booking.protected_starts_at, starts_at)
    booking.protected_starts_at = starts_at if by == CancelledBy.SALON else earliest
    _save_moved(booking, actor=actor, reason=reason or override_reason)

    publish(BookingMoved(booking.pk))
    return booking


@use_case
def change_service(*, actor, booking_id, service_id, reason="", seen_version=None):
    """Another service at the same time with the same person, for its price and length of today.

    What is missing of the new price is due; what was paid beyond it goes back. Raises: Missing, InvalidTransition,
    SlotNotOffered, SlotTaken when the time does not suffice. Publishes: BookingRepriced.
    """
    now = timezone.now()
    booking = lock_visit(booking_id)
    ensure_seen(booking, seen_version, actor=actor)
    service = bookable_service(service_id)
    if service.salon_id != booking.salon_id:
        raise Missing
    if booking.status != Status.ARRIVED:
        _ensure_movable(booking, now)

    [offer] = offers_of(service, booking.staff_id)
    for name, value in terms_of(service, offer).items():
        setattr(booking, name, value)
    if not selectors.free_as_agreed(booking, [offer], now=now):
        raise SlotTaken(_("%(staff)s has not enough time for this service then."), staff=offer.staff)
    set_price(booking, offer.price_amount)
    booking.prepay_amount = min(booking.prepay_amount, booking.price_amount)
    holds.expire_holds(now=now, staff_ids=[booking.staff_id])
    booking.place(staff=booking.staff, starts_at=booking.starts_at)
    booking.version += 1
    with overlap_as_slot_taken():
        save_as(booking, actor=actor, reason=reason)

    publish(BookingRepriced(booking.pk, actor_id=actor.pk if actor else None))
    return booking


@use_case
def change_duration(*, actor, booking_id, minutes, reason, override_reason="", seen_version=None):
    """Let a visit take `minutes` (5 to 1440) from its start on, for the price that was agreed; also one that has begun.

    `override_reason` as in `book_appointment`. Raises: ReasonRequired, InvalidTransition, SlotNotOffered, and SlotTaken
    when the time does not suffice. Publishes: BookingResized.
    """
    reason = reason or override_reason
    if not reason.strip():
        raise ReasonRequired(field="reason")
    if minutes not in LENGTHS:
        raise SlotNotOffered(_("A visit takes between 5 minutes and 24 hours."), field="minutes")
    now = timezone.now()
    booking = lock_visit(booking_id)
    ensure_seen(booking, seen_version, actor=actor)
    if booking.status != Status.ARRIVED:
        _ensure_movable(booking, now)
    before = booking.duration_minutes
    if minutes == before:
        return booking

    booking.duration_minutes = minutes
    offer = selectors.Offer(booking.staff, minutes, booking.price_amount)
    is_judged = minutes > before and not override_reason
    if is_judged and not selectors.free_as_agreed(booking, [offer], now=now):
        raise SlotTaken(_("%(staff)s has not enough time for this service then."), staff=booking.staff)
    holds.expire_holds(now=now, staff_ids=[booking.staff_id])
    occupied_from, occupied_until = booking.occupied_from, booking.occupied_until
    booking.place(staff=booking.staff, starts_at=booking.starts_at)
    if minutes < before:
        # Buffers it gave up for its neighbours stay given up.
        booking.occupied_from, booking.occupied_until = occupied_from, min(occupied_until, booking.occupied_until)
    elif override_reason:
        make_room(booking, actor=actor, reason=override_reason)
    _save_moved(booking, actor=actor, reason=reason)

    publish(BookingResized(booking.pk))
    return booking


@use_case
def reassign_day(*, actor, staff_id, day, reason):
    """Give the visits of a staff member on the local `day` to colleagues who are free at those very times.

    Returns `(moved, left)`, two lists of Booking: nobody was free for those that are left. Publishes: BookingMoved.
    """
    now = timezone.now()
    visits = lock_day(staff_id, day)
    moved, left = [], []
    for booking in visits:
        ran_out = booking.awaits_payment and booking.hold_expires_at <= now
        if ran_out or booking.ends_at <= now:
            continue
        others = [o for o in selectors.offers(booking.service, moving=booking) if o.staff.pk != staff_id]
        colleagues = selectors.free_as_agreed(booking, others, now=now)
        try:
            _hand_over(booking, colleagues, actor=actor, reason=reason, now=now)
        except SlotTaken:
            left.append(booking)
        else:
            moved.append(booking)
    return moved, left


def _hand_over(booking, colleagues, *, actor, reason, now):
    """To the first of `colleagues` (Offers). Raises SlotTaken when there is none, or when somebody was faster."""
    if not colleagues:
        raise SlotTaken
    staff = colleagues[0].staff
    holds.expire_holds(now=now, staff_ids=[staff.pk])
    before = booking.staff
    booking.place(staff=staff, starts_at=booking.starts_at)
    try:
        _save_moved(booking, actor=actor, reason=reason)
    except SlotTaken:
        booking.place(staff=before, starts_at=booking.starts_at)
        raise
    publish(BookingMoved(booking.pk))


def _ensure_movable(booking, now):
    ran_out = booking.awaits_payment and booking.hold_expires_at <= now
    if ran_out or booking.status not in Booking.MOVABLE:
        current = Status.EXPIRED.label if ran_out else booking.get_status_display()
        raise InvalidTransition(_("A booking that is “%(current)s” cannot be moved."), current=current)


def _ensure_may_move_online(booking, now):
    if booking.customer.is_blocked:
        raise BookingRefused
    if now > policies.free_until(booking):
        raise TooLate


def _save_moved(booking, *, actor, reason):
    booking.version += 1
    with overlap_as_slot_taken():
        save_as(booking, actor=actor, reason=reason, update_fields=[*PLACE, "duration_minutes", "override_reason"])
