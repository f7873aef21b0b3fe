"""The list of imported files: who, when, into which list, and what came of it."""

from django.apps import apps
from django.contrib import admin
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from apps.common.admin.base import BaseModelAdmin
from apps.common.admin.displays import EMPTY, State, time_column, two_lines
from apps.common.admin.filters import ChoicesDropdownFilter, RangeDateFilter, ScopedRelatedFilter
from apps.common.reader import called
from apps.salons.models import ImportRun

COLOURS = {
    ImportRun.State.RUNNING: "info",
    ImportRun.State.DONE: "success",
    ImportRun.State.REFUSED: "warning",
    ImportRun.State.FAILED: "danger",
}


@admin.register(ImportRun)
class ImportRunAdmin(BaseModelAdmin):
    """Written by imports only. Whatever is not “done” wrote nothing."""

    allowed_verbs = ("view",)
    empty_text = _("Every file that is imported will stand here, with what came of it.")
    list_display = [
        "display_file",
        "salon",
        "display_state",
        "rows_new",
        "rows_changed",
        "rows_same",
        "rows_left_out",
        "display_actor",
        "display_started_at",
    ]
    list_filter = [
        ("salon", ScopedRelatedFilter),
        ("state", ChoicesDropdownFilter),
        ("started_at", RangeDateFilter),
    ]
    list_select_related = ["salon", "actor"]
    search_fields = ["file_name", "actor__name"]
    search_help_text = _("Search by file or person")
    fields = [
        ("display_file", "salon"),
        ("display_state", "display_actor"),
        ("rows_new", "rows_changed"),
        ("rows_same", "rows_left_out"),
        ("display_started_at", "display_finished_at"),
    ]
    readonly_fields = ["display_file", "display_state", "display_actor", "display_started_at", "display_finished_at"]

    display_started_at = time_column("started_at", _("started at"))
    display_finished_at = time_column("finished_at", _("finished at"))

    @admin.display(description=_("file"), ordering="file_name")
    def display_file(self, run):
        return two_lines(run.file_name, apps.get_model(run.model_label)._meta.verbose_name_plural)

    @display(description=_("state"), ordering="state", label=COLOURS)
    def display_state(self, run):
        return State(run.state_now, run.state_now.label)

    @admin.display(description=_("imported by"), ordering="actor__name")
    def display_actor(self, run):
        return called(run.actor, run) if run.actor_id else EMPTY
