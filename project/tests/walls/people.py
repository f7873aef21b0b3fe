"""Everybody who may stand before a door, and what the policy table says of each; the code under test is not asked."""

from collections.abc import Callable
from dataclasses import dataclass

from apps.accounts.models import User
from apps.accounts.roles import PERMISSIONS, PlatformRole, SalonRole
from apps.accounts.services import issue_tokens
from apps.accounts.tests.factories import OwnerFactory, PlatformUserFactory, UserFactory
from apps.salons.models import Customer, Salon, Staff
from apps.salons.tests.factories import MembershipFactory, SalonFactory
from project.tests.two_salons import Rows, member
from project.tests.walls.inventory import OPEN, REFUSED, SIGN_IN

# What nobody may, the owner included.
NEVER = "never"


@dataclass(frozen=True)
class Principal:
    """`make(rows)` is the person who looks at `rows`, the rows of one salon; None for nobody.

    `role` is what the policy table calls them, `reaches` whether its rights hold for those rows.
    """

    name: str
    make: Callable[[Rows], User | None]
    role: SalonRole | PlatformRole | None = None
    reaches: bool = True
    # How they come: with a session of the back office, or with a customer's token.
    by_token: bool = False
    is_owner: bool = False

    @property
    def enters(self) -> bool:
        return self.holds("accounts.enter_backoffice")

    def holds(self, *permissions: str) -> bool:
        """Whether the table grants each of `permissions`; `a|b` is one of the two."""
        if self.is_owner or self.role is None:
            return self.is_owner and NEVER not in permissions
        mine = PERMISSIONS[self.role]
        return all(not mine.isdisjoint(choice.split("|")) for choice in permissions)

    def answer(self, *permissions: str, row: bool) -> str:
        """What a page of the admin that needs `permissions` must answer; `row` when it is about one row."""
        if not self.enters:
            return SIGN_IN
        return OPEN if self.holds(*permissions) and (self.reaches or not row) else REFUSED


def _stylist(rows: Rows) -> User:
    """The person behind the staff row of `rows`."""
    person = UserFactory.create()
    MembershipFactory(salon=rows[Salon], user=person, role=SalonRole.STYLIST)
    Staff.objects.filter(pk=rows[Staff].pk).update(user=person)
    return person


def _ended(rows: Rows) -> User:
    person = member(rows[Salon])
    person.memberships.update(is_active=False)
    return person


def _dismissed(rows: Rows) -> User:
    """A manager whose account was switched off."""
    person = member(rows[Salon])
    User.objects.filter(pk=person.pk).update(is_active=False)
    return person


PRINCIPALS = [
    Principal("anonymous", lambda rows: None),
    Principal("customer", lambda rows: rows[Customer].user),
    Principal("customer with a token", lambda rows: rows[Customer].user, by_token=True),
    Principal("other customer", lambda rows: UserFactory.create()),
    Principal("manager", lambda rows: member(rows[Salon]), SalonRole.MANAGER),
    Principal("receptionist", lambda rows: member(rows[Salon], SalonRole.RECEPTIONIST), SalonRole.RECEPTIONIST),
    Principal("stylist", _stylist, SalonRole.STYLIST),
    Principal("other stylist", lambda rows: member(rows[Salon], SalonRole.STYLIST), SalonRole.STYLIST, reaches=False),
    Principal("support", lambda rows: PlatformUserFactory.create(role=PlatformRole.SUPPORT), PlatformRole.SUPPORT),
    Principal("auditor", lambda rows: PlatformUserFactory.create(role=PlatformRole.AUDITOR), PlatformRole.AUDITOR),
    Principal("owner", lambda rows: OwnerFactory.create(), is_owner=True),
    Principal("manager elsewhere", lambda rows: member(SalonFactory.create()), SalonRole.MANAGER, reaches=False),
    Principal("membership ended", _ended),
    Principal("account switched off", _dismissed),
]


def token_of(person: User) -> str:
    """The header of a signed-in customer's client."""
    return f"Bearer {issue_tokens(user=person).access}"
