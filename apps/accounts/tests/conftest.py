import re
from datetime import UTC, datetime

import pytest
import time_machine
from django.core.cache import cache
from rest_framework.test import APIClient

from apps.accounts import services

NOW = datetime(2026, 3, 1, 22, 30, tzinfo=UTC)  # already the next day in Riyadh


@pytest.fixture(autouse=True)
def _no_limit_is_spent():
    cache.clear()


@pytest.fixture
def api():
    """A client that speaks English; errors come as answers, not as exceptions."""
    return APIClient(raise_request_exception=False, headers={"accept-language": "en"})


@pytest.fixture
def sent_codes(capsys):
    """`[(phone, code), …]` that the console provider wrote since the last call."""
    return lambda: re.findall(r"^\[otp\] to=(\S+) code=(\d{6})$", capsys.readouterr().out, re.MULTILINE)


@pytest.fixture
def new_code(sent_codes):
    """Ask for a code: `challenge, code = new_code("+966551234567")`."""

    def ask(phone):
        challenge = services.request_code(phone=phone)
        return challenge, sent_codes()[-1][1]

    return ask


@pytest.fixture
def bearer():
    """Headers of a signed-in person."""
    return lambda user: {"authorization": f"Bearer {services.issue_tokens(user=user).access}"}


@pytest.fixture
def clock():
    """Time stands at `NOW` and moves only when told: `clock.shift(timedelta(seconds=60))`."""
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller
