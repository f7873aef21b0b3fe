"""Lists of a salon that leave as a spreadsheet to be read; what comes back in stands in `resources`."""

from apps.common.resources import export_of
from apps.salons.models import (
    Customer,
    Membership,
    PrayerTime,
    Review,
    Salon,
    ScheduleException,
    ServiceCategory,
    Staff,
    StaffService,
    TimeOff,
    WeeklyHours,
)

SalonExport = export_of(
    Salon, "name_ar", "name_en", "slug", "city", "audience", "phone", "vat_number", "confirmation", "is_active"
)
MembershipExport = export_of(Membership, "salon__name", "user__name", "user__phone", "role", "is_active", "created_at")
CustomerExport = export_of(Customer, "salon__name", "user__name", "user__phone", "notes", "is_blocked", "created_at")
ReviewExport = export_of(
    Review, "salon__name", "rating", "comment", "service__name", "staff__name", "is_published", "created_at"
)
StaffExport = export_of(
    Staff, "salon__name", "name_ar", "name_en", "title_ar", "title_en", "gender", "user__phone", "is_active"
)
ServiceCategoryExport = export_of(ServiceCategory, "salon__name", "name_ar", "name_en", "position", "is_active")
StaffServiceExport = export_of(
    StaffService, "salon__name", "staff__name", "service__name", "price_amount", "duration_minutes"
)
WeeklyHoursExport = export_of(
    WeeklyHours,
    "salon__name",
    "staff__name",
    "weekday",
    "opens",
    "closes",
    "ends_next_day",
    "is_break",
    "valid_from",
    "valid_until",
    "exception__name",
)
ScheduleExceptionExport = export_of(
    ScheduleException, "salon__name", "name_ar", "name_en", "kind", "staff__name", "starts_on", "ends_on"
)
PrayerTimeExport = export_of(PrayerTime, "salon__name", "prayer", "called_at", "starts_on", "ends_on")
TimeOffExport = export_of(TimeOff, "salon__name", "staff__name", "starts_at", "ends_at", "reason")
