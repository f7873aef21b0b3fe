from django.apps import AppConfig
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from project.error_reports import start_error_reports


class ProjectConfig(AppConfig):
    """The application on top: settings, admin site, pages, and the commands that span the apps."""

    name = "project"
    verbose_name = _("Back office")

    def ready(self) -> None:
        from apps.common.passes import watch_passes
        from project import checks, request_log  # noqa: F401 - both register what they define
        from project.last_runs import marked

        watch_passes(marked)
        if settings.SENTRY_DSN:
            start_error_reports(settings.SENTRY_DSN)
        if settings.CELERY_BROKER_URL:
            # Only then, so that an installation without a broker never pays for the import.
            from project import celery  # noqa: F401
