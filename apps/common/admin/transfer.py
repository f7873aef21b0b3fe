"""Export and import buttons: only for whom the policy table grants the verb, only rows of salons it is granted in."""

from django import forms
from django.contrib import messages
from django.contrib.admin.options import IncorrectLookupParameters
from django.core import signing
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from import_export.admin import ExportMixin, ImportExportMixin
from import_export.forms import ConfirmImportForm
from unfold.contrib.import_export.forms import ExportForm, ImportForm
from unfold.widgets import UnfoldAdminSelectWidget

from apps.common.admin.base import BaseModelAdmin
from apps.common.admin.changelist import HOSTILE_VALUES
from apps.common.errors import DomainError
from apps.common.events import RowsExported, publish
from apps.common.network import network_of
from apps.common.scope import salon_model, salons_allowing
from apps.common.spreadsheets import CsvFormat, SpreadsheetFormat, XlsxFormat

UPLOAD_SECONDS = 3600


class SpreadsheetImportForm(ImportForm):
    """A file and, where there is a choice, the salon it is for.

    Fields that a subclass adds are options: they reach the resource as keyword arguments, in preview and in earnest.
    """

    field_order = ["resource", "salon", "import_file", "format"]

    def __init__(self, formats, resources, *, salons=None, **kwargs):
        super().__init__(formats, resources, **kwargs)
        self.fields["format"].widget = forms.HiddenInput()
        if salons is not None:
            self.fields["salon"] = salon_field(salons)
        self.order_fields(self.field_order)

    @property
    def options(self):
        """`{name: field}` of everything that is not about the file itself."""
        return {name: field for name, field in self.fields.items() if name not in {"resource", "import_file", "format"}}


class SignedConfirmForm(ConfirmImportForm):
    """The uploaded file is named by a signature: nobody confirms, reads or removes another file of the server."""

    def __init__(self, *args, signed_for, formats, options, **kwargs):
        super().__init__(*args, **kwargs)
        self.salt = f"import:{signed_for}"
        self.fields["format"] = forms.ChoiceField(
            choices=[(str(i), i) for i in range(formats)], widget=forms.HiddenInput
        )
        self.fields["resource"] = forms.ChoiceField(choices=[("0", 0)], required=False, widget=forms.HiddenInput)
        for name, field in options.items():
            field.widget = field.hidden_widget()
            self.fields[name] = field

    def clean_import_file_name(self):
        try:
            return signing.loads(self.cleaned_data["import_file_name"], salt=self.salt, max_age=UPLOAD_SECONDS)
        except signing.BadSignature as error:
            raise forms.ValidationError(_("Please choose the file again.")) from error


class ExportableModelAdmin(ExportMixin, BaseModelAdmin):
    """With an export button. Set `resource_classes = [SomeResource]`, one ScopedResource."""

    export_form_class = ExportForm
    export_formats = [XlsxFormat, CsvFormat]
    import_formats = [SpreadsheetFormat]

    def has_export_permission(self, request):
        return self.may(request, "export")

    def get_resource_kwargs(self, request, **kwargs):
        return {"user": request.user}

    def get_export_queryset(self, request):
        rows = super().get_export_queryset(request)
        if salon_model(self.model) is not None:
            rows = rows.filter(salon__in=[salon.pk for salon in salons_allowing(request, self.model, "export")])
        return rows

    def get_valid_export_item_pks(self, request):
        return self.get_export_queryset(request).values_list("pk", flat=True)

    def get_export_data(self, file_format, request, queryset, **kwargs):
        if not self.has_export_permission(request):
            raise PermissionDenied
        rows = self.get_data_for_export(request, queryset, force_native_type=True, **kwargs)
        content = file_format.export_data(rows)
        self.tell_exported(request, queryset, file_format, row_count=len(rows))
        return content

    @transaction.atomic
    def tell_exported(self, request, queryset, file_format, *, row_count):
        """Told before the file leaves: what cannot be noted down is not handed out."""
        publish(
            RowsExported(
                actor_id=request.user.pk,
                model=self.opts.label_lower,
                file_format=file_format.get_extension(),
                filters=_filters(request),
                row_count=row_count,
                salons=_salons(self.model, queryset),
                network=network_of(request),
            )
        )

    def get_export_resource_fields_from_form(self, form):
        return None

    def init_request_context_data(self, request, form):
        resources = [
            resource(**self.get_resource_kwargs(request)) for resource in self.get_export_resource_classes(request)
        ]
        shown = [(resource.get_display_name(), resource.get_export_headers()) for resource in resources]
        return {**super().init_request_context_data(request, form), "fields_list": shown}

    def export_action(self, request):
        try:
            return super().export_action(request)
        except (IncorrectLookupParameters, *HOSTILE_VALUES):
            if not request.GET:
                raise
            messages.error(request, _("The filter in the address is not one of this list."))
            return HttpResponseRedirect(self.own_url("changelist"))

    def own_url(self, page):
        return reverse(f"{self.admin_site.name}:{self.opts.app_label}_{self.opts.model_name}_{page}")


class ImportableModelAdmin(ImportExportMixin, ExportableModelAdmin):
    """With export and import buttons. Set `resource_classes` and, for further questions, `import_form_class`."""

    import_form_class = SpreadsheetImportForm
    confirm_form_class = SignedConfirmForm
    import_error_display = ("row", "message")

    def has_import_permission(self, request):
        return self.may(request, "import")

    def import_salons(self, request):
        """Salons a file may be imported into, None when the rows belong to no salon."""
        if salon_model(self.model) is None:
            return None
        allowed = [salon.pk for salon in salons_allowing(request, self.model, "import")]
        return salon_model(self.model)._default_manager.filter(pk__in=allowed)

    def get_import_form_kwargs(self, request):
        return {**super().get_import_form_kwargs(request), "salons": self.import_salons(request)}

    def import_options(self, request):
        form_class = self.get_import_form_class(request)
        resources = self.get_import_resource_classes(request)
        return form_class(self.get_import_formats(), resources, salons=self.import_salons(request)).options

    def get_confirm_form_kwargs(self, request, import_form=None):
        return {
            **super().get_confirm_form_kwargs(request, import_form),
            "signed_for": request.user.pk,
            "formats": len(self.get_import_formats()),
            "options": self.import_options(request),
        }

    def get_confirm_form_initial(self, request, import_form):
        initial = super().get_confirm_form_initial(request, import_form)
        if import_form is not None:
            initial["import_file_name"] = signing.dumps(initial["import_file_name"], salt=f"import:{request.user.pk}")
            initial |= {name: import_form[name].data for name in import_form.options}
        return initial

    def get_import_resource_kwargs(self, request, form=None, **kwargs):
        chosen = getattr(form, "cleaned_data", {})
        options = {name: chosen[name] for name in self.import_options(request) if name in chosen}
        return {**self.get_resource_kwargs(request), **options}

    def add_data_read_fail_error_to_form(self, form, e):
        form.add_error("import_file", str(e) if isinstance(e, DomainError) else str(UNREADABLE))

    def process_import(self, request, **kwargs):
        if request.method != "POST":
            return HttpResponseRedirect(self.own_url("import"))
        if not self.has_import_permission(request):
            raise PermissionDenied
        if not self.create_confirm_form(request).is_valid():
            return self._import_again(request, _("Please choose the file again."))
        try:
            return super().process_import(request, **kwargs)
        except FileNotFoundError:
            return self._import_again(
                request, _("This file was imported already, or it is gone. Please choose it again.")
            )

    def process_dataset(self, dataset, form, request, **kwargs):
        return super().process_dataset(dataset, form, request, rollback_on_validation_errors=True, **kwargs)

    def process_result(self, result, request):
        if result.has_errors() or result.has_validation_errors():
            return self._import_again(
                request, _("The salon changed since the preview. Nothing was imported; please try again.")
            )
        return super().process_result(result, request)

    def _import_again(self, request, why):
        messages.error(request, why)
        return HttpResponseRedirect(self.own_url("import"))


def _filters(request):
    """What the list was narrowed by, as its address says; the words of a search may be somebody's name and stay out."""
    asked = request.GET.copy()
    for name in ("q", "p", "o", "all"):
        if asked.pop(name, None) and name == "q":
            asked["q"] = "*"
    return asked.urlencode(safe="*")


def _salons(model, queryset):
    """The address names of the salons whose rows are in the file."""
    salons = salon_model(model)
    if salons is None:
        return ()
    concerned = salons._base_manager.filter(pk__in=queryset.order_by().values("salon"))
    return tuple(concerned.order_by("slug").values_list("slug", flat=True))


UNREADABLE = _("The file could not be read. Use an Excel file (.xlsx) or a CSV file.")


def salon_field(salons):
    """The question which salon, hidden when there is one answer."""
    field = forms.ModelChoiceField(
        salons, label=_("Salon"), widget=UnfoldAdminSelectWidget(), empty_label=_("Select value")
    )
    only = list(salons[:2])
    if len(only) == 1:
        field.initial = only[0].pk
        field.widget = forms.HiddenInput()
    return field
