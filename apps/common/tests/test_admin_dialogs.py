import pytest
from django.contrib.messages import get_messages
from django.contrib.messages.storage.cookie import CookieStorage
from django.db import IntegrityError
from django.test import RequestFactory
from django.utils.translation import override

from apps.common.admin.dialogs import ReasonDialog, run_use_case
from apps.common.errors import Conflict, Forbidden, Rejected


@pytest.fixture
def request_from_dialog():
    request = RequestFactory().post("/admin/x/", headers={"HX-Current-URL": "http://testserver/admin/list/?q=a"})
    request._messages = CookieStorage(request)
    return request


def told(request):
    return [(message.level_tag, str(message)) for message in get_messages(request)]


def test_success_is_told_and_the_page_below_is_loaded_anew(request_from_dialog):
    response = run_use_case(request_from_dialog, lambda: None, "Done.")

    assert response.headers["HX-Redirect"] == "/admin/list/?q=a"
    assert told(request_from_dialog) == [("success", "Done.")]


@pytest.mark.parametrize("error", [Rejected("Not so."), Conflict("Not so."), Forbidden("Not so.")])
def test_a_refusal_is_told_instead_of_success(request_from_dialog, error):
    def refuse():
        raise error

    response = run_use_case(request_from_dialog, refuse, "Done.")

    assert response.status_code == 200
    assert response.headers["HX-Redirect"] == "/admin/list/?q=a"
    assert told(request_from_dialog) == [("error", "Not so.")]


def test_a_lost_race_is_told_as_a_conflict(request_from_dialog):
    def lose():
        raise IntegrityError

    with override("en"):
        run_use_case(request_from_dialog, lose, "Done.")

    assert told(request_from_dialog) == [("error", "This changed in the meantime. Please look again.")]


def test_a_mistake_of_ours_is_not_hidden(request_from_dialog):
    def fail():
        raise TypeError("a bug")

    with pytest.raises(TypeError):
        run_use_case(request_from_dialog, fail, "Done.")


@pytest.mark.parametrize("page", ["http://evil.example/x", "javascript:alert(1)", ""])
def test_a_foreign_page_is_never_the_way_back(page):
    request = RequestFactory().post("/admin/x/", headers={"HX-Current-URL": page})
    request._messages = CookieStorage(request)

    assert run_use_case(request, lambda: None, "Done.").headers["HX-Redirect"] == "/admin/"


def test_the_way_back_can_be_named(request_from_dialog):
    response = run_use_case(request_from_dialog, lambda: None, "Done.", redirect_to="/admin/other/")

    assert response.headers["HX-Redirect"] == "/admin/other/"


@pytest.mark.parametrize(("reason", "valid"), [("because", True), ("", False), ("   ", False), ("a" * 501, False)])
def test_a_reason_has_to_be_given(reason, valid):
    form = ReasonDialog(request=None, data={"_form_submitted": "on", "reason": reason})

    assert form.is_valid() is valid
