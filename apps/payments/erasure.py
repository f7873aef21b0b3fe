"""What becomes of money when a person is erased: every amount and number stays, and nobody's words."""

from collections.abc import Iterator

from django.utils.translation import gettext_lazy as _

from apps.accounts.erasure import Obstacle
from apps.accounts.models import User
from apps.bookings.models import Booking
from apps.common.history import overwrite
from apps.common.money import display_money
from apps.payments import reasons
from apps.payments.envelope import ENVELOPE, LEDGER
from apps.payments.models import Payment, ReconciliationFinding, Refund, TaxDocument
from apps.payments.selectors import events_about, owed_by


def obstacles(person: User) -> Iterator[Obstacle]:
    """Money that is on its way, or owed."""
    payments = Payment.objects.filter(booking__in=Booking.objects.once_of(person)).select_related("booking")
    for payment in payments.filter(status__in=Payment.UNDECIDED):
        yield _about("payment_open", _("A payment for booking %(reference)s is not settled."), payment.booking)
    for refund in Refund.objects.filter(payment__in=payments, status__in=Refund.OPEN).select_related(
        "payment__booking"
    ):
        yield _about("refund_open", _("A refund for booking %(reference)s is not settled."), refund.payment.booking)
    for booking, owed in owed_by(person):
        text = _("%(amount)s are still owed for booking %(reference)s.")
        yield _about("unpaid_balance", text, booking, amount=display_money(owed))


def erase(person: User) -> None:
    payments = Payment.objects.filter(booking__in=Booking.objects.once_of(person))
    refunds = Refund.objects.filter(payment__in=payments)
    findings = ReconciliationFinding.objects.filter(payment__in=payments)
    documents = TaxDocument.objects.filter(payment__in=payments)
    _forget_words(payments, "failure_reason", "")
    _forget_words(refunds, "failure_reason", "")
    _forget_words(refunds, "reason", reasons.ERASED)
    _forget_words(refunds, "resolution", reasons.ERASED)
    _forget_words(findings, "resolution", reasons.ERASED)
    overwrite(payments, keeping=reasons.OURS, payment_url="")
    overwrite(refunds, keeping=reasons.OURS)
    overwrite(findings)
    overwrite(documents)
    for event in events_about(payments):
        forget_payer(event)


def forget_payer(event):
    """Leave of what the gateway told only which money it was about: a card names its holder."""
    about = event.payload.get("data")
    event.payload = {name: event.payload[name] for name in ENVELOPE if name in event.payload}
    if isinstance(about, dict):
        event.payload["data"] = {name: about[name] for name in LEDGER if name in about}
    event.save(update_fields=["payload"])


def _about(code, text, booking, **params):
    return Obstacle(code, text % {"reference": booking.display_reference, **params})


def _forget_words(rows, field, instead):
    """Replace what people or the gateway wrote into `field`, in every version; our own words stay."""
    versions = rows.model.history.model._base_manager.filter(id__in=list(rows.values_list("pk", flat=True)))
    for kept in (rows, versions):
        kept.exclude(**{f"{field}__in": ["", *reasons.OURS]}).update(**{field: instead})
