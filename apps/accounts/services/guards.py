"""Guesses at a code or a password: counted before they are judged, per phone and network.

A network from which somebody proved a phone is known for that phone. Strangers share a small number of guesses at a
phone and each network a number of guesses at all phones; a known network needs neither. So nobody can keep a person
out of their own account by guessing at it, nor a whole salon by guessing from its guest network.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from django.db import transaction
from django.utils import timezone

from apps.accounts.limits import DAY, HOUR, Allowance, allowance, give_back, spend, whole_seconds
from apps.accounts.models import LimitCounter, PhoneGuard
from apps.common.errors import RateLimited
from apps.common.locks import lock
from apps.common.secrets import keyed_hash

KNOWN_FOR = timedelta(days=90)
MOST_KNOWN_NETWORKS = 3

FAILURES_PER_PHONE_AND_DAY = 20
FAILURES_PER_NETWORK_AND_HOUR = 60
FAILURES_OF_STRANGERS_PER_HOUR = 1000
FIRST_DELAY = timedelta(seconds=30)
LONGEST_DELAY = HOUR


class Proof(StrEnum):
    """What is guessed at."""

    CODE = "code"
    PASSWORD = "password"  # noqa: S105 - a word, not a secret


# From which failure in a row on the next guess has to wait.
FIRST_DELAYED_FAILURE = {Proof.CODE: 6, Proof.PASSWORD: 5}


@dataclass(frozen=True)
class Attempt:
    """One counted guess. `attempt_succeeded` or `attempt_unjudged` settles it; a wrong one is settled already."""

    proof: Proof
    phone: str
    network: str
    allowances: tuple[Allowance, ...]


def lock_phone(phone: str) -> None:
    """Until the transaction ends: everything about proving one phone happens one after the other."""
    lock_phones(phone)


def lock_phones(*phones: str) -> None:
    """The same for several, which is asked for once and before any of them alone."""
    lock(exclusive=[("phone", phone) for phone in phones])


def known_networks(phone: str) -> list[str]:
    """Where `phone` was proven from lately, the latest first; a few only, so that strangers' guesses stay few."""
    proven = PhoneGuard.objects.filter(phone=phone, succeeded_at__gt=timezone.now() - KNOWN_FOR)
    return list(proven.order_by("-succeeded_at").values_list("network", flat=True)[:MOST_KNOWN_NETWORKS])


def spend_attempt(proof: Proof, *, phone: str, network: str) -> Attempt:
    """Count a guess at `phone` from `network` as wrong until somebody says otherwise. Call it in a transaction that is
    committed before the guess is looked at.

    Raises RateLimited with the wait; then nothing may be looked at.
    """
    lock_phone(phone)
    guard = ensure_unlocked(phone, network)
    allowances = _allowances(proof, phone, network)
    spend(*allowances)
    _count(guard, proof, 1)
    return Attempt(proof, phone, network, allowances)


def attempt_succeeded(attempt: Attempt, *, is_whole_proof: bool = True) -> None:
    """The guess was right: failures are forgotten and, unless more is asked for than this, the network is known.

    Call it in the transaction of what follows and last there: everybody's next guess waits for it.
    """
    lock_phone(attempt.phone)
    guard = _guard(attempt.phone, attempt.network)
    guard.consecutive_failures, guard.locked_until = 0, None
    if is_whole_proof:
        guard.succeeded_at = timezone.now()
    guard.save()
    give_back(*attempt.allowances)


@transaction.atomic
def know_network(*, phone: str, network: str) -> None:
    """Somebody proved `phone` from `network` by all that is asked for."""
    lock_phone(phone)
    guard = _guard(phone, network)
    guard.succeeded_at = timezone.now()
    guard.save()


@transaction.atomic
def attempt_unjudged(attempt: Attempt) -> None:
    """Nobody looked at the guess, so it costs nothing."""
    lock_phone(attempt.phone)
    _count(_guard(attempt.phone, attempt.network), attempt.proof, -1)
    give_back(*attempt.allowances)


def ensure_unlocked(phone: str, network: str) -> PhoneGuard:
    """The guard of `phone` and `network`; raises RateLimited while guesses have to wait."""
    guard, now = _guard(phone, network), timezone.now()
    if guard.locked_until and guard.locked_until > now:
        raise RateLimited(retry_after=whole_seconds(guard.locked_until - now))
    return guard


@transaction.atomic
def lift_lock(*, phone: str, network: str) -> None:
    """Let guesses at `phone` from `network` begin anew, those of the day's limit included."""
    lock_phone(phone)
    PhoneGuard.objects.filter(phone=phone, network=network).update(consecutive_failures=0, locked_until=None)
    spent = [one.key for proof in Proof for one in _allowances(proof, phone, network)[:1]]
    LimitCounter.objects.filter(key__in=spent).delete()


def _guard(phone: str, network: str) -> PhoneGuard:
    return PhoneGuard.objects.filter(phone=phone, network=network).first() or PhoneGuard(phone=phone, network=network)


def _count(guard: PhoneGuard, proof: Proof, step: int) -> None:
    guard.consecutive_failures = max(guard.consecutive_failures + step, 0)
    guard.locked_until = _delay_end(proof, guard.consecutive_failures, timezone.now())
    guard.save()


def _delay_end(proof: Proof, failures: int, now: datetime) -> datetime | None:
    doublings = failures - FIRST_DELAYED_FAILURE[proof]
    if doublings < 0:
        return None
    delay: timedelta = FIRST_DELAY * 2 ** min(doublings, 10)
    return now + min(delay, LONGEST_DELAY)


def _allowances(proof: Proof, phone: str, network: str) -> tuple[Allowance, ...]:
    whose = keyed_hash("phone", phone)
    if network in known_networks(phone):
        return (allowance(f"{proof} {whose} from {network}", FAILURES_PER_PHONE_AND_DAY, DAY),)
    return (
        allowance(f"{proof} {whose}", FAILURES_PER_PHONE_AND_DAY, DAY),
        allowance(f"{proof} from {network}", FAILURES_PER_NETWORK_AND_HOUR, HOUR),
        allowance(f"{proof} of strangers", FAILURES_OF_STRANGERS_PER_HOUR, HOUR),
    )
