"""Random calls of every operation over real HTTP keep the contract that the schema makes, whoever calls.

Schemathesis reads the schema of a started server and sends what it allows and what it forbids. `schemathesis.toml`
beside this says what is judged, and why one thing is not.

The short form draws the same calls every time, the long form others each time. Both print their seed, and
`--hypothesis-seed=N` draws those of that seed again.
"""

import re
from itertools import cycle

import pytest

from apps.accounts.api.serializers import ProfileSerializer
from apps.common.testing.thorough import THOROUGH
from project.tests.contract.conftest import PEOPLE

pytestmark = [pytest.mark.contract, pytest.mark.django_db(transaction=True)]
# Calls of each kind for each operation; with its sequences the long form is at least 20,000 calls.
EXAMPLES = 180 if THOROUGH else 6
LEAST_CALLS = 5_800 if THOROUGH else 180
LONG = ["--phases", "examples,coverage,fuzzing"]
SHORT = ["--phases", "examples,fuzzing", "--no-shrink"]
OF_A_BOOKING = {
    "bookings_retrieve",
    "bookings_calendar_retrieve",
    "bookings_cancel_create",
    "bookings_reschedule_create",
    "bookings_review_create",
    "bookings_payment_create",
    "bookings_payment_retrieve",
    "bookings_payment_refresh_create",
}
OF_A_PERSON = {
    "bookings_list",
    "bookings_create",
    "bookings_quote_retrieve",
    "me_retrieve",
    "me_update",
    "me_erase",
    "me_export",
    "me_phone_request",
    "me_phone_verify",
}
CLOSED = {
    "nobody": OF_A_PERSON | OF_A_BOOKING,
    "a customer who booked nothing": OF_A_BOOKING,
    "a customer with bookings": set(),
}


@pytest.mark.parametrize("who", PEOPLE)
def test_every_operation_keeps_its_contract_whatever_is_sent(tour, seed, who):
    print(f"{who}: --hypothesis-seed={seed}")  # noqa: T201 - what repeats the run
    status, report, answers = tour(who, "--max-examples", str(EXAMPLES), *(LONG if THOROUGH else SHORT), seed=seed)

    assert status == 0, report
    print(f"{who}: {len(answers)} calls")  # noqa: T201 - the figure of the run
    assert len(answers) >= LEAST_CALLS
    called = {answer.operation for answer in answers}
    done = {answer.operation for answer in answers if answer.status < 300 and answer.method != "OPTIONS"}
    assert len(called) == 28
    assert called - done == CLOSED[who]


def test_a_seed_sends_its_calls_again_and_another_seed_others(tour):
    options = ["--phases", "examples,fuzzing,stateful", "--max-examples", "2"]
    first, again, other = (tour("a customer with bookings", *options, seed=seed).answers for seed in (7, 7, 8))

    assert len(first) >= 80
    assert first == again != other


def test_control_a_crash_and_an_answer_beside_the_schema_are_noticed(tour, monkeypatch):
    broken = cycle([False, True])

    def told(_serializer, person):
        if next(broken):
            raise RuntimeError
        return {"id": str(person.pk), "phone": 7}

    monkeypatch.setattr(ProfileSerializer, "to_representation", told)

    options = ["--include-operation-id", "me_retrieve", "--no-shrink"]
    status, report, _answers = tour("a customer with bookings", *options, seed=1)

    assert status == 1
    assert set(re.findall(r"❌ (ST\d+)", report)) >= {"ST101", "ST108"}
