"""What the desk should know after a step that succeeded."""

from collections import Counter

from django.contrib import messages
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.bookings import selectors
from apps.bookings.admin.times import time_text
from apps.common.text import search_key


def warn_of_overlaps(request, booking):
    """Name the other visits of the same customer in this salon that share a moment with `booking`.

    Those for somebody else, a guest of another name, are nothing to warn of: two people, two visits.
    """
    others = selectors.rivals(timezone.now(), booking.pk).active().filter(customer=booking.customer)
    together = others.filter(starts_at__lt=booking.ends_at, ends_at__gt=booking.starts_at)
    for other in together.select_related("customer__user", "staff").order_by("starts_at", "pk"):
        if search_key(other.visitor) != search_key(booking.visitor):
            continue
        about = {
            "customer": other.visitor,
            "service": other.service_name,
            "staff": other.staff,
            "time": time_text(other.starts_at, booking.salon),
            "reference": other.display_reference,
        }
        messages.warning(
            request,
            _("%(customer)s has another visit at this time: %(service)s with %(staff)s, %(time)s (%(reference)s).")
            % about,
        )


def tell_reassigned(request, moved, left):
    """Say to whom the visits of a day went, and which ones nobody could take."""
    if moved:
        hosts = Counter(str(booking.staff) for booking in moved)
        names = _(", ").join(f"{name} {count}" for name, count in hosts.items())
        about = {"count": len(moved), "names": names}
        messages.success(request, _("Visits given to colleagues: %(count)s (%(names)s).") % about)
    if left:
        visits = _(", ").join(f"{time_text(b.starts_at, b.salon)} {b.visitor}" for b in left)
        messages.warning(request, _("Nobody else is free for: %(visits)s.") % {"visits": visits})
    if not moved and not left:
        messages.info(request, _("There is no visit to give away on this day."))
