"""The seam for phase 2 of e-invoicing: who reports tax documents to the tax authority. No provider is shipped.

A provider is a class that is called without arguments and has `report`. `EINVOICING_PROVIDER` names it.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import import_string

if TYPE_CHECKING:
    from apps.payments.models import TaxDocument


class Answer(StrEnum):
    """What the tax authority made of a document. `unavailable` is every answer that does not tell."""

    ACCEPTED = "accepted"
    WARNED = "warned"
    REJECTED = "rejected"
    UNAVAILABLE = "unavailable"


@dataclass(frozen=True, slots=True)
class ReportOutcome:
    """`reference` is the provider's number of the report, `text` what is warned of or rejected, or why it is away."""

    answer: Answer
    reference: str = ""
    text: str = ""


class EInvoicingProvider(Protocol):
    """Signs a document and reports it, within a minute or two and with time limits of its own.

    A document may come again after an answer that got lost: `document.uuid` is what makes the second report the first.
    An exception counts as `unavailable`. No database transaction is open during the call.
    """

    def report(self, document: "TaxDocument") -> ReportOutcome: ...


def is_on() -> bool:
    return bool(settings.EINVOICING_PROVIDER)


def provider() -> EInvoicingProvider:
    """A new one of the configured class. Raises ImproperlyConfigured with one sentence where there is none."""
    name = settings.EINVOICING_PROVIDER
    try:
        found = import_string(name)
    except ImportError as error:
        raise ImproperlyConfigured(_refusal(f"cannot be imported ({error})")) from error
    if not (isinstance(found, type) and callable(getattr(found, "report", None))):
        raise ImproperlyConfigured(_refusal("is no class with a method report"))
    return found()


def _refusal(problem: str) -> str:
    return f"EINVOICING_PROVIDER {problem}: name a class that is installed, or leave it empty."
