"""The use cases of a booking. API, admin, import and jobs all come through here; nobody else writes a booking.

Each one: load and lock, ensure, write, publish, return. The order of locks stands in `locks`. `seen_version` is the
version of the booking on the page where a person chose the step: when it moved on since, StalePage and nothing written.
"""

from apps.bookings.services.cards import hand_over
from apps.bookings.services.holds import confirm_paid_booking, expire_holds, extend_hold
from apps.bookings.services.moving import LENGTHS, change_duration, change_service, reassign_day, reschedule_booking
from apps.bookings.services.placing import book_appointment, enter_visit, quote_appointment, take_walk_in
from apps.bookings.services.steps import (
    cancel_booking,
    complete_booking,
    confirm_booking,
    mark_arrived,
    mark_no_show,
    review_booking,
    undo_step,
)
from apps.bookings.services.writing import NO_OVERLAP

__all__ = [
    "LENGTHS",
    "NO_OVERLAP",
    "book_appointment",
    "cancel_booking",
    "change_duration",
    "change_service",
    "complete_booking",
    "confirm_booking",
    "confirm_paid_booking",
    "enter_visit",
    "expire_holds",
    "extend_hold",
    "hand_over",
    "mark_arrived",
    "mark_no_show",
    "quote_appointment",
    "reassign_day",
    "reschedule_booking",
    "review_booking",
    "take_walk_in",
    "undo_step",
]
