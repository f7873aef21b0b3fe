"""Row locks of money, taken after those of the booking: payment first, then its refund or finding."""

from apps.payments.models import Payment, ReconciliationFinding, Refund


def lock_payment(payment_id):
    """The payment with its booking and salon. Raises Payment.DoesNotExist."""
    rows = Payment.objects.select_related("booking__customer__user", "salon")
    return rows.select_for_update(of=("self",), no_key=True).get(pk=payment_id)


def lock_refund(refund_id):
    """The refund after its payment, as (payment, refund). Raises Refund.DoesNotExist."""
    payment_id = Refund.objects.values_list("payment_id", flat=True).get(pk=refund_id)
    payment = lock_payment(payment_id)
    refund = Refund.objects.select_for_update(of=("self",), no_key=True).get(pk=refund_id)
    refund.payment = payment
    return payment, refund


def lock_finding(finding_id):
    """The finding alone. Raises ReconciliationFinding.DoesNotExist."""
    return ReconciliationFinding.objects.select_for_update(of=("self",), no_key=True).get(pk=finding_id)
