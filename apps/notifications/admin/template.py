"""A salon's own texts: what customers read of them is shown while they are written."""

from itertools import chain

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpResponseNotAllowed
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import BooleanRadioFilter
from unfold.decorators import display

from apps.accounts.models import User
from apps.common.admin.base import BaseModelAdmin
from apps.common.admin.displays import EMPTY
from apps.common.admin.filters import ChoicesDropdownFilter, ScopedRelatedFilter
from apps.common.admin.forms import ScopedModelForm
from apps.common.scope import salons_allowing
from apps.notifications.admin.preview import measured, preview_of
from apps.notifications.models import Channel, Template
from apps.notifications.rendering import direction_of
from apps.notifications.texts import HOUSE_TEXTS

PREVIEW = "notifications_template_preview"
# A page for readers has no field of that name.
ONLY_WHATSAPP = f"typeof channel === 'undefined' || channel === '{Channel.WHATSAPP}'"
BODIES = tuple(f"body_{locale}" for locale in User.Locale)
PROVIDER_IDS = tuple(f"provider_id_{locale}" for locale in User.Locale)
PREVIEWS = tuple(f"display_{locale.name.lower()}_preview" for locale in User.Locale)
SEGMENTS = tuple(f"display_{locale.name.lower()}_segments" for locale in User.Locale)


class TemplateForm(ScopedModelForm):
    def clean(self):
        cleaned = super().clean()
        if cleaned.get("channel") == Channel.SMS:
            # Not shown then, and of no meaning.
            cleaned.update(dict.fromkeys(PROVIDER_IDS, ""))
        return cleaned


@admin.register(Template)
class TemplateAdmin(BaseModelAdmin):
    allowed_verbs = ("view", "add", "change", "delete")
    form = TemplateForm
    empty_text = _("Without texts of its own a salon uses the texts of the house.")
    list_display = ("kind", "channel", "is_active", *SEGMENTS, "salon")
    list_filter = (
        ("kind", ChoicesDropdownFilter),
        ("channel", ChoicesDropdownFilter),
        ("is_active", BooleanRadioFilter),
        ("salon", ScopedRelatedFilter),
    )
    list_select_related = ("salon",)
    search_fields = BODIES
    search_help_text = _("Words of a text")
    conditional_fields = dict.fromkeys(PROVIDER_IDS, ONLY_WHATSAPP)
    fieldsets = (
        (None, {"fields": (("kind", "channel"), "is_active")}),
        (
            _("Texts"),
            {
                "fields": tuple(chain.from_iterable(zip(BODIES, PROVIDER_IDS, PREVIEWS, strict=True))),
                "description": _(
                    "Placeholders such as {time} are filled in when the message is written. Press one below a text to "
                    "insert it. A text that is left empty is that of the house."
                ),
            },
        ),
    )
    readonly_fields = PREVIEWS

    class Media:
        js = ("project/js/message-text.js",)

    def get_urls(self):
        preview = path("preview/", self.admin_site.admin_view(self.preview_view), name=PREVIEW)
        return [preview, *super().get_urls()]

    def get_object(self, request, object_id, from_field=None):
        """A row remembers who opens it: fields that are only read are made without a request."""
        row = super().get_object(request, object_id, from_field)
        if row is not None:
            row.seen_by = request.user
        return row

    def get_form(self, request, obj=None, **kwargs):
        form = super().get_form(request, obj, **kwargs)
        for locale in User.Locale.values:
            if box := form.base_fields.get(f"body_{locale}"):
                box.widget.attrs.update(dir=direction_of(locale), lang=locale, rows=4)
                if obj is not None:
                    box.widget.attrs["placeholder"] = HOUSE_TEXTS.get(obj.kind, {}).get(locale, "")
            if provider_id := form.base_fields.get(f"provider_id_{locale}"):
                provider_id.widget.attrs["dir"] = "ltr"
        return form

    # --- The preview ---

    @display(description=_("Arabic customers read"))
    def display_arabic_preview(self, obj):
        return self.live_preview(obj, User.Locale.ARABIC)

    @display(description=_("English customers read"))
    def display_english_preview(self, obj):
        return self.live_preview(obj, User.Locale.ENGLISH)

    def live_preview(self, template, locale):
        """The preview as the page begins with it; of a new row it is asked for, when the salon is known."""
        reader, address = getattr(template, "seen_by", None), reverse(f"admin:{PREVIEW}")
        if template.pk is not None and reader is None:
            return EMPTY  # an earlier version: the bookings of its time are not those of today
        if template.pk is None:
            context = {"preview": {"locale": locale, "name": f"body_{locale}"}, "is_live": True, "is_new": True}
        else:
            is_live = reader.has_perm("notifications.change_template", template)
            context = {"preview": preview_of(template, locale, reader=reader), "is_live": is_live}
            address = f"{address}?template={template.pk}"
        return render_to_string("notifications/admin/live_preview.html", {**context, "address": address})

    def preview_view(self, request):
        """The preview of what stands in the form, in one language. Nothing is stored."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        template = Template(salon=self.previewed_salon(request))
        for name in ("kind", "channel", *BODIES, *PROVIDER_IDS):
            setattr(template, name, request.POST.get(name, ""))
        locale = request.POST.get("locale")
        locale = locale if locale in User.Locale else User.Locale.ARABIC
        context = {"preview": preview_of(template, locale, reader=request.user), "is_live": True}
        return TemplateResponse(request, "notifications/admin/preview.html", context)

    def previewed_salon(self, request):
        """The salon whose text is written, where the reader may write one; None while it is not chosen."""
        if "template" in request.GET:
            row = self.row(request, request.GET["template"])
            if row is None or not self.may(request, "change", row):
                raise PermissionDenied
            return row.salon
        salons, asked = salons_allowing(request, Template, "add"), request.POST.get("salon")
        if not salons:
            raise PermissionDenied
        if not asked:
            return salons[0] if len(salons) == 1 else None
        chosen = next((salon for salon in salons if str(salon.pk) == asked), None)
        if chosen is None:
            raise PermissionDenied
        return chosen

    # --- The list ---

    @display(description=_("Arabic text as SMS"))
    def display_arabic_segments(self, obj):
        return measured(obj, User.Locale.ARABIC) or EMPTY

    @display(description=_("English text as SMS"))
    def display_english_segments(self, obj):
        return measured(obj, User.Locale.ENGLISH) or EMPTY
