"""What the gateway does with payments: charge, capture, void, refund, and the rules that refuse."""

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID, uuid4

from apps.payments.standin.cards import (
    APPROVED_CODE,
    Verdict,
    judge_card,
    judge_stc_code,
    judge_token,
    judge_wallet,
    stc_source,
)
from apps.payments.standin.clock import Clock, parse_moment
from apps.payments.standin.ledger import Ledger
from apps.payments.standin.listing import page_of
from apps.payments.standin.messages import Json, Refused
from apps.payments.standin.switches import Switches
from apps.payments.standin.validation import Check, has_metadata, is_url, merged_metadata
from apps.payments.standin.webhooks import Webhooks, public

_WALLETS = frozenset({"applepay", "samsungpay"})
_ENDINGS = ("message", "response_code")


class Payments:
    """`address()` is the stand-in's own address, to which payers are sent for 3-D Secure."""

    def __init__(
        self,
        ledger: Ledger,
        clock: Clock,
        switches: Switches,
        webhooks: Webhooks,
        address: Callable[[], str],
    ) -> None:
        self._ledger, self._clock, self._switches = ledger, clock, switches
        self._webhooks, self._address = webhooks, address

    def create(self, fields: Json) -> Json:
        """A declined charge is created as well: its status says `failed`."""
        self._validate(fields)
        given_id, source = fields.get("given_id"), fields["source"]
        if given_id and self._ledger.payments.get(given_id):
            message = "The given_id provided has been already used with a different payment."
            raise Refused(400, "used_given_id", message)
        kind = source["type"]
        judged = {"creditcard": lambda: judge_card(source["number"]), "token": lambda: judge_token(source["token"])}
        verdict = judged.get(kind, lambda: judge_wallet(fields["amount"]))()
        payment = self.new(
            amount=fields["amount"],
            currency=fields["currency"],
            description=fields.get("description"),
            metadata=fields.get("metadata"),
            source=verdict.source(kind),
            payment_id=given_id,
            callback_url=fields.get("callback_url"),
            coupons=fields.get("apply_coupon") is not False,
        )
        payment["_manual"] = source.get("manual") is True
        self._ledger.payments.add(payment)
        if verdict.asks_payer and source.get("3ds") is not False:
            return self._await_payer(payment, "card_auth", operation="create_payment", origin="api")
        return self._charge(payment, approved=verdict.approved, operation="create_payment", origin="api")

    def pay_invoice(self, invoice: Json, verdict: Verdict) -> Json:
        """A payer's attempt on the hosted page."""
        payment = self._attempt(invoice, verdict.source("creditcard"))
        return self._charge(payment, approved=verdict.approved, operation="pay_invoice", origin="payer")

    def begin_by_card(self, invoice: Json, verdict: Verdict) -> Json:
        """A payer's attempt that has come as far as the bank's question."""
        payment = self._attempt(invoice, verdict.source("creditcard"))
        return self._await_payer(payment, "card_auth", operation="begin_payment", origin="payer")

    def begin_by_stc(self, invoice: Json, mobile: str) -> Json:
        """A payer's attempt by STC Pay, which sends a code to the mobile or refuses it at once."""
        payment = self._attempt(invoice, stc_source(mobile))
        if payment["source"]["message"]:
            return self._charge(payment, approved=False, operation="pay_invoice", origin="payer")
        return self._await_payer(payment, "stc_pay", operation="begin_payment", origin="payer")

    def answer_challenge(self, payment_id: str, *, authenticated: bool) -> Json:
        """Finish 3-D Secure of an initiated payment."""
        payment = self._waiting(payment_id, "card_auth")
        refused = {"message": "3-D Secure transaction attempt failed (Unauthenticated)", "response_code": None}
        payment["source"] |= payment["_verdict"] if authenticated else refused
        approved = payment["source"]["response_code"] == APPROVED_CODE
        return self._charge(payment, approved=approved, operation="answer_challenge", origin="payer")

    def enter_code(self, payment_id: str, code: str) -> Json:
        """Finish STC Pay with the code that its payer was sent."""
        payment = self._waiting(payment_id, "stc_pay")
        approved, message = judge_stc_code(code)
        payment["source"] |= {"message": message}
        return self._charge(payment, approved=approved, operation="enter_code", origin="payer")

    def fetch(self, payment_id: str) -> Json:
        return public(self._get(payment_id))

    def fetch_stale(self, payment_id: str) -> Json:
        """The payment as a lagging read still sees it."""
        return public(self._ledger.payments.previous(payment_id) or self._get(payment_id))

    def listing(self, query: dict[str, str]) -> Json:
        payments, meta = page_of(self._ledger.payments, query)
        return {"payments": [public(payment) for payment in payments], "meta": meta}

    def update(self, payment_id: str, fields: Json) -> Json:
        payment = self._get(payment_id)
        if "description" in fields:
            payment["description"] = fields["description"]
        if "metadata" in fields:
            payment["metadata"] = merged_metadata(payment["metadata"], fields["metadata"])
        return self._save(payment)

    def capture(self, payment_id: str, fields: Json, origin: str = "api") -> Json:
        payment = self._get(payment_id)
        if payment["status"] != "authorized":
            raise _wrong_state("Only authorized payments can be captured.")
        amount = _amount(fields, payment["amount"], "Capture amount exceeds the authorized amount.")
        payment |= {"status": "captured", "captured": amount}
        return self._executed(payment, "capture", amount, origin, "payment_captured", "captured_at")

    def void(self, payment_id: str, fields: Json, origin: str = "api") -> Json:
        payment = self._get(payment_id)
        window = timedelta(seconds=self._switches.void_window_seconds)
        created_at = parse_moment(payment["created_at"])
        unsettled = created_at is not None and self._clock.now() <= created_at + window
        settled_kind = payment["status"] in ("paid", "captured") and self._switches.void_scope == "unsettled"
        if payment["status"] != "authorized" and not (settled_kind and unsettled and not payment["refunded"]):
            raise _wrong_state("The payment cannot be voided.")
        payment["status"] = "voided"
        taken = payment["captured"] or payment["amount"]
        return self._executed(payment, "void", taken, origin, "payment_voided", "voided_at")

    def refund(self, payment_id: str, fields: Json, origin: str = "api") -> Json:
        payment = self._get(payment_id)
        taken, before = payment["captured"] or payment["amount"], payment["refunded"]
        states = {"paid", "captured"} | ({"refunded"} if 0 < before < taken else set())
        if payment["status"] not in states or (before and self._switches.second_refund == "refuse"):
            raise _wrong_state("Only paid or captured payments can be refunded.")
        amount = _amount(fields, taken - before, "Refund amount exceeds the refundable amount.")
        payment["refunded"] = before + amount
        if before + amount == taken or self._switches.partial_refund_status == "refunded":
            payment["status"] = "refunded"
        return self._executed(payment, "refund", amount, origin, "payment_refunded", "refunded_at")

    def new(
        self,
        *,
        amount: int,
        currency: str,
        description: str | None,
        metadata: Json | None,
        source: Json,
        payment_id: str | None = None,
        invoice_id: str | None = None,
        callback_url: str | None = None,
        coupons: bool = True,
    ) -> Json:
        """An initiated payment with every documented key, a coupon's discount taken off."""
        discount = self._switches.coupon_discount if coupons else 0
        if discount:
            coupon = {"#coupon_discount": discount, "#coupon_original_amount": amount, "#coupon_code": "STANDIN"}
            metadata, amount = (metadata or {}) | coupon, amount - discount
        now = self._clock.stamp()
        return {
            "id": payment_id or str(uuid4()),
            "status": "initiated",
            "amount": amount,
            "fee": fee_of(amount),
            "currency": currency,
            "refunded": 0,
            "refunded_at": None,
            "captured": 0,
            "captured_at": None,
            "voided_at": None,
            "description": description,
            "invoice_id": invoice_id,
            "ip": None,
            "callback_url": callback_url,
            "created_at": now,
            "updated_at": now,
            "metadata": metadata,
            "source": source,
        } | _formats(amount, 0, 0, currency)

    def _attempt(self, invoice: Json, source: Json) -> Json:
        payment = self.new(
            amount=invoice["amount"],
            currency=invoice["currency"],
            description=invoice["description"],
            metadata=None,
            source=source,
            invoice_id=invoice["id"],
        )
        self._ledger.payments.add(payment)
        return payment

    def _await_payer(self, payment: Json, page: str, *, operation: str, origin: str) -> Json:
        """Send the payer to a page of the bank's or the wallet's; how the charge would end stays hidden until then."""
        source = payment["source"]
        payment |= {"_page": page, "_verdict": {name: source[name] for name in _ENDINGS if name in source}}
        source |= dict.fromkeys(payment["_verdict"])
        source["transaction_url"] = f"{self._address()}/{page}/{payment['id']}"
        self._ledger.payments.save(payment)
        self._ledger.record(self._clock.stamp(), operation, payment, 0, origin)
        return public(payment)

    def _waiting(self, payment_id: str, page: str) -> Json:
        payment = self._get(payment_id)
        if payment["status"] != "initiated" or payment.get("_page") != page:
            raise Refused(400, "3ds_auth_error", "The payment is not waiting for authentication.")
        return payment

    def _charge(self, payment: Json, *, approved: bool, operation: str, origin: str) -> Json:
        status = ("authorized" if payment.get("_manual") else "paid") if approved else "failed"
        payment["status"] = status
        amount = payment["amount"] if approved else 0
        return self._executed(payment, operation, amount, origin, f"payment_{status}")

    def _executed(
        self, payment: Json, operation: str, amount: int, origin: str, event: str, stamped: str = "updated_at"
    ) -> Json:
        """Keep what was done, its journal line and its event; `stamped` names the moment it is known by."""
        told = self._save(payment, stamped)
        self._ledger.record(payment["updated_at"], operation, payment, amount, origin)
        self._webhooks.announce(event, payment)
        return told

    def _save(self, payment: Json, stamped: str = "updated_at") -> Json:
        payment["updated_at"] = payment[stamped] = self._clock.stamp()
        amounts = (payment["amount"], payment["refunded"], payment["captured"])
        payment |= _formats(*amounts, payment["currency"])
        self._ledger.payments.save(payment)
        return public(payment)

    def _get(self, payment_id: str) -> Json:
        payment = self._ledger.payments.get(payment_id)
        if payment is None:
            raise Refused(404, "record_not_found", "Object not found")
        return payment

    def _validate(self, fields: Json) -> None:
        source = fields.get("source")
        source = source if isinstance(source, dict) else {}
        kind, check = source.get("type"), Check()
        check.amount(fields.get("amount"))
        check.currency(fields.get("currency"))
        check.that("metadata", has_metadata(fields), "The metadata is not valid.")
        check.that("given_id", _is_given_id(fields.get("given_id")), "The given id must be a UUID v4.")
        check.that("source.type", kind in _WALLETS | {"creditcard", "token"}, "The source type is not supported.")
        if kind in ("creditcard", "token"):
            check.that("callback_url", is_url(fields.get("callback_url")), "The callback url is required.")
        if kind == "creditcard":
            name = str(source.get("name", ""))
            check.that("source.name", len(name.split()) >= 2, "The name must have two words.")
            check.that("source.number", str(source.get("number", "")).isdigit(), "The number is not valid.")
        elif kind in _WALLETS | {"token"}:
            check.that("source.token", isinstance(source.get("token"), str), "The token is required.")
        check.raise_errors()
        if source.get("save_card") is True and source.get("3ds") is False:
            message = "save_card options can't be used with MOTO transaction"
            raise Refused(400, "invalid_request_error", message)


def _is_given_id(value: object) -> bool:
    if value is None:
        return True
    try:
        return str(UUID(str(value))) == value and UUID(str(value)).version == 4
    except ValueError:
        return False


def _amount(fields: Json, limit: int, message: str) -> int:
    """The optional `amount` of a capture or refund; absent means all of it."""
    amount = fields.get("amount", limit)
    if type(amount) is not int or amount < 1:
        raise Refused(400, "validation_error", "Validation Failed", {"amount": ["The value is not valid."]})
    if amount > limit:
        raise Refused(400, "invalid_request_error", message)
    return amount


def _wrong_state(message: str) -> Refused:
    return Refused(400, "invalid_request_error", message)


def fee_of(amount: int) -> int:
    """An estimate as good as the gateway's own: 1.75 % and one riyal, with VAT."""
    return (amount * 175 // 10_000 + 100) * 115 // 100


def _formats(amount: int, refunded: int, captured: int, currency: str) -> Json:
    shown = {"amount_format": amount, "fee_format": fee_of(amount)}
    shown |= {"refunded_format": refunded, "captured_format": captured}
    return {key: f"{value // 100}.{value % 100:02d} {currency}" for key, value in shown.items()}
