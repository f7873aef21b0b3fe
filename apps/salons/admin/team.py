from django.contrib import admin
from django.contrib.auth import get_user_model
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminColorInputWidget

from apps.accounts.roles import SalonRole
from apps.accounts.services import ensure_proven
from apps.accounts.sessions import proven_at
from apps.common.admin.displays import phone_column, show_phone, state_column, two_lines
from apps.common.admin.filters import BooleanRadioFilter, ChoicesDropdownFilter, ScopedRelatedFilter
from apps.common.admin.transfer import ExportableModelAdmin
from apps.common.name_keys import NameKey
from apps.common.scope import salons_allowing
from apps.common.text import localized
from apps.salons.admin.catalogue import EVERY_VERB
from apps.salons.admin.consequences import AsksAboutVisits
from apps.salons.admin.imports import ListImportAdmin
from apps.salons.admin.inlines import OfferedServicesInline, TimeOffInline, UsualHoursInline
from apps.salons.admin.pictures import PicturesPage
from apps.salons.admin.rosters import WarnsOfLongHours
from apps.salons.exports import MembershipExport
from apps.salons.imports.resources import StaffResource
from apps.salons.models import Membership, Staff


@admin.register(Staff)
class StaffAdmin(PicturesPage, WarnsOfLongHours, AsksAboutVisits, ListImportAdmin):
    resource_classes = [StaffResource]
    actions_detail = ["pictures_action"]
    picture_fields = ["photo"]
    allowed_verbs = EVERY_VERB
    empty_text = _("The people your customers book will stand here.")
    list_display = ["display_name", "salon", "gender", "display_phone", "position", "is_active"]
    list_filter = [
        ("salon", ScopedRelatedFilter),
        ("gender", ChoicesDropdownFilter),
        ("is_active", BooleanRadioFilter),
    ]
    list_select_related = ["salon", "user"]
    search_fields = ["search_text", "user__phone", "user__name"]
    search_help_text = _("Search by name or phone")
    inlines = [OfferedServicesInline, UsualHoursInline, TimeOffInline]
    fieldsets = [
        (
            None,
            {
                "fields": [
                    ("name_ar", "name_en"),
                    ("title_ar", "title_en"),
                    ("gender", "user"),
                    ("color", "position"),
                    ("is_active", "keeps_prayer_pause"),
                ]
            },
        ),
    ]

    display_phone = phone_column("user.phone", _("phone"))

    @admin.display(description=_("staff member"), ordering="search_text")
    def display_name(self, staff):
        return two_lines(staff.name, localized(staff.title_ar, staff.title_en))

    def formfield_for_dbfield(self, db_field, request, **kwargs):
        if db_field.name == "color":
            kwargs["widget"] = UnfoldAdminColorInputWidget()
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def roster_of(self, staff):
        return staff, None

    def choices_for(self, request, db_field, owner):
        """A sign-in is that of a team member of the same salon: nobody here browses all people of the platform."""
        if db_field.name != "user":
            return super().choices_for(request, db_field, owner)
        salons = [owner.salon_id] if owner else [salon.pk for salon in salons_allowing(request, Staff, "add")]
        members = Q(memberships__salon__in=salons, memberships__is_active=True)
        linked = Q(pk=owner.user_id if owner else None)
        return get_user_model()._default_manager.filter(members | linked).distinct().order_by("name", "phone")


@admin.register(Membership)
class MembershipAdmin(ExportableModelAdmin):
    """Who works in which salon, and as what. Roles are given by the platform's owner only."""

    resource_classes = [MembershipExport]
    empty_text = _("The people who sign in to this back office will stand here.")
    list_display = ["display_person", "salon", "display_role", "is_active", "created_at"]
    list_filter = [
        ("salon", ScopedRelatedFilter),
        ("role", ChoicesDropdownFilter),
        ("is_active", BooleanRadioFilter),
    ]
    list_select_related = ["salon", "user"]
    search_fields = ["user__name", "user__phone"]
    search_help_text = _("Search by name or phone")
    autocomplete_fields = ["user"]
    fieldsets = [(None, {"fields": ["user", ("role", "is_active")]})]

    display_role = state_column(
        "role", {SalonRole.MANAGER: "primary", SalonRole.RECEPTIONIST: "info", SalonRole.STYLIST: "success"}
    )

    @admin.display(description=_("person"), ordering=NameKey("user__name"))
    def display_person(self, membership):
        return two_lines(membership.user, show_phone(membership.user.phone, membership))

    def save_model(self, request, obj, form, change):
        ensure_proven(proven_at(request))
        super().save_model(request, obj, form, change)

    def get_readonly_fields(self, request, obj=None):
        # A role is given to a person; another person gets a row of their own.
        return [*super().get_readonly_fields(request, obj), *(["user"] if obj else [])]
