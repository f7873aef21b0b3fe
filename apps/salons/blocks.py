"""A salon's no to a phone outlives the person's data: a new account of that phone is blocked again."""

from apps.common.secrets import keyed_hash
from apps.salons.models import BlockedPhone, Customer


def keep_block(card: Customer) -> None:
    """Remember, without the number, whether the card's phone is blocked."""
    phone_hmac = _phone_hmac(card.salon_id, card.user.phone)
    if card.is_blocked:
        BlockedPhone.objects.get_or_create(salon=card.salon, phone_hmac=phone_hmac)
    else:
        BlockedPhone.objects.filter(salon=card.salon, phone_hmac=phone_hmac).delete()


def was_blocked(salon, person) -> bool:
    """Whether `salon` blocked an erased person who had the phone that `person` has."""
    return BlockedPhone.objects.filter(salon=salon, phone_hmac=_phone_hmac(salon.pk, person.phone)).exists()


def blocked_phones(salon, phones) -> list[str]:
    """Those of `phones` whose erased owners `salon` had blocked."""
    by_hmac = {_phone_hmac(salon.pk, phone): phone for phone in phones}
    found = BlockedPhone.objects.filter(salon=salon, phone_hmac__in=list(by_hmac))
    return [by_hmac[hmac] for hmac in found.values_list("phone_hmac", flat=True)]


def _phone_hmac(salon_id: int, phone: str) -> str:
    # Bound to the salon, so that two salons' tables cannot be compared.
    return keyed_hash("blocked", f"{salon_id}:{phone}")
