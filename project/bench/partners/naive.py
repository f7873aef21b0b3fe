"""The way most systems book: look, then insert, with history by signal, and nobody judges between the two."""

from datetime import datetime

from apps.bookings.models import Booking
from apps.salons.models import Staff
from project.bench.doors import Book
from project.bench.world import World


def check_then_insert(world: World) -> Book:
    """As a door. Its database has no guard against overlaps."""

    def book(number: int, staff: Staff, starts_at: datetime) -> bool:
        booking = world.booking(number, staff, starts_at)
        rivals = Booking.objects.filter(staff=staff).occupying(booking.occupied_from, booking.occupied_until)
        if rivals.exists():
            return False
        booking.save()
        return True

    return book
