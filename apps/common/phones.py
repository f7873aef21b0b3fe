"""One normaliser for phone numbers: API, admin, import, search and commands all come through here."""

import re

import phonenumbers

from apps.common.text import INVISIBLE, latin_digits

REGION = "SA"
SEPARATORS = re.compile(r"[\s\-.()\u00a0/]+")


def normalize_phone(raw):
    """E.164 text of what a person typed (`0551234567`, `٠٥٥ ١٢٣…`, `00966…`, `551234567`), or None if it is no number.

    A lost leading zero (spreadsheets) is repaired for Saudi mobiles; foreign numbers need + or 00.
    """
    text = SEPARATORS.sub("", INVISIBLE.sub("", latin_digits(str(raw or ""))))
    if text.startswith("00"):
        text = "+" + text[2:]
    if text.startswith("966"):
        text = "+" + text
    if not re.fullmatch(r"\+?\d{7,15}", text):
        return None
    try:
        number = phonenumbers.parse(text, REGION)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number) or not _is_valid(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _is_valid(number):
    # Any 05 and eight digits counts, so that a prefix issued tomorrow locks nobody out.
    return is_saudi_mobile(f"+{number.country_code}{number.national_number}") or phonenumbers.is_valid_number(number)


def is_saudi_mobile(e164):
    """True for +9665 and eight digits."""
    return re.fullmatch(r"\+9665\d{8}", e164) is not None


def mask_phone(e164):
    """A phone for logs and lists of people who may not see it: `+9665•••••67`."""
    return f"{e164[:5]}{'•' * max(len(e164) - 7, 0)}{e164[-2:]}"


def phone_search_digits(term):
    """What to look for in stored E.164 when someone searches a phone in any spelling; None if it holds no number.

    `0551234567` and `+966 55 123 4567` both give `551234567`, the last four digits stay themselves.
    """
    digits = SEPARATORS.sub("", INVISIBLE.sub("", latin_digits(term))).lstrip("+")
    if not re.fullmatch(r"\d{4,15}", digits):
        return None
    return re.sub(r"^(00966|966|0)", "", digits)
