from django.db import models

from apps.salons.access import reaches_all_salons
from apps.salons.querysets import SalonQuerySet


class PaymentQuerySet(SalonQuerySet):
    def open(self):
        """Payments a customer may still complete."""
        return self.filter(status__in=self.model.OPEN)

    def settled(self):
        """Payments whose money has arrived."""
        return self.filter(status__in=self.model.SETTLED)


class RefundQuerySet(SalonQuerySet):
    def open(self):
        """Refunds whose outcome is not known yet."""
        return self.filter(status__in=self.model.OPEN)


class PlatformQuerySet(models.QuerySet):
    """Rows of the gateway account, which all salons share: only roles of the platform see them."""

    def visible_to(self, user):
        """Every row for a role of the platform with the view right, nothing for everybody else."""
        meta = self.model._meta
        return self if reaches_all_salons(user, f"{meta.app_label}.view_{meta.model_name}") else self.none()
