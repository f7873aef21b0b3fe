from django.utils.translation import gettext_lazy as _

from apps.common.errors import Conflict


class NotRetryable(Conflict):
    """Only a message that failed or was not delivered is sent again."""

    code = "not_retryable"
    message = _("This message is not sent again: it is “%(current)s”.")
