from django.db import models
from django.utils.translation import gettext_lazy as _


class LastRun(models.Model):
    """When a periodic pass last began, ended well and failed. One row per pass, whoever starts it; no history."""

    name = models.CharField(max_length=64, primary_key=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    failed_at = models.DateTimeField(null=True)
    # The class alone: what an error says may hold a phone or a key.
    error = models.CharField(max_length=64, blank=True)

    class Meta:
        verbose_name = _("last run")
        verbose_name_plural = _("last runs")

    def __str__(self) -> str:
        return self.name
