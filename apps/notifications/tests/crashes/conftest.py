import pytest

from apps.notifications.tests.crashes.scenes import Ground


@pytest.fixture
def ground(transactional_db, carried_by, clock):
    """`ground("twilio")`: a salon whose messages that provider carries; a kill leaves what was committed."""
    return lambda provider: Ground(carried_by(provider), clock, provider)
