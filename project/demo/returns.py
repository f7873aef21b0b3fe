"""How money of one visit goes back, step by step as in `apps.payments.services.refunds`."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from apps.accounts.models import User
from apps.common.money import percentage
from apps.notifications.models import Kind
from apps.payments import reasons
from apps.payments.models import Payment, Refund
from project.demo.world import identity, minutes

if TYPE_CHECKING:
    from project.demo.money import Till

Status = Refund.Status
SECOND = timedelta(seconds=1)


class Returns:
    """The refunds of one visit."""

    def __init__(self, till: Till) -> None:
        self.till, self.world, self.shop, self.chance = till, till.world, till.shop, till.chance

    def return_all_but(self, fee: Decimal, at: datetime, actor: User, reason: str) -> None:
        """The booking was cancelled: what was paid beyond the fee goes back."""
        for payment in self.till.payments:
            if payment.status in Payment.SETTLED:
                kept = min(fee, payment.refundable_amount)
                fee -= kept
                amount = payment.refundable_amount - kept
                if amount > 0:
                    self.approved(payment, amount, at, reason or reasons.BOOKING_CANCELLED, actor)

    def complain(self, at: datetime) -> None:
        """The customer was not content: the manager returns a part, a large one only with a second person's word."""
        payment = max(self.till.payments, key=lambda one: one.refundable_amount)
        amount = percentage(payment.refundable_amount, self.chance.choice((25, 50, 50, 100)))
        if amount <= 0:
            return
        reason, manager = self.chance.choice(self.world.content.words["refunds"]), self.shop.manager
        if amount <= self.shop.salon.refund_limit:
            self.approved(payment, amount, at, reason, manager, approved_by=manager)
        else:
            refund = self.reserve(payment, amount, at, reason, manager)
            self.world.at(at + minutes(self.chance.uniform(10, 600)), self._approve, refund)

    def approved(
        self, payment: Payment, amount: Decimal, at: datetime, reason: str, actor: User, **values: Any
    ) -> None:
        """A refund that goes on its way at once: to the gateway, or into the customer's hand."""
        refund = self.reserve(payment, amount, at, reason, actor, status=Status.APPROVED, **values)
        self._carry_out_soon(at, refund)

    def reserve(
        self, payment: Payment, amount: Decimal, at: datetime, reason: str, actor: User | None, **values: Any
    ) -> Refund:
        """A refund, and its amount set aside on the payment."""
        refund = self._new_refund(payment, amount, reason, requested_by=actor, **values)
        self.world.archive.add(refund, at=at, by=actor, reason=reason)
        reserved = payment.refund_reserved_amount + amount
        self.till.change(payment, at, actor, reason, refund_reserved_amount=reserved)
        return refund

    def mark_sending(self, at: datetime, refund: Refund) -> None:
        sent: dict[str, Any] = {"gateway_refunded_before": refund.payment.refunded_amount, "sent_at": at}
        self.world.archive.change(refund, at=at, reason=refund.reason, status=Status.SENDING, **sent)

    def release(self, at: datetime, refund: Refund, status: str, problem: str) -> None:
        """It did not come about, and its amount is free again."""
        self.world.archive.change(refund, at=at, reason=problem, status=status, failure_reason=problem)
        left = refund.payment.refund_reserved_amount - refund.amount
        self.till.change(refund.payment, at, reason=problem, refund_reserved_amount=left)

    def find_external(self, at: datetime, payment: Payment, amount: Decimal) -> None:
        """Somebody gave money back in the gateway's own pages; we learn of it afterwards."""
        reason = "Found at the gateway."
        refund = self._new_refund(payment, amount, reason, status=Status.EXTERNAL, settled_at=at)
        self.world.archive.add(refund, at=at, reason=reason)
        self.till.change(payment, at, reason=reason, refunded_amount=payment.refunded_amount + amount)
        self.till.papers.credit_note(refund, at)

    def _new_refund(self, payment: Payment, amount: Decimal, reason: str, **values: Any) -> Refund:
        return Refund(
            id=identity(self.chance),
            nonce=identity(self.chance),
            salon=self.shop.salon,
            payment=payment,
            amount=amount,
            reason=reason,
            **values,
        )

    def _approve(self, at: datetime, refund: Refund) -> None:
        support = self.shop.support
        approved: dict[str, Any] = {"status": Status.APPROVED, "approved_by": support}
        self.world.archive.change(refund, at=at, by=support, reason=refund.reason, **approved)
        self._carry_out_soon(at, refund)

    def _carry_out_soon(self, at: datetime, refund: Refund) -> None:
        if refund.payment.method == Payment.Method.ONLINE:
            self.world.at(at + SECOND, self._send, refund)
        else:
            self.world.at(at + minutes(self.chance.uniform(1, 90)), self._settle, refund, self.shop.desk)

    def _send(self, at: datetime, refund: Refund) -> None:
        self.mark_sending(at, refund)
        self.world.at(at + 2 * SECOND, self._settle, refund, refund.approved_by)

    def _settle(self, at: datetime, refund: Refund, actor: User | None) -> None:
        """The money is back with the customer: totals, credit note, news."""
        payment = refund.payment
        done = {"status": Status.SUCCEEDED, "settled_at": at}
        self.world.archive.change(refund, at=at, by=actor, reason=refund.reason, **done)
        totals = {
            "refunded_amount": payment.refunded_amount + refund.amount,
            "refund_reserved_amount": payment.refund_reserved_amount - refund.amount,
        }
        self.till.change(payment, at, actor, refund.reason, **totals)
        self.till.papers.credit_note(refund, at)
        if payment.method == Payment.Method.ONLINE:
            self.till.papers.hear("payment_refunded", payment, at)
        self.till.visit.mail.tell(Kind.REFUND_SENT, at, amount=refund.amount)
