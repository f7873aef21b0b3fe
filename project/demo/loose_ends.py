"""What is still open at the moment of seeding, one of each kind, so that nobody has to wait for the rare case.

The periodic passes of a running demo take up most of it within minutes, as they would in a salon.
"""

from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from apps.bookings.models import Booking
from apps.common.money import percentage, to_halalas
from apps.notifications.models import Notification
from apps.payments import reasons
from apps.payments.models import Payment, Refund, WebhookEvent, WebhookRefusal
from apps.payments.selectors import SAFE_RESERVATION
from apps.payments.services.arrival import PAUSES
from apps.payments.services.sending import EQUAL_READS, QUIET
from apps.salons.models import Salon
from project.demo.gateway import SeededGateway, event_of
from project.demo.money import LINK_LIFETIME, SECOND, Till, read, shown
from project.demo.planning import Plan
from project.demo.shops import Shop
from project.demo.visits import VisitStory
from project.demo.world import ZONE, World, identity, minutes

Status = Payment.Status
SENDER_LEASE = minutes(2)
NO_ANSWER = reasons.with_detail(reasons.NO_CLEAR_ANSWER, "timeout")


class LooseEnds:
    """Takes finished and coming visits from `stories` and leaves something open on each, never twice on one."""

    def __init__(self, world: World, gateway: SeededGateway, stories: list[VisitStory]) -> None:
        self.world, self.gateway, self.now = world, gateway, world.now
        self.chance = world.chance("loose ends")
        booked = [story for story in stories if hasattr(story, "booking")]
        self.paid, self.paid_at_desk = (_paid(booked, is_online=is_online) for is_online in (True, False))
        self.coming = _coming_unpaid(booked, self.now)

    def leave_all(self, unbooked: list[tuple[Shop, Plan]]) -> None:
        self.book_just_now(unbooked)
        self.leave_refunds()
        self.leave_payments()
        self.leave_webhooks()

    def book_just_now(self, unbooked: list[tuple[Shop, Plan]]) -> None:
        """Visits that wait for the salon's word or for money, made minutes ago; the last message is being sent."""
        for confirmation, number in ((Salon.Confirmation.BY_HAND, 4), (Salon.Confirmation.PAYMENT, 2)):
            waiting = [
                (shop, plan)
                for shop, plan in unbooked
                if shop.salon.confirmation == confirmation
                and plan.is_online
                and plan.starts_at > self.now + minutes(90)
            ]
            waiting.sort(key=lambda one: one[1].starts_at)
            for ago, (shop, plan) in enumerate(waiting[:number]):
                VisitStory(self.world, shop, replace(plan, booked_at=self.now - minutes(ago)))
        self.world.run()
        leaving = [one for one in self.world.archive.rows(Notification) if one.due_at == self.now]
        for message in leaving[:1]:
            message.status, message.attempts = Notification.Status.SENDING, 1
            message.leased_until = self.now + SENDER_LEASE

    # --- Refunds ---

    def leave_refunds(self) -> None:
        """One in every state that the months before did not leave behind."""
        self._hand_over_later()
        for leave, ago in (
            (self._sending, 0.5),
            (self._unanswered, 1.5),
            (self._requested, 45),
            (self._refused, 320),
            (self._contradicted, 450),
            (self._made_at_the_gateway, 900),
            (self._not_applied, 1600),
            (self._given_up, 2500),
            (self._requested, 400),
        ):
            at = self.now - minutes(ago)
            if (found := self._take(self.paid, at)) is not None:
                leave(at, *found)

    def _hand_over_later(self) -> None:
        """Money of the desk that is promised and not yet given back; it waits for a person."""
        at = self.now - minutes(95)
        if (found := self._take(self.paid_at_desk, at)) is not None:
            till, payment = found
            self._reserved(at, till, payment, 50)

    def _reserved(self, at: datetime, till: Till, payment: Payment, percent: int) -> Refund:
        amount, customer = percentage(payment.refundable_amount, percent), till.visit.plan.person
        return till.returns.reserve(payment, amount, at, self._reason(), customer, status=Refund.Status.APPROVED)

    def _sent(self, at: datetime, till: Till, payment: Payment, percent: int) -> Refund:
        refund = self._reserved(at, till, payment, percent)
        till.returns.mark_sending(at + SECOND, refund)
        return refund

    def _requested(self, at: datetime, till: Till, payment: Payment) -> None:
        till.returns.reserve(payment, payment.refundable_amount, at, self._reason(), till.shop.manager)

    def _sending(self, at: datetime, till: Till, payment: Payment) -> None:
        """The gateway has carried it out, its answer was lost: the pass will find out."""
        refund = self._sent(at, till, payment, 50)
        self.gateway.refunded_really(payment, to_halalas(payment.refunded_amount + refund.amount))

    def _unanswered(self, at: datetime, till: Till, payment: Payment) -> None:
        """The gateway never heard of it: the pass will say so when it was quiet for long enough."""
        self._no_answer(at, till, self._sent(at, till, payment, 100))

    def _refused(self, at: datetime, till: Till, payment: Payment) -> None:
        problem = reasons.with_detail(reasons.REFUSED, "insufficient balance")
        till.returns.give_up(at + 2 * SECOND, self._sent(at, till, payment, 100), problem)

    def _not_applied(self, at: datetime, till: Till, payment: Payment) -> Refund:
        """So small a part that it could go twice: it is not sent again by itself."""
        refund = self._sent(at, till, payment, 40)
        self._no_answer(at, till, refund)
        reads: dict[str, Any] = {"failure_reason": reasons.NOT_SHOWN, "equal_reads": EQUAL_READS}
        till.returns.move(at + QUIET + minutes(1), refund, Refund.Status.NOT_APPLIED, reasons.NOT_SHOWN, **reads)
        return refund

    def _given_up(self, at: datetime, till: Till, payment: Payment) -> None:
        """Not carried out, and a person said that it is no longer wanted."""
        refund, support = self._not_applied(at, till, payment), till.shop.support
        explained = self.chance.choice(self.world.content.words["given_up"])
        problem = reasons.with_detail(reasons.GIVEN_UP, explained)
        till.returns.give_up(at + minutes(90), refund, problem, support, resolution=explained, resolved_by=support)

    def _contradicted(self, at: datetime, till: Till, payment: Payment) -> None:
        """Somebody gave the whole amount back at the gateway meanwhile; a person has to say what is ours of it."""
        refund = self._sent(at, till, payment, 25)
        seen, total = at + 2 * SECOND, payment.captured_amount
        word = shown(payment, "refunded", seen, amount=total, refunded=total)
        till.change(payment, seen, reason=reasons.OTHER_TOTAL_AFTER, **word)
        stopped: dict[str, Any] = {"failure_reason": reasons.OTHER_TOTAL_AFTER, "gateway_refunded_after": total}
        till.returns.move(seen, refund, Refund.Status.REVIEW, reasons.OTHER_TOTAL_AFTER, **stopped)
        self.gateway.refunded_really(payment, to_halalas(total))

    def _made_at_the_gateway(self, at: datetime, till: Till, payment: Payment) -> None:
        till.returns.find_external(at, payment, percentage(payment.amount, 50))

    def _no_answer(self, at: datetime, till: Till, refund: Refund) -> None:
        till.returns.move(at + 16 * SECOND, refund, Refund.Status.UNKNOWN, NO_ANSWER, failure_reason=NO_ANSWER)

    def _reason(self) -> str:
        return self.chance.choice(self.world.content.words["refunds"])

    # --- Payments ---

    def leave_payments(self) -> None:
        """Attempts that are under way, unanswered, declined, reserved, undone or contradicted."""
        self._take_or_let_go_reserved()
        for leave, ago in (
            (self._without_answer, 1.5),
            (self._just_sent, 0.2),
            (self._declined_once, 41),
            (self._never_sent, 55),
            (self._declined, 130),
            (self._undone, 260),
            (self._wrong_amount, 700),
        ):
            at = self.now - minutes(ago)
            if (found := self._take(self.coming, at)) is not None:
                leave(at, *found)
        self.world.run()

    def _started(self, at: datetime, till: Till) -> Payment:
        payment = till.start(at, till.booking.price_amount, at + LINK_LIFETIME)
        till.submit(at, payment)
        return payment

    def _open_link(self, at: datetime, till: Till) -> Payment:
        payment = self._started(at, till)
        till.link_ready(at + SECOND, payment)
        return payment

    def _without_answer(self, at: datetime, till: Till) -> None:
        payment = self._started(at, till)
        lost = at + 15 * SECOND
        problem: dict[str, Any] = {"failure_reason": NO_ANSWER, "next_check_at": lost + PAUSES[0]}
        till.change(payment, lost, reason=NO_ANSWER, status=Status.UNKNOWN, **problem)
        self.gateway.made_link(payment, str(identity(self.chance)))

    def _just_sent(self, at: datetime, till: Till) -> None:
        self.gateway.made_link(self._started(at, till), str(identity(self.chance)))

    def _never_sent(self, at: datetime, till: Till) -> None:
        till.start(at, till.booking.price_amount, at + LINK_LIFETIME)

    def _wrong_amount(self, at: datetime, till: Till) -> None:
        """The gateway took less than was asked, after a coupon of its own: nobody but a person decides."""
        payment = self._open_link(at, till)
        seen, problem, paid = at + minutes(6), reasons.OTHER_AMOUNT_PAID, percentage(payment.amount, 90)
        state: dict[str, Any] = {"status": Status.REVIEW, "failure_reason": problem}
        state["gateway_payment_id"] = str(identity(self.chance))
        till.change(payment, seen, reason=problem, **state, **shown(payment, "paid", seen, amount=paid))
        self.gateway.charged_really(payment, to_halalas(paid))

    def _declined_once(self, at: datetime, till: Till) -> None:
        """The link can still be paid with another card."""
        payment, tried = self._open_link(at, till), at + minutes(4)
        known = shown(payment, "initiated", tried) | {"decline": Payment.Decline.INSUFFICIENT_FUNDS}
        till.change(payment, tried, reason=read("initiated"), **known)
        self.gateway.refused(str(identity(self.chance)), payment, tried)

    def _declined(self, at: datetime, till: Till) -> None:
        till.decline_charge(at, "INSUFFICIENT FUNDS", Payment.Decline.INSUFFICIENT_FUNDS)

    def _undone(self, at: datetime, till: Till) -> None:
        """Paid and given back in full before the gateway settled it: no bank ever books it."""
        payment, back = self._open_link(at, till), at + minutes(40)
        till.pay(at + minutes(5), payment)
        till.returns.approved(payment, payment.amount, back, self._reason(), till.shop.desk, approved_by=till.shop.desk)

    def _take_or_let_go_reserved(self) -> None:
        """Wallets: taken at once for a visit that is far, else reserved until it, or until somebody lets it go."""
        for ago, is_far, is_let_go in ((4000, True, False), (600, False, False), (1500, False, True)):
            at = self.now - minutes(ago)
            found = [one for one in self.coming if (one[0].booking.starts_at > at + SAFE_RESERVATION) == is_far]
            if (taken := self._take(found, at)) is None:
                continue
            self.coming.remove(taken)
            (till,) = taken
            till.reserve_price(at)
            if is_let_go:
                till.let_go(at + minutes(50), till.payments[-1])

    # --- Webhooks ---

    def leave_webhooks(self) -> None:
        """News of a payment that is not ours, news that could not be acted on, and calls that were turned away."""
        known = [one for one in self.world.archive.rows(Payment) if one.gateway_payment_id][-2:]
        stranger = Payment(
            gateway_payment_id=str(identity(self.chance)), amount=Decimal(115), refunded_amount=Decimal(0)
        )
        states = WebhookEvent.Status
        self._event(stranger, 200, states.IGNORED, processed_at=self.now - minutes(200))
        for payment in known[-1:]:
            self._event(payment, 0, states.NEW)
        trouble = "fetch_invoice: HTTP 503"
        for payment, (status, attempts, ago, due) in zip(
            known, ((states.FAILED, 3, 5, 3), (states.DEAD, 5, 4000, -3900)), strict=False
        ):
            late = {"attempts": attempts, "due_at": self.now + minutes(due), "error": trouble}
            self._event(payment, ago, status, **late)
        refused = WebhookRefusal.Reason
        for reason, calls, ago in ((refused.SECRET, 14, 50), (refused.BODY, 2, 170), (refused.SECRET, 3, 3000)):
            last = self.now - minutes(ago)
            day = last.astimezone(ZONE).date()
            self.world.archive.add(WebhookRefusal(day=day, reason=reason, count=calls, last_at=last))

    def _event(self, payment: Payment, ago: float, status: str, **values: object) -> None:
        number, at = str(identity(self.chance)), self.now - minutes(ago)
        values.setdefault("due_at", at)
        event = WebhookEvent(
            provider="moyasar",
            event_id=number,
            kind="payment_paid",
            payload=event_of(number, "payment_paid", payment, at),
            status=status,
            received_at=at,
            **values,
        )
        self.world.archive.add(event)

    @staticmethod
    def _take(found: list[Any], at: datetime) -> Any:
        """The first of `found` that has been at rest since `at`, which is then taken."""
        for place, (till, *payments) in enumerate(found):
            if all(row.updated_at <= at for row in (till.booking, *payments)):
                return found.pop(place)
        return None


def _paid(stories: list[VisitStory], *, is_online: bool) -> list[tuple[Till, Payment]]:
    """Served visits with money that could go back, the latest first."""
    found: list[Any] = [
        (story.till, payment)
        for story in stories
        for payment in story.till.payments
        if payment.status == Status.PAID
        and (payment.method == Payment.Method.ONLINE) == is_online
        and payment.refunded_amount == payment.refund_reserved_amount == 0
        and story.booking.status == Booking.Status.COMPLETED
    ]
    return sorted(found, key=lambda one: one[1].paid_at, reverse=True)


def _coming_unpaid(stories: list[VisitStory], now: datetime) -> list[tuple[Till]]:
    """Firm visits still to come that nobody pays for yet, the most distant first."""
    found = [
        (story.till,)
        for story in stories
        if story.booking.status == Booking.Status.CONFIRMED
        and story.booking.starts_at > now
        and not story.till.payments
    ]
    return sorted(found, key=lambda one: one[0].booking.starts_at, reverse=True)
