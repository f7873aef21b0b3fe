"""Cash and card terminal: counted by a person, a payment like any other."""

from decimal import Decimal
from uuid import uuid4

import pytest
from django.urls import reverse

from apps.bookings.models import Booking
from apps.bookings.tests.conftest import open_salon
from apps.common.errors import Conflict, Forbidden
from apps.payments import services
from apps.payments.errors import AdvanceFirst, AmountInvalid, MoreThanDue, NothingToPay
from apps.payments.models import Payment, TaxDocument
from apps.payments.selectors import kept_amount
from apps.payments.tests.pages import browser
from apps.payments.tests.support import amounts, reload, states_of
from apps.salons.tests.factories import MembershipFactory

pytestmark = pytest.mark.django_db
Status = Payment.Status


@pytest.mark.parametrize("method", ["cash", "terminal"])
def test_money_taken_at_the_desk_is_a_payment_of_its_own(house, book, method):
    booking = book(house)

    payment = services.record_payment(
        actor=house.manager, booking_id=booking.pk, amount=Decimal("115.00"), method=method
    )

    assert (payment.status, payment.method, payment.recorded_by) == (Status.PAID, method, house.manager)
    assert amounts(payment) == ("115.00", "0.00", "0.00")
    assert kept_amount(booking) == Decimal("115.00")
    assert states_of(payment) == [(Status.PAID, house.manager.pk, "")]
    assert TaxDocument.objects.get().payment == payment


def test_pay16_cash_and_card_together_make_the_price(house, book):
    booking = book(house)

    services.record_payment(actor=house.manager, booking_id=booking.pk, amount=Decimal("15.50"), method="cash")
    services.record_payment(actor=house.manager, booking_id=booking.pk, amount=Decimal("99.50"), method="terminal")

    assert kept_amount(booking) == Decimal("115.00")
    with pytest.raises(NothingToPay):
        services.record_payment(actor=house.manager, booking_id=booking.pk, amount=Decimal("0.01"), method="cash")


@pytest.mark.parametrize(
    ("amount", "error"),
    [("115.01", MoreThanDue), ("0", AmountInvalid), ("-5", AmountInvalid), ("1.005", AmountInvalid)],
)
def test_an_amount_that_does_not_fit_is_refused_in_words_that_name_the_field(house, book, amount, error):
    booking = book(house)

    with pytest.raises(error) as refusal:
        services.record_payment(actor=house.manager, booking_id=booking.pk, amount=Decimal(amount), method="cash")

    words = {
        MoreThanDue: "At most 115.00 SAR are still due.",
        AmountInvalid: "Enter an amount greater than zero with at most two decimals, such as 120.50.",
    }
    assert (refusal.value.field, str(refusal.value)) == ("amount", words[error])
    assert not Payment.objects.exists()


def test_the_last_halala_can_be_paid(house, book):
    booking = book(house)

    for amount in ("114.99", "0.01"):
        services.record_payment(actor=house.manager, booking_id=booking.pk, amount=Decimal(amount), method="cash")

    assert kept_amount(booking) == Decimal("115.00")


def test_a_hold_becomes_firm_by_its_whole_advance_only(prepaid, book):
    booking = book(prepaid)

    with pytest.raises(AdvanceFirst) as refusal:
        services.record_payment(actor=prepaid.manager, booking_id=booking.pk, amount=Decimal("114.99"), method="cash")
    assert (refusal.value.field, str(refusal.value)) == (
        "amount",
        "At least 115.00 SAR have to be paid to make this booking firm.",
    )
    assert reload(booking).status == Booking.Status.PENDING
    services.record_payment(actor=prepaid.manager, booking_id=booking.pk, amount=Decimal("115.00"), method="cash")

    assert reload(booking).status == Booking.Status.CONFIRMED


def test_an_online_payment_is_never_recorded_by_hand(house, book):
    booking = book(house)

    with pytest.raises(ValueError, match="not taken at the desk"):
        services.record_payment(actor=house.manager, booking_id=booking.pk, amount=Decimal(115), method="online")

    assert not Payment.objects.exists()


def test_the_same_money_under_the_same_key_is_one_payment_and_other_money_is_refused(house, book):
    booking, key = book(house), uuid4()

    def take(**changes):
        said = {"actor": house.manager, "booking_id": booking.pk, "amount": Decimal("50.00"), "method": "cash"}
        return services.record_payment(**said | {"nonce": key} | changes)

    first = take()

    assert (first.pk, take()) == (key, first)
    for changes in (
        {"amount": Decimal("50.01")},
        {"method": "terminal"},
        {"booking_id": book(house, hours=30).pk},
        {"actor": MembershipFactory(salon=house.salon).user},
    ):
        with pytest.raises(Conflict):
            take(**changes)
    assert (Payment.objects.get(), first.history.count()) == (first, 1)


def test_a_double_click_at_the_desk_is_one_payment(house, book):
    booking = book(house)
    desk = browser(house.manager)
    page = reverse("admin:payments_payment_add")
    form = desk.get(page)
    said = {"reference": booking.reference, "method": "cash", "amount": "50.00"}
    hidden = form.context["adminform"].form
    said |= {field.html_name: field.value() for field in hidden.hidden_fields()}

    for _ in range(2):
        desk.post(page, said)

    assert Payment.objects.filter(booking=booking).count() == 1


def test_only_who_may_take_money_records_it(house, book):
    booking = book(house)

    for actor in (house.customer, open_salon().manager):
        with pytest.raises(Forbidden):
            services.record_payment(actor=actor, booking_id=booking.pk, amount=Decimal(115), method="cash")

    assert not Payment.objects.exists()
