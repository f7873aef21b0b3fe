"""Where log lines go and in which shape."""

from typing import Any

from project.env import LogFormat


def logging_settings(log_format: LogFormat) -> dict[str, Any]:
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {
            "refusal": {"()": "project.logs.RefusalFilter"},
            "redact": {"()": "project.logs.RedactingFilter"},
        },
        "formatters": {
            LogFormat.CONSOLE.value: {"format": "{asctime} {levelname} {name} {message}", "style": "{"},
            LogFormat.JSON.value: {"()": "project.logs.JsonFormatter"},
        },
        "handlers": {
            "console": {
                "class": "logging.StreamHandler",
                "formatter": log_format.value,
                "filters": ["refusal", "redact"],
            }
        },
        "root": {"handlers": ["console"], "level": "INFO"},
        "loggers": {
            # Replaces Django's own handlers, which would print a second line and mail a traceback.
            "django": {"handlers": [], "level": "INFO", "propagate": True},
            "django.server": {"handlers": [], "level": "INFO", "propagate": True},
        },
    }
