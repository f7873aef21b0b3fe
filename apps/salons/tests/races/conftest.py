"""Two managers of one salon, each with a window of their own."""

import pytest
from django.test import Client

from apps.common.testing.race import deadlocks
from apps.salons.tests.factories import MembershipFactory


@pytest.fixture(autouse=True)
def _promises(transactional_db):
    """Nobody is ever sacrificed to a deadlock."""
    before = deadlocks()
    yield
    assert deadlocks() == before


@pytest.fixture
def desks(salon):
    """Their browsers; `desk.person` is who looks out of it."""
    return [desk_of(MembershipFactory(salon=salon, user__name=name, user__locale="en").user) for name in PEOPLE]


PEOPLE = ("Mona", "Noura")


def desk_of(person):
    client = Client()
    client.force_login(person)
    client.cookies["django_language"] = "en"
    client.person = person
    return client
