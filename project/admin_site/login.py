"""The first page of the back office."""

from datetime import timedelta

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.formats import time_format
from django.utils.translation import gettext_lazy as _
from unfold.forms import AuthenticationForm

from apps.common.errors import RateLimited


class LoginForm(AuthenticationForm):
    """Phone and password; says until when too many wrong passwords keep the door closed."""

    def clean(self):
        try:
            return super().clean()
        except RateLimited as refusal:
            # The next whole minute, because the seconds are not shown.
            until = timezone.localtime() + timedelta(seconds=refusal.retry_after + 59)
            message = _("Too many wrong passwords. Please try again at %(time)s.")
            raise ValidationError(message % {"time": time_format(until, "TIME_FORMAT")}, code=refusal.code) from refusal
