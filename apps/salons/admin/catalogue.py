from django.contrib import admin
from django.db.models import Count
from django.utils.translation import gettext_lazy as _

from apps.common.admin.displays import left_to_right, money_column, name_column
from apps.common.admin.filters import BooleanRadioFilter, ScopedRelatedFilter
from apps.common.admin.transfer import ExportableModelAdmin
from apps.salons.admin.consequences import AsksAboutVisits
from apps.salons.admin.grid import SkillsPage
from apps.salons.admin.imports import ListImportAdmin, PriceListAdmin
from apps.salons.admin.inlines import AbleStaffInline
from apps.salons.admin.prices import PricesPage
from apps.salons.exports import StaffServiceExport
from apps.salons.imports.resources import CategoryResource
from apps.salons.models import Service, ServiceCategory, StaffService

EVERY_VERB = ("view", "add", "change", "delete")


@admin.register(ServiceCategory)
class ServiceCategoryAdmin(AsksAboutVisits, ListImportAdmin):
    resource_classes = [CategoryResource]
    allowed_verbs = EVERY_VERB
    empty_text = _("The headings of your price list will stand here. Add one, or import the price list.")
    list_display = ["display_name", "salon", "display_service_count", "position", "is_active"]
    list_filter = [("salon", ScopedRelatedFilter), ("is_active", BooleanRadioFilter)]
    list_select_related = ["salon"]
    search_fields = ["search_text"]
    fieldsets = [(None, {"fields": [("name_ar", "name_en"), ("position", "is_active")]})]

    display_name = name_column(_("category"))

    def get_queryset(self, request):
        return super().get_queryset(request).annotate(service_count=Count("services"))

    @admin.display(description=_("services"), ordering="service_count")
    def display_service_count(self, category):
        return category.service_count


@admin.register(Service)
class ServiceAdmin(PricesPage, AsksAboutVisits, PriceListAdmin):
    allowed_verbs = EVERY_VERB
    actions_list = ["prices_action"]
    empty_text = _("What you sell will stand here. Add a service, or import the price list.")
    list_display = ["display_name", "salon", "category", "display_duration", "display_price", "is_active"]
    list_filter = [
        ("salon", ScopedRelatedFilter),
        ("category", ScopedRelatedFilter),
        ("is_active", BooleanRadioFilter),
    ]
    list_select_related = ["salon", "category"]
    search_fields = ["search_text", "code"]
    search_help_text = _("Search by name or code")
    inlines = [AbleStaffInline]
    fieldsets = [
        (
            None,
            {
                "fields": [
                    ("name_ar", "name_en"),
                    ("category", "code"),
                    ("price_amount", "duration_minutes"),
                    ("position", "is_active"),
                ]
            },
        ),
        (_("Buffers"), {"classes": ["tab"], "fields": [("buffer_before_minutes", "buffer_after_minutes")]}),
        (_("Description"), {"classes": ["tab"], "fields": ["description_ar", "description_en"]}),
    ]

    display_name = name_column(_("service"), "code")
    display_price = money_column("price_amount")

    @admin.display(description=_("duration"), ordering="duration_minutes")
    def display_duration(self, service):
        return show_minutes(service.duration_minutes)


@admin.register(StaffService)
class StaffServiceAdmin(SkillsPage, AsksAboutVisits, ExportableModelAdmin):
    resource_classes = [StaffServiceExport]
    actions_list = ["grid_action"]
    allowed_verbs = EVERY_VERB
    empty_text = _("Who does what will stand here. Customers can book a service as soon as somebody does it.")
    list_display = ["staff", "service", "salon", "display_price", "display_duration"]
    list_filter = [("salon", ScopedRelatedFilter), ("staff", ScopedRelatedFilter), ("service", ScopedRelatedFilter)]
    list_select_related = ["salon", "staff", "service"]
    search_fields = ["staff__search_text", "service__search_text", "service__code"]
    autocomplete_fields = ["staff", "service"]
    fieldsets = [(None, {"fields": [("staff", "service"), ("price_amount", "duration_minutes")]})]

    display_price = money_column("price_amount")

    @admin.display(description=_("own duration"), ordering="duration_minutes", empty_value="—")
    def display_duration(self, offered):
        return show_minutes(offered.duration_minutes) if offered.duration_minutes else None


def show_minutes(minutes):
    """A duration as hours and minutes: `1:30`."""
    return left_to_right(f"{minutes // 60}:{minutes % 60:02d}")
