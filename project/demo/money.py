"""How one visit is paid: under a link of the gateway, by a wallet, or at the desk.

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
from apps.payments.selectors import SAFE_RESERVATION
from apps.payments.services.arrival import PAUSES
from apps.payments.services.payments import LINK_LIFETIME, QUIET
from project.demo.papers import Papers
from project.demo.returns import Returns
from project.demo.world import identity, minutes

if TYPE_CHECKING:
    from project.demo.visits import VisitStory

Status = Payment.Status
Source = Payment.Source
NOTHING = Decimal("0.00")
SECOND = timedelta(seconds=1)
ABANDONED_PERCENT = 12
GATEWAY_DOWN_PERCENT = 1.2
RESERVED_PERCENT = 4
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
        """Some pay the full price before they come, a few of them by a wallet."""
        if self.chance.random() < self.shop.demand["pays_online_percent"] / 100:
            opens = at + minutes(self.chance.uniform(0.5, 30))
            if self._pays_by_wallet():
                self.world.at(opens, self.reserve_price)
            else:
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
            self.world.at(min(at + minutes(self.chance.uniform(1, 12)), latest), self.pay, payment)
        self.world.at(until + 90 * SECOND, self._expire_link, payment)

    def start(self, at: datetime, amount: Decimal, until: datetime, source: str = Source.LINK) -> Payment:
        """The row that stands before the gateway is asked."""
        payment = self._new_payment(amount, expires_at=until, source=source)
        return self.world.archive.add(payment, at=at, by=self.visit.plan.person)

    def submit(self, at: datetime, payment: Payment) -> None:
        self.change(payment, at, self.visit.plan.person, status=Status.SUBMITTED, next_check_at=at + QUIET)

    def link_ready(self, at: datetime, payment: Payment) -> None:
        invoice = str(identity(self.chance))
        link = f"{self.world.gateway_url}/invoices/{invoice}"
        known: dict[str, Any] = {
            "status": Status.INITIATED,
            "gateway_invoice_id": invoice,
            "payment_url": link,
        }
        self.change(payment, at, reason=read("initiated"), **known, **shown(payment, "initiated", at))
        self.visit.mail.tell(Kind.PAYMENT_LINK, at, occasion=payment.pk, amount=payment.amount, link=link)

    def reserve_price(self, at: datetime) -> None:
        """The price is reserved on a wallet's card, and taken after the visit or at once when that is far."""
        if not self.booking.is_active or self.kept or at >= self.booking.starts_at:
            return
        payment = self._charge(at)
        at += SECOND
        known: dict[str, Any] = {"gateway_payment_id": str(payment.pk), "authorized_at": at}
        known |= shown(payment, "authorized", at)
        self.change(payment, at, reason=read("authorized"), status=Status.AUTHORIZED, **known)
        if self.booking.starts_at > at + SAFE_RESERVATION:
            self._receive(payment, at + SECOND, Status.CAPTURED, payment.amount)

    def decline_charge(self, at: datetime, words: str, decline: str) -> None:
        """The bank says no to a wallet, in its own `words`."""
        payment = self._charge(at)
        problem = reasons.with_detail(reasons.DECLINED, words)
        known: dict[str, Any] = {"status": Status.FAILED, "gateway_payment_id": str(payment.pk), "decline": decline}
        known |= shown(payment, "failed", at + SECOND)
        self.change(payment, at + SECOND, reason=problem, failure_reason=problem, **known)

    def settle_open(self, at: datetime, owed: Decimal) -> None:
        """The visit is over or off: links close, and of reserved money what is `owed` is taken, the rest let go."""
        for payment in self.payments:
            if payment.status == Status.INITIATED:
                self._expire_link(at, payment, "canceled")
            elif payment.status == Status.AUTHORIZED and owed > 0:
                self._receive(payment, at, Status.CAPTURED, min(owed, payment.amount))
            elif payment.status == Status.AUTHORIZED:
                self.let_go(at, payment)

    def let_go(self, at: datetime, payment: Payment) -> None:
        """Reserved money stays with the customer."""
        self.change(payment, at, reason=read("voided"), status=Status.VOIDED, **shown(payment, "voided", at))

    def _charge(self, at: datetime) -> Payment:
        source = self.chance.choice((Source.TOKEN, Source.APPLEPAY, Source.APPLEPAY, Source.SAMSUNGPAY))
        payment = self.start(at, self.booking.price_amount, at + LINK_LIFETIME, source)
        self.submit(at, payment)
        return payment

    def _pays_by_wallet(self) -> bool:
        """An advance is always taken at once."""
        return not self.booking.prepay_amount and self.chance.random() < RESERVED_PERCENT / 100

    def _refused(self, at: datetime, payment: Payment) -> None:
        problem = reasons.with_detail(reasons.UNREACHABLE, "503")
        ended: dict[str, Any] = {"status": Status.FAILED, "failure_reason": problem, "next_check_at": None}
        self.change(payment, at, reason=problem, **ended)

    def _expire_link(self, at: datetime, payment: Payment, word: str = "expired") -> None:
        if payment.status == Status.INITIATED:
            self.change(payment, at, reason=read(word), status=Status.EXPIRED, **shown(payment, word, at))

    def pay(self, at: datetime, payment: Payment) -> None:
        if self.booking.is_active and payment.status == Status.INITIATED:
            payment.gateway_payment_id = str(identity(self.chance))
            self._receive(payment, at, Status.PAID, payment.amount)
            self.papers.hear("payment_paid", payment, at)
            self.visit.confirm_paid(at)

    def _receive(self, payment: Payment, at: datetime, status: str, amount: Decimal) -> None:
        received: dict[str, Any] = {"status": status, "captured_amount": amount, "paid_at": at, "decline": ""}
        self.change(payment, at, reason=read(status), **received, **shown(payment, status, at, amount=amount))
        self.papers.invoice(payment, at)
        self.visit.mail.tell(Kind.PAYMENT_RECEIVED, at, occasion=payment.pk, amount=amount)

    # --- At the desk ---

    def take_the_rest(self, at: datetime) -> None:
        """After the visit: what was only reserved is taken, what is missing is paid."""
        self.settle_open(at, self.booking.price_amount - self.kept)
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
        self.visit.mail.tell(Kind.PAYMENT_RECEIVED, at, occasion=payment.pk, amount=due)

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


def shown(
    payment: Payment, status: str, at: datetime, *, amount: Decimal | None = None, refunded: Decimal = NOTHING
) -> dict[str, Any]:
    """What a reading at `at` leaves on a payment; one that may still change is read again soon."""
    return {
        "checked_at": at,
        "gateway_status": status,
        "gateway_amount": payment.amount if amount is None else amount,
        "gateway_refunded_amount": refunded,
        "next_check_at": at + PAUSES[0] if status in ("initiated", "authorized") else None,
    }


def read(status: str) -> str:
    """The reason a payment's history gives for what was read at the gateway."""
    return reasons.with_detail(reasons.READ, status)
