"""Sixty values that nobody sends by mistake, as they stand in an address: percent-encoded, some of them wrongly."""

from urllib.parse import quote

from django.db import connection

from apps.common.testing.thorough import THOROUGH

# What two databases may take otherwise: numbers and dates out of range, NUL, patterns, quotes, length.
NEAR_THE_DATABASE = [
    "",
    "1.5",
    "1e9",
    "1e400",
    "NaN",
    "Infinity",
    "9" * 19,
    "9" * 40,
    "-" + "9" * 40,
    str(2**31),
    str(2**63 - 1),
    str(2**63),
    "²",
    "9" * 40 + ",1",
    "\x00",
    "a\x00b",
    "\x01\x1b[31m",
    "(",
    "(a+)+$",
    "\\",
    "%",
    "' OR 1=1 --",
    '"; DROP TABLE salons_salon; --',
    "\U0001f600",
    "a" * 3000,
    "2026-13-45",
    "0001-01-01T00:00:00+14:00",
    "99999-01-01T99:99:99Z",
]
TEXTS = [
    *NEAR_THE_DATABASE,
    " ",
    "abc",
    "0",
    "-1",
    "0x10",
    "٣",
    "1,2",
    ",",
    "a\r\nSet-Cookie: x=y",
    "[",
    "*",
    "%s%n",
    "{0.__class__}",
    "{{7*7}}",
    "${7*7}",
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "../../../etc/passwd",
    "..%2f..",
    "file:///etc/passwd",
    "https://evil.example/",
    "//evil.example",
    "javascript:alert(1)",
    "\u202eabc\u200f",
    "\ufeff",
    "\u0640" * 40,
    "00000000-0000-0000-0000-000000000000",
    '{"a": [[[1]]]}',
]
# Bytes that are no UTF-8: a stray one, an overlong NUL, half a surrogate pair, half an escape.
BROKEN = ["%FF%FE", "%C0%80", "%ED%A0%80", "%zz%"]
ALL = [*(quote(text, safe="") for text in TEXTS), *BROKEN]
# Of everything else the code above the database decides, which the long form on SQLite asks.
LONG = {"sqlite": ALL, "postgresql": [*ALL[: len(NEAR_THE_DATABASE)], *BROKEN]}
SHORT = {"sqlite": ALL[::3], "postgresql": ALL[1::5]}
VALUES = (LONG if THOROUGH else SHORT)[connection.vendor]

# For bodies in JSON: the texts, half a character, and shapes that no field is made for.
DEEP: list = []
for _level in range(90):
    DEEP = [DEEP]
THINGS = [*TEXTS, None, True, 10**40, -0.0, [], {}, DEEP, {"__proto__": {"a": 1}}, [None] * 50, "\ud800"]
# Whole bodies.
BODIES = [
    b"",
    b"\x00",
    b"null",
    b"[]",
    b"7",
    b'"x"',
    b"{",
    b"\xff\xfe{}",
    b"\xef\xbb\xbf{}",
    b'{"a": NaN}',
    b'{"a": 1e999}',
    b'{"a": "\\ud800"}',
    b'{"\\u0000": 1}',
    b'{"a": 1, "a": 2}',
    b'{"": 1}',
    b"[" * 5000 + b"]" * 5000,
    b"{" + b'"a":' * 2000,
    b"9" * 10_000,
]
