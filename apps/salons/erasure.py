"""What the salons do when a person is erased."""

from collections.abc import Iterator

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.accounts.erasure import Obstacle, forget_log_entries, forget_log_entries_about
from apps.accounts.models import User
from apps.common.history import overwrite_by_key
from apps.salons.blocks import keep_block
from apps.salons.models import CardMerge, Customer, Membership, Staff


def obstacles(person: User) -> Iterator[Obstacle]:
    """Whoever works in a salon is known by more than their own data."""
    roles = (model.objects.filter(user=person, is_active=True) for model in (Membership, Staff))
    if any(rows.exists() for rows in roles):
        yield Obstacle("works_in_salon", _("This person works in a salon. Their role there has to end first."))


def erase(person: User) -> None:
    """The cards stay, without what was noted on them. Reviews go with their bookings."""
    own = list(Customer.objects.filter(user=person).select_related("salon", "user"))
    for card in own:
        keep_block(card)
    forget_log_entries(Membership.objects.filter(user=person))
    merges = CardMerge.objects.filter(Q(person=person) | Q(card__user=person))
    gone = Customer.history.filter(user=person).values_list("id", flat=True)
    cards = {*(card.pk for card in own), *gone, *_put_together(merges)}
    forget_log_entries_about(Customer, cards)
    overwrite_by_key(Customer, cards, notes="")
    merges.update(reason="")


def _put_together(merges):
    """Keys of all cards, gone or not, whose notes came together by `merges`: nobody can tell whose a line was."""
    kept = list(merges.values_list("card", flat=True))
    return {*kept, *CardMerge.objects.filter(card__in=kept).values_list("merged_card", flat=True)}
