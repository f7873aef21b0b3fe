"""A provider that fails several times in a row is left alone for a moment, and one that works again gets everything."""

from datetime import timedelta

import pytest
import time_machine

from apps.common.providers import ProviderOutcomeUnknown, ProviderRejected, ProviderUnavailable
from apps.notifications import services
from apps.notifications.models import Notification
from apps.notifications.tests.factories import NotificationFactory
from apps.notifications.tests.helpers import NOW, state_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("frozen")]

UNAVAILABLE = ProviderUnavailable("unifonic: not reached (ConnectionError)", "unreachable")
UNKNOWN = ProviderOutcomeUnknown("unifonic: no answer after sending (ReadTimeout)", "no_answer")
REJECTED = ProviderRejected("ER-02", "unifonic ER-02: number is not valid")


def messages(count):
    return [NotificationFactory() for _ in range(count)]


@pytest.mark.parametrize("failure", [UNAVAILABLE, UNKNOWN])
def test_after_three_failures_in_a_row_the_others_wait_untried(provider, failure):
    waiting = messages(5)
    provider.failure = failure

    assert services.deliver_due() == 3
    assert services.deliver(waiting[4].pk) is None

    assert len(provider.messages) == 3
    assert [state_of(message)[0] for message in waiting] == ["failed"] * 3 + ["pending"] * 2


def test_messages_that_are_refused_say_nothing_against_the_provider(provider):
    messages(5)
    provider.failure = REJECTED

    assert services.deliver_due() == 5


def test_after_the_rest_one_message_tries(provider):
    messages(6)
    provider.failure = UNAVAILABLE
    services.deliver_due()

    for seconds, calls in ((29, 3), (30, 4), (45, 4), (60, 5)):
        with time_machine.travel(NOW + timedelta(seconds=seconds), tick=False):
            services.deliver_due()
        assert len(provider.messages) == calls


def test_when_it_works_again_everything_goes_out_and_long_delays_end(provider):
    waiting = messages(6)
    provider.failure = UNAVAILABLE
    services.deliver_due()
    Notification.objects.filter(pk=waiting[0].pk).update(due_at=NOW + timedelta(hours=1), attempts=6)
    provider.failure = None

    with time_machine.travel(NOW + timedelta(seconds=30), tick=False):
        services.deliver_due()
        assert [state_of(message)[0] for message in waiting] == ["failed"] * 3 + ["sent"] * 3
    with time_machine.travel(NOW + timedelta(seconds=90), tick=False):
        services.deliver_due()

    assert {state_of(message)[0] for message in waiting} == {"sent"}


def test_a_message_given_up_is_not_brought_forward(provider):
    given_up = NotificationFactory(status="failed", attempts=8, due_at=NOW + timedelta(hours=1))
    messages(4)
    provider.failure = UNAVAILABLE
    services.deliver_due()
    provider.failure = None

    with time_machine.travel(NOW + timedelta(seconds=30), tick=False):
        services.deliver_due()

    assert state_of(given_up)[2] == NOW + timedelta(hours=1)
