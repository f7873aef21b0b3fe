from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from apps.common.admin.displays import name_column, phone_column, state_column
from apps.common.admin.filters import BooleanRadioFilter, ChoicesDropdownFilter
from apps.common.admin.transfer import ExportableModelAdmin
from apps.salons.exports import SalonExport
from apps.salons.models import Salon

# Set with the platform: a manager who raised their own refund limit would have none.
PLATFORM_FIELDS = ["slug", "timezone", "refund_limit", "is_active"]


@admin.register(Salon)
class SalonAdmin(ExportableModelAdmin):
    resource_classes = [SalonExport]
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
        "home_service_licence": "offers_home_service == true",
        "deposit_percent": "confirmation == 'payment'",
        "hold_minutes": "confirmation == 'payment'",
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
                    "is_active",
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
                    "horizon_days",
                ],
            },
        ),
        (
            _("Cancelling and no-shows"),
            {
                "classes": ["tab"],
                "fields": [
                    ("free_cancellation_hours", "late_cancellation_percent"),
                    ("no_show_grace_minutes", "refund_limit"),
                ],
            },
        ),
        (
            _("Tax and home service"),
            {"classes": ["tab"], "fields": ["vat_number", "offers_home_service", "home_service_licence"]},
        ),
    ]

    display_name = name_column(_("salon"), "slug")
    display_phone = phone_column("phone", _("phone"))
    display_confirmation = state_column(
        "confirmation",
        {
            Salon.Confirmation.AUTOMATIC: "success",
            Salon.Confirmation.BY_HAND: "info",
            Salon.Confirmation.PAYMENT: "warning",
        },
    )

    def get_readonly_fields(self, request, obj=None):
        fields = super().get_readonly_fields(request, obj)
        return fields if self.has_add_permission(request) else [*fields, *PLATFORM_FIELDS]
