"""The controls: with one guard taken away, the same deaths and races leave what the judge does not let pass."""

from itertools import count

import pytest
from django.utils import timezone

from apps.common.testing.web import wait_until
from apps.common.tests.provider_stand_in import Acted
from apps.notifications import services
from apps.notifications.models import DeliveryAttempt, Notification
from apps.notifications.services import delivery
from apps.notifications.tests.crashes.scenes import PLACES, SENDER, books, complaints, completes, die

TWICE, TWICE_UNSAID = "a promotion was sent twice", "it was sent twice, and nobody is told"
IN_FLIGHT = next(place for place in PLACES if place.name == "in flight, the provider has acted")


def without_looking_for_doubt(monkeypatch):
    """A promotion goes out again although an earlier call may have brought it."""
    monkeypatch.setattr(delivery, "_left_alone", lambda _claimed: None)


def with_the_trace_after_the_call(monkeypatch):
    """The attempt is written when the provider has answered, as a log would be."""
    send, keys = delivery._send, count(1_000_000)

    def begin(claimed):
        return DeliveryAttempt(
            pk=next(keys),
            salon_id=claimed.salon_id,
            notification=claimed,
            provider="twilio",
            started_at=timezone.now(),
        )

    def send_and_write(claimed, attempt):
        outcome = send(claimed, attempt)
        attempt.save(force_insert=True)
        return outcome

    monkeypatch.setattr(delivery, "_begin", begin)
    monkeypatch.setattr(delivery, "_send", send_and_write)


@pytest.mark.parametrize(
    ("plant", "story", "complaint"),
    [
        (without_looking_for_doubt, completes, TWICE),
        (with_the_trace_after_the_call, completes, TWICE),
        (with_the_trace_after_the_call, books, TWICE_UNSAID),
    ],
)
def test_control_without_its_guard_a_message_comes_twice_after_a_crash(ground, monkeypatch, plant, story, complaint):
    plant(monkeypatch)
    scene, _where = die(ground("twilio"), story, IN_FLIGHT)

    scene.recover()

    assert list(complaints(scene)) == [complaint]


def taken_a_second_time(carried):
    """A scene whose message one process has with the provider while another takes it as well."""
    scene = carried.scene(books)
    carried.server.answers = [Acted("hang")]
    first = SENDER.child(scene.act)
    wait_until(scene.inbox)

    services.deliver(scene.row().pk)

    carried.server.released.set()
    first.end()
    return scene


def test_a_message_that_somebody_has_in_flight_is_not_taken_a_second_time(ground):
    scene = taken_a_second_time(ground("twilio"))

    assert len(scene.inbox()) == 1
    assert len(scene.attempts()) == 1


def test_control_without_the_condition_of_the_claim_it_is(ground, monkeypatch):
    def claim(notification_id, *, now):
        mine = Notification.objects.select_related("booking__customer__user", "booking__salon").get(pk=notification_id)
        mine.status, mine.leased_until, mine.attempts = "sending", now + delivery.LEASE, mine.attempts + 1
        mine.save()
        return mine

    monkeypatch.setattr(delivery, "_claim", claim)

    scene = taken_a_second_time(ground("twilio"))

    assert len(scene.inbox()) == 2
    assert len(scene.attempts()) == 2
