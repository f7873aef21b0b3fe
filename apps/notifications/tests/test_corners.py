"""Corners where a message could be lost, doubled, misdirected or untruly told: rare meetings of two things at once."""

from contextlib import contextmanager
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from apps.accounts import services as accounts
from apps.accounts.events import PhoneChanged
from apps.accounts.models import User
from apps.accounts.tests.factories import OwnerFactory, PlatformUserFactory, UserFactory
from apps.bookings.events import BookingRepriced
from apps.bookings.models import Booking
from apps.bookings.services import change_service
from apps.bookings.tests.conftest import open_salon
from apps.bookings.tests.factories import BookingFactory
from apps.common.providers import ProviderOutcomeUnknown, ProviderRejected, ProviderUnavailable, Report, Sent
from apps.common.testing.race import Halt, beside, wait_for_blocked
from apps.notifications import erasure, policies, services
from apps.notifications.handlers import tell_phone_changed, tell_repriced
from apps.notifications.models import Channel, DeliveryAttempt, Kind, MessageSettings, Notification
from apps.notifications.providers import ensure_carried
from apps.notifications.services import delivery, reports
from apps.notifications.tests.factories import (
    AttemptFactory,
    MessageSettingsFactory,
    NotificationFactory,
    TemplateFactory,
)
from apps.notifications.tests.helpers import NOW, RecordingProvider, play, state_of
from apps.payments.models import Payment
from apps.salons.services import merge_customers
from apps.salons.tests.factories import CustomerFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("frozen")]

UNKNOWN = ProviderOutcomeUnknown("unifonic: no answer after sending (ReadTimeout)", "no_answer")
UNAVAILABLE = ProviderUnavailable("unifonic: not reached (ConnectionError)", "unreachable")
BAD_SENDER = ProviderUnavailable("unifonic ER-08: sender name is not registered", "ER-08")
NEW = "+966559999999"


def at(**ahead):
    return time_machine.travel(NOW + timedelta(**ahead), tick=False)


def row(notification):
    return Notification.objects.get(pk=notification.pk)


class Picky(RecordingProvider):
    """Fails with what `judge` returns for a message."""

    def __init__(self, judge):
        super().__init__()
        self.judge = judge

    def send(self, message):
        self.failure = self.judge(message)
        return super().send(message)


# --- The rest, poisoned ---


def test_a_salons_unregistered_sender_name_does_not_hold_up_the_messages_of_the_others(monkeypatch):
    """30 invitations of one salon; the news of everybody else should leave within a minute or two."""
    play(monkeypatch, Picky(lambda message: BAD_SENDER if message.sender else None))
    shop = BookingFactory(status="completed", customer__user__marketing_consent=True)
    MessageSettingsFactory(salon=shop.salon)
    for _ in range(30):
        visit = BookingFactory(salon=shop.salon, status="completed", customer__user__marketing_consent=True)
        NotificationFactory(booking=visit, kind=Kind.REVIEW_INVITATION)
    with at(seconds=1):
        news = NotificationFactory()

    waited = None
    for seconds in range(1, 1800, 30):
        with at(seconds=seconds):
            services.deliver_due()
        if state_of(news)[0] == "sent":
            waited = seconds
            break

    assert waited is not None
    assert waited <= 120


def test_a_salons_unregistered_sender_name_does_not_slow_the_platform_for_ever(monkeypatch):
    """A confirmation a minute from another salon, for an hour, beside 5 invitations that no provider takes."""
    provider = play(monkeypatch, Picky(lambda message: BAD_SENDER if message.sender else None))
    shop = BookingFactory(status="completed", customer__user__marketing_consent=True)
    MessageSettingsFactory(salon=shop.salon)
    for _ in range(5):
        visit = BookingFactory(salon=shop.salon, status="completed", customer__user__marketing_consent=True)
        NotificationFactory(booking=visit, kind=Kind.REVIEW_INVITATION)
    waits = []
    waiting = []
    for step in range(120):
        with at(seconds=30 * step):
            if step % 2 == 0 and step < 100:
                waiting.append((NotificationFactory(), step))
            services.deliver_due()
            for one, since in list(waiting):
                if state_of(one)[0] == "sent":
                    waits.append((step - since) * 30)
                    waiting.remove((one, since))
    bad = sum(1 for message in provider.messages if message.sender)
    assert (max(waits), len(waiting), bad) < (60, 0, 50)


def test_whatsapp_that_the_account_cannot_carry_does_not_hold_up_sms(monkeypatch):
    fault = ProviderUnavailable("twilio 63007: sender has no WhatsApp", "63007")
    play(monkeypatch, Picky(lambda message: fault if message.channel == "whatsapp" else None))
    for _ in range(20):
        NotificationFactory(channel="whatsapp")
    with at(seconds=1):
        news = NotificationFactory()

    for seconds in (1, 30, 60, 90, 120):
        with at(seconds=seconds):
            services.deliver_due()

    assert state_of(news)[0] == "sent"


def test_what_is_in_doubt_waits_two_minutes_for_its_report_though_others_go_out(provider):
    doubtful = NotificationFactory()
    provider.failure = UNKNOWN
    services.deliver(doubtful.pk)
    provider.failure = None
    with at(seconds=1):
        services.deliver(NotificationFactory().pk)

    with at(seconds=62):
        services.deliver_due()

    assert [message.notification_id for message in provider.messages].count(doubtful.pk) == 1


def test_one_interruption_after_a_long_outage_does_not_end_a_message(provider):
    notification = NotificationFactory()
    provider.failure = UNAVAILABLE
    now = NOW
    for _ in range(9):
        with time_machine.travel(now, tick=False):
            services.deliver_due()
            now = state_of(notification)[2]
    provider.failure = None
    # A deploy kills the one who has just claimed it.
    with time_machine.travel(now, tick=False):
        delivery._claim(notification.pk, now=now)
    with time_machine.travel(now + delivery.LEASE, tick=False):
        services.deliver_due()

    assert state_of(notification)[0] == "sent", state_of(notification)


def test_one_doubt_after_a_long_outage_does_not_end_a_message(provider):
    notification = NotificationFactory()
    provider.failure = UNAVAILABLE
    now = NOW
    for _ in range(9):
        with time_machine.travel(now, tick=False):
            services.deliver_due()
            now = state_of(notification)[2]
    provider.failure = UNKNOWN
    with time_machine.travel(now, tick=False):
        services.deliver_due()
    provider.failure = None
    with time_machine.travel(now + timedelta(hours=1), tick=False):
        services.deliver_due()

    assert state_of(notification)[0] == "sent", state_of(notification)


# --- The wrong number ---


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


# --- Erasure ---


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


# --- Doubled, without the mark or although we know better ---


def test_sending_again_by_hand_after_a_doubt_asks_first(provider, django_capture_on_commit_callbacks):
    notification = NotificationFactory()
    provider.failure = UNKNOWN
    services.deliver(notification.pk)
    provider.failure = None
    attempt = notification.tried.get()
    provider.reports = {str(attempt.pk): Report("", "queued", "", "77")}

    with at(minutes=1), django_capture_on_commit_callbacks(execute=True):
        services.retry_notification(notification.pk, actor=PlatformUserFactory())

    assert len(provider.messages) == 1


def test_sending_again_by_hand_after_a_doubt_is_marked(provider, django_capture_on_commit_callbacks):
    notification = NotificationFactory()
    provider.failure = UNKNOWN
    services.deliver(notification.pk)
    provider.failure = None

    with at(minutes=1), django_capture_on_commit_callbacks(execute=True):
        services.retry_notification(notification.pk, actor=PlatformUserFactory())

    assert (len(provider.messages), row(notification).is_maybe_double) == (2, True)


def test_a_message_known_to_be_delivered_by_an_earlier_call_is_not_sent_a_third_time(provider):
    notification = NotificationFactory()
    provider.failure = UNKNOWN
    services.deliver(notification.pk)
    first = notification.tried.get()
    provider.failure = UNAVAILABLE
    with at(minutes=2):
        services.deliver_due()
    provider.failure = None
    with at(minutes=2, seconds=30):
        services.record_receipt(
            provider="console", message_id="SM1", word="delivered", target="delivered", reference=str(first.pk)
        )
    with at(hours=1):
        services.deliver_due()

    assert len(provider.messages) == 2
    assert state_of(notification)[0] == "delivered"


def test_every_call_in_doubt_is_looked_up_before_another_one(provider):
    notification = NotificationFactory()
    provider.failure = UNKNOWN
    services.deliver(notification.pk)
    first = notification.tried.get()
    with at(minutes=2):
        services.deliver_due()
    provider.failure = None
    # The first one shows up late, the second never reached them.
    provider.reports = {str(first.pk): Report("delivered", "delivered", "", "77")}
    with at(minutes=30):
        services.deliver_due()

    assert len(provider.messages) == 2


def test_who_was_held_up_between_claim_and_call_beyond_the_lease_does_not_call(provider, monkeypatch):
    notification = NotificationFactory()
    begin = delivery._begin
    taken_over = []

    def held_up(claimed):
        if not taken_over:
            taken_over.append(True)
            with at(minutes=3):
                services.deliver_due()
        return begin(claimed)

    monkeypatch.setattr(delivery, "_begin", held_up)
    services.deliver(notification.pk)

    assert len(provider.messages) == 1 or row(notification).is_maybe_double


def test_no_sms_follows_a_whatsapp_message_of_which_one_call_is_in_doubt(provider):
    notification = NotificationFactory(channel="whatsapp")
    provider.failure = UNKNOWN
    services.deliver(notification.pk)
    provider.failure = ProviderRejected("63016", "twilio 63016")
    with at(minutes=2):
        services.deliver_due()

    sms = Notification.objects.filter(channel="sms").first()
    assert sms is None or sms.is_maybe_double


def test_an_invitation_in_doubt_is_not_repeated_by_completing_the_visit_again(provider):
    from apps.bookings.events import BookingCompleted
    from apps.notifications.handlers import invite_review

    booking = BookingFactory(status="completed", customer__user__marketing_consent=True)
    MessageSettingsFactory(salon=booking.salon)
    invite_review(BookingCompleted(booking.pk))
    provider.failure = UNKNOWN
    services.deliver_due()
    provider.failure = None
    Booking.objects.filter(pk=booking.pk).update(version=booking.version + 2)
    invite_review(BookingCompleted(booking.pk))
    with at(hours=1):
        services.deliver_due()

    assert len(provider.messages) == 1


def test_a_person_can_decide_about_advertising_in_doubt(provider, django_capture_on_commit_callbacks):
    """docs/notifications.md: "it ends as `failed`, and a person decides"."""
    booking = BookingFactory(status="completed", customer__user__marketing_consent=True)
    MessageSettingsFactory(salon=booking.salon)
    promotion = services.queue_message(booking, Kind.REVIEW_INVITATION)
    provider.failure = UNKNOWN
    services.deliver_due()
    provider.failure = None
    with at(minutes=5):
        services.deliver_due()
    with at(minutes=10), django_capture_on_commit_callbacks(execute=True):
        services.retry_notification(promotion.pk, actor=PlatformUserFactory())

    assert state_of(promotion)[0] == "sent", state_of(promotion)


# --- Lost ---


def test_a_confirmation_is_not_lost_because_the_service_was_changed_meanwhile(provider):
    """Nothing else tells the customer of a changed service."""
    house = open_salon()
    house.service.refresh_from_db()
    booking = BookingFactory(
        salon=house.salon, service=house.service, staff=house.staff[0], starts_at=NOW + timedelta(hours=30)
    )
    services.queue_message(booking, Kind.BOOKING_CONFIRMED)
    change_service(actor=house.manager, booking_id=booking.pk, service_id=house.service.pk, reason="longer")
    services.deliver_due()

    assert len(provider.messages) == 1, list(Notification.objects.values_list("kind", "status", "reason"))


def test_a_reminder_that_a_resting_provider_held_up_is_not_lost_by_a_change_of_service(provider):
    with at(days=-1):
        booking = BookingFactory(starts_at=NOW + timedelta(hours=24))
        services.queue_message(booking, Kind.REMINDER, occasion="24h", due_at=NOW)
    provider.failure = UNAVAILABLE
    services.deliver_due()
    provider.failure = None
    with at(seconds=20):
        fresh = Booking.objects.get(pk=booking.pk)
        fresh.version += 1
        fresh.save()
        tell_repriced(BookingRepriced(fresh.pk, None))
    with at(minutes=5):
        services.plan_reminders()
        services.deliver_due()

    assert len(provider.messages) == 2, list(Notification.objects.values_list("kind", "status", "reason"))


def test_a_salon_that_goes_back_from_whatsapp_to_sms_loses_no_reminder(monkeypatch):
    class Strict(RecordingProvider):
        def send(self, message):
            ensure_carried("strict", self.channels, message)
            return super().send(message)

    provider = play(monkeypatch, Strict())
    with at(days=-10):
        booking = BookingFactory(starts_at=NOW + timedelta(hours=30))
    template = TemplateFactory(
        salon=booking.salon, kind=Kind.REMINDER, channel=Channel.WHATSAPP, provider_id_en="HX1", provider_id_ar="HX2"
    )
    services.plan_reminders()
    template.is_active = False
    template.save()
    with at(hours=6):
        services.deliver_due()
        services.deliver_due()

    assert [message.channel for message in provider.messages] == ["sms"]


def test_send_again_is_not_lost_to_a_repeated_report_about_the_first_call(provider):
    """WhatsApp: "read" follows "delivered"; the provider rests, so the second message still waits."""
    notification = NotificationFactory(
        status="sent", provider="console", provider_message_id="wa-1", channel="whatsapp"
    )
    told = {"provider": "console", "message_id": "wa-1", "target": "delivered"}
    services.record_receipt(**told, word="delivered")
    services.retry_notification(notification.pk, actor=PlatformUserFactory())
    services.record_receipt(**told, word="read")
    services.deliver_due()

    assert len(provider.messages) == 1


# --- Told untruly ---


def test_a_salon_that_reminds_earlier_now_reminds_nobody_twice(provider):
    with at(days=-10):
        booking = BookingFactory(starts_at=NOW + timedelta(hours=24))
    services.plan_reminders()
    services.deliver_due()
    assert len(provider.messages) == 1
    MessageSettings.objects.create(salon=booking.salon, reminder_hours=[48])
    with at(hours=10):
        services.plan_reminders()
        services.deliver_due()

    assert len(provider.messages) == 1


def test_a_link_that_ran_out_is_not_sent_because_another_one_can_be_paid(provider):
    booking = BookingFactory()
    dead = Payment.objects.create(
        salon=booking.salon, booking=booking, amount=Decimal(100), payment_url="https://pay.example/1", status="expired"
    )
    Payment.objects.create(
        salon=booking.salon, booking=booking, amount="100.00", payment_url="https://pay.example/2", status="initiated"
    )
    services.queue_message(booking, Kind.PAYMENT_LINK, occasion=str(dead.pk), amount=dead.amount, link=dead.payment_url)
    services.deliver_due()

    assert provider.messages == []


def test_a_message_of_use_to_nobody_any_more_is_given_up(monkeypatch, provider):
    """The provider refuses this destination (21408) as long as it lives: the visit was cancelled a month ago."""
    notification = NotificationFactory(kind=Kind.BOOKING_CANCELLED)
    provider.failure = ProviderUnavailable("twilio 21408: sending to this country is not enabled", "21408")
    now = NOW
    for _ in range(40):
        with time_machine.travel(now, tick=False):
            services.deliver_due()
            now = max(state_of(notification)[2], now + timedelta(hours=18))

    assert len(provider.messages) < 40


# --- Polling ---


def test_questions_stop_when_the_provider_gives_no_answer(provider, monkeypatch):
    for number in range(30):
        NotificationFactory(
            status="sent", provider="console", provider_message_id=f"m{number}", sent_at=NOW, ask_at=NOW
        )
    asked = []

    def hangs(channel, **about):
        asked.append(about)
        raise ProviderUnavailable("unifonic: no answer to a question (ReadTimeout)", "no_answer")

    monkeypatch.setattr(provider, "look_up", hangs)
    services.ask_for_reports()

    assert len(asked) <= 5  # each one takes eight seconds


def test_questions_end_with_their_pass(provider, monkeypatch):
    for number in range(30):
        NotificationFactory(
            status="sent", provider="console", provider_message_id=f"m{number}", sent_at=NOW, ask_at=NOW
        )
    clock = iter(range(0, 100_000, 8))
    monkeypatch.setattr(delivery.time, "monotonic", lambda: next(clock))
    services.ask_for_reports()

    assert len(provider.questions) <= delivery.PASS_TAKES / 8 + 1


def test_who_has_reported_and_told_the_price_is_not_asked(provider):
    notification = NotificationFactory()
    services.deliver(notification.pk)
    notification.tried.update(cost="0.09", currency="SAR")
    services.record_receipt(provider="console", message_id="id-1", word="delivered", target="delivered")
    with at(minutes=10):
        services.ask_for_reports()

    assert provider.questions == []


def test_one_message_that_cannot_be_asked_about_does_not_stop_the_questions(provider, monkeypatch):
    for number in range(3):
        NotificationFactory(
            status="sent", provider="console", provider_message_id=f"m{number}", sent_at=NOW, ask_at=NOW
        )
    look_up = provider.look_up

    def breaks(channel, **about):
        look_up(channel, **about)
        if about["message_id"] == "m0":
            raise ValueError("a library broke")

    monkeypatch.setattr(provider, "look_up", breaks)
    services.ask_for_reports()

    assert len(provider.questions) == 3


# --- Concurrency ---


@pytest.mark.django_db(transaction=True)
def test_a_report_beside_the_answer_of_its_call_deadlocks_nobody(monkeypatch):
    notification = NotificationFactory()

    class Reporting(RecordingProvider):
        def send(self, message):
            self.reference = message.reference
            return super().send(message)

    provider = play(monkeypatch, Reporting())
    about_to_settle, message_locked = Halt(), Halt()
    settle, move = delivery._settle, reports._move_attempt

    def halting_settle(*args, **kwargs):
        about_to_settle.here()
        return settle(*args, **kwargs)

    def halting_move(*args):
        message_locked.here()
        return move(*args)

    monkeypatch.setattr(delivery, "_settle", halting_settle)
    monkeypatch.setattr(reports, "_move_attempt", halting_move)
    told = {"provider": "console", "message_id": "id-1", "word": "sent", "target": None}

    with beside(lambda: services.deliver(notification.pk)) as sender:
        about_to_settle.wait()
        with beside(lambda: services.record_receipt(**told, reference=provider.reference)) as reporter:
            message_locked.wait()
            about_to_settle.lift()
            wait_for_blocked(sender)  # for the message, with nothing of its own locked
            message_locked.lift()
            answers = sender.result(30), reporter.result(30)

    assert not any(isinstance(answer, Exception) for answer in answers), answers


# --- Second round ---


def test_an_old_number_is_told_each_time_it_loses_the_account(provider):
    booking = BookingFactory()
    person, mine = booking.customer.user, booking.customer.user.phone
    for old, new in ((mine, NEW), (NEW, mine), (mine, NEW)):
        person.phone = new
        person.save()
        tell_phone_changed(PhoneChanged(person.pk, old))
        services.deliver_due()

    assert [message.to for message in provider.messages] == [mine, NEW, mine]


def test_a_late_report_about_the_first_call_does_not_take_the_second_one_from_its_sender(provider, monkeypatch):
    """Between claim and call: an SMS goes out beside the second WhatsApp message."""
    with at(hours=-1):
        notification = NotificationFactory(
            status="sent", provider="console", provider_message_id="wa-1", channel="whatsapp"
        )
    services.retry_notification(notification.pk, actor=PlatformUserFactory())
    begin, reported = delivery._begin, []

    def late_report(claimed):
        if not reported:
            reported.append(True)
            services.record_receipt(provider="console", message_id="wa-1", word="failed", target="undelivered")
        return begin(claimed)

    monkeypatch.setattr(delivery, "_begin", late_report)
    services.deliver_due()
    services.deliver_due()

    assert [message.channel for message in provider.messages] == ["whatsapp"]
    assert state_of(notification)[0] == "sent"


def test_a_message_sent_again_that_did_not_arrive_was_not_delivered(provider, django_capture_on_commit_callbacks):
    notification = NotificationFactory(
        status="delivered", provider="console", provider_message_id="first", delivered_at=NOW, sent_at=NOW
    )
    with django_capture_on_commit_callbacks(execute=True):
        services.retry_notification(notification.pk, actor=PlatformUserFactory())
    services.record_receipt(provider="console", message_id="id-1", word="failed", target="undelivered")

    assert (row(notification).status, row(notification).delivered_at) == ("undelivered", None)


def test_while_a_call_hangs_after_the_rest_the_others_do_not_hang_too(provider):
    """Decision 32: "at most three requests wait for it in a row, and one per half minute after that"."""
    for _ in range(3):
        AttemptFactory(provider="console", status="in_doubt", started_at=NOW - timedelta(seconds=31))
    AttemptFactory(provider="console", status="begun", started_at=NOW - timedelta(seconds=1), ended_at=None)

    services.deliver(NotificationFactory().pk)

    assert provider.messages == []


def test_a_refusal_first_does_not_keep_the_others_waiting_after_an_outage(monkeypatch):
    bad, others = NotificationFactory(), []
    outage = {"is_on": True}
    rejected = ProviderRejected("ER-02", "unifonic ER-02: number is not valid")
    play(
        monkeypatch,
        Picky(
            lambda message: UNAVAILABLE if outage["is_on"] else rejected if message.notification_id == bad.pk else None
        ),
    )
    waiting = NotificationFactory()
    services.deliver_due()
    Notification.objects.filter(pk=waiting.pk).update(due_at=NOW + timedelta(hours=1), attempts=6)
    outage["is_on"] = False
    with at(minutes=1):
        others.append(NotificationFactory())
        services.deliver_due()
    with at(minutes=3):
        services.deliver_due()

    assert [state_of(one)[0] for one in (bad, *others, waiting)] == ["undelivered", "sent", "sent"]


def test_what_was_found_out_names_its_provider_and_its_end(provider):
    notification = NotificationFactory(status="sending", attempts=1, leased_until=NOW)
    attempt = AttemptFactory(notification=notification, status="begun", ended_at=None, provider="console")
    provider.reports = {str(attempt.pk): Report("", "queued", "", "77")}
    services.deliver_due()
    attempt.refresh_from_db()

    assert (row(notification).provider, attempt.ended_at) == ("console", NOW)


def test_a_quick_report_does_not_cost_the_price_that_the_answer_told(provider):
    notification = NotificationFactory()

    def send(message):
        services.record_receipt(
            provider="console", message_id="id-1", word="sent", target=None, reference=message.reference
        )
        return Sent("id-1", "queued", segments=2, cost=Decimal("0.17"), currency="SAR")

    provider.send = send
    services.deliver(notification.pk)
    attempt = notification.tried.get()

    assert (attempt.segments, attempt.cost) == (2, Decimal("0.17"))


def test_an_invitation_to_review_of_last_month_is_not_sent_any_more(provider):
    booking = BookingFactory(
        status="completed", customer__user__marketing_consent=True, starts_at=NOW - timedelta(days=40)
    )
    MessageSettingsFactory(salon=booking.salon)
    with at(days=-39):
        NotificationFactory(booking=booking, kind=Kind.REVIEW_INVITATION)
    services.deliver_due()

    assert provider.messages == []


@contextmanager
def back_at_0002():
    """Within, the tables are as they were before there were attempts."""
    MigrationExecutor(connection).migrate([("notifications", "0002_phone_changed")])
    try:
        yield
    finally:
        executor = MigrationExecutor(connection)
        executor.migrate(executor.loader.graph.leaf_nodes())


@pytest.mark.django_db(transaction=True)
def test_the_migration_leads_back_and_forth_and_keeps_what_was_sent_and_what_was_in_doubt(provider):
    """One way for all three: each takes half a minute of the suite."""
    sent = NotificationFactory(status="sent", sent_at=NOW, provider="console", provider_message_id="x1", attempts=1)
    booking = BookingFactory(status="completed", customer__user__marketing_consent=True)
    reminder = NotificationFactory(kind=Kind.REMINDER, due_at=NOW + timedelta(hours=1))
    doubtful = NotificationFactory(
        booking=booking,
        kind=Kind.REVIEW_INVITATION,
        status="failed",
        attempts=1,
        provider="console",
        reason="the provider gave no clear answer, it may have been sent (no_answer)",
    )
    with back_at_0002():
        assert "notifications_attempt" not in connection.introspection.table_names()
    MessageSettingsFactory(salon=booking.salon)

    assert sent.tried.get().provider_message_id == "x1"
    assert row(reminder).occasion == "24h"
    services.deliver(doubtful.pk)
    assert provider.messages == []


def test_a_note_written_on_a_booking_does_not_cost_its_reminder_when_the_hours_change(provider):
    """docs/notifications.md: "Who changes the hours loses nothing"."""
    with at(days=-10):
        booking = BookingFactory(starts_at=NOW + timedelta(hours=30))
    services.plan_reminders()
    booking.note = "wants tea"
    booking.save(update_fields=["note", "updated_at"])
    with at(minutes=1):
        MessageSettings.objects.create(salon=booking.salon, reminder_hours=[48])
    for hours in (1, 6, 12):
        with at(hours=hours):
            services.plan_reminders()
            services.deliver_due()

    assert len(provider.messages) == 1, list(Notification.objects.values_list("occasion", "status", "reason"))


def test_a_repetition_that_the_provider_refuses_is_not_repeated_until_it_passes(provider):
    """ER-09 after a doubt says that the first one went out; trying until the window is over doubles it for sure."""
    notification = NotificationFactory()
    provider.failure = UNKNOWN
    services.deliver(notification.pk)
    provider.failure = ProviderOutcomeUnknown("unifonic ER-09: refused as a repetition, probably sent before", "ER-09")
    with at(minutes=2):
        services.deliver_due()
    provider.failure = None
    with at(minutes=30):
        services.deliver_due()

    assert len(provider.messages) == 2


def test_an_sms_that_still_waits_is_not_sent_once_its_whatsapp_message_arrived_after_all(provider):
    notification = NotificationFactory(
        status="sent", provider="console", provider_message_id="wa-1", channel="whatsapp"
    )
    told = {"provider": "console", "message_id": "wa-1"}
    services.record_receipt(**told, word="undelivered", target="undelivered")
    services.record_receipt(**told, word="delivered", target="delivered")
    services.deliver_due()

    assert state_of(notification)[0] == "delivered"
    assert provider.messages == []


def test_queries_of_a_pass_grow_with_its_messages_only(provider, django_assert_max_num_queries):
    for _ in range(10):
        NotificationFactory()
    with django_assert_max_num_queries(1 + 10 * 19):
        services.deliver_due()


def test_reports_under_foreign_or_huge_numbers_change_nothing(provider):
    mine = NotificationFactory(status="sent", provider="console", provider_message_id="mine")
    theirs = NotificationFactory(status="sent", provider="console", provider_message_id="theirs")
    for reference in ("999999999999999999", str(theirs.tried.get().pk), "00", "9" * 40):
        services.record_receipt(
            provider="console", message_id="unknown", word="failed", target="undelivered", reference=reference
        )
    services.record_receipt(
        provider="twilio", message_id="mine", word="failed", target="undelivered", reference=str(mine.tried.get().pk)
    )

    assert [state_of(one)[0] for one in (mine, theirs)] == ["sent", "sent"]


def test_a_delivered_message_is_never_moved_back(provider):
    notification = NotificationFactory(status="sent", provider="console", provider_message_id="m")
    for word, target in (("delivered", "delivered"), ("failed", "undelivered"), ("queued", None), ("sent", None)):
        services.record_receipt(provider="console", message_id="m", word=word, target=target)

    assert state_of(notification)[0] == "delivered"


def test_a_changed_provider_is_neither_asked_nor_believed_about_the_others_calls(provider, settings):
    notification = NotificationFactory()
    provider.failure = UNKNOWN
    services.deliver(notification.pk)
    attempt = notification.tried.get()
    DeliveryAttempt.objects.update(provider="twilio")
    provider.failure, provider.reports = None, {str(attempt.pk): Report("delivered", "delivered", "", "77")}
    with at(minutes=2):
        services.deliver_due()

    assert (provider.questions, row(notification).is_maybe_double, state_of(notification)[0]) == ([], True, "sent")


def test_a_new_provider_starts_without_the_rest_of_the_old_one(provider):
    for _ in range(3):
        AttemptFactory(provider="twilio", status="in_doubt")

    assert services.deliver(NotificationFactory().pk) == "sent"


@pytest.mark.parametrize("zone", ["Asia/Riyadh", "Africa/Cairo", "America/New_York", "Asia/Kathmandu"])
def test_promotions_leave_by_day_on_every_hour_of_days_with_a_clock_change(zone):
    ways = MessageSettings()
    for day in (
        datetime(2026, 3, 7, tzinfo=UTC),
        datetime(2026, 4, 23, tzinfo=UTC),
        datetime(2026, 10, 29, tzinfo=UTC),
        datetime(2026, 10, 31, tzinfo=UTC),
        datetime(2028, 2, 28, tzinfo=UTC),
    ):
        for quarter in range(4 * 72):
            now = day + timedelta(minutes=15 * quarter)
            moment = policies.promotion_moment(ways, zone, now=now)
            local = moment.astimezone(ZoneInfo(zone)).time()
            assert now <= moment <= now + timedelta(hours=10, minutes=15)
            assert time(7) <= local < time(22)
