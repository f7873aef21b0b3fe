"""The desk for requests about personal data, and what left the back office as a file."""

from functools import partial

from django.contrib import admin, messages
from django.http import HttpResponseRedirect, JsonResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.decorators import action, display
from unfold.enums import ActionVariant

from apps.accounts import services
from apps.accounts.erasure import obstacles_of
from apps.accounts.models import DataRequest, ExportLog
from apps.accounts.resources import DataRequestExport
from apps.common.admin.base import BaseModelAdmin
from apps.common.admin.dialogs import ConfirmDialog, ReasonDialog, attempt, run_use_case
from apps.common.admin.displays import (
    EMPTY,
    State,
    left_to_right,
    reference_column,
    state_column,
    time_column,
    two_lines,
)
from apps.common.admin.filters import ChoicesDropdownFilter, RangeDateFilter, RangeDateTimeFilter
from apps.common.admin.transfer import ExportableModelAdmin
from apps.common.network import network_of

Kind, Status = DataRequest.Kind, DataRequest.Status
SOON_DAYS = 7
ANSWERED, LATE, SOON, IN_TIME = "answered", "late", "soon", "in_time"
CLOCK_COLOURS = {ANSWERED: "default", LATE: "danger", SOON: "warning", IN_TIME: "info"}


@admin.register(DataRequest)
class DataRequestAdmin(ExportableModelAdmin):
    """Requests come from the app or are typed in here; buttons answer them. What is answered stays as it is."""

    resource_classes = [DataRequestExport]
    allowed_verbs = ("view", "add")
    empty_text = _("Requests for a copy or the erasure of personal data will stand here. Each is due within 30 days.")
    list_display = ["display_person", "kind", "source", "display_status", "due_on", "display_clock", "display_asked_at"]
    list_filter = [
        ("status", ChoicesDropdownFilter),
        ("kind", ChoicesDropdownFilter),
        ("source", ChoicesDropdownFilter),
        ("due_on", RangeDateFilter),
    ]
    list_select_related = ["user"]
    autocomplete_fields = ["user"]
    search_fields = ["user__name", "user__phone"]
    search_help_text = _("Search by name or phone")
    add_fieldsets = [(None, {"fields": ["user", ("kind", "source"), "note"]})]
    fieldsets = [
        (None, {"fields": ["user", ("kind", "source"), "note", "display_asked_at"]}),
        (
            _("Answer"),
            {
                "fields": [
                    ("display_status", "due_on", "display_clock"),
                    "display_obstacles",
                    "extension_reason",
                    "answer",
                    "display_answered_at",
                ]
            },
        ),
    ]
    readonly_fields = [
        "display_asked_at",
        "display_status",
        "due_on",
        "display_clock",
        "display_obstacles",
        "extension_reason",
        "answer",
        "display_answered_at",
    ]
    actions_detail = ["erase_action", "hand_over_action", "copy_action", "extend_action", "refuse_action"]

    display_status = state_column(
        "status", {Status.OPEN: "warning", Status.DONE: "success", Status.REFUSED: "danger"}, _("state")
    )
    display_asked_at = time_column("created_at", _("asked at"), zone=None)
    display_answered_at = time_column("answered_at", _("answered at"), zone=None)

    @admin.display(description=_("person"), ordering="user__name")
    def display_person(self, asked):
        return two_lines(asked.user)

    @display(description=_("days left"), ordering="due_on", label=CLOCK_COLOURS)
    def display_clock(self, asked):
        if asked.status != Status.OPEN:
            return State(ANSWERED, EMPTY)
        days = (asked.due_on - timezone.localdate()).days
        if days < 0:
            late = ngettext("overdue by %(days)s day", "overdue by %(days)s days", -days)
            return State(LATE, late % {"days": -days})
        return State(SOON if days <= SOON_DAYS else IN_TIME, str(days))

    @admin.display(description=_("in the way"))
    def display_obstacles(self, asked):
        """Why the erasure cannot be carried out yet; it may well have ended when the page is opened again."""
        if (asked.kind, asked.status) != (Kind.ERASURE, Status.OPEN):
            return EMPTY
        sentences = [(str(obstacle.text),) for obstacle in obstacles_of(asked.user)]
        return format_html_join("", '<bdi class="block">{}</bdi>', sentences) or _("nothing")

    def get_changeform_initial_data(self, request):
        # Who asks in the app files it there.
        return {"source": DataRequest.Source.PHONE, **super().get_changeform_initial_data(request)}

    def choices_for(self, request, db_field, owner):
        return super().choices_for(request, db_field, owner).filter(erased_at__isnull=True)

    def save_model(self, request, obj, form, change):
        filed = services.file_request(
            person=obj.user, kind=obj.kind, source=obj.source, note=obj.note, actor=request.user
        )
        obj.__dict__.update(filed.__dict__)

    # --- Answers: shown while the request is open, judged by the use case ---

    def _may_answer(self, request, object_id, *, kind=None, status=Status.OPEN):
        if object_id is None:
            return self.may(request, "answer")
        asked = self.row(request, object_id)
        was_pressed = request.resolver_match.url_name.endswith("_action")
        fits = asked is not None and asked.status == status and kind in (None, asked.kind)
        return asked is not None and (fits or was_pressed) and self.may(request, "answer", asked)

    def has_erase_datarequest_permission(self, request, object_id=None):
        return self._may_answer(request, object_id, kind=Kind.ERASURE)

    def has_hand_over_datarequest_permission(self, request, object_id=None):
        return self._may_answer(request, object_id, kind=Kind.EXPORT)

    def has_fetch_copy_datarequest_permission(self, request, object_id=None):
        return self._may_answer(request, object_id, kind=Kind.EXPORT, status=Status.DONE)

    def has_answer_datarequest_permission(self, request, object_id=None):
        return self._may_answer(request, object_id)

    @action(
        description=_("Carry out the erasure"),
        url_path="erase",
        icon="person_remove",
        variant=ActionVariant.DANGER,
        permissions=["erase_datarequest"],
        dialog={
            "title": _("Erase this person's data?"),
            "description": _(
                "Name, phone, notes and messages are blanked everywhere, histories included. Amounts and invoice "
                "numbers stay. This cannot be undone."
            ),
            "form_class": ConfirmDialog,
            "form_submit_text": _("Erase for good"),
        },
    )
    def erase_action(self, request, form, object_id):
        erase = partial(services.erase_person, request_id=object_id, actor=request.user)
        return run_use_case(request, erase, _("The data of this person were erased."))

    @action(
        description=_("Hand over the copy"),
        url_path="hand-over",
        icon="file_save",
        variant=ActionVariant.PRIMARY,
        permissions=["hand_over_datarequest"],
        dialog={
            "title": _("Hand over a copy of this person's data?"),
            "description": _("Make sure that it reaches nobody but the person themselves."),
            "form_class": ConfirmDialog,
            "form_submit_text": _("Hand over the copy"),
        },
    )
    def hand_over_action(self, request, form, object_id):
        hand_over = partial(services.hand_over_copy, request_id=object_id, actor=request.user)
        return run_use_case(request, hand_over, _("The request is answered. Now fetch the copy with the button above."))

    @action(description=_("Fetch the copy"), url_path="copy", icon="download", permissions=["fetch_copy_datarequest"])
    def copy_action(self, request, object_id):
        files = []
        fetch = partial(services.fetch_copy, request_id=object_id, actor=request.user)
        refusal = attempt(lambda: files.append(fetch(network=network_of(request))))
        if refusal is not None:
            messages.error(request, str(refusal))
            return HttpResponseRedirect(reverse("admin:accounts_datarequest_change", args=[object_id]))
        headers = {"Content-Disposition": f'attachment; filename="personal-data-{object_id}.json"'}
        return JsonResponse(files[0], json_dumps_params={"ensure_ascii": False, "indent": 2}, headers=headers)

    @action(
        description=_("Take more time"),
        url_path="extend",
        icon="more_time",
        permissions=["answer_datarequest"],
        dialog={
            "title": _("Take 30 days more?"),
            "description": _("Possible once. Tell the person the reason that you write here."),
            "form_class": ReasonDialog,
            "form_submit_text": _("Take more time"),
        },
    )
    def extend_action(self, request, form, object_id):
        reason = form.cleaned_data["reason"]
        extend = partial(services.extend_request, request_id=object_id, actor=request.user, reason=reason)
        return run_use_case(request, extend, _("The request is due 30 days later."))

    @action(
        description=_("Refuse"),
        url_path="refuse",
        icon="block",
        permissions=["answer_datarequest"],
        dialog={
            "title": _("Refuse this request?"),
            "description": _("Tell the person the reason that you write here."),
            "form_class": ReasonDialog,
            "form_submit_text": _("Refuse"),
        },
    )
    def refuse_action(self, request, form, object_id):
        reason = form.cleaned_data["reason"]
        refuse = partial(services.refuse_request, request_id=object_id, actor=request.user, reason=reason)
        return run_use_case(request, refuse, _("The request was refused."))


@admin.register(ExportLog)
class ExportLogAdmin(BaseModelAdmin):
    """Every file with data that left, by whom. Written where a file leaves, read by the owner and auditors."""

    allowed_verbs = ("view",)
    empty_text = _("Every spreadsheet and every copy of personal data that leaves will stand here.")
    list_display = ["display_when", "display_actor", "display_model", "file_format", "row_count", "display_salons"]
    list_filter = [("exported_at", RangeDateTimeFilter)]
    list_select_related = ["actor", "person"]
    search_fields = ["actor__name", "actor__phone", "salons"]
    search_help_text = _("Search by name, phone or salon")
    fields = [
        ("display_when", "display_actor"),
        ("display_model", "file_format", "row_count"),
        ("display_salons", "person"),
        ("display_filters", "display_network"),
    ]
    readonly_fields = [
        "display_when",
        "display_actor",
        "display_model",
        "display_salons",
        "display_filters",
        "display_network",
    ]

    display_filters = reference_column("filters", _("filters"))
    display_network = reference_column("network", _("network"))
    display_when = time_column("exported_at", _("exported at"), zone=None)

    @admin.display(description=_("exported by"), ordering="actor__name")
    def display_actor(self, entry):
        return two_lines(entry.actor)

    @admin.display(description=_("what"), ordering="model_label")
    def display_model(self, entry):
        """As the list is called; of a copy, whose data it was."""
        return two_lines(entry.what, entry.person or "")

    @admin.display(description=_("salons"))
    def display_salons(self, entry):
        return left_to_right(entry.salons) if entry.salons else EMPTY
