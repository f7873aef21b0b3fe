"""Tax documents: one invoice for each payment of a VAT-registered salon, one credit note for each refund of it."""

from django.db.models import Max
from django.utils import timezone

from apps.common.history import save_as
from apps.common.money import vat_included
from apps.payments.models import TaxDocument
from apps.payments.tax import qr_payload
from apps.salons.models import Salon

Kind = TaxDocument.Kind


def issue_invoice(payment):
    """The simplified tax invoice for money that arrived; None for a salon without a VAT number."""
    return _issue(payment, payment.captured_amount, kind=Kind.INVOICE)


def issue_credit_note(refund):
    """The credit note for money that went back; None where no invoice was issued."""
    invoice = TaxDocument.objects.filter(payment=refund.payment, kind=Kind.INVOICE).first()
    if invoice is None:
        return None
    return _issue(refund.payment, refund.amount, kind=Kind.CREDIT_NOTE, refund=refund, corrects=invoice)


def _issue(payment, gross, *, kind, refund=None, corrects=None):
    # The salon's row is the lock under which numbers follow each other without gap or double.
    salon = Salon.objects.select_for_update(no_key=True).get(pk=payment.salon_id)
    if not salon.vat_number:
        return None
    now = timezone.now()
    vat = vat_included(gross, payment.booking.vat_rate)
    seller = (salon.name_ar or salon.name_en)[:80]
    last = TaxDocument.objects.filter(salon=salon).aggregate(last=Max("number"))["last"] or 0
    document = TaxDocument(
        salon=salon,
        kind=kind,
        number=last + 1,
        payment=payment,
        refund=refund,
        corrects=corrects,
        issued_at=now,
        seller_name=seller,
        seller_vat_number=salon.vat_number,
        gross_amount=gross,
        net_amount=gross - vat,
        vat_amount=vat,
        qr_payload=qr_payload(seller=seller, vat_number=salon.vat_number, issued_at=now, total=gross, vat=vat),
    )
    return save_as(document, actor=None)
