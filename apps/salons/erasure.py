"""What the salons do when a person is erased."""

from collections.abc import Iterator

from django.utils.translation import gettext_lazy as _

from apps.accounts.erasure import Obstacle, forget_log_entries
from apps.accounts.models import User
from apps.common.history import overwrite
from apps.salons.blocks import keep_block
from apps.salons.models import Customer, Membership, Staff


def obstacles(person: User) -> Iterator[Obstacle]:
    """Whoever works in a salon is known by more than their own data."""
    roles = (model.objects.filter(user=person, is_active=True) for model in (Membership, Staff))
    if any(rows.exists() for rows in roles):
        yield Obstacle("works_in_salon", _("This person works in a salon. Their role there has to end first."))


def erase(person: User) -> None:
    """The cards stay, without what was noted on them. Reviews go with their bookings."""
    cards = Customer.objects.filter(user=person)
    for card in cards.select_related("salon", "user"):
        keep_block(card)
    forget_log_entries(cards)
    forget_log_entries(Membership.objects.filter(user=person))
    overwrite(cards, notes="")
