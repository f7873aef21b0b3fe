"""What the gateway does with invoices, the hosted payment links."""

from collections.abc import Callable
from uuid import uuid4

from apps.payments.standin.cards import judge_card
from apps.payments.standin.clock import Clock, parse_moment, stamp
from apps.payments.standin.ledger import Ledger
from apps.payments.standin.listing import page_of
from apps.payments.standin.messages import Json, Refused
from apps.payments.standin.payments import Payments
from apps.payments.standin.switches import Switches
from apps.payments.standin.validation import Check, has_metadata, is_url, merged_metadata
from apps.payments.standin.webhooks import Webhooks, public

BULK_LIMIT = 50
_URLS = ("callback_url", "success_url", "back_url")


class Invoices:
    """`address()` is the stand-in's own address, under which the checkout page answers."""

    def __init__(
        self,
        ledger: Ledger,
        clock: Clock,
        switches: Switches,
        webhooks: Webhooks,
        payments: Payments,
        address: Callable[[], str],
    ) -> None:
        self._ledger, self._clock, self._switches = ledger, clock, switches
        self._webhooks, self._payments, self._address = webhooks, payments, address

    def create(self, fields: Json) -> Json:
        self._validate(fields)
        now, expires_at = self._clock.stamp(), self._expiry(fields)
        invoice = {
            "id": str(uuid4()),
            "status": "initiated",
            "amount": fields["amount"],
            "currency": fields["currency"],
            "description": fields["description"],
            "logo_url": None,
            "amount_format": f"{fields['amount'] // 100}.{fields['amount'] % 100:02d} {fields['currency']}",
            "callback_url": fields.get("callback_url"),
            "expired_at": expires_at,
            "created_at": now,
            "updated_at": now,
            "back_url": fields.get("back_url"),
            "success_url": fields.get("success_url"),
            "metadata": fields.get("metadata"),
        }
        self._ledger.invoices.add(invoice)
        self._ledger.record(now, "create_invoice", invoice, invoice["amount"], "api")
        return self.shown(invoice)

    def create_many(self, fields: Json) -> Json:
        orders = fields.get("invoices")
        if not isinstance(orders, list) or not 0 < len(orders) <= BULK_LIMIT:
            raise Refused(400, "validation_error", "Validation Failed", {"invoices": "Send 1 to 50 invoices."})
        return {"invoices": [self.create(order if isinstance(order, dict) else {}) for order in orders]}

    def fetch(self, invoice_id: str) -> Json:
        return self.shown(self._get(invoice_id))

    def fetch_stale(self, invoice_id: str) -> Json:
        """The invoice and its payments as a lagging read still sees them."""
        stale = self._ledger.invoices.previous(invoice_id) or self._get(invoice_id)
        payments = self._ledger.payments.find([("invoice_id = ?", (invoice_id,))])
        return self.shown(stale) | {"payments": [self._payments.fetch_stale(one["id"]) for one in reversed(payments)]}

    def listing(self, query: dict[str, str]) -> Json:
        self._expire_due()
        invoices, meta = page_of(self._ledger.invoices, query)
        return {"invoices": [self.shown(invoice) for invoice in invoices], "meta": meta}

    def update(self, invoice_id: str, fields: Json) -> Json:
        invoice = self._get(invoice_id)
        invoice["metadata"] = merged_metadata(invoice["metadata"], fields.get("metadata", {}))
        return self._save(invoice)

    def cancel(self, invoice_id: str, origin: str = "api") -> Json:
        invoice = self._get(invoice_id)
        obstacle = {"canceled": "canceled", "expired": "expired", "paid": "paid"}.get(invoice["status"])
        if obstacle == "paid" and self._switches.cancel_paid_invoice == "accept":
            obstacle = None
        if obstacle:
            message = f"Cancel failed. The Invoice is already {obstacle}."
            raise Refused(400, "invalid_request_error", message)
        invoice["status"] = "canceled"
        self._ledger.record(self._clock.stamp(), "cancel_invoice", invoice, 0, origin)
        return self._save(invoice)

    def pay(self, invoice_id: str, card: str) -> Json:
        """A payer's attempt with that card; return the payment. A declined one leaves the invoice as it was."""
        return self._concluded(self._payments.pay_invoice(self._payable(invoice_id), judge_card(card)))

    def begin_by_card(self, invoice_id: str, card: str) -> Json:
        """A payer's attempt that has come as far as the bank's question; return the initiated payment."""
        return self._payments.begin_by_card(self._payable(invoice_id), judge_card(card))

    def begin_by_stc(self, invoice_id: str, mobile: str) -> Json:
        """A payer's attempt by STC Pay; return the payment, initiated or failed already."""
        return self._payments.begin_by_stc(self._payable(invoice_id), mobile)

    def answer_challenge(self, payment_id: str, *, authenticated: bool) -> Json:
        """End what `begin_by_card` or a charged token began. Who began in time is let through, however late."""
        return self._concluded(self._payments.answer_challenge(payment_id, authenticated=authenticated))

    def enter_code(self, payment_id: str, code: str) -> Json:
        """End what `begin_by_stc` began."""
        return self._concluded(self._payments.enter_code(payment_id, code))

    def is_payable(self, status: str) -> bool:
        allowed = {"initiated"}
        allowed |= {"paid"} if self._switches.allow_double_payment else set()
        allowed |= {"canceled", "expired"} if self._switches.allow_late_payment else set()
        return status in allowed

    def shown(self, invoice: Json) -> Json:
        """The invoice as the API tells it: with its address of today and all its payments."""
        payments = self._ledger.payments.find([("invoice_id = ?", (invoice["id"],))])
        url = f"{self._address()}/invoices/{invoice['id']}"
        return public(invoice) | {"url": url, "payments": [public(payment) for payment in reversed(payments)]}

    def _payable(self, invoice_id: str) -> Json:
        invoice = self._get(invoice_id)
        if not self.is_payable(invoice["status"]):
            raise Refused(400, "invalid_request_error", f"The Invoice is already {invoice['status']}.")
        return invoice

    def _concluded(self, payment: Json) -> Json:
        """An attempt that succeeded pays its invoice."""
        if payment["status"] == "paid" and payment["invoice_id"]:
            invoice = self._get(payment["invoice_id"])
            invoice["status"] = "paid"
            shown = self._save(invoice)
            if invoice["callback_url"]:
                self._webhooks.call_back(invoice["callback_url"], shown)
        return payment

    def _get(self, invoice_id: str) -> Json:
        self._expire_due()
        invoice = self._ledger.invoices.get(invoice_id)
        if invoice is None:
            raise Refused(404, "record_not_found", "Object not found")
        return invoice

    def _save(self, invoice: Json) -> Json:
        invoice["updated_at"] = self._clock.stamp()
        self._ledger.invoices.save(invoice)
        return self.shown(invoice)

    def _expire_due(self) -> None:
        """Expiry is lazy: nothing happens at the moment itself, the next look finds it."""
        due = ("status = 'initiated' AND json_extract(body, '$.expired_at') <= ?", (self._clock.stamp(),))
        for invoice in self._ledger.invoices.find([due]):
            invoice["status"] = "expired"
            self._save(invoice)

    def _expiry(self, fields: Json) -> str | None:
        moment = parse_moment(fields.get("expired_at"), self._switches.bare_date_offset_hours)
        return stamp(moment) if moment else None

    def _validate(self, fields: Json) -> None:
        check, now, expires = Check(), self._clock.now(), fields.get("expired_at")
        check.amount(fields.get("amount"))
        check.currency(fields.get("currency"))
        description = fields.get("description")
        check.that("description", isinstance(description, str) and description != "", "The value is required.")
        check.that("metadata", has_metadata(fields), "The metadata is not valid.")
        for name in _URLS:
            check.that(name, fields.get(name) is None or is_url(fields[name]), "The url is not valid.")
        moment = parse_moment(expires, self._switches.bare_date_offset_hours)
        check.that("expired_at", expires is None or moment is not None, "The value is not a date.")
        earliest = f"{now:%Y-%m-%d %H:%M:%S} +0000"
        message = f"The value must be greater than or equal to {earliest}."
        check.that("expired_at", moment is None or moment >= now, message)
        check.raise_errors()
