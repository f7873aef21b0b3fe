"""Tax documents: one invoice for each payment of a VAT-registered salon, one credit note for each refund of it."""

from decimal import Decimal

from django.db.models import Max, Sum
from django.utils import timezone

from apps.common.history import save_as
from apps.common.money import round_money, vat_included
from apps.payments.models import TaxDocument
from apps.payments.tax import qr_payload, within_bytes
from apps.salons.models import Salon

Kind = TaxDocument.Kind
NOTHING = Decimal("0.00")


def issue_invoice(payment):
    """The simplified tax invoice for money that arrived; None for a salon without a VAT number."""
    salon = _lock_numbers(payment.salon_id)
    if not salon.vat_number:
        return None
    gross = payment.captured_amount
    invoice = TaxDocument(
        salon=salon,
        kind=Kind.INVOICE,
        payment=payment,
        seller_name=within_bytes(salon.name_ar or salon.name_en),
        seller_vat_number=salon.vat_number,
        gross_amount=gross,
        vat_amount=vat_included(gross, payment.booking.vat_rate),
    )
    return _issue(invoice)


def issue_credit_note(refund):
    """The credit note for money that went back, as its invoice was written; None where none was issued.

    Its VAT is that of all notes so far less that of the earlier ones, so that together they are exactly the invoice.
    """
    _lock_numbers(refund.salon_id)
    invoice = TaxDocument.objects.filter(payment=refund.payment_id, kind=Kind.INVOICE).first()
    if invoice is None:
        return None
    earlier = invoice.corrections.aggregate(gross=Sum("gross_amount"), vat=Sum("vat_amount"))
    credited = round_money(refund.amount + (earlier["gross"] or NOTHING))
    note = TaxDocument(
        salon=invoice.salon,
        kind=Kind.CREDIT_NOTE,
        payment=refund.payment,
        refund=refund,
        corrects=invoice,
        seller_name=invoice.seller_name,
        seller_vat_number=invoice.seller_vat_number,
        gross_amount=refund.amount,
        vat_amount=vat_included(credited, refund.payment.booking.vat_rate) - round_money(earlier["vat"] or NOTHING),
    )
    return _issue(note)


def _lock_numbers(salon_id):
    """The salon's row is the lock under which its numbers follow each other without gap or double."""
    return Salon.objects.select_for_update(no_key=True).get(pk=salon_id)


def _issue(document):
    last = TaxDocument.objects.filter(salon=document.salon).aggregate(last=Max("number"))["last"] or 0
    document.number = last + 1
    document.issued_at = timezone.now()
    document.net_amount = document.gross_amount - document.vat_amount
    document.qr_payload = qr_payload(
        seller=document.seller_name,
        vat_number=document.seller_vat_number,
        issued_at=document.issued_at,
        total=document.gross_amount,
        vat=document.vat_amount,
    )
    return save_as(document, actor=None)
