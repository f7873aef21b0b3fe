"""How many SMS a text costs. One Arabic letter, curly quote or emoji makes the whole text the costly kind."""

from dataclasses import dataclass

GSM7 = "GSM-7"
UCS2 = "UCS-2"

BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡"
    "ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENSION = frozenset("\f^{}\\[~]|€")  # each takes two units

SINGLE = {GSM7: 160, UCS2: 70}
CONCATENATED = {GSM7: 153, UCS2: 67}  # the header that joins the parts takes the rest


@dataclass(frozen=True)
class Segments:
    """`encoding` is `GSM-7` or `UCS-2`, `units` are septets or UTF-16 units, `count` is the SMS to pay."""

    encoding: str
    units: int
    count: int


def segments(text: str) -> Segments:
    """The `Segments` of `text`; an empty text has none."""
    encoding = GSM7 if BASIC.union(EXTENSION).issuperset(text) else UCS2
    widths = [_width(character, encoding) for character in text]
    units = sum(widths)
    if units <= SINGLE[encoding]:
        return Segments(encoding, units, min(units, 1))
    return Segments(encoding, units, _parts(widths, CONCATENATED[encoding]))


def _width(character: str, encoding: str) -> int:
    if encoding == GSM7:
        return 2 if character in EXTENSION else 1
    return 2 if ord(character) > 0xFFFF else 1


def _parts(widths: list[int], limit: int) -> int:
    """Parts of at most `limit` units; a character of two units is never cut, so a part may stay one short."""
    count, room = 1, limit
    for width in widths:
        if width > room:
            count, room = count + 1, limit
        room -= width
    return count
