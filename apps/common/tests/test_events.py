"""Events: required handlers share the publisher's fate, optional ones do not."""

from collections import defaultdict
from dataclasses import dataclass

import pytest
from django.contrib.auth.models import Group
from django.db import transaction

from apps.common import events
from apps.common.events import publish, subscribe, subscriptions


@dataclass(frozen=True)
class Happened:
    number: int


@pytest.fixture(autouse=True)
def _no_subscriptions_of_the_product(monkeypatch):
    monkeypatch.setattr(events, "_subscriptions", defaultdict(list))


def names():
    return set(Group.objects.filter(name__startswith="event").values_list("name", flat=True))


def tell():
    """Store a fact and publish it, as a service does."""
    with transaction.atomic():
        Group.objects.create(name="event fact")
        publish(Happened(7))


def writes(name, then=None):
    def handler(event):
        Group.objects.create(name=f"event {name} {event.number}")
        if then is not None:
            raise then

    handler.__name__ = name
    return handler


@pytest.mark.django_db(transaction=True)
def test_publishing_outside_a_transaction_is_a_mistake():
    with pytest.raises(RuntimeError, match="Happened was published outside a transaction"):
        publish(Happened(1))


@pytest.mark.django_db
def test_handlers_run_at_once_in_the_order_they_subscribed():
    seen = []
    subscribe(Happened, lambda event: seen.append(("first", event)))
    subscribe(Happened, lambda event: seen.append(("second", event)), required=False)
    subscribe(Happened, lambda event: seen.append(("third", event)))

    publish(Happened(7))

    assert seen == [("first", Happened(7)), ("second", Happened(7)), ("third", Happened(7))]


@pytest.mark.django_db
def test_an_event_nobody_wants_is_fine():
    publish(Happened(7))


@pytest.mark.django_db
def test_what_handlers_write_stands_with_the_fact():
    subscribe(Happened, writes("required"))
    subscribe(Happened, writes("optional"), required=False)

    tell()

    assert names() == {"event fact", "event required 7", "event optional 7"}


@pytest.mark.django_db
def test_a_required_handler_that_fails_undoes_the_fact():
    subscribe(Happened, writes("optional"), required=False)
    subscribe(Happened, writes("required", then=ValueError("no")))

    with pytest.raises(ValueError, match="no"):
        tell()

    assert names() == set()


@pytest.mark.django_db
def test_an_optional_handler_that_fails_is_undone_and_logged_while_the_fact_stands(caplog):
    subscribe(Happened, writes("optional", then=ValueError("no")), required=False)
    subscribe(Happened, writes("required"))

    tell()

    assert names() == {"event fact", "event required 7"}
    [record] = caplog.records
    assert (record.levelname, record.event_type, record.handler) == ("ERROR", "Happened", "optional")


@pytest.mark.django_db
def test_an_optional_handler_that_breaks_the_database_does_not_break_the_fact():
    def duplicate(event):
        Group.objects.create(name="event fact")

    subscribe(Happened, duplicate, required=False)

    tell()

    assert names() == {"event fact"}


def test_subscribing_twice_counts_once():
    handler = writes("once")
    subscribe(Happened, handler)
    subscribe(Happened, handler)

    assert subscriptions() == {Happened: [(handler, True)]}
