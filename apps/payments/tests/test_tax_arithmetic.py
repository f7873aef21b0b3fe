"""Net, VAT and lines in whole halalas, for every price and every way to divide it."""

import base64
from datetime import datetime, timedelta, timezone
from decimal import ROUND_HALF_EVEN, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.common.money import CENT, VAT_RATE, percentage, round_money, vat_included
from apps.payments.tax import Line, allocate, credited, invoiced, qr_payload, within_bytes

RATES = st.sampled_from([Decimal("15.00"), Decimal("5.00"), Decimal("0.00")])
AMOUNTS = st.integers(1, 9_999_999).map(lambda halalas: Decimal(halalas) / 100)
SOME_AMOUNTS = st.lists(AMOUNTS, min_size=1, max_size=12)


def money(*texts):
    return [Decimal(text) for text in texts]


def items(amounts):
    return [("خدمة", "Service", amount) for amount in amounts]


def sums(lines):
    return tuple(sum(getattr(line, name) for line in lines) for name in ("gross", "net", "vat"))


@pytest.mark.parametrize(
    ("gross", "net", "vat"),
    [
        pytest.param("115.00", "100.00", "15.00", id="VAT01"),
        pytest.param("345.50", "300.43", "45.07", id="VAT02"),
        pytest.param("10.00", "8.70", "1.30", id="VAT03-10"),
        pytest.param("11.00", "9.57", "1.43", id="VAT03-11"),
        pytest.param("12.00", "10.43", "1.57", id="VAT03-12"),
        pytest.param("33.00", "28.70", "4.30", id="VAT03-33"),
    ],
)
def test_vat01_03_vat_is_what_the_rounded_net_leaves(gross, net, vat):
    [line] = invoiced(items(money(gross)), VAT_RATE)

    assert (line.gross, line.net, line.vat) == tuple(money(gross, net, vat))


def test_vat03_every_whole_price_up_to_2000_adds_up_and_261_would_not_if_recomputed():
    lines = [invoiced(items([Decimal(price)]), VAT_RATE)[0] for price in range(1, 2001)]

    assert all(line.net + line.vat == line.gross == Decimal(price) for price, line in enumerate(lines, start=1))
    assert sum(round_money(line.net * VAT_RATE / 100) != line.vat for line in lines) == 261


def test_vat05_rounded_lines_are_made_to_fit_the_document():
    exact = [Decimal("10.10") * VAT_RATE / 100] * 3
    document = round_money(sum(exact))

    assert sum(map(round_money, exact)) == Decimal("4.56")
    assert document == Decimal("4.55")
    assert allocate(document, exact) == money("1.52", "1.52", "1.51")


def test_vat06_sixty_times_nine_is_exact():
    lines = invoiced(items(money("9.00") * 60), VAT_RATE)

    assert sums(lines) == tuple(money("540.00", "469.57", "70.43"))
    assert {line.net for line in lines} == set(money("7.82", "7.83"))


def test_vat07_half_a_halala_is_rounded_up():
    vat = Decimal("1091.50") * VAT_RATE / 100

    assert vat == Decimal("163.725")
    assert round_money(vat) == Decimal("163.73")
    assert vat.quantize(CENT, rounding=ROUND_HALF_EVEN) == Decimal("163.72")


def test_vat08_a_discount_is_spread_over_the_lines_and_totals_stay_exact():
    prices = money("115.00", "345.50", "33.33")
    discounts = allocate(percentage(sum(prices), 10), prices)
    lines = invoiced(items([price - off for price, off in zip(prices, discounts, strict=True)]), VAT_RATE)

    assert discounts == money("11.50", "34.55", "3.33")
    assert sums(lines) == (Decimal("444.45"), Decimal("386.48"), Decimal("57.97"))


@given(SOME_AMOUNTS, RATES)
def test_lines_add_up_to_the_document_and_none_is_a_halala_away(amounts, rate):
    lines = invoiced(items(amounts), rate)

    total, vat = sum(amounts), vat_included(sum(amounts), rate)
    assert sums(lines) == (total, total - vat, vat)
    for line, amount in zip(lines, amounts, strict=True):
        assert line.gross == amount
        assert abs(line.net - amount / (1 + rate / 100)) <= CENT
        assert line.net >= 0
        assert line.vat >= 0


@given(SOME_AMOUNTS, st.data())
def test_what_is_divided_adds_up_and_no_part_exceeds_its_share(shares, data):
    total = Decimal(data.draw(st.integers(0, int(sum(shares) * 100)))) / 100

    parts = allocate(total, shares)

    assert sum(parts) == total
    assert all(0 <= part <= share for part, share in zip(parts, shares, strict=True))
    assert all(abs(part - total * share / sum(shares)) < CENT for part, share in zip(parts, shares, strict=True))


@given(SOME_AMOUNTS, RATES, st.data())
def test_rf20_credit_notes_never_exceed_the_invoice_and_end_exactly_there(amounts, rate, data):
    lines, notes = invoiced(items(amounts), rate), []
    left = int(sum(amounts) * 100)
    while left:
        halalas = data.draw(st.integers(1, left)) if len(notes) < 6 else left
        notes.append(credited(lines, notes, Decimal(halalas) / 100))
        left -= halalas
        assert sums(notes[-1])[0] == Decimal(halalas) / 100
        for place, line in enumerate(lines):
            taken = [note[place] for note in notes]
            assert min(taken[-1].gross, taken[-1].net, taken[-1].vat) >= 0
            assert all(total <= of for total, of in zip(sums(taken), (line.gross, line.net, line.vat), strict=True))

    assert [sums([note[place] for note in notes]) for place in range(len(lines))] == [sums([line]) for line in lines]


def test_rf20_part_of_an_invoice_of_two_lines():
    lines = invoiced(items(money("115.00", "345.50")), VAT_RATE)

    note = credited(lines, [], Decimal("100.00"))

    assert [(line.gross, line.net, line.vat) for line in note] == [
        tuple(money("24.97", "21.71", "3.26")),
        tuple(money("75.03", "65.24", "9.79")),
    ]


@pytest.mark.parametrize("amount", ["115.01", "0.00", "-1.00"])
def test_rf20_more_than_is_left_is_no_credit_note(amount):
    lines = invoiced(items(money("115.00")), VAT_RATE)

    with pytest.raises(ValueError, match=r"115\.00 is left of the invoice"):
        credited(lines, [], Decimal(amount))


def test_a_line_is_kept_as_text_and_read_as_it_was():
    line = Line(name_ar="قص", name_en="Cut", gross=Decimal("115.00"), net=Decimal("100.00"))

    kept = line.kept()

    assert kept == {"name_ar": "قص", "name_en": "Cut", "gross": "115.00", "net": "100.00", "vat": "15.00"}
    assert Line.of(kept) == line


def test_each_line_of_an_invoice_keeps_its_names_in_both_languages():
    lines = invoiced([("قص", "Cut", Decimal("115.00")), ("صبغة", "Colour", Decimal("230.00"))], VAT_RATE)

    assert [(line.name_ar, line.name_en, line.gross) for line in lines] == [
        ("قص", "Cut", Decimal("115.00")),
        ("صبغة", "Colour", Decimal("230.00")),
    ]


def test_vat11_the_qr_code_counts_bytes():
    payload = qr_payload(
        seller="صالون الريم",
        vat_number="310122393500003",
        issued_at=datetime(2026, 3, 1, 17, 30, tzinfo=timezone(timedelta(hours=3))),
        total=Decimal("115.00"),
        vat=Decimal("15.00"),
    )

    assert payload == (
        "ARXYtdin2YTZiNmGINin2YTYsdmK2YUCDzMxMDEyMjM5MzUwMDAwMwMUMjAyNi0wMy0wMVQxNDozMDowMFoEBjExNS4wMAUFMTUuMDA="
    )
    assert len(base64.b64decode(payload)) == 77


def test_a_name_is_cut_at_a_whole_letter():
    assert within_bytes("ص" * 160) == "ص" * 127
    assert within_bytes("a" * 160) == "a" * 160
    assert within_bytes("صa" * 160, 4) == "صa"
