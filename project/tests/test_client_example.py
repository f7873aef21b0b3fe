"""The client that integrators start from, over real HTTP: what it does when all is well, and when it is not."""

import importlib.util
import re
from datetime import datetime, time, timedelta
from decimal import Decimal
from io import StringIO
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import requests
from django.core.management import call_command

from apps.accounts.models import User
from apps.accounts.services import end_sign_ins
from apps.bookings.models import Booking
from apps.common.testing.web import Visitor
from apps.payments.models import Payment
from apps.payments.standin import Standin
from apps.salons.models import Salon
from apps.salons.tests.factories import SalonFactory, ServiceFactory, StaffServiceFactory, WeeklyHoursFactory

RIYADH = ZoneInfo("Asia/Riyadh")
PHONE = "+966551234567"
EXAMPLE = Path(__file__).parents[2] / "docs/examples/client.py"
SPEC = importlib.util.spec_from_file_location("example_client", EXAMPLE)
example = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(example)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def gateway(tmp_path, live_server, settings):
    with Standin(tmp_path / "ledger.sqlite3") as standin:
        settings.MOYASAR_BASE_URL = standin.api_url
        settings.MOYASAR_SECRET_KEY = standin.secret_key
        settings.PUBLIC_BASE_URL = live_server.url
        yield standin


@pytest.fixture
def salon(transactional_db):
    """Confirms when paid; one person does one service from nine to five on every day."""
    salon = SalonFactory(slug="reem", confirmation=Salon.Confirmation.PAYMENT)
    service = ServiceFactory(salon=salon, name_en="Haircut", price_amount=Decimal("130.00"))
    skill = StaffServiceFactory(salon=salon, service=service)
    for weekday in range(7):
        for staff in (None, skill.staff):
            WeeklyHoursFactory(salon=salon, staff=staff, weekday=weekday, opens=time(9), closes=time(17))
    return salon


@pytest.fixture
def waits():
    return []


@pytest.fixture
def api(live_server, waits):
    client = example.SalonApi(live_server.url, sleep=waits.append)
    client.http.trust_env = False
    return client


@pytest.fixture
def signed_in(api, capsys):
    challenge = api.ask_for_code(PHONE)
    code = re.search(rf"\[otp\] to={re.escape(PHONE)} code=(\d{{6}})", capsys.readouterr().out).group(1)
    assert api.sign_in(challenge, code)["phone"] == PHONE
    return api


def first_slot(api):
    """`(service, slot)` three days from now, found as a customer finds it."""
    (salon,) = api.every("salons/")
    (service,) = api.every(f"salons/{salon['slug']}/services/")
    day = (datetime.now(RIYADH) + timedelta(days=3)).date()
    return service, api.slots(salon["slug"], service["id"], day, day)[0]


def test_it_signs_in_finds_a_time_books_pays_and_cancels(salon, gateway, signed_in, waits):
    service, slot = first_slot(signed_in)
    booking = signed_in.book(service["id"], slot["starts_at"], staff=slot["staff"][0])
    assert (booking["status"], booking["amount_due"]) == ("pending", "130.00")

    payment = signed_in.pay(booking["id"])
    payer = Visitor(gateway.url)
    checkout = payer.get(payment["payment_url"])
    payer.submit(checkout, checkout.forms[0], {"outcome": "paid"})

    assert signed_in.look_at_payment(booking["id"])["status"] == "paid"
    paid = signed_in.get(f"bookings/{booking['id']}/")
    assert (paid["status"], paid["amount_due"]) == ("confirmed", "0.00")
    assert signed_in.cancel(booking["id"], "I travel")["status"] == "cancelled"
    assert Payment.objects.get().captured_amount == Decimal("130.00")
    assert waits == []
    signed_in.sign_out()
    with pytest.raises(example.Refusal) as refused:
        signed_in.get("me/")
    assert (refused.value.status, refused.value.code) == (401, "not_authenticated")
    call_command("check_invariants", stdout=StringIO())


def test_what_it_has_is_not_sent_again(salon, api, monkeypatch):
    answers = []
    send = api.http.request

    def watched(*args, **kwargs):
        answers.append(send(*args, **kwargs))
        return answers[-1]

    monkeypatch.setattr(api.http, "request", watched)

    first, second = (list(api.every("salons/reem/services/")) for _ in range(2))

    assert first == second
    assert [(answer.status_code, bool(answer.content)) for answer in answers] == [(200, True), (304, False)]


def test_an_answer_that_was_lost_is_asked_for_again_and_is_one_booking(salon, gateway, signed_in, waits, monkeypatch):
    service, slot = first_slot(signed_in)
    send, lost = signed_in.http.request, []

    def losing(method, *args, **kwargs):
        answer = send(method, *args, **kwargs)
        if method == "POST" and not lost:
            lost.append(answer)
            raise requests.ConnectionError
        return answer

    monkeypatch.setattr(signed_in.http, "request", losing)

    booking = signed_in.book(service["id"], slot["starts_at"])

    assert (lost[0].status_code, waits) == (201, [1])
    assert str(Booking.objects.get().pk) == booking["id"] == lost[0].json()["id"]


def test_a_time_that_was_taken_meanwhile_is_a_refusal_with_its_code(salon, gateway, signed_in, waits):
    service, slot = first_slot(signed_in)
    signed_in.book(service["id"], slot["starts_at"])

    with pytest.raises(example.Refusal) as refused:
        signed_in.book(service["id"], slot["starts_at"])

    assert (refused.value.status, refused.value.code, waits) == (409, "slot_taken", [])
    assert Booking.objects.count() == 1


def test_it_waits_as_long_as_it_is_told_and_tells_the_person_of_longer_waits(salon, api, waits, capsys):
    api.ask_for_code(PHONE)

    with pytest.raises(example.Refusal) as refused:
        api.ask_for_code(PHONE)

    assert (refused.value.status, refused.value.code) == (429, "rate_limited")
    assert example.LONGEST_WAIT < refused.value.wait <= 60
    assert waits == []
    assert User.objects.count() == 0


def test_a_twin_that_is_being_answered_is_waited_for(salon, gateway, signed_in, waits, monkeypatch):
    service, slot = first_slot(signed_in)
    send, busy = signed_in.http.request, [2]

    def busy_twice(method, *args, **kwargs):
        if method == "POST" and busy[0]:
            busy[0] -= 1
            return busy_answer()
        return send(method, *args, **kwargs)

    monkeypatch.setattr(signed_in.http, "request", busy_twice)

    assert signed_in.book(service["id"], slot["starts_at"])["status"] == "pending"
    assert waits == [1, 1]


def busy_answer():
    answer = requests.Response()
    answer.status_code = 409
    body = {"errors": [{"code": "request_in_progress", "detail": "Soon.", "attr": None}]}
    answer._content = str(body).replace("'", '"').replace("None", "null").encode()
    return answer


def test_an_old_token_is_renewed_once_and_an_ended_sign_in_is_told(salon, signed_in):
    old = signed_in.refresh
    signed_in.http.headers["Authorization"] = "Bearer old"

    assert signed_in.get("me/")["phone"] == PHONE
    assert signed_in.refresh != old

    end_sign_ins(user=User.objects.get(phone=PHONE), reason="signed_out")
    with pytest.raises(example.Refusal) as refused:
        signed_in.get("me/")
    assert (refused.value.status, refused.value.code) == (401, "token_not_valid")
