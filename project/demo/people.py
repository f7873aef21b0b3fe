"""Who is in the demo: the people who sign in to the back office, and the customers."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from random import Random
from typing import Any

from django.conf import settings
from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX, make_password
from django.contrib.auth.models import Group

from apps.accounts.models import Consent, User
from apps.accounts.roles import PlatformRole
from project.demo.world import PAST_DAYS, World, identity

CUSTOMERS = 1500
FEWEST_CUSTOMERS_OF_A_SALON = 12
CUSTOMER_PHONES = "+96655"
NEWCOMER_PERCENT = 20
ENGLISH_PERCENT = 18
CONSENT_PERCENT = 35
MIDNIGHT = time(0)


@dataclass(frozen=True, slots=True)
class Backoffice:
    """Those who sign in to the admin: the platform's people, and who has which role in which salon (by its slug)."""

    owner: User
    support: User
    auditor: User
    roles: dict[tuple[str, str], User]

    def of_salon(self, slug: str) -> list[tuple[str, User]]:
        """`(role, person)` of one salon."""
        return [(role, person) for (salon, role), person in self.roles.items() if salon == slug]


def add_backoffice(world: World) -> Backoffice:
    """Make everybody of `0003_team.json`; only its sign-ins get the demo's password."""
    # Hashing is slow on purpose: one hash serves all, and its fixed salt protects a published password as little.
    known = make_password(settings.DEMO_PASSWORD, salt="demo")
    team = world.content.team
    platform, roles = {}, {}
    for entry in [*team["sign_ins"], *team["colleagues"]]:
        person = _backoffice_person(world, entry, known if entry in team["sign_ins"] else None)
        if "salon" in entry:
            roles[entry["salon"], entry["role"]] = person
        else:
            platform[entry["role"]] = person
    for role in PlatformRole.values:
        group = Group.objects.get(name=role)
        world.archive.add(User.groups.through(user_id=platform[role].pk, group_id=group.pk))
    return Backoffice(platform["owner"], platform["support"], platform["auditor"], roles)


def _backoffice_person(world: World, entry: dict[str, Any], password: str | None) -> User:
    chance = world.chance("backoffice", entry["phone"])
    person = User(
        id=identity(chance),
        phone=entry["phone"],
        name=entry["name"],
        locale=entry["locale"],
        is_superuser=entry["role"] == "owner",
        password=password or _unusable(chance),
    )
    return world.archive.add(person, at=world.opened)


@dataclass(frozen=True, slots=True)
class Newcomer:
    """A customer and the moment they became one."""

    joined: datetime
    person: User


def add_customers(world: World) -> dict[str, list[Newcomer]]:
    """All customers, by the slug of the salon that is theirs, the longest known first."""
    salons = world.content.salons
    chance = world.chance("customers")
    total = sum(salon["demand"]["visits_per_day"] for salon in salons)
    wanted = CUSTOMERS * world.scale
    sizes = {
        salon["slug"]: max(FEWEST_CUSTOMERS_OF_A_SALON, round(wanted * salon["demand"]["visits_per_day"] / total))
        for salon in salons
    }
    phones = iter(chance.sample(range(10**7), sum(sizes.values())))
    clientele = {}
    for salon in salons:
        size = sizes[salon["slug"]]
        names = world.content.people["men" if salon["audience"] == "men" else "women"]
        found = [_customer(world, chance, names, next(phones)) for _ in range(size)]
        clientele[salon["slug"]] = sorted(found, key=lambda one: one.joined)
    for newcomer in sorted((one for known in clientele.values() for one in known), key=lambda one: one.joined):
        world.archive.add(newcomer.person, at=newcomer.joined)
        if newcomer.person.marketing_consent:
            said = Consent(user=newcomer.person, is_granted=True, source=Consent.Source.APP, actor=newcomer.person)
            world.archive.add(said, at=newcomer.joined)
    return clientele


def _customer(world: World, chance: Random, first_names: list[list[str]], phone: int) -> Newcomer:
    is_english = chance.random() < ENGLISH_PERCENT / 100
    first, family = chance.choice(first_names), chance.choice(world.content.people["families"])
    person = User(
        id=identity(chance),
        phone=f"{CUSTOMER_PHONES}{phone:07}",
        name=f"{first[is_english]} {family[is_english]}",
        locale=User.Locale.ENGLISH if is_english else User.Locale.ARABIC,
        marketing_consent=chance.random() < CONSENT_PERCENT / 100,
        password=_unusable(chance),
    )
    return Newcomer(_joined(world, chance), person)


def _joined(world: World, chance: Random) -> datetime:
    """Most were there before the months that are shown. Never after the last midnight, whatever time it is now."""
    until, turn = (world.moment(days, MIDNIGHT) for days in (0, -PAST_DAYS))
    is_new = chance.random() < NEWCOMER_PERCENT / 100
    first, last = (turn, until) if is_new else (world.opened, turn)
    return first + timedelta(seconds=int(chance.random() * (last - first).total_seconds()))


def _unusable(chance: Random) -> str:
    return f"{UNUSABLE_PASSWORD_PREFIX}{identity(chance).hex}"
