"""Unexpected errors go to Sentry where ``SENTRY_DSN`` is set."""

from typing import Any

from django.core.exceptions import ImproperlyConfigured

from project.logs import redact


def start_error_reports(dsn: str) -> None:
    """Reports carry no personal data: no request bodies, no users, no local variables."""
    try:
        import sentry_sdk
    except ImportError as error:
        fix = "install it with: uv sync --extra sentry"
        raise ImproperlyConfigured(f"SENTRY_DSN is set but sentry-sdk is not installed: {fix}.") from error
    sentry_sdk.init(
        dsn=dsn,
        send_default_pii=False,
        include_local_variables=False,
        max_request_body_size="never",
        before_send=scrubbed,
        before_breadcrumb=scrubbed,
    )


def scrubbed(event: Any, hint: Any = None) -> Any:
    """An event, or a part of it, with every text as the log would have it; None for a refused request, which is none.

    An exception's text comes from whoever raised it: PostgreSQL, for one, quotes the phone that is there already.
    """
    if isinstance(event, dict):
        if str(event.get("logger", "")).startswith("django.security"):
            return None
        return {key: scrubbed(value) for key, value in event.items()}
    if isinstance(event, list | tuple):
        return [scrubbed(value) for value in event]
    return redact(event) if isinstance(event, str) else event
