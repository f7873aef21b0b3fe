from datetime import timedelta
from itertools import chain

from django.db.models import Q

from apps.common.reader import phone_matches
from apps.common.text import search_key
from apps.salons.models import CardMerge
from apps.salons.querysets import SalonQuerySet

# The longest visit of 24 hours with 8 hours of buffer on either side.
LONGEST = timedelta(hours=40)


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

        `reader` finds a phone they may not see by the whole number only.
        """
        found = Q(reference__iexact=term.strip().replace("-", "")) | Q(customer__user__name__icontains=term)
        found |= Q(guest_name__icontains=term)
        found |= Q(service__search_text__contains=search_key(term))
        by_phone = phone_matches(self, "customer__user__phone", term, reader=reader)
        return self.filter(found if by_phone is None else found | by_phone)
