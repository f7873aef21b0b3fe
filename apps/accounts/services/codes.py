"""One-time codes: ask for one, prove it, be signed in. Limits hold exactly, however many calls come at once."""

import hmac
import logging
import re
import secrets
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone
from django.utils.translation import get_language

from apps.accounts.errors import AccountInactive, OtpAttemptsExhausted, OtpExpired, OtpIncorrect, PhoneNotAllowed
from apps.accounts.limits import DAY, HOUR, Allowance, allowance, give_back, spend, whole_seconds
from apps.accounts.models import OtpChallenge, User
from apps.accounts.otp import CodeGone, OtpProvider, get_code_holder, get_otp_provider, holds_codes
from apps.accounts.services.guards import (
    Attempt,
    Proof,
    attempt_succeeded,
    attempt_unjudged,
    ensure_unlocked,
    known_networks,
    lock_phone,
    spend_attempt,
)
from apps.accounts.services.tokens import TokenPair, issue_tokens
from apps.common.errors import RateLimited, Unavailable
from apps.common.metrics import count_code
from apps.common.network import UNKNOWN
from apps.common.phones import is_mobile_of, normalize_phone
from apps.common.providers import ProviderError, ProviderOutcomeUnknown, ProviderRejected
from apps.common.secrets import keyed_hash
from apps.common.text import as_typed

logger = logging.getLogger(__name__)

Purpose = OtpChallenge.Purpose

LIFETIME = timedelta(minutes=5)
RESEND_AFTER = timedelta(seconds=60)
GUESSES_PER_CODE = 5
SENDS_PER_PHONE = ((1, RESEND_AFTER), (5, HOUR), (10, DAY))
SENDS_PER_NETWORK_AND_HOUR = 20
SENDS_PER_NUMBER_BLOCK_AND_HOUR = 60
BLOCK_DIGITS = 4  # ten thousand numbers that one operator gave out together
CODES_WITHOUT_SUCCESS, NETWORKS_OF_A_PUMP = 20, 4
# Of the day's money; the rest is kept for phones from networks they are known from.
STRANGERS_SHARE = 0.75


@dataclass(frozen=True)
class SignedIn:
    """Who proved their phone, whether they are new here, and their tokens."""

    user: User
    is_new: bool
    tokens: TokenPair


@dataclass(frozen=True)
class ProvenCode:
    """A code that was right, not used up yet."""

    challenge: OtpChallenge
    attempt: Attempt


def request_code(
    *,
    phone: str,
    network: str = UNKNOWN,
    channel: str = OtpChallenge.Channel.SMS,
    purpose: str = Purpose.SIGN_IN,
) -> OtpChallenge:
    """Send a new code to `phone` (any spelling) and return its challenge; the caller's older codes stop working.

    Whether the phone belongs to somebody makes no difference. `network` is where the call comes from. Raises
    PhoneNotAllowed, RateLimited with the wait, and Unavailable when the provider is down; then nothing was spent and
    an earlier code still works.
    """
    number = normalize_phone(phone)
    if number is None or not is_mobile_of(settings.OTP_COUNTRIES, number):
        raise PhoneNotAllowed
    count_code("requested")
    provider = get_otp_provider()
    is_held = holds_codes(provider)
    challenge, code, allowances = _replace_challenge(number, network, channel, purpose, is_held=is_held)
    try:
        _send(provider, challenge, code)
    except ProviderOutcomeUnknown as error:
        # It may have arrived, so the code stays good; sending it again could cost twice.
        logger.warning("sign-in code: outcome unknown (%s)", error.code)
    except ProviderError as error:
        logger.warning("sign-in code not sent (%s)", error.code)
        count_code("unsent")
        _withdraw(challenge, allowances)
        if isinstance(error, ProviderRejected):
            raise PhoneNotAllowed from error
        raise Unavailable from error
    count_code("sent")
    return challenge


def sign_in(*, challenge_id: UUID, code: str, network: str = UNKNOWN) -> SignedIn:
    """Exchange a right code for tokens; the first success of a phone makes its account.

    Raises what `prove_code` raises, and AccountInactive.
    """
    return _enter(prove_code(challenge_id=challenge_id, code=code, network=network, purpose=Purpose.SIGN_IN))


def prove_code(*, challenge_id: UUID, code: str, network: str, purpose: str) -> ProvenCode:
    """Whether `code` (Arabic digits and spaces are fine) is the one that was sent. What it proves is done by `use_up`.

    The guess is spent before it is looked at. Raises OtpIncorrect, OtpExpired, OtpAttemptsExhausted with the wait, and
    Unavailable when the provider that holds the code does not answer; that costs no guess.
    """
    digits = as_typed(code)
    if not re.fullmatch(r"[0-9]{6}", digits):
        raise OtpIncorrect
    guess = _spend_guess(challenge_id, network, purpose)
    if not _is_right(guess, digits):
        raise OtpIncorrect
    return guess


def use_up(proven: ProvenCode) -> None:
    """Let the code count, last in the transaction of what it proves, which holds the phone's lock from its beginning.

    Of several with one code all but one meet OtpExpired, and what they did is undone.
    """
    challenge = proven.challenge
    if not _unused(OtpChallenge.objects.filter(pk=challenge.pk), challenge.purpose).update(used_at=timezone.now()):
        raise OtpExpired
    attempt_succeeded(proven.attempt)
    count_code("verified")


# --- Sending ---


@transaction.atomic
def _replace_challenge(
    phone: str, network: str, channel: str, purpose: str, *, is_held: bool
) -> tuple[OtpChallenge, str, list[Allowance]]:
    lock_phone(phone)
    ensure_unlocked(phone, network)
    known = known_networks(phone)
    before = _challenges_beside(phone, network, known)
    _ensure_may_send(before)
    allowances = _sending_allowances(phone, network, is_known=network in known)
    if network not in known:
        _ensure_block_is_used(phone)
    spend(*allowances[:-1])
    _spend_money(allowances[-1])

    code = f"{secrets.randbelow(10**6):06d}"
    challenge = OtpChallenge(
        phone=phone, network=network, channel=channel, purpose=purpose, expires_at=timezone.now() + LIFETIME
    )
    if is_held:
        challenge.held_by = settings.OTP_PROVIDER
    else:
        challenge.code_hmac = _code_hmac(challenge, code)
    challenge.save(force_insert=True)
    _unused(before, purpose).exclude(pk=challenge.pk).update(superseded_at=challenge.created_at)
    return challenge, code, allowances


def _challenges_beside(phone: str, network: str, known: list[str]) -> QuerySet[OtpChallenge]:
    """The codes that count together: those asked for from one known network, or those of all strangers.

    A stranger who keeps asking for codes of somebody else's phone thereby neither ends the owner's code nor uses up the
    owner's sends.
    """
    codes = OtpChallenge.objects.filter(phone=phone)
    return codes.filter(network=network) if network in known else codes.exclude(network__in=known)


def _ensure_may_send(before: QuerySet[OtpChallenge]) -> None:
    now = timezone.now()
    most = max(limit for limit, _window in SENDS_PER_PHONE)
    times = list(before.order_by("-created_at").values_list("created_at", flat=True)[:most])
    waits = [times[limit - 1] + window - now for limit, window in SENDS_PER_PHONE if len(times) >= limit]
    if (wait := max(waits, default=timedelta())) > timedelta():
        raise RateLimited(retry_after=whole_seconds(wait))


def _ensure_block_is_used(phone: str) -> None:
    """Of numbers that a pump invents nobody types the code in: then the block gets no more for a while.

    One network alone does not close it, or anybody could, for ten thousand people.
    """
    block, hour_ago = phone[:-BLOCK_DIGITS], timezone.now() - HOUR
    latest = OtpChallenge.objects.filter(phone__startswith=block, created_at__gt=hour_ago).order_by("-created_at")
    codes = list(latest.values_list("created_at", "used_at", "network")[:CODES_WITHOUT_SUCCESS])
    if len(codes) < CODES_WITHOUT_SUCCESS or any(used_at for _created_at, used_at, _network in codes):
        return
    if len({network for _created_at, _used_at, network in codes}) >= NETWORKS_OF_A_PUMP:
        raise RateLimited(retry_after=whole_seconds(codes[-1][0] - hour_ago))


def _spend_money(price: Allowance) -> None:
    try:
        spend(price)
    except RateLimited:
        logger.error("the money for sign-in codes is spent for today: look who asks, or raise OTP_DAILY_BUDGET_HALALAS")  # noqa: TRY400
        raise


def _sending_allowances(phone: str, network: str, *, is_known: bool) -> list[Allowance]:
    """What one more code takes of the limits that all phones share."""
    budget, price = settings.OTP_DAILY_BUDGET_HALALAS, settings.OTP_PRICE_HALALAS
    if is_known:
        return [allowance("money for codes", budget, DAY, step=price)]
    return [
        allowance(f"codes from {network}", SENDS_PER_NETWORK_AND_HOUR, HOUR),
        allowance(f"codes to {phone[:-BLOCK_DIGITS]}", SENDS_PER_NUMBER_BLOCK_AND_HOUR, HOUR),
        allowance("money for codes", int(budget * STRANGERS_SHARE), DAY, step=price),
    ]


def _send(provider: OtpProvider, challenge: OtpChallenge, code: str) -> None:
    if holds_codes(provider):
        challenge.provider_reference = provider.start(
            to=challenge.phone, channel=challenge.channel, locale=_holders_locale()
        )
        challenge.save(update_fields=["provider_reference"])
    else:
        provider.send_code(to=challenge.phone, code=code, channel=challenge.channel, reference=str(challenge.pk))


@transaction.atomic
def _withdraw(challenge: OtpChallenge, allowances: list[Allowance]) -> None:
    """Undo a code that was never sent: it counts for no limit, and the codes it replaced are good again."""
    lock_phone(challenge.phone)
    OtpChallenge.objects.filter(
        phone=challenge.phone, purpose=challenge.purpose, superseded_at=challenge.created_at
    ).update(superseded_at=None)
    challenge.delete()
    give_back(*allowances)


# --- Proving ---


@transaction.atomic
def _spend_guess(challenge_id: UUID, network: str, purpose: str) -> ProvenCode:
    """Count a guess against the code, its phone and the caller, and commit that before anybody compares."""
    challenge = OtpChallenge.objects.filter(pk=challenge_id, purpose=purpose).first()
    if challenge is None:
        raise OtpExpired
    try:
        attempt = spend_attempt(Proof.CODE, phone=challenge.phone, network=network)
    except RateLimited as error:
        raise OtpAttemptsExhausted(retry_after=error.retry_after) from error

    now = timezone.now()
    good = _unused(OtpChallenge.objects.filter(pk=challenge.pk, expires_at__gt=now), purpose)
    if not good.filter(attempts__lt=GUESSES_PER_CODE).update(attempts=F("attempts") + 1):
        if good.exists():
            raise OtpAttemptsExhausted(retry_after=whole_seconds(challenge.created_at + RESEND_AFTER - now))
        raise OtpExpired
    return ProvenCode(challenge, attempt)


def _is_right(guess: ProvenCode, digits: str) -> bool:
    challenge = guess.challenge
    if not challenge.held_by:
        return _matches(challenge, digits)
    try:
        return get_code_holder(challenge.held_by).check(
            to=challenge.phone, code=digits, channel=challenge.channel, reference=challenge.provider_reference
        )
    except CodeGone as error:
        OtpChallenge.objects.filter(pk=challenge.pk).update(superseded_at=timezone.now())
        raise OtpExpired from error
    except ProviderError as error:
        logger.warning("sign-in code not checked (%s)", error.code)
        _unspend(guess)
        raise Unavailable from error


@transaction.atomic
def _unspend(guess: ProvenCode) -> None:
    attempt_unjudged(guess.attempt)
    OtpChallenge.objects.filter(pk=guess.challenge.pk).update(attempts=F("attempts") - 1)


@transaction.atomic
def _enter(proven: ProvenCode) -> SignedIn:
    lock_phone(proven.challenge.phone)
    user, is_new = User.objects.get_or_create(
        phone=proven.challenge.phone,
        defaults={"locale": get_language() or settings.LANGUAGE_CODE, "password": make_password(None)},
    )
    if not user.is_active:
        raise AccountInactive
    signed_in = SignedIn(user, is_new, issue_tokens(user=user, network=proven.attempt.network))
    use_up(proven)
    return signed_in


def _holders_locale() -> str:
    """Companies that hold codes write them in Arabic and English, whatever else our pages speak."""
    return User.Locale.ENGLISH if (get_language() or "").startswith("en") else User.Locale.ARABIC


def _unused(codes: QuerySet[OtpChallenge], purpose: str) -> QuerySet[OtpChallenge]:
    return codes.filter(purpose=purpose, used_at__isnull=True, superseded_at__isnull=True)


def _matches(challenge: OtpChallenge, code: str) -> bool:
    return hmac.compare_digest(challenge.code_hmac, _code_hmac(challenge, code))


def _code_hmac(challenge: OtpChallenge, code: str) -> str:
    # Bound to one challenge, so that a code proves nothing for another phone or purpose.
    return keyed_hash("code", f"{challenge.pk}:{challenge.phone}:{challenge.purpose}:{code}")
