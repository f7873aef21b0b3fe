"""A sender dies: what must arrive arrives, what may not come twice does not, and a possible double is marked."""

from datetime import timedelta

import pytest

from apps.common.testing.crashes import Span
from apps.notifications import reasons, services
from apps.notifications.models import Notification
from apps.notifications.services.delivery import LEASE
from apps.notifications.tests.crashes.scenes import (
    ATTEMPT,
    END,
    PLACES,
    ROW,
    SENDER,
    STEP,
    Place,
    books,
    complaints,
    completes,
    die,
    play,
)
from apps.notifications.tests.factories import NotificationFactory

# Unifonic can be asked by our number of the call, Twilio by its own only, Authentica gives none.
PROVIDERS = ("unifonic", "twilio", "authentica")
BEAT = timedelta(seconds=STEP)


def told(scene, place, killed_at):
    """Rows 55 and 56 for what a customer has to know: at least once."""
    assert list(complaints(scene)) == []
    if place.status is None:
        assert not scene.rows().exists()
        return
    is_found_out = scene.ground.provider == "unifonic" and place.got
    row, got = scene.row(), len(scene.inbox())
    assert row.status == "sent"
    assert (got, row.is_maybe_double) == (
        (1, False) if is_found_out or not place.is_in_doubt else (1 + place.got, True)
    )
    assert row.sent_at - killed_at <= (BEAT if place.status == "pending" else LEASE + BEAT)


def invited(scene, place, killed_at):
    """Row 56 for promotions: at most once."""
    assert list(complaints(scene)) == []
    if place.status is None:
        assert not scene.rows().exists()
        return
    row, got = scene.row(), len(scene.inbox())
    is_found_out = scene.ground.provider == "unifonic" and place.got
    if place.is_in_doubt and not is_found_out:
        assert (row.status, row.reason, row.attempts, got) == ("failed", reasons.NOT_SENT_TWICE, 8, place.got)
    else:
        assert (row.status, row.reason, got) == ("sent", "", 1)
    assert row.is_maybe_double is False


STORIES = [pytest.param(books, told, id="transactional"), pytest.param(completes, invited, id="promotional")]


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("place", PLACES, ids=str)
@pytest.mark.parametrize(
    ("story", "judge"), [(books, told), (completes, invited)], ids=["transactional", "promotional"]
)
def test_a_killed_sender_loses_no_message_and_doubles_none_unsaid(ground, provider, place, story, judge):
    play(ground(provider), story, place, lambda scene, killed_at: judge(scene, place, killed_at))


LOOKED_UP = Span(("committed", f"UPDATE {ROW}"), END)


def test_who_finds_out_about_a_dead_sender_and_dies_too_doubles_nothing(ground):
    carried = ground("unifonic")
    acted = next(place for place in PLACES if place.name == "in flight, the provider has acted")

    def look_for(scene):
        scene.clock.shift(LEASE)
        return services.deliver_due

    passed = SENDER.length(look_for(die(carried, books, acted)[0]), LOOKED_UP)
    for number in range(passed):
        scene, _where = die(carried, books, acted)
        where = SENDER.killed(look_for(scene), LOOKED_UP, number)

        scene.recover()

        row = scene.row()
        found = (row.status, row.provider, scene.attempts(), row.is_maybe_double, len(scene.inbox()))
        assert found == ("sent", "unifonic", ("sent",), False, 1), where


REFUSED = Place(
    *("refused, the SMS not committed", Span(("heard", ""), ("commit", f"UPDATE {ATTEMPT}"))),
    *("sending", ("begun",), 0),
)
WRITTEN = Place(
    *("SMS committed, not claimed", Span(("committed", f"UPDATE {ATTEMPT}"), ("commit", f"UPDATE {ROW}"))),
    *("pending", ("refused",), 0),
)


@pytest.mark.parametrize("place", [REFUSED, WRITTEN], ids=str)
def test_a_killed_sender_loses_no_sms_that_takes_the_place_of_a_whatsapp(ground, place):
    carried = ground("twilio")
    carried.refuse_whatsapp()

    def fell_back(scene, _killed_at):
        assert list(complaints(scene)) == []
        assert [(row.channel, row.status) for row in scene.rows()] == [("whatsapp", "undelivered"), ("sms", "sent")]
        assert [message.channel for message in scene.inbox()] == ["sms"]

    play(carried, books, place, fell_back)


def test_a_message_that_kills_its_sender_each_time_is_parked_after_eight_tries(ground, clock, caplog):
    """Row 60, where the poison takes the whole process along."""
    carried = ground("twilio")
    poison, *others = NotificationFactory.create_batch(4)
    asking = Span(("asks", ""), END)

    for _try in range(Notification.MAX_ATTEMPTS):
        assert SENDER.killed(services.deliver_due, asking, 0) is not None
        services.deliver_due()
        clock.shift(LEASE)
    services.deliver_due()

    poison.refresh_from_db()
    assert (poison.status, poison.attempts, poison.reason) == ("failed", 8, reasons.INTERRUPTED)
    assert [record.getMessage() for record in caplog.records if record.levelname == "ERROR"] == [
        f"message {poison.pk} given up after 8 attempts"
    ]
    assert [message.to for message in carried.server.provider.inbox] == [other.recipient for other in others]
