from typing import cast

from django.contrib import admin
from django.utils.formats import date_format, time_format
from django.utils.translation import gettext_lazy as _

from apps.common.admin.displays import left_to_right, name_column, state_column, time_column, two_lines
from apps.common.admin.filters import (
    BooleanRadioFilter,
    ChoicesDropdownFilter,
    RangeDateFilter,
    RangeDateTimeFilter,
    ScopedRelatedFilter,
)
from apps.common.admin.transfer import ExportableModelAdmin
from apps.salons.admin.catalogue import EVERY_VERB
from apps.salons.admin.consequences import AsksAboutVisits
from apps.salons.admin.imports import ListImportAdmin
from apps.salons.admin.inlines import WHOLE_SALON, ExceptionHoursInline, NobodyIsEverybody
from apps.salons.admin.rosters import WarnsOfLongHours
from apps.salons.admin.week import WeekPage
from apps.salons.exports import PrayerTimeExport, ScheduleExceptionExport
from apps.salons.imports.resources import HoursResource, TimeOffResource
from apps.salons.models import PrayerTime, ScheduleException, TimeOff, WeeklyHours


@admin.register(WeeklyHours)
class WeeklyHoursAdmin(WeekPage, NobodyIsEverybody, WarnsOfLongHours, AsksAboutVisits, ListImportAdmin):
    resource_classes = [HoursResource]
    actions_list = ["week_action"]
    allowed_verbs = EVERY_VERB
    empty_text = _("Opening hours and working hours will stand here. Without hours there is no time to book.")
    list_display = ["display_who", "salon", "weekday", "display_hours", "display_validity", "exception"]
    list_display_links = ["display_who", "weekday"]
    list_filter = [
        ("salon", ScopedRelatedFilter),
        ("staff", ScopedRelatedFilter),
        ("weekday", ChoicesDropdownFilter),
        ("is_break", BooleanRadioFilter),
        ("exception", ScopedRelatedFilter),
    ]
    list_select_related = ["salon", "staff", "exception"]
    search_fields = ["staff__search_text"]
    search_help_text = _("Search by staff member")
    fieldsets = [
        (
            None,
            {
                "fields": [
                    ("staff", "weekday"),
                    ("opens", "closes"),
                    ("ends_next_day", "is_break"),
                    ("valid_from", "valid_until"),
                    "exception",
                ]
            },
        )
    ]

    @admin.display(description=_("who"), ordering="staff")
    def display_who(self, hours):
        return hours.staff or WHOLE_SALON

    @admin.display(description=_("hours"), ordering="opens")
    def display_hours(self, hours):
        shown = left_to_right(f"{show_clock(hours.opens)}–{show_clock(hours.closes)}")
        return two_lines(shown, _("break") if hours.is_break else "")

    @admin.display(description=_("valid"), ordering="valid_from", empty_value=cast("str", _("always")))
    def display_validity(self, hours):
        return show_period(hours.valid_from, hours.valid_until)

    def roster_of(self, hours):
        return hours.staff, hours.exception


@admin.register(ScheduleException)
class ScheduleExceptionAdmin(NobodyIsEverybody, WarnsOfLongHours, AsksAboutVisits, ExportableModelAdmin):
    resource_classes = [ScheduleExceptionExport]
    allowed_verbs = EVERY_VERB
    empty_text = _("Holidays, days with other hours and seasons such as Ramadan will stand here.")
    list_display = ["display_name", "salon", "display_kind", "display_who", "starts_on", "ends_on"]
    list_filter = [
        ("salon", ScopedRelatedFilter),
        ("kind", ChoicesDropdownFilter),
        ("staff", ScopedRelatedFilter),
        ("starts_on", RangeDateFilter),
    ]
    list_select_related = ["salon", "staff"]
    search_fields = ["search_text", "staff__search_text"]
    inlines = [ExceptionHoursInline]
    fieldsets = [(None, {"fields": [("name_ar", "name_en"), ("kind", "staff"), ("starts_on", "ends_on")]})]

    display_name = name_column(_("closed day or season"))
    display_kind = state_column(
        "kind",
        {
            ScheduleException.Kind.CLOSED: "danger",
            ScheduleException.Kind.SPECIAL_HOURS: "info",
            ScheduleException.Kind.SEASON: "warning",
        },
    )

    @admin.display(description=_("who"), ordering="staff")
    def display_who(self, exception):
        return exception.staff or WHOLE_SALON

    def save_formset(self, request, form, formset, change):
        for row in formset.forms:
            if row.instance.staff_id is None:
                # What counts for one person only, counts for that person hour by hour.
                row.instance.staff = form.instance.staff
        super().save_formset(request, form, formset, change)

    def roster_of(self, exception):
        return exception.staff, exception


@admin.register(PrayerTime)
class PrayerTimeAdmin(AsksAboutVisits, ExportableModelAdmin):
    resource_classes = [PrayerTimeExport]
    allowed_verbs = EVERY_VERB
    empty_text = _("Prayer times are computed for the salon's city. Times you enter yourself will stand here.")
    list_display = ["prayer", "salon", "display_called_at", "starts_on", "ends_on"]
    list_filter = [
        ("salon", ScopedRelatedFilter),
        ("prayer", ChoicesDropdownFilter),
        ("starts_on", RangeDateFilter),
    ]
    list_select_related = ["salon"]
    fieldsets = [(None, {"fields": [("prayer", "called_at"), ("starts_on", "ends_on")]})]

    @admin.display(description=_("called at"), ordering="called_at")
    def display_called_at(self, entered):
        return left_to_right(show_clock(entered.called_at))


@admin.register(TimeOff)
class TimeOffAdmin(AsksAboutVisits, ListImportAdmin):
    resource_classes = [TimeOffResource]
    allowed_verbs = EVERY_VERB
    empty_text = _("Holidays, sick days and hours away will stand here.")
    list_display = ["staff", "salon", "display_starts_at", "display_ends_at", "reason"]
    list_filter = [
        ("salon", ScopedRelatedFilter),
        ("staff", ScopedRelatedFilter),
        ("starts_at", RangeDateTimeFilter),
    ]
    list_select_related = ["salon", "staff"]
    search_fields = ["staff__search_text", "reason"]
    search_help_text = _("Search by staff member or reason")
    fieldsets = [(None, {"fields": ["staff", ("starts_at", "ends_at"), "reason"]})]

    display_starts_at = time_column("starts_at")
    display_ends_at = time_column("ends_at")


def show_clock(clock):
    """A time of day as every calendar of this country shows it: `17:04`."""
    return time_format(clock, "H:i")


def show_period(first, last):
    """Days from `first` to `last`, either open; None when both are."""
    if first is None and last is None:
        return None
    return " – ".join(date_format(day, "SHORT_DATE_FORMAT") if day else "…" for day in (first, last))
