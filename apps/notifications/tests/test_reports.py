"""What becomes of a message: reported by the provider, asked for by us, found again after a lost answer."""

from datetime import timedelta
from decimal import Decimal

import pytest
import time_machine

from apps.common.providers import ProviderOutcomeUnknown, ProviderUnavailable, Report
from apps.notifications import services
from apps.notifications.models import DeliveryAttempt, DeliveryReceipt, Notification
from apps.notifications.tests.factories import AttemptFactory, NotificationFactory
from apps.notifications.tests.helpers import NOW, state_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("frozen")]

UNKNOWN = ProviderOutcomeUnknown("twilio: no answer after sending (ReadTimeout)", "no_answer")
LATER = NOW + timedelta(minutes=10)


def report(state="delivered", word="delivered", **told):
    return Report(state, word, told.pop("error_code", ""), told.pop("message_id", "id-1"), **told)


@pytest.fixture
def in_doubt(provider):
    """A message whose call was never answered, and its attempt."""
    notification = NotificationFactory()
    provider.failure = UNKNOWN
    services.deliver(notification.pk)
    provider.failure = None
    return notification, notification.tried.get()


def told(notification, attempt, word, target, message_id="SM1"):
    return services.record_receipt(
        provider="console", message_id=message_id, word=word, target=target, reference=str(attempt.pk)
    )


# Found again


@pytest.mark.parametrize(
    ("word", "target", "expected"), [("sent", None, "sent"), ("delivered", "delivered", "delivered")]
)
def test_a_report_under_our_own_number_settles_a_message_in_doubt(provider, in_doubt, word, target, expected):
    notification, attempt = in_doubt

    assert told(notification, attempt, word, target) is not None

    row = Notification.objects.get(pk=notification.pk)
    attempt.refresh_from_db()
    assert (row.status, row.reason, row.provider_message_id, row.sent_at) == (expected, "", "SM1", NOW)
    assert (attempt.status, attempt.code, attempt.provider_message_id) == (expected, "", "SM1")
    with time_machine.travel(NOW + timedelta(hours=1), tick=False):
        assert services.deliver_due() == 0
    assert len(provider.messages) == 1


def test_a_report_that_is_quicker_than_the_answer_to_the_call_stays(provider):
    notification = NotificationFactory()
    send = provider.send

    def send_and_report(message):
        sent = send(message)
        services.record_receipt(
            provider="console", message_id="id-1", word="delivered", target="delivered", reference=message.reference
        )
        return sent

    provider.send = send_and_report
    services.deliver(notification.pk)

    row, attempt = Notification.objects.get(pk=notification.pk), notification.tried.get()
    assert (row.status, row.provider_message_id, row.leased_until) == ("delivered", "id-1", None)
    assert (attempt.status, attempt.provider_message_id) == ("delivered", "id-1")


def test_before_it_is_sent_again_the_provider_is_asked_whether_it_has_it(provider, in_doubt):
    notification, attempt = in_doubt
    provider.reports = {str(attempt.pk): report("", "queued", message_id="77", cost=Decimal("0.09"), currency="SAR")}

    with time_machine.travel(NOW + timedelta(minutes=2), tick=False):
        assert services.deliver_due() == 1

    row, attempt = Notification.objects.get(pk=notification.pk), notification.tried.get()
    assert (row.status, row.provider_message_id, row.is_maybe_double) == ("sent", "77", False)
    assert (attempt.status, attempt.cost, attempt.currency) == ("sent", Decimal("0.0900"), "SAR")
    assert len(provider.messages) == 1


@pytest.mark.parametrize("answer", [None, ProviderUnavailable("unifonic 500", "500")])
def test_where_nobody_knows_it_is_sent_again_and_marked(provider, in_doubt, answer, monkeypatch):
    notification, _attempt = in_doubt

    def look_up(channel, **about):
        if answer is not None:
            raise answer

    monkeypatch.setattr(provider, "look_up", look_up)
    with time_machine.travel(NOW + timedelta(minutes=2), tick=False):
        services.deliver_due()

    row = Notification.objects.get(pk=notification.pk)
    assert (row.status, row.is_maybe_double) == ("sent", True)
    assert list(row.tried.order_by("pk").values_list("status", flat=True)) == ["in_doubt", "sent"]


def test_a_message_that_certainly_was_not_sent_is_sent_later_without_a_mark(provider):
    notification = NotificationFactory()
    provider.failure = ProviderUnavailable("twilio: not reached", "unreachable")
    services.deliver_due()
    provider.failure = None

    with time_machine.travel(NOW + timedelta(minutes=1), tick=False):
        services.deliver_due()

    assert Notification.objects.get(pk=notification.pk).is_maybe_double is False
    assert provider.questions == []


def test_a_report_about_an_earlier_call_is_kept_and_moves_that_call_only(provider):
    notification = NotificationFactory(status="sent", provider="console", provider_message_id="first")
    first = notification.tried.get()
    AttemptFactory(notification=notification, provider_message_id="second")
    Notification.objects.update(provider_message_id="second")

    told(notification, first, "undelivered", "undelivered", message_id="first")

    first.refresh_from_db()
    assert (first.status, state_of(notification)[0]) == ("undelivered", "sent")
    assert DeliveryReceipt.objects.get().provider_status == "undelivered"


@pytest.mark.parametrize("reference", ["", "0", "99999999999999999999999"])
def test_msg15_a_report_under_a_number_that_we_never_gave_changes_nothing(provider, in_doubt, reference):
    notification, _attempt = in_doubt
    before = state_of(notification)

    known = services.record_receipt(
        provider="console", message_id="SM9", word="delivered", target="delivered", reference=reference
    )

    assert (known, state_of(notification), DeliveryReceipt.objects.count()) == (None, before, 0)


def test_the_number_of_a_call_that_was_answered_opens_no_other_message(provider):
    notification = NotificationFactory(status="sent", provider="console", provider_message_id="ours")

    assert told(notification, notification.tried.get(), "delivered", "delivered", message_id="theirs") is None
    assert state_of(notification)[0] == "sent"


# Asked for


@pytest.fixture
def sent(provider):
    notification = NotificationFactory()
    services.deliver(notification.pk)
    return notification


def test_who_reports_nothing_is_asked_after_ten_minutes(provider, sent):
    provider.reports = {"id-1": report(cost=Decimal("0.12"), currency="USD", segments=2)}

    with time_machine.travel(LATER - timedelta(seconds=1), tick=False):
        assert services.ask_for_reports() == 0
    with time_machine.travel(LATER, tick=False):
        assert services.ask_for_reports() == 1
        assert services.ask_for_reports() == 0

    row, attempt = Notification.objects.get(pk=sent.pk), sent.tried.get()
    assert (row.status, row.delivered_at, row.ask_at) == ("delivered", LATER, None)
    assert (attempt.status, attempt.cost, attempt.currency, attempt.segments) == (
        "delivered",
        Decimal("0.12"),
        "USD",
        2,
    )


def test_it_is_asked_less_and_less_and_after_two_days_no_more(provider, sent):
    provider.reports = {"id-1": report("", "sent")}
    asked_at, now = [], NOW

    while (row := Notification.objects.get(pk=sent.pk)).ask_at is not None:
        now = row.ask_at
        with time_machine.travel(now, tick=False):
            services.ask_for_reports()
        asked_at.append((now - NOW) // timedelta(minutes=1))

    assert asked_at == [10, 20, 40, 80, 160, 320, 640, 1280, 2560, 5120]
    assert state_of(sent)[0] == "sent"


def test_a_provider_that_does_not_know_is_not_asked_again(provider, sent):
    with time_machine.travel(LATER, tick=False):
        services.ask_for_reports()

    assert Notification.objects.get(pk=sent.pk).ask_at is None
    assert provider.questions == ["id-1"]


def test_a_question_without_an_answer_is_asked_again(provider, sent, monkeypatch):
    def unanswered(channel, **about):
        raise ProviderUnavailable("twilio: not reached", "unreachable")

    monkeypatch.setattr(provider, "look_up", unanswered)
    with time_machine.travel(LATER, tick=False):
        assert services.ask_for_reports() == 1

    assert Notification.objects.get(pk=sent.pk).ask_at == LATER + timedelta(minutes=10)
    assert state_of(sent)[0] == "sent"


def test_another_provider_is_not_asked_about_what_it_never_had(provider, sent):
    DeliveryAttempt.objects.update(provider="twilio")

    with time_machine.travel(LATER, tick=False):
        services.ask_for_reports()

    assert provider.questions == []
    assert Notification.objects.get(pk=sent.pk).ask_at is None
