"""Loaded by Schemathesis: what is put into a call before it is sent, and what is kept of its answer."""

from collections.abc import Callable, Mapping
from ipaddress import IPv4Network
from itertools import cycle
from typing import Any, NamedTuple

import schemathesis
from django.db import connection


class Answer(NamedTuple):
    """`Answer("bookings_retrieve", "GET", "/api/v1/bookings/…/", None, 200)`"""

    operation: str
    method: str
    address: str
    body: bytes | None
    status: int


# Counted, not drawn: a drawn network comes back after some 300 calls, and with it a limit that no seed repeats.
NETWORKS = IPv4Network("10.0.0.0/8").subnets(new_prefix=24)
_senders = cycle(network[1] for network in NETWORKS)

# What one call uses up, by the word that stands for it until that call is sent; each is told the operation.
made_when_sent: dict[str, Callable[[str], str]] = {}
answers: list[Answer] = []


@schemathesis.hook
def before_call(_context: Any, case: Any, _kwargs: dict[str, Any]) -> None:
    """Words become what they stand for. Each call has its own network, so that no limit of a sender ends a tour."""
    for place in ("headers", "path_parameters", "query", "body"):
        said = getattr(case, place)
        # In a sequence, what changes in an address counts as taken from an earlier answer.
        if isinstance(said, Mapping) and (place, case.meta.phase.name) != ("path_parameters", "stateful"):
            made = {name: _made(value, _operation(case)) for name, value in said.items()}
            if made != said:
                setattr(case, place, made)
    case.headers = {**(case.headers or {}), "X-Forwarded-For": str(next(_senders))}


@schemathesis.hook
def after_call(_context: Any, case: Any, response: Any) -> None:
    sent = response.request
    answers.append(Answer(_operation(case), sent.method, sent.path_url, sent.body, response.status_code))


def _operation(case: Any) -> Any:
    return case.operation.definition.raw["operationId"]


def _made(value: Any, operation: str) -> Any:
    if not isinstance(value, str) or value not in made_when_sent:
        return value
    try:
        return made_when_sent[value](operation)
    finally:
        # Nobody else closes it in the thread that sends.
        connection.close()
