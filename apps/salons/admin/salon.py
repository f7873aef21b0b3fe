from zoneinfo import ZoneInfo, available_timezones

from django import forms
from django.contrib import admin
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminSelectWidget

from apps.accounts.services import ensure_proven
from apps.accounts.sessions import proven_at
from apps.common.admin.displays import name_column, public_phone_column, state_column
from apps.common.admin.filters import BooleanRadioFilter, ChoicesDropdownFilter
from apps.common.admin.forms import ScopedModelForm
from apps.common.admin.transfer import ExportableModelAdmin
from apps.salons.admin.consequences import AsksAboutVisits
from apps.salons.admin.pictures import PicturesPage
from apps.salons.exports import SalonExport
from apps.salons.models import PrayerTime, Salon
from apps.salons.policies import OWN_FIGURES, PRESETS, Terms, policy_of
from apps.salons.prayer import prayer_calls

# Set with the platform: a manager who raised their own refund limit would have none.
PLATFORM_FIELDS = ["slug", "timezone", "refund_limit", "refund_daily_limit", "is_active"]


def shown_when(field, condition):
    """Alpine's condition over `field`; a reader's page has no fields to ask and shows everything."""
    return f"typeof {field} === 'undefined' || {field} {condition}"


AT_HOME = shown_when("offers_home_service", "== true")
PREPAID = shown_when("confirmation", f"== '{Salon.Confirmation.PAYMENT}'")
OWN_POLICY = shown_when("policy", f"== '{OWN_FIGURES}'")
KEEPS_PRAYER = shown_when("prayer_pause", f"!= '{Salon.PrayerPause.NONE}'")


def policies():
    """`[(key, policy in words), …]`"""
    presets = [(key, in_words(name, hours, percent)) for key, (name, (hours, percent)) in PRESETS.items()]
    return [*presets, (OWN_FIGURES, gettext("own figures"))]


def in_words(policy, hours, percent):
    text = ngettext(
        "%(policy)s: free until %(hours)s hour before, then %(percent)s %% of the price",
        "%(policy)s: free until %(hours)s hours before, then %(percent)s %% of the price",
        hours,
    )
    return text % {"policy": policy, "hours": hours, "percent": percent}


class SalonForm(ScopedModelForm):
    """The salon with a ready-made cancellation policy to choose, which writes the two figures and is not stored."""

    policy = forms.ChoiceField(
        label=_("Policy"),
        required=False,
        choices=policies,
        widget=UnfoldAdminSelectWidget(),
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.initial["policy"] = policy_of(terms_of(self.instance))

    def clean_timezone(self):
        # Judged here and not by the model: a name that is none must not reach the row whose times the page shows.
        name = self.cleaned_data["timezone"]
        if name not in available_timezones():
            raise forms.ValidationError(_("There is no such time zone. Write it as Asia/Riyadh."), code="unknown_zone")
        return name

    def clean(self):
        cleaned = super().clean()
        if preset := PRESETS.get(cleaned.get("policy")):
            for name, figure in preset.terms._asdict().items():
                # Their boxes are hidden then, and what stands in them does not matter.
                self.errors.pop(name, None)
                cleaned[name] = figure
        return cleaned


@admin.register(Salon)
class SalonAdmin(PicturesPage, AsksAboutVisits, ExportableModelAdmin):
    form = SalonForm
    resource_classes = [SalonExport]
    actions_detail = ["pictures_action"]
    picture_fields = ["logo", "cover"]
    list_display = ["display_name", "city", "audience", "display_confirmation", "display_phone", "is_active"]
    list_filter = [
        ("city", ChoicesDropdownFilter),
        ("audience", ChoicesDropdownFilter),
        ("confirmation", ChoicesDropdownFilter),
        ("is_active", BooleanRadioFilter),
    ]
    search_fields = ["search_text", "slug", "phone"]
    search_help_text = _("Search by name or phone")
    conditional_fields = {
        "home_service_licence": AT_HOME,
        "deposit_percent": PREPAID,
        "hold_minutes": PREPAID,
        "free_cancellation_hours": OWN_POLICY,
        "late_cancellation_percent": OWN_POLICY,
        "prayer_minutes_before": KEEPS_PRAYER,
        "prayer_minutes_after": KEEPS_PRAYER,
        "friday_prayer_minutes_after": KEEPS_PRAYER,
    }
    fieldsets = [
        (
            None,
            {
                "fields": [
                    ("name_ar", "name_en"),
                    ("audience", "city"),
                    ("address", "phone"),
                    ("slug", "timezone"),
                    ("is_active", "stylists_see_phones"),
                    "show_hijri_dates",
                ]
            },
        ),
        (
            _("Booking rules"),
            {
                "classes": ["tab"],
                "fields": [
                    "confirmation",
                    ("deposit_percent", "hold_minutes"),
                    ("slot_step_minutes", "lead_time_minutes"),
                    ("horizon_days", "horizon_counts_open_days"),
                    "max_active_bookings",
                ],
            },
        ),
        (
            _("Cancelling and no-shows"),
            {
                "classes": ["tab"],
                "fields": [
                    "policy",
                    ("free_cancellation_hours", "late_cancellation_percent"),
                    ("no_show_grace_minutes", "prepay_after_no_shows"),
                    ("refund_limit", "refund_daily_limit"),
                ],
            },
        ),
        (
            _("Prayer times"),
            {
                "classes": ["tab"],
                "fields": [
                    "prayer_pause",
                    ("prayer_minutes_before", "prayer_minutes_after"),
                    "friday_prayer_minutes_after",
                    "display_calls",
                ],
            },
        ),
        (
            _("Tax and home service"),
            {"classes": ["tab"], "fields": ["vat_number", "offers_home_service", "home_service_licence"]},
        ),
    ]

    readonly_fields = ["display_calls"]

    display_name = name_column(_("salon"), "slug")
    display_phone = public_phone_column("phone", _("phone"))
    display_confirmation = state_column(
        "confirmation",
        {
            Salon.Confirmation.AUTOMATIC: "success",
            Salon.Confirmation.BY_HAND: "info",
            Salon.Confirmation.PAYMENT: "warning",
        },
    )

    @admin.display(description=_("computed for today"))
    def display_calls(self, salon):
        zone = ZoneInfo(salon.timezone)
        calls = prayer_calls(salon.city, timezone.localdate(timezone=zone), zone)
        return " · ".join(f"{PrayerTime.Prayer(prayer).label} {moment:%H:%M}" for prayer, moment in calls.items())

    @admin.display(description=_("Policy"))
    def policy(self, salon):
        """For people who may read the salon and not change it; others have the field of the form."""
        return dict(policies())[policy_of(terms_of(salon))]

    def save_model(self, request, obj, form, change):
        if change and {"refund_limit", "refund_daily_limit"} & set(form.changed_data):
            # Or the limit could be raised where a refund above it takes proof.
            ensure_proven(proven_at(request))
        super().save_model(request, obj, form, change)

    def get_readonly_fields(self, request, obj=None):
        fields = super().get_readonly_fields(request, obj)
        return fields if self.has_add_permission(request) else [*fields, *PLATFORM_FIELDS]


def terms_of(salon):
    return Terms(salon.free_cancellation_hours, salon.late_cancellation_percent)
