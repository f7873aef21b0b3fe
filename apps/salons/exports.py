"""Lists of a salon that leave as a spreadsheet to be read; what comes back in stands in `resources`."""

from apps.common.resources import export_of
from apps.salons.models import (
    Membership,
    PrayerTime,
    Review,
    Salon,
    ScheduleException,
    StaffService,
)

SalonExport = export_of(
    Salon, "name_ar", "name_en", "slug", "city", "audience", "phone", "vat_number", "confirmation", "is_active"
)
MembershipExport = export_of(Membership, "salon__name", "user__name", "user__phone", "role", "is_active", "created_at")
ReviewExport = export_of(
    Review, "salon__name", "rating", "comment", "service__name", "staff__name", "is_published", "created_at"
)
StaffServiceExport = export_of(
    StaffService, "salon__name", "staff__name", "service__name", "price_amount", "duration_minutes"
)
ScheduleExceptionExport = export_of(
    ScheduleException, "salon__name", "name_ar", "name_en", "kind", "staff__name", "starts_on", "ends_on"
)
PrayerTimeExport = export_of(PrayerTime, "salon__name", "prayer", "called_at", "starts_on", "ends_on")
