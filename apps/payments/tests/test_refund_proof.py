"""Above the salon's limit a session is not enough: who approves or carries out proves anew who they are."""

from datetime import timedelta
from decimal import Decimal
from urllib.parse import parse_qs, urlsplit

import pytest
from django.urls import reverse

from apps.accounts.tests.factories import PASSWORD, AppFactory, app_code
from apps.bookings import services as bookings
from apps.bookings.models import Booking
from apps.bookings.tests.conftest import NOW
from apps.common.errors import Forbidden, ProofNeeded
from apps.common.testing.race import race
from apps.payments import services
from apps.payments.models import Refund
from apps.payments.tests.pages import SUBMITTED, browser, counts, messages, url
from apps.payments.tests.support import amounts, ask_refund, refunds_made, reload, states_of

pytestmark = pytest.mark.django_db
Status = Refund.Status
ASKED = "Please confirm that it is you. Then do it again."
LONG_AGO = NOW - timedelta(minutes=5, seconds=1)


@pytest.fixture
def waiting(gateway_standin, house, payment, support):
    """57.50 SAR, one halala above the limit, asked for by support."""
    house.salon.refund_limit = Decimal("57.49")
    house.salon.save()
    return ask_refund(support, payment)


@pytest.fixture
def cash(gateway_standin, house, book):
    """115.00 SAR in cash for a booking that the salon then cancelled: approved by the rules, to be handed over."""
    house.salon.refund_limit = Decimal(100)
    house.salon.save()
    booking = book(house)
    services.record_payment(actor=house.manager, booking_id=booking.pk, amount=Decimal(115), method="cash")
    bookings.cancel_booking(
        booking_id=booking.pk, actor=house.manager, by=Booking.CancelledBy.SALON, reason="Closed that day"
    )
    return Refund.objects.get()


def approve(client, refund):
    return client.post(
        url(refund, "approve_action"), SUBMITTED, headers={"hx-current-url": f"http://testserver{url(refund)}"}
    )


def nothing_moved(standin, refund, before):
    assert (reload(refund).status, reload(refund).approved_by) == (Status.REQUESTED, None)
    assert states_of(refund) == before
    assert amounts(refund.payment) == ("115.00", "0.00", "57.50")
    assert refunds_made(standin) == 0


# --- The use cases ---


@pytest.mark.parametrize("proven_at", [None, LONG_AGO], ids=["never", "too long ago"])
def test_approving_above_the_limit_without_fresh_proof_is_refused(gateway_standin, waiting, house, proven_at):
    before = states_of(waiting)

    with pytest.raises(ProofNeeded):
        services.approve_refund(actor=house.manager, refund_id=waiting.pk, proven_at=proven_at)

    nothing_moved(gateway_standin, waiting, before)


def test_approving_above_the_limit_with_fresh_proof_works(waiting, house):
    at = NOW - timedelta(minutes=5)

    refund = services.approve_refund(actor=house.manager, refund_id=waiting.pk, proven_at=at)

    assert (refund.status, refund.approved_by) == (Status.APPROVED, house.manager)
    assert states_of(refund)[-1] == (Status.APPROVED, house.manager.pk, "Served late")


def test_up_to_the_limit_no_proof_is_asked_for(gateway_standin, waiting, house):
    house.salon.refund_limit = Decimal("57.50")
    house.salon.save()

    assert services.approve_refund(actor=house.manager, refund_id=waiting.pk).status == Status.APPROVED


@pytest.mark.parametrize("proven_at", [None, LONG_AGO], ids=["never", "too long ago"])
def test_handing_over_above_the_limit_without_fresh_proof_is_refused(cash, house, proven_at):
    before = (states_of(cash), counts())

    with pytest.raises(ProofNeeded):
        services.carry_out_refund(actor=house.manager, refund_id=cash.pk, proven_at=proven_at)

    assert (states_of(cash), counts()) == before
    assert amounts(cash.payment) == ("115.00", "0.00", "115.00")


def test_handing_over_above_the_limit_with_fresh_proof_works(cash, house):
    refund = services.carry_out_refund(actor=house.manager, refund_id=cash.pk, proven_at=NOW)

    assert refund.status == Status.SUCCEEDED
    assert states_of(cash)[-1] == (Status.SUCCEEDED, house.manager.pk, "Closed that day")
    assert amounts(cash.payment) == ("115.00", "115.00", "0.00")


def test_carrying_out_is_for_those_who_may_approve(cash, house):
    before = (states_of(cash), counts())

    with pytest.raises(Forbidden):
        services.carry_out_refund(actor=house.customer, refund_id=cash.pk, proven_at=NOW)

    assert (states_of(cash), counts()) == before


def test_what_the_rules_give_back_is_sent_by_the_passes_without_a_person(gateway_standin, payment, house):
    house.salon.refund_limit = Decimal(0)
    house.salon.save()
    refund = services.return_money_of(payment, amount=Decimal(115), reason="late")

    assert services.send_refund(refund_id=refund.pk).status == Status.SUCCEEDED


# --- The pages ---


def test_a_stale_session_is_led_to_the_proof_and_back_to_the_refund(gateway_standin, waiting, house, clock):
    client, before = browser(house.manager), states_of(waiting)
    clock.shift(301)

    refused = approve(client, waiting)

    assert messages(refused) == [("info", ASKED)]
    nothing_moved(gateway_standin, waiting, before)
    to = urlsplit(refused.headers["HX-Redirect"])
    assert (to.path, parse_qs(to.query)) == (reverse("admin:prove"), {"next": [url(waiting)]})

    back = client.post(refused.headers["HX-Redirect"], {"password": PASSWORD})
    assert (back.status_code, back.headers["Location"]) == (302, url(waiting))
    assert messages(approve(client, waiting))[-1] == ("success", "57.50 SAR were refunded.")
    assert amounts(waiting.payment) == ("115.00", "57.50", "0.00")


def test_a_wrong_password_is_no_proof(gateway_standin, waiting, house, clock):
    client, before = browser(house.manager), states_of(waiting)
    clock.shift(301)

    answer = client.post(reverse("admin:prove"), {"password": "something-else-entirely"})

    assert "This password is not correct." in answer.content.decode()
    approve(client, waiting)
    nothing_moved(gateway_standin, waiting, before)


def test_who_has_an_app_proves_by_its_code_and_not_by_the_password(gateway_standin, waiting, house, clock, settings):
    settings.OPERATOR_MFA = "optional"
    app, before = AppFactory(user=house.manager), states_of(waiting)
    client = browser(house.manager)
    client.post(reverse("admin:prove"), {"code": app_code(app)})
    clock.shift(301)

    assert messages(approve(client, waiting)) == [("info", ASKED)]
    answer = client.post(reverse("admin:prove"), {"password": PASSWORD})
    assert answer.status_code == 200
    approve(client, waiting)
    nothing_moved(gateway_standin, waiting, before)

    client.post(reverse("admin:prove"), {"code": app_code(app)})
    assert messages(approve(client, waiting))[-1] == ("success", "57.50 SAR were refunded.")


def test_the_proof_of_another_session_does_not_count(gateway_standin, waiting, house, clock):
    here, there, before = browser(house.manager), browser(house.manager), states_of(waiting)
    clock.shift(301)
    there.post(reverse("admin:prove"), {"password": PASSWORD})

    assert messages(approve(here, waiting)) == [("info", ASKED)]
    nothing_moved(gateway_standin, waiting, before)
    assert messages(approve(there, waiting)) == [("success", "57.50 SAR were refunded.")]


def test_carrying_out_asks_for_the_proof_too(cash, house, clock):
    client = browser(house.manager)
    clock.shift(301)

    answer = client.post(url(cash, "carry_out_action"), SUBMITTED)

    assert messages(answer) == [("info", ASKED)]
    assert reload(cash).status == Status.APPROVED
    client.post(reverse("admin:prove"), {"password": PASSWORD})
    client.post(url(cash, "carry_out_action"), SUBMITTED)
    assert reload(cash).status == Status.SUCCEEDED


def test_a_double_click_after_the_proof_is_one_refund(gateway_standin, waiting, house):
    client = browser(house.manager)

    first, second = approve(client, waiting), approve(client, waiting)

    assert messages(first) == [("success", "57.50 SAR were refunded.")]
    assert second.status_code in {200, 403}
    assert amounts(waiting.payment) == ("115.00", "57.50", "0.00")
    assert refunds_made(gateway_standin) == 1


@pytest.mark.django_db(transaction=True)
def test_many_clicks_at_once_after_the_proof_are_one_refund(gateway_standin, waiting, house):
    def click(_number):
        services.approve_refund(actor=house.manager, refund_id=waiting.pk, proven_at=NOW)
        return services.send_refund(refund_id=waiting.pk)

    results = race(8, click)

    assert sum(isinstance(result, Refund) for result in results) == 1
    assert refunds_made(gateway_standin) == 1
    assert amounts(waiting.payment) == ("115.00", "57.50", "0.00")
