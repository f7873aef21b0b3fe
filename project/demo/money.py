"""How one visit is paid: under a link of the gateway, or at the desk.

Rows go through the states of `apps.payments.services`; what the gateway would hold is written by `gateway` from them.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from apps.accounts.models import User
from apps.bookings.models import Booking
from apps.notifications.models import Kind
from apps.payments import reasons
from apps.payments.models import Payment
from project.demo.papers import Papers
from project.demo.returns import Returns
from project.demo.world import identity, minutes

if TYPE_CHECKING:
    from project.demo.visits import VisitStory

Status = Payment.Status
NOTHING = Decimal("0.00")
LINK_LIFETIME = timedelta(hours=24)
SECOND = timedelta(seconds=1)
ABANDONED_PERCENT = 12
GATEWAY_DOWN_PERCENT = 1.2
RESERVED_ONLY_PERCENT = 4
COMPLAINT_PERCENT = 1.2


class Till:
    """The money of one visit."""

    def __init__(self, visit: VisitStory) -> None:
        self.visit, self.world, self.shop = visit, visit.world, visit.shop
        self.chance = visit.world.chance(visit.plan.name, "money")
        self.papers = Papers(self.world, self.shop, self.chance)
        self.returns = Returns(self)
        self.payments: list[Any] = []

    @property
    def booking(self) -> Booking:
        return self.visit.booking

    @property
    def kept(self) -> Decimal:
        """What was received and not given back."""
        settled = (payment for payment in self.payments if payment.status in Payment.SETTLED)
        return sum((payment.captured_amount - payment.refunded_amount for payment in settled), NOTHING)

    def has_open_link(self, at: datetime) -> bool:
        return any(payment.status == Status.INITIATED and payment.expires_at > at for payment in self.payments)

    # --- Online ---

    def ask_for_advance(self, at: datetime) -> None:
        """The booking is held until the advance is paid."""
        until: Any = self.booking.hold_expires_at
        self.world.at(until + 20 * SECOND, self.visit.expire)
        self.world.at(at + self.chance.randint(5, 60) * SECOND, self._open_link, self.booking.prepay_amount, until)

    def perhaps_pay_online(self, at: datetime) -> None:
        """Some pay the full price under a link before they come."""
        if self.chance.random() < self.shop.demand["pays_online_percent"] / 100:
            opens = at + minutes(self.chance.uniform(0.5, 30))
            self.world.at(opens, self._open_link, self.booking.price_amount, opens + LINK_LIFETIME)

    def _open_link(self, at: datetime, amount: Decimal, until: datetime) -> None:
        """Ask the gateway for a link; when it is down, the customer tries again after two minutes."""
        if not self.booking.is_active or self.kept or at >= min(until, self.booking.starts_at):
            return
        payment = self.start(at, amount, until)
        self.submit(at, payment)
        if self.chance.random() < GATEWAY_DOWN_PERCENT / 100:
            self.world.at(at + SECOND, self._refused, payment)
            self.world.at(at + minutes(2), self._open_link, amount, until)
            return
        self.world.at(at + SECOND, self.link_ready, payment)
        if self.chance.random() >= ABANDONED_PERCENT / 100:
            latest = min(until, self.booking.starts_at) - minutes(1)
            pays = self.reserve_price if self._reserves_only() else self._pay
            self.world.at(min(at + minutes(self.chance.uniform(1, 12)), latest), pays, payment)
        self.world.at(until + 90 * SECOND, self._expire_link, payment)

    def start(self, at: datetime, amount: Decimal, until: datetime) -> Payment:
        """The row that stands before the gateway is asked."""
        payment = self._new_payment(amount, expires_at=until)
        return self.world.archive.add(payment, at=at, by=self.visit.plan.person)

    def submit(self, at: datetime, payment: Payment) -> None:
        self.change(payment, at, self.visit.plan.person, status=Status.SUBMITTED)

    def link_ready(self, at: datetime, payment: Payment) -> None:
        invoice = str(identity(self.chance))
        link = f"{self.world.gateway_url}/invoices/{invoice}"
        known: dict[str, Any] = {
            "status": Status.INITIATED,
            "gateway_invoice_id": invoice,
            "payment_url": link,
            "checked_at": at,
        }
        self.change(payment, at, reason=read("initiated"), **known)
        self.visit.mail.tell(Kind.PAYMENT_LINK, at, amount=payment.amount, link=link)

    def reserve_price(self, at: datetime, payment: Payment) -> None:
        """The price is reserved on the card and taken after the visit."""
        if self.booking.is_active and payment.status == Status.INITIATED:
            known: dict[str, Any] = {"gateway_payment_id": str(identity(self.chance)), "checked_at": at}
            self.change(payment, at, reason=read("authorized"), status=Status.AUTHORIZED, **known)

    def give_up_reserved(self, at: datetime) -> None:
        """What was only reserved is let go."""
        for payment in self.payments:
            if payment.status == Status.AUTHORIZED:
                self.change(payment, at, reason=read("voided"), status=Status.VOIDED, checked_at=at)

    def _reserves_only(self) -> bool:
        """An advance is always taken at once."""
        return not self.booking.prepay_amount and self.chance.random() < RESERVED_ONLY_PERCENT / 100

    def _refused(self, at: datetime, payment: Payment) -> None:
        problem = reasons.with_detail(reasons.UNREACHABLE, "503")
        self.change(payment, at, reason=problem, status=Status.FAILED, failure_reason=problem)

    def _expire_link(self, at: datetime, payment: Payment) -> None:
        if payment.status == Status.INITIATED:
            self.change(payment, at, reason=read("expired"), status=Status.EXPIRED, checked_at=at)

    def _pay(self, at: datetime, payment: Payment) -> None:
        if self.booking.is_active and payment.status == Status.INITIATED:
            payment.gateway_payment_id = str(identity(self.chance))
            self._receive(payment, at, Status.PAID)
            self.papers.hear("payment_paid", payment, at)
            self.visit.confirm_paid(at)

    def _receive(self, payment: Payment, at: datetime, status: str) -> None:
        received: dict[str, Any] = {"captured_amount": payment.amount, "paid_at": at, "checked_at": at}
        self.change(payment, at, reason=read(status), status=status, **received)
        self.papers.invoice(payment, at)
        self.visit.mail.tell(Kind.PAYMENT_RECEIVED, at, amount=payment.amount)

    # --- At the desk ---

    def take_the_rest(self, at: datetime) -> None:
        """After the visit: what was only reserved is taken, what is missing is paid."""
        for payment in self.payments:
            if payment.status == Status.AUTHORIZED:
                self._receive(payment, at, Status.CAPTURED)
        due = self.booking.price_amount - self.kept
        if due > 0:
            self._take(due, at)
        if self.chance.random() < COMPLAINT_PERCENT / 100:
            self.world.at(at + minutes(self.chance.uniform(60, 8000)), self.returns.complain)

    def _take(self, due: Decimal, at: datetime) -> None:
        in_cash = self.chance.random() < self.shop.demand["pays_cash_percent"] / 100
        method = Payment.Method.CASH if in_cash else Payment.Method.TERMINAL
        payment = self._new_payment(due, method=method, status=Status.PAID, captured_amount=due, paid_at=at)
        payment.recorded_by = self.shop.desk
        self.world.archive.add(payment, at=at, by=self.shop.desk)
        self.papers.invoice(payment, at)
        self.visit.mail.tell(Kind.PAYMENT_RECEIVED, at, amount=due)

    def _new_payment(self, amount: Decimal, **values: Any) -> Payment:
        untouched = {"captured_amount": NOTHING, "refunded_amount": NOTHING, "refund_reserved_amount": NOTHING}
        about = {"salon": self.shop.salon, "booking": self.booking, "amount": amount}
        payment = Payment(id=identity(self.chance), **about, **(untouched | values))
        self.payments.append(payment)
        return payment

    def change(
        self, payment: Payment, at: datetime, actor: User | None = None, reason: str = "", **values: Any
    ) -> None:
        """The next state of one of the payments."""
        self.world.archive.change(payment, at=at, by=actor, reason=reason, **values)


def read(status: str) -> str:
    """The reason a payment's history gives for what was read at the gateway."""
    return reasons.with_detail(reasons.READ, status)
