"""One salon and its manager, signed in."""

import pytest

from apps.salons.tests.factories import MembershipFactory, SalonFactory


@pytest.fixture
def salon(db):
    return SalonFactory()


@pytest.fixture
def manager(client, salon):
    person = MembershipFactory(salon=salon).user
    client.force_login(person)
    return person
