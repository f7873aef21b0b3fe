"""Where log lines go and in which shape."""

from typing import Any

from project.env import LogFormat


def logging_settings(log_format: LogFormat) -> dict[str, Any]:
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {
            "refusal": {"()": "project.logs.RefusalFilter"},
        },
        "formatters": {
            "line": {"()": "project.logs.LineFormatter", "log_format": log_format},
        },
        "handlers": {
            "console": {
                "class": "logging.StreamHandler",
                "formatter": "line",
                "filters": ["refusal"],
            }
        },
        "root": {"handlers": ["console"], "level": "INFO"},
        "loggers": {
            # Replaces Django's own handlers, which would print a second line and mail a traceback.
            "django": {"handlers": [], "level": "INFO", "propagate": True},
            # Each request has a line of ours; the development server's own would be a second one.
            "django.server": {"handlers": [], "level": "WARNING", "propagate": True},
        },
    }
