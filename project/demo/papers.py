"""What money leaves behind on paper: tax documents, and the gateway's webhooks."""

from datetime import datetime
from decimal import Decimal
from random import Random

from apps.common.money import vat_included
from apps.payments.models import Payment, Refund, TaxDocument, WebhookEvent
from apps.payments.tax import qr_payload, within_bytes
from project.demo.gateway import event_of
from project.demo.shops import Shop
from project.demo.world import World, identity

Kind = TaxDocument.Kind
NOTHING = Decimal("0.00")


class Papers:
    """The documents of one visit's payments, numbered in the order of the salon's."""

    def __init__(self, world: World, shop: Shop, chance: Random) -> None:
        self.world, self.shop, self.chance = world, shop, chance
        self._invoices: dict[object, TaxDocument] = {}
        self._credited: dict[object, tuple[Decimal, Decimal]] = {}

    def invoice(self, payment: Payment, at: datetime) -> None:
        """A salon without a VAT number writes none."""
        if self.shop.salon.vat_number:
            vat = vat_included(payment.captured_amount, payment.booking.vat_rate)
            about = {"kind": Kind.INVOICE, "payment": payment}
            self._invoices[payment.pk] = self._issue(payment.captured_amount, vat, at, about)

    def credit_note(self, refund: Refund, at: datetime) -> None:
        """All notes together carry exactly the VAT of what went back."""
        payment = refund.payment
        invoice = self._invoices.get(payment.pk)
        if invoice is None:
            return
        gross, vat = self._credited.get(payment.pk, (NOTHING, NOTHING))
        total = vat_included(gross + refund.amount, payment.booking.vat_rate)
        self._credited[payment.pk] = gross + refund.amount, total
        about = {"kind": Kind.CREDIT_NOTE, "payment": payment, "refund": refund, "corrects": invoice}
        self._issue(refund.amount, total - vat, at, about)

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

    def _issue(self, gross: Decimal, vat: Decimal, at: datetime, about: dict[str, object]) -> TaxDocument:
        salon = self.shop.salon
        self.shop.last_document += 1
        seller = within_bytes(salon.name_ar or salon.name_en)
        document = TaxDocument(
            salon=salon,
            number=self.shop.last_document,
            issued_at=at,
            seller_name=seller,
            seller_vat_number=salon.vat_number,
            gross_amount=gross,
            net_amount=gross - vat,
            vat_amount=vat,
            qr_payload=qr_payload(seller=seller, vat_number=salon.vat_number, issued_at=at, total=gross, vat=vat),
            **about,
        )
        return self.world.archive.add(document, at=at)
