"""Which number a message goes to when person, phone or card change meanwhile, and what an erasure leaves."""

from datetime import timedelta

import pytest

from apps.accounts import services as accounts
from apps.accounts.events import PhoneChanged
from apps.accounts.models import User
from apps.accounts.tests.factories import OwnerFactory, PlatformUserFactory, UserFactory
from apps.bookings.tests.conftest import open_salon
from apps.bookings.tests.factories import BookingFactory
from apps.notifications import erasure, services
from apps.notifications.handlers import tell_phone_changed
from apps.notifications.models import Kind, Notification
from apps.notifications.services import delivery
from apps.notifications.tests.factories import (
    NotificationFactory,
)
from apps.notifications.tests.helpers import NOW, UNAVAILABLE, RecordingProvider, at, play, row
from apps.salons.services import merge_customers
from apps.salons.tests.factories import CustomerFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("frozen")]

NEW = "+966559999999"


def changed_phone(person, phone=NEW):
    old, person.phone = person.phone, phone
    person.save()
    return old


def test_send_again_goes_to_the_number_that_was_mended(provider, django_capture_on_commit_callbacks):
    """docs/notifications.md: undelivered -> mend the number, "Send again"."""
    notification = NotificationFactory(status="undelivered", attempts=1)
    changed_phone(notification.booking.customer.user)

    with django_capture_on_commit_callbacks(execute=True):
        services.retry_notification(notification.pk, actor=PlatformUserFactory())

    assert [message.to for message in provider.messages] == [NEW]


def test_a_fallback_goes_to_the_number_that_the_person_has_now(provider, django_capture_on_commit_callbacks):
    notification = NotificationFactory(
        channel="whatsapp", status="sent", provider="console", provider_message_id="wa-1", attempts=1
    )
    changed_phone(notification.booking.customer.user)

    with django_capture_on_commit_callbacks(execute=True):
        services.record_receipt(
            provider="console", message_id="wa-1", word="undelivered", target="undelivered", error_code="63024"
        )

    assert [message.to for message in provider.messages] == [NEW]


def test_a_message_whose_call_was_under_way_while_the_phone_changed_is_tried_again_at_the_new_number(monkeypatch):
    class Slow(RecordingProvider):
        def send(self, message):
            if not self.messages:
                changed_phone(User.objects.get(phone=message.to))
                self.messages.append(message)
                raise UNAVAILABLE
            return super().send(message)

    provider = play(monkeypatch, Slow())
    notification = NotificationFactory()
    services.deliver(notification.pk)
    with at(minutes=2):
        services.deliver_due()

    assert [message.to for message in provider.messages][1:] == [NEW]


def test_what_waits_for_a_card_that_was_merged_goes_to_the_number_that_was_kept(provider):
    house = open_salon()
    house.service.refresh_from_db()
    old = CustomerFactory(salon=house.salon, user=UserFactory(name="Sara", phone="+966559990011"))
    new = CustomerFactory(salon=house.salon, user=UserFactory(name="Sara", phone="+966559990022"))
    BookingFactory(salon=house.salon, customer=old, service=house.service, starts_at=NOW + timedelta(hours=30))
    services.plan_reminders()
    merge_customers(actor=house.manager, card_id=old.pk, into_id=new.pk, reason="new phone")

    with at(hours=6):
        services.deliver_due()

    assert [message.to for message in provider.messages if message.kind == "reminder"] == ["+966559990022"]


def test_a_person_whose_phone_changed_twice_can_be_erased():
    booking = BookingFactory()
    person = booking.customer.user
    for old in ("+966551110001", "+966551110002"):
        services.queue_message(booking, Kind.PHONE_CHANGED, recipient=old)

    erasure.erase(person)

    assert set(Notification.objects.values_list("recipient", flat=True)) == {""}


def test_a_person_whose_phone_changed_twice_can_be_erased_by_the_use_case(settings):
    booking = BookingFactory(status="cancelled", cancelled_by="customer", starts_at=NOW - timedelta(days=400))
    person = booking.customer.user
    for old in ("+966551110001", "+966551110002"):
        services.queue_message(booking, Kind.PHONE_CHANGED, recipient=old)
    asked = accounts.request_erasure(user=person, actor=person)

    accounts.erase_person(request_id=asked.pk, actor=OwnerFactory())

    person.refresh_from_db()
    assert person.erased_at is not None


def test_nothing_is_written_into_a_reminder_that_was_erased_while_it_was_claimed(provider, monkeypatch):
    notification = NotificationFactory(kind=Kind.REMINDER, occasion="24h", booking__customer__user__name="Sara")
    word_anew = delivery._word_anew

    def erased_before(claimed, template):
        erasure.erase(notification.booking.customer.user)
        User.objects.filter(pk=notification.booking.customer.user.pk).update(erased_at=NOW)
        word_anew(claimed, template)

    monkeypatch.setattr(delivery, "_word_anew", erased_before)
    services.deliver(notification.pk)

    assert (row(notification).body, row(notification).provider_message_id, row(notification).recipient) == ("", "", "")


def test_an_old_number_is_told_each_time_it_loses_the_account(provider):
    booking = BookingFactory()
    person, mine = booking.customer.user, booking.customer.user.phone
    for old, new in ((mine, NEW), (NEW, mine), (mine, NEW)):
        person.phone = new
        person.save()
        tell_phone_changed(PhoneChanged(person.pk, old))
        services.deliver_due()

    assert [message.to for message in provider.messages] == [mine, NEW, mine]
