from decimal import Decimal

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from apps.common.money import (
    VAT_RATE,
    display_money,
    from_halalas,
    percentage,
    round_money,
    to_halalas,
    vat_included,
)

amounts = st.decimals(min_value=0, max_value=10**8, places=2)


@pytest.mark.parametrize(
    ("gross", "vat"),
    [
        pytest.param("115.00", "15.00", id="VAT01"),
        pytest.param("345.50", "45.07", id="VAT02"),
        pytest.param("10.00", "1.30", id="VAT03"),
        pytest.param("11.00", "1.43", id="VAT03"),
        pytest.param("12.00", "1.57", id="VAT03"),
        pytest.param("33.00", "4.30", id="VAT03"),
        pytest.param("0.01", "0.00", id="smallest"),
        pytest.param("0.00", "0.00", id="free"),
    ],
)
def test_vat_is_taken_out_of_the_gross_price(gross, vat):
    assert vat_included(Decimal(gross), VAT_RATE) == Decimal(vat)
    assert str(vat_included(Decimal(gross), VAT_RATE)) == vat


def test_recomputing_vat_from_the_rounded_net_would_break_261_whole_prices():
    """VAT03: this is why it is stored once."""
    broken = [
        price
        for price in map(Decimal, range(1, 2001))
        if percentage(price - vat_included(price, VAT_RATE), 15) != vat_included(price, VAT_RATE)
    ]

    assert len(broken) == 261
    assert {Decimal(10), Decimal(11), Decimal(12), Decimal(33)} <= set(broken)


@given(amounts)
def test_net_and_vat_add_up_and_have_two_places(gross):
    vat = vat_included(gross, VAT_RATE)

    assert round_money(gross - vat) + vat == gross
    assert Decimal(0) <= vat <= gross
    assert vat == round_money(vat)


def test_sixty_times_nine_is_exact():
    """VAT06"""
    assert str(round_money(60 * Decimal("9.00"))) == "540.00"


@pytest.mark.parametrize(
    ("amount", "percent", "part"),
    [
        pytest.param("1091.50", 15, "163.73", id="VAT07 half up, not to even"),
        pytest.param("99.99", 30, "30.00", id="PAY14"),
        pytest.param("345.50", Decimal("12.5"), "43.19", id="fraction of a percent"),
        pytest.param("0.01", 50, "0.01", id="half up"),
        pytest.param("80.00", 0, "0.00", id="none"),
        pytest.param("80.00", 100, "80.00", id="all"),
    ],
)
def test_a_percentage_is_rounded_half_up_once(amount, percent, part):
    assert str(percentage(Decimal(amount), percent)) == part


def test_deposit_and_rest_make_the_total():
    """PAY14"""
    total = Decimal("99.99")
    assert str(total - percentage(total, 30)) == "69.99"


@pytest.mark.parametrize(
    ("amount", "halalas"), [("345.50", 34550), ("19.99", 1999), ("0", 0), ("1E+2", 10000), ("0.01", 1)]
)
def test_amounts_become_whole_halalas_without_a_float(amount, halalas):
    """PAY01"""
    result = to_halalas(Decimal(amount))

    assert result == halalas
    assert type(result) is int


@pytest.mark.parametrize("amount", ["0.001", "345.505", "1E-3"])
def test_a_part_of_a_halala_is_refused(amount):
    with pytest.raises(ValueError, match="more than two decimal places"):
        to_halalas(Decimal(amount))


@given(amounts)
def test_halalas_lead_back_to_the_amount(amount):
    assert from_halalas(to_halalas(amount)) == amount
    assert from_halalas(to_halalas(amount)).as_tuple().exponent == -2


def test_money_is_shown_with_its_currency():
    with translation.override("en"):
        assert display_money(Decimal("1234.5")) == "1,234.50 SAR"
