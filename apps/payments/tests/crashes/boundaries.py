"""The boundaries of a process that moves money, and how it is killed at them."""

import re

from apps.bookings.models import Booking
from apps.common.testing.crashes import Boundaries
from apps.payments.models import Payment, Refund
from apps.payments.moyasar import client as moyasar_client
from apps.payments.standin.ledger import Ledger

KEY = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def _name_of_call(method, url):
    """`GET invoices/<id>`."""
    return f"{method} {KEY.sub('<id>', url.partition('/v1/')[2])}"


def _keep_away_from_the_ledger():
    """The gateway's thread may hold the ledger's lock at the moment of a fork; in the child nobody would let it go."""
    Ledger.transaction = _out_of_reach


def _out_of_reach(_ledger):
    raise RuntimeError("a forked process reaches the gateway over HTTP only")


MONEY = Boundaries(
    models=(Payment, Refund, Booking),
    door=(moyasar_client, "exchange"),
    name_of_call=_name_of_call,
    at_birth=_keep_away_from_the_ledger,
)
killed, length, parked = MONEY.killed, MONEY.length, MONEY.parked


def killed_in_flight(act, control, operation, fault):
    """Run `act()` in a process that is killed while the gateway has its call, which `fault` treats as it does."""
    control.inject(operation, fault)
    MONEY.killed_when(act, control.await_standing)
