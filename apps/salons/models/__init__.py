from apps.salons.models.catalogue import Service, ServiceCategory, Staff, StaffService
from apps.salons.models.imports import ImportRun
from apps.salons.models.salon import BlockedPhone, CardMerge, Customer, Membership, Review, Salon
from apps.salons.models.schedule import PrayerTime, ScheduleException, TimeOff, WeeklyHours

__all__ = [
    "BlockedPhone",
    "CardMerge",
    "Customer",
    "ImportRun",
    "Membership",
    "PrayerTime",
    "Review",
    "Salon",
    "ScheduleException",
    "Service",
    "ServiceCategory",
    "Staff",
    "StaffService",
    "TimeOff",
    "WeeklyHours",
]
