import factory

from apps.accounts.models import User
from apps.bookings.tests.factories import BookingFactory
from apps.notifications.models import Channel, Kind, Notification, Template
from apps.salons.tests.factories import SalonOwnedFactory


class NotificationFactory(factory.django.DjangoModelFactory):
    """A confirmation that is due now, for a booking of its own."""

    class Meta:
        model = Notification

    booking = factory.SubFactory(BookingFactory)
    salon = factory.SelfAttribute("booking.salon")
    booking_version = factory.SelfAttribute("booking.version")
    kind = Kind.BOOKING_CONFIRMED
    channel = Channel.SMS
    recipient = factory.SelfAttribute("booking.customer.user.phone")
    locale = User.Locale.ENGLISH
    body = "Your booking is confirmed."


class TemplateFactory(SalonOwnedFactory):
    class Meta:
        model = Template

    kind = Kind.BOOKING_CONFIRMED
    channel = Channel.SMS
    body_ar = "أهلا {customer}"
    body_en = "Hello {customer}"
