"""A frozen payment has a way out: a person decides, and only what the gateway shows at that moment moves money."""

from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from apps.bookings import services as bookings
from apps.bookings.models import Booking
from apps.common.errors import Forbidden, InvalidTransition
from apps.payments import reasons, services
from apps.payments.errors import NotShownByGateway, OwnBooking
from apps.payments.models import Payment, ReconciliationFinding, Refund
from apps.payments.services.reviews import money_shown
from apps.payments.tests.pages import SUBMITTED, browser, url
from apps.payments.tests.support import amounts, link, reload, states_of, truth
from apps.payments.tests.test_wallets import charge
from project.invariants import breaches

pytestmark = pytest.mark.django_db(transaction=True)
Status = Payment.Status
WHY = "A coupon at the gateway; agreed with the owner"


def short(standin, booking, discount=1500):
    """A payment of 115.00 under which a coupon of the gateway's let the customer pay less."""
    payment = link(booking)
    standin.control.switch(coupon_discount=discount)
    standin.control.pay(payment.gateway_invoice_id)
    payment = services.refresh_payment(payment_id=payment.pk)
    assert (payment.status, payment.failure_reason) == (Status.REVIEW, reasons.OTHER_AMOUNT_PAID)
    assert payment.gateway_amount == Decimal("100.00")
    return payment


def decision(support, payment):
    return {"actor": support, "payment_id": payment.pk, "explanation": WHY}


def test_accepted_money_is_what_the_gateway_shows_and_the_hold_waits_for_the_rest(
    gateway_standin, prepaid, book, support
):
    booking = book(prepaid)
    payment = short(gateway_standin, booking)

    services.accept_payment(**decision(support, payment))

    assert (reload(payment).status, amounts(payment)) == (Status.PAID, ("100.00", "0.00", "0.00"))
    assert states_of(payment)[-1] == (Status.PAID, support.pk, WHY)
    assert (reload(payment).failure_reason, reload(payment).checked_at) == ("", timezone.now())
    assert reload(booking).status == Booking.Status.PENDING
    services.record_payment(actor=prepaid.manager, booking_id=booking.pk, amount=Decimal(15), method="cash")
    assert reload(booking).status == Booking.Status.CONFIRMED


def test_money_sent_back_is_recorded_first_and_leaves_in_full(gateway_standin, prepaid, book, support):
    booking = book(prepaid)
    payment = short(gateway_standin, booking)

    services.return_payment(**decision(support, payment))

    assert amounts(payment) == ("100.00", "100.00", "0.00")
    refund = Refund.objects.get()
    assert (refund.amount, refund.reason, refund.requested_by) == (Decimal("100.00"), WHY, support)
    assert (Status.PAID, support.pk, WHY) in states_of(payment)
    assert truth(gateway_standin, reload(payment).gateway_payment_id)["status"] in {"refunded", "voided"}
    assert reload(booking).status == Booking.Status.PENDING


@pytest.mark.parametrize(
    ("decide", "rest"),
    [(services.accept_payment, None), (services.return_payment, (Refund.Status.SUCCEEDED, Decimal("85.00")))],
)
def test_what_the_gateway_gave_back_before_the_decision_is_recorded_with_it(
    gateway_standin, prepaid, book, support, decide, rest
):
    payment = short(gateway_standin, book(prepaid))
    [theirs] = gateway_standin.control.report()["payments"]
    gateway_standin.control.dashboard("refund", theirs["id"], 1500)

    decide(**decision(support, payment))

    told = Refund.objects.order_by("amount").values_list("status", "amount")
    assert list(told) == [(Refund.Status.EXTERNAL, Decimal("15.00")), *([rest] if rest else [])]
    assert amounts(payment) == ("100.00", "100.00" if rest else "15.00", "0.00")
    assert list(breaches()) == []


def test_a_payment_with_money_cannot_be_closed(gateway_standin, prepaid, book, support):
    payment = short(gateway_standin, book(prepaid))

    with pytest.raises(NotShownByGateway):
        services.close_payment(**decision(support, payment))

    assert (reload(payment).status, amounts(payment)) == (Status.REVIEW, ("0.00", "0.00", "0.00"))


def test_a_payment_without_money_is_closed_and_the_customer_may_pay_again(gateway_standin, prepaid, book, support):
    booking = book(prepaid)
    payment = link(booking)
    Payment.objects.filter(pk=payment.pk).update(status=Status.REVIEW)

    with pytest.raises(NotShownByGateway):
        services.accept_payment(**decision(support, payment))
    assert reload(payment).status == Status.REVIEW

    services.close_payment(**decision(support, payment))

    assert (reload(payment).status, reload(payment).failure_reason) == (Status.FAILED, "")
    assert states_of(payment)[-1] == (Status.FAILED, support.pk, WHY)
    assert link(booking).status == Status.INITIATED


def test_of_two_payments_under_a_frozen_link_the_earlier_one_is_accepted(
    gateway_standin, prepaid, book, support, clock
):
    payment = link(book(prepaid))
    Payment.objects.filter(pk=payment.pk).update(status=Status.REVIEW)
    gateway_standin.control.switch(allow_double_payment=True)
    for _ in range(6):
        gateway_standin.control.pay(payment.gateway_invoice_id)
        clock.shift(1)

    services.accept_payment(**decision(support, payment))

    first = min(gateway_standin.control.report()["payments"], key=lambda one: one["created_at"])
    assert reload(payment).gateway_payment_id == first["id"]


def test_a_charge_is_shown_as_well_as_a_link(gateway_standin, prepaid, book):
    payment = charge(book(prepaid))

    assert money_shown(reload(payment)).id == str(payment.pk)
    assert money_shown(Payment(source=Payment.Source.TOKEN)) is None


def test_money_that_another_row_has_is_not_taken_twice(gateway_standin, prepaid, book, support):
    booking = book(prepaid)
    payment = short(gateway_standin, booking)
    theirs = reload(payment).gateway_payment_id
    Payment.objects.filter(pk=payment.pk).update(gateway_payment_id="")
    other = book(prepaid, hours=29)
    Payment.objects.create(
        salon=prepaid.salon,
        booking=other,
        amount=115,
        status=Status.PAID,
        captured_amount=115,
        gateway_payment_id=theirs,
    )

    with pytest.raises(NotShownByGateway):
        services.accept_payment(**decision(support, payment))

    assert (reload(payment).status, amounts(payment)) == (Status.REVIEW, ("0.00", "0.00", "0.00"))


def test_who_may_not_decide_changes_nothing(gateway_standin, prepaid, book):
    payment = short(gateway_standin, book(prepaid))
    calls = gateway_standin.control.report()["calls"]

    for decide in (services.accept_payment, services.return_payment, services.close_payment):
        with pytest.raises(Forbidden):
            decide(**decision(prepaid.customer, payment))

    assert reload(payment).status == Status.REVIEW
    assert gateway_standin.control.report()["calls"] == calls


def test_only_a_frozen_payment_is_decided(gateway_standin, prepaid, book, support):
    payment = link(book(prepaid))

    with pytest.raises(InvalidTransition):
        services.accept_payment(**decision(support, payment))

    assert reload(payment).status == Status.INITIATED


def test_the_page_offers_the_decision_and_says_what_the_gateway_shows(gateway_standin, prepaid, book, support):
    payment = short(gateway_standin, book(prepaid))
    client = browser(support)

    page = client.get(reverse("admin:payments_payment_change", args=[payment.pk])).text
    asked = client.get(url(payment, "accept_action")).text
    client.post(url(payment, "accept_action"), SUBMITTED | {"reason": WHY})

    assert "The gateway shows something that does not fit." in page
    assert "115.00" in asked
    assert "100.00" in asked
    assert reload(payment).status == Status.PAID


# --- Links and reservations nobody should complete any more ---


def test_cancelling_a_partly_paid_booking_withdraws_its_open_link(gateway_standin, house, book):
    booking = book(house)
    services.record_payment(actor=house.manager, booking_id=booking.pk, amount=Decimal(15), method="cash")
    payment = link(booking)
    assert payment.amount == Decimal("100.00")

    bookings.cancel_booking(actor=house.manager, booking_id=booking.pk, by=Booking.CancelledBy.SALON)

    assert reload(payment).status == Status.EXPIRED
    assert gateway_standin.control.report()["invoices"][0]["status"] == "canceled"


def test_paying_the_rest_in_cash_withdraws_the_open_link(gateway_standin, house, book):
    booking = book(house)
    payment = link(booking)

    services.record_payment(actor=house.manager, booking_id=booking.pk, amount=Decimal(115), method="cash")

    assert reload(payment).status == Status.EXPIRED
    assert gateway_standin.control.report()["invoices"][0]["status"] == "canceled"


def test_a_link_that_could_not_be_withdrawn_is_withdrawn_by_the_pass(gateway_standin, house, book, clock):
    booking = book(house)
    payment = link(booking)
    gateway_standin.control.inject("cancel_invoice", "error_503")
    services.record_payment(actor=house.manager, booking_id=booking.pk, amount=Decimal(115), method="cash")
    assert reload(payment).status == Status.INITIATED

    clock.shift(11)
    services.resolve_payments()

    assert reload(payment).status == Status.EXPIRED


def test_b5_a_link_paid_while_the_booking_is_called_off_is_found_when_it_is_withdrawn(gateway_standin, house, book):
    booking = book(house)
    payment = link(booking)
    gateway_standin.control.pay(payment.gateway_invoice_id)

    bookings.cancel_booking(actor=house.manager, booking_id=booking.pk, by=Booking.CancelledBy.SALON)

    assert amounts(payment) == ("115.00", "115.00", "0.00")
    assert reload(booking).status == Booking.Status.CANCELLED


def test_money_accepted_as_less_agrees_with_what_is_paid_out(gateway_standin, prepaid, book, support):
    payment = short(gateway_standin, book(prepaid))
    services.accept_payment(**decision(support, payment))
    services.refresh_payment(payment_id=payment.pk)
    assert reload(payment).failure_reason == ""

    gateway_standin.control.settle()
    services.reconcile_payments()

    assert list(ReconciliationFinding.objects.values_list("kind", "ours", "theirs")) == []


def test_nobody_sends_back_the_money_of_a_visit_of_their_own(gateway_standin, prepaid, book):
    payment = short(gateway_standin, book(prepaid, person=prepaid.manager))

    with pytest.raises(OwnBooking):
        services.return_payment(**decision(prepaid.manager, payment))
