"""Clients of the companies that carry our texts: one call in, one of four outcomes out.

A send returns `Sent` or raises one of three errors. The difference that matters is whether a second attempt,
or another provider, could make the customer receive the message twice.

Some of them also tell what became of a message. Such a question does nothing, so it returns a `Report`, or None where
the provider does not know the message, or raises ProviderUnavailable.

Some of them also make one-time codes and judge what was typed. A check returns True or False, or raises `CodeGone`,
or one of two errors that mean that nobody judged.

The clients know neither Django nor our tables. Sign-in codes and notifications wrap them.
"""

from dataclasses import dataclass
from decimal import Decimal

DELIVERED, UNDELIVERED, ON_ITS_WAY = "delivered", "undelivered", ""


@dataclass(frozen=True)
class Sent:
    """The provider took the message. Delivery is another story, told later by its callback.

    `provider_message_id` is "" where the provider gives none (Authentica). `status` is the provider's own
    first word, in lower case: `queued`, `sent`, `accepted`. The rest is as in `Report`.
    """

    provider_message_id: str
    status: str
    segments: int | None = None
    cost: Decimal | None = None
    currency: str = ""


@dataclass(frozen=True)
class Report:
    """What a provider says about one of its messages, when asked or when it calls.

    `state` is `DELIVERED`, `UNDELIVERED`, or `ON_ITS_WAY`, which a word that nobody knows counts as too. `word` is the
    provider's own, in lower case, and `error_code` its code for the failure. `segments` are the SMS it counted and
    `cost` what it took for all of them in `currency` (three letters): None and "" where it does not say so, or not yet.
    """

    state: str
    word: str
    error_code: str
    message_id: str
    segments: int | None = None
    cost: Decimal | None = None
    currency: str = ""


class ProviderError(Exception):
    """The provider did not say yes.

    `code` is short and stable: the provider's code (`21610`, `ER-05`), else the HTTP status (`401`), else a
    word (`unreachable`, `no_answer`, `unclear`, `refused`, `failed`). The message is English and for logs. It
    is in our own words: a provider's text may quote the phone or the message, so it is never passed on.
    """

    def __init__(self, message: str, code: str = "") -> None:
        super().__init__(message)
        self.code = code


class ProviderRejected(ProviderError):
    """Definitely not sent, and this message to this number never will be."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message, code)


class ProviderUnavailable(ProviderError):
    """Definitely not sent, but the same message may pass later: the provider is busy or not reached, or our
    account with it needs the owner (key, balance, sender name)."""


class ProviderOutcomeUnknown(ProviderError):
    """It may have been sent. Sending again, here or elsewhere, may reach the customer twice."""


class CodeGone(Exception):
    """The provider has no such open code any more: expired, used, or guessed too often. Only a new one helps.

    Not a ProviderError: the provider works and gave an answer about the code. `code` is the provider's word for it.
    """

    def __init__(self, message: str, code: str = "") -> None:
        super().__init__(message)
        self.code = code
