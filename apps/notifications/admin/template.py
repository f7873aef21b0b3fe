"""A salon's own texts, with the placeholders they may use and what they cost as SMS."""

from django.contrib import admin
from django.utils.html import format_html_join
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import BooleanRadioFilter
from unfold.decorators import display

from apps.common.admin.base import BaseModelAdmin
from apps.common.admin.displays import EMPTY
from apps.common.admin.filters import ChoicesDropdownFilter, ScopedRelatedFilter
from apps.common.providers.segments import BASIC, EXTENSION, GSM7, segments
from apps.notifications.models import Template
from apps.notifications.rendering import is_valid_text, render

# A text is measured as customers get it: with values of the usual length, not with the names of placeholders.
SAMPLES = {
    "ar": {
        "service": "قص وتصفيف الشعر",
        "staff": "نورة",
        "date": "الخميس 15/01/2026",
        "customer": "سارة",
        "amount": "345.50 ر.س",
    },
    "en": {
        "service": "Haircut and styling",
        "staff": "Noura",
        "date": "Thursday 15/01/2026",
        "customer": "Sara",
        "amount": "345.50 SAR",
    },
}
SAME_IN_BOTH = {
    "time": "18:30",
    "reference": "K7Q-3MX-9TP",
    "link": "https://checkout.moyasar.com/invoices/5e7a1c3d-2b4f-4a6e-9d8c-0f1e2d3c4b5a",
}
DIRECTIONS = {"body_ar": "rtl", "body_en": "ltr"}


@admin.register(Template)
class TemplateAdmin(BaseModelAdmin):
    allowed_verbs = ("view", "add", "change", "delete")
    empty_text = _("Without texts of its own a salon uses the texts of the house.")
    list_display = ("kind", "channel", "is_active", "display_arabic_segments", "display_english_segments", "salon")
    list_filter = (
        ("kind", ChoicesDropdownFilter),
        ("is_active", BooleanRadioFilter),
        ("salon", ScopedRelatedFilter),
    )
    list_select_related = ("salon",)
    search_fields = ("body_ar", "body_en")
    search_help_text = _("Words of a text")
    fieldsets = (
        (None, {"fields": (("kind", "channel"), "is_active")}),
        (
            _("Texts"),
            {
                "fields": ("body_ar", "display_arabic_segments", "body_en", "display_english_segments"),
                "description": _(
                    "Placeholders are filled in when the message is written: {customer}, {salon}, {service}, "
                    "{staff}, {date}, {time}, {reference}; in messages about money also {amount}; in the payment "
                    "link also {link}."
                ),
            },
        ),
    )
    readonly_fields = ("display_arabic_segments", "display_english_segments")

    def formfield_for_dbfield(self, db_field, request, **kwargs):
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if db_field.name in DIRECTIONS:
            field.widget.attrs["dir"] = DIRECTIONS[db_field.name]
        return field

    @display(description=_("Arabic text as SMS"))
    def display_arabic_segments(self, obj):
        return self.measured(obj, "ar")

    @display(description=_("English text as SMS"))
    def display_english_segments(self, obj):
        return self.measured(obj, "en")

    def measured(self, obj, locale):
        """Encoding, length and number of SMS of the text with usual values, and what makes it the costly kind."""
        text = getattr(obj, f"body_{locale}")
        if not text or not is_valid_text(text, obj.kind):
            return EMPTY
        salon = (obj.salon.name_ar, obj.salon.name_en) if obj.salon_id else ("", "")
        salon_name = (salon if locale == "ar" else salon[::-1])[0] or "".join(salon)
        body = render(text, {**SAME_IN_BOTH, **SAMPLES[locale], "salon": salon_name})
        parts = segments(body)
        lines = [
            gettext("%(encoding)s, %(units)s characters, %(count)s SMS")
            % {"encoding": parts.encoding, "units": parts.units, "count": parts.count}
        ]
        if locale == "en" and parts.encoding != GSM7:
            costly = " ".join(sorted(set(body) - BASIC - EXTENSION)[:10])
            lines.append(gettext("These characters make it longer: %(characters)s") % {"characters": costly})
        return format_html_join("", "<div>{}</div>", ((line,) for line in lines))
