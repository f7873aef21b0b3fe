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
from apps.payments.selectors import UNDO_WINDOW
from apps.payments.services.sending import FIRST_LOOK
from project.demo.world import identity, minutes

if TYPE_CHECKING:
    from project.demo.money import Till

Status, Way = Refund.Status, Refund.Way
ONLINE = Payment.Method.ONLINE
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
        if payment.method != ONLINE:
            refund.way = Way.BY_HAND
        elif refund.status == Status.APPROVED:
            refund.next_check_at = at + FIRST_LOOK[Status.APPROVED]
        self.world.archive.add(refund, at=at, by=actor, reason=reason)
        reserved = payment.refund_reserved_amount + amount
        self.till.change(payment, at, actor, reason, refund_reserved_amount=reserved)
        return refund

    def mark_sending(self, at: datetime, refund: Refund) -> None:
        payment: Any = refund.payment
        is_whole = refund.amount == payment.captured_amount and payment.refunded_amount == 0
        sent: dict[str, Any] = {
            "way": Way.VOID if is_whole and at - payment.paid_at < UNDO_WINDOW else Way.REFUND,
            "attempt": refund.attempt + 1,
            "gateway_refunded_before": payment.refunded_amount,
            "sent_at": at,
        }
        self.move(at, refund, Status.SENDING, refund.reason, **sent)

    def move(
        self, at: datetime, refund: Refund, status: str, reason: str, actor: User | None = None, **values: Any
    ) -> None:
        """The next state of `refund`, and when a pass looks at it."""
        wait = FIRST_LOOK.get(Status(status)) if refund.payment.method == ONLINE else None
        values |= {"status": status, "next_check_at": None if wait is None else at + wait}
        self.world.archive.change(refund, at=at, by=actor, reason=reason, **values)

    def give_up(self, at: datetime, refund: Refund, problem: str, actor: User | None = None, **said: Any) -> None:
        """It does not come about, and its amount is free again."""
        self.move(at, refund, Status.FAILED, problem, actor, failure_reason=problem, **said)
        left = refund.payment.refund_reserved_amount - refund.amount
        self.till.change(refund.payment, at, actor, problem, refund_reserved_amount=left)

    def find_external(self, at: datetime, payment: Payment, amount: Decimal) -> None:
        """Somebody gave money back in the gateway's own pages; we learn of it afterwards."""
        reason, before = reasons.MADE_ELSEWHERE, payment.refunded_amount
        seen = {"gateway_refunded_before": before, "gateway_refunded_after": before + amount}
        made: dict[str, Any] = {"status": Status.EXTERNAL, "way": Way.EXTERNAL, "settled_at": at}
        refund = self._new_refund(payment, amount, reason, **made, **seen)
        self.world.archive.add(refund, at=at, reason=reason)
        self.till.change(payment, at, reason=reason, **self._gone(at, payment, amount, Way.EXTERNAL))
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
        self.move(at, refund, Status.APPROVED, refund.reason, support, approved_by=support)
        self._carry_out_soon(at, refund)

    def _carry_out_soon(self, at: datetime, refund: Refund) -> None:
        if refund.payment.method == ONLINE:
            self.world.at(at + SECOND, self._send, refund)
        else:
            self.world.at(at + minutes(self.chance.uniform(1, 90)), self._settle, refund, self.shop.desk)

    def _send(self, at: datetime, refund: Refund) -> None:
        self.mark_sending(at, refund)
        self.world.at(at + 2 * SECOND, self._settle, refund, refund.approved_by)

    def _settle(self, at: datetime, refund: Refund, actor: User | None) -> None:
        """The money is back with the customer: totals, credit note, news."""
        payment = refund.payment
        is_online, total = payment.method == ONLINE, payment.refunded_amount + refund.amount
        done: dict[str, Any] = {"settled_at": at, "gateway_refunded_after": total if is_online else None}
        self.move(at, refund, Status.SUCCEEDED, refund.reason, actor, **done)
        totals = self._gone(at, payment, refund.amount, refund.way)
        totals["refund_reserved_amount"] = payment.refund_reserved_amount - refund.amount
        self.till.change(payment, at, actor, refund.reason, **totals)
        self.till.papers.credit_note(refund, at)
        if is_online:
            self.till.papers.hear(f"payment_{payment.gateway_status}", payment, at)
        self.till.visit.mail.tell(Kind.REFUND_SENT, at, occasion=refund.pk, amount=refund.amount)

    @staticmethod
    def _gone(at: datetime, payment: Payment, amount: Decimal, way: str) -> dict[str, Any]:
        """What changes on the payment when `amount` went back, and was read at the gateway if that knows of it."""
        total = payment.refunded_amount + amount
        gone: dict[str, Any] = {"refunded_amount": total}
        if way == Way.BY_HAND:
            return gone
        if way == Way.VOID:
            gone["status"] = Payment.Status.VOIDED
        word = "voided" if way == Way.VOID else "refunded"
        return gone | {"checked_at": at, "gateway_status": word, "gateway_refunded_amount": total}
