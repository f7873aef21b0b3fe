"""Forms: the salon of a row, refusals in words, and nothing stored when one comes late."""

import pytest
from django.contrib.messages import get_messages
from django.db import IntegrityError
from django.urls import reverse

from apps.accounts.models import User
from apps.accounts.roles import SalonRole
from apps.accounts.tests.factories import UserFactory
from apps.common.errors import Unavailable
from apps.salons import services
from apps.salons.models import Customer, Salon, ScheduleException, ServiceCategory, Staff, TimeOff, WeeklyHours
from apps.salons.tests.factories import MembershipFactory, SalonFactory, ServiceCategoryFactory, StaffFactory
from project.tests.two_salons import member

pytestmark = pytest.mark.django_db


def url(model, page, *args):
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


def told(response):
    return [(message.level_tag, str(message)) for message in get_messages(response.wsgi_request)]


def test_the_form_of_a_person_with_one_salon_does_not_ask_for_it(client):
    salon = SalonFactory()
    client.force_login(member(salon))

    page = client.get(url(ServiceCategory, "add"))
    client.post(url(ServiceCategory, "add"), {"name_ar": "", "name_en": "Nails", "position": 0, "is_active": "on"})

    assert "salon" not in page.context["adminform"].form.fields
    assert ServiceCategory.objects.get().salon == salon


def test_a_name_that_is_there_already_is_an_error_of_the_form(client):
    salon = SalonFactory()
    client.force_login(member(salon))
    form = {"name_ar": "قص", "name_en": "", "position": 0, "is_active": "on"}
    client.post(url(ServiceCategory, "add"), form)

    response = client.post(url(ServiceCategory, "add"), {**form, "name_ar": "قَصّ"})

    assert response.context["adminform"].form.non_field_errors() == ["This salon has a category of this name already."]
    assert ServiceCategory.objects.count() == 1


def test_a_customer_card_is_opened_by_phone(client):
    salon = SalonFactory()
    client.force_login(member(salon, SalonRole.RECEPTIONIST))
    known = UserFactory(phone="+966551112222", name="Known")

    client.post(url(Customer, "add"), {"phone": "٠٥٥١١١٢٢٢٢", "name": "Other", "notes": "likes tea"})
    client.post(url(Customer, "add"), {"phone": "0553334444", "name": "New"})
    again = client.post(url(Customer, "add"), {"phone": "0551112222", "name": ""})
    wrong = client.post(url(Customer, "add"), {"phone": "12", "name": ""})

    assert Customer.objects.get(user=known).notes == "likes tea"
    assert User.objects.get(phone="+966551112222").name == "Known"
    assert Customer.objects.get(user__phone="+966553334444").user.name == "New"
    assert not Customer.objects.get(user__phone="+966553334444").user.has_usable_password()
    assert again.context["adminform"].errors["phone"] == ["This salon has a card of this customer already."]
    assert "phone" in wrong.context["adminform"].errors
    assert Customer.objects.count() == 2


@pytest.mark.parametrize(
    ("late", "words"),
    [
        (Unavailable(), "This is not available right now. Please try again shortly."),
        (IntegrityError(), "This changed in the meantime. Please look again."),
    ],
)
def test_a_refusal_that_comes_late_stores_nothing_and_announces_nothing(client, monkeypatch, late, words):
    client.force_login(member(SalonFactory(), SalonRole.RECEPTIONIST))

    def refuse(**kwargs):
        User.objects.create_user("0551119999")
        raise late

    monkeypatch.setattr(services, "open_customer_card", refuse)
    response = client.post(url(Customer, "add"), {"phone": "0551110000", "name": "New"})

    assert (response.status_code, response.url) == (302, url(Customer, "add"))
    assert told(response) == [("error", words)]
    assert not User.objects.filter(phone="+966551119999").exists()
    assert not Customer.objects.exists()


def test_hours_of_an_exception_for_one_person_are_hours_of_that_person(client):
    salon = SalonFactory()
    client.force_login(member(salon))
    staff = StaffFactory(salon=salon)
    form = {
        "name_ar": "",
        "name_en": "Ramadan",
        "kind": "season",
        "staff": staff.pk,
        "starts_on": "2027-02-08",
        "ends_on": "2027-03-09",
        "weekly_hours-TOTAL_FORMS": 1,
        "weekly_hours-INITIAL_FORMS": 0,
        "weekly_hours-0-weekday": 6,
        "weekly_hours-0-opens": "20:00",
        "weekly_hours-0-closes": "02:00",
        "weekly_hours-0-ends_next_day": "on",
    }

    response = client.post(url(ScheduleException, "add"), form)

    assert response.status_code == 302
    hours = WeeklyHours.objects.get()
    assert (hours.staff, hours.salon, hours.exception.name_en) == (staff, salon, "Ramadan")


def test_a_staff_member_is_linked_to_a_sign_in_of_the_same_team_only(client):
    salon, elsewhere = SalonFactory(), SalonFactory()
    manager, stranger = member(salon), member(elsewhere)
    client.force_login(manager)

    offered = client.get(url(Staff, "add")).context["adminform"].form.fields["user"].queryset

    assert list(offered) == [manager]
    assert stranger not in offered


def test_who_reaches_several_salons_sees_whose_row_a_choice_is(client):
    person = member(first := SalonFactory(name_en="First"), locale="en")
    second = MembershipFactory(user=person, salon__name_en="Second").salon
    for salon in (first, second):
        StaffFactory(salon=salon, name_en="Sara", name_ar="")
    client.force_login(person)

    page = client.get(url(TimeOff, "add"))

    labels = [str(label) for _key, label in page.context["adminform"].form.fields["staff"].choices][1:]
    assert labels == ["Sara · First", "Sara · Second"]


def test_a_row_that_is_referred_to_at_the_last_moment_stays_and_says_so(client, monkeypatch):
    client.force_login(member(SalonFactory()))
    category = ServiceCategoryFactory(salon=Salon.objects.get())

    def somebody_was_faster(*args, **kwargs):
        raise IntegrityError

    monkeypatch.setattr(ServiceCategory, "delete", somebody_was_faster)
    response = client.post(url(ServiceCategory, "delete", category.pk), {"post": "yes"})

    assert response.status_code == 302
    assert told(response) == [("error", "This changed in the meantime. Please look again.")]
    assert ServiceCategory.objects.filter(pk=category.pk).exists()
