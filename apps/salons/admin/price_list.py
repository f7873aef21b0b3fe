"""Import and export of the price list: what the pages ask, and how a preview is tied to its confirmation."""

from django import forms
from django.contrib import messages
from django.core import signing
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminIntegerFieldWidget, UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from apps.common.admin.transfer import UPLOAD_SECONDS, ImportableModelAdmin, SignedConfirmForm, SpreadsheetImportForm
from apps.common.errors import Rejected
from apps.common.spreadsheets import SpreadsheetFormat
from apps.salons.catalogue_import import MOST_BYTES, WINDOWS_1256
from apps.salons.catalogue_import.cells import LONGEST, SHORTEST
from apps.salons.catalogue_import.resource import CatalogueResource
from apps.salons.catalogue_import.rows import row_numbers
from apps.salons.catalogue_import.sheet import too_large


class PriceListFormat(SpreadsheetFormat):
    """Leaves the file as it is: how to read it depends on what the operator says in the form."""

    def create_dataset(self, in_stream):
        return in_stream


class RowNumbersField(forms.CharField):
    """`23, 40-42` as a frozenset of numbers."""

    def clean(self, value):
        try:
            return row_numbers(super().clean(value))
        except Rejected as error:
            raise forms.ValidationError(str(error), code=error.code) from error


class PriceListImportForm(SpreadsheetImportForm):
    field_order = ["resource", "salon", "import_file", "default_duration", "skip_rows", "encoding", "format"]

    default_duration = forms.IntegerField(
        label=_("Duration of services without one, minutes"),
        required=False,
        validators=[MinValueValidator(SHORTEST), MaxValueValidator(LONGEST)],
        widget=UnfoldAdminIntegerFieldWidget(),
        help_text=_("For new services whose row gives no duration. Left empty, such rows are errors."),
    )
    skip_rows = RowNumbersField(
        label=_("Rows to leave out"),
        required=False,
        max_length=2000,
        widget=UnfoldAdminTextInputWidget(attrs={"dir": "ltr", "placeholder": "23, 40-42"}),
        help_text=_("Numbers as your spreadsheet program shows them; the headings are row 1."),
    )
    encoding = forms.ChoiceField(
        label=_("Letters of a CSV file"),
        required=False,
        choices=[("", _("UTF-8")), (WINDOWS_1256, _("Windows-1256 (older Arabic Excel)"))],
        widget=UnfoldAdminSelectWidget(),
    )

    def clean_import_file(self):
        uploaded = self.cleaned_data["import_file"]
        if uploaded.size > MOST_BYTES:
            raise forms.ValidationError(str(too_large()))
        return uploaded


class PriceListConfirmForm(SignedConfirmForm):
    """`previewed` binds the confirmation to what was shown: this file, this salon, these changes, in this session."""

    previewed = forms.CharField(widget=forms.HiddenInput)

    def __init__(self, *args, salt, **kwargs):
        super().__init__(*args, **kwargs)
        self.preview_salt = salt

    def clean(self):
        cleaned = super().clean()
        try:
            signed = signing.loads(cleaned.get("previewed", ""), salt=self.preview_salt, max_age=UPLOAD_SECONDS)
        except signing.BadSignature as error:
            raise forms.ValidationError(_("Please choose the file again.")) from error
        if signed[1:] != [cleaned.get("import_file_name"), getattr(cleaned.get("salon"), "pk", None)]:
            raise forms.ValidationError(_("Please choose the file again."))
        return {**cleaned, "previewed": signed[0]}


class PriceListAdmin(ImportableModelAdmin):
    """The import and export buttons of the services' list."""

    resource_classes = [CatalogueResource]
    import_form_class = PriceListImportForm
    confirm_form_class = PriceListConfirmForm
    import_formats = [PriceListFormat]
    import_template_name = "salons/admin/price_list_import.html"

    def get_confirm_form_kwargs(self, request, import_form=None):
        return {**super().get_confirm_form_kwargs(request, import_form), "salt": _preview_salt(request)}

    def get_import_resource_kwargs(self, request, form=None, **kwargs):
        previewed = getattr(form, "cleaned_data", {}).get("previewed", "")
        return {**super().get_import_resource_kwargs(request, form=form, **kwargs), "previewed": previewed}

    def import_action(self, request, **kwargs):
        response = super().import_action(request, **kwargs)
        context = response.context_data
        uploaded = getattr(context["form"], "cleaned_data", {}).get("import_file")
        file_name = getattr(uploaded, "tmp_storage_name", None)
        if "confirm_form" in context:
            agreed = [context["result"].report.fingerprint(), file_name, context["form"].cleaned_data["salon"].pk]
            context["confirm_form"].initial["previewed"] = signing.dumps(agreed, salt=_preview_salt(request))
        elif file_name is not None:
            # Nothing of it will be imported, so it does not stay on the server.
            self.get_tmp_storage_class()(name=file_name).remove()
        return response

    def add_success_message(self, result, request):
        report = result.report
        counts = {
            "created": report.services_created,
            "updated": report.services_updated,
            "unchanged": report.services_unchanged,
            "skipped": report.rows_skipped,
        }
        text = _(
            "Imported: %(created)s services created, %(updated)s updated, %(unchanged)s unchanged, "
            "%(skipped)s rows left out."
        )
        messages.success(request, text % counts)


def _preview_salt(request):
    return f"price-list:{request.user.pk}:{request.session.session_key}"
