"""What several test modules say about money."""

from decimal import Decimal

from apps.payments import services
from apps.payments.models import Payment

RETURN_URL = "https://salons.example/paid"


def link(booking):
    """A payment link for the booking, as its customer asks for it."""
    return services.start_payment(actor=booking.customer.user, booking_id=booking.pk, return_url=RETURN_URL)


def paid(standin, booking):
    """The booking's payment, paid in the gateway's checkout and read by us."""
    payment = link(booking)
    standin.control.pay(payment.gateway_invoice_id)
    return services.refresh_payment(payment_id=payment.pk)


def truth(standin, gateway_payment_id):
    """The gateway's own row of a payment."""
    return next(one for one in standin.control.report()["payments"] if one["id"] == gateway_payment_id)


def reload(row):
    return type(row)._base_manager.get(pk=row.pk)


def amounts(payment):
    """(received, refunded, on its way back) as they stand in the table, in text."""
    row = Payment.objects.get(pk=payment.pk)
    return tuple(f"{value:.2f}" for value in (row.captured_amount, row.refunded_amount, row.refund_reserved_amount))


def states_of(row):
    """(state, who, why) of every change of a payment or refund, oldest first."""
    rows = row.history.order_by("history_id").values_list("status", "history_user", "history_change_reason")
    return list(rows)


def ask_refund(actor, payment, amount="57.50", **fields):
    """Ask for a refund and, as the dialog does, carry it out at once where that is allowed."""
    refund = services.request_refund(
        actor=actor, payment_id=payment.pk, amount=Decimal(amount), reason="Served late", **fields
    )
    return services.send_refund(refund_id=refund.pk)


def refuse(standin, times=1):
    """The next refunds are refused by the gateway, clearly and with nothing done."""
    body = {"type": "invalid_request_error", "message": "Insufficient balance", "errors": None}
    standin.control.inject("refund", "answer", times=times, status=400, body=body)


def refunds_made(standin):
    """How many refunds the gateway carried out for us, undone payments among them."""
    done = standin.control.report()["executed"]
    return done.get("refund", 0) + done.get("void", 0)


def calls_back(standin):
    """How many calls that give money back reached the gateway, carried out or not."""
    calls = standin.control.report()["calls"]
    return calls.get("refund", 0) + calls.get("void", 0)


def pass_by(clock, *waits):
    """Let each of `waits` (timedelta) go by, and a pass look after it."""
    for wait in waits:
        clock.shift(wait)
        services.resolve_refunds()


def given_back(standin, payment):
    """What the gateway gave back of the payment in all, in halalas."""
    row = truth(standin, reload(payment).gateway_payment_id)
    return row["amount"] if row["status"] == "voided" else row["refunded"]
