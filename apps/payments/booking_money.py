"""The money of bookings as their pages tell it: the keeper of `bookings.money`, and a part of `bookings.story`."""

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import F, Sum
from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from apps.bookings.models import Booking
from apps.bookings.money import Account
from apps.bookings.story import Button, Entry
from apps.common.errors import Forbidden, Missing
from apps.common.money import display_money, round_money
from apps.common.reader import called
from apps.payments import reasons
from apps.payments.models import Payment, Refund
from apps.payments.owed import VIEW, covered_amounts
from apps.payments.selectors import NOTHING, due_of, kept_amount, reserved_amount
from apps.payments.services import start_payment

COLOURS = {
    Payment.Status.INITIATED: "warning",
    Payment.Status.UNKNOWN: "warning",
    Payment.Status.FAILED: "danger",
    Payment.Status.REVIEW: "danger",
    Payment.Status.SUBMITTED: "info",
}
REFUND_COLOURS = {
    Refund.Status.SUCCEEDED: "success",
    Refund.Status.EXTERNAL: "success",
    Refund.Status.FAILED: "danger",
    Refund.Status.REVIEW: "danger",
    Refund.Status.NOT_APPLIED: "danger",
}


def account_of(booking: Any, *, reader: Any) -> Account | None:
    if not reader.has_perm(VIEW, booking):
        return None
    payments = list(Payment.objects.filter(booking=booking))
    kept = sum((one.refundable_amount for one in payments if one.status in Payment.SETTLED), NOTHING)
    reserved = sum((one.amount for one in payments if one.status == Payment.Status.AUTHORIZED), NOTHING)
    expected = booking.status in (*Booking.ACTIVE, Booking.Status.COMPLETED)
    missing = max(booking.price_amount - kept - reserved, NOTHING) if expected else NOTHING
    may_take = reader.has_perm("payments.add_payment", booking)
    link = next((one for one in payments if one.status == Payment.Status.INITIATED and one.payment_url), None)
    return Account(
        kept=kept,
        reserved=reserved,
        going_back=sum((one.refund_reserved_amount for one in payments), NOTHING),
        missing=missing,
        due=due_of(booking, missing=missing) if may_take else NOTHING,
        link=link.payment_url if link and may_take else "",
        link_until=link.expires_at if link and may_take else None,
        refund=_refund_button(payments, booking, reader),
        take=f"{reverse('admin:payments_payment_add')}?reference={booking.reference}" if may_take and missing else "",
    )


def _refund_button(payments: list[Payment], booking: Any, reader: Any) -> Button | None:
    """Where just one payment can go back; of several, each has its own in the story."""
    refundable = [one for one in payments if _is_refundable(one)]
    if len(refundable) != 1 or not reader.has_perm("payments.add_refund", booking):
        return None
    return _refund_of(refundable[0])


def _is_refundable(payment: Payment) -> bool:
    return payment.status in Payment.SETTLED and payment.refundable_amount > 0


def _refund_of(payment: Payment) -> Button:
    return Button(_("Refund"), reverse("admin:payments_payment_refund_action", args=[payment.pk]))


def received_for(bookings: Iterable[Any], *, reader: Any) -> Mapping[UUID, Decimal]:
    amounts: Mapping[UUID, Decimal] = covered_amounts([row for row in bookings if reader.has_perm(VIEW, row)])
    return amounts


def spent_by(card: Any) -> Decimal:
    total = Sum(F("captured_amount") - F("refunded_amount"))
    paid = Payment.objects.filter(booking__customer=card).settled().order_by().aggregate(sum=total)
    return round_money(Decimal(paid["sum"] or NOTHING))  # SQLite adds in floating point


def returned_for(booking: Any, *, fee: Decimal) -> Decimal:
    return max(kept_amount(booking) + reserved_amount(booking) - fee, NOTHING)


def make_link(*, actor: Any, booking_id: Any) -> str:
    booking = Booking.objects.visible_to(actor).filter(pk=booking_id).first()
    if booking is None:
        raise Missing
    if not actor.has_perm("payments.add_payment", booking):
        raise Forbidden
    return_url = settings.PUBLIC_BASE_URL + reverse("payment-return", args=[booking_id])
    payment: Payment = start_payment(actor=actor, booking_id=booking_id, return_url=return_url)
    return payment.payment_url


def tell_money(booking: Any, *, reader: Any, limit: int) -> Iterator[Entry]:
    """Payments and refunds of `booking`, each moment of them that people ask about. Two queries."""
    if not reader.has_perm(VIEW, booking):
        return
    may_copy = reader.has_perm("payments.add_payment", booking)
    may_refund = reader.has_perm("payments.add_refund", booking)
    payments = Payment.objects.filter(booking=booking).select_related("recorded_by")
    for payment in payments.order_by("-created_at", "-pk")[:limit]:
        yield from _told_payment(payment, booking, may_copy=may_copy, may_refund=may_refund)
    if not reader.has_perm("payments.view_refund", booking):
        return
    refunds = Refund.objects.filter(payment__booking=booking).select_related("requested_by")
    for refund in refunds.order_by("-created_at", "-pk")[:limit]:
        yield from _told_refund(refund, booking)


def _told_payment(payment: Payment, booking: Any, *, may_copy: bool, may_refund: bool) -> Iterator[Entry]:
    amount = display_money(payment.amount)
    link = reverse("admin:payments_payment_change", args=[payment.pk])
    button = _refund_of(payment) if may_refund and _is_refundable(payment) else None
    who = called(payment.recorded_by, booking) if payment.recorded_by else ""
    if payment.paid_at:
        paid = _("Paid: %(amount)s") % {"amount": display_money(payment.captured_amount or payment.amount)}
        detail = capfirst(payment.get_method_display())
        if payment.refunded_amount:
            back = {"amount": display_money(payment.refunded_amount)}
            detail = f"{detail} · {_('went back: %(amount)s') % back}"
        yield Entry(payment.paid_at, "paid", "success", paid, detail, who=who, link=link, button=button)
    if payment.method != Payment.Method.ONLINE:
        return
    if payment.authorized_at:
        reserved = _("Reserved on the card: %(amount)s") % {"amount": amount}
        yield Entry(payment.authorized_at, "credit_score", "primary", reserved, link=link)
    is_open = payment.status == Payment.Status.INITIATED
    yield Entry(
        payment.created_at,
        "credit_card" if payment.is_charge else "link",
        COLOURS.get(Payment.Status(payment.status), "default"),
        (_("Card charged: %(amount)s") if payment.is_charge else _("Payment link: %(amount)s")) % {"amount": amount},
        capfirst(payment.get_status_display()),
        reason=str(payment.get_decline_display() if payment.decline else reasons.explain(payment.failure_reason)),
        link=link,
        copied=payment.payment_url if is_open and may_copy else "",
    )


def _told_refund(refund: Refund, booking: Any) -> Iterator[Entry]:
    amount = {"amount": display_money(refund.amount)}
    link = reverse("admin:payments_refund_change", args=[refund.pk])
    by = refund.requested_by
    if refund.settled_at and refund.status in Refund.DONE:
        title = _("Money went back: %(amount)s") % amount
        yield Entry(
            refund.settled_at, "currency_exchange", "success", title, capfirst(refund.get_way_display()), link=link
        )
    yield Entry(
        refund.created_at,
        "assignment_return",
        REFUND_COLOURS.get(Refund.Status(refund.status), "warning"),
        _("Refund: %(amount)s") % amount,
        capfirst(refund.get_status_display()),
        who=called(by, booking) if by else "",
        door="" if by else _("by itself"),
        reason=reasons.explain(refund.reason),
        link=link,
    )
