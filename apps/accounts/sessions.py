"""What a signed-in session of the back office knows: since when, from where, and when its person last proved who they
are. Django's table of sessions has no column for the person; operators are few, so those of one are found by reading.
"""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.models import Session
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django_otp import DEVICE_ID_SESSION_KEY

from apps.accounts.models import User
from apps.accounts.selectors import proves_by_code
from apps.common.network import UNKNOWN, network_of

STARTED, SEEN = "session_started_at", "session_seen_at"
PROVEN, FROM = "session_proven_at", "session_from"
# The first word that a browser's own description holds names it: Edge and Opera say Chrome too, and Chrome Safari.
BROWSERS = {
    "Edg": "Edge",
    "OPR": "Opera",
    "SamsungBrowser": "Samsung Internet",
    "Firefox": "Firefox",
    "FxiOS": "Firefox",
    "CriOS": "Chrome",
    "Chrome": "Chrome",
    "Safari": "Safari",
}
SYSTEMS = {
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Android": "Android",
    "Windows": "Windows",
    "Mac OS": "Mac",
    "CrOS": "ChromeOS",
    "Linux": "Linux",
}


@dataclass(frozen=True, slots=True)
class OpenSession:
    """One place where a person is signed in to the back office. `handle` names it without opening it."""

    handle: str
    browser: str
    address: str
    since: datetime
    seen: datetime


def note_sign_in(request: HttpRequest, user: User, **kwargs: Any) -> None:
    """Receiver of `user_logged_in`: the age starts, and the password counts as proof where no code is asked for.

    The password given again in the same session begins all of it anew, the second step included.
    """
    now = _now()
    request.session[STARTED] = request.session[SEEN] = now
    request.session[FROM] = [browser_name(request.META.get("HTTP_USER_AGENT", "")), address_of(request)]
    for earlier in (PROVEN, DEVICE_ID_SESSION_KEY):
        request.session.pop(earlier, None)
    if not proves_by_code(user):
        request.session[PROVEN] = now


def note_proof(request: HttpRequest) -> None:
    """The person just proved who they are. The session goes on under a new key."""
    request.session.cycle_key()
    request.session[PROVEN] = _now()


def proven_at(request: HttpRequest) -> datetime | None:
    """When the person last proved, in this session, who they are; None where their app was not asked yet."""
    if PROVEN not in request.session or owes_code(request):
        return None
    return _moment(request.session[PROVEN])


def owes_second_factor(request: HttpRequest) -> bool:
    """Whether `OPERATOR_MFA` wants more of this session than the password: a code, or an app to begin with."""
    return owes_code(request) or (settings.OPERATOR_MFA == "required" and not is_verified(request))


def owes_code(request: HttpRequest) -> bool:
    """Whether the person has an app and this session has seen no code of it. Looked up once per request."""
    if settings.OPERATOR_MFA == "off" or is_verified(request):
        return False
    known = request.__dict__
    if "proves_by_code" not in known:
        known["proves_by_code"] = proves_by_code(request.user)  # type: ignore[arg-type]  # asked for the signed in only
    return bool(known["proves_by_code"])


def is_verified(request: HttpRequest) -> bool:
    return bool(request.user.is_verified())  # type: ignore[union-attr]  # from OTPMiddleware


def open_sessions(user: User) -> list[OpenSession]:
    """Where this person is signed in right now, the latest use first."""
    found = [_described(key, data) for key, data in _sessions_of(user) if _is_alive(user, data)]
    return sorted(found, key=lambda session: session.seen, reverse=True)


def end_sessions(user: User, *, only: str | None = None, keep: str | None = None) -> int:
    """End the person's sessions at once; `only` that of a handle, or all but that of the key `keep`. Returns how many.

    A request that is being answered in one of them cannot bring it back: a session that is gone is not saved.
    """
    ended = [
        key
        for key, _data in _sessions_of(user)
        if key != keep and (only is None or constant_time_compare(handle_of(key), only))
    ]
    return Session.objects.filter(pk__in=ended).delete()[0]


def handle_of(session_key: str) -> str:
    return hashlib.sha256(session_key.encode()).hexdigest()[:24]


def browser_name(agent: str) -> str:
    """`Chrome · Windows` out of what a browser says of itself; empty when it says nothing known."""
    names = [next((name for word, name in words.items() if word in agent), "") for words in (BROWSERS, SYSTEMS)]
    return " · ".join(name for name in names if name)


def address_of(request: HttpRequest) -> str:
    """The neighbourhood the request came from, behind as many proxies as are believed."""
    known = network_of(request)
    return "" if known == UNKNOWN else known


def _sessions_of(user: User) -> list[tuple[str, dict[str, Any]]]:
    unexpired = Session.objects.filter(expire_date__gt=timezone.now())
    decoded = [(row.session_key, row.get_decoded()) for row in unexpired.iterator()]
    return [(key, data) for key, data in decoded if data.get(SESSION_KEY) == str(user.pk)]


def _is_alive(user: User, data: dict[str, Any]) -> bool:
    """Whether the next request in it would still find the person signed in."""
    idle = _now() - data.get(SEEN, 0)
    has_current_password = constant_time_compare(data.get(HASH_SESSION_KEY, ""), user.get_session_auth_hash())
    return has_current_password and idle <= settings.SESSION_LONGEST_IDLE.total_seconds()


def _described(key: str, data: dict[str, Any]) -> OpenSession:
    browser, address = data.get(FROM, ("", ""))
    since, seen = data.get(STARTED, 0), data.get(SEEN, 0)
    return OpenSession(handle_of(key), browser, address, _moment(since), _moment(seen))


def _now() -> int:
    return int(timezone.now().timestamp())


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
