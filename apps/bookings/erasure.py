"""What becomes of visits and reviews when a person is erased."""

from collections.abc import Iterator

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.accounts.erasure import Obstacle
from apps.accounts.models import User
from apps.bookings.models import Booking
from apps.common.history import overwrite
from apps.salons.models import Review


def obstacles(person: User) -> Iterator[Obstacle]:
    """Visits that are not over, or of which nobody has said that they are."""
    for booking in Booking.objects.once_of(person).active().order_by("starts_at"):
        text = _("Booking %(reference)s is still open.") % {"reference": booking.display_reference}
        yield Obstacle("open_booking", text)


def erase(person: User) -> None:
    """Visits stay with their time, price and terms, without what was said in them; a rating stays without its words."""
    bookings = Booking.objects.once_of(person)
    _forget_given_up_buffers(bookings)
    overwrite(bookings, guest_name="", note="", override_reason="")
    # A review is written under the lock of its booking, so with the bookings ours there are no more of them.
    overwrite(Review.objects.filter(Q(customer__user=person) | Q(booking__in=bookings)), comment="")


def _forget_given_up_buffers(bookings):
    """A visit outside the rules left its reason with the neighbours that made room for it."""
    versions = Booking.history.model._base_manager
    for reference in bookings.exclude(override_reason="").values_list("reference", flat=True):
        shown = Booking(reference=reference).display_reference
        versions.filter(history_change_reason__contains=shown).update(history_change_reason="")
