"""What every page of the admin and the main calls of the API cost in queries, to the last one.

`UPDATE_QUERY_COUNTS=1 uv run pytest project/tests/test_query_counts.py` writes the figures anew: a page that became
dearer or cheaper is then a line that a reviewer sees.
"""

import json
import os
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from django.contrib import admin
from django.core.cache import cache
from django.urls import reverse
from django.utils import timezone

from apps.accounts.services.tokens import issue_tokens
from apps.accounts.tests.factories import OwnerFactory
from apps.bookings.models import Booking
from apps.common.api.kept import shelf
from apps.common.testing.queries import MOST_QUERIES_OF_A_LIST, counted_statements
from apps.salons.models import Salon, Service
from project.tests.two_salons import every_row, shown_models

pytestmark = pytest.mark.django_db
COUNTS = Path(__file__).with_name("query_counts.json")
# A weekday morning: a page of today costs the same on every day of the tests.
NOON = "2026-03-04T09:00:00Z"


def committed():
    return json.loads(COUNTS.read_text(encoding="utf-8")) if COUNTS.exists() else {}


@pytest.fixture(scope="module")
def counts():
    """What was counted in this run, kept afterwards where that was asked for."""
    found = {}
    yield found
    if "UPDATE_QUERY_COUNTS" in os.environ:
        ordered = {name: dict(sorted(pages.items())) for name, pages in sorted({**committed(), **found}.items())}
        COUNTS.write_text(json.dumps(ordered, indent=2) + "\n", encoding="utf-8")


@pytest.fixture
def expect(counts):
    def compare(name, counted):
        counts[name] = counted
        if "UPDATE_QUERY_COUNTS" not in os.environ:
            assert counted == committed().get(name), f"{name}: UPDATE_QUERY_COUNTS=1 writes the figures anew"

    return compare


@pytest.fixture
def rows():
    with time_machine.travel(NOON, tick=False):
        cache.clear()
        every_row()
        yield every_row()


def queries(client, address, **headers):
    """Of the second visit: the first one warms what outlives a request. Answers that were kept are made again."""
    for _visit in range(2):
        shelf.forget()
        with counted_statements() as sent:
            answer = client.get(address, headers=headers)
    assert answer.status_code == 200, (address, answer.status_code)
    return len(sent)


def pages_of(model, row):
    meta = model._meta
    pages = {"list": ("changelist", []), "form": ("change", [row.pk]), "history": ("history", [row.pk])}
    return {
        name: reverse(f"admin:{meta.app_label}_{meta.model_name}_{page}", args=args)
        for name, (page, args) in pages.items()
    }


@pytest.mark.parametrize("model", shown_models(), ids=lambda model: model._meta.label_lower)
def test_a_page_of_the_admin_costs_its_committed_number_of_queries(client, rows, expect, model):
    client.force_login(OwnerFactory())

    found = {name: queries(client, address) for name, address in pages_of(model, rows[model]).items()}

    expect(model._meta.label_lower, found)
    assert found["list"] <= MOST_QUERIES_OF_A_LIST


def test_the_first_page_costs_its_committed_number_of_queries(client, rows, expect):
    client.force_login(OwnerFactory())

    expect("admin", {"first page": queries(client, reverse("admin:index"))})


def test_a_call_of_the_api_costs_its_committed_number_of_queries(client, rows, expect):
    salon, booking = rows[Salon], rows[Booking]
    key = {"authorization": f"Bearer {issue_tokens(user=booking.customer.user).access}"}
    day = timezone.localdate() + timedelta(days=1)
    slots = f"?service={rows[Service].public_id}&from={day}&to={day + timedelta(days=6)}"
    calls = {
        "GET salons/": (reverse("salon-list"), {}),
        "GET salons/{slug}/": (reverse("salon-detail", args=[salon.slug]), {}),
        "GET salons/{slug}/services/": (f"/api/v1/salons/{salon.slug}/services/", {}),
        "GET salons/{slug}/staff/": (f"/api/v1/salons/{salon.slug}/staff/", {}),
        "GET salons/{slug}/slots/": (f"/api/v1/salons/{salon.slug}/slots/{slots}", {}),
        "GET bookings/": (reverse("booking-list"), key),
        "GET bookings/{id}/": (reverse("booking-detail", args=[booking.pk]), key),
        "GET me/": ("/api/v1/me/", key),
    }

    expect("api", {name: queries(client, address, **headers) for name, (address, headers) in calls.items()})


def test_every_admin_has_its_committed_figures(counts):
    figures = set(counts if "UPDATE_QUERY_COUNTS" in os.environ else committed())

    assert {model._meta.label_lower for model in admin.site._registry} == figures - {"admin", "api"}
