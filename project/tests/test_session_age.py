from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.contrib.auth import get_user_model
from django.contrib.sessions.models import Session
from django.http import HttpResponse
from django.urls import path

START = datetime(2026, 11, 1, 6, 0, tzinfo=UTC)


def who(request):
    return HttpResponse("signed in" if request.user.is_authenticated else "nobody")


urlpatterns = [path("who", who)]
pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]


@pytest.fixture
def operator(client):
    user = get_user_model().objects.create_superuser("+966500000001", "a-sentence-of-her-own")
    with time_machine.travel(START, tick=False):
        client.force_login(user)
        assert client.get("/who").content == b"signed in"
    return client


def is_signed_in(operator, after):
    with time_machine.travel(START + after, tick=False):
        return operator.get("/who").content == b"signed in"


def test_a_session_lasts_while_it_is_used(operator):
    assert all(is_signed_in(operator, timedelta(minutes=25 * step)) for step in range(1, 10))


def test_a_page_that_asks_by_itself_keeps_nobody_signed_in(operator):
    for minutes in (10, 20, 30):
        with time_machine.travel(START + timedelta(minutes=minutes), tick=False):
            assert operator.get("/who", headers={"X-Unattended": "1"}).content == b"signed in"

    assert not is_signed_in(operator, timedelta(minutes=31))


@pytest.mark.parametrize(("seconds", "signed_in"), [(30 * 60, True), (30 * 60 + 1, False)])
def test_an_idle_session_ends(operator, seconds, signed_in):
    assert is_signed_in(operator, timedelta(seconds=seconds)) is signed_in


def test_no_session_outlives_a_working_day(operator):
    assert all(is_signed_in(operator, timedelta(minutes=20 * step)) for step in range(1, 37))

    assert is_signed_in(operator, timedelta(hours=12, seconds=1)) is False
    assert Session.objects.count() == 0


def test_browsing_does_not_write_with_every_page(operator):
    with time_machine.travel(START + timedelta(seconds=59), tick=False):
        stored = Session.objects.get().session_data
        operator.get("/who")

        assert Session.objects.get().session_data == stored
