"""The watch over the log of the whole suite sees what it is there for."""

import json
import logging

import pytest
from django.conf import settings

from apps.accounts.services import codes
from apps.common.testing import leaks

TOKEN = "ey" + "JhbGciOiJIUzI1NiJ9" + ".eyJzdWIiOiIxIn0" + ".c2lnbmF0dXJl"
logger = logging.getLogger("planted")


def unguarded(message):
    """A line as it would be without the gate of `project.logs`."""
    return json.dumps({"at": "2026-11-30T19:55:17.720295Z", "message": message})


@pytest.mark.parametrize(
    ("message", "kinds"),
    [
        ("to +966551234567", ["phone"]),
        ("to 966551234567.", ["phone"]),
        ("q=0551234567&o=1", ["phone"]),
        ("to +447700900123", ["phone"]),
        (f"Bearer {TOKEN}", ["token"]),
        ("key " + "sk_live_" + "abcDEF123", ["key"]),
        ("card 4111 1111 1111 1111", ["card"]),
        ("card 4111111111111111", ["card"]),
        ("the code was 493817.", ["code"]),
        ("signed with " + str(settings.SECRET_KEY), ["secret"]),
        ("code 493818, card 4111111111111112, [phone …67]", []),
        ("51234567-8abc-4def-8123-456789abcdef took 0.493817 s", []),
    ],
)
def test_what_no_line_may_hold_is_seen(message, kinds):
    leaks.issued_codes.add("493817")

    assert leaks.leaks_of(unguarded(message)) == kinds


def test_a_moment_is_not_taken_for_a_code():
    leaks.issued_codes.add("720295")

    assert leaks.leaks_of(unguarded("nothing")) == []


def test_a_code_that_a_test_issued_is_known(db):
    challenge = codes.request_code(phone="0551234567")

    [code] = leaks.issued_codes

    assert challenge.code_hmac == codes._code_hmac(challenge, code)


def fail_with_the_code():
    try:
        {}["493817"]
    except KeyError:
        logger.exception("failed")


PLANTED = {
    "message": lambda: logger.warning("code 493817"),
    "argument": lambda: logger.warning("code %s", "493817"),
    "field": lambda: logger.warning("code", extra={"handler": "493817"}),
    "traceback": fail_with_the_code,
}


@pytest.mark.parametrize("place", PLANTED)
def test_a_leak_anywhere_in_a_line_fails_the_test_in_whose_time_it_was_written(place):
    leaks.issued_codes.add("493817")
    PLANTED[place]()

    with pytest.raises(pytest.fail.Exception, match=r"the log would have held:\ncode: .*493817"):
        leaks.ensure_nothing_leaked()
    assert leaks.taken() == []


def test_what_the_gate_takes_out_is_no_leak():
    logger.warning("to %s with %s and 4111 1111 1111 1111", "+966551234567", TOKEN)

    assert leaks.taken() == []
