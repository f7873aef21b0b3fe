"""The banner over every page while messages do not leave in time, for whoever may see messages.

A reader learns of the messages within their own walls. When the scheduler last ran is no secret of a salon.
"""

import logging
from dataclasses import dataclass
from hashlib import sha256
from urllib.parse import urlencode

from django.core.cache import cache
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from redis.exceptions import RedisError

from apps.common.admin.displays import show_time
from apps.notifications.models import Notification
from apps.salons.access import reaches_all_salons, salon_ids
from project.delivery import read_delivery

logger = logging.getLogger(__name__)

SEE_MESSAGES = "notifications.view_notification"
REMEMBERED_SECONDS = 30
CACHE_FAULTS = (RedisError, OSError)
WAITING = "pending,failed,sending"


@dataclass(frozen=True, slots=True)
class Banner:
    """What is wrong, the facts as sentences, what to do, and the list of overdue messages, "" when there are none."""

    title: str
    facts: list[str]
    advice: str
    link: str


def delivery_banner(user):
    """The Banner for this reader in the active language; None when messages leave in time or are not theirs to see."""
    if not user.has_perm(SEE_MESSAGES):
        return None
    delivery = _delivery_seen_by(user)
    if not delivery.is_late:
        return None
    facts = [_last_run(delivery), _overdue(delivery)]
    link = _list_of_overdue(delivery) if delivery.overdue else ""
    if delivery.is_scheduler_silent:
        advice = _(
            "Ask whoever runs the system to start it again; messages that are still of use then leave by themselves."
        )
        return Banner(_("The scheduler is not running"), facts, advice, link)
    advice = _("Ask whoever runs the system to look at the log and at the message provider.")
    return Banner(_("Messages are leaving late"), facts, advice, link)


def _delivery_seen_by(user):
    """As it was within the last half minute: one reading serves everybody with the same salons."""
    messages = Notification.objects.visible_to(user)
    try:
        return cache.get_or_set(_memory(user), lambda: read_delivery(messages), REMEMBERED_SECONDS)
    except CACHE_FAULTS as error:
        logger.warning("the cache of deliveries does not answer (%s)", type(error).__name__)
        return read_delivery(messages)


def _memory(user):
    """Named by the salons and not by the person, so that who lost a salon loses its figures at once."""
    salons = "all" if reaches_all_salons(user, SEE_MESSAGES) else sorted(set(salon_ids(user, SEE_MESSAGES)))
    return f"delivery:{sha256(repr(salons).encode()).hexdigest()}"


def _last_run(delivery):
    if delivery.last_run_at is None:
        return _("It has not run yet.")
    return _("Last run: %(time)s.") % {"time": show_time(delivery.last_run_at)}


def _overdue(delivery):
    if not delivery.overdue:
        return _("No message is overdue yet.")
    words = ngettext(
        "%(count)s message is overdue, since %(time)s.",
        "%(count)s messages are overdue, the oldest since %(time)s.",
        delivery.overdue,
    )
    return words % {"count": f"{delivery.overdue:,}", "time": show_time(delivery.oldest_due_at)}


def _list_of_overdue(delivery):
    lookups = {
        "status__in": WAITING,
        "attempts__lt": Notification.MAX_ATTEMPTS,
        "due_at__lte": delivery.read_at.isoformat(),
    }
    return f"{reverse('admin:notifications_notification_changelist')}?{urlencode(lookups)}"
