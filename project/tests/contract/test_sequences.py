"""Sequences of allowed calls that follow a booking from answer to call keep the contract, too."""

import pytest
from django.db.models import F
from django.http import Http404

from apps.bookings.api.views import BookingDetail
from apps.bookings.models import Booking
from apps.common.testing.thorough import THOROUGH
from project.tests.contract.test_contract import OF_A_BOOKING

pytestmark = [pytest.mark.contract, pytest.mark.django_db(transaction=True)]
# A round ends early where the same calls are answered otherwise than before; then another one follows.
ROUNDS, SCENARIOS, LEAST_STEPS = (20, 100, 1_500) if THOROUGH else (6, 12, 150)
SEQUENCES = ["--phases", "stateful", "--no-shrink", "--max-examples", str(SCENARIOS)]


@pytest.mark.parametrize("who", ["a customer who booked nothing", "a customer with bookings"])
def test_sequences_that_follow_a_booking_keep_the_contract(tour, seed, who):
    print(f"{who}: --hypothesis-seed={seed}")  # noqa: T201 - what repeats the run
    steps, followed = 0, set()
    for number in range(ROUNDS):
        status, report, answers = tour(who, *SEQUENCES, seed=seed + number)

        assert status == 0, report
        steps += len(answers)
        # Their keys are made in the round, so only a link leads to them.
        booked = {str(pk) for pk in Booking.objects.filter(booked_by=F("customer__user")).values_list("pk", flat=True)}
        followed |= {answer.operation for answer in answers if booked & {*answer.address.split("/")}}
        if steps >= LEAST_STEPS and followed == OF_A_BOOKING:
            break

    print(f"{who}: {steps} calls in {number + 1} rounds")  # noqa: T201 - the figure of the run
    assert steps >= LEAST_STEPS
    assert followed == OF_A_BOOKING


def test_control_a_booking_that_is_gone_once_it_was_made_is_noticed(tour, monkeypatch):
    def gone(*_args, **_kwargs):
        raise Http404

    monkeypatch.setattr(BookingDetail, "get", gone)

    status, report, _answers = tour("a customer who booked nothing", *SEQUENCES, seed=2)

    assert status == 1
    assert "ST302 Created resource not found" in report
