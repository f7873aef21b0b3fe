import factory
from django.utils import timezone

from apps.accounts.models import User
from apps.bookings.tests.factories import BookingFactory
from apps.notifications.models import Channel, DeliveryAttempt, Kind, MessageSettings, Notification, Template
from apps.salons.tests.factories import SalonOwnedFactory


class NotificationFactory(factory.django.DjangoModelFactory):
    """A confirmation that is due now, for a booking of its own."""

    class Meta:
        model = Notification
        skip_postgeneration_save = True

    booking = factory.SubFactory(BookingFactory)
    salon = factory.SelfAttribute("booking.salon")
    booking_version = factory.SelfAttribute("booking.version")
    kind = Kind.BOOKING_CONFIRMED
    channel = Channel.SMS
    recipient = factory.SelfAttribute("booking.customer.user.phone")
    locale = User.Locale.ENGLISH
    body = "Your booking is confirmed."

    @factory.post_generation
    def call(self, create, extracted, **kwargs):
        """One that a provider has taken remembers the call."""
        if self.provider_message_id:
            AttemptFactory(notification=self)


class AttemptFactory(factory.django.DjangoModelFactory):
    """A call that ended well, as its message says."""

    class Meta:
        model = DeliveryAttempt

    notification = factory.SubFactory(NotificationFactory)
    salon = factory.SelfAttribute("notification.salon")
    provider = factory.SelfAttribute("notification.provider")
    provider_message_id = factory.SelfAttribute("notification.provider_message_id")
    status = DeliveryAttempt.Status.SENT
    segments = 1
    started_at = factory.LazyFunction(timezone.now)
    ended_at = factory.SelfAttribute("started_at")


class MessageSettingsFactory(SalonOwnedFactory):
    """A salon that reminds a day before and may send promotions."""

    class Meta:
        model = MessageSettings

    promotional_sender = "REEM-AD"


class TemplateFactory(SalonOwnedFactory):
    class Meta:
        model = Template

    kind = Kind.BOOKING_CONFIRMED
    channel = Channel.SMS
    body_ar = "أهلا {customer}"
    body_en = "Hello {customer}"
