"""The simplified tax invoice's arithmetic and QR code, as the Saudi tax authority asks for them. Pure."""

import base64
from datetime import UTC, datetime
from decimal import Decimal

LONGEST_FIELD = 255  # bytes: a field's length is told in one


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
