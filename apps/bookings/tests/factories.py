"""Bookings with every copy (price, VAT, durations, terms) taken from their service and salon."""

from datetime import timedelta
from decimal import Decimal

import factory
from django.utils import timezone

from apps.accounts.tests.factories import UserFactory
from apps.bookings.models import Booking
from apps.common.money import VAT_RATE, vat_included
from apps.salons.tests.factories import CustomerFactory, SalonOwnedFactory, ServiceFactory, StaffFactory


def _noon_utc_in_two_days():
    """At least 36 hours away: free to cancel or move under a salon's usual terms, whatever the hour of the test."""
    return timezone.now().replace(hour=12, minute=0, second=0, microsecond=0) + timedelta(days=2)


class BookingFactory(SalonOwnedFactory):
    """A confirmed visit in two days with a staff member of its own, so that rows made by default never overlap.

    A cancelled one gets its `cancelled_by`, the salon, unless the test says otherwise.
    """

    class Meta:
        model = Booking

    customer = factory.SubFactory(CustomerFactory, salon=factory.SelfAttribute("..salon"))
    service = factory.SubFactory(ServiceFactory, salon=factory.SelfAttribute("..salon"))
    staff = factory.SubFactory(StaffFactory, salon=factory.SelfAttribute("..salon"))
    status = Booking.Status.CONFIRMED
    starts_at = factory.LazyFunction(_noon_utc_in_two_days)
    service_name_ar = factory.SelfAttribute("service.name_ar")
    service_name_en = factory.SelfAttribute("service.name_en")
    duration_minutes = factory.SelfAttribute("service.duration_minutes")
    buffer_before_minutes = factory.SelfAttribute("service.buffer_before_minutes")
    buffer_after_minutes = factory.SelfAttribute("service.buffer_after_minutes")
    price_amount = factory.SelfAttribute("service.price_amount")
    vat_rate = factory.LazyAttribute(lambda booking: VAT_RATE if booking.salon.vat_number else Decimal("0.00"))
    vat_amount = factory.LazyAttribute(lambda booking: vat_included(booking.price_amount, booking.vat_rate))
    free_cancellation_hours = factory.SelfAttribute("salon.free_cancellation_hours")
    late_cancellation_percent = factory.SelfAttribute("salon.late_cancellation_percent")
    protected_starts_at = factory.SelfAttribute("starts_at")
    cancelled_by = factory.LazyAttribute(
        lambda booking: Booking.CancelledBy.SALON if booking.status == Booking.Status.CANCELLED else ""
    )
    booked_by = factory.SubFactory(UserFactory)

    @classmethod
    def _build(cls, model_class, *args, staff, starts_at, **fields):
        booking = model_class(*args, **fields)
        booking.place(staff=staff, starts_at=starts_at)
        return booking

    @classmethod
    def _create(cls, model_class, *args, **fields):
        booking = cls._build(model_class, *args, **fields)
        booking.save()
        return booking
