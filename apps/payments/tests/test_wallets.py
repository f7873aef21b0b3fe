"""Saved cards and phone wallets: money is reserved first, and taken or let go as the visit says."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from apps.bookings import services as bookings
from apps.bookings.models import Booking
from apps.common.errors import Forbidden, InvalidTransition
from apps.payments import services
from apps.payments.errors import GatewayUnavailable, NothingToPay, OwnBooking, PaymentInProgress
from apps.payments.events import PaymentReceived, PaymentReserved
from apps.payments.models import MoneyEvent, Payment, Refund, TaxDocument
from apps.payments.moyasar import MoyasarClient
from apps.payments.selectors import amount_due, outstanding_amount
from apps.payments.services import payments as taking
from apps.payments.services import resolving
from apps.payments.standin.cards import APPROVED_CARD, DECLINED_CARD
from apps.payments.tests.support import RETURN_URL, amounts, link, reload, states_of, truth

pytestmark = pytest.mark.django_db(transaction=True)
Status = Payment.Status
PAYS_AT_ONCE = "4111114005765430"  # no question by the bank


def charge(booking, token=PAYS_AT_ONCE, source="token"):
    wallet = services.Wallet(source, f"token_{token}")
    return services.start_payment(
        actor=booking.customer.user, booking_id=booking.pk, return_url=RETURN_URL, wallet=wallet
    )


def answer_bank(standin, payment, *, approves=True):
    standin.control._payments.answer_challenge(str(payment.pk), authenticated=approves)


def cancel(booking, by="salon"):
    return bookings.cancel_booking(actor=booking.customer.user, booking_id=booking.pk, by=by)


def test_an_advance_is_reserved_and_taken_at_once_under_our_own_key(gateway_standin, prepaid, book, news):
    booking = book(prepaid)

    payment = reload(charge(booking))

    assert (payment.status, payment.gateway_payment_id, payment.source) == (Status.CAPTURED, str(payment.pk), "token")
    assert payment.payment_url == ""
    assert amounts(payment) == ("115.00", "0.00", "0.00")
    assert reload(booking).status == Booking.Status.CONFIRMED
    assert [state for state, _who, _why in states_of(payment)] == ["created", "submitted", "authorized", "captured"]
    assert gateway_standin.control.report()["executed"] == {"create_payment": 1, "capture": 1}
    assert TaxDocument.objects.count() == 1
    about = (payment.pk, booking.pk)
    assert news.of("payments") == [PaymentReserved(*about), PaymentReceived(*about)]


@pytest.mark.parametrize("source", ["token", "applepay", "samsungpay"])
def test_the_gateway_is_told_what_the_customer_pays_with(gateway_standin, house, book, monkeypatch, source):
    create, told = MoyasarClient.create_payment, []

    def listening(client, **said):
        told.append((said["source_type"], said["given_id"], said["manual"]))
        return create(client, **said)

    monkeypatch.setattr(MoyasarClient, "create_payment", listening)

    payment = charge(book(house), source=source)

    assert told == [(source, str(payment.pk), True)]


def test_a_call_that_reaches_the_gateway_twice_is_one_charge(gateway_standin, house, book, monkeypatch):
    create = MoyasarClient.create_payment

    def twice(client, **said):
        create(client, **said)
        return create(client, **said)

    monkeypatch.setattr(MoyasarClient, "create_payment", twice)

    payment = charge(book(house))

    assert (payment.status, payment.gateway_payment_id) == (Status.AUTHORIZED, str(payment.pk))
    assert gateway_standin.control.report()["executed"] == {"create_payment": 1}


def test_the_token_is_kept_nowhere(gateway_standin, prepaid, book, caplog):
    payment = charge(book(prepaid))

    told = [*Payment.history.values(), *Payment.objects.values(), *MoneyEvent.objects.values()]
    assert PAYS_AT_ONCE not in f"{told} {caplog.text}"
    assert payment.status == Status.AUTHORIZED


def test_the_price_of_a_firm_visit_stays_reserved_until_the_visit_took_place(gateway_standin, house, book, clock):
    booking = book(house)

    payment = reload(charge(booking))

    assert (payment.status, amounts(payment)) == (Status.AUTHORIZED, ("0.00", "0.00", "0.00"))
    assert (amount_due(booking), outstanding_amount(booking)) == (Decimal("0.00"), Decimal("0.00"))
    assert not TaxDocument.objects.exists()
    with pytest.raises(NothingToPay):
        link(booking)

    clock.shift(timedelta(hours=28))
    bookings.mark_arrived(actor=house.manager, booking_id=booking.pk)
    bookings.complete_booking(actor=house.manager, booking_id=booking.pk)

    assert (reload(payment).status, amounts(payment)) == (Status.CAPTURED, ("115.00", "0.00", "0.00"))
    assert truth(gateway_standin, str(payment.pk))["captured"] == 11500


def test_of_a_visit_called_off_late_only_the_fee_is_taken(gateway_standin, house, book):
    booking = book(house, hours=27)
    payment = charge(booking)
    Booking.objects.filter(pk=booking.pk).update(protected_starts_at=timezone.now() + timedelta(hours=2))

    cancel(booking, by="customer")

    booking, payment = reload(booking), reload(payment)
    assert booking.cancellation_fee_amount == Decimal("57.50")
    assert (payment.status, amounts(payment)) == (Status.CAPTURED, ("57.50", "0.00", "0.00"))
    assert truth(gateway_standin, str(payment.pk))["captured"] == 5750
    assert TaxDocument.objects.get().gross_amount == Decimal("57.50")
    assert not Refund.objects.exists()


def test_rf19_a_visit_called_off_by_the_salon_lets_the_money_go(gateway_standin, house, book):
    booking = book(house)
    payment = charge(booking)

    cancel(booking)

    assert (reload(payment).status, amounts(payment)) == (Status.VOIDED, ("0.00", "0.00", "0.00"))
    assert gateway_standin.control.report()["executed"] == {"create_payment": 1, "void": 1}
    assert not Refund.objects.exists()


def test_a_visit_beyond_what_banks_keep_is_paid_at_once(gateway_standin, house, book):
    payment = charge(book(house, hours=24 * 8 + 3))

    assert reload(payment).status == Status.CAPTURED


def test_pay12_a_reservation_is_let_go_before_the_bank_does(gateway_standin, house, book, clock):
    booking = book(house)
    payment = charge(booking)
    clock.shift(timedelta(days=12, hours=23))
    services.resolve_payments()
    assert reload(payment).status == Status.AUTHORIZED

    clock.shift(timedelta(hours=2))
    services.resolve_payments()

    assert reload(payment).status == Status.VOIDED
    assert outstanding_amount(reload(booking)) == Decimal("115.00")


def test_a_declined_card_says_why_and_the_customer_may_try_another(gateway_standin, prepaid, book):
    booking = book(prepaid)

    refused = charge(booking, DECLINED_CARD)

    assert (refused.status, refused.decline) == (Status.FAILED, Payment.Decline.INSUFFICIENT_FUNDS)
    assert reload(booking).status == Booking.Status.PENDING
    assert reload(charge(booking)).status == Status.CAPTURED
    assert reload(booking).status == Booking.Status.CONFIRMED


def test_the_bank_may_ask_first(gateway_standin, prepaid, book):
    booking = book(prepaid)
    payment = charge(booking, APPROVED_CARD)
    assert (payment.status, payment.payment_url) == (
        Status.INITIATED,
        f"{gateway_standin.url}/card_auth/{payment.pk}",
    )

    answer_bank(gateway_standin, payment)
    services.refresh_payment(payment_id=payment.pk)

    assert (reload(payment).status, reload(booking).status) == (Status.CAPTURED, Booking.Status.CONFIRMED)


def test_a_payer_whom_the_bank_cannot_confirm_is_told_so(gateway_standin, prepaid, book):
    booking = book(prepaid)
    payment = charge(booking, APPROVED_CARD)

    answer_bank(gateway_standin, payment, approves=False)
    payment = services.refresh_payment(payment_id=payment.pk)

    assert (payment.status, payment.decline) == (Status.FAILED, Payment.Decline.NOT_AUTHENTICATED)
    assert reload(booking).status == Booking.Status.PENDING


def test_a_payer_at_the_banks_page_gets_more_time_once(gateway_standin, prepaid, book, clock):
    booking = book(prepaid)
    until = booking.hold_expires_at
    payment = charge(booking, APPROVED_CARD)
    assert reload(booking).hold_expires_at == until + timedelta(minutes=10)

    clock.shift(timedelta(minutes=14))
    services.refresh_payment(payment_id=payment.pk)
    assert reload(booking).hold_expires_at == until + timedelta(minutes=10)

    clock.shift(timedelta(minutes=12))
    assert bookings.expire_holds() == 1


def test_row6_money_reserved_after_the_hold_ran_out_is_let_go(gateway_standin, prepaid, book, clock):
    booking = book(prepaid)
    payment = charge(booking, APPROVED_CARD)
    clock.shift(timedelta(minutes=26))
    bookings.expire_holds()

    answer_bank(gateway_standin, payment)
    services.resolve_payments()

    assert (reload(payment).status, reload(booking).status) == (Status.VOIDED, Booking.Status.EXPIRED)
    assert gateway_standin.control.report()["executed"] == {"create_payment": 1, "void": 1}


def test_pay10_a_payer_who_never_comes_back_ends_with_the_hold_and_is_closed_a_day_later(
    gateway_standin, prepaid, book, clock
):
    booking = book(prepaid)
    payment = charge(booking, APPROVED_CARD)
    clock.shift(timedelta(minutes=26))
    bookings.expire_holds()
    services.resolve_payments()
    assert (reload(payment).status, reload(booking).status) == (Status.INITIATED, Booking.Status.EXPIRED)

    clock.shift(timedelta(hours=24))
    services.resolve_payments()

    assert reload(payment).status == Status.EXPIRED
    assert reload(payment).next_check_at is None


def test_row13_a_lost_answer_is_found_under_our_key_and_nothing_is_charged_twice(
    gateway_standin, prepaid, book, clock, impatient
):
    booking = book(prepaid)
    gateway_standin.control.inject("create_payment", "timeout_after")
    with pytest.raises(GatewayUnavailable):
        charge(booking)
    payment = Payment.objects.get()
    assert payment.status == Status.UNKNOWN

    clock.shift(timedelta(seconds=11))
    services.resolve_payments()

    assert (reload(payment).status, reload(booking).status) == (Status.CAPTURED, Booking.Status.CONFIRMED)
    assert gateway_standin.control.report()["executed"] == {"create_payment": 1, "capture": 1}


def test_row14_a_lost_request_fails_and_the_customer_pays_again(gateway_standin, prepaid, book, clock, impatient):
    booking = book(prepaid)
    gateway_standin.control.inject("create_payment", "timeout_before")
    with pytest.raises(GatewayUnavailable):
        charge(booking)

    assert reload(charge(booking)).status == Status.CAPTURED

    assert sorted(Payment.objects.values_list("status", flat=True)) == ["captured", "failed"]
    assert gateway_standin.control.report()["executed"] == {"create_payment": 1, "capture": 1}


def test_a_capture_whose_answer_is_lost_is_found_by_reading(gateway_standin, prepaid, book, clock, impatient):
    booking = book(prepaid)
    gateway_standin.control.inject("capture", "timeout_after")
    payment = charge(booking)
    assert reload(payment).status == Status.AUTHORIZED

    clock.shift(timedelta(seconds=11))
    services.resolve_payments()

    assert (reload(payment).status, reload(booking).status) == (Status.CAPTURED, Booking.Status.CONFIRMED)
    assert gateway_standin.control.report()["executed"]["capture"] == 1


def test_what_cannot_be_taken_now_is_tried_again_after_growing_pauses(gateway_standin, prepaid, book, clock):
    gateway_standin.control.inject("capture", "error_500", times=3)
    payment = charge(book(prepaid))
    waits = []
    for _ in range(3):
        payment = reload(payment)
        waits.append((payment.status, payment.check_count, payment.next_check_at - timezone.now()))
        clock.shift(waits[-1][-1])
        services.resolve_payments()

    assert waits == [
        (Status.AUTHORIZED, count, timedelta(seconds=seconds)) for count, seconds in ((0, 10), (1, 30), (2, 120))
    ]
    assert reload(payment).status == Status.CAPTURED


def test_a_payment_that_cannot_be_read_is_tried_again_after_growing_pauses(gateway_standin, house, book, clock):
    payment = charge(book(house), APPROVED_CARD)
    gateway_standin.control.inject("fetch_payment", "error_500", times=9)
    waits = []
    for _ in range(6):
        payment = reload(payment)
        waits.append((payment.check_count, int((payment.next_check_at - timezone.now()).total_seconds())))
        clock.shift(waits[-1][-1])
        services.resolve_payments()

    assert waits == [(0, 10), (1, 10), (2, 30), (3, 120), (4, 600), (5, 3600)]


def test_a_payment_that_fails_keeps_no_other_waiting_and_a_defect_shows_where(
    gateway_standin, house, book, clock, caplog, monkeypatch
):
    first, second = (charge(book(house, hours=hours), APPROVED_CARD) for hours in (27, 28))
    clock.shift(10)
    read = resolving.refresh_payment

    def broken(*, payment_id):
        if payment_id == first.pk:
            raise ZeroDivisionError("of ours")
        return read(payment_id=payment_id)

    monkeypatch.setattr(resolving, "refresh_payment", broken)
    gateway_standin.control.inject("fetch_payment", "error_500")

    assert services.resolve_payments() == 2

    told = [one for one in caplog.records if one.name == resolving.__name__]
    outage, defect = sorted(told, key=lambda one: bool(one.exc_info))
    assert defect.getMessage() == f"payment {first.pk} could not be resolved: of ours"
    assert outage.getMessage().startswith(f"payment {second.pk} could not be resolved: fetch_payment")
    assert (defect.exc_info[0], bool(outage.exc_info)) == (ZeroDivisionError, False)
    assert set(Payment.objects.values_list("check_count", flat=True)) == {1}


def test_whose_turn_came_first_is_looked_at_first(gateway_standin, house, book, clock):
    late, early = (charge(book(house, hours=hours), APPROVED_CARD) for hours in (27, 28))
    now = timezone.now()
    for payment, turn in ((late, 60), (early, 50)):
        Payment.objects.filter(pk=payment.pk).update(next_check_at=now + timedelta(seconds=turn))
    assert services.resolve_payments() == 0

    clock.shift(60)

    assert services.resolve_payments(limit=1) == 1
    assert (reload(early).check_count, reload(late).check_count) == (1, 0)
    assert gateway_standin.control.report()["calls"]["fetch_payment"] == 1


def test_only_the_money_of_the_booking_that_changed_is_brought_into_line(gateway_standin, house, book):
    bookings_of = [book(house, hours=hours) for hours in (27, 28)]
    one, other = (charge(booking) for booking in bookings_of)
    Booking.objects.update(status=Booking.Status.CANCELLED, cancelled_by="salon")

    services.tidy_up(booking_id=bookings_of[0].pk)

    assert (reload(one).status, reload(other).status) == (Status.VOIDED, Status.AUTHORIZED)


def test_money_that_somebody_took_in_the_dashboard_is_taken_once(gateway_standin, house, book):
    payment = charge(book(house))
    gateway_standin.control.dashboard("capture", payment.gateway_payment_id)

    taken = services.take_reserved(actor=house.manager, payment_id=payment.pk)

    assert (taken.status, amounts(payment)) == (Status.CAPTURED, ("115.00", "0.00", "0.00"))
    assert truth(gateway_standin, str(payment.pk))["captured"] == 11500


def test_a_fee_of_one_riyal_is_taken_and_the_rest_let_go(gateway_standin, house, book):
    booking = book(house)
    payment = charge(booking)
    Booking.objects.filter(pk=booking.pk).update(
        status=Booking.Status.CANCELLED, cancelled_by="customer", cancellation_fee_amount=1
    )

    services.tidy_up(booking_id=booking.pk)

    assert (reload(payment).status, amounts(payment)) == (Status.CAPTURED, ("1.00", "0.00", "0.00"))


def test_a_link_makes_way_for_a_card_and_cannot_be_paid_any_more(gateway_standin, prepaid, book):
    booking = book(prepaid)
    old = link(booking)

    payment = charge(booking)

    assert (reload(old).status, reload(payment).status) == (Status.EXPIRED, Status.CAPTURED)
    assert gateway_standin.control.report()["executed"]["cancel_invoice"] == 1


def test_an_unfinished_card_makes_way_for_a_link_and_late_money_of_it_is_let_go(gateway_standin, prepaid, book, clock):
    booking = book(prepaid)
    old = charge(booking, APPROVED_CARD)
    new = link(booking)
    gateway_standin.control.pay(new.gateway_invoice_id)
    services.refresh_payment(payment_id=new.pk)

    answer_bank(gateway_standin, old)
    services.refresh_payment(payment_id=old.pk)

    assert (reload(old).status, reload(new).status) == (Status.VOIDED, Status.PAID)
    assert amounts(old) == ("0.00", "0.00", "0.00")


def test_a_person_may_take_or_release_the_reserved_money(gateway_standin, house, book, support):
    taken, released = (charge(book(house, hours=hours)) for hours in (27, 28))

    services.take_reserved(actor=house.manager, payment_id=taken.pk)
    services.release_reserved(actor=support, payment_id=released.pk)

    assert (reload(taken).status, reload(released).status) == (Status.CAPTURED, Status.VOIDED)
    with pytest.raises(InvalidTransition):
        services.release_reserved(actor=support, payment_id=taken.pk)
    with pytest.raises(Forbidden):
        services.take_reserved(actor=house.customer, payment_id=taken.pk)
    assert gateway_standin.control.report()["executed"] == {"create_payment": 2, "capture": 1, "void": 1}


@pytest.mark.parametrize(
    "wallet",
    [
        {"type": "creditcard", "token": "4201320111111010"},
        {"type": "link", "token": "x"},
        {"type": "token"},
        {"type": "token", "token": ""},
        {"type": "token", "token": "x" * 16_385},
        {"type": "token", "token": "x", "amount": 1},
        "token",
    ],
)
def test_a_wallet_that_is_none_is_refused_and_nothing_is_asked_of_the_gateway(
    api, bearer, gateway_standin, prepaid, book, wallet
):
    booking = book(prepaid)

    answer = api.post(
        f"/api/v1/bookings/{booking.pk}/payment/",
        {"wallet": wallet},
        format="json",
        headers=bearer(prepaid.customer, "key-1"),
    )

    assert answer.status_code == 400
    assert not Payment.objects.exists()
    assert gateway_standin.control.report()["calls"] == {}


def test_the_api_pays_with_a_wallet_and_tells_a_refusal_in_the_callers_language(
    api, bearer, gateway_standin, prepaid, book
):
    booking = book(prepaid)
    url, headers = f"/api/v1/bookings/{booking.pk}/payment/", bearer(prepaid.customer, "key-1")
    body = {"wallet": {"type": "token", "token": f"token_{DECLINED_CARD}"}}

    answer = api.post(url, body, format="json", headers=headers | {"accept-language": "ar"})

    assert (answer.status_code, answer.json()["status"], answer.json()["payment_url"]) == (201, "failed", None)
    assert answer.json()["failure"] == {
        "code": "insufficient_funds",
        "detail": "الرصيد في البطاقة أو المحفظة لا يكفي",
    }


def test_a_second_attempt_does_not_change_what_the_first_one_is_about_to_ask_for(
    gateway_standin, prepaid, book, clock, impatient, monkeypatch
):
    """Two tabs: one pays by card, the other asks for a link between the first one's row and its call."""
    booking = book(prepaid)
    mark, met = taking._mark_submitted, []

    def meanwhile(*args, **kwargs):
        if not met:
            met.append(taking._open_payment(booking.customer.user, booking.pk, Payment.Source.LINK))
        return mark(*args, **kwargs)

    monkeypatch.setattr(taking, "_mark_submitted", meanwhile)
    gateway_standin.control.inject("create_payment", "timeout_after")
    with pytest.raises((PaymentInProgress, GatewayUnavailable)):
        charge(booking)

    clock.shift(timedelta(seconds=11))
    services.resolve_payments()

    held = [one["id"] for one in gateway_standin.control.report()["payments"] if one["status"] == "authorized"]
    assert held == []


def test_a_superseded_charge_that_is_reserved_after_all_is_let_go(gateway_standin, house, book, clock):
    booking = book(house)
    old = charge(booking, APPROVED_CARD)
    clicked = link(booking)
    new = charge(booking)
    assert (reload(clicked).status, new.status) == (Status.EXPIRED, Status.AUTHORIZED)

    clock.shift(60)
    answer_bank(gateway_standin, old)
    services.refresh_payment(payment_id=old.pk)
    services.resolve_payments()

    assert (reload(old).status, reload(new).status) == (Status.VOIDED, Status.AUTHORIZED)


def test_a_hold_is_extended_once_whatever_the_payer_begins(gateway_standin, prepaid, book, clock):
    booking = book(prepaid)
    until = booking.hold_expires_at

    charge(booking, APPROVED_CARD)
    clock.shift(timedelta(minutes=12))
    second = link(booking)
    gateway_standin.control.begin_payment(second.gateway_invoice_id)
    services.refresh_payment(payment_id=second.pk)

    assert reload(booking).hold_expires_at == until + timedelta(minutes=10)


def test_nobody_lets_go_the_money_of_a_visit_of_their_own(gateway_standin, house, book):
    payment = charge(book(house, person=house.manager))

    with pytest.raises(OwnBooking):
        services.release_reserved(actor=house.manager, payment_id=payment.pk)
