import hashlib

from django.db import models
from django.db.models import Q

from apps.common.text import search_key
from apps.salons.access import showing_phones_to, visible_rows


class SalonQuerySet(models.QuerySet):
    """Rows that belong to one salon through their `salon` column."""

    salon_lookup = "salon"
    own_lookup = None

    def visible_to(self, user):
        """The rows `user` may view: all for the platform's roles, those of their salons for members."""
        return visible_rows(self, user, salon=self.salon_lookup, own=self.own_lookup)

    def showing_phones_to(self, user):
        """A Q for the rows whose phones `user` sees whole."""
        return showing_phones_to(user, salon=self.salon_lookup)

    def named(self, text):
        """Rows whose name holds `text`, whatever its letter forms, vowel marks or digits."""
        return self.filter(search_text__contains=search_key(text))


class ImportRunQuerySet(SalonQuerySet):
    def of_file(self, content):
        """Finished imports of a file with these bytes, newest first."""
        return self.filter(sha256=hashlib.sha256(content).hexdigest(), state="done")


class SalonSelfQuerySet(SalonQuerySet):
    """Salons themselves."""

    salon_lookup = "pk"

    def listed(self):
        """Salons that customers see."""
        return self.filter(is_active=True)


class CatalogueQuerySet(SalonQuerySet):
    """Categories and services."""

    def bookable(self):
        """What customers see and may book."""
        return self.filter(is_active=True, category__is_active=True, salon__is_active=True)


class StaffQuerySet(SalonQuerySet):
    own_lookup = "user"


class OwnScheduleQuerySet(SalonQuerySet):
    """Hours and time off; the salon's own rows have no staff member."""

    own_lookup = "staff__user"


class WeeklyHoursQuerySet(OwnScheduleQuerySet):
    def in_force(self, starts_on, ends_on):
        """Rows in force on any day from `starts_on` to `ends_on` (both included); open ends count as forever."""
        return self.filter(
            Q(valid_from__isnull=True) | Q(valid_from__lte=ends_on),
            Q(valid_until__isnull=True) | Q(valid_until__gte=starts_on),
        )
