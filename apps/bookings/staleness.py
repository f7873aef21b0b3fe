"""Whether a page still shows the booking as it is."""

from zoneinfo import ZoneInfo

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.bookings.errors import StalePage
from apps.common.reader import called


def ensure_seen(booking, seen_version, *, actor=None):
    """Refuse a step on a page that showed another `version` of the locked `booking`; None: no page is behind it.

    Raises: StalePage, which names who changed it when history knows.
    """
    if seen_version is None or seen_version == booking.version:
        return
    change = booking.history.filter(version=booking.version).select_related("history_user").first()
    person = change and change.history_user
    if person is None:
        raise StalePage
    if person == actor:
        raise StalePage(_("You have changed this booking already. Look at it again."))
    local = timezone.localtime(change.history_date, ZoneInfo(booking.salon.timezone))
    raise StalePage(
        _("%(who)s changed this booking at %(time)s. Look at it again."),
        who=called(person, booking),
        time=f"{local:%H:%M}",
    )
