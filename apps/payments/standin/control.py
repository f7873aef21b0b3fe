"""The handle for tests and demos: see the truth, arm faults, turn switches, play payer and dashboard.

Every method is also a call under /control, with a JSON object of the same arguments.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any, TypeVar

from apps.payments.standin.cards import APPROVED_CARD, judge_card
from apps.payments.standin.clock import Clock
from apps.payments.standin.faults import Faults
from apps.payments.standin.invoices import Invoices
from apps.payments.standin.ledger import Ledger
from apps.payments.standin.messages import Json, Refused, Request, Route
from apps.payments.standin.payments import Payments
from apps.payments.standin.sender import Sender
from apps.payments.standin.settlements import Settlements
from apps.payments.standin.switches import Switches
from apps.payments.standin.webhooks import Webhooks, public

_Told = TypeVar("_Told")


class Control:
    """Works on the running stand-in at once; from another process use the HTTP calls."""

    def __init__(
        self,
        *,
        ledger: Ledger,
        clock: Clock,
        switches: Switches,
        faults: Faults,
        payments: Payments,
        invoices: Invoices,
        webhooks: Webhooks,
        settlements: Settlements,
        sender: Sender,
    ) -> None:
        self._ledger, self._clock, self._switches, self._faults = ledger, clock, switches, faults
        self._payments, self._invoices, self._webhooks, self._sender = payments, invoices, webhooks, sender
        self._settlements = settlements
        self._at_start = asdict(switches)

    def report(self) -> Json:
        """The ground truth: objects oldest first, all that was executed, and per API operation two counts.

        `calls` counts what was received, refused or not; `executed` counts what took effect.
        """
        with self._ledger.transaction():
            journal = self._ledger.journal()
            executed = Counter(line["operation"] for line in journal if line["origin"] == "api")
            return {
                "payments": [public(payment) for payment in reversed(self._ledger.payments.find())],
                "invoices": [self._invoices.shown(invoice) for invoice in reversed(self._ledger.invoices.find())],
                "journal": journal,
                "calls": self._ledger.calls(),
                "executed": executed,
                "deliveries": {
                    state: len(self._ledger.deliveries(state))
                    for state in ("pending", "held", "delivered", "lost", "dropped")
                },
            }

    def inject(self, operation: str, fault: str, times: int = 1, **options: Any) -> None:
        """Arm a fault of `faults.FAULTS` for the next calls of an operation of the API. Raise ValueError."""
        self._faults.arm(operation, fault, times, options)

    def armed_faults(self) -> list[Json]:
        return self._faults.armed()

    def clear_faults(self) -> None:
        self._faults.clear()

    def apply_late(self) -> int:
        """Execute what `late_apply` deferred; return how many calls that were."""
        return self._faults.apply_deferred()

    def await_standing(self, count: int = 1, timeout: float = 10) -> None:
        """Return when so many calls are held or hang, that is when their fault has struck. Raise TimeoutError."""
        self._faults.await_standing(count, timeout)

    def release_held(self) -> None:
        self._faults.release()

    def switches(self) -> Json:
        return asdict(self._switches)

    def switch(self, **changes: Any) -> Json:
        """Choose undocumented branches, see `Switches`. Raise ValueError."""
        return self._switches.set(changes)

    def advance(self, seconds: float) -> None:
        """Push the stand-in's clock forward; webhook retries keep their own time."""
        self._clock.advance(seconds)

    def pay(self, invoice_id: str, card: str = APPROVED_CARD) -> Json:
        """Pay, or fail to pay, as a person on the checkout page; return the payment. Raise Refused."""
        return self._change(lambda: self._invoices.pay(invoice_id, card))

    def begin_payment(self, invoice_id: str, card: str = APPROVED_CARD) -> Json:
        """A payer who has typed the card in and is asked by the bank; return the initiated payment. Raise Refused."""
        return self._change(lambda: self._invoices.begin_by_card(invoice_id, card))

    def finish_payment(self, payment_id: str, *, authenticated: bool = True) -> Json:
        """The payer answers the bank, in time or long after; return the payment. Raise Refused."""
        return self._change(lambda: self._invoices.answer_challenge(payment_id, authenticated=authenticated))

    def pay_by_stc(self, invoice_id: str, code: str = "123456", mobile: str = "0512345678") -> Json:
        """Pay, or fail to pay, by STC Pay with the code typed; return the payment. Raise Refused."""

        def pay() -> Json:
            begun = self._invoices.begin_by_stc(invoice_id, mobile)
            return self._invoices.enter_code(begun["id"], code) if begun["status"] == "initiated" else begun

        return self._change(pay)

    def settle(self) -> Json:
        """Pay out everything taken, refunded or voided since the last time; return the settlement."""
        return self._change(self._settlements.settle)

    def add_settlement_line(
        self,
        payment_id: str | None,
        amount: int,
        type: str = "payment",  # noqa: A002 - the gateway's word
        payment_amount: int | None = None,
        currency: str = "SAR",
        fee: int = 0,
    ) -> Json:
        """Plant a line in the newest settlement: a wrong one, or a `chargeback` with its `chargeback_penalty`.

        `amount` is net of `fee` and negative when it left. Return the settlement. Raise ValueError.
        """
        return self._change(
            lambda: self._settlements.add_line(
                self._settlements.new_line(
                    payment_id, type, amount, payment_amount=payment_amount, currency=currency, fee=fee
                )
            )
        )

    def add_payment(self, amount: int, currency: str = "SAR", metadata: Json | None = None) -> Json:
        """A paid payment that somebody made elsewhere with the same account."""

        def add() -> Json:
            payment = self._payments.new(
                amount=amount,
                currency=currency,
                description="Made elsewhere",
                metadata=metadata,
                source=judge_card(APPROVED_CARD).source("creditcard"),
            )
            payment["status"] = "paid"
            self._ledger.payments.add(payment)
            self._ledger.record(self._clock.stamp(), "add_payment", payment, amount, "dashboard")
            self._webhooks.announce("payment_paid", payment)
            return public(payment)

        return self._change(add)

    def dashboard(self, action: str, payment_id: str, amount: int | None = None) -> Json:
        """`refund`, `capture` or `void` a payment in the gateway's dashboard. Raise ValueError or Refused."""
        actions = {"refund": self._payments.refund, "capture": self._payments.capture, "void": self._payments.void}
        if action not in actions:
            raise ValueError(f"The dashboard cannot {action}.")
        fields = {} if amount is None else {"amount": amount}
        return self._change(lambda: actions[action](payment_id, fields, origin="dashboard"))

    def edit_payment(self, payment_id: str, **changes: Any) -> Json:
        """Plant a divergence without a webhook or a journal line."""

        def edit() -> Json:
            payment = self._ledger.payments.get(payment_id)
            if payment is None:
                raise Refused(404, "record_not_found", "Object not found")
            payment |= {"updated_at": self._clock.stamp()} | changes
            self._ledger.payments.save(payment)
            return public(payment)

        return self._change(edit)

    def forget_payment(self, payment_id: str) -> bool:
        """Make the gateway never have known it."""
        return self._change(lambda: self._ledger.payments.remove(payment_id))

    def send_event(self, event_type: str, data: Json) -> None:
        """Send any event, true or not, to every webhook that takes all events of that kind."""
        self._change(lambda: self._webhooks.announce(event_type, data))

    def release_webhooks(self, order: str | Sequence[int] = "given", lose: Sequence[int] = ()) -> int:
        """Send what `webhook_hold` kept, in that order, without the lost ones; return how many were sent.

        On return each was tried once. Raise ValueError for an order that does not name each held one once.
        """
        wished = order if isinstance(order, str) else list(order)
        sent = self._change(lambda: self._webhooks.release(wished, list(lose)))
        self._sender.deliver_due()
        return sent

    def deliver_webhooks(self) -> None:
        """Return when nothing that is due is left to deliver."""
        self._sender.deliver_due()

    def reset(self) -> None:
        """Forget objects, calls, faults and deliveries, and turn all switches back to where they stood at the start.

        On return no delivery is on its way.
        """
        self._faults.clear()
        self._switches.set(self._at_start)
        with self._sender.paused():
            self._ledger.clear()

    def routes(self) -> tuple[Route, ...]:
        def post(path: str, call: Callable[..., object]) -> Route:
            def answer(request: Request, *ids: str) -> object:
                try:
                    told = call(*ids, **request.json())
                except (TypeError, ValueError, TimeoutError) as error:
                    raise Refused(400, "control_error", str(error)) from None
                return {} if told is None else told if isinstance(told, dict) else {"result": told}

            return Route("POST", f"/control/{path}", path, answer)

        return (
            Route("GET", "/control/ledger", "report", lambda ask: self.report()),
            Route("GET", "/control/faults", "armed_faults", lambda ask: {"faults": self.armed_faults()}),
            Route("DELETE", "/control/faults", "clear_faults", lambda ask: self.clear_faults()),
            Route("GET", "/control/switches", "switches", lambda ask: self.switches()),
            post("faults", self.inject),
            post("late", self.apply_late),
            post("held", self.release_held),
            post("standing", self.await_standing),
            post("switches", self.switch),
            post("clock", self.advance),
            post("reset", self.reset),
            post("payments", self.add_payment),
            post("payments/<id>/finish", self.finish_payment),
            post("payments/<id>/edit", self.edit_payment),
            post("payments/<id>/forget", self.forget_payment),
            *(post(f"payments/<id>/{action}", self._on_dashboard(action)) for action in ("refund", "capture", "void")),
            post("invoices/<id>/pay", self.pay),
            post("invoices/<id>/begin", self.begin_payment),
            post("invoices/<id>/stc", self.pay_by_stc),
            post("settlements", self.settle),
            post("settlements/lines", self.add_settlement_line),
            post("webhooks/send", self.send_event),
            post("webhooks/release", self.release_webhooks),
            post("webhooks/deliver", self.deliver_webhooks),
        )

    def _on_dashboard(self, action: str) -> Callable[..., Json]:
        return lambda payment_id, amount=None: self.dashboard(action, payment_id, amount)

    def _change(self, action: Callable[[], _Told]) -> _Told:
        with self._ledger.transaction():
            told = action()
        self._sender.wake()
        return told
