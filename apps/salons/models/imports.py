from datetime import timedelta

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.salons.models.salon import Salon
from apps.salons.querysets import ImportRunQuerySet

# Longer than any import takes; a process that died says nothing any more.
LONGEST_RUN = timedelta(minutes=15)


class ImportRun(models.Model):
    """One file that an operator agreed to import, or a command was given: who, when, what came of it.

    Holds nothing of the rows. `token` is that of the preview, so that one preview is imported once. It is `done` in the
    transaction that wrote the rows; whatever else it says, nothing was written.
    """

    class State(models.TextChoices):
        RUNNING = "running", _("running")
        DONE = "done", _("done")
        REFUSED = "refused", _("refused")
        FAILED = "failed", _("did not finish")

    salon = models.ForeignKey(Salon, models.PROTECT, related_name="+", verbose_name=_("salon"))
    model_label = models.CharField(_("what"), max_length=64)
    file_name = models.CharField(_("file"), max_length=200)
    sha256 = models.CharField(_("fingerprint of the file"), max_length=64)
    token = models.UUIDField(unique=True, editable=False)
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.RUNNING)
    rows_new = models.PositiveIntegerField(_("new"), default=0)
    rows_changed = models.PositiveIntegerField(_("changed"), default=0)
    rows_same = models.PositiveIntegerField(_("the same"), default=0)
    rows_left_out = models.PositiveIntegerField(_("left out"), default=0)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("imported by"),
    )
    started_at = models.DateTimeField(_("started at"), auto_now_add=True)
    finished_at = models.DateTimeField(_("finished at"), null=True)

    objects = ImportRunQuerySet.as_manager()

    class Meta:
        verbose_name = _("imported file")
        verbose_name_plural = _("imported files")
        ordering = ["-started_at", "-pk"]
        indexes = [
            models.Index(fields=["salon", "-started_at", "-id"], name="salons_import_newest"),
            models.Index(fields=["salon", "sha256"], name="salons_import_by_file"),
        ]

    def __str__(self):
        return self.file_name

    @property
    def state_now(self):
        """The state; of a run whose process must have died, that it did not finish."""
        is_over = self.state == self.State.RUNNING and self.started_at < timezone.now() - LONGEST_RUN
        return self.State.FAILED if is_over else self.State(self.state)
