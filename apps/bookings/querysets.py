from datetime import timedelta
from itertools import chain

from django.db.models import Q

from apps.common.name_keys import name_key
from apps.common.reader import phone_matches
from apps.salons.models import CardMerge, Customer, Service
from apps.salons.querysets import SalonQuerySet

# The longest visit of 24 hours with 8 hours of buffer on either side.
LONGEST = timedelta(hours=40)
# Keys that travel with a search; a term that means more is found on the first pages anyway.
FEW = 500


class BookingQuerySet(SalonQuerySet):
    own_lookup = "staff__user"

    def of_customer(self, user):
        """The bookings a person made, in any salon."""
        return self.filter(customer__user=user)

    def once_of(self, user):
        """Their bookings, and those that went from a card of theirs to somebody else's when the two were merged."""
        moved = CardMerge.objects.filter(person=user).values_list("bookings", flat=True)
        return self.filter(Q(customer__user=user) | Q(reference__in=list(chain.from_iterable(moved))))

    def active(self):
        """Bookings that occupy their staff member."""
        return self.filter(status__in=self.model.ACTIVE)

    def movable(self):
        """Bookings whose visit has not begun: nobody has arrived, nobody called it off."""
        return self.filter(status__in=self.model.MOVABLE)

    def occupying(self, starts_at, ends_at, *, since=None):
        """Active bookings whose time, buffers included, shares a moment with [starts_at, ends_at).

        None of them begins before `since`, LONGEST before `starts_at` unless it is given.
        """
        # Without a lower bound the index would be read from the beginning of time.
        since = starts_at - LONGEST if since is None else since
        return self.active().filter(occupied_from__gte=since, occupied_from__lt=ends_at, occupied_until__gt=starts_at)

    def overdue_holds(self, now):
        """Bookings that waited for money until a moment that has passed (valid while now < hold_expires_at)."""
        return self.filter(status=self.model.Status.PENDING, hold_expires_at__lte=now)

    def search(self, term, *, reader):
        """By reference, customer's phone in any spelling, or customer's, guest's or service's name.

        `reader` finds a phone they may not see by the whole number only. Who and what is meant is looked up first: a
        database that is asked for everything at once compares a million bookings with the term.
        """
        key = name_key(term)
        # Vowel marks alone are in every name.
        cards = Q(user__name__folded__contains=key) if key else Q(pk__in=[])
        by_phone = phone_matches(Customer.objects.all(), "user__phone", term, reader=reader)
        cards = Customer.objects.filter(cards if by_phone is None else cards | by_phone)
        found = Q(reference=term.strip().replace("-", "").upper()) | Q(customer__in=_if_few(cards))
        found |= Q(service__in=_if_few(Service.objects.named(term)))
        # Spelled as the index over the few bookings with a guest has it.
        return self.filter(found | Q(~Q(guest_name=""), guest_name__folded__contains=key) if key else found)


def _if_few(rows):
    """The keys of `rows` where they are few, so that an index finds what points to them; otherwise the query."""
    rows = rows.order_by().values_list("pk", flat=True)
    keys = list(rows[: FEW + 1])
    return keys if len(keys) <= FEW else rows
