"""One-time codes: ask for one, prove it, be known. Limits hold exactly, however many calls come at once."""

import hashlib
import hmac
import logging
import math
import re
import secrets
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.db.models import Count, F, Min, QuerySet, Sum
from django.utils import timezone
from django.utils.translation import get_language

from apps.accounts.errors import AccountInactive, OtpAttemptsExhausted, OtpExpired, OtpIncorrect, PhoneNotAllowed
from apps.accounts.limits import address_range, counted
from apps.accounts.models import OtpChallenge, PhoneGuard, User
from apps.accounts.otp import get_otp_provider
from apps.common.errors import RateLimited, Unavailable
from apps.common.phones import is_saudi_mobile, normalize_phone
from apps.common.providers import ProviderError, ProviderOutcomeUnknown, ProviderRejected
from apps.common.text import INVISIBLE, latin_digits

logger = logging.getLogger(__name__)

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
LIFETIME = timedelta(minutes=5)
RESEND_AFTER = timedelta(seconds=60)
SENDS_PER_PHONE = ((1, RESEND_AFTER), (5, HOUR), (10, DAY))
SENDS_PER_ADDRESS_AND_HOUR = 20
GUESSES_PER_CODE = 5
FAILURES_PER_DAY = 20
FIRST_DELAYED_FAILURE = 6
FIRST_DELAY = timedelta(seconds=30)
LONGEST_DELAY = HOUR


def request_code(*, phone: str, channel: str = OtpChallenge.Channel.SMS, address: str | None = None) -> OtpChallenge:
    """Send a new sign-in code to `phone` (any spelling) and return its challenge; older codes stop working.

    Whether the phone belongs to somebody makes no difference. `address` is the caller's network address. Raises
    PhoneNotAllowed, RateLimited with the wait, and Unavailable when the provider is down; then nothing was
    spent and an earlier code still works.
    """
    number = normalize_phone(phone)
    if number is None or not is_saudi_mobile(number):
        raise PhoneNotAllowed
    if address is None:
        return _replace_and_send(number, channel)
    with counted(f"otp:{address_range(address)}", limit=SENDS_PER_ADDRESS_AND_HOUR, window=HOUR):
        return _replace_and_send(number, channel)


def verify_code(*, challenge_id: UUID, code: str) -> tuple[User, bool]:
    """The person who proved `code` (Arabic digits and spaces are fine), and whether they are new here.

    The guess is spent before it is looked at, and a code is good for one success. Raises OtpIncorrect,
    OtpExpired, OtpAttemptsExhausted with the wait, AccountInactive.
    """
    digits = "".join(INVISIBLE.sub("", latin_digits(code)).split())
    if not re.fullmatch(r"[0-9]{6}", digits):
        raise OtpIncorrect
    challenge = _spend_guess(challenge_id)
    if not _matches(challenge, digits):
        raise OtpIncorrect
    return _sign_in(challenge)


def _replace_and_send(phone: str, channel: str) -> OtpChallenge:
    challenge, code = _replace_challenge(phone, channel)
    try:
        get_otp_provider().send_code(to=phone, code=code, channel=challenge.channel, reference=str(challenge.pk))
    except ProviderOutcomeUnknown as error:
        # It may have arrived, so the code stays good; sending it again could cost twice.
        logger.warning("sign-in code: outcome unknown (%s)", error.code)
    except ProviderError as error:
        logger.warning("sign-in code not sent (%s)", error.code)
        _withdraw(challenge)
        if isinstance(error, ProviderRejected):
            raise PhoneNotAllowed from error
        raise Unavailable from error
    return challenge


@transaction.atomic
def _replace_challenge(phone: str, channel: str) -> tuple[OtpChallenge, str]:
    guard = _locked_guard(phone)
    _ensure_may_send(guard)

    code = f"{secrets.randbelow(10**6):06d}"
    challenge = OtpChallenge(phone=phone, channel=channel, expires_at=timezone.now() + LIFETIME)
    challenge.code_hmac = _code_hmac(challenge, code)
    challenge.save(force_insert=True)
    _open_challenges(phone).exclude(pk=challenge.pk).update(superseded_at=challenge.created_at)
    return challenge, code


def _ensure_may_send(guard: PhoneGuard) -> None:
    now = timezone.now()
    waits = [guard.locked_until - now] if guard.locked_until else []
    most = max(limit for limit, _window in SENDS_PER_PHONE)
    sent = OtpChallenge.objects.filter(phone=guard.phone).order_by("-created_at")
    times = list(sent.values_list("created_at", flat=True)[:most])
    waits += [times[limit - 1] + window - now for limit, window in SENDS_PER_PHONE if len(times) >= limit]
    if (wait := max(waits, default=timedelta())) > timedelta():
        raise RateLimited(retry_after=_seconds(wait))


@transaction.atomic
def _withdraw(challenge: OtpChallenge) -> None:
    """Undo a code that was never sent: it counts for no limit, and the codes it replaced are good again."""
    OtpChallenge.objects.filter(
        phone=challenge.phone, purpose=challenge.purpose, superseded_at=challenge.created_at
    ).update(superseded_at=None)
    challenge.delete()


@transaction.atomic
def _spend_guess(challenge_id: UUID) -> OtpChallenge:
    """Count a guess against the code and its phone, and commit that before anybody compares."""
    challenge = OtpChallenge.objects.filter(pk=challenge_id, purpose=OtpChallenge.Purpose.SIGN_IN).first()
    if challenge is None:
        raise OtpExpired
    guard = _locked_guard(challenge.phone)
    _ensure_may_guess(guard)

    now = timezone.now()
    unexpired = _open_challenges(challenge.phone).filter(pk=challenge.pk, expires_at__gt=now)
    if not unexpired.filter(attempts__lt=GUESSES_PER_CODE).update(attempts=F("attempts") + 1):
        if unexpired.exists():
            raise OtpAttemptsExhausted(retry_after=_seconds(challenge.created_at + RESEND_AFTER - now))
        raise OtpExpired

    guard.consecutive_failures += 1
    guard.locked_until = _delay_end(guard.consecutive_failures, now)
    guard.save(update_fields=["consecutive_failures", "locked_until"])
    return challenge


def _ensure_may_guess(guard: PhoneGuard) -> None:
    now = timezone.now()
    if guard.locked_until and guard.locked_until > now:
        raise OtpAttemptsExhausted(retry_after=_seconds(guard.locked_until - now))
    today = OtpChallenge.objects.filter(phone=guard.phone, created_at__gt=now - DAY, attempts__gt=0).aggregate(
        guesses=Sum("attempts", default=0), successes=Count("used_at"), first=Min("created_at")
    )
    if today["guesses"] - today["successes"] >= FAILURES_PER_DAY:
        raise OtpAttemptsExhausted(retry_after=_seconds(today["first"] + DAY - now))


def _delay_end(failures: int, now: datetime) -> datetime | None:
    if failures < FIRST_DELAYED_FAILURE:
        return None
    doublings = min(failures - FIRST_DELAYED_FAILURE, 10)
    delay: timedelta = FIRST_DELAY * 2**doublings
    return now + min(delay, LONGEST_DELAY)


@transaction.atomic
def _sign_in(challenge: OtpChallenge) -> tuple[User, bool]:
    """Use the proven code up. Of several who proved it at once, one gets here."""
    guard = _locked_guard(challenge.phone)
    if not _open_challenges(challenge.phone).filter(pk=challenge.pk).update(used_at=timezone.now()):
        raise OtpExpired

    guard.consecutive_failures = 0
    guard.locked_until = None
    guard.save(update_fields=["consecutive_failures", "locked_until"])
    locale = User.Locale.ENGLISH if (get_language() or "").startswith("en") else User.Locale.ARABIC
    user, created = User.objects.get_or_create(
        phone=challenge.phone, defaults={"locale": locale, "password": make_password(None)}
    )
    if not user.is_active:
        raise AccountInactive
    return user, created


def _locked_guard(phone: str) -> PhoneGuard:
    """The phone's guard, locked: everything about codes of one phone happens one after the other."""
    return PhoneGuard.objects.select_for_update().get_or_create(phone=phone)[0]


def _open_challenges(phone: str) -> QuerySet[OtpChallenge]:
    return OtpChallenge.objects.filter(
        phone=phone, purpose=OtpChallenge.Purpose.SIGN_IN, used_at__isnull=True, superseded_at__isnull=True
    )


def _matches(challenge: OtpChallenge, code: str) -> bool:
    return hmac.compare_digest(challenge.code_hmac, _code_hmac(challenge, code))


def _code_hmac(challenge: OtpChallenge, code: str) -> str:
    # Bound to one challenge, so that a code proves nothing for another phone or purpose.
    text = f"{challenge.pk}:{challenge.phone}:{challenge.purpose}:{code}"
    return hmac.new(settings.OTP_PEPPER.encode(), text.encode(), hashlib.sha256).hexdigest()


def _seconds(wait: timedelta) -> int:
    return max(math.ceil(wait.total_seconds()), 1)
