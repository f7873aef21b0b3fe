"""Import and export of a salon's lists: what the pages ask, and how a preview is tied to its confirmation."""

from uuid import UUID, uuid4

from django import forms
from django.contrib import messages
from django.core import signing
from django.core.exceptions import PermissionDenied
from django.core.validators import MaxValueValidator, MinValueValidator
from django.http import HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanWidget,
)

from apps.common.admin.transfer import UPLOAD_SECONDS, ImportableModelAdmin, SignedConfirmForm, SpreadsheetImportForm
from apps.common.errors import Rejected
from apps.common.imports.cells import LONGEST, SHORTEST
from apps.common.imports.errors import spans
from apps.common.imports.rows import row_numbers
from apps.common.imports.sheet import MOST_BYTES, WINDOWS_1256, too_large
from apps.common.imports.uploads import Uploads
from apps.common.spreadsheets import SpreadsheetFormat
from apps.salons.imports.price_list import CatalogueResource
from apps.salons.imports.runs import Agreed, AlreadyImported, ImportGoesOn
from apps.salons.models import ImportRun


class RowNumbersField(forms.CharField):
    """`23, 40-42` as a frozenset of numbers."""

    def clean(self, value):
        try:
            return row_numbers(super().clean(value))
        except Rejected as error:
            raise forms.ValidationError(str(error), code=error.code) from error


class ListImportForm(SpreadsheetImportForm):
    """A file, and what to do with the rows of it that are refused."""

    field_order = ["resource", "salon", "import_file", "default_duration", "skip_rows", "encoding", "format"]

    skip_rows = RowNumbersField(
        label=_("Rows to leave out"),
        required=False,
        max_length=400_000,
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


class PriceListImportForm(ListImportForm):
    default_duration = forms.IntegerField(
        label=_("Duration of services without one, minutes"),
        required=False,
        validators=[MinValueValidator(SHORTEST), MaxValueValidator(LONGEST)],
        widget=UnfoldAdminIntegerFieldWidget(),
        help_text=_("For new services whose row gives no duration. Left empty, such rows are errors."),
    )


class PreviewedForm(SignedConfirmForm):
    """`previewed` binds the answer to what was shown: this preview of this file for this salon, in this session."""

    previewed = forms.CharField(widget=forms.HiddenInput)
    visits_seen = forms.BooleanField(
        label=_("I have seen these visits. They stay as they are."), required=False, widget=UnfoldBooleanWidget()
    )

    def __init__(self, *args, salt, **kwargs):
        super().__init__(*args, **kwargs)
        self.preview_salt = salt

    def clean(self):
        cleaned = super().clean()
        try:
            signed = signing.loads(cleaned.get("previewed", ""), salt=self.preview_salt, max_age=UPLOAD_SECONDS)
        except signing.BadSignature as error:
            raise forms.ValidationError(_("Please choose the file again.")) from error
        if signed[2:] != [cleaned.get("import_file_name"), getattr(cleaned.get("salon"), "pk", None)]:
            raise forms.ValidationError(_("Please choose the file again."))
        return {**cleaned, "previewed": signed[0], "agreed": Agreed(UUID(signed[1]), cleaned["visits_seen"])}


class WholeFile(SpreadsheetFormat):
    """Leaves the file as it is: how to read it depends on what the operator says in the form."""

    def create_dataset(self, in_stream):
        return in_stream


class ListImportAdmin(ImportableModelAdmin):
    """The import and export buttons of a list whose resource is a FileResource.

    A file is looked at as often as the operator likes; what was seen is agreed to once.
    """

    import_form_class = ListImportForm
    confirm_form_class = PreviewedForm
    import_formats = [WholeFile]
    import_template_name = "salons/admin/import.html"
    uploads = Uploads(UPLOAD_SECONDS)

    def import_action(self, request, **kwargs):
        if not self.has_import_permission(request):
            raise PermissionDenied
        if request.method == "POST" and "again" in request.POST:
            return self._look_again(request)
        form = self.create_import_form(request)
        if request.method != "POST" or not form.is_valid():
            return self._page(request, form)
        file = form.cleaned_data["import_file"]
        content = file.read()
        return self._look(request, form.cleaned_data, content, name=self.uploads.keep(content), called=file.name)

    def process_import(self, request, **kwargs):
        if request.method != "POST":
            return HttpResponseRedirect(self.own_url("import"))
        if not self.has_import_permission(request):
            raise PermissionDenied
        form = self.create_confirm_form(request)
        if not form.is_valid():
            return self._import_again(request, _("Please choose the file again."))
        said = form.cleaned_data
        content = self._content(said)
        if content is None:
            return self._gone(request, said["agreed"].token)
        resource = self.get_import_resource_classes(request)[0](
            **self._answers(request, said), previewed=said["previewed"], agreed=said["agreed"]
        )
        result = resource.import_data(content, dry_run=False, file_name=said["original_file_name"])
        if any(isinstance(error.error, ImportGoesOn) for error in result.base_errors):
            return self._to_runs(request, str(result.base_errors[0].error))
        self.uploads.remove(said["import_file_name"])
        return self._outcome(request, result, said["agreed"].token)

    def _outcome(self, request, result, token):
        """To the list with what was done, or back with why nothing was."""
        if any(isinstance(error.error, AlreadyImported) for error in result.base_errors):
            return self._gone(request, token)
        if result.base_errors:
            return self._import_again(request, str(result.base_errors[0].error))
        if result.has_errors():
            return self._import_again(
                request, _("The salon changed since the preview. Nothing was imported; please try again.")
            )
        return self.process_result(result, request)

    def generate_log_entries(self, result, request):
        """The history of every row tells it."""

    def add_success_message(self, result, request):
        counts = result.report.counts()
        said = {"new": counts.new, "changed": counts.changed, "same": counts.same, "out": result.report.rows_skipped}
        text = _("Imported: %(new)s new, %(changed)s changed, %(same)s the same, %(out)s left out.")
        messages.success(request, text % said)

    def _look_again(self, request):
        """The same file with other answers."""
        form = self.create_confirm_form(request)
        content = self._content(form.cleaned_data) if form.is_valid() else None
        if content is None:
            return self._import_again(request, _("Please choose the file again."))
        said = form.cleaned_data
        return self._look(request, said, content, name=said["import_file_name"], called=said["original_file_name"])

    def _look(self, request, said, content, *, name, called):
        """The preview of `content`, which waits under `name`, for the answers `said`; nothing is written."""
        resource = self.get_import_resource_classes(request)[0](**self._answers(request, said))
        result = resource.import_data(content, dry_run=True, file_name=called)
        is_good, is_mendable = (
            not result.has_errors(),
            not result.base_errors and result.report.is_mended_by_leaving_out,
        )
        if not is_good and not is_mendable:
            # Nothing of it will be imported, so it does not stay on the server.
            self.uploads.remove(name)
            return self._page(request, self._empty_form(request), result=result)
        answers = {key: request.POST.get(key, "") for key in self.import_options(request)}
        if is_mendable:
            answers["skip_rows"] = spans(sorted({*said["skip_rows"], *result.report.refused_rows}))
        agreed = [result.report.fingerprint(), str(uuid4()), name, said["salon"].pk]
        form = self.get_confirm_form_class(request)(
            **self.get_confirm_form_kwargs(request, None)
            | {
                "data": None,
                "files": None,
                "initial": {
                    "import_file_name": signing.dumps(name, salt=f"import:{request.user.pk}"),
                    "original_file_name": called,
                    "format": "0",
                    "resource": "0",
                    "previewed": signing.dumps(agreed, salt=_preview_salt(request)),
                    **answers,
                },
            }
        )
        context = {"confirm_form" if is_good else "again_form": form, "result": result, "said": said, "called": called}
        context["before"] = self._earlier(said["salon"], content)
        return self._page(request, self._empty_form(request), **context)

    def _page(self, request, form, **context):
        resource = self.get_import_resource_classes(request)[0](**self.get_resource_kwargs(request))
        columns = [field.column_name for field in resource.get_user_visible_fields()]
        context = {
            **self.admin_site.each_context(request),
            "title": _("Import: %(list)s") % {"list": self.opts.verbose_name_plural},
            "form": form,
            # As `opts` they would be the heading in place of the title.
            "options": self.opts,
            "media": self.media + form.media,
            "fields_list": [(resource.get_display_name(), columns)],
            "import_error_display": self.import_error_display,
            **context,
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, [self.import_template_name], context)

    def _empty_form(self, request):
        resources = self.get_import_resource_classes(request)
        form_class = self.get_import_form_class(request)
        return form_class(self.get_import_formats(), resources, salons=self.import_salons(request))

    def _answers(self, request, said):
        options = {name: said[name] for name in self.import_options(request) if name in said}
        return {**self.get_resource_kwargs(request), **options}

    def _content(self, said):
        try:
            return self.uploads.read(said["import_file_name"])
        except FileNotFoundError:
            return None

    def _earlier(self, salon, content):
        """The last time this very file was imported into the salon."""
        return ImportRun.objects.of_file(content).filter(salon=salon, model_label=self.opts.label_lower).first()

    def _gone(self, request, token):
        """What became of a preview whose file is no longer there."""
        run = ImportRun.objects.filter(token=token).first()
        if run is None:
            return self._import_again(request, _("This file is gone. Please choose it again."))
        if run.state_now != ImportRun.State.DONE:
            return self._import_again(request, _("Nothing of this preview was imported. Please choose the file again."))
        said = {"new": run.rows_new, "changed": run.rows_changed, "same": run.rows_same}
        text = _(
            "This preview was imported already: %(new)s new, %(changed)s changed, %(same)s the same. "
            "Nothing was done again."
        )
        return self._to_runs(request, text % said)

    @staticmethod
    def _to_runs(request, text):
        """To where it stands, or soon will, what came of the file."""
        messages.info(request, text)
        return HttpResponseRedirect(reverse("admin:salons_importrun_changelist"))

    def get_confirm_form_kwargs(self, request, import_form=None):
        return {**super().get_confirm_form_kwargs(request, import_form), "salt": _preview_salt(request)}


class PriceListAdmin(ListImportAdmin):
    """The same of the services' list, where a row may lack its duration."""

    resource_classes = [CatalogueResource]
    import_form_class = PriceListImportForm


def _preview_salt(request):
    return f"list-import:{request.user.pk}:{request.session.session_key}"
