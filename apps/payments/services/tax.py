"""Tax documents: one invoice for each payment of a VAT-registered salon, one credit note for each refund of it."""

from django.db.models import Q, Sum
from django.utils import timezone
from django.utils.translation import gettext, override

from apps.common.history import save_as
from apps.common.money import round_money
from apps.payments.models import TaxDocument, TaxSequence
from apps.payments.services.einvoicing import enqueue
from apps.payments.tax import NOTHING, Line, credited, invoiced, qr_payload, within_bytes

Kind = TaxDocument.Kind


def issue_invoice(payment):
    """The simplified tax invoice for money that arrived; None for a salon without a VAT number."""
    salon, booking, paid = payment.salon, payment.booking, payment.captured_amount
    if not salon.vat_number:
        return None
    names = names_of(booking, paid=paid, before=_invoiced_before(payment))
    document = TaxDocument(
        salon=salon,
        kind=Kind.INVOICE,
        payment=payment,
        seller_name=within_bytes(salon.name_ar or salon.name_en),
        seller_vat_number=salon.vat_number,
        vat_rate=booking.vat_rate,
    )
    return _issue(document, invoiced([(*names, paid)], booking.vat_rate))


def issue_credit_note(refund):
    """The credit note for money that went back, as its invoice was written; None where none was issued.

    The caller holds the payment's lock, so that notes of one invoice follow each other.
    """
    invoice = TaxDocument.objects.filter(payment=refund.payment_id, kind=Kind.INVOICE).first()
    if invoice is None:
        return None
    earlier = [_lines_of(note) for note in invoice.corrections.all()]
    document = TaxDocument(
        salon=refund.payment.salon,
        kind=Kind.CREDIT_NOTE,
        payment=refund.payment,
        refund=refund,
        corrects=invoice,
        seller_name=invoice.seller_name,
        seller_vat_number=invoice.seller_vat_number,
        vat_rate=invoice.vat_rate,
    )
    return _issue(document, credited(_lines_of(invoice), earlier, refund.amount))


def names_of(booking, *, paid, before):
    """(Arabic, English): what `paid` SAR are for, when `before` SAR of the visit are invoiced already.

    VAT counts once: only an invoice over the whole price names the service alone.
    """
    names = []
    for language, name in (("ar", booking.service_name_ar), ("en", booking.service_name_en)):
        with override(language):
            service = {"service": name or booking.service_name_ar or booking.service_name_en}
            if before + paid < booking.price_amount:
                text = gettext("Part payment: %(service)s") if before else gettext("Deposit: %(service)s")
            else:
                text = gettext("Rest of the price: %(service)s") if before else "%(service)s"
            names.append(text % service)
    return names


def complete(document, lines):
    """Write `lines` (of `apps.payments.tax`), their sums and the code into a document that has its number and time."""
    document.lines = [line.kept() for line in lines]
    document.gross_amount = sum((line.gross for line in lines), NOTHING)
    document.net_amount = sum((line.net for line in lines), NOTHING)
    document.vat_amount = document.gross_amount - document.net_amount
    document.qr_payload = qr_payload(
        seller=document.seller_name,
        vat_number=document.seller_vat_number,
        issued_at=document.issued_at,
        total=document.gross_amount,
        vat=document.vat_amount,
    )
    return document


def _issue(document, lines):
    # Last of all: whoever holds the row of numbers waits for no other lock of another payment.
    document.number, document.issued_at = _next_number(document.salon_id), timezone.now()
    save_as(complete(document, lines), actor=None)
    enqueue(document)
    return document


def _next_number(salon_id):
    """The salon's next number; its row is made on first use, also by two at once, and locked until the commit."""
    rows = TaxSequence.objects.select_for_update(no_key=True)
    sequence, _made = rows.get_or_create(salon_id=salon_id)
    sequence.last_number += 1
    sequence.save(update_fields=["last_number"])
    return sequence.last_number


def _lines_of(document):
    return [Line.of(kept) for kept in document.lines]


def _invoiced_before(payment):
    """What is invoiced for the visit and not credited, without this payment."""
    others = TaxDocument.objects.filter(payment__booking=payment.booking_id).exclude(payment=payment)
    sums = others.aggregate(
        invoices=Sum("gross_amount", filter=Q(kind=Kind.INVOICE)),
        notes=Sum("gross_amount", filter=Q(kind=Kind.CREDIT_NOTE)),
    )
    return round_money((sums["invoices"] or NOTHING) - (sums["notes"] or NOTHING))  # SQLite adds in floating point
