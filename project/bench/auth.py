"""Suite `auth`: what it costs to know whose token it is, and to compare a code (G13)."""

import hmac
from collections.abc import Callable
from hashlib import sha256
from typing import Any

import jwt
from django.conf import settings
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from rest_framework.test import APIRequestFactory
from rest_framework.views import APIView
from rest_framework_simplejwt.authentication import JWTAuthentication

from apps.accounts import services
from apps.accounts.api.authentication import CustomerJWTAuthentication
from apps.accounts.models import OtpChallenge, User
from apps.accounts.services import codes
from apps.common.testing.queries import counted_statements
from project.bench.clock import cpu_microseconds
from project.bench.goals import GOALS, NONE
from project.bench.report import Report, median_ratio
from project.bench.scale import AuthScale

CODE = "123456"
TOKEN, SIGNATURE, NAIVE_TOKEN = "token check", "signature alone", "naive token check"
CHECK, HASH = "code check", "keyed hash alone"


def run(report: Report, scale: AuthScale) -> None:
    """Measure in the present database, which is new and empty. All calls take turns within a round."""
    calls = _token_calls() | _code_calls()
    if not all(call() for call in calls.values()):
        raise AssertionError("the benchmark measures refusals")
    with counted_statements() as sent:
        calls[TOKEN]()
    report.invariant("G13", "queries of a token check", len(sent), NONE)
    found: dict[str, list[float]] = {name: [] for name in calls}
    passwords: list[float] = []
    for _round in range(scale.rounds):
        for name, call in calls.items():
            found[name].append(_each(call, scale))
        passwords.append(_password_microseconds())
    report.figure("G13", "token check, CPU", min(found[TOKEN]), GOALS["token check"], unit=" µs")
    report.figure("G13", f"{TOKEN} / {SIGNATURE}", median_ratio(found[TOKEN], found[SIGNATURE]))
    ratio = median_ratio(found[NAIVE_TOKEN], found[TOKEN])
    report.figure("G13", f"{NAIVE_TOKEN} / ours", ratio, GOALS["naive token check"])
    report.figure("G13", "code check, CPU", min(found[CHECK]), GOALS["code check"], unit=" µs")
    report.figure("G13", f"{CHECK} / {HASH}", median_ratio(found[CHECK], found[HASH]))
    report.figure("G13", "code as a password / ours", median_ratio(passwords, found[CHECK]))
    report.absolutes["microseconds"] = found | {"code as a password": passwords}


def _token_calls() -> dict[str, Callable[[], Any]]:
    """Ours, the bare check of the signature, and what REST framework's library does by itself."""
    token = services.issue_tokens(user=User.objects.create_user("+966551234567")).access
    request = APIView().initialize_request(APIRequestFactory().get("/", headers={"authorization": f"Bearer {token}"}))
    return {
        TOKEN: lambda: CustomerJWTAuthentication().authenticate(request),
        SIGNATURE: lambda: jwt.decode(
            token, settings.SIMPLE_JWT["SIGNING_KEY"], ["HS256"], audience=settings.SIMPLE_JWT["AUDIENCE"]
        ),
        NAIVE_TOKEN: lambda: JWTAuthentication().authenticate(request),
    }


def _code_calls() -> dict[str, Callable[[], Any]]:
    challenge = OtpChallenge(phone="+966551234567")
    challenge.code_hmac = codes._code_hmac(challenge, CODE)  # noqa: SLF001 - the comparison alone is measured
    key, said = settings.OTP_PEPPER.encode(), CODE.encode()
    return {
        CHECK: lambda: codes._matches(challenge, CODE),  # noqa: SLF001 - same
        HASH: lambda: hmac.digest(key, said, sha256),
    }


def _each(call: Callable[[], Any], scale: AuthScale) -> float:
    """Processor time of one call, of which many are timed together because the clock is coarse."""

    def many() -> None:
        for _time in range(scale.calls_together):
            call()

    return cpu_microseconds(many, scale) / scale.calls_together


def _password_microseconds() -> float:
    hasher = PBKDF2PasswordHasher()
    return cpu_microseconds(lambda: hasher.encode(CODE, settings.OTP_PEPPER[:16]), AuthScale(rounds=1, calls=1))
