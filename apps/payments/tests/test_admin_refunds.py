"""The refund dialog from end to end: what it shows, what it refuses, and that it says what really happened."""

import html
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from django.contrib.messages import ERROR
from django.utils.html import escape

from apps.bookings import services as bookings
from apps.bookings.models import Booking
from apps.payments import reasons, services
from apps.payments.admin.money import outcome
from apps.payments.admin.refund import NEXT_STEPS, next_step
from apps.payments.models import Payment, Refund
from apps.payments.tests.pages import SUBMITTED, ask, browser, changelist, counts, fields_of, messages, text, url
from apps.payments.tests.support import amounts, pass_by, reload
from apps.payments.tests.test_refund_outcomes import SCHEDULE

pytestmark = pytest.mark.django_db


def test_the_refund_dialog_shows_the_amounts_and_refunds_the_rest(gateway_standin, payment, support):
    services.send_refund(
        refund_id=services.request_refund(
            actor=support, payment_id=payment.pk, amount=Decimal("15.50"), reason="Late"
        ).pk
    )
    client = browser(support)

    dialog = client.get(url(payment, "refund_action"))

    words = text(dialog)
    assert "Received 115.00 SAR Refunded 15.50 SAR On its way back 0.00 SAR Still refundable 99.50 SAR" in words
    assert "Above 500.00 SAR another person has to approve it." in words
    assert fields_of(dialog)["amount"] == "99.50"

    answer = ask(client, payment)

    assert (answer.status_code, answer.headers["HX-Redirect"]) == (200, url(payment))
    assert messages(answer) == [("success", "99.50 SAR were refunded.")]
    assert amounts(payment) == ("115.00", "115.00", "0.00")
    refund = Refund.objects.order_by("-amount").first()
    assert (refund.reason, refund.requested_by) == ("Served late", support)


def test_half_is_refunded_by_a_manager(gateway_standin, payment, house):
    answer = ask(browser(house.manager), payment, amount="57.50")

    assert messages(answer) == [("success", "57.50 SAR were refunded.")]
    assert amounts(payment) == ("115.00", "57.50", "0.00")
    page = text(browser(house.manager).get(url(payment)))
    assert "Served late" in page


def test_every_dialog_has_a_number_of_its_own_and_a_double_click_is_one_refund(gateway_standin, payment, support):
    client = browser(support)
    page = url(payment, "refund_action")
    filled = fields_of(client.get(page)) | {"reason": "Late", "amount": "10"}
    assert UUID(str(filled["nonce"])) != UUID(str(fields_of(client.get(page))["nonce"]))

    for _ in range(2):
        assert messages(browser(support).post(page, filled)) == [("success", "10.00 SAR were refunded.")]

    assert Refund.objects.count() == 1
    assert amounts(payment) == ("115.00", "10.00", "0.00")
    assert gateway_standin.control.report()["calls"]["refund"] == 1


@pytest.mark.parametrize(
    ("amount", "said"),
    [
        ("115.01", "At most 115.00 SAR can be refunded."),
        ("0", "Enter an amount greater than zero"),
        ("0.00", "Enter an amount greater than zero"),
        ("-5", "Enter an amount greater than zero"),
        ("1e3", "Enter an amount greater than zero"),
        ("1.005", "Enter an amount greater than zero"),
        ("1000000000000000000", "Enter an amount greater than zero"),
        ("1e10", "Enter an amount greater than zero"),
        ("+5", "Enter an amount greater than zero"),
        ("0x10", "Enter an amount greater than zero"),
        ("١٠", "Enter an amount greater than zero"),
        ("10,50", "Enter an amount greater than zero"),
        ("NaN", "Enter an amount greater than zero"),
        ("Infinity", "Enter an amount greater than zero"),
        ("abc", "Enter an amount greater than zero"),
        ("", "This field is required."),
    ],
)
def test_rf01_a_wrong_amount_is_told_in_the_dialog_and_changes_nothing(gateway_standin, payment, support, amount, said):
    client, before = browser(support), counts()

    answer = ask(client, payment, amount=amount)

    assert said in text(answer)
    assert "HX-Redirect" not in answer.headers
    assert str(answer.context["form"]["nonce"].value()) in answer.content.decode()
    assert counts() == before
    assert "refund" not in gateway_standin.control.report()["calls"]


def test_a_refund_without_a_reason_is_refused(gateway_standin, payment, support):
    answer = ask(browser(support), payment, reason=" ")

    assert "This field is required." in text(answer)
    assert not Refund.objects.exists()


def test_above_the_limit_the_dialog_says_that_nothing_moved_yet_and_another_person_approves(
    gateway_standin, payment, house, support
):
    house.salon.refund_limit = Decimal(50)
    house.salon.save()

    asked = ask(browser(support), payment, amount="57.50")

    assert messages(asked) == [
        (
            "warning",
            "57.50 SAR are above the salon's limit. Nothing was refunded yet: another person has to approve it.",
        )
    ]
    refund = Refund.objects.get()
    own = browser(support).post(url(refund, "approve_action"), SUBMITTED)
    assert messages(own) == [("error", "Another person has to approve this refund.")]
    assert reload(refund).status == Refund.Status.REQUESTED
    other = browser(house.manager).post(url(refund, "approve_action"), SUBMITTED)
    assert messages(other) == [("success", "57.50 SAR were refunded.")]
    assert amounts(payment) == ("115.00", "57.50", "0.00")


def test_a_refund_is_rejected_with_a_reason(gateway_standin, payment, house, support):
    house.salon.refund_limit = Decimal(0)
    house.salon.save()
    ask(browser(support), payment)
    refund = Refund.objects.get()

    answer = browser(house.manager).post(url(refund, "reject_action"), SUBMITTED | {"reason": "No grounds"})

    assert messages(answer) == [("success", "The refund was rejected.")]
    assert reload(refund).status == Refund.Status.FAILED
    assert amounts(payment) == ("115.00", "0.00", "0.00")
    assert "rejected (No grounds)" in text(browser(support).get(url(refund)))


@pytest.mark.parametrize(
    ("operation", "fault", "level", "said"),
    [
        ("fetch_payment", "error_503", "warning", "The gateway does not answer. The refund of 57.50 SAR is approved"),
        ("refund", "error_500_after", "warning", "Whether 57.50 SAR went back is being found out; do not repeat it."),
        ("refund", "busy_429", "error", "57.50 SAR were not refunded: the gateway takes no more calls at the moment"),
    ],
)
def test_the_dialog_says_what_really_happened(gateway_standin, payment, support, operation, fault, level, said):
    gateway_standin.control.inject(operation, fault)

    [(told, sentence)] = messages(ask(browser(support), payment, amount="57.50"))

    assert told == level
    assert said in sentence


def test_a_refund_made_in_the_dashboard_is_told_as_a_stop(gateway_standin, payment, support):
    gateway_standin.control.dashboard("refund", payment.gateway_payment_id, 1000)

    told = messages(ask(browser(support), payment))

    assert told == [
        (
            "error",
            "The refund of 115.00 SAR was stopped for a person to look: "
            "the gateway shows another refunded total than we do.",
        )
    ]


@pytest.mark.parametrize("status", Refund.Status)
def test_every_state_of_a_refund_has_its_sentence(status):
    refund = Refund(payment=Payment(method="online"), amount=Decimal("10.00"), status=status)

    _level, sentence = outcome(refund)

    assert sentence.count("10.00") == 1
    assert "%(" not in sentence


def test_cash_is_handed_over_by_a_person_who_says_so(house, book, django_capture_on_commit_callbacks):
    booking = book(house)
    services.record_payment(actor=house.manager, booking_id=booking.pk, amount=Decimal(115), method="cash")
    with django_capture_on_commit_callbacks(execute=True):
        bookings.cancel_booking(actor=house.manager, booking_id=booking.pk, by=Booking.CancelledBy.SALON)
    refund = Refund.objects.get()

    answer = browser(house.manager).post(url(refund, "carry_out_action"), SUBMITTED)

    assert messages(answer) == [("success", "115.00 SAR are recorded as given back. Hand them over now.")]
    assert reload(refund).status == Refund.Status.SUCCEEDED
    assert reload(refund).history.first().history_user == house.manager


def test_somebody_who_was_faster_is_told_as_a_refusal(gateway_standin, payment, support):
    client = browser(support)
    page = url(payment, "refund_action")
    filled = fields_of(client.get(page)) | {"reason": "Late", "amount": "10"}
    services.request_refund(actor=support, payment_id=payment.pk, amount=Decimal(5), reason="Late")

    assert messages(client.post(page, filled)) == [("error", "A refund of this payment is already on its way.")]
    assert Refund.objects.count() == 1


# --- The way it goes, and what comes next ---


def test_the_dialog_says_which_way_the_money_goes(gateway_standin, payment, support, house, book, clock):
    client = browser(support)
    cash = services.record_payment(
        actor=house.manager, booking_id=book(house, hours=30).pk, amount=Decimal(115), method="cash"
    )
    page = url(payment, "refund_action")

    assert "The whole amount is undone at once, before the bank books it." in text(client.get(page))
    assert "hand the money over yourself" in text(client.get(url(cash, "refund_action")))
    clock.shift(timedelta(minutes=100))
    assert "It is sent back to the card or wallet." in text(browser(support).get(page))


def test_an_undone_payment_is_told_as_that(gateway_standin, payment, support):
    answer = ask(browser(support), payment)

    assert messages(answer) == [
        ("success", "115.00 SAR were given back: the whole payment was undone before the bank booked it.")
    ]


@pytest.mark.parametrize("status", Refund.Status)
def test_every_state_of_a_refund_says_what_comes_next(gateway_standin, payment, support, status):
    refund = Refund.objects.create(
        salon=payment.salon, payment=payment, amount=Decimal("10.00"), reason="Late", status=status
    )
    client = browser(support)

    page, listed = client.get(url(refund)), client.get(changelist(Refund))

    assert str(NEXT_STEPS[status]) in html.unescape(text(page))
    assert f'title="{escape(NEXT_STEPS[status])}"' in listed.content.decode()


@pytest.mark.parametrize(
    ("method", "status", "amount", "said"),
    [
        ("cash", "approved", "10.00", "Hand the money over, then press “Carry out now”."),
        ("online", "not_applied", "57.51", "It is sent again by itself within minutes"),
        ("online", "not_applied", "57.50", "Look in the gateway's own pages whether it is there"),
    ],
)
def test_what_comes_next_depends_on_the_way_and_on_what_still_fits(method, status, amount, said):
    payment = Payment(method=method, captured_amount=Decimal("115.00"), refunded_amount=Decimal(0))
    way = Refund.Way.BY_HAND if method == "cash" else Refund.Way.REFUND

    refund = Refund(payment=payment, amount=Decimal(amount), status=status, way=way, attempt=1)

    assert said in next_step(refund)


@pytest.mark.parametrize(("amount", "said"), [("57.51", "It is sent again by itself."), ("57.50", "give it up.")])
def test_what_was_not_carried_out_is_told_with_what_follows(amount, said):
    payment = Payment(captured_amount=Decimal("115.00"), refunded_amount=Decimal(0))
    refund = Refund(payment=payment, amount=Decimal(amount), status="not_applied", failure_reason=reasons.NOT_SHOWN)

    level, sentence = outcome(refund)

    assert (level, said in sentence) == (ERROR, True)
    assert "were not refunded so far: the gateway shows no refund." in sentence


def test_rf12_the_list_and_the_page_show_who_rejected_and_why(gateway_standin, payment, house, support):
    house.salon.refund_limit = Decimal(0)
    house.salon.save()
    ask(browser(support), payment)
    refund = Refund.objects.get()
    browser(house.manager).post(url(refund, "reject_action"), SUBMITTED | {"reason": "No grounds"})

    listed, page = (text(browser(support).get(address)) for address in (changelist(Refund), url(refund)))

    assert f"rejected (No grounds) · {house.manager}" in listed
    assert str(house.manager) in page
    assert "No grounds" in page


# --- A person decides ---


@pytest.fixture
def stopped(gateway_standin, payment, support):
    """57.50 SAR that 10.00 SAR refunded in the dashboard have stopped."""
    gateway_standin.control.dashboard("refund", payment.gateway_payment_id, 1000)
    ask(browser(support), payment, amount="57.50")
    return Refund.objects.get(status=Refund.Status.REVIEW)


@pytest.fixture
def not_applied(gateway_standin, payment, support, clock):
    gateway_standin.control.inject("refund", "reset_before")
    ask(browser(support), payment, amount="50.00")
    pass_by(clock, *SCHEDULE)
    return Refund.objects.get(status=Refund.Status.NOT_APPLIED)


def choices_of(answer):
    return [value for value, _label in answer.context["form"].fields["finding"].choices]


def test_the_decision_shows_the_gateways_total_and_offers_what_it_proves(gateway_standin, payment, stopped, house):
    client, before = browser(house.manager), counts()

    dialog = client.get(url(stopped, "decide_action"))

    assert (
        "Received 115.00 SAR Refunded, by our books 10.00 SAR Refunded, by the gateway 10.00 SAR This refund 57.50 SAR"
    ) in text(dialog)
    assert choices_of(dialog) == ["send", "not_wanted"]
    assert counts() == before
    said = SUBMITTED | {"finding": "send", "reason": "Still wanted"}
    answer = client.post(url(stopped, "decide_action"), said)
    assert messages(answer) == [("success", "57.50 SAR were refunded.")]
    assert amounts(payment) == ("115.00", "67.50", "0.00")
    assert "Still wanted" in text(client.get(url(stopped)))


@pytest.mark.parametrize(
    "said",
    [{"finding": "carried_out", "reason": "x"}, {"finding": "", "reason": "x"}, {"finding": "send", "reason": " "}],
    ids=["not offered", "nothing said", "no reason"],
)
def test_a_decision_without_proof_or_words_changes_nothing(gateway_standin, payment, stopped, house, said):
    before = counts()

    answer = browser(house.manager).post(url(stopped, "decide_action"), SUBMITTED | said)

    assert "HX-Redirect" not in answer.headers
    assert counts() == before
    assert (reload(stopped).status, amounts(payment)) == ("review", ("115.00", "10.00", "57.50"))


def test_a_decision_while_the_gateway_is_silent_offers_nothing(gateway_standin, stopped, house):
    gateway_standin.control.inject("fetch_payment", "error_503")

    dialog = browser(house.manager).get(url(stopped, "decide_action"))

    assert choices_of(dialog) == []
    assert "The payment service does not answer right now." in text(dialog)


def test_a_stale_session_is_led_to_the_proof_before_it_decides(gateway_standin, payment, stopped, house, clock):
    house.salon.refund_limit = Decimal(50)
    house.salon.save()
    client = browser(house.manager)
    clock.shift(301)

    answer = client.post(url(stopped, "decide_action"), SUBMITTED | {"finding": "not_wanted", "reason": "x"})

    assert messages(answer) == [("info", "Please confirm that it is you. Then do it again.")]
    assert reload(stopped).status == Refund.Status.REVIEW


def test_sending_again_asks_whether_somebody_looked(gateway_standin, payment, not_applied, house):
    client, page = browser(house.manager), url(not_applied, "send_again_action")

    unlooked = client.post(page, SUBMITTED | {"reason": "Not there"})
    assert ("HX-Redirect" in unlooked.headers, reload(not_applied).status) == (False, "not_applied")
    answer = client.post(page, SUBMITTED | {"reason": "Not there", "looked": "on"})

    assert messages(answer) == [("success", "50.00 SAR were refunded.")]
    assert amounts(payment) == ("115.00", "50.00", "0.00")


def test_giving_up_is_told_and_frees_the_amount(gateway_standin, payment, not_applied, house):
    answer = browser(house.manager).post(url(not_applied, "give_up_action"), SUBMITTED | {"reason": "Paid in cash"})

    assert messages(answer) == [("success", "The refund was given up. The amount is free again.")]
    assert amounts(payment) == ("115.00", "0.00", "0.00")
    assert "given up by a person (Paid in cash)" in text(browser(house.manager).get(url(not_applied)))
