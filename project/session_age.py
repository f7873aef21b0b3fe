"""A forgotten screen at a reception desk signs itself out."""

from collections.abc import Callable

from django.conf import settings
from django.contrib.auth import SESSION_KEY, logout
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from apps.accounts.sessions import SEEN, STARTED
from project.middleware import API_PREFIX

# The time of the last request is stored at most this often, so that browsing does not write with every page.
SEEN_PRECISION = 60
# Sent by a page that asks by itself, while nobody touched it since it asked last.
UNATTENDED = "X-Unattended"


class SessionAgeMiddleware:
    """Ends a signed-in session after ``SESSION_LONGEST_IDLE`` without a request or ``SESSION_LONGEST`` in all."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        # The API knows no sessions, and one that was looked at makes every answer of it depend on the cookie.
        if not request.path_info.startswith(API_PREFIX) and SESSION_KEY in request.session:
            keep_or_end(request)
        return self.get_response(request)


def keep_or_end(request: HttpRequest) -> None:
    now = int(timezone.now().timestamp())
    session = request.session
    age = now - session.setdefault(STARTED, now)
    idle = now - session.setdefault(SEEN, now)
    too_old = age > settings.SESSION_LONGEST.total_seconds()
    if too_old or idle > settings.SESSION_LONGEST_IDLE.total_seconds():
        logout(request)
    elif idle >= SEEN_PRECISION and UNATTENDED not in request.headers:
        session[SEEN] = now
