"""The use cases of a booking. API, admin, import and jobs all come through here; nobody else writes a booking.

Each one: load and lock, ensure, write, publish, return. Locks are taken in the order customer, staff, booking.
"""

from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.bookings import policies
from apps.bookings.errors import (
    BookingRefused,
    NotReviewable,
    ReasonRequired,
    SlotNotOffered,
    SlotTaken,
    TooEarly,
    TooLate,
    TooManyBookings,
)
from apps.bookings.events import (
    BookingCancelled,
    BookingCompleted,
    BookingConfirmed,
    BookingExpired,
    BookingMoved,
    BookingPlaced,
)
from apps.bookings.locks import lock_booking, lock_customer, lock_staff, lock_visit
from apps.bookings.models import Booking
from apps.bookings.selectors import free_offers, offers
from apps.common.errors import InvalidTransition, Missing, ensure_transition
from apps.common.events import publish
from apps.common.history import save_as
from apps.common.money import VAT_RATE, vat_included
from apps.salons.models import Review, Salon, Service
from apps.salons.services import customer_card_of

Status = Booking.Status
NOTHING = Decimal("0.00")
NO_OVERLAP = "bookings_booking_no_overlap"


@transaction.atomic
def book_appointment(*, actor, person, service_id, starts_at, staff_id=None, note="", source=Booking.Source.ONLINE):
    """Book `service_id` for `person` (a User) at `starts_at` (aware); no `staff_id` means the least busy free one.

    Raises: Missing, SlotNotOffered, SlotTaken, BookingRefused, TooManyBookings. Publishes: BookingPlaced.
    """
    now = timezone.now()
    service = Service.objects.bookable().select_related("salon").filter(pk=service_id).first()
    candidates = offers(service, staff_id) if service else []
    if not candidates:
        raise Missing
    customer = customer_card_of(person, salon=service.salon, actor=actor)
    lock_customer(customer.pk)
    lock_staff([offer.staff.pk for offer in candidates])
    # Once more: while we waited for the calendars, somebody may have stopped taking bookings.
    candidates = offers(service, staff_id)

    expire_holds(now=now, staff_ids=[offer.staff.pk for offer in candidates])
    if source == Booking.Source.ONLINE:
        _ensure_may_book_online(customer, now)
    offer = _choose(service, candidates, starts_at, now)

    booking = _draft(service, offer, customer, actor=actor, now=now, note=note, source=source)
    booking.place(staff=offer.staff, starts_at=starts_at)
    booking.protected_starts_at = starts_at
    _save_placed(booking, actor=actor)

    publish(BookingPlaced(booking.pk))
    return booking


@transaction.atomic
def reschedule_booking(*, actor, booking_id, starts_at, staff_id=None, by=Booking.CancelledBy.SALON, reason=""):
    """Move a booking to `starts_at` (aware), with the same staff member unless `staff_id` names another.

    Raises: SlotNotOffered, SlotTaken, TooLate (customers inside the fee window), InvalidTransition.
    Publishes: BookingMoved.
    """
    now = timezone.now()
    booking = lock_visit(booking_id, *([staff_id] if staff_id else []))

    ran_out = booking.awaits_payment and booking.hold_expires_at <= now
    if ran_out or booking.status not in (Status.PENDING, Status.CONFIRMED):
        current = Status.EXPIRED.label if ran_out else booking.get_status_display()
        raise InvalidTransition(_("A booking that is “%(current)s” cannot be moved."), current=current)
    if by == Booking.CancelledBy.CUSTOMER and now > policies.free_until(booking):
        raise TooLate
    candidates = offers(booking.service, staff_id or booking.staff_id)
    expire_holds(now=now, staff_ids=[offer.staff.pk for offer in candidates])
    offer = _choose(booking.service, candidates, starts_at, now, moving=booking)

    booking.place(staff=offer.staff, starts_at=starts_at)
    booking.protected_starts_at = min(booking.protected_starts_at, starts_at)
    booking.version += 1
    moved = ["staff", "starts_at", "ends_at", "occupied_from", "occupied_until", "protected_starts_at", "version"]
    _save_placed(booking, actor=actor, reason=reason, update_fields=moved)

    publish(BookingMoved(booking.pk))
    return booking


@transaction.atomic
def confirm_booking(*, actor, booking_id, reason=""):
    """The salon accepts a pending booking; a hold for payment ends with it. Publishes: BookingConfirmed."""
    booking = lock_booking(booking_id)
    # Late money and an undone step also end in “confirmed”, by use cases that look at the calendar and ask why.
    ensure_transition(booking, Status.CONFIRMED, allowed={Status.PENDING: {Status.CONFIRMED}})

    _change_status(booking, Status.CONFIRMED, actor=actor, reason=reason, hold_expires_at=None)

    publish(BookingConfirmed(booking.pk))
    return booking


@transaction.atomic
def confirm_paid_booking(*, booking_id, reason=""):
    """Its advance payment arrived. True: the booking is firm now. False: its time is gone, the money must go back.

    A hold that ran out gets its time again when that is still free. Publishes: BookingConfirmed.
    """
    booking = lock_visit(booking_id)

    if booking.status in (Status.CONFIRMED, Status.ARRIVED, Status.COMPLETED):
        return True
    if booking.status not in (Status.PENDING, Status.EXPIRED):
        return False
    try:
        with _overlap_as_slot_taken():
            _change_status(booking, Status.CONFIRMED, actor=None, reason=reason, hold_expires_at=None)
    except SlotTaken:
        return False

    publish(BookingConfirmed(booking.pk))
    return True


@transaction.atomic
def cancel_booking(*, actor, booking_id, by, reason=""):
    """Call a booking off. `by` says whose wish it was: a customer may owe the agreed fee, a salon takes none.

    Raises: TooLate (customers after the start), InvalidTransition. Publishes: BookingCancelled.
    """
    now = timezone.now()
    booking = lock_booking(booking_id)

    if by == Booking.CancelledBy.CUSTOMER and booking.is_active and now >= booking.starts_at:
        raise TooLate
    fee = policies.cancellation_fee(booking, by=by, now=now)

    _change_status(
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


@transaction.atomic
def mark_arrived(*, actor, booking_id, reason=""):
    """The customer is here."""
    booking = lock_booking(booking_id)
    # From “completed” it would be an undo, which asks why.
    ensure_transition(booking, Status.ARRIVED, allowed={Status.CONFIRMED: {Status.ARRIVED}})

    return _change_status(booking, Status.ARRIVED, actor=actor, reason=reason)


@transaction.atomic
def complete_booking(*, actor, booking_id, reason=""):
    """The visit took place. Raises TooEarly before it began. Publishes: BookingCompleted."""
    booking = lock_booking(booking_id)
    ensure_transition(booking, Status.COMPLETED, allowed=Booking.ALLOWED)
    _ensure_reached(booking.starts_at, booking)

    _change_status(booking, Status.COMPLETED, actor=actor, reason=reason)

    publish(BookingCompleted(booking.pk))
    return booking


@transaction.atomic
def mark_no_show(*, actor, booking_id, reason=""):
    """The customer did not come. Raises TooEarly until the salon's grace time after the start is over."""
    booking = lock_booking(booking_id)
    ensure_transition(booking, Status.NO_SHOW, allowed=Booking.ALLOWED)
    _ensure_reached(booking.starts_at + timedelta(minutes=booking.salon.no_show_grace_minutes), booking)

    return _change_status(booking, Status.NO_SHOW, actor=actor, reason=reason)


@transaction.atomic
def undo_step(*, actor, booking_id, reason):
    """Take back arrived, completed or no-show. Raises ReasonRequired, SlotTaken when the time is occupied meanwhile."""
    if not reason.strip():
        raise ReasonRequired(field="reason")
    booking = lock_visit(booking_id)

    before = {Status.ARRIVED: Status.CONFIRMED, Status.COMPLETED: Status.ARRIVED, Status.NO_SHOW: Status.CONFIRMED}
    if booking.status not in before:
        raise InvalidTransition(_("There is nothing to undo."))
    target = before[booking.status]

    with _overlap_as_slot_taken():
        return _change_status(booking, target, actor=actor, reason=reason)


@transaction.atomic
def expire_holds(*, now=None, staff_ids=None):
    """End holds whose money did not come in time, of all staff or of `staff_ids`; returns how many."""
    overdue = Booking.objects.overdue_holds(now or timezone.now())
    if staff_ids is not None:
        overdue = overdue.filter(staff_id__in=staff_ids)
    expired = list(overdue.select_for_update(skip_locked=True, no_key=True).order_by("pk"))
    for booking in expired:
        _change_status(booking, Status.EXPIRED, actor=None, reason="")
        publish(BookingExpired(booking.pk))
    return len(expired)


@transaction.atomic
def review_booking(*, actor, booking_id, rating, comment=""):
    """A customer's word on a completed visit, once. Raises NotReviewable."""
    booking = lock_booking(booking_id)
    if booking.status != Status.COMPLETED or booking.review_id is not None:
        raise NotReviewable

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


def _ensure_may_book_online(customer, now):
    if customer.is_blocked:
        raise BookingRefused
    theirs = Booking.objects.of_customer(customer.user)
    if theirs.filter(status=Status.PENDING, hold_expires_at__gt=now).count() >= policies.MAX_OPEN_HOLDS:
        raise TooManyBookings
    if theirs.active().filter(starts_at__gte=now).count() >= policies.MAX_UPCOMING:
        raise TooManyBookings


def _choose(service, candidates, starts_at, now, moving=None):
    """The free offer whose day is emptiest; ties go by the salon's own order of staff."""
    free = free_offers(service, candidates, starts_at, now=now, moving=moving)
    if not free:
        offered = free_offers(service, candidates, starts_at, now=now, moving=moving, as_if_unbooked=True)
        raise SlotTaken if offered else SlotNotOffered
    if len(free) == 1:
        return free[0]
    day = starts_at - timedelta(hours=12), starts_at + timedelta(hours=12)
    load = {offer.staff.pk: 0 for offer in free}
    for staff_id in Booking.objects.filter(staff__in=load).occupying(*day).values_list("staff_id", flat=True):
        load[staff_id] += 1
    return min(free, key=lambda offer: load[offer.staff.pk])


def _draft(service, offer, customer, *, actor, now, note, source):
    salon, price = service.salon, offer.price_amount
    vat_rate = VAT_RATE if salon.vat_number else NOTHING
    prepay = policies.prepay_amount(salon, price) if source == Booking.Source.ONLINE else NOTHING
    status, hold = Status.PENDING, None
    if prepay:
        hold = now + timedelta(minutes=salon.hold_minutes)
    elif salon.confirmation == Salon.Confirmation.AUTOMATIC or source == Booking.Source.DESK:
        status = Status.CONFIRMED
    return Booking(
        salon=salon,
        customer=customer,
        service=service,
        status=status,
        hold_expires_at=hold,
        source=source,
        note=note,
        booked_by=actor,
        service_name_ar=service.name_ar,
        service_name_en=service.name_en,
        duration_minutes=offer.duration_minutes,
        buffer_before_minutes=service.buffer_before_minutes,
        buffer_after_minutes=service.buffer_after_minutes,
        price_amount=price,
        vat_rate=vat_rate,
        vat_amount=vat_included(price, vat_rate),
        prepay_amount=prepay,
        free_cancellation_hours=salon.free_cancellation_hours,
        late_cancellation_percent=salon.late_cancellation_percent,
    )


def _save_placed(booking, *, actor, reason="", update_fields=None):
    with _overlap_as_slot_taken():
        save_as(booking, actor=actor, reason=reason, update_fields=update_fields)


def _change_status(booking, target, *, actor, reason, **fields):
    ensure_transition(booking, target, allowed=Booking.ALLOWED)
    for name, value in {"status": target, **fields}.items():
        setattr(booking, name, value)
    booking.version += 1
    return save_as(booking, actor=actor, reason=reason, update_fields=["status", "version", *fields])


def _ensure_reached(moment, booking):
    if timezone.now() < moment:
        raise TooEarly(moment=f"{timezone.localtime(moment, ZoneInfo(booking.salon.timezone)):%H:%M}")


@contextmanager
def _overlap_as_slot_taken():
    """A savepoint in which the database's own word on overlaps becomes SlotTaken."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        if NO_OVERLAP not in str(error):
            raise
        raise SlotTaken from error
