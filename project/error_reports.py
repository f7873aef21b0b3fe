"""Unexpected errors go to Sentry where ``SENTRY_DSN`` is set."""

from django.core.exceptions import ImproperlyConfigured


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
    )
