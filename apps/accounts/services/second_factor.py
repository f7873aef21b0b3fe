"""Two-step sign-in of operators: codes of an authenticator app, and recovery codes for the day the phone is lost.

django-otp keeps the devices. Guesses at one device are looked at one after the other behind its row's lock, so that
parallel ones cannot pass its delay together, and recovery codes are stored as keyed hashes.
"""

import base64
import logging
import secrets
import time
from binascii import unhexlify
from datetime import datetime, timedelta
from typing import TypeAlias
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django_otp.oath import TOTP
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice
from django_otp.util import random_hex

from apps.accounts import reasons
from apps.accounts.errors import SecondFactorIncorrect, SecondFactorLocked, SecondFactorRequired
from apps.accounts.limits import whole_seconds
from apps.accounts.models import User
from apps.accounts.selectors import has_second_factor
from apps.accounts.services.proof import ensure_proven
from apps.accounts.services.sign_ins import end_everything
from apps.common.errors import Conflict, Forbidden
from apps.common.history import save_as
from apps.common.secrets import keyed_hash
from apps.common.text import as_typed

logger = logging.getLogger(__name__)

Device: TypeAlias = TOTPDevice | StaticDevice

APP_DIGITS = 6
RECOVERY_CODES = 10
RECOVERY_DIGITS = 12
# The delay after a wrong code is 1, 2, 4 … seconds and ends at this doubling, a good half hour: whoever knows the
# password can make its owner wait, but not for ever.
MOST_FAILURES = 12


def verify_second_factor(*, user: User, code: str) -> Device:
    """The device whose code this is: six digits of the app or twelve of a recovery code, each good once.

    Arabic digits, spaces and dashes are fine. Raises SecondFactorIncorrect, and SecondFactorLocked with the wait.
    """
    digits = typed_digits(code)
    device, wait = _guess(user, digits)
    if wait:
        raise SecondFactorLocked(retry_after=whole_seconds(wait), wait=_minutes_and_seconds(wait))
    if device is None:
        logger.warning("second factor of person %s: wrong code", user.pk)
        raise SecondFactorIncorrect
    logger.info("second factor of person %s: %s accepted", user.pk, device.name)
    return device


def new_secret() -> str:
    """A secret for an app to make codes of, in hex. It is nobody's until `enrol_second_factor` stores it."""
    return random_hex(20)


def setup_address(*, user: User, secret: str) -> str:
    """What the square code holds: the `otpauth://` address that apps read."""
    return str(TOTPDevice(user=user, key=secret).config_url)


def secret_to_type(secret: str) -> str:
    """The same secret for typing into an app, in groups of four."""
    letters = base64.b32encode(unhexlify(secret)).decode()
    return " ".join(letters[start : start + 4] for start in range(0, len(letters), 4))


@transaction.atomic
def enrol_second_factor(*, user: User, secret: str, code: str, proven_at: datetime | None) -> tuple[Device, list[str]]:
    """Store the app that knows `secret`, as its `code` shows, in place of an earlier one.

    Returns the device and new recovery codes, which nobody can read again. Raises ProofNeeded, SecondFactorIncorrect.
    """
    ensure_proven(proven_at)
    user = _locked(user.pk)
    app = TOTP(unhexlify(secret))
    app.time = time.time()
    digits = typed_digits(code)
    if len(digits) != APP_DIGITS or not app.verify(int(digits), tolerance=1):
        raise SecondFactorIncorrect
    _forget_devices(user)
    device = TOTPDevice.objects.create(user=user, name="app", key=secret, last_t=app.t(), drift=app.drift)
    save_as(user, actor=user, reason=reasons.SET_UP)
    return device, _new_recovery_codes(user)


@transaction.atomic
def renew_recovery_codes(*, user: User, proven_at: datetime | None) -> list[str]:
    """Ten new recovery codes; the old ones stop working. Raises ProofNeeded, and Conflict where no app is set up."""
    ensure_proven(proven_at)
    user = _locked(user.pk)
    if not has_second_factor(user):
        raise Conflict
    save_as(user, actor=user, reason=reasons.RECOVERY_CODES)
    return _new_recovery_codes(user)


@transaction.atomic
def turn_second_factor_off(*, user: User, proven_at: datetime | None) -> None:
    """The person signs in by password alone again. Raises ProofNeeded, SecondFactorRequired."""
    if settings.OPERATOR_MFA == "required":
        raise SecondFactorRequired
    ensure_proven(proven_at)
    user = _locked(user.pk)
    if _forget_devices(user):
        save_as(user, actor=user, reason=reasons.TURNED_OFF)


@transaction.atomic
def reset_second_factor(
    *, user_id: UUID, reason: str, actor: User | None = None, proven_at: datetime | None = None
) -> None:
    """Somebody lost phone and recovery codes: all devices go, every session ends, the next sign-in sets up anew.

    Without an `actor` it is done on the server. Raises Forbidden, ProofNeeded.
    """
    user = _locked(user_id)
    if actor is not None:
        if actor.pk == user.pk or not actor.has_perm("accounts.change_user", user):
            raise Forbidden
        ensure_proven(proven_at)
    _forget_devices(user)
    save_as(user, actor=actor, reason=reasons.with_detail(reasons.RESET, reason))
    end_everything(user)
    logger.warning("second factor of person %s: reset", user.pk)


def typed_digits(code: str) -> str:
    """The digits of what somebody typed or pasted; empty when there is anything else in it."""
    digits = as_typed(code).replace("-", "")
    return digits if digits.isascii() and digits.isdigit() else ""


@transaction.atomic
def _guess(user: User, digits: str) -> tuple[Device | None, timedelta | None]:
    """One guess: the device it opened, if any, and the wait if it was not looked at.

    It returns where its caller raises, because a wrong guess has to be stored.
    """
    device = _locked_device(user, len(digits))
    if device is None:
        return None, None
    device.throttling_failure_count = min(device.throttling_failure_count, MOST_FAILURES)
    may_guess, why = device.verify_is_allowed()
    if not may_guess:
        return None, why["locked_until"] - timezone.now()
    token = digits if isinstance(device, TOTPDevice) else _keyed(device, digits)
    return (device if device.verify_token(token) else None), None


def _locked_device(user: User, length: int) -> Device | None:
    models: dict[int, type[Device]] = {APP_DIGITS: TOTPDevice, RECOVERY_DIGITS: StaticDevice}
    if length not in models:
        return None
    return models[length].objects.select_for_update().filter(user=user, confirmed=True).order_by("pk").first()


def _locked(user_id: UUID) -> User:
    """The person, locked: two tabs at once leave one app and one set of recovery codes."""
    return User.objects.select_for_update().get(pk=user_id)


def _forget_devices(user: User) -> int:
    recovery, _by_model = StaticDevice.objects.filter(user=user).delete()
    apps, _by_model = TOTPDevice.objects.filter(user=user).delete()
    return recovery + apps


def _new_recovery_codes(user: User) -> list[str]:
    device, _created = StaticDevice.objects.get_or_create(user=user, defaults={"name": "recovery"})
    codes = [f"{secrets.randbelow(10**RECOVERY_DIGITS):0{RECOVERY_DIGITS}d}" for _ in range(RECOVERY_CODES)]
    device.token_set.all().delete()
    StaticToken.objects.bulk_create([StaticToken(device=device, token=_keyed(device, code)) for code in codes])
    return codes


def _keyed(device: StaticDevice, code: str) -> str:
    """What is stored of a recovery code: a hash with a key from outside the database, bound to its person."""
    digest = unhexlify(keyed_hash("recovery", f"{device.pk}:{device.user_id}:{code}"))
    # Ninety-six bits, as many as django-otp's column holds.
    return base64.urlsafe_b64encode(digest[:12]).decode()


def _minutes_and_seconds(wait: timedelta) -> str:
    return "{}:{:02d}".format(*divmod(whole_seconds(wait), 60))
