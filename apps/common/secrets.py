"""What may stand in a table although it must not be read from there."""

import hashlib
import hmac

from django.conf import settings


def keyed_hash(purpose: str, text: str) -> str:
    """HMAC-SHA256 of `text` as 64 hexadecimal digits, under a key that is not in the database (`OTP_PEPPER`).

    Short secrets and phone numbers can be found again by whoever holds them, and by nobody who holds the table.
    `purpose` keeps equal texts of different kinds apart.
    """
    return hmac.new(settings.OTP_PEPPER.encode(), f"{purpose}:{text}".encode(), hashlib.sha256).hexdigest()
