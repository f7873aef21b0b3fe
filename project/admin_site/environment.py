from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


def environment_label(request: HttpRequest) -> tuple[str | Promise, str] | None:
    """The badge beside the account menu, so that nobody mistakes practice for the real salon."""
    return (_("Demo"), "warning") if settings.DEMO_MODE else None
