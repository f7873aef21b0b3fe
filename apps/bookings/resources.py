from zoneinfo import ZoneInfo

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from import_export.fields import Field

from apps.bookings.models import Booking
from apps.common.resources import ScopedResource


class BookingResource(ScopedResource):
    """Bookings for a spreadsheet: one line each, times in the salon's own zone."""

    reference = Field("display_reference", _("reference"))
    status = Field("status", _("state"))
    customer = Field("customer__user__name", _("customer"))
    phone = Field("customer__user__phone", _("phone"))
    service = Field("service_name", _("service"))
    staff = Field("staff__name", _("staff member"))
    starts_at = Field("starts_at", _("visit"))
    price = Field("price_amount", _("price incl. VAT"))
    vat = Field("vat_amount", _("VAT"))
    guest = Field("guest_name", _("guest"))

    class Meta(ScopedResource.Meta):
        model = Booking
        fields = ["reference", "status", "customer", "phone", "service", "staff", "starts_at", "price", "vat", "guest"]

    def get_queryset(self):
        return super().get_queryset().select_related("customer__user", "service", "staff", "salon")

    def dehydrate_starts_at(self, booking):
        zone = ZoneInfo(booking.salon.timezone)
        return timezone.localtime(booking.starts_at, zone).strftime("%Y-%m-%d %H:%M")
