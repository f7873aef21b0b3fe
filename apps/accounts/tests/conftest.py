import re
from datetime import UTC, datetime

import pytest
import time_machine
from django.core.cache import cache
from rest_framework.test import APIClient

from apps.accounts import services
from apps.accounts.otp import get_otp_provider
from apps.common.tests.code_providers import HOLDING, CodeProviders, settings_of
from apps.common.tests.provider_stand_in import running_stand_in

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


@pytest.fixture
def providers():
    """Twilio, Unifonic and Authentica; what phones got is in `providers.inbox`."""
    return CodeProviders()


@pytest.fixture
def stand_in(monkeypatch, settings, providers):
    """The local server that takes their place, with settings that lead there."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with running_stand_in(providers) as server:
        for name, value in settings_of(server.url).items():
            setattr(settings, name, value)
        yield server


@pytest.fixture
def holder_of(stand_in, settings):
    """`holder_of("twilio")`: what the settings give when that company holds the codes."""

    def configured(name):
        settings.OTP_PROVIDER = name
        for setting, value in HOLDING[name].items():
            setattr(settings, setting, value)
        return get_otp_provider()

    return configured
