"""The tax documents' arithmetic and QR code, as the Saudi tax authority asks for them. Pure.

A price is gross. Its net is rounded half up once and its VAT is the difference, so both always add up to the price.
What has to be divided (a document's net over its lines, a refund over the lines it takes back) is divided in whole
halalas by largest remainder, so the parts always add up to the whole.
"""

import base64
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal

from apps.common.money import from_halalas, round_money, to_halalas, vat_included

LONGEST_FIELD = 255  # bytes: a field's length is told in one
NOTHING = Decimal("0.00")


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What was sold, in both languages, with its amounts in SAR. A line of a credit note is what of it went back."""

    name_ar: str
    name_en: str
    gross: Decimal
    net: Decimal

    @property
    def vat(self) -> Decimal:
        return self.gross - self.net

    def kept(self) -> dict[str, str]:
        """As the document keeps it; `Line.of` reads it."""
        amounts = {"gross": self.gross, "net": self.net, "vat": self.vat}
        return {"name_ar": self.name_ar, "name_en": self.name_en} | {name: f"{amounts[name]:.2f}" for name in amounts}

    @classmethod
    def of(cls, kept: Mapping[str, str]) -> "Line":
        gross, net = Decimal(kept["gross"]), Decimal(kept["net"])
        return cls(name_ar=kept["name_ar"], name_en=kept["name_en"], gross=gross, net=net)


def allocate(total: Decimal, shares: Sequence[Decimal]) -> list[Decimal]:
    """`total` divided in the proportion of `shares`, in whole halalas that add up to it. Of equals the first get more.

    Each part is less than a halala away from its exact size, and none exceeds its share while `total` is not more than
    all of them. Raises ZeroDivisionError where all shares are nothing.
    """
    whole, halalas = _total(shares), to_halalas(total)
    exact = [halalas * share / whole for share in shares]
    parts = [int(part) for part in exact]
    by_remainder = sorted(range(len(shares)), key=lambda place: parts[place] - exact[place])
    for place in by_remainder[: halalas - sum(parts)]:
        parts[place] += 1
    return [from_halalas(part) for part in parts]


def invoiced(items: Sequence[tuple[str, str, Decimal]], rate: Decimal) -> list[Line]:
    """The lines of an invoice over `items` (Arabic name, English name, gross in SAR) at `rate` percent.

    Net and VAT are those of the total, divided over the lines.
    """
    grosses = [gross for _ar, _en, gross in items]
    total = _total(grosses)
    nets = allocate(total - vat_included(total, rate), grosses)
    return [
        Line(name_ar=name_ar, name_en=name_en, gross=gross, net=net)
        for (name_ar, name_en, gross), net in zip(items, nets, strict=True)
    ]


def credited(lines: Sequence[Line], earlier: Sequence[Sequence[Line]], amount: Decimal) -> list[Line]:
    """The lines of a credit note over `amount` SAR of an invoice's `lines`, of which `earlier` notes took parts back.

    Net follows the invoice's own proportion, rounded over everything taken back so far, less what the earlier notes
    have: all notes together never exceed a line, and the last one takes exactly what is left. Raises ValueError for
    more than what is left.
    """
    gone = [[note[place] for note in earlier] for place in range(len(lines))]
    left = [line.gross - _total(part.gross for part in parts) for line, parts in zip(lines, gone, strict=True)]
    if not 0 < amount <= _total(left):
        raise ValueError(f"a credit note over {amount}, while {_total(left)} is left of the invoice")
    return [
        _taken_back(line, part, parts) for line, part, parts in zip(lines, allocate(amount, left), gone, strict=True)
    ]


def _taken_back(line: Line, gross: Decimal, earlier: Sequence[Line]) -> Line:
    so_far = gross + _total(part.gross for part in earlier)
    net = round_money(line.net * so_far / line.gross) - _total(part.net for part in earlier)
    return replace(line, gross=gross, net=net)


def _total(amounts: Iterable[Decimal]) -> Decimal:
    return sum(amounts, NOTHING)


def qr_payload(*, seller: str, vat_number: str, issued_at: datetime, total: Decimal, vat: Decimal) -> str:
    """Base64 of the five TLV fields; a length counts UTF-8 bytes, not letters. Raises ValueError above 255 bytes."""
    stamp = issued_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    fields = (seller, vat_number, stamp, f"{total:.2f}", f"{vat:.2f}")
    encoded = (text.encode() for text in fields)
    tlv = b"".join(bytes((tag, len(value))) + value for tag, value in enumerate(encoded, start=1))
    return base64.b64encode(tlv).decode()


def within_bytes(text: str, limit: int = LONGEST_FIELD) -> str:
    """`text`, cut at a whole letter to at most `limit` bytes of UTF-8."""
    return text.encode()[:limit].decode(errors="ignore")
