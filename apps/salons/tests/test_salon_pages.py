"""The page of a salon: whom it serves and who may work there, its cancellation policy, its prayer times."""

import pytest
import tablib
import time_machine
from django.core.exceptions import ValidationError
from django.urls import reverse

from apps.accounts.roles import SalonRole
from apps.accounts.tests.factories import OwnerFactory
from apps.common.resources import ScopedResource
from apps.salons.imports.resources import StaffResource
from apps.salons.models import Salon, Staff
from apps.salons.policies import PRESETS, Terms, policy_of
from apps.salons.tests.factories import MembershipFactory, SalonFactory, StaffFactory

pytestmark = pytest.mark.django_db

INLINES = ["staff_services", "weekly_hours", "time_off"]
ONLY_WOMEN, ONLY_MEN = "Only women may work in a salon for women.", "Only men may work in a salon for men."


def url(model, page, *args):
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


def change(client, salon, **changes):
    """Open the salon's form, change what is named, save."""
    form = client.get(url(Salon, "change", salon.pk)).context["adminform"].form
    values = {name: form[name].value() for name in form.fields}
    filled = {name: value for name, value in values.items() if value is not None and value is not False}
    return client.post(url(Salon, "change", salon.pk), filled | changes)


# --- Whom it serves and who may work there ---


@pytest.mark.parametrize(
    ("audience", "gender", "refusal"),
    [
        ("women", "male", ONLY_WOMEN),
        ("men", "female", ONLY_MEN),
        ("women", "female", None),
        ("men", "male", None),
        ("family", "male", None),
        ("family", "female", None),
    ],
)
def test_av47_who_may_work_where(client, audience, gender, refusal):
    salon = SalonFactory(audience=audience)
    client.force_login(MembershipFactory(salon=salon).user)
    form = {"name_en": "Sam", "name_ar": "", "gender": gender, "color": "#7c3aed", "position": 0, "is_active": "on"}
    form |= {f"{prefix}-{total}_FORMS": 0 for prefix in INLINES for total in ("TOTAL", "INITIAL")}

    response = client.post(url(Staff, "add"), form)

    if refusal:
        assert response.context["adminform"].errors == {"gender": [refusal]}
        assert not Staff.objects.exists()
    else:
        assert Staff.objects.get().gender == gender


class StaffRows(ScopedResource):
    """An import of staff as simple as can be: what it inherits is what every import of ours has."""

    class Meta(ScopedResource.Meta):
        model = Staff
        fields = ("name_en", "gender")
        import_id_fields = ("name_en",)


@pytest.mark.parametrize(("audience", "fits", "misfit"), [("women", "female", "male"), ("men", "male", "female")])
def test_av47_an_import_refuses_them_too_and_takes_nobody(audience, fits, misfit):
    salon = SalonFactory(audience=audience)
    rows = tablib.Dataset(("Sara", fits), ("Sam", misfit), headers=["name_en", "gender"])

    resource = StaffRows(user=MembershipFactory(salon=salon).user, salon=salon)
    result = resource.import_data(rows, rollback_on_validation_errors=True)

    [invalid] = result.invalid_rows
    assert list(invalid.error.message_dict) == ["gender"]
    assert not Staff.objects.exists()


@pytest.mark.parametrize(("audience", "fits", "misfit"), [("women", "female", "male"), ("men", "male", "female")])
def test_av47_the_import_of_staff_refuses_them_too_and_takes_nobody(audience, fits, misfit):
    salon = SalonFactory(audience=audience)
    resource = StaffResource(user=MembershipFactory(salon=salon).user, salon=salon)

    report = resource.import_data(f"Name (English),Gender\nSara,{fits}\nSam,{misfit}".encode()).report

    assert [(problem.row, problem.column, problem.code) for problem in report.problems] == [
        (3, "Gender", "gender_refused")
    ]
    assert not Staff.objects.exists()


def test_who_left_stays_in_the_books_and_does_not_come_back():
    salon = SalonFactory(audience="men")
    left = StaffFactory(salon=salon, gender="male", is_active=False)
    Salon.objects.filter(pk=salon.pk).update(audience="women")
    left.refresh_from_db()

    left.full_clean()
    left.is_active = True
    with pytest.raises(ValidationError) as refused:
        left.full_clean()

    assert refused.value.message_dict == {"gender": [ONLY_WOMEN]}


def test_av47_a_salon_does_not_change_whom_it_serves_under_its_staff(client, salon, manager):
    StaffFactory(salon=salon, name_en="Sara")
    StaffFactory(salon=salon, name_en="Huda")
    StaffFactory(salon=salon, name_en="Left", is_active=False)
    StaffFactory(name_en="Elsewhere")

    refused = change(client, salon, audience="men")
    opened = change(client, salon, audience="family")

    assert refused.context["adminform"].errors == {
        "audience": ["These staff members may not work in such a salon: Sara, Huda. Switch off their bookings first."]
    }
    assert opened.status_code == 302
    salon.refresh_from_db()
    assert salon.audience == "family"


def test_a_salon_without_staff_changes_whom_it_serves(client, salon, manager):
    StaffFactory(salon=salon, is_active=False)

    assert change(client, salon, audience="men").status_code == 302
    salon.refresh_from_db()
    assert salon.audience == "men"


# --- Cancellation policy ---


@pytest.mark.parametrize(
    ("policy", "hours", "percent"), [("flexible", 24, 50), ("moderate", 48, 50), ("strict", 72, 100)]
)
def test_a_policy_writes_its_figures_whatever_stands_in_their_boxes(client, salon, manager, policy, hours, percent):
    Salon.objects.update(free_cancellation_hours=3, late_cancellation_percent=7)

    response = change(client, salon, policy=policy, free_cancellation_hours="", late_cancellation_percent="500")

    salon.refresh_from_db()
    assert response.status_code == 302
    assert (salon.free_cancellation_hours, salon.late_cancellation_percent) == (hours, percent)


def test_own_figures_are_stored_as_they_are(client, salon, manager):
    change(client, salon, policy="own", free_cancellation_hours=6, late_cancellation_percent=20)

    salon.refresh_from_db()
    assert (salon.free_cancellation_hours, salon.late_cancellation_percent) == (6, 20)


def test_own_figures_that_make_no_sense_are_refused(client, salon, manager):
    response = change(client, salon, policy="own", late_cancellation_percent=101)

    assert list(response.context["adminform"].errors) == ["late_cancellation_percent"]
    salon.refresh_from_db()
    assert salon.late_cancellation_percent == 50


@pytest.mark.parametrize(
    ("terms", "policy"),
    [((24, 50), "flexible"), ((48, 50), "moderate"), ((72, 100), "strict"), ((24, 100), "own"), ((0, 0), "own")],
)
def test_the_policy_follows_from_the_figures(client, salon, manager, terms, policy):
    Salon.objects.update(free_cancellation_hours=terms[0], late_cancellation_percent=terms[1])

    form = client.get(url(Salon, "change", salon.pk)).context["adminform"].form

    assert form["policy"].value() == policy == policy_of(Terms(*terms))


def test_every_preset_is_within_the_rules_of_a_salon():
    for preset in PRESETS.values():
        Salon(slug="s", name_en="S", **preset.terms._asdict()).full_clean()


# --- Prayer times ---


@pytest.mark.parametrize("role", [SalonRole.MANAGER, SalonRole.RECEPTIONIST])
def test_the_page_says_when_prayers_are_called_today_and_which_policy_counts(client, salon, role):
    client.force_login(MembershipFactory(salon=salon, role=role).user)

    with time_machine.travel("2026-11-22T21:30:00Z", tick=False):  # Monday in Riyadh
        page = client.get(url(Salon, "change", salon.pk)).content.decode()

    assert "Fajr 04:53 · Dhuhr 11:40 · Asr 14:43 · Maghrib 17:04 · Isha 18:34" in page
    assert "flexible: free until 24 hours before, then 50 % of the price" in page


def test_a_manager_sets_the_pause(client, salon, manager):
    change(client, salon, prayer_pause="salon", prayer_minutes_after=20, friday_prayer_minutes_after=75)

    salon.refresh_from_db()
    assert (salon.prayer_pause, salon.prayer_minutes_after, salon.friday_prayer_minutes_after) == ("salon", 20, 75)


def test_a_pause_of_half_a_day_is_refused(client, salon, manager):
    response = change(client, salon, prayer_pause="salon", prayer_minutes_after=700)

    assert response.context["adminform"].form.non_field_errors() == [
        "A pause is at most two hours before or after the call, three on Friday."
    ]
    salon.refresh_from_db()
    assert salon.prayer_pause == "none"


# --- Figures and time zone ---


@pytest.mark.parametrize(
    ("share", "refusal"), [("0", "between 1 and 100 percent"), ("101", "less than or equal to 100")]
)
def test_a_share_that_is_none_is_refused_in_words(client, share, refusal):
    salon = SalonFactory(confirmation=Salon.Confirmation.PAYMENT)
    client.force_login(OwnerFactory())

    answer = change(client, salon, deposit_percent=share)

    salon.refresh_from_db()
    assert refusal in str(answer.context["adminform"].errors)
    assert salon.deposit_percent == 100


@pytest.mark.parametrize("name", ["Riyadh", "Asia", "../../etc/passwd", "²", "\x01"])
def test_a_time_zone_that_is_none_is_refused(client, name):
    salon = SalonFactory()
    client.force_login(OwnerFactory())

    refused = change(client, salon, timezone=name)

    salon.refresh_from_db()
    assert refused.context["adminform"].errors["timezone"]
    assert salon.timezone == "Asia/Riyadh"
    assert change(client, salon, timezone="Asia/Dubai").status_code == 302
