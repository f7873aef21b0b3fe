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
from apps.notifications.models import (
    PROMOTIONAL,
    Channel,
    DeliveryAttempt,
    DeliveryReceipt,
    Kind,
    Notification,
)
from apps.notifications.services.planning import PLANNED_AHEAD
from apps.notifications.services.writing import as_sms, content_of
from project.demo.world import minutes

if TYPE_CHECKING:
    from project.demo.visits import VisitStory

Status, Attempt = Notification.Status, DeliveryAttempt.Status
CARRIER = "unifonic"
SECOND = timedelta(seconds=1)
LATER_KINDS = {Kind.REMINDER, Kind.REVIEW_INVITATION, Kind.PAYMENT_RECEIVED}
REFUSED_PERCENT, BUSY_PERCENT, UNCLEAR_PERCENT, UNDELIVERED_PERCENT = 0.7, 1.2, 0.4, 1.8
RETRIED_PERCENT, NO_WHATSAPP_PERCENT = 60, 6
BAD_NUMBER, OUT_OF_REACH, NO_WHATSAPP = "ER-02", "UNDELIV", "63024"
NO_ANSWER = "no_answer"
PRICE = {Channel.SMS: Decimal("0.0850"), Channel.WHATSAPP: Decimal("0.0600")}


class Mail:
    """The messages of one visit."""

    def __init__(self, visit: VisitStory) -> None:
        self.visit, self.world = visit, visit.world
        self.chance = visit.world.chance(visit.plan.name, "messages")
        self._values: dict[datetime, dict[str, str]] = {}
        self.calls: dict[int, DeliveryAttempt] = {}
        self.tries: dict[int, int] = {}
        self.in_doubt: set[int] = set()

    @property
    def booking(self) -> Booking:
        return self.visit.booking

    def tell(
        self,
        kind: str,
        at: datetime,
        *,
        occasion: object = "",
        amount: Decimal | None = None,
        link: str = "",
        due_at: datetime | None = None,
        held_back: str = "",
    ) -> None:
        """Plan a message about the booking as it is at `at`; it leaves when it is due."""
        if kind in LATER_KINDS and at < self.world.all_messages_since:
            return
        booking, person, shop = self.booking, self.visit.plan.person, self.visit.shop
        channel = self._channel(kind)
        template = shop.templates.get((kind, channel))
        if template is not None and not template.is_active:
            held_back = held_back or reasons.SWITCHED_OFF
        message = Notification(
            salon_id=booking.salon_id,
            booking_id=booking.pk,
            booking_version=booking.version,
            kind=kind,
            occasion=str(occasion),
            channel=channel,
            recipient=person.phone,
            locale=person.locale,
            **content_of(template, kind, channel, person.locale, self._words(person.locale, amount, link)),
            status=Status.SUPPRESSED if held_back else Status.PENDING,
            reason=held_back,
            due_at=due_at or at,
        )
        if kind in PROMOTIONAL:
            message.due_at = policies.promotion_moment(shop.ways, booking.salon.timezone, now=message.due_at)
        self._keep(message, at)

    def _keep(self, message: Notification, at: datetime) -> None:
        self.world.archive.add(message, at=at)
        if message.status == Status.PENDING:
            self.world.at(max(message.due_at, at) + self.chance.randint(1, 20) * SECOND, self.send, message)

    def _channel(self, kind: str) -> str:
        template = self.visit.shop.templates.get((kind, Channel.WHATSAPP))
        has_template = template is not None and template.provider_id_ar and template.provider_id_en
        return Channel.WHATSAPP if has_template and not self._is_without_whatsapp else Channel.SMS

    @property
    def _is_without_whatsapp(self) -> bool:
        return self.visit.plan.person.phone in self.world.phones_without_whatsapp

    def plan_reminder(self, at: datetime) -> None:
        """The reminders of this version of the booking stand ready a day before they go out."""
        for hours in self.visit.shop.ways.reminder_hours:
            early = policies.reminder_moment(self.booking, hours) - PLANNED_AHEAD
            self.world.at(
                max(at + minutes(self.chance.uniform(0, 5)), early), self._remind, self.booking.version, hours
            )

    def _remind(self, at: datetime, version: int, hours: int) -> None:
        booking = self.booking
        if booking.version != version or booking.status != Booking.Status.CONFIRMED or booking.starts_at <= at:
            return
        due_at = policies.reminder_moment(booking, hours)
        held_back = reasons.MADE_TOO_LATE if booking.updated_at > due_at else ""
        occasion = policies.reminder_occasion(hours)
        self.tell(Kind.REMINDER, at, occasion=occasion, due_at=due_at, held_back=held_back)

    def send(self, at: datetime, message: Notification) -> None:
        """One attempt: held back, refused, put off or taken by the carrier."""
        reason = policies.reason_to_hold_back(message, self.booking, self.visit.shop.ways, now=at)
        if not reason and message.kind == Kind.PAYMENT_LINK and not self.visit.till.has_open_link(at):
            reason = reasons.NOTHING_TO_PAY
        if reason:
            self._change(message, at, reason, status=Status.SUPPRESSED)
            return
        message.is_maybe_double |= message.pk in self.in_doubt
        if message.kind in PROMOTIONAL and message.pk in self.in_doubt:
            most = Notification.MAX_ATTEMPTS
            self._change(message, at, reasons.NOT_SENT_TWICE, status=Status.FAILED, attempts=most)
            return
        message.attempts += 1
        message.provider = CARRIER
        luck = self.chance.random() * 100
        if luck < REFUSED_PERCENT:
            self._refused(message, at)
        elif self.world.is_carrier_down(at) or luck < REFUSED_PERCENT + BUSY_PERCENT:
            self._put_off(message, at, Attempt.UNAVAILABLE)
        elif luck < REFUSED_PERCENT + BUSY_PERCENT + UNCLEAR_PERCENT:
            self._put_off(message, at, Attempt.IN_DOUBT)
        else:
            self._taken(message, at)

    def _call(self, message: Notification, at: datetime, status: str, code: str = "") -> DeliveryAttempt:
        call = DeliveryAttempt(
            salon_id=message.salon_id,
            notification_id=message.pk,
            provider=CARRIER,
            status=status,
            code=code,
            segments=message.segments,
            started_at=at,
            ended_at=at + SECOND,
        )
        self.calls[message.pk] = self.world.archive.add(call)
        return call

    def _refused(self, message: Notification, at: datetime) -> None:
        self._call(message, at, Attempt.REFUSED, BAD_NUMBER)
        problem = reasons.with_code(reasons.REFUSED, BAD_NUMBER)
        self._change(message, at, problem, status=Status.UNDELIVERED)

    def _put_off(self, message: Notification, at: datetime, failure: str) -> None:
        """Tried again later; after the last attempt it waits for a person, who often thinks of it."""
        is_in_doubt = failure == Attempt.IN_DOUBT
        self._call(message, at, failure, NO_ANSWER if is_in_doubt else "503")
        tries = self.tries[message.pk] = self.tries.get(message.pk, 0) + 1
        if is_in_doubt:
            self.in_doubt.add(message.pk)
        else:
            message.attempts -= 1
        delay = policies.retry_delay(tries)
        again = at + (max(delay, policies.DELAY_IN_DOUBT) if is_in_doubt else delay)
        words = reasons.with_code(reasons.MAYBE_SENT, NO_ANSWER) if is_in_doubt else reasons.UNAVAILABLE
        self._change(message, at, words, status=Status.FAILED, due_at=again)
        self.world.at(again, self.send, message)

    def _again(self, at: datetime, message: Notification) -> None:
        again = {"status": Status.PENDING, "attempts": 0, "due_at": at, "sent_again_at": at}
        self._change(message, at, "", why=reasons.SENT_AGAIN, by=self.visit.shop.support, **again)
        self.world.at(at + 2 * SECOND, self.send, message)

    def _taken(self, message: Notification, at: datetime) -> None:
        number = f"{self.chance.getrandbits(48):015}"
        call = self._call(message, at, Attempt.SENT)
        call.provider_message_id, call.currency = number, "SAR"
        call.cost = PRICE[Channel(message.channel)] * max(message.segments, 1)
        self._change(message, at, "", status=Status.SENT, sent_at=at, provider_message_id=number)
        if at >= self.world.reports_since:
            self.world.at(at + self.chance.randint(2, 45) * SECOND, self._reported, message)

    def _reported(self, at: datetime, message: Notification) -> None:
        luck = self.chance.random() * 100
        if message.channel == Channel.WHATSAPP and luck < NO_WHATSAPP_PERCENT:
            self._undelivered(message, at, NO_WHATSAPP)
            self.world.phones_without_whatsapp.add(message.recipient)
            sms = as_sms(message)
            sms.due_at = at
            self._keep(sms, at)
        elif luck < UNDELIVERED_PERCENT:
            self._undelivered(message, at, OUT_OF_REACH)
            if self.chance.random() < RETRIED_PERCENT / 100:
                self.world.at(at + minutes(self.chance.uniform(100, 300)), self._again, message)
        else:
            self._delivered(message, at)

    def _delivered(self, message: Notification, at: datetime) -> None:
        self._receipt(message, at, "delivered", "")
        self.calls[message.pk].status = Attempt.DELIVERED
        self._change(message, at, "", status=Status.DELIVERED, delivered_at=at)

    def _undelivered(self, message: Notification, at: datetime, code: str) -> None:
        self._receipt(message, at, "undelivered", code)
        self.calls[message.pk].status, self.calls[message.pk].code = Attempt.UNDELIVERED, code
        problem = reasons.with_code(reasons.NOT_DELIVERED, code)
        self._change(message, at, problem, status=Status.UNDELIVERED)

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
