"""Which language answers a request, for whose eyes, by which door its changes come, and under which headers."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.middleware.security import SecurityMiddleware
from django.utils import translation
from django.utils.cache import patch_vary_headers
from django.utils.translation import get_supported_language_variant
from django.utils.translation.trans_real import parse_accept_lang_header

from apps.common.doors import Door, through
from apps.common.reader import reading

# No page asks a device for any of these, and so no script that got into one may.
PERMISSIONS_POLICY = ", ".join(
    f"{feature}=()"
    for feature in ("camera", "display-capture", "geolocation", "microphone", "midi", "payment", "serial", "usb")
)
API_PREFIX = "/api/"
WEBHOOK_PREFIX = "/api/v1/webhooks/"


class HeadersMiddleware(SecurityMiddleware):
    """Headers of every answer, also of one that Django's own middleware inside of this one gives or fails to give.

    An answer that does not say how long it may be kept is kept by nobody: most are about one person.
    """

    def process_request(self, request: HttpRequest) -> None:
        """Redirecting is left to Django's own."""

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        response = super().process_response(request, response)
        response.headers.setdefault("Permissions-Policy", PERMISSIONS_POLICY)
        response.headers.setdefault("Cache-Control", "no-store")
        return response


class DoorMiddleware:
    """History keeps whether a change was made on a page, by the API or by what a provider reported."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with through(door_of(request.path_info)):
            return self.get_response(request)


def door_of(path: str) -> Door:
    """The door that an address belongs to."""
    if path.startswith(WEBHOOK_PREFIX):
        return Door.WEBHOOK
    return Door.API if path.startswith(API_PREFIX) else Door.ADMIN


class ReaderMiddleware:
    """What a page shows of a phone follows the rights of who is signed in."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with reading(request.user):
            return self.get_response(request)


class LanguageMiddleware:
    """Pages: the cookie, else the signed-in person's own choice, else Arabic, whatever the browser prefers.

    The API: ``Accept-Language``, else Arabic; a client has no cookie and asks for what its screen shows.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        is_api = request.path_info.startswith(API_PREFIX)
        language = accepted_language(request) if is_api else chosen_language(request)
        translation.activate(language)
        request.LANGUAGE_CODE = language
        response = self.get_response(request)
        patch_vary_headers(response, ["Accept-Language" if is_api else "Cookie"])
        response.headers.setdefault("Content-Language", translation.get_language() or language)
        return response


def chosen_language(request: HttpRequest) -> str:
    if request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME):
        return cookie_language(request)
    return supported(getattr(request.user, "locale", "")) or settings.LANGUAGE_CODE


def cookie_language(request: HttpRequest) -> str:
    return supported(request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")) or settings.LANGUAGE_CODE


def accepted_language(request: HttpRequest) -> str:
    wanted = parse_accept_lang_header(request.headers.get("Accept-Language", ""))
    return next((code for tag, _quality in wanted if (code := supported(tag))), settings.LANGUAGE_CODE)


def supported(code: str) -> str | None:
    """The language of ``code`` that we have, if any; hostile values are simply not languages."""
    try:
        return get_supported_language_variant(code)
    except LookupError:
        return None
