"""Why a person's history has a row although none of their data changed: English words in the table, translated."""

from django.utils.translation import gettext, gettext_noop

SET_UP = gettext_noop("two-step sign-in set up")
TURNED_OFF = gettext_noop("two-step sign-in turned off")
RESET = gettext_noop("two-step sign-in reset")
RECOVERY_CODES = gettext_noop("new recovery codes")
SIGNED_OUT = gettext_noop("signed out everywhere")

_OURS = (SET_UP, TURNED_OFF, RESET, RECOVERY_CODES, SIGNED_OUT)


def with_detail(words: str, detail: str) -> str:
    return f"{words}: {detail}" if detail else words


def explain(reason: str) -> str:
    """A kept reason in the active language, its detail unchanged; a person's own words stay as they are."""
    words, colon, detail = reason.partition(": ")
    return f"{gettext(words)}{colon}{detail}" if words in _OURS else reason
