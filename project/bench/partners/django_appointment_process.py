"""django-appointment in a process and an environment of its own; `django_appointment` starts it and asks.

Says `ready` with its version, then answers every line (a number of bookings a day) with one JSON object.
"""

import json
import logging
import os
import sys
from datetime import date, datetime, time, timedelta
from importlib import import_module, metadata
from time import perf_counter
from typing import Any

import django
from django.conf import settings

DAYS = 30
VISIT = timedelta(minutes=45)
FIRST_HOUR = 9


def main() -> None:
    """Configure, make the tables, fill them, and answer until nobody asks any more."""
    logging.disable(logging.CRITICAL)
    order = json.loads(os.environ["BENCH_APPOINTMENT"])
    configure(order["database"])
    first = date.fromisoformat(order["first"])
    staff = {count: staff_member(count, first) for count in order["bookings_a_day"]}
    say({"ready": version()})
    for line in sys.stdin:
        say(measure(staff[int(line)], first))


def configure(database: dict[str, Any]) -> None:
    """The least it runs with; the database is empty."""
    settings.configure(
        DATABASES={"default": database},
        INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "appointment"],
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        TIME_ZONE="Asia/Riyadh",
        USE_TZ=True,
        LOGGING_CONFIG=None,
    )
    django.setup()
    from django.core.management import call_command

    # Its own package brings no migrations, and its tables point to those of auth.
    call_command("migrate", "auth", interactive=False, verbosity=0)
    call_command("migrate", run_syncdb=True, interactive=False, verbosity=0)


def version() -> str:
    """Of the installed package."""
    return metadata.version("django-appointment")


def staff_member(bookings_a_day: int, first: date) -> Any:
    """Somebody who works 09:00 to 21:00 every day and has so many visits on each, from nine o'clock on."""
    from django.contrib.auth.models import User

    peer = import_module("appointment.models")
    user = User.objects.create_user(f"staff{bookings_a_day}")
    service = peer.Service.objects.create(name="Cut", duration=VISIT, price=115)
    staff = peer.StaffMember.objects.create(user=user, slot_duration=15, work_on_saturday=True, work_on_sunday=True)
    staff.services_offered.add(service)
    for weekday in range(7):
        peer.WorkingHours.objects.create(
            staff_member=staff, day_of_week=weekday, start_time=time(FIRST_HOUR), end_time=time(21)
        )
    for day in range(DAYS):
        for hour in range(FIRST_HOUR, FIRST_HOUR + bookings_a_day):
            begin = datetime.combine(first + timedelta(days=day), time(hour))
            request = peer.AppointmentRequest.objects.create(
                date=begin.date(),
                start_time=begin.time(),
                end_time=(begin + VISIT).time(),
                service=service,
                staff_member=staff,
            )
            peer.Appointment.objects.create(client=user, appointment_request=request)
    return staff


def measure(staff: Any, first: date) -> dict[str, Any]:
    """Its own search, day after day, as its page asks for one: seconds, slots and queries."""
    from django.db import connection

    free_on = import_module("appointment.services").get_available_slots_for_staff
    queries = 0

    def count(execute: Any, statement: str, parameters: Any, many: Any, context: Any) -> Any:
        nonlocal queries
        queries += 1
        return execute(statement, parameters, many, context)

    service = staff.services_offered.get()
    slots: list[str] = []
    with connection.execute_wrapper(count):
        start = perf_counter()
        for number in range(DAYS):
            day = first + timedelta(days=number)
            found = free_on(day, staff, day.isoweekday() % 7, service)  # its week begins with Sunday, 0
            slots += [slot.isoformat() for slot in found]
        seconds = perf_counter() - start
    return {"seconds": seconds, "slots": slots, "queries": queries}


def say(answer: dict[str, Any]) -> None:
    """One line, at once."""
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
