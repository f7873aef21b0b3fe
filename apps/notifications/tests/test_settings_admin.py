"""The page on which a salon says when it reminds, and under which name and when it promotes."""

import re
from datetime import time

import pytest
from django.urls import reverse

from apps.accounts.roles import PlatformRole, SalonRole
from apps.accounts.tests.factories import OwnerFactory, PlatformUserFactory
from apps.notifications.models import MessageSettings
from apps.notifications.tests.factories import MessageSettingsFactory
from apps.notifications.tests.helpers import listed, shown

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("frozen")]

SETTINGS = reverse("admin:notifications_messagesettings_changelist")
ADD = reverse("admin:notifications_messagesettings_add")
TYPED = {
    "reminder_hours": "24",
    "promotional_sender": "",
    "promotions_from": "09:00",
    "promotions_until": "21:00",
}
NOT_HOURS = "Whole hours from 1 to 168, with commas between them."


def page(settings, name="change"):
    return reverse(f"admin:notifications_messagesettings_{name}", args=[settings.pk])


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("24, 3", [24, 3]),
        ("3,24", [24, 3]),
        ("٢٤، ٣", [24, 3]),
        ("۴۸ ,24،3", [48, 24, 3]),
        ("  2 ", [2]),
        ("", []),
    ],
)
def test_a_manager_types_the_hours_of_reminders_in_either_language(signed_in, salon, typed, kept):
    response = signed_in().post(ADD, {**TYPED, "reminder_hours": typed})

    assert response.status_code == 302
    settings = MessageSettings.objects.get()
    assert (settings.salon, settings.reminder_hours) == (salon, kept)
    assert (settings.promotions_from, settings.promotions_until) == (time(9), time(21))


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("tomorrow", NOT_HOURS),
        ("24 3", NOT_HOURS),
        ("24,,3", NOT_HOURS),
        ("1.5", NOT_HOURS),
        ("-3", NOT_HOURS),
        ("0", NOT_HOURS),
        ("169", NOT_HOURS),
        ("9" * 90, NOT_HOURS),
        ("[24]", NOT_HOURS),
        ("24, 24", "At most four different hours."),
        ("5, 4, 3, 2, 1", "At most four different hours."),
        ("1," * 40_000, NOT_HOURS),
    ],
)
def test_what_are_no_hours_is_refused_in_words_and_shown_again(signed_in, typed, sentence):
    response = signed_in().post(ADD, {**TYPED, "reminder_hours": typed})

    assert sentence in shown(response)
    assert f'value="{typed.strip()}"' in response.content.decode()
    assert MessageSettings.objects.count() == 0


@pytest.mark.parametrize("sender", ["REEM", "REEM-ad", "-AD", "ريم-AD", "REEM_X-AD", "REEM-AD2"])
def test_msg17_a_sender_name_without_ad_is_refused(signed_in, sender):
    """MSG17."""
    response = signed_in().post(ADD, {**TYPED, "promotional_sender": sender})

    assert "Latin letters and digits, with -AD at the end, such as REEM-AD." in shown(response)
    assert MessageSettings.objects.count() == 0


def test_msg17_a_sender_name_longer_than_eleven_characters_is_refused(signed_in):
    """MSG17."""
    response = signed_in().post(ADD, {**TYPED, "promotional_sender": "REEMSALON-AD"})

    assert "Ensure this value has at most 11 characters (it has 12)." in shown(response)
    assert MessageSettings.objects.count() == 0


@pytest.mark.parametrize(("first", "last"), [("06:59", "21:00"), ("09:00", "22:01"), ("12:00", "12:00")])
def test_promotions_at_night_are_refused_in_words(signed_in, first, last):
    response = signed_in().post(ADD, {**TYPED, "promotions_from": first, "promotions_until": last})

    assert "Promotions are allowed between 07:00 and 22:00 only." in shown(response)
    assert MessageSettings.objects.count() == 0


def test_a_second_row_of_a_salon_is_refused_in_words(signed_in, salon):
    MessageSettingsFactory(salon=salon)

    response = signed_in().post(ADD, TYPED)

    assert "This salon has message settings already." in shown(response)
    assert MessageSettings.objects.count() == 1


def test_a_salon_without_settings_reads_what_counts(signed_in):
    text = shown(signed_in().get(SETTINGS))

    assert (
        "As long as a salon has no settings of its own, this counts: reminders 24 hours before the visit; promotions "
        "from 07:00 until 22:00, and none by SMS, because they need a registered sender name."
    ) in text


def test_a_new_row_begins_with_what_counts_anyway(signed_in):
    html = signed_in().get(ADD).content.decode()

    assert 'name="reminder_hours" value="24"' in html
    assert re.findall(r'name="promotions_\w+" value="([\d:]+)"', html) == ["07:00", "22:00"]


def test_the_list_says_hours_sender_and_times_in_words(signed_in, salon):
    MessageSettingsFactory(salon=salon, reminder_hours=[48, 1])

    text = shown(signed_in().get(SETTINGS))

    assert "48 hours, 1 hour before the visit" in text
    assert "REEM-AD" in text
    assert "07:00–22:00" in text


def test_no_hours_are_no_reminders(signed_in, salon):
    MessageSettingsFactory(salon=salon, reminder_hours=[])

    assert "no reminders" in shown(signed_in().get(SETTINGS))


def test_the_history_tells_the_hours_in_words(signed_in, salon):
    settings = MessageSettingsFactory(salon=salon)
    manager = signed_in()
    manager.post(page(settings), {**TYPED, "reminder_hours": "24, 3", "promotional_sender": "REEM-AD"})

    text = shown(manager.get(page(settings, "history")))

    assert "24 hours before the visit" in text
    assert "24 hours, 3 hours before the visit" in text


def test_what_is_saved_as_it_was_adds_nothing_to_the_history(signed_in, salon):
    settings = MessageSettingsFactory(salon=salon, reminder_hours=[24, 3])
    typed = {"reminder_hours": "24،3", "promotional_sender": "REEM-AD"}

    signed_in().post(page(settings), {**typed, "promotions_from": "07:00", "promotions_until": "22:00"})

    assert settings.history.count() == 1


def test_nobody_reads_or_writes_the_settings_of_another_salon(signed_in, salon):
    own, foreign = MessageSettingsFactory(salon=salon), MessageSettingsFactory(reminder_hours=[7])
    manager = signed_in()

    assert listed(manager.get(SETTINGS)) == {own}
    assert manager.get(page(foreign)).status_code in {302, 404}
    manager.post(page(foreign), TYPED)
    assert manager.post(ADD, {**TYPED, "salon": foreign.salon_id}).status_code == 200
    assert sorted(MessageSettings.objects.values_list("reminder_hours", flat=True)) == [[7], [24]]


@pytest.mark.parametrize("person", [SalonRole.RECEPTIONIST, SalonRole.STYLIST, PlatformRole.SUPPORT])
def test_who_has_no_right_finds_no_settings(signed_in, salon, person):
    settings = MessageSettingsFactory(salon=salon)
    is_platform = person in PlatformRole.values
    browser = signed_in(user=PlatformUserFactory(role=person)) if is_platform else signed_in(person)

    assert browser.get(SETTINGS).status_code == 403
    assert browser.get(page(settings)).status_code in {302, 403}
    assert browser.post(ADD, TYPED).status_code == 403
    assert MessageSettings.objects.count() == 1


def test_an_auditor_reads_and_writes_nothing(signed_in, salon):
    settings = MessageSettingsFactory(salon=salon, reminder_hours=[48, 3])
    auditor = signed_in(user=PlatformUserFactory(role=PlatformRole.AUDITOR))

    assert "48 hours, 3 hours before the visit" in shown(auditor.get(page(settings)))
    assert auditor.post(page(settings), TYPED).status_code == 403
    assert MessageSettings.objects.get().reminder_hours == [48, 3]


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", "48 hours, 3 hours before the visit"), ("ar", "قبل الزيارة بمدة: 48 ساعة، 3 ساعات")],
)
def test_the_pages_open_in_both_languages(signed_in, salon, language, words):
    settings = MessageSettingsFactory(salon=salon, reminder_hours=[48, 3])
    owner = signed_in(user=OwnerFactory(locale=language))

    assert words in shown(owner.get(SETTINGS))
    assert 'value="48, 3"' in owner.get(page(settings)).content.decode()
    assert owner.get(page(settings, "history")).status_code == 200
