"""Suite `sign-in`: what it costs to know whose token it is, and to compare a code (G13)."""

from collections.abc import Callable
from typing import Any

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
from project.bench.scale import SignInScale

CODE = "123456"


def run(report: Report, scale: SignInScale) -> None:
    """Measure in the present database, which is new and empty."""
    person = User.objects.create_user("+966551234567")
    token = services.issue_tokens(user=person).access
    request = APIView().initialize_request(APIRequestFactory().get("/", headers={"authorization": f"Bearer {token}"}))
    challenge = OtpChallenge(phone=person.phone)
    challenge.code_hmac = codes._code_hmac(challenge, CODE)  # noqa: SLF001 - the comparison alone is measured

    def check_token() -> Any:
        return CustomerJWTAuthentication().authenticate(request)

    def check_token_naively() -> Any:
        return JWTAuthentication().authenticate(request)

    def check_code() -> bool:
        return codes._matches(challenge, CODE)  # noqa: SLF001 - same

    if check_token() is None or check_token_naively() is None or not check_code():
        raise AssertionError("the benchmark measures refusals")
    with counted_statements() as sent:
        check_token()
    report.invariant("G13", "queries of a token check", len(sent), NONE)
    ours, naive, code = (
        [_each(call, scale) for _round in range(scale.rounds)]
        for call in (check_token, check_token_naively, check_code)
    )
    report.figure("G13", "token check, CPU", min(ours), GOALS["token check"], unit=" µs")
    report.figure("G13", "naive token check / ours", median_ratio(naive, ours), GOALS["naive token check"])
    report.figure("G13", "code check, CPU", min(code), GOALS["code check"], unit=" µs")
    report.figure("G13", "code as a password / ours", _password_microseconds() / min(code))
    report.absolutes["microseconds"] = {"token": ours, "naive token": naive, "code": code}


def _each(call: Callable[[], Any], scale: SignInScale) -> float:
    """Processor time of one call, of which many are timed together because the clock is coarse."""

    def many() -> None:
        for _time in range(scale.calls_together):
            call()

    return cpu_microseconds(many, scale) / scale.calls_together


def _password_microseconds() -> float:
    hasher = PBKDF2PasswordHasher()
    return cpu_microseconds(lambda: hasher.encode(CODE, settings.OTP_PEPPER[:16]), SignInScale(rounds=1, calls=3))
