from datetime import UTC, datetime
from decimal import Decimal
from types import SimpleNamespace

import pytest
from django.utils.translation import override

from apps.common.admin.displays import (
    EMPTY,
    EMPTY_CELL,
    left_to_right,
    money_column,
    show_money,
    show_phone,
    show_time,
    time_column,
    two_lines,
)
from apps.common.phones import placeholder_phone
from apps.common.reader import reading

NOON = datetime(2026, 1, 5, 21, 30, tzinfo=UTC)


@pytest.mark.parametrize(("language", "shown"), [("en", "1,234.50 SAR"), ("ar", "1,234.50 ر.س")])
def test_money_reads_the_same_in_both_directions(language, shown):
    with override(language):
        assert show_money(Decimal("1234.5")) == f"<bdi>{shown}</bdi>"


@pytest.mark.parametrize(("may", "shown"), [(True, "+966551234567"), (False, "+9665••••••67")])
def test_a_phone_reads_from_left_to_right_and_whole_for_who_may_see_it(may, shown):
    row = object()
    reader = SimpleNamespace(has_perm=lambda right, about: may and (right, about) == ("salons.contact_customer", row))

    with reading(reader):
        assert show_phone("+966551234567", row) == f'<bdi dir="ltr">{shown}</bdi>'


def test_without_a_reader_a_phone_is_masked_and_the_place_of_an_erased_one_is_empty():
    assert show_phone("+966551234567", None) == '<bdi dir="ltr">+9665••••••67</bdi>'
    assert show_phone(placeholder_phone(), None) == EMPTY


@pytest.mark.parametrize("show", [show_money, show_time])
def test_nothing_is_a_dash(show):
    assert show(None) == EMPTY


def test_a_moment_is_told_by_the_clock_of_the_salon():
    with override("en"):
        assert "Jan" in show_time(NOON, "Asia/Riyadh")
        assert "12:30" in show_time(NOON, "Asia/Riyadh")
        assert "9:30" in show_time(NOON, "UTC")


def test_a_column_follows_relations_to_value_and_zone():
    row = SimpleNamespace(booking=SimpleNamespace(starts_at=NOON, price=None), salon=SimpleNamespace(timezone="UTC"))

    with override("en"):
        assert "9:30" in time_column("booking.starts_at", "start")(None, row)
    assert money_column("booking.price", "price")(None, row) == EMPTY_CELL
    assert money_column("missing.price", "price")(None, row) == EMPTY_CELL
    assert money_column("booking.price", "price").admin_order_field == "booking__price"


def test_markup_in_a_name_stays_text():
    assert two_lines("<b>x</b>") == "<bdi>&lt;b&gt;x&lt;/b&gt;</bdi>"
    assert "<script>" not in two_lines("<script>", "<script>")
    assert left_to_right("<b>") == '<bdi dir="ltr">&lt;b&gt;</bdi>'
