"""What the customer of one visit is told, and what became of each message."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING

from django.utils.translation import override

from apps.accounts.models import User
from apps.bookings.models import Booking
from apps.common.money import display_money
from apps.notifications import policies, reasons, rendering
from apps.notifications.models import Channel, DeliveryReceipt, Kind, Notification
from apps.notifications.texts import HOUSE_TEXTS
from project.demo.world import minutes

if TYPE_CHECKING:
    from project.demo.visits import VisitStory

Status = Notification.Status
CARRIER = "unifonic"
SECOND = timedelta(seconds=1)
LATER_KINDS = {Kind.REMINDER, Kind.REVIEW_INVITATION, Kind.PAYMENT_RECEIVED}
REMINDERS_STAND_READY = policies.REMINDER_BEFORE + timedelta(hours=24)
REFUSED_PERCENT, BUSY_PERCENT, UNDELIVERED_PERCENT = 0.7, 1.2, 1.8
RETRIED_PERCENT = 60
BAD_NUMBER, OUT_OF_REACH = "ER-02", "UNDELIV"


class Mail:
    """The messages of one visit."""

    def __init__(self, visit: VisitStory) -> None:
        self.visit, self.world = visit, visit.world
        self.chance = visit.world.chance(visit.plan.name, "messages")
        self._values: dict[datetime, dict[str, str]] = {}

    @property
    def booking(self) -> Booking:
        return self.visit.booking

    def tell(
        self,
        kind: str,
        at: datetime,
        *,
        amount: Decimal | None = None,
        link: str = "",
        due_at: datetime | None = None,
        held_back: str = "",
    ) -> None:
        """Plan a message about the booking as it is at `at`; it leaves when it is due."""
        if kind in LATER_KINDS and at < self.world.all_messages_since:
            return
        booking, person = self.booking, self.visit.plan.person
        template = self.visit.shop.templates.get((kind, Channel.SMS))
        if template is not None and not template.is_active:
            held_back = held_back or reasons.SWITCHED_OFF
        text = getattr(template, f"body_{person.locale}", "") or HOUSE_TEXTS[kind][person.locale]
        message = Notification(
            salon_id=booking.salon_id,
            booking_id=booking.pk,
            booking_version=booking.version,
            kind=kind,
            channel=Channel.SMS,
            recipient=person.phone,
            locale=person.locale,
            body=rendering.render(text, self._words(person.locale, amount, link)),
            status=Status.SUPPRESSED if held_back else Status.PENDING,
            reason=held_back,
            due_at=due_at or at,
        )
        self.world.archive.add(message, at=at)
        if not held_back:
            self.world.at(max(message.due_at, at) + self.chance.randint(1, 20) * SECOND, self.send, message)

    def plan_reminder(self, at: datetime) -> None:
        """The reminder of this version of the booking stands ready two days before the visit."""
        ready = max(at + minutes(self.chance.uniform(0, 5)), self.booking.starts_at - REMINDERS_STAND_READY)
        self.world.at(ready, self._remind, self.booking.version)

    def _remind(self, at: datetime, version: int) -> None:
        booking = self.booking
        if booking.version != version or booking.status != Booking.Status.CONFIRMED or booking.starts_at <= at:
            return
        due_at = booking.starts_at - policies.REMINDER_BEFORE
        held_back = reasons.MADE_TOO_LATE if booking.updated_at > due_at else ""
        self.tell(Kind.REMINDER, at, due_at=due_at, held_back=held_back)

    def send(self, at: datetime, message: Notification) -> None:
        """One attempt: held back, refused, put off or taken by the carrier."""
        reason = policies.reason_to_hold_back(message, self.booking, now=at)
        if not reason and message.kind == Kind.PAYMENT_LINK and not self.visit.till.has_open_link(at):
            reason = reasons.NOTHING_TO_PAY
        if reason:
            self._change(message, at, reason, status=Status.SUPPRESSED)
            return
        message.attempts += 1
        message.provider = CARRIER
        luck = self.chance.random() * 100
        if luck < REFUSED_PERCENT:
            problem = reasons.with_code(reasons.REFUSED, BAD_NUMBER)
            self._change(message, at, problem, status=Status.UNDELIVERED)
        elif self.world.is_carrier_down(at) or luck < REFUSED_PERCENT + BUSY_PERCENT:
            self._put_off(message, at)
        else:
            self._taken(message, at)

    def _put_off(self, message: Notification, at: datetime) -> None:
        """Tried again later; after the last attempt it waits for a person, who often thinks of it."""
        again = at + policies.retry_delay(message.attempts)
        self._change(message, at, reasons.UNAVAILABLE, status=Status.FAILED, due_at=again)
        if message.attempts < Notification.MAX_ATTEMPTS:
            self.world.at(again, self.send, message)
        elif self.chance.random() < RETRIED_PERCENT / 100:
            self.world.at(at + minutes(self.chance.uniform(100, 300)), self._retry, message)

    def _retry(self, at: datetime, message: Notification) -> None:
        again = {"status": Status.PENDING, "attempts": 0, "due_at": at}
        self._change(message, at, "", why="retry", by=self.visit.shop.support, **again)
        self.world.at(at + 2 * SECOND, self.send, message)

    def _taken(self, message: Notification, at: datetime) -> None:
        number = f"{self.chance.getrandbits(48):015}"
        self._change(message, at, "", status=Status.SENT, sent_at=at, provider_message_id=number)
        if at >= self.world.reports_since:
            reported = self._out_of_reach if self.chance.random() * 100 < UNDELIVERED_PERCENT else self._delivered
            self.world.at(at + self.chance.randint(2, 45) * SECOND, reported, message)

    def _delivered(self, at: datetime, message: Notification) -> None:
        self._receipt(message, at, "delivered", "")
        self._change(message, at, "", status=Status.DELIVERED, delivered_at=at, why="delivered")

    def _out_of_reach(self, at: datetime, message: Notification) -> None:
        self._receipt(message, at, "undelivered", OUT_OF_REACH)
        problem = reasons.with_code(reasons.NOT_DELIVERED, OUT_OF_REACH)
        self._change(message, at, problem, status=Status.UNDELIVERED, why="undelivered")

    def _receipt(self, message: Notification, at: datetime, word: str, code: str) -> None:
        told = {"provider_status": word, "error_code": code}
        receipt = DeliveryReceipt(salon_id=message.salon_id, notification_id=message.pk, **told)
        self.world.archive.add(receipt, at=at)

    def _change(
        self,
        message: Notification,
        at: datetime,
        reason: str,
        *,
        why: str = "",
        by: User | None = None,
        **values: object,
    ) -> None:
        """`reason` stays with the message, `why` is for its history."""
        message.reason = reason
        self.world.archive.change(message, at=at, by=by, reason=why or reason, **values)

    def _words(self, locale: str, amount: Decimal | None, link: str) -> dict[str, str]:
        """The placeholders' values; those of the booking are the same for all its messages at one time."""
        starts_at = self.booking.starts_at
        if starts_at not in self._values:
            self._values[starts_at] = rendering.message_values(self.booking, locale)
        return self._values[starts_at] | {"amount": shown_amount(amount, locale), "link": link}


@cache
def shown_amount(amount: Decimal | None, locale: str) -> str:
    """`amount` as messages in `locale` show it."""
    if amount is None:
        return ""
    with override(locale):
        return rendering.cleaned(display_money(amount))
