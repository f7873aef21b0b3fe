"""Where an operator is signed in: what they see of it, and everything that ends it."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.contrib.sessions.backends.base import UpdateError
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse

from apps.accounts import reasons, services
from apps.accounts.admin import people
from apps.accounts.errors import SignInEnded
from apps.accounts.models import User
from apps.accounts.sessions import browser_name, end_sessions, handle_of, open_sessions
from apps.accounts.tests.factories import PASSWORD, OwnerFactory, PlatformUserFactory, TokenFamilyFactory, UserFactory
from apps.salons.tests.factories import MembershipFactory, SalonFactory
from project.tests.two_salons import member

pytestmark = pytest.mark.django_db

START = datetime(2026, 11, 1, 6, 0, tzinfo=UTC)
INDEX, LOGIN, ACCOUNT, SESSIONS = "/admin/", "/admin/login/", "/admin/account/", "/admin/account/sessions/"
CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
)
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/19.0"
    " Mobile/15E148 Safari/604.1"
)


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(START, tick=False) as traveller:
        yield traveller


@pytest.fixture
def owner():
    return OwnerFactory()


def browser(person, agent=CHROME, address="203.0.113.7"):
    """A browser in which the person signed in through the form."""
    client = Client(headers={"user-agent": agent}, REMOTE_ADDR=address)
    client.cookies["django_language"] = "en"
    client.post(LOGIN, {"username": person.phone, "password": PASSWORD})
    return client


def is_in(client):
    return client.get(INDEX).status_code == 200


def keys():
    return set(Session.objects.values_list("session_key", flat=True))


def test_the_account_lists_open_sessions_with_device_and_network(owner, clock):
    here = browser(owner)
    clock.shift(600)
    browser(owner, IPHONE, "2001:db8:1:2:3:4:5:6")
    browser(OwnerFactory(), address="198.51.100.1")

    page = here.get(ACCOUNT).content.decode()

    rows = [(row.browser, row.address, row.since) for row in open_sessions(owner)]
    assert sorted(rows) == [
        ("Chrome · Windows", "203.0.113.0/24", START),
        ("Safari · iPhone", "2001:db8:1:2::/64", START + timedelta(minutes=10)),
    ]
    assert all(text in page for text in ("Chrome · Windows", "203.0.113.0/24", "Safari · iPhone", "2001:db8:1:2::/64"))
    assert "198.51.100.0/24" not in page
    assert page.count("This one") == 1


def test_no_key_of_a_session_stands_on_the_page(owner):
    here = browser(owner)
    browser(owner, IPHONE)

    page = here.get(ACCOUNT).content.decode()

    assert len(keys()) == 2
    assert not any(key in page for key in keys())


@pytest.mark.parametrize(("proxies", "network"), [(0, "203.0.113.0/24"), (1, "192.0.2.0/24")])
def test_a_forwarded_address_counts_behind_a_believed_proxy_only(owner, settings, proxies, network):
    settings.REST_FRAMEWORK = {**settings.REST_FRAMEWORK, "NUM_PROXIES": proxies}
    client = Client(headers={"x-forwarded-for": "198.51.100.1, 192.0.2.9"}, REMOTE_ADDR="203.0.113.7")

    client.post(LOGIN, {"username": owner.phone, "password": PASSWORD})

    assert [row.address for row in open_sessions(owner)] == [network]


def test_sessions_that_would_not_open_any_more_are_not_listed(owner, clock):
    browser(owner)
    clock.shift(30 * 60)
    assert len(open_sessions(owner)) == 1
    clock.shift(1)
    assert open_sessions(owner) == []

    browser(owner)
    assert len(open_sessions(owner)) == 1
    owner.set_password("another-long-password")
    owner.save()
    assert open_sessions(owner) == []


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        (CHROME, "Chrome · Windows"),
        (IPHONE, "Safari · iPhone"),
        (f"{CHROME} Edg/140.0", "Edge · Windows"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox · Linux"),
        ("Mozilla/5.0 (Linux; Android 16; K) AppleWebKit/537.36 Chrome/140.0 Mobile Safari/537.36", "Chrome · Android"),
        (
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/19 Safari/605.1",
            "Safari · Mac",
        ),
        ("curl/8.0", ""),
        ("", ""),
        ("<script>" * 1000, ""),
    ],
)
def test_a_browser_is_called_by_its_name(agent, name):
    assert browser_name(agent) == name


def test_one_other_session_is_ended_by_its_button(owner):
    here, phone, tablet = browser(owner), browser(owner, IPHONE), browser(owner)

    here.post(SESSIONS, {"session": handle_of(phone.session.session_key)})

    assert (is_in(here), is_in(phone), is_in(tablet)) == (True, False, True)


def test_all_others_are_ended_at_once_and_nobody_elses(owner):
    stranger = browser(OwnerFactory())
    here, phone, tablet = browser(owner), browser(owner, IPHONE), browser(owner)

    answer = here.post(SESSIONS, follow=True)

    assert answer.content.decode().count("2 sessions were ended.") == 1
    assert (is_in(here), is_in(phone), is_in(tablet), is_in(stranger)) == (True, False, False, True)


def test_the_session_of_somebody_else_is_ended_by_no_handle(owner):
    here, stranger = browser(owner), browser(OwnerFactory())

    for handle in (handle_of(stranger.session.session_key), stranger.session.session_key, "x", "1" * 5000):
        here.post(SESSIONS, {"session": handle})

    assert is_in(stranger)


def test_the_own_session_is_ended_by_signing_out_only(owner):
    here = browser(owner)

    here.post(SESSIONS, {"session": handle_of(here.session.session_key)})
    assert is_in(here)
    here.post("/admin/logout/")
    assert not is_in(here)
    assert keys() == set()


def test_a_request_under_way_cannot_bring_an_ended_session_back(owner):
    here = browser(owner)
    under_way = here.session
    end_sessions(owner)

    with pytest.raises(UpdateError):
        under_way.save(must_create=False)

    assert keys() == set()


def test_a_password_change_ends_the_other_sessions(owner):
    here, there = browser(owner), browser(owner)
    before = here.session.session_key

    here.post(
        reverse("admin:password_change"),
        {"old_password": PASSWORD, "new_password1": "another-long-password", "new_password2": "another-long-password"},
    )

    assert (is_in(here), is_in(there)) == (True, False)
    assert here.session.session_key != before


def test_a_password_change_asks_for_the_current_one(owner):
    here, there = browser(owner), browser(owner)

    here.post(
        reverse("admin:password_change"),
        {"old_password": "wrong", "new_password1": "another-long-password", "new_password2": "another-long-password"},
    )

    owner.refresh_from_db()
    assert owner.check_password(PASSWORD)
    assert is_in(there)


def test_the_owner_signs_a_person_out_everywhere_with_a_reason(owner):
    person = PlatformUserFactory()
    laptop, phone = browser(person), browser(person, IPHONE)
    family, other = TokenFamilyFactory(user=person), TokenFamilyFactory()
    here = browser(owner)

    answer = here.post(
        reverse("admin:accounts_user_sign_out_action", args=[person.pk]),
        {"_form_submitted": "True", "reason": "Laptop lost"},
    )

    assert answer.status_code == 200
    assert (is_in(laptop), is_in(phone), is_in(here)) == (False, False, True)
    for row in (family, other):
        row.refresh_from_db()
    assert (family.revoked_at, family.revoked_reason, other.revoked_at) == (START, "signed_out", None)
    last = person.history.first()
    assert (last.history_user, last.history_change_reason) == (owner, f"{reasons.SIGNED_OUT}: Laptop lost")


def dismissed(person):
    """The ways in which somebody stops working here."""
    return {
        "no longer allowed to sign in": lambda: person.__class__.objects.filter(pk=person.pk).update(is_active=False),
        "no longer in the salon": lambda: person.memberships.update(is_active=False),
        "row deleted": lambda: person.memberships.all().delete(),
    }


@pytest.mark.parametrize("way", ["no longer allowed to sign in", "no longer in the salon", "row deleted"])
def test_adm17_a_dismissed_person_is_signed_out_at_the_next_click(way):
    """ADM17"""
    person = MembershipFactory().user
    client = browser(person)
    assert is_in(client)
    dismissed(person)[way]()

    answer = client.get(INDEX, follow=True)

    assert answer.redirect_chain[-1][0].startswith(LOGIN)
    assert "_auth_user_id" not in client.session
    assert answer.context["user"].is_anonymous
    assert "This one" not in client.get(ACCOUNT, follow=True).content.decode()


def test_adm17_a_person_whose_platform_role_was_taken_is_signed_out_at_the_next_click():
    """ADM17"""
    person = PlatformUserFactory()
    client = browser(person)
    assert is_in(client)
    person.groups.clear()

    client.get(INDEX, follow=True)

    assert "_auth_user_id" not in client.session


def test_a_customer_with_a_password_gets_no_session():
    person = UserFactory()

    browser(person)

    assert keys() == set()


def test_the_key_of_a_session_changes_at_sign_in(owner):
    client = Client()
    session = client.session
    session["basket"] = 1
    session.save()
    client.cookies["sessionid"] = session.session_key

    client.post(LOGIN, {"username": owner.phone, "password": PASSWORD})

    assert client.session.session_key != session.session_key
    assert keys() == {client.session.session_key}


def own_password(client, old, new="a-new-long-password-9"):
    said = {"old_password": old, "new_password1": new, "new_password2": new}
    return client.post("/admin/password_change/", said)


def test_the_present_password_is_not_guessed_on_the_page_that_changes_it(client, owner):
    client.force_login(owner)

    codes = [own_password(client, f"wrong {number}").context["form"].errors.as_data() for number in range(6)]

    assert [found["old_password"][0].code for found in codes] == ["password_incorrect"] * 5 + ["rate_limited"]
    assert own_password(client, PASSWORD).status_code == 200
    assert User.objects.get(pk=owner.pk).check_password(PASSWORD)


def test_a_password_changed_while_its_person_is_dismissed_dismisses_them_all_the_same(client, owner, monkeypatch):
    client.force_login(owner)
    hash_it = User.set_password

    def meanwhile(person, raw):
        User.objects.filter(pk=owner.pk).update(is_active=False, is_superuser=False, name="Gone")
        hash_it(person, raw)

    monkeypatch.setattr(User, "set_password", meanwhile)

    own_password(client, PASSWORD)

    stored = User.objects.get(pk=owner.pk)
    assert (stored.is_active, stored.is_superuser, stored.name) == (False, False, "Gone")
    assert stored.check_password("a-new-long-password-9")


def test_saving_a_person_brings_back_nothing_that_others_changed_meanwhile(client, owner, monkeypatch):
    person = UserFactory(name="Sara")
    client.force_login(owner)
    proven = people.proven_at

    def meanwhile(request):
        other = User.objects.get(pk=person.pk)
        other.set_password("a-new-long-password-9")
        other.name = "Noura"
        other.save()
        return proven(request)

    monkeypatch.setattr(people, "proven_at", meanwhile)
    said = {"phone": person.phone, "name": "Sara", "locale": "en", "is_active": "on", "is_superuser": "on"}

    assert client.post(f"/admin/accounts/user/{person.pk}/change/", said).status_code == 302

    stored = User.objects.get(pk=person.pk)
    assert (stored.is_superuser, stored.name) == (True, "Noura")
    assert stored.check_password("a-new-long-password-9")


def test_what_a_dismissal_ended_does_not_come_back_with_the_right(client, owner):
    person = member(SalonFactory())
    theirs = Client()
    theirs.force_login(person)
    refresh = services.issue_tokens(user=person).refresh
    client.force_login(owner)
    said = {"phone": person.phone, "name": person.name, "locale": "en"}
    for more in ({}, {"is_active": "on"}):
        assert client.post(f"/admin/accounts/user/{person.pk}/change/", said | more).status_code == 302

    assert User.objects.get(pk=person.pk).is_active
    assert theirs.get("/admin/").status_code == 302
    with pytest.raises(SignInEnded):
        services.rotate_refresh(refresh=refresh)
