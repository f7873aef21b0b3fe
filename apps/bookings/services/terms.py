"""What is agreed: which service may be booked, with whom, and what a booking copies of the price list."""

from decimal import Decimal

from django.utils.translation import gettext_lazy as _

from apps.bookings import selectors
from apps.bookings.errors import SlotNotOffered
from apps.common.errors import Missing
from apps.common.money import VAT_RATE, vat_included
from apps.common.statements import compiled
from apps.salons.models import Service

NOTHING = Decimal("0.00")


def bookable_service(service_id):
    """The Service, its salon and category with it. Raises: Missing, SlotNotOffered."""
    service = _service_with_its_salon.first(key=service_id)
    if service is None or not service.salon.is_active:
        raise Missing
    if not (service.is_active and service.category.is_active):
        raise SlotNotOffered(_("“%(service)s” can no longer be booked."), service=service.name)
    return service


@compiled
def _service_with_its_salon(*, key):
    return Service.objects.filter(pk=key).select_related("salon", "category").order_by()


def offers_of(service, staff_id):
    """Who does `service`, as Offers, or the one of `staff_id`; never empty. Raises: SlotNotOffered."""
    candidates = selectors.offers(service, staff_id)
    if not candidates:
        raise SlotNotOffered(_("Nobody there does this service at the moment."))
    return candidates


def terms_of(service, offer):
    """What a booking copies of the price list."""
    return {
        "service": service,
        "service_name_ar": service.name_ar,
        "service_name_en": service.name_en,
        "duration_minutes": offer.duration_minutes,
        "buffer_before_minutes": service.buffer_before_minutes,
        "buffer_after_minutes": service.buffer_after_minutes,
    }


def set_price(booking, price):
    """`price` (SAR) with the VAT in it, at the rate of today."""
    booking.price_amount = price
    booking.vat_rate = VAT_RATE if booking.salon.vat_number else NOTHING
    booking.vat_amount = vat_included(price, booking.vat_rate)
