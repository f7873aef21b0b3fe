"""One phone, many spellings."""

import pytest
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F
from django.utils import translation

from apps.accounts.models import User
from apps.accounts.tests.factories import UserFactory
from apps.common.fields import PhoneField, PhoneFormField, validate_phone
from apps.common.phones import (
    is_mobile_of,
    is_placeholder,
    is_saudi_mobile,
    mask_phone,
    normalize_phone,
    phone_search_digits,
    placeholder_phone,
)

MOBILE = "+966551234567"


def cases(*rows):
    """`(case id, input)` rows as parameters with readable ids."""
    return [pytest.param(raw, id=f"{case} {raw!a}") for case, raw in rows]


SPELLINGS = cases(
    ("PH01", "0551234567"),
    ("PH02", "551234567"),
    ("PH03", "+966551234567"),
    ("PH03", "966551234567"),
    ("PH03", "00966551234567"),
    ("PH03", "+9660551234567"),
    ("PH03", "+966 (0)55 123 4567"),
    ("PH05", "٠٥٥١٢٣٤٥٦٧"),
    ("PH05", "۰۵۵۱۲۳۴۵۶۷"),
    ("PH05", "٠55١٢٣۴۵۶7"),
    ("PH05", "０５５１２３４５６７"),
    ("PH05", "＋٩٦٦٥٥١٢٣٤٥٦٧"),
    ("PH06", "055 123 4567"),
    ("PH06", "055-123-4567"),
    ("PH06", "055–123‑4567"),
    ("PH06", "(055)1234567"),
    ("PH06", "055.123.4567"),
    ("PH06", "055\u00a0123\u202f4567"),
    ("PH06", "\u200e+966551234567\u200f"),
    ("PH06", "\u202a0551234567\u202c"),
    ("PH06", "\u202b0551234567\u202e"),
    ("PH06", "\u2066+966 55 123 4567\u2069"),
    ("PH06", "\u061c0551234567"),
    ("PH06", "\ufeff0551234567\r\n"),
    ("PH13", 551234567),
    ("PH13", 551234567.0),
    ("PH13", 966551234567.0),
    ("PH13", "551234567.0"),
    ("PH13", "'0551234567"),
)


@pytest.mark.parametrize("raw", SPELLINGS)
def test_every_spelling_of_a_mobile_is_one_number(raw):
    assert normalize_phone(raw) == MOBILE


@pytest.mark.parametrize(
    ("raw", "e164"),
    [
        pytest.param("0112345678", "+966112345678", id="PH07 land line"),
        pytest.param("+966112345678", "+966112345678", id="PH07 land line, international"),
        pytest.param("112345678", "+966112345678", id="PH07 land line, zero lost"),
        pytest.param("920012345", "+966920012345", id="PH08 unified number"),
        pytest.param("8001234567", "+9668001234567", id="PH08 free-phone"),
    ],
)
def test_other_saudi_numbers_are_contacts_but_no_mobiles(raw, e164):
    assert normalize_phone(raw) == e164
    assert not is_saudi_mobile(e164)


@pytest.mark.parametrize("prefix", ["050", "051", "052", "053", "054", "055", "056", "057", "058", "059"])
def test_any_05_and_eight_digits_is_a_mobile(prefix):
    """PH10"""
    phone = normalize_phone(f"{prefix}1234567")

    assert phone == f"+966{prefix[1:]}1234567"
    assert is_saudi_mobile(phone)


@pytest.mark.parametrize("e164", ["+971501234567", "+97333123456", "+15551234567", "+447911123456", "+491234567890123"])
@pytest.mark.parametrize("plus", ["+", "00"])
def test_foreign_numbers_are_kept_as_they_are(e164, plus):
    """PH11"""
    assert normalize_phone(plus + e164[1:]) == e164
    assert not is_saudi_mobile(e164)


@pytest.mark.parametrize(
    "raw",
    [
        *cases(
            ("PH09", "05512345678"),
            ("PH09", "055123456"),
            ("PH09", "+96655123456"),
            ("PH09", "+9665512345678"),
            ("PH09", "5512345678"),
        ),
        *cases(
            *(  # type: ignore[var-annotated]
                ("refused", raw)
                for raw in (
                    *(
                        None,
                        "",
                        " ",
                        0,
                        True,
                        [],
                        {},
                        "abc",
                        "+",
                        "00",
                        "966",
                        "911",
                        "12345678",
                        "+1 555",
                        "9.66551E+11",
                    ),
                    *("+966+551234567", "0551234567 / 0557654321", "0551234567x12", "0551234567\x00", "\ud800", "½"),
                    *("0" * 1000, "+999551234567", "-551234567.5", "96600557265979"),
                )
            )
        ),
    ],
)
def test_what_is_no_number_is_refused(raw):
    assert normalize_phone(raw) is None


@pytest.mark.parametrize("raw", SPELLINGS)
def test_the_normal_form_stays_as_it_is(raw):
    """PH14: two rows in different spellings meet in one key."""
    assert normalize_phone(normalize_phone(raw)) == normalize_phone(raw) == MOBILE


@pytest.mark.parametrize(
    ("term", "digits"),
    [
        ("0551234567", "551234567"),
        ("+966 55 123 4567", "551234567"),
        ("966551234567", "551234567"),
        ("00966551234567", "551234567"),
        ("+966 (0)55 123 4567", "551234567"),
        ("٠٥٥١٢٣٤٥٦٧", "551234567"),
        ("551234567", "551234567"),
        ("1234567", "1234567"),
        ("4567", "4567"),
        ("٤٥٦٧", "4567"),
        ("0067", "0067"),
        ("9661", "9661"),
        ("00971501234567", "971501234567"),
    ],
)
def test_a_search_in_any_spelling_finds_the_stored_number(term, digits):
    """PH15"""
    assert phone_search_digits(term) == digits
    assert digits in {"0067", "9661", "971501234567"} or MOBILE.endswith(digits)


@pytest.mark.parametrize("term", ["", "567", "سارة", "Sara 0551234567", "+", "BK-4567", "X4567", "1" * 16, "4567\x00"])
def test_a_search_without_a_number_is_none(term):
    assert phone_search_digits(term) is None


@pytest.mark.parametrize(
    ("countries", "e164", "reached"),
    [
        (("SA",), MOBILE, True),
        (("SA",), "+966521234567", True),
        (("SA", "AE"), "+971501234567", True),
        (("AE",), "+971501234567", True),
        (("SA",), "+971501234567", False),
        (("AE",), MOBILE, False),
        (("AE", "SA"), "+97142345678", False),
        (("SA",), "+966112345678", False),
        ((), MOBILE, False),
        (("US",), "+12015550123", True),
    ],
)
def test_a_message_reaches_mobiles_of_the_named_countries(countries, e164, reached):
    assert is_mobile_of(countries, e164) is reached


def test_a_masked_phone_shows_the_kind_and_two_digits():
    assert mask_phone(MOBILE) == "+9665••••••67"
    assert mask_phone("+96") == "+9696"


# Fields


@pytest.mark.parametrize("raw", SPELLINGS)
def test_model_and_form_fields_clean_to_the_normal_form(raw):
    assert PhoneField().clean(raw, None) == MOBILE
    assert PhoneFormField().clean(str(raw)) == MOBILE
    assert PhoneField().get_prep_value(raw) == MOBILE


@pytest.mark.django_db
@pytest.mark.parametrize("raw", SPELLINGS)
def test_a_row_is_found_by_any_spelling(raw):
    UserFactory(phone=MOBILE)

    assert User.objects.get(phone=raw).phone == MOBILE
    assert User.objects.filter(phone__in=[raw, "+966551234568"]).count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize("raw", ["abc", "", "055", "' OR 1=1", "٤", 7])
def test_a_lookup_by_something_else_than_a_phone_finds_nothing(raw):
    UserFactory(phone=MOBILE)

    assert not User.objects.filter(phone=raw).exists()


@pytest.mark.django_db
def test_a_lookup_by_a_part_compares_the_part():
    UserFactory(phone=MOBILE)

    assert User.objects.filter(phone__endswith="551234567", phone__startswith="+966", phone__contains="123").exists()
    assert not User.objects.filter(phone__endswith="0551234567").exists()


@pytest.mark.django_db
def test_a_phone_is_stored_in_its_normal_form_and_nothing_else_is_stored_by_any_door():
    user = UserFactory(phone=" ٠٥٥ ١٢٣ ٤٥٦٧")
    assert User.objects.values_list("phone", flat=True).get() == MOBILE

    user.phone = "05512"
    for door in (user.save, lambda: User.objects.update(phone="05512"), lambda: UserFactory(phone="abc")):
        with pytest.raises(ValidationError) as refusal, transaction.atomic():
            door()
        assert refusal.value.code == "phone_invalid"

    User.objects.update(phone=F("phone"))
    assert User.objects.values_list("phone", flat=True).get() == MOBILE


@pytest.mark.parametrize("clean", [validate_phone, PhoneFormField().clean, lambda raw: PhoneField().clean(raw, None)])
def test_a_bad_phone_is_refused_with_its_code_and_an_example(clean):
    with translation.override("en"), pytest.raises(ValidationError) as refusal:
        clean("05512")

    assert refusal.value.error_list[0].code == "phone_invalid"
    assert refusal.value.messages == ["Enter a valid phone number, for example 0551234567 or +966551234567."]


def test_an_optional_phone_may_stay_empty():
    assert PhoneFormField(required=False).clean("") == ""


def test_the_input_is_written_left_to_right_on_an_arabic_page():
    """PH16"""
    attrs = PhoneFormField().widget.attrs

    assert (attrs["dir"], attrs["inputmode"], attrs["autocomplete"]) == ("ltr", "tel", "tel")


@pytest.mark.django_db
@pytest.mark.parametrize("place", [None, "+006526791918593", "+009192604843743"])
def test_the_place_of_an_erased_phone_is_stored_and_no_form_takes_it(place):
    user, place = UserFactory(), place or placeholder_phone()

    user.phone = place
    user.save()

    user.refresh_from_db()
    assert user.phone == place
    assert normalize_phone(place) is None
    assert (is_placeholder(place), is_placeholder(MOBILE), is_placeholder(None)) == (True, False, False)
    with pytest.raises(ValidationError):
        PhoneFormField().clean(place)


def test_the_places_of_a_thousand_erased_phones_are_all_different():
    places = {placeholder_phone() for _ in range(1000)}

    assert len(places) == 1000
    assert all(is_placeholder(place) for place in places)
