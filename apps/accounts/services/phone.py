"""A phone is who a person is: a change needs proof of both numbers, and ends what the old one opened."""

from datetime import timedelta
from uuid import UUID

from django.db import IntegrityError
from django.utils import timezone

from apps.accounts.errors import PhoneInUse, SignInAgain
from apps.accounts.events import PhoneChanged
from apps.accounts.models import OtpChallenge, TokenFamily, User
from apps.accounts.services.codes import ProvenCode, prove_code, request_code, use_up
from apps.accounts.services.guards import lock_phones
from apps.accounts.services.tokens import end_sign_ins
from apps.common.errors import Forbidden
from apps.common.events import publish
from apps.common.transactions import use_case

# A sign-in proves the old number; after this long somebody else may hold the device.
FRESH_SIGN_IN = timedelta(minutes=10)


def request_phone_change(*, user: User, family_id: UUID, phone: str, network: str, channel: str) -> OtpChallenge:
    """Send a code to the new `phone` of `user`, who signed in just now as `family_id`.

    Raises SignInAgain when that was more than ten minutes ago, Forbidden for an operator, who signs in elsewhere under
    that number, and what `request_code` raises. Whether the number belongs to somebody is not told.
    """
    _ensure_may_change(user, family_id)
    return request_code(phone=phone, network=network, channel=channel, purpose=OtpChallenge.Purpose.CHANGE_PHONE)


def change_own_phone(*, user: User, family_id: UUID, challenge_id: UUID, code: str, network: str) -> User:
    """Give `user` the phone that `code` was sent to; every other device is signed out, the old number is told.

    Raises SignInAgain, Forbidden, what `prove_code` raises, and PhoneInUse when the number is another person's.
    """
    _ensure_may_change(user, family_id)
    purpose = OtpChallenge.Purpose.CHANGE_PHONE
    proven = prove_code(challenge_id=challenge_id, code=code, network=network, purpose=purpose)
    try:
        return _move(user, family_id, proven)
    except IntegrityError as error:
        raise PhoneInUse from error


def phone_changed(*, user: User, old_phone: str, keep: UUID | None = None) -> None:
    """What follows a change: the sign-ins of `user` end, except the one to `keep`, and the old number is told."""
    end_sign_ins(user=user, reason=TokenFamily.Ending.PHONE_CHANGED, keep=keep)
    publish(PhoneChanged(user.pk, old_phone))


@use_case
def _move(user: User, family_id: UUID, proven: ProvenCode) -> User:
    old_phone, phone = User.objects.values_list("phone", flat=True).get(pk=user.pk), proven.challenge.phone
    # Whoever signs in with the old number right now is either signed out here or finds nobody.
    lock_phones(old_phone, phone)
    person = User.objects.select_for_update().get(pk=user.pk)
    # Checking the code took its time.
    _ensure_may_change(person, family_id)
    if person.phone != old_phone:
        raise SignInAgain
    person.phone = phone
    person._history_user = user
    person.save(update_fields=["phone"])
    phone_changed(user=person, old_phone=old_phone, keep=family_id)
    use_up(proven)
    return person


def _ensure_may_change(user: User, family_id: UUID) -> None:
    if user.is_staff:
        raise Forbidden
    fresh = TokenFamily.objects.filter(
        user=user, revoked_at__isnull=True, created_at__gt=timezone.now() - FRESH_SIGN_IN
    )
    if not user.is_active or not fresh.filter(pk=family_id).exists():
        raise SignInAgain
