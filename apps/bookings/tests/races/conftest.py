import pytest

from apps.bookings.tests.races.support import arena, overlaps
from apps.common.testing.race import deadlocks


@pytest.fixture(autouse=True)
def _promises(transactional_db):
    """What holds after every race, whoever won: no two visits at once, and nobody was sacrificed to a deadlock."""
    before = deadlocks()
    yield
    assert overlaps() == 0
    assert deadlocks() == before


@pytest.fixture
def house(transactional_db):
    """A salon that confirms at once."""
    return arena()
