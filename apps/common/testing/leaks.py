"""Reads every line that production would write while the tests run, and remembers what no line may hold.

It looks for what is really there: the codes that a test had issued, the secrets of the settings, phones, cards and
tokens by their own look. The patterns of `project.logs` are not asked: they are what is being judged.
"""

import json
import logging
import re

import pytest

SECRETS = (
    *("SECRET_KEY", "JWT_SIGNING_KEY", "OTP_PEPPER", "METRICS_TOKEN"),
    *("MOYASAR_SECRET_KEY", "MOYASAR_WEBHOOK_SECRET", "MOYASAR_WEBHOOK_SECRET_PREVIOUS"),
    *("TWILIO_AUTH_TOKEN", "UNIFONIC_APP_SID", "UNIFONIC_CALLBACK_SECRET", "UNIFONIC_SECRET"),
    *("UNIFONIC_AUTHENTICATE_TOKEN", "AUTHENTICA_API_KEY"),
)
SHORTEST_SECRET = 8
LOOKS = {
    "phone": re.compile(r"(?<![\w.-])(?:(?:\+|00)?9665|05)\d{8}(?!\w)|\+[1-9]\d{9,14}(?!\d)"),
    "token": re.compile(r"eyJ[\w-]{6,}\.[\w-]{6,}\."),
    "key": re.compile(r"\b[sp]k_(?:test|live)_\w{4,}"),
}
DIGITS = re.compile(r"(?<![\w.-])\d{13,19}(?![\w.-])")
BETWEEN_DIGITS = re.compile(r"(?<=\d)[ -](?=\d)")

issued_codes: set[str] = set()
found: list[str] = []


class LeakWatch(logging.Handler):
    """The handler of the tests' settings. It writes nowhere."""

    def emit(self, record: logging.LogRecord) -> None:
        line = self.format(record)
        found.extend(f"{kind}: {line}" for kind in leaks_of(line))


def leaks_of(line: str) -> list[str]:
    """The kinds of secrets that a finished line, an object of JSON, holds."""
    from django.conf import settings

    # A moment has six digits behind its second, as a code has.
    text = json.dumps({**json.loads(line), "at": ""}, ensure_ascii=False)
    kinds = [kind for kind, look in LOOKS.items() if look.search(text)]
    if any(re.search(rf"(?<![\w.-]){code}(?![\w-])", text) for code in issued_codes if code in text):
        kinds.append("code")
    values = (getattr(settings, name, "") for name in SECRETS)
    if any(len(value) >= SHORTEST_SECRET and value in text for value in values):
        kinds.append("secret")
    if any(is_card(digits) for digits in DIGITS.findall(BETWEEN_DIGITS.sub("", text))):
        kinds.append("card")
    return kinds


def is_card(digits: str) -> bool:
    """By the sum that ends every card number."""
    doubled = [int(digit) * (1 + position % 2) for position, digit in enumerate(reversed(digits))]
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0


def taken() -> list[str]:
    """What was found since the last call."""
    leaks = found.copy()
    found.clear()
    return leaks


def ensure_nothing_leaked() -> None:
    """Fail the test in whose time a line held what none may hold."""
    if leaks := taken():
        pytest.fail("the log would have held:\n" + "\n".join(leaks), pytrace=False)
