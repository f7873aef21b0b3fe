"""The branches that the gateway's documentation leaves open. Each can be set either way while it runs."""

from dataclasses import asdict, dataclass, fields
from typing import Any

_CHOICES = {
    "partial_refund_status": ("paid", "refunded"),
    "second_refund": ("accept", "refuse"),
    "void_scope": ("unsettled", "authorized"),
    "cancel_paid_invoice": ("refuse", "accept"),
    "failed_event": ("payment_failed", "payment_faild"),
}


@dataclass
class Switches:
    partial_refund_status: str = "refunded"
    """What a partial refund leaves as status: `refunded`, or `paid` for "as it was"."""
    second_refund: str = "accept"
    """Whether a payment that was refunded in part can be refunded again: `accept` or `refuse`."""
    void_scope: str = "unsettled"
    """`unsettled`: authorized at any time, paid and captured inside the window. `authorized`: only those."""
    void_window_seconds: int = 7200
    cancel_paid_invoice: str = "refuse"
    allow_double_payment: bool = False
    """A paid invoice can be paid once more, as by two tabs."""
    allow_late_payment: bool = False
    """A canceled or expired invoice can still be paid."""
    coupon_discount: int = 0
    """Halalas that a coupon takes off each charge which does not decline coupons."""
    bare_date_offset_hours: int = 0
    """The zone of an `expired_at` without one."""
    failed_event: str = "payment_failed"
    """How the event of a failed payment is spelled; the documentation has `payment_faild` too."""
    webhook_copies: int = 1
    webhook_delay_seconds: float = 0.0
    webhook_hold: bool = False
    """Deliveries wait until they are released, in an order chosen then."""
    webhook_mute: bool = False
    """Events are lost for good, as after the last of all tries."""
    webhook_secret: str = ""
    """Sent instead of the registered secret, when set."""
    webhook_live: bool = False
    webhook_verification: bool = False
    """A webhook that is registered from now on hears nothing before the code it was sent has come back."""

    def set(self, changes: dict[str, Any]) -> dict[str, Any]:
        """Change the named switches and return all. Raise ValueError for a wrong name or value, changing none."""
        kinds = {one.name: type(one.default) for one in fields(self)}
        for name, value in changes.items():
            kind = kinds.get(name)
            fits = type(value) is kind or (kind is float and type(value) is int)
            if not fits or value not in _CHOICES.get(name, (value,)):
                raise ValueError(f"There is no switch {name} with that value.")
        for name, value in changes.items():
            setattr(self, name, value)
        return asdict(self)
