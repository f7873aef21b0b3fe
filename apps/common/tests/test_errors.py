"""Errors of the domain: their words, their codes, and what the API makes of them."""

import pytest
from django.db import OperationalError, models
from django.test.utils import isolate_apps
from django.utils import translation
from django.utils.translation import gettext_lazy as _
from rest_framework.permissions import AllowAny
from rest_framework.test import APIRequestFactory
from rest_framework.views import APIView

from apps.common.errors import (
    Conflict,
    DomainError,
    Forbidden,
    InvalidTransition,
    Mismatch,
    Missing,
    RateLimited,
    Rejected,
    Unavailable,
    ensure_transition,
)


class SlotTaken(Conflict):
    code = "slot_taken"
    message = _("%(name)s is busy.")


def answer(error):
    """What a client gets from a view that raises `error`."""

    class Raising(APIView):
        authentication_classes = []
        permission_classes = [AllowAny]

        def get(self, request):
            raise error

    with translation.override("en"):
        response = Raising.as_view()(APIRequestFactory().get("/"))
        return response.status_code, response.data, response.headers.get("Retry-After")


def shape(kind, code, detail, attr=None):
    return {"type": kind, "errors": [{"code": code, "detail": detail, "attr": attr}]}


def test_an_error_carries_code_field_and_params():
    error = SlotTaken(field="staff", name="Noura")

    assert (error.code, error.field, error.params) == ("slot_taken", "staff", {"name": "Noura"})
    assert str(error) == "Noura is busy."
    assert repr(error) == "SlotTaken('slot_taken')"  # the log names the code, not the person


def test_one_error_may_carry_its_own_code_and_words():
    error = Rejected("Choose a later time.", code="too_early")

    assert (error.code, str(error)) == ("too_early", "Choose a later time.")


def test_a_percent_sign_without_params_is_just_text():
    assert str(Rejected("At most 50 % of the price.")) == "At most 50 % of the price."


def test_words_are_chosen_when_they_are_read():
    error = DomainError(_("Arabic"))

    with translation.override("en"):
        english = str(error)
    with translation.override("ar"):
        arabic = str(error)
    assert (english, arabic) == ("Arabic", "العربيّة")


@pytest.mark.parametrize(
    ("error", "status", "body"),
    [
        (Rejected("No.", code="too_early"), 400, shape("validation_error", "too_early", "No.", "non_field_errors")),
        (Rejected("No.", field="staff"), 400, shape("validation_error", "invalid", "No.", "staff")),
        (Forbidden(), 403, shape("client_error", "permission_denied", "You may not do this.")),
        (Missing(), 404, shape("client_error", "not_found", "Not found.")),
        (SlotTaken(name="Noura"), 409, shape("client_error", "slot_taken", "Noura is busy.")),
        (Mismatch("No."), 422, shape("client_error", "mismatch", "No.")),
        (
            RateLimited(retry_after=7),
            429,
            shape("client_error", "rate_limited", "Too many attempts. Please wait and try again."),
        ),
        (
            Unavailable(),
            503,
            shape("server_error", "unavailable", "This is not available right now. Please try again shortly."),
        ),
        (
            OperationalError("secret host"),
            503,
            shape("server_error", "unavailable", "This is not available right now. Please try again shortly."),
        ),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_each_kind_has_its_status_and_the_one_shape(error, status, body):
    assert answer(error)[:2] == (status, body)


def test_a_wait_is_a_header():
    assert [answer(error)[2] for error in (RateLimited(retry_after=7), Unavailable(retry_after=9), Conflict())] == [
        "7",
        "9",
        None,
    ]


def test_a_programming_mistake_gives_nothing_away():
    status, body, _wait = answer(ZeroDivisionError("secret"))

    assert (status, body["type"], body["errors"][0]["code"]) == (500, "server_error", "error")
    assert "secret" not in str(body)


@pytest.fixture
def visit():
    with isolate_apps("apps.common"):

        class Visit(models.Model):
            status = models.CharField(choices=[("open", _("Arabic")), ("done", _("English"))])

            class Meta:
                app_label = "common"

            def __str__(self):
                return self.status

        yield Visit


ALLOWED = {"open": {"done"}}


def test_an_allowed_transition_passes(visit):
    row = visit(status="open")

    ensure_transition(row, "done", allowed=ALLOWED)

    assert row.status == "open"  # it asks, the caller writes


@pytest.mark.parametrize(("current", "target"), [("open", "open"), ("done", "open"), ("done", "done")])
def test_every_other_transition_is_a_conflict(visit, current, target):
    with pytest.raises(InvalidTransition) as refusal:
        ensure_transition(visit(status=current), target, allowed=ALLOWED)

    assert refusal.value.code == "invalid_transition"


def test_a_refused_transition_names_both_states_in_the_reader_s_language(visit):
    with pytest.raises(InvalidTransition) as refusal:
        ensure_transition(visit(status="done"), "open", allowed=ALLOWED)

    with translation.override("en"):
        assert str(refusal.value) == "“English” cannot become “Arabic”."
