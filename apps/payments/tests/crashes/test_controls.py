"""The controls: with the passes off, the same crashes leave books that the judge does not let pass."""

import pytest

from apps.common.testing.crashes import Span
from apps.payments.tests.crashes import test_bookings, test_payments, test_refunds
from apps.payments.tests.crashes.judge import complaints
from apps.payments.tests.crashes.points import die, length_of

POINTS = {point.name: point for module in (test_bookings, test_payments, test_refunds) for point in module.POINTS}
UNKNOWN_HERE, OTHER_TOTAL = "unknown here", "received and refunded"


@pytest.mark.parametrize(
    ("name", "is_paid_after", "complaint"),
    [
        ("P2: request in flight", True, UNKNOWN_HERE),
        ("P3: reply read, not committed", True, UNKNOWN_HERE),
        ("R5: sent, executed, reply lost", False, OTHER_TOTAL),
        ("B3: paid at the gateway, not confirmed", False, UNKNOWN_HERE),
    ],
)
def test_control_without_the_passes_a_crash_leaves_wrong_books(ground, name, is_paid_after, complaint):
    point = POINTS[name]
    scene, _where = die(ground, point, 0, length_of(ground, point) if isinstance(point.dies, Span) else None)
    if is_paid_after:
        scene.pay()
    scene.clock.shift(25 * 3600)

    wrong = list(complaints(scene.standin))

    assert any(complaint in sentence for sentence in wrong), wrong
