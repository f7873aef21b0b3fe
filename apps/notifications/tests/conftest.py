import pytest
import time_machine
from django.test import Client

from apps.accounts.roles import SalonRole
from apps.notifications import services
from apps.notifications.tests.helpers import NOW, RecordingProvider
from apps.salons.tests.factories import MembershipFactory, SalonFactory


@pytest.fixture
def provider(monkeypatch):
    """A provider that takes everything and reaches nobody."""
    recording = RecordingProvider()
    monkeypatch.setattr(services, "get_provider", lambda: recording)
    return recording


@pytest.fixture
def frozen():
    """The clock stands at `NOW`, noon in Riyadh."""
    with time_machine.travel(NOW, tick=False):
        yield


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
