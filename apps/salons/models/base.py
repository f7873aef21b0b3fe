from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.common.models import Tracked
from apps.salons.querysets import SalonQuerySet


class SalonOwned(Tracked):
    """A row of exactly one salon. Keys to other such rows carry a `SameSalon` constraint."""

    salon = models.ForeignKey("salons.Salon", models.PROTECT, related_name="+", verbose_name=_("salon"))

    objects = SalonQuerySet.as_manager()

    class Meta:
        abstract = True


def salon_key(prefix):
    """The unique (salon, id) pair that `SameSalon` constraints of other tables refer to."""
    return models.UniqueConstraint(fields=["salon", "id"], name=f"{prefix}_salon_key")
