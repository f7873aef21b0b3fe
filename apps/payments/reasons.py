"""Why money did not move or a row changed by itself: short English words in the table, translated when shown."""

import re

from django.utils.translation import gettext, gettext_noop

from apps.payments.moyasar import (
    GatewayBusy,
    GatewayError,
    GatewayMisconfigured,
    GatewayMissing,
    GatewayOutcomeUnknown,
    GatewayUnreachable,
)

# History: what made a row change.
READ = gettext_noop("read at the gateway")
PAID_TWICE = gettext_noop("paid a second time under one link")
REJECTED = gettext_noop("rejected")

# A payment that did not come about, or contradicts the gateway.
NO_SUCH_LINK = gettext_noop("the gateway has no such payment link")
NEVER_SENT = gettext_noop("nobody asked the gateway for a link in time")
OTHER_OWNER = gettext_noop("the link at the gateway belongs to another payment")
OTHER_LINK_AMOUNT = gettext_noop("the link at the gateway has another amount")
OTHER_AMOUNT_PAID = gettext_noop("another amount was paid")
PROOF_GONE = gettext_noop("the gateway no longer shows the recorded payment as paid")
PAID_ELSEWHERE = gettext_noop("the gateway's payment is recorded for another booking")
IMPOSSIBLE_MOVE = gettext_noop("the gateway shows a state that cannot follow from ours")

# A refund whose outcome differs from plan.
NO_ANSWER_RECORDED = gettext_noop("no answer was recorded")
NOT_SHOWN = gettext_noop("the gateway shows no refund")
OTHER_TOTAL_BEFORE = gettext_noop("the gateway shows another refunded total than we do")
OTHER_TOTAL_AFTER = gettext_noop("the gateway shows an unexpected refunded total")

# Why the system itself sends money back.
BOOKING_CANCELLED = gettext_noop("the booking was cancelled")
TIME_GONE = gettext_noop("the time was gone when the money arrived")
MORE_THAN_DUE = gettext_noop("more was paid than was due")

REFUSED = gettext_noop("the gateway refused")
UNREACHABLE = gettext_noop("the gateway could not be reached")
NO_CLEAR_ANSWER = gettext_noop("the gateway gave no clear answer")
BUSY = gettext_noop("the gateway takes no more calls at the moment")
MISCONFIGURED = gettext_noop("the gateway refuses our account")
MISSING = gettext_noop("the gateway does not know it")

ERASED = gettext_noop("the customer's data was erased")

_WORDS: dict[type[GatewayError], str] = {
    GatewayOutcomeUnknown: NO_CLEAR_ANSWER,
    GatewayUnreachable: UNREACHABLE,
    GatewayBusy: BUSY,
    GatewayMisconfigured: MISCONFIGURED,
    GatewayMissing: MISSING,
}
OURS = frozenset(value for name, value in globals().items() if name.isupper() and isinstance(value, str))
_WITH_DETAIL = re.compile(r"(?P<words>.*?)(?: \((?P<detail>.*)\))?", re.DOTALL)


def of_failure(error: GatewayError) -> str:
    """The reason to keep for a failed call: our words, and the gateway's own in brackets. At most 255 characters."""
    return with_detail(_WORDS.get(type(error), REFUSED), error.reason)


def with_detail(words: str, detail: str) -> str:
    """`words (detail)`, cut to what the tables hold."""
    return f"{words} ({detail[: 252 - len(words)]})"


def explain(reason: str) -> str:
    """A kept reason in the active language, its detail unchanged; a person's own words stay as they are."""
    match = _WITH_DETAIL.fullmatch(reason)
    if match is None or match["words"] not in OURS:
        return reason
    words = gettext(match["words"])
    return f"{words} ({match['detail']})" if match["detail"] else words
