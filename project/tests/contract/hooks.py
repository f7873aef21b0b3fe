"""Loaded by Schemathesis: each call comes from a network of its own, so that no limit of one sender ends the tour."""

from ipaddress import IPv4Network
from itertools import cycle
from typing import Any

import schemathesis

# Counted, not drawn: a drawn network comes back after some 300 calls, and with it a limit that no seed repeats.
NETWORKS = IPv4Network("10.0.0.0/8").subnets(new_prefix=24)
_senders = cycle(network[1] for network in NETWORKS)


@schemathesis.hook
def before_call(_context: Any, case: Any, _kwargs: dict[str, Any]) -> None:
    case.headers = {**(case.headers or {}), "X-Forwarded-For": str(next(_senders))}
