"""Salons and what is in them: minimal valid rows. Rows of one salon share it: `ServiceFactory(salon=salon)`."""

from datetime import time, timedelta
from decimal import Decimal

import factory
from django.utils import timezone

from apps.accounts.roles import SalonRole
from apps.accounts.tests.factories import UserFactory
from apps.salons.models import (
    Customer,
    ImportRun,
    Membership,
    PrayerTime,
    Review,
    Salon,
    ScheduleException,
    Service,
    ServiceCategory,
    Staff,
    StaffService,
    TimeOff,
    WeeklyHours,
)


class SalonFactory(factory.django.DjangoModelFactory):
    """Confirms at once and charges no VAT, both the models' defaults."""

    class Meta:
        model = Salon

    slug = factory.Sequence(lambda n: f"salon-{n}")
    name_ar = factory.Sequence(lambda n: f"صالون {n}")
    name_en = factory.Sequence(lambda n: f"Salon {n}")


class SalonOwnedFactory(factory.django.DjangoModelFactory):
    class Meta:
        abstract = True

    salon = factory.SubFactory(SalonFactory)


class MembershipFactory(SalonOwnedFactory):
    """A manager unless the test says otherwise."""

    class Meta:
        model = Membership

    user = factory.SubFactory(UserFactory)
    role = SalonRole.MANAGER


class CustomerFactory(SalonOwnedFactory):
    class Meta:
        model = Customer

    user = factory.SubFactory(UserFactory)


class ServiceCategoryFactory(SalonOwnedFactory):
    class Meta:
        model = ServiceCategory

    name_ar = factory.Sequence(lambda n: f"قسم {n}")
    name_en = factory.Sequence(lambda n: f"Category {n}")


class ServiceFactory(SalonOwnedFactory):
    """45 minutes, 100.00 SAR, no buffers."""

    class Meta:
        model = Service

    category = factory.SubFactory(ServiceCategoryFactory, salon=factory.SelfAttribute("..salon"))
    code = factory.Sequence(lambda n: f"SV-{n}")
    name_ar = factory.Sequence(lambda n: f"خدمة {n}")
    name_en = factory.Sequence(lambda n: f"Service {n}")
    duration_minutes = 45
    price_amount = Decimal("100.00")


class StaffFactory(SalonOwnedFactory):
    """Takes bookings, has no sign-in and no hours."""

    class Meta:
        model = Staff

    name_ar = factory.Sequence(lambda n: f"موظفة {n}")
    name_en = factory.Sequence(lambda n: f"Stylist {n}")


class StaffServiceFactory(SalonOwnedFactory):
    class Meta:
        model = StaffService

    staff = factory.SubFactory(StaffFactory, salon=factory.SelfAttribute("..salon"))
    service = factory.SubFactory(ServiceFactory, salon=factory.SelfAttribute("..salon"))


class WeeklyHoursFactory(SalonOwnedFactory):
    """Sunday 09:00–17:00 of the salon itself; give `staff` for a member's own."""

    class Meta:
        model = WeeklyHours

    weekday = WeeklyHours.Weekday.SUNDAY
    opens = time(9)
    closes = time(17)


class ScheduleExceptionFactory(SalonOwnedFactory):
    """The salon is closed today."""

    class Meta:
        model = ScheduleException

    name_ar = "إغلاق"
    name_en = "Closed"
    starts_on = factory.LazyFunction(timezone.localdate)
    ends_on = factory.SelfAttribute("starts_on")


class ImportRunFactory(SalonOwnedFactory):
    class Meta:
        model = ImportRun

    model_label = "salons.customer"
    file_name = "list.csv"
    sha256 = "0" * 64
    token = factory.Faker("uuid4")
    state = ImportRun.State.DONE
    actor = factory.SubFactory(UserFactory)


class PrayerTimeFactory(SalonOwnedFactory):
    """Maghrib is called at 18:12 today."""

    class Meta:
        model = PrayerTime

    prayer = PrayerTime.Prayer.MAGHRIB
    called_at = time(18, 12)
    starts_on = factory.LazyFunction(timezone.localdate)
    ends_on = factory.SelfAttribute("starts_on")


class TimeOffFactory(SalonOwnedFactory):
    """Away for an hour from tomorrow, this time of day, in whole minutes as the boxes of a form hold them."""

    class Meta:
        model = TimeOff

    staff = factory.SubFactory(StaffFactory, salon=factory.SelfAttribute("..salon"))
    starts_at = factory.LazyFunction(lambda: timezone.now().replace(second=0, microsecond=0) + timedelta(days=1))
    ends_at = factory.LazyAttribute(lambda row: row.starts_at + timedelta(hours=1))


class ReviewFactory(SalonOwnedFactory):
    """Five stars."""

    class Meta:
        model = Review

    customer = factory.SubFactory(CustomerFactory, salon=factory.SelfAttribute("..salon"))
    service = factory.SubFactory(ServiceFactory, salon=factory.SelfAttribute("..salon"))
    staff = factory.SubFactory(StaffFactory, salon=factory.SelfAttribute("..salon"))
    rating = 5
