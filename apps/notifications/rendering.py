"""From a text with `{placeholders}` to the message a customer reads.

Texts are written by salons, so nothing in them is ever evaluated: a placeholder is one name of a fixed list, found
by a pattern and replaced once. Values are cleaned before, so a name can neither add lines nor turn the direction.
"""

import re
import unicodedata
from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils import translation
from django.utils.dateformat import format as format_date
from django.utils.translation import gettext_lazy as _

from apps.common.money import display_money

if TYPE_CHECKING:
    from apps.bookings.models import Booking

ABOUT_BOOKING = frozenset({"salon", "service", "staff", "date", "time", "reference", "customer"})
ABOUT_MONEY = ABOUT_BOOKING | {"amount"}
PLACEHOLDERS: dict[str, frozenset[str]] = {
    "booking_received": ABOUT_BOOKING,
    "booking_confirmed": ABOUT_BOOKING,
    "booking_moved": ABOUT_BOOKING,
    "booking_cancelled": ABOUT_BOOKING,
    "payment_link": ABOUT_MONEY | {"link"},
    "payment_received": ABOUT_MONEY,
    "refund_sent": ABOUT_MONEY,
    "reminder": ABOUT_BOOKING,
    "review_invitation": ABOUT_BOOKING,
    "phone_changed": frozenset({"salon", "customer"}),
}
PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
ARABIC = re.compile(r"[\u0600-\u06ff]")
BRACE = re.compile(r"[{}]")
SPACES = re.compile(r"[ \t]{2,}")
SPACE_BEFORE_MARK = re.compile(r"[ \t]+(?=[.,،؛!?؟:])")
LONGEST_VALUE = 80
# A reference may begin with a digit, which right-to-left text would carry to its other end.
LEFT_TO_RIGHT_MARK = "\u200e"
FIRST_STRONG_ISOLATE, POP_ISOLATE = "\u2068", "\u2069"
# By Unicode's names for how a character runs.
DIRECTIONS = {"L": "ltr", "R": "rtl", "AL": "rtl"}
# A phone number's plus stands before it in a text from right to left too.
PLUS = re.compile(r"(?<!\u200e)\+(?=\d)")


def validate_text(text: str, kind: str) -> None:
    """Raise ValidationError `unknown_placeholder` or `stray_brace` unless `text` can be rendered for `kind`."""
    allowed = PLACEHOLDERS.get(kind, ABOUT_BOOKING)
    if unknown := sorted(set(PLACEHOLDER.findall(text)) - allowed):
        raise ValidationError(
            _("Unknown placeholders: %(unknown)s. You can use: %(allowed)s."),
            code="unknown_placeholder",
            params={"unknown": _listed(unknown), "allowed": _listed(sorted(allowed))},
        )
    if BRACE.search(PLACEHOLDER.sub("", text)):
        raise ValidationError(_("A brace { or } stands alone: write placeholders like {time}."), code="stray_brace")


def is_valid_text(text: str, kind: str) -> bool:
    """Whether `validate_text` accepts `text`."""
    try:
        validate_text(text, kind)
    except ValidationError:
        return False
    return True


def render(text: str, values: Mapping[str, str]) -> str:
    """`text` with its placeholders replaced; a name without a value leaves nothing behind, not even its space."""
    filled = PLACEHOLDER.sub(lambda match: values.get(match[1]) or "", text)
    filled = PLUS.sub(f"{LEFT_TO_RIGHT_MARK}+", filled) if ARABIC.search(filled) else filled
    return SPACE_BEFORE_MARK.sub("", SPACES.sub(" ", filled)).strip()


def variables(text: str, values: Mapping[str, str]) -> list[str]:
    """What fills the numbers of a WhatsApp template: each placeholder once, in the order in which `text` has them.

    A template takes no empty value; a dash stands for what is missing.
    """
    return [values.get(name) or "-" for name in dict.fromkeys(PLACEHOLDER.findall(text))]


def message_values(booking: "Booking", locale: str, *, amount: Decimal | None = None, link: str = "") -> dict[str, str]:
    """What the placeholders stand for in a message about `booking` in `locale`.

    The date and the time are the salon's. `amount` is in SAR.
    """
    local = booking.starts_at.astimezone(ZoneInfo(booking.salon.timezone))
    with translation.override(locale):
        values = {
            "salon": booking.salon.name,
            "service": booking.service_name or booking.service.name,
            "staff": booking.staff.name,
            "customer": booking.guest_name or booking.customer.user.name,
            "date": format_date(local, "l d/m/Y"),
            "time": format_date(local, "H:i"),
            "amount": "" if amount is None else display_money(amount),
        }
    values = {name: directed(cleaned(value), locale) for name, value in values.items()}
    mark = LEFT_TO_RIGHT_MARK if direction_of(locale) == "rtl" else ""
    return values | {"reference": mark + booking.display_reference, "link": link}


def direction_of(locale: str) -> str:
    return "rtl" if locale in settings.LANGUAGES_BIDI else "ltr"


def directed(value: str, locale: str) -> str:
    """`value` so that a text in `locale` leaves its order alone: isolated where it runs the other way and has brackets,
    digits or marks at an end, which the text would carry to its other side. A plain name costs no invisible signs.
    """
    directions = [DIRECTIONS.get(unicodedata.bidirectional(character)) for character in value]
    own = next((direction for direction in directions if direction), None)
    if own in (None, direction_of(locale)) or (directions[0] == own and directions[-1] == own):
        return value
    return f"{FIRST_STRONG_ISOLATE}{value}{POP_ISOLATE}"


def cleaned(value: str | None) -> str:
    """`value` on one line, without control, direction and other invisible characters, cut to a sensible length."""
    visible = "".join(" " if character.isspace() else character for character in str(value or ""))
    visible = "".join(character for character in visible if unicodedata.category(character)[0] != "C")
    return " ".join(visible.split())[:LONGEST_VALUE].rstrip()


def _listed(names: list[str]) -> str:
    return ", ".join(f"{{{name}}}" for name in names)
