from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from redis.exceptions import ConnectionError as RedisConnectionError

from apps.accounts import limits
from apps.accounts.limits import address_range, counted
from apps.common.errors import RateLimited, Rejected, Unavailable

HOUR = timedelta(hours=1)


def use():
    with counted("test", limit=2, window=HOUR):
        return "passed"


def test_a_limit_lets_exactly_so_many_pass_until_the_window_ends():
    with time_machine.travel(datetime(2026, 3, 1, 9, 59, 30, 500000, tzinfo=UTC), tick=False) as clock:
        assert [use(), use()] == ["passed", "passed"]
        for _ in range(3):
            with pytest.raises(RateLimited) as refusal:
                use()
            assert refusal.value.retry_after == 30
        clock.shift(timedelta(seconds=29.5))
        assert [use(), use()] == ["passed", "passed"]


def test_a_refused_use_is_given_back_and_a_crash_is_not():
    for _ in range(5):
        with pytest.raises(Rejected), counted("test", limit=2, window=HOUR):
            raise Rejected
    for _ in range(2):
        with pytest.raises(RuntimeError), counted("test", limit=2, window=HOUR):
            raise RuntimeError

    with pytest.raises(RateLimited):
        use()


def test_a_counter_that_cannot_be_reached_closes_the_door(monkeypatch):
    def lost(*args, **kwargs):
        raise RedisConnectionError

    monkeypatch.setattr(limits.cache, "add", lost, raising=False)

    with pytest.raises(Unavailable):
        use()


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("203.0.113.7", "203.0.113.0/24"),
        (" 203.0.113.255", "203.0.113.0/24"),
        ("::ffff:203.0.113.7", "203.0.113.0/24"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", "unknown"),
        ("localhost", "unknown"),
        ("203.0.113.7:8080", "unknown"),
        ("' OR 1=1", "unknown"),
    ],
)
def test_an_address_counts_for_its_neighbourhood(address, expected):
    assert address_range(address) == expected
