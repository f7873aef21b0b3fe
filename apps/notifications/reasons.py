"""Why a message was held back or failed: short English words in the table, translated when they are shown."""

import re

from django.utils.html import format_html
from django.utils.translation import gettext, gettext_noop

from apps.common.providers import ProviderError, ProviderOutcomeUnknown, ProviderRejected

BOOKING_CANCELLED = gettext_noop("booking cancelled")
BOOKING_CHANGED = gettext_noop("booking changed")
VISIT_BEGUN = gettext_noop("the visit has begun")
TOO_LATE = gettext_noop("it would come too late to be of use")
ARRIVED_OTHERWISE = gettext_noop("it arrived by WhatsApp")
NOTHING_TO_PAY = gettext_noop("there is nothing to pay any more")
MADE_TOO_LATE = gettext_noop("booked or changed after the moment of the reminder")
ALREADY_REMINDED = gettext_noop("the customer was reminded at another hour")
REMINDER_DROPPED = gettext_noop("the salon reminds at other hours now")
REMINDER_OVERTAKEN = gettext_noop("a later reminder takes its place")
NO_CONSENT = gettext_noop("the customer has not agreed to promotions")
NO_SENDER = gettext_noop("the salon has no sender name for promotions")
ALREADY_INVITED = gettext_noop("the customer was invited before")
SWITCHED_OFF = gettext_noop("switched off by the salon")
PERSON_ERASED = gettext_noop("the customer's data was erased")
INTERRUPTED = gettext_noop("sending was interrupted each time")
INTERNAL = gettext_noop("sending failed for a reason of our own, see the log")
NOT_SENT_TWICE = gettext_noop("it may have been sent, and promotions are not sent twice")
NOT_DELIVERED = gettext_noop("the provider could not deliver it")
SENT_AGAIN = gettext_noop("sent again by hand")

REFUSED = gettext_noop("the provider refuses this message")
UNAVAILABLE = gettext_noop("the provider takes no messages at the moment")
MAYBE_SENT = gettext_noop("the provider gave no clear answer, it may have been sent")
BAD_NUMBER = gettext_noop("this number cannot receive messages")
NO_WHATSAPP = gettext_noop("this number has no WhatsApp")
TEMPLATE_NEEDED = gettext_noop("WhatsApp takes only an approved template here")
OPTED_OUT = gettext_noop("the customer opted out")
NOT_SET_UP = gettext_noop("the provider has not set up this sender, channel or destination")
ACCOUNT = gettext_noop("the account with the provider needs attention")

# A provider's codes that an operator can act on; every other code keeps the words of its kind.
KNOWN_CODES = {
    BAD_NUMBER: {"21211", "21614", "21635", "30005", "30006", "ER-02", "ER-03", "ER-04"},
    NO_WHATSAPP: {"63003", "63024"},
    TEMPLATE_NEEDED: {"63016", "template_missing"},
    OPTED_OUT: {"21610", "63014"},
    NOT_SET_UP: {"21408", "21606", "21608", "21609", "21612", "63007", "63018", "440", "480", "ER-08", "channel"},
    ACCOUNT: {"20003", "20404", "30002", "401", "402", "403", "459", "ER-01"},
}
# Refused as a repetition of what the provider has already.
REPEATED = frozenset({"ER-09", "409"})
WITH_CODE = re.compile(r"(?P<words>.*?)(?: \((?P<code>[\w-]+)\))?", re.DOTALL)


def of_failure(error: ProviderError) -> str:
    """The reason to keep for a provider's `error`: our words, and the code to look up at the provider."""
    words = UNAVAILABLE
    if isinstance(error, ProviderRejected):
        words = REFUSED
    elif isinstance(error, ProviderOutcomeUnknown):
        words = MAYBE_SENT
    return with_code(words, error.code)


def with_code(words: str, code: str) -> str:
    """`words`, or the more precise ones known for `code`, followed by the code itself."""
    words = next((known for known, codes in KNOWN_CODES.items() if code in codes), words)
    return f"{words} ({code})" if code else words


def explain(reason: str) -> str:
    """A kept reason in the active language, its code unchanged."""
    words, code = _translated(reason)
    return f"{words} ({code})" if code else words


def explain_html(reason: str) -> str:
    """The same for a page: the code is read from left to right and not broken, also in an Arabic line."""
    words, code = _translated(reason)
    return format_html('{} <bdi dir="ltr">({})</bdi>', words, code) if code else words


def _translated(reason: str) -> tuple[str, str]:
    """The words of a kept reason in the active language, and its code or nothing."""
    match = WITH_CODE.fullmatch(reason)
    if match is None or not match["words"]:
        return reason, ""
    return gettext(match["words"]), match["code"] or ""
