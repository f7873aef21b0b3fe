"""What money leaves behind on paper: tax documents, and the gateway's webhooks."""

from collections import defaultdict
from datetime import datetime
from random import Random

from apps.payments.models import Payment, Refund, TaxDocument, TaxSequence, WebhookEvent
from apps.payments.services.tax import complete, names_of
from apps.payments.tax import NOTHING, Line, credited, invoiced, within_bytes
from project.demo.gateway import event_of
from project.demo.shops import Shop
from project.demo.world import World, identity

Kind = TaxDocument.Kind


class Papers:
    """The documents of one visit's payments, numbered in the order of the salon's.

    Reporting to the tax authority is not switched on in the demo, so nothing waits to be reported.
    """

    def __init__(self, world: World, shop: Shop, chance: Random) -> None:
        self.world, self.shop, self.chance = world, shop, chance
        self._invoices: dict[object, TaxDocument] = {}
        self._invoiced = NOTHING  # and not credited
        self._notes: dict[object, list[list[Line]]] = defaultdict(list)

    def invoice(self, payment: Payment, at: datetime) -> None:
        """A salon without a VAT number writes none."""
        if self.shop.salon.vat_number:
            booking, paid = payment.booking, payment.captured_amount
            names = names_of(booking, paid=paid, before=self._invoiced)
            self._invoiced += paid
            document = TaxDocument(kind=Kind.INVOICE, payment=payment)
            self._invoices[payment.pk] = self._issue(document, invoiced([(*names, paid)], booking.vat_rate), at)

    def credit_note(self, refund: Refund, at: datetime) -> None:
        """All notes together carry exactly the VAT of what went back."""
        payment = refund.payment
        invoice = self._invoices.get(payment.pk)
        if invoice is None:
            return
        notes = self._notes[payment.pk]
        notes.append(credited([Line.of(kept) for kept in invoice.lines], notes, refund.amount))
        self._invoiced -= refund.amount
        document = TaxDocument(kind=Kind.CREDIT_NOTE, payment=payment, refund=refund, corrects=invoice)
        self._issue(document, notes[-1], at)

    def hear(self, kind: str, payment: Payment, at: datetime) -> None:
        """The gateway's webhook, acted on at once."""
        number = str(identity(self.chance))
        event = WebhookEvent(
            provider="moyasar",
            event_id=number,
            kind=kind,
            payload=event_of(number, kind, payment, at),
            status=WebhookEvent.Status.PROCESSED,
            due_at=at,
            received_at=at,
            processed_at=at,
        )
        self.world.archive.add(event)

    def _issue(self, document: TaxDocument, lines: list[Line], at: datetime) -> TaxDocument:
        salon = self.shop.salon
        document.salon, document.issued_at, document.vat_rate = salon, at, document.payment.booking.vat_rate
        document.seller_name = within_bytes(salon.name_ar or salon.name_en)
        document.seller_vat_number = salon.vat_number
        document.number = self._next_number()
        document.uuid = identity(self.world.chance("tax document", salon.slug, document.number))
        return self.world.archive.add(complete(document, lines), at=at)

    def _next_number(self) -> int:
        if self.shop.numbers is None:
            self.shop.numbers = self.world.archive.add(TaxSequence(salon=self.shop.salon))
        self.shop.numbers.last_number += 1
        return self.shop.numbers.last_number
