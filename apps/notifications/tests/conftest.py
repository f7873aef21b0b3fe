import pytest
import time_machine
from django.test import Client

from apps.accounts.roles import SalonRole
from apps.bookings.tests import conftest as bookings
from apps.common.tests.message_providers import MessageProviders, settings_of
from apps.common.tests.provider_stand_in import running_stand_in
from apps.notifications.tests.helpers import NOW, RecordingProvider, play
from apps.salons.tests.factories import MembershipFactory, SalonFactory


@pytest.fixture
def provider(monkeypatch):
    """A provider that takes everything and reaches nobody."""
    return play(monkeypatch, RecordingProvider())


@pytest.fixture
def frozen():
    """The clock stands at `NOW`, noon in Riyadh."""
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def clock():
    """Nine in the morning in Riyadh, frozen; move it with `clock.shift(seconds)`."""
    with time_machine.travel(bookings.NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def carried_by(settings, monkeypatch):
    """`carried_by("twilio")`: from now on that provider carries all messages, played by the server that comes back.

    What customers got is in its `provider.inbox`.
    """
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    settings.PUBLIC_BASE_URL = "https://salons.example"
    with running_stand_in(MessageProviders()) as server:

        def choose(provider):
            for name, value in {**settings_of(server.url), "NOTIFICATION_PROVIDER": provider}.items():
                setattr(settings, name, value)
            return server

        yield choose


@pytest.fixture
def salon():
    return SalonFactory()


@pytest.fixture
def signed_in(salon):
    """Sign in a browser of somebody with a role in `salon`, a manager by default, reading English."""

    def sign_in(role=SalonRole.MANAGER, user=None, **options):
        browser = Client(**options)
        browser.force_login(user or MembershipFactory(salon=salon, role=role).user)
        return browser

    return sign_in
