"""What the gateway pays out: settlements and their lines, made of what the journal says was executed."""

from collections.abc import Iterator
from uuid import uuid4

from apps.payments.standin.clock import Clock
from apps.payments.standin.ledger import Ledger
from apps.payments.standin.listing import page_of, page_of_items
from apps.payments.standin.messages import Json, Refused
from apps.payments.standin.payments import fee_of
from apps.payments.standin.webhooks import public

LINE_TYPES = frozenset(
    {
        "payment",
        "refund",
        "void",
        "fee",
        "platform_duties",
        "other_duties",
        "chargeback",
        "chargeback_penalty",
        "installment",
    }
)
_TAKEN = frozenset({"paid", "captured"})


class Settlements:
    """Keeps each settlement as one object with its lines inside."""

    def __init__(self, ledger: Ledger, clock: Clock) -> None:
        self._ledger, self._clock = ledger, clock

    def listing(self, query: dict[str, str]) -> Json:
        settlements, meta = page_of(self._ledger.settlements, query)
        return {"settlements": [public(settlement) for settlement in settlements], "meta": meta}

    def lines(self, settlement_id: str, query: dict[str, str]) -> Json:
        settlement = self._ledger.settlements.get(settlement_id)
        if settlement is None:
            raise Refused(404, "record_not_found", "Object not found")
        lines, meta = page_of_items(settlement["_lines"], query)
        return {"lines": lines, "meta": meta}

    def settle(self) -> Json:
        """Pay out everything that was taken, refunded or voided since the last settlement."""
        journal, last = self._ledger.journal(), self._latest()
        settled = last["_journal"] if last else 0
        lines = [line for seq, line in self._lines_of(journal) if seq > settled]
        return self._add(lines, journal[-1]["seq"] if journal else 0)

    def add_line(self, line: Json) -> Json:
        """Put a line of somebody's making into the newest settlement, or into the first one."""
        latest = self._latest()
        if latest is None:
            return self._add([line], 0)
        latest["_lines"].append(line)
        latest |= _totals(latest["_lines"])
        self._ledger.settlements.save(latest)
        return public(latest)

    def new_line(
        self,
        payment_id: str | None,
        kind: str,
        amount: int,
        *,
        payment_amount: int | None = None,
        currency: str = "SAR",
        fee: int = 0,
        at: str | None = None,
    ) -> Json:
        """`amount` is net of `fee`, which is with its tax. Raise ValueError for a type that no settlement has."""
        if kind not in LINE_TYPES:
            raise ValueError(f"A settlement has no line of type {kind}.")
        return {
            "payment_id": payment_id,
            "type": kind,
            "currency": currency,
            "payment_amount": abs(amount) + fee if payment_amount is None else payment_amount,
            "amount": amount,
            "fee": fee,
            "tax": fee * 15 // 115,
            "reference_number": None,
            "created_at": at or self._clock.stamp(),
        }

    def _lines_of(self, journal: list[Json]) -> Iterator[tuple[int, Json]]:
        """Each step that moved money, with its number in the journal. Undoing a mere hold moves none."""
        taken = set()
        for step in journal:
            payment_id, amount = step["object_id"], step["amount"]
            if step["operation"] == "refund":
                yield step["seq"], self._line(step, "refund", -amount)
            elif step["operation"] == "void" and payment_id in taken:
                yield step["seq"], self._line(step, "void", -amount)
            elif step["status"] in _TAKEN and amount:
                taken.add(payment_id)
                yield step["seq"], self._line(step, "payment", amount - fee_of(amount), fee_of(amount))

    def _line(self, step: Json, kind: str, amount: int, fee: int = 0) -> Json:
        payment = self._ledger.payments.get(step["object_id"]) or {}
        return self.new_line(
            step["object_id"],
            kind,
            amount,
            payment_amount=payment.get("amount", step["amount"]),
            currency=payment.get("currency", "SAR"),
            fee=fee,
            at=step["at"],
        )

    def _latest(self) -> Json | None:
        return next(iter(self._ledger.settlements.find(limit=1)), None)

    def _add(self, lines: list[Json], journal_seq: int) -> Json:
        number = self._ledger.settlements.count() + 1
        settlement = {
            "id": str(uuid4()),
            "recipient_type": "Entity",
            "recipient_id": "standin",
            "currency": "SAR",
            "reference": f"STANDIN-{number:06d}",
            "invoice_url": None,
            "csv_list_url": None,
            "pdf_list_url": None,
            "created_at": self._clock.stamp(),
            "_lines": lines,
            "_journal": journal_seq,
        } | _totals(lines)
        self._ledger.settlements.add(settlement)
        return public(settlement)


def _totals(lines: list[Json]) -> Json:
    sums = {name: sum(line[name] for line in lines) for name in ("amount", "fee", "tax")}
    return sums | {"settlement_count": len(lines)}
