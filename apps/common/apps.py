from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CommonConfig(AppConfig):
    """A library without tables: constraints, errors, events, base classes for admin and API."""

    name = "apps.common"
    verbose_name = _("Common")

    def ready(self):
        from apps.common import (
            checks,  # noqa: F401  registers the system checks
            name_keys,
        )
        from apps.common.events import watch_events
        from apps.common.metrics import count_event

        name_keys.install()
        watch_events(count_event)
