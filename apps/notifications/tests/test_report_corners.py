"""Reports and questions about messages: late, repeated, foreign, without an answer, beside the answer of their call."""

from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from apps.accounts.tests.factories import PlatformUserFactory
from apps.bookings.tests.factories import BookingFactory
from apps.common.providers import ProviderUnavailable, Report, Sent
from apps.common.testing.race import Halt, beside, wait_for_blocked
from apps.notifications import services
from apps.notifications.models import Kind
from apps.notifications.services import delivery, reports
from apps.notifications.tests.factories import (
    AttemptFactory,
    MessageSettingsFactory,
    NotificationFactory,
)
from apps.notifications.tests.helpers import NOW, RecordingProvider, at, play, row, state_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("frozen")]


@contextmanager
def back_at_0002():
    """Within, the tables are as they were before there were attempts."""
    MigrationExecutor(connection).migrate([("notifications", "0002_phone_changed")])
    try:
        yield
    finally:
        executor = MigrationExecutor(connection)
        executor.migrate(executor.loader.graph.leaf_nodes())


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


def test_queries_of_a_pass_grow_with_its_messages_only(provider, django_assert_max_num_queries):
    for _ in range(10):
        NotificationFactory()
    with django_assert_max_num_queries(1 + 10 * 19):
        services.deliver_due()


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
