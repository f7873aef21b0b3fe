from django.utils.translation import gettext_lazy as _

from apps.common.errors import Conflict


class NotRetryable(Conflict):
    """A message that is on its way or was held back is not sent again."""

    code = "not_retryable"
    message = _("This message is not sent again: it is “%(current)s”.")


class NoLongerTrue(Conflict):
    """A message that would not be true, or not allowed, is not sent again."""

    code = "no_longer_true"
    message = _("This message is not sent again: %(reason)s.")


class SentJustNow(Conflict):
    """Somebody has asked for it within the last minute."""

    code = "sent_just_now"
    message = _("This message was sent again less than a minute ago.")
