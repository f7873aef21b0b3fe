"""An import of hours or time off that strands visits shows them first, and keeps them when the operator agrees."""

from datetime import datetime, time
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from apps.bookings.models import Booking
from apps.bookings.tests.factories import BookingFactory
from apps.salons.models import ImportRun, TimeOff, WeeklyHours
from apps.salons.tests.factories import (
    MembershipFactory,
    SalonFactory,
    ServiceFactory,
    StaffFactory,
    StaffServiceFactory,
    WeeklyHoursFactory,
)

pytestmark = pytest.mark.django_db

RIYADH = ZoneInfo("Asia/Riyadh")
NOW = datetime(2027, 3, 1, 9, tzinfo=RIYADH)
VISIT = datetime(2027, 3, 8, 16, tzinfo=RIYADH)


@pytest.fixture(autouse=True)
def _now():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def visit(client):
    """A visit on a Monday at four, with whom it can be booked, and a manager signed in."""
    salon = SalonFactory()
    staff = StaffFactory(salon=salon, name_ar="", name_en="Nora")
    service = ServiceFactory(salon=salon, duration_minutes=60)
    StaffServiceFactory(salon=salon, staff=staff, service=service)
    for weekday in range(7):
        WeeklyHoursFactory(salon=salon, staff=staff, weekday=weekday, opens=time(9), closes=time(21))
    client.force_login(MembershipFactory(salon=salon, user__locale="en").user)
    booking = BookingFactory(salon=salon, service=service, staff=staff, status=Booking.Status.CONFIRMED)
    booking.place(staff=staff, starts_at=VISIT)
    booking.save()
    return booking


def look(client, model, salon, text):
    file = SimpleUploadedFile("file.csv", text.encode())
    address = reverse(f"admin:salons_{model}_import")
    return client.post(address, {"resource": "0", "format": "0", "salon": salon.pk, "import_file": file})


def agree(client, model, page, **said):
    fields = {field.html_name: field.value() or "" for field in page.context["confirm_form"]}
    fields.pop("visits_seen")
    return client.post(reverse(f"admin:salons_{model}_process_import"), {**fields, **said})


@pytest.mark.parametrize(
    ("model", "text"),
    [
        ("weeklyhours", "Staff member,Weekday,From,Until\nNora,Monday,09:00,12:00\n"),
        ("timeoff", "Staff member,From,Until,Reason\nNora,2027-03-08 12:00,2027-03-08 18:00,away\n"),
        ("staff", "Name (English),Takes bookings\nNora,no\n"),
    ],
    ids=["hours", "time off", "staff"],
)
def test_visits_an_import_strands_are_shown_and_kept_when_somebody_says_so(client, visit, model, text):
    page = look(client, model, visit.salon, text)

    assert [str(stranded.customer) for stranded in page.context["result"].report.stranded] == [visit.visitor]
    assert not TimeOff.objects.exists()
    assert set(WeeklyHours.objects.values_list("closes", flat=True)) == {time(21)}
    versions = visit.history.count()

    agree(client, model, page)
    assert ImportRun.objects.get().state == ImportRun.State.REFUSED
    assert visit.history.count() == versions

    agree(client, model, look(client, model, visit.salon, text), visits_seen="on")

    assert ImportRun.objects.filter(state=ImportRun.State.DONE).count() == 1
    visit.refresh_from_db()
    assert (visit.status, visit.starts_at) == (Booking.Status.CONFIRMED, VISIT)
    assert "file.csv" in visit.history.first().history_change_reason
