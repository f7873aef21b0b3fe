"""What several race modules share: an arena, people, the words for what came out, and what the database says itself."""

from collections import Counter
from datetime import timedelta

from django.db import connection, transaction
from django.db.models import F, Max, RowRange, Window

from apps.bookings import services
from apps.bookings.models import Booking
from apps.bookings.tests.conftest import open_salon
from apps.bookings.tests.factories import BookingFactory
from apps.common import events
from apps.salons.services import lock_schedule
from apps.salons.tests.factories import CustomerFactory, ServiceFactory, StaffServiceFactory, TimeOffFactory

MOST_BOOKINGS, FARTHEST_DAY = 100, 366
HOUR = timedelta(hours=1)


def racers():
    """How many race for one slot: SQLite lets one after the other in, whatever their number."""
    return 100 if connection.vendor == "postgresql" else 16


def arena(**fields):
    """A salon in which no limit and no horizon ends a race early."""
    house = open_salon(max_active_bookings=MOST_BOOKINGS, horizon_days=FARTHEST_DAY, **fields)
    house.service.refresh_from_db()
    return house


def people_of(house, n):
    """`n` persons whom the salon knows."""
    return [card.user for card in CustomerFactory.create_batch(n, salon=house.salon)]


def noon(house, day):
    """12:00, so many days after the first."""
    return house.at(3) + timedelta(days=day)


def book(house, person, starts_at, *, staff=0, **said):
    """Book as the customer themself, the first staff member unless another number or nobody (None) is named."""
    named = {} if staff is None else {"staff_id": house.staff[staff].pk}
    call = {"actor": person, "person": person, "service_id": house.service.pk, "starts_at": starts_at}
    return services.book_appointment(**call, **named, **said)


def visit(house, starts_at, *, staff=0, **fields):
    """A confirmed visit that stands before the race begins."""
    place = {"staff": house.staff[staff], "starts_at": starts_at}
    return BookingFactory(salon=house.salon, service=house.service, **place, **fields)


def move(house, booking, starts_at, *, staff=0):
    """Move a booking as the salon does."""
    place = {"starts_at": starts_at, "staff_id": house.staff[staff].pk}
    return services.reschedule_booking(actor=house.manager, booking_id=booking.pk, **place)


def take_time_off(house, starts_at, *, staff=0):
    """Enter an hour of time off. Returns the keys of the bookings it hits, seen while nobody else could book."""
    member, ends_at = house.staff[staff], starts_at + HOUR
    with transaction.atomic():
        lock_schedule(house.salon.pk)
        hit = keys_between(member, starts_at, ends_at)
        TimeOffFactory(salon=house.salon, staff=member, starts_at=starts_at, ends_at=ends_at)
    return hit


def offered_cheaper_by(house, favourite, **fields):
    """A service that both do, `favourite` at half the price: whoever books it with anybody is given to them first."""
    service = ServiceFactory(salon=house.salon, **fields)
    for staff in house.staff:
        price = service.price_amount / 2 if staff == favourite else None
        StaffServiceFactory(salon=house.salon, staff=staff, service=service, price_amount=price)
    return service


def keys_between(staff, starts_at, ends_at):
    """Keys of the bookings that occupy `staff` then."""
    return set(Booking.objects.filter(staff=staff).occupying(starts_at, ends_at).values_list("pk", flat=True))


def tally(results):
    """How often each kind of result or error came out, by the name of its class."""
    return Counter(type(result).__name__ for result in results)


def states(booking):
    """The states and versions the booking went through, by its history."""
    return list(booking.history.order_by("history_id").values_list("status", "version"))


def overlaps():
    """How many active bookings begin before an earlier one of the same staff member has ended, by one pass over all."""
    before = Window(
        Max("occupied_until"),
        partition_by="staff",
        order_by=["occupied_from", "occupied_until"],
        frame=RowRange(start=None, end=-1),
    )
    calendar = Booking.objects.active().order_by().annotate(taken_until=before)
    return calendar.filter(taken_until__gt=F("occupied_from")).count()


def on(monkeypatch, event_type, handler):
    """Let `handler(event)` be the last to hear `event_type` in this test."""
    heard = [*events.subscriptions().get(event_type, []), (handler, True)]
    monkeypatch.setitem(events._subscriptions, event_type, heard)
