import pytest

from apps.payments.tests.crashes.scenes import Ground


@pytest.fixture
def ground(transactional_db, gateway_standin, clock):
    """A salon that holds a booking 15 minutes until it is paid, and its gateway; a kill leaves what was committed."""
    return Ground(gateway_standin, clock)
