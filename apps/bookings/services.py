"""The use cases of a booking. API, admin, import and jobs all come through here; nobody else writes a booking.

Each one: load and lock, ensure, write, publish, return. The order of locks stands in `locks`.
"""

from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from apps.bookings import policies, quotes, selectors
from apps.bookings.availability import midnight
from apps.bookings.errors import (
    BookingRefused,
    CustomerBlocked,
    NotReviewable,
    PriceChanged,
    ReasonRequired,
    SlotNotOffered,
    SlotTaken,
    StaffRequired,
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
    BookingRepriced,
)
from apps.bookings.locks import lock_booking, lock_calendars, lock_day, lock_for_booking, lock_visit
from apps.bookings.models import Booking
from apps.common.errors import InvalidTransition, Missing, ensure_transition
from apps.common.events import publish
from apps.common.history import insert_unless, save_as
from apps.common.money import VAT_RATE, display_money, percentage, vat_included
from apps.common.statements import compiled
from apps.common.text import clean_text
from apps.common.transactions import use_case
from apps.salons.models import Review, Salon, Service
from apps.salons.services import customer_card_of, ensure_not_erased

Status = Booking.Status
Source = Booking.Source
CancelledBy = Booking.CancelledBy
NOTHING = Decimal("0.00")
NO_OVERLAP = "bookings_booking_no_overlap"
PLACE = ["staff", "starts_at", "ends_at", "occupied_from", "occupied_until", "protected_starts_at", "version"]


@use_case
def book_appointment(
    *,
    actor,
    person,
    service_id,
    starts_at,
    staff_id=None,
    note="",
    guest_name="",
    source=Source.ONLINE,
    quote="",
    override_reason="",
):
    """Book `service_id` for `person` (a User) at `starts_at` (aware); without `staff_id` one who is free is picked.

    `guest_name` says who comes when that is not `person`, whose visit it stays: their limits, phone and record count.
    `quote` (see `quotes`) promises the price the customer was shown. With an `override_reason` the salon books a named
    staff member outside hours, notice or grid, into a buffer, or for a blocked customer; never over another booking.

    Raises: Missing, SlotNotOffered, SlotTaken, PriceChanged, QuoteInvalid, BookingRefused, CustomerBlocked,
    TooManyBookings, StaffRequired. Publishes: BookingPlaced.
    """
    now = timezone.now()
    lock_for_booking(person_id=person.pk, service_id=service_id)
    ensure_not_erased(person)
    service = _bookable_service(service_id)
    promise = quotes.read_quote(quote, service=service, now=now) if quote else None
    customer = customer_card_of(person, salon=service.salon)
    record = selectors.record_of(person, service.salon, now=now)
    if source == Source.ONLINE:
        _ensure_may_book_online(customer, record, service.salon)
    elif customer.is_blocked and not override_reason:
        raise CustomerBlocked

    candidates = _offers(service, staff_id)
    advance = policies.advance_percent(service.salon, source=source, no_shows=record.no_shows)
    free = _free(service, candidates, starts_at, now=now, override_reason=override_reason)
    if promise is not None:
        # Whom the customer was shown comes first, or somebody cheaper by now would be in the way of the promise.
        free.sort(key=lambda offer: offer.staff.pk != promise.staff_id)
    if customer.pk is None:
        save_as(customer, actor=actor)
    for offer in free:
        booking = _draft(service, offer, customer, actor=actor, source=source, note=note)
        booking.guest_name = clean_text(guest_name)
        _set_price(booking, _agreed_price(offer, promise))
        booking.prepay_amount = percentage(booking.price_amount, advance)
        _set_first_state(booking, now)
        booking.place(staff=offer.staff, starts_at=starts_at)
        if override_reason:
            _make_room(booking, actor=actor, reason=override_reason)
        booking.protected_starts_at = starts_at
        if _insert(booking, free, actor=actor, now=now):
            publish(BookingPlaced(booking.pk))
            return booking
    raise SlotTaken


def quote_appointment(*, person, service_id, starts_at, staff_id=None):
    """What `person` would get by booking now: `(booking, quote, until)`, a Booking that is not stored among them.

    Raises: Missing, SlotNotOffered, SlotTaken, BookingRefused, TooManyBookings.
    """
    now = timezone.now()
    service = _bookable_service(service_id)
    customer = customer_card_of(person, salon=service.salon)
    record = selectors.record_of(person, service.salon, now=now)
    _ensure_may_book_online(customer, record, service.salon)

    offer = selectors.free_offers(service, _offers(service, staff_id), starts_at, now=now)[0]
    booking = _draft(service, offer, customer, actor=person, source=Source.ONLINE, note="")
    advance = policies.advance_percent(service.salon, source=Source.ONLINE, no_shows=record.no_shows)
    _set_price(booking, offer.price_amount)
    booking.prepay_amount = percentage(booking.price_amount, advance)
    booking.place(staff=offer.staff, starts_at=starts_at)
    booking.protected_starts_at = starts_at
    return booking, *quotes.make_quote(service, offer, now=now)


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
):
    """Move a booking to `starts_at` (aware), with the same staff member unless `staff_id` names another.

    `by` says whose wish it is: when it is the customer's, a later fee is still judged on the earliest time they held,
    when it is the salon's, on the new one. `override_reason` as in `book_appointment`.

    Raises: SlotNotOffered, SlotTaken, InvalidTransition; online also TooLate inside the fee window, BookingRefused.
    Publishes: BookingMoved.
    """
    now = timezone.now()
    booking = lock_visit(booking_id, *([staff_id] if staff_id else []))

    _ensure_movable(booking, now)
    if source == Source.ONLINE:
        _ensure_may_move_online(booking, now)
    candidates = selectors.offers(booking.service, staff_id or booking.staff_id, moving=booking)
    if not candidates:
        raise SlotNotOffered
    free = _free(booking.service, candidates, starts_at, now=now, override_reason=override_reason, moving=booking)
    if (starts_at, free[0].staff.pk) == (booking.starts_at, booking.staff_id):
        # Said once more, by a client that did not hear the answer: nobody needs to be told again.
        return booking

    expire_holds(now=now, staff_ids=[free[0].staff.pk])
    booking.place(staff=free[0].staff, starts_at=starts_at)
    if override_reason:
        _make_room(booking, actor=actor, reason=override_reason)
    earliest = min(booking.protected_starts_at, starts_at)
    booking.protected_starts_at = starts_at if by == CancelledBy.SALON else earliest
    _save_moved(booking, actor=actor, reason=reason or override_reason)

    publish(BookingMoved(booking.pk))
    return booking


@use_case
def change_service(*, actor, booking_id, service_id, reason=""):
    """Another service at the same time with the same person, for its price and length of today.

    What is missing of the new price is due; what was paid beyond it goes back. Raises: Missing, InvalidTransition,
    SlotNotOffered, SlotTaken when the time does not suffice. Publishes: BookingRepriced.
    """
    now = timezone.now()
    booking = lock_visit(booking_id)
    service = _bookable_service(service_id)
    if service.salon_id != booking.salon_id:
        raise Missing
    if booking.status != Status.ARRIVED:
        _ensure_movable(booking, now)

    [offer] = _offers(service, booking.staff_id)
    for name, value in _terms_of(service, offer).items():
        setattr(booking, name, value)
    if not selectors.free_as_agreed(booking, [offer], now=now):
        raise SlotTaken(_("%(staff)s has not enough time for this service then."), staff=offer.staff)
    _set_price(booking, offer.price_amount)
    booking.prepay_amount = min(booking.prepay_amount, booking.price_amount)
    expire_holds(now=now, staff_ids=[booking.staff_id])
    booking.place(staff=booking.staff, starts_at=booking.starts_at)
    booking.version += 1
    with _overlap_as_slot_taken():
        save_as(booking, actor=actor, reason=reason)

    publish(BookingRepriced(booking.pk, actor_id=actor.pk if actor else None))
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


@use_case
def confirm_booking(*, actor, booking_id, reason=""):
    """The salon accepts a pending booking; a hold for payment ends with it. Publishes: BookingConfirmed."""
    booking = lock_booking(booking_id)
    # Late money and an undone step also end in “confirmed”, by use cases that look at the calendar and ask why.
    ensure_transition(booking, Status.CONFIRMED, allowed={Status.PENDING: {Status.CONFIRMED}})

    _change_status(booking, Status.CONFIRMED, actor=actor, reason=reason, hold_expires_at=None)

    publish(BookingConfirmed(booking.pk))
    return booking


@use_case
def confirm_paid_booking(*, booking_id, reason=""):
    """Its advance payment arrived. True: the booking is firm now. False: its time is gone, the money must go back.

    A hold that ran out gets its time again when that is still free. Publishes: BookingConfirmed.
    """
    booking = lock_visit(booking_id)

    if booking.status in (Status.CONFIRMED, Status.ARRIVED, Status.COMPLETED):
        return True
    if booking.status not in (Status.PENDING, Status.EXPIRED):
        return False
    expire_holds(staff_ids=[booking.staff_id], sparing=booking.pk)
    try:
        with _overlap_as_slot_taken():
            _change_status(booking, Status.CONFIRMED, actor=None, reason=reason, hold_expires_at=None)
    except SlotTaken:
        return False

    publish(BookingConfirmed(booking.pk))
    return True


@use_case
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


@use_case
def mark_arrived(*, actor, booking_id, reason=""):
    """The customer is here. Raises TooEarly before the day of the visit."""
    booking = lock_booking(booking_id)
    # From “completed” it would be an undo, which asks why.
    ensure_transition(booking, Status.ARRIVED, allowed={Status.CONFIRMED: {Status.ARRIVED}})
    zone = ZoneInfo(booking.salon.timezone)
    _ensure_reached(midnight(timezone.localdate(booking.starts_at, zone), zone), booking)

    return _change_status(booking, Status.ARRIVED, actor=actor, reason=reason)


@use_case
def complete_booking(*, actor, booking_id, reason=""):
    """The visit took place. Raises TooEarly before it began. Publishes: BookingCompleted."""
    booking = lock_booking(booking_id)
    ensure_transition(booking, Status.COMPLETED, allowed=Booking.ALLOWED)
    _ensure_reached(booking.starts_at, booking)

    _change_status(booking, Status.COMPLETED, actor=actor, reason=reason)

    publish(BookingCompleted(booking.pk))
    return booking


@use_case
def mark_no_show(*, actor, booking_id, reason=""):
    """The customer did not come. Raises TooEarly until the salon's grace time after the start is over."""
    booking = lock_booking(booking_id)
    ensure_transition(booking, Status.NO_SHOW, allowed=Booking.ALLOWED)
    _ensure_reached(booking.starts_at + timedelta(minutes=booking.salon.no_show_grace_minutes), booking)

    return _change_status(booking, Status.NO_SHOW, actor=actor, reason=reason)


@use_case
def undo_step(*, actor, booking_id, reason):
    """Take back arrived, completed or no-show. Raises ReasonRequired, SlotTaken when the time is occupied meanwhile."""
    if not reason.strip():
        raise ReasonRequired(field="reason")
    booking = lock_visit(booking_id)

    before = {Status.ARRIVED: Status.CONFIRMED, Status.COMPLETED: Status.ARRIVED, Status.NO_SHOW: Status.CONFIRMED}
    if booking.status not in before:
        raise InvalidTransition(_("There is nothing to undo."))
    target = before[booking.status]

    expire_holds(staff_ids=[booking.staff_id])
    with _overlap_as_slot_taken():
        return _change_status(booking, target, actor=actor, reason=reason)


@use_case
def expire_holds(*, now=None, staff_ids=None, sparing=None):
    """End holds whose money did not come in time, of all staff or of `staff_ids`; returns how many.

    `sparing` is the key of a booking that is left alone, because its money has just come.
    """
    overdue = Booking.objects.overdue_holds(now or timezone.now()).exclude(pk=sparing)
    if staff_ids is not None:
        overdue = overdue.filter(staff_id__in=staff_ids)
    # A pass leaves alone what somebody else is ending; who needs the time waits for it.
    expired = list(overdue.select_for_update(skip_locked=staff_ids is None, no_key=True).order_by("pk"))
    for booking in expired:
        _change_status(booking, Status.EXPIRED, actor=None, reason="")
        publish(BookingExpired(booking.pk))
    return len(expired)


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


@use_case
def hand_over(*, card, into, actor, reason):
    """Give every visit of the customer's card `card` to `into`, another card of the salon; returns them.

    Money and messages hang on the visits. The caller holds the locks of both people, so no visit is added meanwhile.
    """
    bookings = list(Booking.objects.filter(customer=card).select_for_update(no_key=True).order_by("pk"))
    for booking in bookings:
        booking.customer = into
        save_as(booking, actor=actor, reason=reason, update_fields=["customer"])
    return bookings


def _bookable_service(service_id):
    service = _service_with_its_salon.first(key=service_id)
    if service is None or not service.salon.is_active:
        raise Missing
    if not (service.is_active and service.category.is_active):
        raise SlotNotOffered(_("“%(service)s” can no longer be booked."), service=service.name)
    return service


@compiled
def _service_with_its_salon(*, key):
    return Service.objects.filter(pk=key).select_related("salon", "category").order_by()


def _offers(service, staff_id):
    candidates = selectors.offers(service, staff_id)
    if not candidates:
        raise SlotNotOffered(_("Nobody there does this service at the moment."))
    return candidates


def _ensure_may_book_online(customer, record, salon):
    if customer.is_blocked:
        raise BookingRefused
    if record.open_holds >= policies.MAX_OPEN_HOLDS or record.active >= salon.max_active_bookings:
        raise TooManyBookings


def _hand_over(booking, colleagues, *, actor, reason, now):
    """To the first of `colleagues` (Offers). Raises SlotTaken when there is none, or when somebody was faster."""
    if not colleagues:
        raise SlotTaken
    staff = colleagues[0].staff
    expire_holds(now=now, staff_ids=[staff.pk])
    before = booking.staff
    booking.place(staff=staff, starts_at=booking.starts_at)
    try:
        _save_moved(booking, actor=actor, reason=reason)
    except SlotTaken:
        booking.place(staff=before, starts_at=booking.starts_at)
        raise
    publish(BookingMoved(booking.pk))


def _save_moved(booking, *, actor, reason):
    booking.version += 1
    with _overlap_as_slot_taken():
        save_as(booking, actor=actor, reason=reason, update_fields=[*PLACE, "override_reason"])


def _ensure_may_move_online(booking, now):
    if booking.customer.is_blocked:
        raise BookingRefused
    if now > policies.free_until(booking):
        raise TooLate


def _free(service, candidates, starts_at, *, now, override_reason, moving=None):
    """Whom a visit may be given to, in order of preference; an override looks at other bookings only."""
    if not override_reason:
        return selectors.free_offers(service, candidates, starts_at, now=now, moving=moving)
    if len(candidates) > 1:
        raise StaffRequired(field="staff")
    if starts_at.second or starts_at.microsecond or not policies.may_be_entered(starts_at, now):
        raise SlotNotOffered(_("Outside the rules, a visit begins at most a day ago and at most two years ahead."))
    staff_ids = [offer.staff.pk for offer in candidates]
    lock_calendars(staff_ids)
    expire_holds(now=now, staff_ids=staff_ids)
    return candidates


def _make_room(booking, *, actor, reason):
    """Neighbours give up the buffers that `booking` runs into, and it gives up its own; no visit gives way."""
    booking.override_reason = reason
    gives_way = _("Buffer given up for booking %(reference)s: %(reason)s")
    told = gives_way % {"reference": booking.display_reference, "reason": reason}
    others = Booking.objects.filter(staff=booking.staff).exclude(pk=booking.pk).select_for_update(no_key=True)
    for other in others.occupying(booking.occupied_from, booking.occupied_until).order_by("starts_at"):
        if other.starts_at < booking.ends_at and booking.starts_at < other.ends_at:
            raise SlotTaken(
                _("Booking %(reference)s takes this time from %(start)s to %(end)s."),
                reference=other.display_reference,
                start=_wall_time(other.starts_at, booking.salon),
                end=_wall_time(other.ends_at, booking.salon),
            )
        if other.ends_at <= booking.starts_at:
            kept = min(other.occupied_until, booking.starts_at)
            changed, other.occupied_until = other.occupied_until != kept, kept
            booking.occupied_from = max(booking.occupied_from, kept)
        else:
            kept = max(other.occupied_from, booking.ends_at)
            changed, other.occupied_from = other.occupied_from != kept, kept
            booking.occupied_until = min(booking.occupied_until, kept)
        if changed:
            save_as(other, actor=actor, reason=told, update_fields=["occupied_from", "occupied_until"])


def _draft(service, offer, customer, *, actor, source, note):
    salon = service.salon
    return Booking(
        salon=salon,
        customer=customer,
        source=source,
        note=note,
        booked_by=actor,
        free_cancellation_hours=salon.free_cancellation_hours,
        late_cancellation_percent=salon.late_cancellation_percent,
        **_terms_of(service, offer),
    )


def _terms_of(service, offer):
    """What a booking copies of the price list."""
    return {
        "service": service,
        "service_name_ar": service.name_ar,
        "service_name_en": service.name_en,
        "duration_minutes": offer.duration_minutes,
        "buffer_before_minutes": service.buffer_before_minutes,
        "buffer_after_minutes": service.buffer_after_minutes,
    }


def _agreed_price(offer, quote):
    """What `offer` costs now, or what an open quote for it promised; a dearer one is never booked silently."""
    if quote is None or offer.price_amount <= quote.price_amount:
        return offer.price_amount
    if quote.is_open and quote.staff_id == offer.staff.pk:
        return quote.price_amount
    raise PriceChanged(price=display_money(offer.price_amount))


def _set_price(booking, price):
    booking.price_amount = price
    booking.vat_rate = VAT_RATE if booking.salon.vat_number else NOTHING
    booking.vat_amount = vat_included(price, booking.vat_rate)


def _set_first_state(booking, now):
    booking.status, booking.hold_expires_at = Status.PENDING, None
    if booking.prepay_amount:
        booking.hold_expires_at = now + timedelta(minutes=booking.salon.hold_minutes)
    elif booking.source == Booking.Source.DESK or booking.salon.confirmation == Salon.Confirmation.AUTOMATIC:
        booking.status = Status.CONFIRMED


def _insert(booking, free, *, actor, now):
    """Whether the database had room; holds that ran out make room first. `free`: all Offers that may be tried."""
    told = {"rule": NO_OVERLAP, "actor": actor, "reason": booking.override_reason}
    if insert_unless(booking, **told):
        return True
    # Who ends a hold is waited for by those who move into its time, so they are kept out first; of all calendars at
    # once, because others try them in another order.
    lock_calendars([offer.staff.pk for offer in free])
    expire_holds(now=now, staff_ids=[booking.staff_id])
    return insert_unless(booking, **told)


def _change_status(booking, target, *, actor, reason, **fields):
    ensure_transition(booking, target, allowed=Booking.ALLOWED)
    for name, value in {"status": target, **fields}.items():
        setattr(booking, name, value)
    booking.version += 1
    return save_as(booking, actor=actor, reason=reason, update_fields=["status", "version", *fields])


def _ensure_movable(booking, now):
    ran_out = booking.awaits_payment and booking.hold_expires_at <= now
    if ran_out or booking.status not in Booking.MOVABLE:
        current = Status.EXPIRED.label if ran_out else booking.get_status_display()
        raise InvalidTransition(_("A booking that is “%(current)s” cannot be moved."), current=current)


def _ensure_reached(moment, booking):
    if timezone.now() < moment:
        local = timezone.localtime(moment, ZoneInfo(booking.salon.timezone))
        raise TooEarly(moment=f"{date_format(local, 'l j F')} {local:%H:%M}")


def _wall_time(moment, salon):
    return f"{timezone.localtime(moment, ZoneInfo(salon.timezone)):%H:%M}"


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
