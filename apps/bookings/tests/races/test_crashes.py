"""A server dies while it books, killed as the kernel kills: who tries again with the same key gets one booking."""

import json
import os
import subprocess
import sys
from contextlib import contextmanager

from django.conf import settings
from django.db import transaction

from apps.accounts.models import IdempotencyKey
from apps.accounts.services import issue_tokens
from apps.bookings.models import Booking
from apps.bookings.tests.races.support import noon, people_of
from apps.bookings.tests.test_api import client_of, post_booking
from apps.common.locks import lock
from apps.common.testing.race import database_url
from apps.notifications.models import Notification

KEY = "the-same-attempt"


@contextmanager
def server_stopped(point, house, person):
    """A process that books 12:00 of the next day and stopped at `point` (see `crashing`); killed at the end."""
    body = {"service": str(house.service.public_id), "starts_at": noon(house, 1).isoformat()}
    request = {"token": issue_tokens(user=person).access, "key": KEY, "body": body}
    command = [sys.executable, "-m", "apps.bookings.tests.races.crashing", point, json.dumps(request)]
    environment = {**os.environ, "DATABASE_URL": database_url()}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, cwd=settings.BASE_DIR, env=environment, **pipes) as server:
        try:
            assert f"{point}\n" in server.stdout
            yield
        finally:
            server.kill()


def try_again(house, person):
    return post_booking(client_of(person), house, hours=27, key=KEY)


def wait_until_undone(person):
    """Return when the server has noticed that the other end is gone and has undone its transaction."""
    with transaction.atomic():
        lock(exclusive=[("person", person.pk)])


def test_row4_killed_between_insert_and_commit_nothing_remains_and_the_same_key_books(house):
    [person] = people_of(house, 1)

    with server_stopped("inside", house, person):
        assert visible_from_here() == (0, 0, 0, 0)
    wait_until_undone(person)

    assert visible_from_here() == (0, 0, 0, 0)
    answer = try_again(house, person)
    assert (answer.status_code, "Idempotent-Replayed" in answer.headers) == (201, False)
    assert visible_from_here() == (1, 1, 1, 1)


def test_bk09_killed_after_the_commit_the_same_key_gets_the_booking_that_was_made(house):
    [person] = people_of(house, 1)

    with server_stopped("after", house, person):
        booking = Booking.objects.get()

    answer = try_again(house, person)
    assert (answer.status_code, answer.headers["Idempotent-Replayed"]) == (201, "true")
    assert answer.json()["id"] == str(booking.pk)
    assert visible_from_here() == (1, 1, 1, 1)


def visible_from_here():
    """How many bookings, versions of them, keys and messages are committed."""
    tables = (Booking.objects, Booking.history, IdempotencyKey.objects, Notification.objects)
    return tuple(rows.count() for rows in tables)
