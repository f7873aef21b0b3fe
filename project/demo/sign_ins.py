"""Traces of customers signing in: codes, locked phones, devices, and what people ask under the data protection law."""

from datetime import datetime, time, timedelta
from random import Random

from apps.accounts.models import DataRequest, ExportLog, OtpChallenge, PhoneGuard, TokenFamily, User
from apps.accounts.services.codes import LIFETIME
from apps.accounts.services.requests import ANSWER_WITHIN, PERSONAL_COPY
from project.demo.people import Newcomer
from project.demo.world import World, identity, minutes

CODES, FEWEST_CODES = 80, 16
REFRESH_LIFETIME = timedelta(days=30)
LONGEST_SILENCE = timedelta(days=40)
DEVICE_PERCENT = 30
NOON = time(12)
# Addresses that are reserved for documentation.
NETWORKS = ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8:a:b::/64")
REQUESTS = (
    (DataRequest.Kind.EXPORT, DataRequest.Status.DONE, 61),
    (DataRequest.Kind.ERASURE, DataRequest.Status.REFUSED, 38),
    (DataRequest.Kind.EXPORT, DataRequest.Status.DONE, 24),
    (DataRequest.Kind.ERASURE, DataRequest.Status.OPEN, 27),
    (DataRequest.Kind.EXPORT, DataRequest.Status.OPEN, 3),
    (DataRequest.Kind.ERASURE, DataRequest.Status.OPEN, 1),
)


def add_sign_ins(world: World, customers: list[Newcomer], owner: User) -> None:
    chance = world.chance("sign-ins")
    wanted = max(FEWEST_CODES, round(CODES * world.scale))
    for number, newcomer in enumerate(chance.sample(customers, min(wanted, len(customers)))):
        _add_code(world, chance, newcomer.person, number)
    for newcomer in customers:
        if chance.random() < DEVICE_PERCENT / 100:
            _add_device(world, chance, newcomer)
    for (kind, status, days), newcomer in zip(REQUESTS, chance.sample(customers, len(REQUESTS)), strict=True):
        _add_request(world, newcomer.person, kind, status, days, owner)


def _add_code(world: World, chance: Random, person: User, number: int) -> None:
    """A code of the last two days: most are used at once, some after a mistake, some never."""
    sent = world.now - minutes(chance.uniform(7, 2800))
    network = chance.choice(NETWORKS)
    wrong = chance.choice((0, 0, 0, 0, 1, 2, 5))
    is_used = wrong < 5 and chance.random() < 0.8
    code = OtpChallenge(
        id=identity(chance),
        phone=person.phone,
        network=network,
        channel=chance.choice((OtpChallenge.Channel.SMS, OtpChallenge.Channel.SMS, OtpChallenge.Channel.WHATSAPP)),
        code_hmac=f"{chance.getrandbits(256):064x}",
        attempts=min(wrong + is_used, 5),
        expires_at=sent + LIFETIME,
        used_at=sent + minutes(chance.uniform(0.3, 3)) if is_used else None,
        superseded_at=None if is_used or number % 3 else sent + minutes(2),
    )
    world.archive.add(code, at=sent)
    guard = PhoneGuard(
        phone=person.phone,
        network=network,
        consecutive_failures=0 if is_used else wrong,
        succeeded_at=code.used_at,
    )
    if number < 2:
        guard.consecutive_failures, guard.locked_until = 11, world.now + minutes(45)
    world.archive.add(guard, at=sent)


def _add_device(world: World, chance: Random, newcomer: Newcomer) -> None:
    """A device used in the last weeks; what was silent for longer has been forgotten."""
    yesterday = world.moment(-1, NOON)
    began = _between(chance, newcomer.joined, yesterday)
    renewed = _between(chance, max(began, yesterday - LONGEST_SILENCE), yesterday)
    ended = chance.random()
    family = TokenFamily(
        id=identity(chance),
        user=newcomer.person,
        network=chance.choice(NETWORKS),
        current_jti_hash=f"{chance.getrandbits(256):064x}",
        expires_at=renewed + REFRESH_LIFETIME,
        revoked_at=renewed if ended < 0.2 else None,
        revoked_reason="reused" if ended < 0.03 else "signed_out" if ended < 0.2 else "",
    )
    world.archive.add(family, at=began)


def _add_request(world: World, person: User, kind: str, status: str, days: int, owner: User) -> None:
    asked = world.moment(-days, NOON)
    request = DataRequest(user=person, kind=kind, due_on=(asked + ANSWER_WITHIN).date())
    world.archive.add(request, at=asked, by=person)
    if status == DataRequest.Status.OPEN:
        return
    done, refused = world.content.words["data_requests"]
    said = refused if status == DataRequest.Status.REFUSED else done
    answered = asked + timedelta(days=6)
    answer = {"status": status, "answer": said, "answered_at": answered}
    world.archive.change(request, at=answered, by=owner, reason=said, **answer)
    if kind == DataRequest.Kind.EXPORT:
        copy = ExportLog(actor=owner, model_label=PERSONAL_COPY, file_format="json", row_count=1, person=person)
        world.archive.add(copy, at=answered)


def _between(chance: Random, first: datetime, last: datetime) -> datetime:
    span = max((last - first).total_seconds(), 0)
    return first + timedelta(seconds=int(span * chance.random()))
