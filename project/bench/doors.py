"""The ways a booking comes about. A door is opened once by each worker, which then knocks turn after turn.

`True` is a booking, `False` a polite refusal; everything else is raised and counts as a fault.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from types import SimpleNamespace
from typing import Any, Protocol
from uuid import uuid4

from django.conf import settings
from django.test import Client
from django.urls import reverse
from rest_framework.response import Response

from apps.accounts.api.idempotency import idempotent
from apps.accounts.services.tokens import issue_tokens
from apps.bookings import services
from apps.bookings.errors import SlotNotOffered, SlotTaken
from apps.bookings.models import Booking
from apps.common.history import save_as
from apps.salons.models import Staff
from project.bench.crew import Act
from project.bench.world import World

POLITE = (SlotTaken, SlotNotOffered)
CODES = {refusal.code for refusal in POLITE}
OK, CREATED, REDIRECT = 200, 201, 302
# Past everything that is raced for: where a booking waits that will be moved.
FAR_AWAY = 100_000


class Aim(Protocol):
    """Where worker `worker` of all `workers` aims in turn `turn`, and the number of that attempt."""

    def __call__(self, world: World, turn: int, worker: int) -> tuple[int, Staff, datetime]: ...


@dataclass(frozen=True, slots=True)
class AtOneSlot:
    """All racers at the same time or at times that overlap; a fresh time every turn."""

    racers: int

    def __call__(self, world: World, turn: int, worker: int) -> tuple[int, Staff, datetime]:
        return turn * self.racers + worker, *world.contested(turn, worker)


@dataclass(frozen=True, slots=True)
class Apart:
    """Nobody at a time that anybody else wants; `of_one`: all of them in the calendar of one staff member."""

    racers: int
    of_one: bool = False

    def __call__(self, world: World, turn: int, worker: int) -> tuple[int, Staff, datetime]:
        number = turn * self.racers + worker
        return number, *(world.free_of_one(number) if self.of_one else world.free(number))


Book = Callable[[int, Staff, datetime], bool]
Opening = Callable[[World], Book]


@dataclass(frozen=True, slots=True)
class Knocking:
    """A task for a crew: book what `aim` says. Of several doors, worker after worker takes the next one."""

    doors: tuple[Opening, ...]
    world: World
    aim: Aim

    def __call__(self, worker: int) -> Act:
        book = self.doors[worker % len(self.doors)](self.world)

        def act(turn: int) -> bool:
            try:
                return book(*self.aim(self.world, turn, worker))
            except POLITE:
                return False

        return act


def use_case(world: World) -> Book:
    """`book_appointment` as the customer."""

    def book(number: int, staff: Staff, starts_at: datetime) -> bool:
        person, _card = world.customer(number)
        services.book_appointment(
            actor=person, person=person, service_id=world.service.pk, staff_id=staff.pk, starts_at=starts_at
        )
        return True

    return book


def walk_in(world: World) -> Book:
    """`book_appointment` by the salon, for somebody at the desk."""

    def book(number: int, staff: Staff, starts_at: datetime) -> bool:
        services.book_appointment(
            actor=world.manager,
            person=world.customer(number)[0],
            service_id=world.service.pk,
            staff_id=staff.pk,
            starts_at=starts_at,
            source=Booking.Source.DESK,
        )
        return True

    return book


def keyed_use_case(world: World) -> Book:
    """The handler behind the API without HTTP: idempotency key, `book_appointment`, answer kept under the key."""

    @idempotent
    def handler(view: None, request: Any) -> Response:
        booking = services.book_appointment(actor=request.user, person=request.user, **request.call)
        return Response({"id": str(booking.pk)}, status=CREATED)

    def book(number: int, staff: Staff, starts_at: datetime) -> bool:
        call = {"service_id": world.service.pk, "staff_id": staff.pk, "starts_at": starts_at}
        request = SimpleNamespace(
            user=world.customer(number)[0],
            headers={"Idempotency-Key": uuid4().hex},
            method="POST",
            path="/api/v1/bookings/",
            data={name: str(value) for name, value in call.items()},
            call=call,
        )
        return bool(handler(None, request).status_code == CREATED)

    return book


def api(world: World) -> Book:
    """POST to the API with a token of the customer's."""
    client, url = visitor(), reverse("booking-list")
    tokens: dict[int, str] = {}

    def book(number: int, staff: Staff, starts_at: datetime) -> bool:
        customer = number % len(world.customers)
        if customer not in tokens:
            tokens[customer] = issue_tokens(user=world.customers[customer][0]).access
        answer = client.post(
            url,
            {
                "service": str(world.service.public_id),
                "staff": str(staff.public_id),
                "starts_at": starts_at.isoformat(),
            },
            content_type="application/json",
            headers={"authorization": f"Bearer {tokens[customer]}", "idempotency-key": uuid4().hex},
        )
        if answer.status_code == CREATED:
            return True
        if answer.json()["errors"][0]["code"] not in CODES:
            raise RuntimeError(f"answered {answer.status_code}: {answer.content[:200].decode(errors='replace')}")
        return False

    return book


def admin_form(world: World) -> Book:
    """The page on which the desk types a visit in; one that is refused comes back with a link to the explanation."""
    client, url = visitor(), reverse("admin:bookings_booking_add")
    client.force_login(world.manager)
    explanation = f"{reverse('admin:bookings_booking_why_not_action')}?"

    def book(number: int, staff: Staff, starts_at: datetime) -> bool:
        said = {
            "phone": world.customer(number)[0].phone,
            "name": "",
            "service": world.service.pk,
            "staff": staff.pk,
            "starts_at_0": starts_at.strftime("%Y-%m-%d"),
            "starts_at_1": starts_at.strftime("%H:%M"),
            "note": "",
        }
        answer = client.post(url, said)
        if answer.status_code == REDIRECT and answer.headers["Location"] != url:
            return True
        if answer.status_code != OK or explanation not in answer.content.decode():
            raise RuntimeError(f"answered {answer.status_code} without saying why the time is not free")
        return False

    return book


def reschedule(world: World) -> Book:
    """A booking of the worker's own, moved from slot to slot."""
    own: list[Booking] = []

    def book(number: int, staff: Staff, starts_at: datetime) -> bool:
        if not own:
            own.append(save_as(world.booking(number, *world.free(FAR_AWAY + number)), actor=world.manager))
        services.reschedule_booking(
            actor=world.manager, booking_id=own[0].pk, starts_at=starts_at, staff_id=staff.pk, reason="Race"
        )
        return True

    return book


def unlock() -> None:
    """Import what pages need, before racers leave for processes of their own and each would do it again."""
    reverse("booking-list")


def visitor() -> Client:
    """A client whose host the settings allow."""
    hosts = [host.lstrip(".") for host in settings.ALLOWED_HOSTS if host != "*"]
    return Client(headers={"host": [*hosts, "localhost"][0], "accept-language": "en"}, raise_request_exception=False)
