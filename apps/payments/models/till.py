from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.salons.models.base import SalonOwned


class TillCount(SalonOwned):
    """What somebody counted in a salon at the end of a day, against what the day's payments say should be there."""

    day = models.DateField(_("day"))
    counted_cash = models.DecimalField(_("cash counted"), max_digits=10, decimal_places=2)
    counted_terminal = models.DecimalField(_("card terminal, by its own report"), max_digits=10, decimal_places=2)
    expected_cash = models.DecimalField(_("cash expected"), max_digits=10, decimal_places=2, editable=False)
    expected_terminal = models.DecimalField(_("terminal expected"), max_digits=10, decimal_places=2, editable=False)
    note = models.TextField(_("note"), blank=True, max_length=1000)
    counted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", editable=False, verbose_name=_("counted by")
    )

    class Meta:
        verbose_name = _("till count")
        verbose_name_plural = _("till counts")
        ordering = ["-day", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["salon", "day"],
                name="payments_tillcount_once_a_day",
                violation_error_message=_("The till of this day is counted already."),
            ),
            models.CheckConstraint(
                condition=Q(counted_cash__gte=0, counted_terminal__gte=0),
                name="payments_tillcount_amounts",
                violation_error_message=_("What was counted is not negative."),
            ),
        ]

    def __str__(self):
        return str(self.day)
