from django.utils.translation import gettext_lazy as _

from apps.common.admin.base import BaseTabularInline
from apps.salons.models import StaffService, TimeOff, WeeklyHours

WHOLE_SALON = _("the whole salon")


class NobodyIsEverybody:
    """Says in the list of staff what it means to choose nobody."""

    def formfield_for_foreignkey(self, db_field, request, **kwargs):
        field = super().formfield_for_foreignkey(db_field, request, **kwargs)
        if db_field.name == "staff":
            field.empty_label = WHOLE_SALON
        return field


class OfferedServicesInline(BaseTabularInline):
    """What a staff member does."""

    model = StaffService
    verbose_name_plural = _("Services")
    fields = ["service", "price_amount", "duration_minutes"]
    tab = True


class AbleStaffInline(BaseTabularInline):
    """Who does a service."""

    model = StaffService
    verbose_name_plural = _("Who does it")
    fields = ["staff", "price_amount", "duration_minutes"]
    tab = True


class UsualHoursInline(BaseTabularInline):
    """The usual week of a staff member; special weeks stand with their closed day or season."""

    model = WeeklyHours
    verbose_name_plural = _("Usual week")
    fields = ["weekday", "opens", "closes", "ends_next_day", "is_break", "valid_from", "valid_until"]
    tab = True

    def get_queryset(self, request):
        return super().get_queryset(request).filter(exception=None)


class ExceptionHoursInline(NobodyIsEverybody, BaseTabularInline):
    """Hours that count during an exception only; without any row it is closed."""

    model = WeeklyHours
    verbose_name_plural = _("Hours on these days (none: closed)")
    fields = ["staff", "weekday", "opens", "closes", "ends_next_day", "is_break"]


class TimeOffInline(BaseTabularInline):
    """Latest time off of a staff member."""

    model = TimeOff
    fields = ["starts_at", "ends_at", "reason"]
    tab = True
    per_page = 10
