"""A visit that is new: booked online or by the desk, shown before it is booked, or taken as somebody stands there."""

from datetime import timedelta

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.bookings import policies, quotes, selectors
from apps.bookings.errors import (
    BookingRefused,
    CustomerBlocked,
    PriceChanged,
    SlotNotOffered,
    SlotTaken,
    TooManyBookings,
)
from apps.bookings.events import BookingPlaced
from apps.bookings.locks import ONE_DAY, lock_calendars, lock_for_booking
from apps.bookings.models import Booking
from apps.bookings.services import holds
from apps.bookings.services.room import free_for, make_room
from apps.bookings.services.steps import mark_arrived
from apps.bookings.services.terms import bookable_service, offers_of, set_price, terms_of
from apps.bookings.services.writing import NO_OVERLAP
from apps.common.errors import Missing
from apps.common.events import publish
from apps.common.history import insert_unless
from apps.common.locks import lock
from apps.common.money import display_money
from apps.common.text import clean_text
from apps.common.transactions import use_case
from apps.salons.models import Salon
from apps.salons.services import customer_card_of, ensure_not_erased, keep_customer_card, person_with_phone

Status = Booking.Status
Source = Booking.Source


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
    walk_in=False,
    key=None,
):
    """Book `service_id` for `person` (a User) at `starts_at` (aware); without `staff_id` one who is free is picked.

    `guest_name` says who comes when that is not `person`, whose visit it stays: their limits, phone and record count.
    `quote` (see `quotes`) promises the price the customer was shown. With an `override_reason` the salon books a named
    staff member outside hours, notice or grid, into a buffer, or for a blocked customer; never over another booking.
    A `walk_in` stands at the desk: within the next day, notice and grid say nothing about them. `key` (a UUID nobody
    else has) becomes the booking's own.

    Raises: Missing, SlotNotOffered, SlotTaken, PriceChanged, QuoteInvalid, BookingRefused, CustomerBlocked,
    TooManyBookings, StaffRequired. Publishes: BookingPlaced.
    """
    now = timezone.now()
    lock_for_booking(person_id=person.pk, service_id=service_id)
    ensure_not_erased(person)
    service = bookable_service(service_id)
    promise = quotes.read_quote(quote, service=service, now=now) if quote else None
    customer = customer_card_of(person, salon=service.salon)
    record = selectors.record_of(person, service.salon, now=now)
    _ensure_may_book(customer, record, service.salon, source=source, override_reason=override_reason)

    candidates = offers_of(service, staff_id)
    advance = policies.advance_percent(service.salon, source=source, no_shows=record.no_shows)
    if walk_in and not override_reason:
        free = _free_at_once(service, candidates, starts_at, now=now)
    else:
        free = free_for(service, candidates, starts_at, now=now, override_reason=override_reason)
    if promise is not None:
        # Whom the customer was shown comes first, or somebody cheaper by now would be in the way of the promise.
        free.sort(key=lambda offer: offer.staff.pk != promise.staff_id)
    if customer.pk is None:
        # An import opens many cards at once and locks nobody.
        customer = keep_customer_card(customer, actor=actor)
        _ensure_may_book(customer, record, service.salon, source=source, override_reason=override_reason)
    for offer in free:
        booking = _draft(service, offer, customer, actor=actor, source=source, note=note)
        booking.pk = key or booking.pk
        booking.guest_name = clean_text(guest_name)
        set_price(booking, _agreed_price(offer, promise))
        booking.prepay_amount = policies.advance_amount(booking.price_amount, advance)
        _set_first_state(booking, now)
        booking.place(staff=offer.staff, starts_at=starts_at)
        if override_reason:
            make_room(booking, actor=actor, reason=override_reason)
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
    service = bookable_service(service_id)
    customer = customer_card_of(person, salon=service.salon)
    record = selectors.record_of(person, service.salon, now=now)
    _ensure_may_book(customer, record, service.salon, source=Source.ONLINE)

    offer = selectors.free_offers(service, offers_of(service, staff_id), starts_at, now=now)[0]
    booking = _draft(service, offer, customer, actor=person, source=Source.ONLINE, note="")
    advance = policies.advance_percent(service.salon, source=Source.ONLINE, no_shows=record.no_shows)
    set_price(booking, offer.price_amount)
    booking.prepay_amount = policies.advance_amount(booking.price_amount, advance)
    booking.place(staff=offer.staff, starts_at=starts_at)
    booking.protected_starts_at = starts_at
    return booking, *quotes.make_quote(service, offer, now=now)


@use_case
def enter_visit(
    *,
    actor,
    phone,
    service_id,
    starts_at,
    name="",
    staff_id=None,
    note="",
    guest_name="",
    override_reason="",
    key=None,
):
    """Book `service_id` for the person with `phone` (E.164), as the desk types it in; registered if nobody knows it.

    `key` (a UUID) names the attempt: made again, as by a double click, it is the booking of the first time. The rest is
    that of `book_appointment`.

    Raises: Missing for a `key` of somebody else's, and what `book_appointment` raises. Publishes: BookingPlaced.
    """
    if key is not None and (earlier := _made_before(key, actor=actor)):
        return earlier
    return _book_by_phone(
        actor=actor,
        phone=phone,
        name=name,
        service_id=service_id,
        staff_id=staff_id,
        starts_at=starts_at,
        note=note,
        guest_name=guest_name,
        override_reason=override_reason,
        key=key,
    )


@use_case
def take_walk_in(
    *,
    actor,
    phone,
    service_id,
    name="",
    staff_id=None,
    starts_at=None,
    override_reason="",
    may_arrive=False,
    key=None,
):
    """Book `service_id` for the person with `phone` (E.164), who is registered on the way if nobody knows it.

    Without `starts_at` (aware) the visit begins in this minute, and where the actor `may_arrive` people it is marked
    as arrived. Within the next day notice and grid do not count, later ones are booked as any other. All or nothing.
    `key` (a UUID) names the attempt: made again, because nobody heard the answer, it is the booking of the first time.

    Raises: Missing for a `key` of somebody else's, and what `book_appointment` raises. Publishes: BookingPlaced.
    """
    now = timezone.now()
    if key is not None and (earlier := _made_before(key, actor=actor)):
        return earlier
    begins = starts_at or now.replace(second=0, microsecond=0)
    booking = _book_by_phone(
        actor=actor,
        phone=phone,
        name=name,
        service_id=service_id,
        staff_id=staff_id,
        starts_at=begins,
        override_reason=override_reason,
        walk_in=begins < now + ONE_DAY,
        key=key,
    )
    if starts_at is None and may_arrive and booking.status == Status.CONFIRMED:
        booking = mark_arrived(actor=actor, booking_id=booking.pk)
    return booking


def _book_by_phone(*, actor, phone, name, **visit):
    person = person_with_phone(phone, name=name, actor=actor)
    return book_appointment(actor=actor, person=person, source=Source.DESK, **visit)


def _made_before(key, *, actor):
    """The booking that an earlier attempt of this key made; a twin that makes it right now is waited for."""
    lock(exclusive=[("desk", key)])
    earlier = Booking.objects.select_related("salon", "customer__user", "staff").filter(pk=key).first()
    if earlier is not None and earlier.booked_by_id != actor.pk:
        raise Missing
    return earlier


def _ensure_may_book(customer, record, salon, *, source, override_reason=""):
    if source != Source.ONLINE:
        if customer.is_blocked and not override_reason:
            raise CustomerBlocked
        return
    if customer.is_blocked:
        raise BookingRefused
    if record.open_holds >= policies.MAX_OPEN_HOLDS or record.active >= salon.max_active_bookings:
        raise TooManyBookings


def _free_at_once(service, candidates, starts_at, *, now):
    """Who has time for somebody who is here already, in order of preference; never empty."""
    this_minute = now.replace(second=0, microsecond=0)
    if not this_minute <= starts_at < now + selectors.ONE_DAY:
        raise SlotNotOffered(_("Who comes without an appointment is served within the next day."))
    free = selectors.free_at(service.salon, service, candidates, starts_at, now=now)
    if not free:
        raise SlotTaken(_("Nobody has enough time for this service then."))
    return free


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
        **terms_of(service, offer),
    )


def _agreed_price(offer, quote):
    """What `offer` costs now, or what an open quote for it promised; a dearer one is never booked silently."""
    if quote is None or offer.price_amount <= quote.price_amount:
        return offer.price_amount
    if quote.is_open and quote.staff_id == offer.staff.pk:
        return quote.price_amount
    raise PriceChanged(price=display_money(offer.price_amount))


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
    holds.expire_holds(now=now, staff_ids=[booking.staff_id])
    return insert_unless(booking, **told)
