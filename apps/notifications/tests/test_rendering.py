import unicodedata
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from apps.accounts.models import User
from apps.bookings.tests.factories import BookingFactory
from apps.notifications import rendering
from apps.notifications.models import Kind
from apps.notifications.rendering import PLACEHOLDERS, cleaned, directed, message_values, render, validate_text
from apps.notifications.tests.factories import TemplateFactory
from apps.notifications.texts import HOUSE_TEXTS

# A text nobody should get past the form, and what would be sent if it stood in the table all the same.
ATTACKS = {
    "{c.__init__.__globals__[os].environ}": "",
    "{customer.user.password}": "",
    "{customer[0]}": "",
    "{0}": "",
    "{}": "",
    "{customer!r}": "",
    "{customer:>1000000000}": "",
    "{{ customer }}": "{}",
    "{% debug %}": "",
    "{customer": "{customer",
    "customer}": "customer}",
    "{{customer}}": "{Sara}",
    "{ customer }": "",
    "{CUSTOMER}": "",
    "${customer}{secret}": "$Sara",
    "%(customer)s {settings.SECRET_KEY}": "%(customer)s",
}


def test_every_kind_has_a_house_text_in_every_language_that_passes_its_own_check():
    assert set(HOUSE_TEXTS) == set(PLACEHOLDERS) == set(Kind.values)

    for kind, texts in HOUSE_TEXTS.items():
        assert set(texts) == set(User.Locale.values), kind
        for text in texts.values():
            validate_text(text, kind)


@pytest.mark.parametrize("text", ATTACKS)
def test_what_is_no_plain_placeholder_is_refused_at_save(text):
    with pytest.raises(ValidationError):
        validate_text(text, Kind.BOOKING_CONFIRMED)


@pytest.mark.parametrize(("text", "expected"), ATTACKS.items())
def test_what_is_no_plain_placeholder_is_never_evaluated(text, expected):
    assert render(text, {"customer": "Sara"}) == expected


@given(st.text())
def test_whatever_the_name_a_message_keeps_its_lines_and_its_direction(name):
    value = cleaned(name)

    assert value.splitlines() in ([], [value])
    assert not any(unicodedata.category(character).startswith("C") for character in value)
    assert len(value) <= 80


def test_a_refused_placeholder_is_named_beside_the_allowed_ones():
    with pytest.raises(ValidationError) as caught:
        validate_text("{phone} {time}", Kind.REMINDER)

    assert caught.value.code == "unknown_placeholder"
    assert caught.value.messages == [
        "Unknown placeholders: {phone}. You can use: "
        "{customer}, {date}, {reference}, {salon}, {service}, {staff}, {time}."
    ]


def test_an_amount_is_offered_only_where_money_is_the_subject():
    validate_text("{amount} {link}", Kind.PAYMENT_LINK)

    with pytest.raises(ValidationError):
        validate_text("{amount}", Kind.REMINDER)


@pytest.mark.django_db
def test_a_template_with_an_unknown_placeholder_does_not_pass_its_form():
    template = TemplateFactory.build(salon=BookingFactory().salon, body_ar="{nobody}", body_en="Hello {customer}")

    with pytest.raises(ValidationError) as caught:
        template.full_clean()

    assert list(caught.value.message_dict) == ["body_ar"]


def test_a_missing_value_leaves_neither_none_nor_a_gap():
    assert render("Hello {customer}, see you at {time}.", {"time": "18:30"}) == "Hello, see you at 18:30."


def test_a_value_that_looks_like_a_placeholder_stays_text():
    values = {"customer": "{link}", "link": "https://pay.example"}

    assert render("{customer}", values) == "{link}"


def test_line_breaks_of_the_text_stay():
    assert render("One\nTwo {time}", {"time": "18:30"}) == "One\nTwo 18:30"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Sara\r\nBcc: everybody", "Sara Bcc: everybody"),
        ("\u202eevil\u202c", "evil"),
        ("\u2066Sara\u2069\u200f\u200b", "Sara"),
        ("Sa\x00ra\x1b[31m", "Sara[31m"),
        ("  Noura   Ali ", "Noura Ali"),
        ("Line\u2028two", "Line two"),
        ("\ud800broken", "broken"),
        (None, ""),
        ("ن" * 200, "ن" * 80),
    ],
)
def test_names_lose_what_is_invisible_and_stay_on_one_line(name, expected):
    assert cleaned(name) == expected


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("locale", "expected"),
    [
        (
            "en",
            {
                "salon": "Reem",
                "service": "Haircut",
                "staff": "Huda",
                "customer": "Sara",
                "date": "Friday 16/01/2026",
                "time": "00:30",
                "reference": "7Q2-3MX-9TP",
                "amount": "1,345.50 SAR",
                "link": "https://pay.example/1",
            },
        ),
        (
            "ar",
            {
                "salon": "صالون الريم",
                "service": "قص شعر",
                "staff": "هدى",
                "customer": "Sara",
                "date": "الجمعة 16/01/2026",
                "time": "00:30",
                "reference": "\u200e7Q2-3MX-9TP",
                "link": "https://pay.example/1",
            },
        ),
    ],
)
def test_values_speak_the_customers_language_in_the_salons_time(locale, expected):
    booking = BookingFactory(
        salon__name_ar="صالون الريم",
        salon__name_en="Reem",
        service__name_ar="قص شعر",
        service__name_en="Haircut",
        staff__name_ar="هدى",
        staff__name_en="Huda",
        customer__user__name="Sara",
        reference="7Q23MX9TP",
        starts_at=datetime(2026, 1, 15, 21, 30, tzinfo=UTC),
    )

    values = message_values(booking, locale, amount=Decimal("1345.50"), link="https://pay.example/1")

    # The Arabic sign of the riyal comes from the catalogue, which is not this test's subject.
    assert {name: values[name] for name in expected} == expected
    assert values["amount"].startswith("1,345.50 ")


@pytest.mark.django_db
def test_digits_are_latin_in_every_house_text():
    booking = BookingFactory()

    for kind, texts in HOUSE_TEXTS.items():
        for locale, text in texts.items():
            values = message_values(booking, locale, amount=Decimal("100.00"), link="https://pay.example/1")
            body = rendering.render(text, values)

            assert not set(body) & set("٠١٢٣٤٥٦٧٨٩{}"), kind
            assert "None" not in body


@pytest.mark.parametrize(
    ("value", "locale", "expected"),
    [
        ("Balayage (long)", "ar", "\u2068Balayage (long)\u2069"),
        ("2 in 1", "ar", "\u20682 in 1\u2069"),
        ("Cut & colour", "ar", "Cut & colour"),
        ("Sara", "ar", "Sara"),
        ("صبغة (طويل)", "ar", "صبغة (طويل)"),
        ("صبغة (طويل)", "ur", "صبغة (طويل)"),
        ("Balayage (long)", "ur", "\u2068Balayage (long)\u2069"),
        ("صبغة (طويل)", "en", "\u2068صبغة (طويل)\u2069"),
        ("18:30", "ar", "18:30"),
        ("", "ar", ""),
    ],
)
def test_msg24_a_value_that_runs_the_other_way_keeps_its_order(value, locale, expected):
    assert directed(value, locale) == expected


def test_msg24_an_arabic_text_keeps_time_phone_and_amount_in_order():
    text = "موعدك {time} للاستفسار +966112345678 والمبلغ {amount}"

    assert render(text, {"time": "18:30", "amount": "120.00 ر.س"}) == (
        "موعدك 18:30 للاستفسار \u200e+966112345678 والمبلغ 120.00 ر.س"
    )
    assert render("Call +966112345678", {}) == "Call +966112345678"
