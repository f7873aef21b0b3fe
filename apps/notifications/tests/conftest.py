import pytest

from apps.notifications import services
from apps.notifications.tests.stand_ins import RecordingProvider


@pytest.fixture
def provider(monkeypatch):
    """A provider that takes everything and reaches nobody."""
    recording = RecordingProvider()
    monkeypatch.setattr(services, "get_provider", lambda: recording)
    return recording
