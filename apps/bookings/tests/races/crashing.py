"""A server process that books through the API and stops at a point where the test then kills it.

    python -m apps.bookings.tests.races.crashing inside|after '{"token": "…", "key": "…", "body": {…}}'

`inside`: the booking is written and not committed. `after`: it is committed, and nobody has been told.
"""

import json
import os
import sys

import django


def main(point, request):
    os.environ["DJANGO_SETTINGS_MODULE"] = "project.settings.test"
    django.setup()

    import time_machine
    from django.db import transaction
    from rest_framework.test import APIClient

    from apps.bookings.events import BookingPlaced
    from apps.bookings.tests.conftest import NOW
    from apps.common.events import subscribe

    def stop():
        sys.stdout.write(f"{point}\n")
        sys.stdout.flush()
        sys.stdin.read()

    def hear(event):
        return stop() if point == "inside" else transaction.on_commit(stop)

    subscribe(BookingPlaced, hear, required=False)
    client = APIClient(headers={"authorization": f"Bearer {request['token']}", "idempotency-key": request["key"]})
    with time_machine.travel(NOW, tick=False):
        client.post("/api/v1/bookings/", request["body"], format="json")


if __name__ == "__main__":
    main(sys.argv[1], json.loads(sys.argv[2]))
