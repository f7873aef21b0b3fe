"""What can come instead of an answer, sorted by what it means for the money.

Only after `GatewayOutcomeUnknown` may the call have been executed.
"""


class GatewayError(Exception):
    """A call that brought no usable answer. `str()` is fit for logs: it holds no secret and no body."""

    def __init__(self, operation: str, reason: str) -> None:
        super().__init__(operation, reason)
        self.operation, self.reason = operation, reason

    def __str__(self) -> str:
        return f"{self.operation}: {self.reason}"


class GatewayUnreachable(GatewayError):
    """No connection came about, so the call was certainly not executed."""


class GatewayMisconfigured(GatewayError):
    """Our key, account or network is refused (401, 403, 405): not executed, and only an operator can help."""


class GatewayBusy(GatewayError):
    """Too many calls (429): not executed, worth another try later."""


class GatewayMissing(GatewayError):
    """The gateway knows no such object (404)."""


class GatewayOutcomeUnknown(GatewayError):
    """The call may have been executed: read the object again, never just repeat the call."""


class GatewayRejected(GatewayError):
    """Understood and refused: this call changed nothing. A former one may have, so read before concluding.

    `errors` maps a field to its messages; messages that name no field stand under "".
    """

    def __init__(self, operation: str, kind: str, message: str, errors: dict[str, tuple[str, ...]]) -> None:
        super().__init__(operation, f"{kind}: {message}")
        self.args = (operation, kind, message, errors)
        self.type, self.message, self.errors = kind, message, errors

    @property
    def given_id_taken(self) -> bool:
        """True when a payment with our `given_id` exists already; the gateway has two wordings for it."""
        return self.type == "used_given_id" or self.message == "Payment is already created."
