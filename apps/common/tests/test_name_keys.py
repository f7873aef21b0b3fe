"""Names as the database compares and orders them. Run on SQLite and on PostgreSQL, with the same answers."""

import pytest
from django.db.models import F

from apps.accounts.models import User
from apps.accounts.tests.factories import UserFactory
from apps.common.admin.search import search
from apps.common.name_keys import NameKey, name_key
from apps.salons.models import Staff
from apps.salons.tests.factories import SalonFactory, StaffFactory

pytestmark = pytest.mark.django_db

# As an Arabic reader expects them: alef in any form first, a space before any letter, hamza as its seat, ta marbuta
# as ha, Latin before Arabic.
IN_ORDER = ["Anna", "bella", "آلاء", "أمل", "إيمان", "تهاني", "رؤى", "ريم", "ريم الحربي", "سارة", "ساره علي", "هدى"]


@pytest.mark.parametrize("text", [*IN_ORDER, "فاطِمة", "مـــريم", "٠٥ نورة", "شيماء", "لؤلؤة", "هانئ", ""])
def test_the_database_folds_a_name_as_python_does(text):
    person = UserFactory(name=text)

    [folded] = User.objects.filter(pk=person.pk).annotate(key=NameKey("name")).values_list("key", flat=True)

    assert folded == name_key(text)


def test_people_stand_in_the_order_an_arabic_reader_expects():
    for name in reversed(IN_ORDER):
        UserFactory(name=name)

    assert [*User.objects.order_by(NameKey("name"), "name").values_list("name", flat=True)] == IN_ORDER
    backwards = User.objects.order_by(NameKey("name").desc(), F("name").desc())
    assert [*backwards.values_list("name", flat=True)] == IN_ORDER[::-1]


def test_the_team_stands_in_the_order_an_arabic_reader_expects():
    salon = SalonFactory()
    for name in reversed(IN_ORDER):
        StaffFactory(salon=salon, name_ar=name, name_en="")

    assert [*Staff.objects.order_by(NameKey("search_text")).values_list("name_ar", flat=True)] == IN_ORDER


@pytest.mark.parametrize(
    ("stored", "typed"),
    [("أحمد", "احمد"), ("فاطمة", "فاطمه"), ("منى", "مني"), ("رؤى", "روى"), ("سارَة", "سارة"), ("Huda", "hUDA")],
)
def test_a_person_is_found_whatever_the_letter_forms(stored, typed):
    wanted, reader = UserFactory(name=stored), UserFactory(name="قارئ")

    assert [*search(User.objects.all(), ["name"], typed, reader=reader)] == [wanted]


def test_vowel_marks_alone_find_nobody():
    reader = UserFactory(name="قارئ")

    assert [*search(User.objects.all(), ["name"], "\u064e\u0640", reader=reader)] == []
