"""What a person or a client sees when a request ends badly outside our views: translated, without traces.

The API keeps its one error shape even for addresses that do not exist; every other address gets a plain page.
"""

import sys

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apps.common.errors import Unavailable
from apps.common.trace import current_request_id
from apps.common.transactions import is_unavailable
from project.middleware import API_PREFIX, accepted_language, cookie_language

API_ANSWERS: dict[int, tuple[str, str, Promise]] = {
    400: ("client_error", "bad_request", _("This request is malformed.")),
    403: ("client_error", "permission_denied", _("You do not have permission to perform this action.")),
    404: ("client_error", "not_found", _("Not found.")),
    500: ("server_error", "error", _("Something went wrong on our side. Please try again.")),
    503: ("server_error", Unavailable.code, Unavailable.message),
}


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return error_response(request, 400)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    return error_response(request, 403)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return error_response(request, 403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return error_response(request, 404)


def server_error(request: HttpRequest) -> HttpResponse:
    """Called while the failure is handled. One of the database's that may pass is 503, as in the API."""
    if not is_unavailable(sys.exception()):
        return error_response(request, 500)
    response = error_response(request, 503)
    response.headers["Retry-After"] = str(Unavailable().retry_after)
    return response


def error_response(request: HttpRequest, status: int) -> HttpResponse:
    """Asks neither database nor session: one of them may be what broke."""
    is_api = request.path_info.startswith(API_PREFIX)
    # Absent when the request failed before its language was chosen, for example on a forged host name.
    language = getattr(request, "LANGUAGE_CODE", None)
    with translation.override(language or (accepted_language if is_api else cookie_language)(request)):
        if not is_api:
            return render(request, f"{status}.html", {"request_id": current_request_id()}, status=status)
        kind, code, detail = API_ANSWERS[status]
        errors = [{"code": code, "detail": str(detail), "attr": None}]
        return JsonResponse({"type": kind, "errors": errors}, status=status)
