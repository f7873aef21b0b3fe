"""The page on which the pictures of a person or a salon are chosen, replaced and taken away."""

from functools import partial

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action
from unfold.widgets import UnfoldAdminFileFieldWidget

from apps.common.errors import Rejected
from apps.common.pictures import MOST_BYTES
from apps.salons import services
from apps.salons.admin.pages import own_page


class PictureForm(forms.Form):
    """A file, or the wish to have none."""

    picture = forms.FileField(
        required=False,
        allow_empty_file=True,
        widget=UnfoldAdminFileFieldWidget(attrs={"accept": "image/jpeg,image/png,image/webp"}),
    )
    remove = forms.BooleanField(required=False)
    reason = forms.CharField(required=False, max_length=500)

    def clean(self):
        said = super().clean()
        uploaded = said.get("picture")
        if uploaded is None and not said.get("remove"):
            self.add_error("picture", _("Choose a file."))
        return said

    def content(self):
        """The bytes of the file, one more than allowed at most; None where there shall be no picture."""
        said = self.cleaned_data
        return None if said["remove"] else said["picture"].read(MOST_BYTES + 1)


class PicturesPage:
    """Mixin of an admin whose rows have pictures: the button and the page. `picture_fields` names their columns."""

    picture_fields: list[str] = []

    def has_pictures_permission(self, request, object_id=None):
        return self.may(request, "change", object_id)

    @action(description=_("Pictures"), url_path="pictures", icon="photo_camera", permissions=["pictures"])
    def pictures_action(self, request, object_id):
        row = self.row(request, object_id)
        if request.method != "POST":
            return self._pictures(request, row)
        return self._told(request, partial(self._save_picture, request, row))

    def _pictures(self, request, row, *, asked="", errors=()):
        options = self.opts
        pictures = [
            {
                "name": field.name,
                "label": field.verbose_name,
                "box": PictureForm(auto_id=f"{field.name}-%s")["picture"].as_widget(
                    attrs={"aria-labelledby": f"picture-{field.name}"}
                ),
                "file": getattr(row, field.name),
                "errors": errors if field.name == asked else (),
            }
            for field in (options.get_field(name) for name in self.picture_fields)
        ]
        back = reverse(f"admin:{options.app_label}_{options.model_name}_change", args=[row.pk])
        context = {"title": _("Pictures"), "row": row, "pictures": pictures, "back": back}
        return own_page(self, request, "salons/admin/pictures.html", context)

    def _save_picture(self, request, row):
        asked = request.POST.get("field", "")
        if not asked:
            return HttpResponseRedirect(request.get_full_path())
        if asked not in self.picture_fields:
            raise Http404
        form = PictureForm(request.POST, request.FILES)
        if not form.is_valid():
            errors = [text for texts in form.errors.values() for text in texts]
            return self._pictures(request, row, asked=asked, errors=errors)
        step = {"row": row, "field": asked, "content": form.content(), "reason": form.cleaned_data["reason"]}
        try:
            services.change_picture(actor=request.user, **step)
        except Rejected as refusal:
            return self._pictures(request, row, asked=asked, errors=[str(refusal)])
        messages.success(request, _("Saved."))
        return HttpResponseRedirect(request.get_full_path())
