"""One normaliser for phone numbers: API, admin, import, search and commands all come through here."""

import re
import secrets
import unicodedata
from collections.abc import Collection
from typing import Any

import phonenumbers

from apps.common.text import INVISIBLE, latin_digits

REGION = "SA"
COUNTRY_CODE = 966
SEPARATORS = re.compile(r"[\s\-.()/'\u2010-\u2015\u2212]+")
SPREADSHEET_FRACTION = re.compile(r"\.0+$")
SAUDI_MOBILE = re.compile(r"\+9665[0-9]{8}")
MOBILE_TYPES = {phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE}
# No country code begins with 0, so such a number cannot be typed in, dialled or sent to.
PLACEHOLDER = re.compile(r"\+0[0-9]{14}")
NATIONAL_PREFIX = re.compile(r"^(?:(?:00)?966|00)?0?(?=[0-9]{7,}$)")


def normalize_phone(raw: Any) -> str | None:
    """E.164 text of what a person typed (`0551234567`, `٠٥٥ ١٢٣…`, `00966…`, `551234567`), or None if it is no number.

    What spreadsheets do is repaired for Saudi numbers: a lost leading zero, `551234567.0`, a leading apostrophe.
    Foreign numbers need + or 00.
    """
    text = _compact(SPREADSHEET_FRACTION.sub("", str(raw or "")))
    if text.startswith("00"):
        text = "+" + text[2:]
    if text.startswith(str(COUNTRY_CODE)):
        text = "+" + text
    # Without its plus, which the library tries too, a placeholder may read like an international call.
    if not re.fullmatch(r"\+?[0-9]{7,15}", text) or is_placeholder(text):
        return None
    try:
        number = phonenumbers.parse(text, REGION)
    except phonenumbers.NumberParseException:
        return None
    e164: str = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return e164 if _is_accepted(number, e164) else None


def _compact(text: str) -> str:
    """`text` with Latin digits and without whatever people put around and between them."""
    return SEPARATORS.sub("", INVISIBLE.sub("", latin_digits(unicodedata.normalize("NFKC", text))))


def _is_accepted(number: phonenumbers.PhoneNumber, e164: str) -> bool:
    if number.country_code != COUNTRY_CODE:
        # Other countries' plans change without us: the right length is enough.
        reason = phonenumbers.is_possible_number_with_reason(number)
        return bool(reason == phonenumbers.ValidationResult.IS_POSSIBLE)
    # Any 05 and eight digits counts, so that a prefix issued tomorrow locks nobody out.
    return is_saudi_mobile(e164) or bool(phonenumbers.is_valid_number(number))


def is_saudi_mobile(e164: str) -> bool:
    """True for +9665 and eight digits."""
    return SAUDI_MOBILE.fullmatch(e164) is not None


def is_mobile_of(countries: Collection[str], e164: str) -> bool:
    """Whether a message can reach this number and it belongs to one of `countries` (ISO codes such as `SA`)."""
    if "SA" in countries and is_saudi_mobile(e164):
        return True
    number = phonenumbers.parse(e164)
    if number.country_code == COUNTRY_CODE or phonenumbers.region_code_for_number(number) not in countries:
        return False
    return phonenumbers.number_type(number) in MOBILE_TYPES


def mask_phone(e164: str) -> str:
    """A phone for logs and lists of people who may not see it: `+9665•••••67`."""
    return f"{e164[:5]}{'•' * max(len(e164) - 7, 0)}{e164[-2:]}"


def placeholder_phone() -> str:
    """What stands where the phone of an erased person stood: of the right form, its own, and nobody's number."""
    return f"+0{secrets.randbelow(10**14):014d}"


def is_placeholder(phone: Any) -> bool:
    """Whether `phone` is one that `placeholder_phone` made."""
    return isinstance(phone, str) and PLACEHOLDER.fullmatch(phone) is not None


def phone_search_digits(term: str) -> str | None:
    """The end of stored E.164 to look for when someone searches a phone in any spelling; None if it holds no number.

    `0551234567` and `+966 55 123 4567` both give `551234567`, the last four digits stay themselves.
    """
    digits = _compact(term).lstrip("+")
    return NATIONAL_PREFIX.sub("", digits) if re.fullmatch(r"[0-9]{4,15}", digits) else None
