"""Every door that changes a consent leaves a row that says who said what where, in the same transaction."""

from importlib import import_module

import pytest
from django.apps import apps
from django.urls import reverse
from rest_framework.test import APIClient

from apps.accounts import services
from apps.accounts.models import Consent
from apps.accounts.tests.factories import OwnerFactory, PlatformUserFactory, UserFactory

pytestmark = pytest.mark.django_db


def said(person):
    rows = Consent.objects.filter(user=person).order_by("pk")
    return list(rows.values_list("is_granted", "source", "actor"))


def through_the_app(person, client, owner, *, agrees):
    api = APIClient()
    api.credentials(HTTP_AUTHORIZATION=f"Bearer {services.issue_tokens(user=person).access}")
    answer = api.patch("/api/v1/me/", {"marketing_consent": agrees}, format="json")
    assert answer.json()["marketing_consent"] is agrees
    return "app", person.pk


def through_the_page(person, client, owner, *, agrees):
    form = {"phone": person.phone, "name": person.name, "locale": person.locale, "is_active": "on"}
    client.force_login(owner)
    page = reverse("admin:accounts_user_change", args=[person.pk])
    assert client.post(page, {**form, **({"marketing_consent": "on"} if agrees else {})}).status_code == 302
    return "desk", owner.pk


DOORS = [through_the_app, through_the_page]


@pytest.mark.parametrize("door", DOORS)
def test_a_change_is_a_row_and_saying_the_same_again_is_none(client, door):
    person, owner = UserFactory(), OwnerFactory()

    for agrees in (True, True, False):
        source, actor = door(person, client, owner, agrees=agrees)
        person.refresh_from_db()
        assert person.marketing_consent is agrees

    assert said(person) == [(True, source, actor), (False, source, actor)]


def test_an_erasure_takes_the_consent_back():
    person, owner = UserFactory(), OwnerFactory()
    services.update_profile(user=person, actor=person, marketing_consent=True)

    services.erase_person(request_id=services.request_erasure(user=person, actor=person).pk, actor=owner)

    person.refresh_from_db()
    assert person.marketing_consent is False
    assert said(person) == [(True, "app", person.pk), (False, "erasure", owner.pk)]


def test_who_had_agreed_before_records_were_kept_has_one():
    agreed, not_agreed = UserFactory(marketing_consent=True), UserFactory()

    import_module("apps.accounts.migrations.0004_first_consents").record_known_consents(apps, None)

    assert said(agreed) == [(True, "import", None)]
    assert said(not_agreed) == []


def test_a_change_that_is_undone_leaves_no_row(monkeypatch):
    person = UserFactory()

    def fail(*_args, **_kwargs):
        raise RuntimeError

    monkeypatch.setattr("apps.accounts.services.profile.record_consent", fail)
    with pytest.raises(RuntimeError):
        services.update_profile(user=person, actor=person, marketing_consent=True)

    person.refresh_from_db()
    assert (person.marketing_consent, person.history.count(), said(person)) == (False, 1, [])


@pytest.mark.parametrize("make", [OwnerFactory, lambda **said: PlatformUserFactory(role="auditor", **said)])
def test_the_person_s_page_shows_what_was_said(client, make):
    person = UserFactory()
    services.update_profile(user=person, actor=person, marketing_consent=True)
    client.force_login(make(locale="en"))

    page = client.get(reverse("admin:accounts_user_change", args=[person.pk])).content.decode()

    assert "promotional messages: Yes · in the app" in page
