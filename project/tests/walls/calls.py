"""Calls of the API that would succeed for the right person, for every operation of the table."""

import json
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4
from zoneinfo import ZoneInfo

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from apps.accounts.services import issue_tokens
from apps.accounts.tests.factories import UserFactory
from apps.bookings.models import Booking
from apps.salons.models import Customer, Salon, Service, Staff, WeeklyHours
from apps.salons.tests.factories import WeeklyHoursFactory
from project.tests.two_salons import Rows

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
SECRET = "a-secret-of-the-test"


@dataclass(frozen=True)
class Call:
    name: str
    method: str
    address: str
    query: dict = field(default_factory=dict)
    body: dict = field(default_factory=dict)

    def __str__(self):
        return f"{self.method} {self.name}"

    def send(self, client, *, query=None, body=None):
        """`query` and `body` replace those of the call."""
        asked = self.query if query is None else query
        said = self.body if body is None else body
        return client.generic(
            self.method,
            self.address + (f"?{urlencode(asked)}" if asked else ""),
            b"" if self.method == "GET" else _as_json(said),
            content_type="application/json",
            headers={"Idempotency-Key": str(uuid4())},
        )


def _as_json(body) -> bytes:
    return body if isinstance(body, bytes) else json.dumps(body).encode()


def open_the_salon(rows: Rows) -> None:
    """Hours on every day, so that a time can be had; the example rows have those of a Sunday."""
    for weekday in range(7):
        WeeklyHoursFactory(salon=rows[Salon], staff=None, weekday=weekday, opens=time(9), closes=time(17))
        if weekday != rows[WeeklyHours].weekday:
            WeeklyHoursFactory(salon=rows[Salon], staff=rows[Staff], weekday=weekday)


def free_moment() -> str:
    """Ten in the morning, three days from now."""
    day = timezone.localdate() + timedelta(days=3)
    return datetime.combine(day, time(10), ZoneInfo(settings.TIME_ZONE)).isoformat()


def call(rows: Rows, name: str, method: str) -> Call:
    """`method` on the address called `name`, about `rows`, with all it needs where that operation exists."""
    body: dict[str, Any] = {}
    query: dict[str, str] = {}
    args: dict[str, Any] = {}
    service, day = str(rows[Service].public_id), free_moment()[:10]
    if name.startswith("salon-") and name != "salon-list":
        args = {"slug": rows[Salon].slug}
    elif name.startswith("booking-") and name not in {"booking-list", "booking-quote"}:
        args = {"pk": rows[Booking].pk}
    elif name == "webhook-unifonic":
        args = {"secret": "wrong"}
    if name == "salon-slots":
        query = {"service": service, "from": day, "to": day}
    elif name == "booking-quote":
        query = {"service": service, "starts_at": free_moment()}
    said = {
        ("auth-otp-request", "POST"): {"phone": "+966555550000"},
        ("auth-otp-verify", "POST"): {"challenge_id": str(uuid4()), "code": "123456"},
        ("me-phone", "POST"): {"phone": "+966555550001"},
        ("me-phone-verify", "POST"): {"challenge_id": str(uuid4()), "code": "123456"},
        ("me", "PATCH"): {"name": "Sara"},
        ("booking-list", "POST"): {"service": service, "starts_at": free_moment()},
        ("booking-reschedule", "POST"): {"starts_at": free_moment(), "staff": str(rows[Staff].public_id)},
        ("booking-review", "POST"): {"rating": 5},
    }
    if name in {"auth-token-refresh", "auth-logout"} and method == "POST":
        body = {"refresh": issue_tokens(user=rows[Customer].user).refresh}
    return Call(name, method, reverse(name, kwargs=args), query, said.get((name, method), body))


def stranger() -> Any:
    """A customer who booked nothing here."""
    return UserFactory.create()
