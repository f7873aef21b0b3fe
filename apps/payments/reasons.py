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
OPENING = gettext_noop("as it stood when the journal began")
GIVEN_UP = gettext_noop("given up by a person")
DECIDED = gettext_noop("a person's decision")

# A payment that did not come about, or contradicts the gateway.
NO_SUCH_LINK = gettext_noop("the gateway has no such payment link")
NEVER_SENT = gettext_noop("nobody asked the gateway for a link in time")
OTHER_OWNER = gettext_noop("the link at the gateway belongs to another payment")
OTHER_LINK_AMOUNT = gettext_noop("the link at the gateway has another amount")
OTHER_AMOUNT_PAID = gettext_noop("another amount was paid")
PROOF_GONE = gettext_noop("the gateway no longer shows the recorded payment as paid")
PAID_ELSEWHERE = gettext_noop("the gateway's payment is recorded for another booking")
PAYER_AT_IT = gettext_noop("the payer is at the bank's page")
DECLINED = gettext_noop("the bank declined")
ABANDONED = gettext_noop("the payer did not come back")
SUPERSEDED = gettext_noop("the customer began another payment")
UNKNOWN_STATE = gettext_noop("the gateway shows a state we do not know")
IMPOSSIBLE_MOVE = gettext_noop("the gateway shows a state that cannot follow from ours")

# An event that is not acted on.
OTHER_MODE = gettext_noop("a test event in live operation, or the reverse")

# A refund whose outcome differs from plan.
NO_ANSWER_RECORDED = gettext_noop("no answer was recorded")
NOT_SHOWN = gettext_noop("the gateway shows no refund")
OTHER_TOTAL_BEFORE = gettext_noop("the gateway shows another refunded total than we do")
OTHER_TOTAL_AFTER = gettext_noop("the gateway shows an unexpected refunded total")

OTHER_CURRENCY = gettext_noop("the gateway shows another currency")
MADE_ELSEWHERE = gettext_noop("refunded in the gateway's own pages")

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

NO_REPORT = gettext_noop("the tax authority's side gave no answer")
# What became of a difference with the gateway's books.
TAKEN_OVER = gettext_noop("read at the gateway and taken over")
RECORDED_HERE = gettext_noop("recorded here as the gateway shows it")
AGREES_NOW = gettext_noop("both sides agree by now")
OTHER_VALUES = gettext_noop("the two sides differ in other values now")

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


def without_words(reason: str) -> str:
    """Our own words of `reason` without any detail; what a person wrote becomes `DECIDED`."""
    match = _WITH_DETAIL.fullmatch(reason)
    words = match["words"] if match else reason
    return words if words in OURS else DECIDED if reason else ""


def explain(reason: str) -> str:
    """A kept reason in the active language, its detail unchanged; a person's own words stay as they are."""
    match = _WITH_DETAIL.fullmatch(reason)
    if match is None or match["words"] not in OURS:
        return reason
    words = gettext(match["words"])
    return f"{words} ({match['detail']})" if match["detail"] else words
