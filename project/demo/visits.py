"""The life of one booking, as the salon and the customer live it.

Every step does to the row what the use case of the same name in `apps.bookings.services` does, at its own moment and
in the name of whoever did it. Steps that lie after now are never carried out.
"""

import json
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from apps.accounts.models import IdempotencyKey, User
from apps.bookings import policies
from apps.bookings.models import REFERENCE_ALPHABET, Booking
from apps.common.money import VAT_RATE, percentage, vat_included
from apps.notifications.models import Kind
from apps.salons.models import Customer, Review, Salon
from project.demo.messages import Mail
from project.demo.money import Till
from project.demo.planning import Plan
from project.demo.shops import Shop
from project.demo.world import ZONE, World, identity, minutes

Status = Booking.Status
NOTHING = Decimal("0.00")
NO_SHOW_PERCENT = 6
CANCELLED_PERCENT = 8
BY_SALON_PERCENT = 20
UNDONE_PERCENT = 0.6
REVIEW_PERCENT = 22
NOTE_PERCENT = 9
BLOCKED_PERCENT = 4
RATINGS, RATING_SHARES = (5, 4, 3, 2, 1), (62, 22, 8, 5, 3)
KEYS_ARE_KEPT = timedelta(hours=48)
MORNING = 9


def when_somebody_is_there(moment: datetime) -> datetime:
    """`moment`, or the morning after it when the salon sleeps."""
    hour = moment.astimezone(ZONE).hour
    return moment + timedelta(hours=MORNING - hour) if 0 < hour < MORNING else moment


class VisitStory:
    """One visit; `booking` is there once it was booked."""

    booking: Booking

    def __init__(self, world: World, shop: Shop, plan: Plan) -> None:
        self.world, self.shop, self.plan = world, shop, plan
        self.chance = world.chance(plan.name)
        self.fate = self.chance.random() * 100
        self.mail, self.till = Mail(self), Till(self)
        world.at(plan.booked_at, self.place)

    @property
    def is_cancelled_later(self) -> bool:
        return NO_SHOW_PERCENT <= self.fate < NO_SHOW_PERCENT + CANCELLED_PERCENT

    def place(self, at: datetime) -> None:
        plan, salon = self.plan, self.shop.salon
        price: Any = plan.offer.price_amount
        actor = plan.person if plan.is_online else self.shop.desk
        card = self._card(at, actor)
        if card.is_blocked and plan.is_online:
            return
        source = Booking.Source.ONLINE if plan.is_online else Booking.Source.DESK
        prepay = percentage(price, policies.advance_percent(salon, source=source, no_shows=0))
        waits = plan.is_online and salon.confirmation != Salon.Confirmation.AUTOMATIC
        self.booking = self._draft(card, actor)
        self.booking.prepay_amount = prepay
        self.booking.status = Status.PENDING if waits else Status.CONFIRMED
        self.booking.hold_expires_at = at + minutes(salon.hold_minutes) if prepay else None
        self.booking.place(staff=plan.offer.staff, starts_at=plan.first_starts_at)
        self.booking.protected_starts_at = plan.first_starts_at
        self.world.archive.add(self.booking, at=at, by=actor)
        self._keep_the_key(at)
        if prepay:
            self.till.ask_for_advance(at)
        elif waits:
            self.mail.tell(Kind.BOOKING_RECEIVED, at)
            latest = min(plan.starts_at, plan.first_starts_at) - minutes(5)
            answered = when_somebody_is_there(at + minutes(self.chance.uniform(4, 240)))
            self.world.at(max(at + minutes(4), min(answered, latest)), self.confirm)
        else:
            self.mail.tell(Kind.BOOKING_CONFIRMED, at)
            self.becomes_firm(at)

    def confirm(self, at: datetime) -> None:
        """The salon accepts."""
        self._change(at, self.shop.desk, status=Status.CONFIRMED)
        self.mail.tell(Kind.BOOKING_CONFIRMED, at)
        self.becomes_firm(at)

    def confirm_paid(self, at: datetime) -> None:
        """The advance arrived."""
        if self.booking.status == Status.PENDING:
            self._change(at, None, status=Status.CONFIRMED, hold_expires_at=None)
            self.mail.tell(Kind.BOOKING_CONFIRMED, at)
            self.becomes_firm(at)

    def expire(self, at: datetime) -> None:
        """The advance did not come in time."""
        if self.booking.status == Status.PENDING:
            self._change(at, None, status=Status.EXPIRED)

    def becomes_firm(self, at: datetime) -> None:
        """From here on the visit takes its course."""
        starts_at, world = self.plan.starts_at, self.world
        earliest = min(starts_at, self.plan.first_starts_at)
        self.mail.plan_reminder(at)
        if starts_at != self.plan.first_starts_at:
            world.at(at + (earliest - at) * self.chance.uniform(0.1, 0.6), self.move)
        if not self.plan.is_online or self.shop.salon.confirmation != Salon.Confirmation.PAYMENT:
            self.till.perhaps_pay_online(at)
        if self.is_cancelled_later:
            world.at(at + (earliest - at) * self.chance.uniform(0.65, 0.97), self.cancel)
        elif self.fate < NO_SHOW_PERCENT:
            grace = self.shop.salon.no_show_grace_minutes
            world.at(starts_at + minutes(grace + self.chance.uniform(2, 20)), self.miss)
        else:
            world.at(max(at, starts_at + minutes(self.chance.uniform(-9, 6))), self.arrive)

    def move(self, at: datetime) -> None:
        """Another time on the same day: the customer's own wish while that is free, the salon's hand afterwards."""
        actor = self.plan.person if at < policies.free_until(self.booking) else self.shop.desk
        reason = "" if actor is self.plan.person else self.chance.choice(self.world.content.words["moved"])
        self.booking.place(staff=self.booking.staff, starts_at=self.plan.starts_at)
        self.booking.protected_starts_at = min(self.booking.protected_starts_at, self.plan.starts_at)
        self._change(at, actor, reason)
        self.mail.tell(Kind.BOOKING_MOVED, at)
        self.mail.plan_reminder(at)

    def cancel(self, at: datetime) -> None:
        words, by_salon = self.world.content.words, self.chance.random() < BY_SALON_PERCENT / 100
        by = Booking.CancelledBy.SALON if by_salon else Booking.CancelledBy.CUSTOMER
        actor = self.shop.desk if by_salon or not self.plan.is_online else self.plan.person
        reason = self.chance.choice(words[f"cancelled_by_{by}"])
        fee = policies.cancellation_fee(self.booking, by=by, now=at)
        cancelled = {"status": Status.CANCELLED, "cancelled_by": by, "cancellation_fee_amount": fee}
        self._change(at, actor, reason, **cancelled)
        self.till.settle_open(at, fee - self.till.kept)
        self.till.returns.return_all_but(fee, at, actor, reason)
        self.mail.tell(Kind.BOOKING_CANCELLED, at)

    def arrive(self, at: datetime) -> None:
        self._change(at, self.shop.desk, status=Status.ARRIVED)
        ends = self.booking.ends_at + minutes(self.chance.uniform(-6, 9))
        self.world.at(max(at + minutes(5), ends), self.complete)

    def complete(self, at: datetime) -> None:
        """Served; in a few cases it was the wrong row, and the desk takes the step back."""
        self._change(at, self._who_completes(), status=Status.COMPLETED)
        self.mail.tell(Kind.REVIEW_INVITATION, at)
        if self.chance.random() < UNDONE_PERCENT / 100:
            self.world.at(at + minutes(3), self.undo)
            return
        self.world.at(at + minutes(self.chance.uniform(1, 6)), self.till.take_the_rest)
        if self.chance.random() < REVIEW_PERCENT / 100:
            self.world.at(at + minutes(self.chance.uniform(30, 2400)), self.review)

    def undo(self, at: datetime) -> None:
        reason = self.chance.choice(self.world.content.words["undone"])
        self._change(at, self.shop.desk, reason, status=Status.ARRIVED)
        self.world.at(at + minutes(8), self.complete)

    def miss(self, at: datetime) -> None:
        """The customer did not come; some may not book online any more afterwards."""
        self._change(at, self.shop.desk, status=Status.NO_SHOW)
        self.till.settle_open(at, NOTHING)
        card = self.booking.customer
        if not card.is_blocked and self.chance.random() < BLOCKED_PERCENT / 100:
            reason = self.chance.choice(self.world.content.words["blocked_notes"])
            self.world.archive.change(card, at=at, by=self.shop.desk, reason=reason, is_blocked=True, notes=reason)

    def review(self, at: datetime) -> None:
        """The customer's word, which the manager hides when it is unfit to be read by others."""
        words, booking = self.world.content.words, self.booking
        (rating,) = self.chance.choices(RATINGS, RATING_SHARES)
        review = Review(
            salon=booking.salon,
            customer=booking.customer,
            service=booking.service,
            staff=booking.staff,
            rating=rating,
            comment=self.chance.choice(words["reviews"][str(rating)]),
        )
        self.world.archive.add(review, at=at, by=self.plan.person)
        self.world.archive.change(booking, at=at, by=self.plan.person, review=review)
        if self.chance.random() < (0.4 if rating == 1 else 0.015):
            self.world.at(at + minutes(self.chance.uniform(20, 900)), self.hide, review)

    def hide(self, at: datetime, review: Review) -> None:
        reason = self.chance.choice(self.world.content.words["hidden_reviews"])
        self.world.archive.change(review, at=at, by=self.shop.manager, reason=reason, is_published=False)

    def _change(self, at: datetime, actor: User | None, reason: str = "", **values: object) -> None:
        self.booking.version += 1
        self.world.archive.change(self.booking, at=at, by=actor, reason=reason, **values)

    def _who_completes(self) -> User:
        return self.booking.staff.user or self.shop.desk

    def _card(self, at: datetime, actor: User) -> Customer:
        """The salon's card of this person, opened with their first booking."""
        card = self.shop.cards.get(self.plan.person.pk)
        if card is None:
            words = self.world.content.words
            notes = self.chance.choice(words["card_notes"]) if self.chance.random() < 0.1 else ""
            card = Customer(salon=self.shop.salon, user=self.plan.person, notes=notes)
            self.shop.cards[self.plan.person.pk] = self.world.archive.add(card, at=at, by=actor)
        return card

    def _draft(self, card: Customer, actor: User) -> Booking:
        service, salon = self.plan.service, self.shop.salon
        price: Any = self.plan.offer.price_amount
        vat_rate = VAT_RATE if salon.vat_number else NOTHING
        has_note = self.plan.is_online and self.chance.random() < NOTE_PERCENT / 100
        return Booking(
            id=identity(self.chance),
            reference="".join(self.chance.choices(REFERENCE_ALPHABET, k=9)),
            salon=salon,
            customer=card,
            service=service,
            source=Booking.Source.ONLINE if self.plan.is_online else Booking.Source.DESK,
            note=self.chance.choice(self.world.content.words["customer_notes"]) if has_note else "",
            booked_by=actor,
            service_name_ar=service.name_ar,
            service_name_en=service.name_en,
            duration_minutes=self.plan.offer.duration_minutes,
            buffer_before_minutes=service.buffer_before_minutes,
            buffer_after_minutes=service.buffer_after_minutes,
            price_amount=price,
            vat_rate=vat_rate,
            vat_amount=vat_included(price, vat_rate),
            free_cancellation_hours=salon.free_cancellation_hours,
            late_cancellation_percent=salon.late_cancellation_percent,
        )

    def _keep_the_key(self, at: datetime) -> None:
        """What the customer's app sent with the booking, as long as such keys are kept."""
        if self.plan.is_online and at > self.world.now - KEYS_ARE_KEPT:
            key = IdempotencyKey(
                user=self.plan.person,
                key=str(identity(self.chance)),
                method="POST",
                path="/api/v1/bookings/",
                body_hash=f"{self.chance.getrandbits(256):064x}",
                response_status=201,
                response_body=json.dumps({"id": str(self.booking.pk), "reference": self.booking.reference}),
            )
            self.world.archive.add(key, at=at)
