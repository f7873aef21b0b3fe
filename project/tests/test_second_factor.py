"""Signing in in two steps, page by page: what is closed before the second, and what each OPERATOR_MFA asks for."""

import re
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from django.contrib import admin
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import URLResolver, get_resolver, reverse
from django.urls.exceptions import NoReverseMatch
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from apps.accounts.models import User
from apps.accounts.selectors import has_second_factor, recovery_codes_left
from apps.accounts.services.guards import known_networks
from apps.accounts.services.second_factor import _new_recovery_codes
from apps.accounts.tests.factories import (
    PASSWORD,
    AppFactory,
    OwnerFactory,
    PlatformUserFactory,
    UserFactory,
    app_code,
    wrong_code,
)
from apps.salons.models import Membership, Salon
from apps.salons.tests.factories import MembershipFactory, SalonFactory

pytestmark = pytest.mark.django_db

START = datetime(2026, 11, 1, 6, 0, tzinfo=UTC)
LOGIN, INDEX, ACCOUNT = "/admin/login/", "/admin/", "/admin/account/"
PROVE, SET_UP = "/admin/otp/", "/admin/otp/setup/"
ENGLISH = {"HTTP_COOKIE": "django_language=en"}


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(START, tick=False) as traveller:
        yield traveller


@pytest.fixture
def required(settings):
    settings.OPERATOR_MFA = "required"


@pytest.fixture
def optional(settings):
    settings.OPERATOR_MFA = "optional"


@pytest.fixture
def owner():
    return OwnerFactory()


@pytest.fixture
def app(owner):
    return AppFactory(user=owner)


def sign_in(client, person, to=""):
    """The password, through the form."""
    client.cookies["django_language"] = "en"
    return client.post(f"{LOGIN}?next={to}" if to else LOGIN, {"username": person.phone, "password": PASSWORD})


def prove(client, code, to=INDEX):
    return client.post(f"{PROVE}?next={to}", {"code": code})


def opens(client, page=INDEX):
    return client.get(page).status_code == 200


def ends_at(client, page=INDEX):
    """The path on which the redirects of `page` end."""
    answer = client.get(page, follow=True)
    return urlsplit(answer.redirect_chain[-1][0]).path if answer.redirect_chain else page


def key_of(client):
    return client.session.session_key


def secret_on(page):
    return re.search(r'class="salon-secret" dir="ltr">([A-Z2-7 ]+)<', page.content.decode())[1].replace(" ", "")


def new_app(client, page=SET_UP):
    """What a phone knows after scanning the code of the page."""
    client.get(page)
    return TOTPDevice(key=client.session["second_factor_secret"])


def shown_codes(answer):
    return re.findall(r"<code>(\d{4} \d{4} \d{4})</code>", answer.content.decode())


# --- The second step ---


@pytest.mark.parametrize("mode", ["required", "optional"])
def test_the_password_alone_opens_no_page_and_the_code_opens_them(client, settings, owner, app, mode):
    settings.OPERATOR_MFA = mode

    sign_in(client, owner)

    assert ends_at(client) == PROVE
    answer = prove(client, app_code(app), to="/admin/salons/salon/")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/admin/salons/salon/")
    assert opens(client)


def test_a_recovery_code_opens_them_as_well(client, optional, owner):
    AppFactory(user=owner)
    codes = _new_recovery_codes(owner)
    sign_in(client, owner)

    prove(client, f"{codes[0][:4]} {codes[0][4:8]} {codes[0][8:]}")

    assert opens(client)
    assert recovery_codes_left(owner) == 9


def test_a_wrong_code_opens_nothing_and_is_told(client, required, owner, app):
    sign_in(client, owner)

    answer = prove(client, wrong_code(app))

    assert answer.status_code == 200
    assert "This code is not correct or was used already." in answer.content.decode()
    assert wrong_code(app) not in answer.content.decode()
    assert ends_at(client) == PROVE
    again = prove(client, app_code(app))
    assert "Too many wrong codes. Please wait 0:01 (minutes:seconds) and try again." in again.content.decode()
    assert not opens(client)


def test_one_code_opens_one_session(required, owner, app):
    first, second = Client(), Client()
    for client in (first, second):
        sign_in(client, owner)
    code = app_code(app)

    prove(first, code)
    prove(second, code)

    assert (opens(first), opens(second)) == (True, False)


def test_off_asks_for_no_code_even_of_those_who_have_an_app(client, settings, owner, app):
    settings.OPERATOR_MFA = "off"

    sign_in(client, owner)

    assert opens(client)


def test_optional_lets_those_without_an_app_in_and_offers_one(client, optional, owner):
    sign_in(client, owner)

    assert opens(client)
    assert SET_UP in client.get(ACCOUNT).content.decode()


def test_the_session_key_changes_at_every_step(client, required, owner, app):
    client.get(LOGIN)
    client.session.save()
    keys = [key_of(client)]
    sign_in(client, owner)
    keys.append(key_of(client))
    prove(client, app_code(app))
    keys.append(key_of(client))
    prove(client, app_code(app, 1))
    keys.append(key_of(client))

    assert len(set(keys)) == 4
    assert list(Session.objects.values_list("session_key", flat=True)) == keys[3:]


def test_the_password_given_again_asks_for_the_code_again(client, required, owner, app):
    sign_in(client, owner)
    prove(client, app_code(app))
    assert opens(client)

    sign_in(client, owner)

    assert not opens(client)
    prove(client, app_code(app, 1))
    assert opens(client)


def test_a_key_planted_before_signing_in_opens_nothing(required, owner, app):
    victim, thief = Client(), Client()
    planted = thief.session.session_key
    victim.cookies["sessionid"] = planted

    sign_in(victim, owner)
    half = key_of(victim)
    prove(victim, app_code(app))

    assert opens(victim)
    for key in (planted, half):
        thief.cookies["sessionid"] = key
        assert not opens(thief)
        assert not opens(thief, PROVE)


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example",
        "http:evil.example",
        "javascript:alert(1)",
        "https://testserver.evil.example/",
        "https://testserver@evil.example/",
        "\x00//evil.example",
        " //evil.example",
        "ftp://testserver/",
    ],
)
@pytest.mark.parametrize("where", ["query", "form"])
def test_nobody_is_sent_to_another_site_after_a_code(client, optional, owner, app, target, where):
    sign_in(client, owner)
    data = {"code": app_code(app)} | ({"next": target} if where == "form" else {})

    answer = client.post(
        PROVE, data, QUERY_STRING=f"next={target}" if where == "query" and "\x00" not in target else ""
    )

    assert answer.status_code in {302, 400}
    assert answer.headers.get("Location", INDEX) == INDEX


def test_a_visitor_and_a_customer_are_sent_to_the_login(client):
    for page in (PROVE, SET_UP):
        assert client.get(page).headers["Location"] == LOGIN
    client.force_login(UserFactory())
    for page in (PROVE, SET_UP):
        assert client.get(page).headers["Location"] == LOGIN
        assert client.post(page, {"code": "123456"}).headers["Location"] == LOGIN


def test_whoever_waits_for_the_second_step_can_leave(client, required, owner, app):
    sign_in(client, owner)

    client.post("/admin/logout/")

    assert ends_at(client) == LOGIN
    assert not Session.objects.exists()


def test_forms_of_the_second_step_are_closed_to_other_sites(required, owner, app):
    client = Client(enforce_csrf_checks=True)
    client.force_login(owner)

    assert client.post(PROVE, {"code": app_code(app)}).status_code == 403
    assert client.post(SET_UP, {"code": "123456"}).status_code == 403
    assert not opens(client)


def test_pages_of_the_second_step_are_kept_in_no_cache(client, required, owner):
    sign_in(client, owner)

    for page in (PROVE, SET_UP):
        assert "no-store" in client.get(page).headers["Cache-Control"]


# --- Nothing else opens to half a session ---


def addresses_of_the_admin():
    """Every address of the admin, with a number for each part that is not fixed."""
    found = set()

    def walk(patterns, prefix, namespaces):
        for pattern in patterns:
            route = prefix + str(pattern.pattern)
            if isinstance(pattern, URLResolver):
                walk(pattern.url_patterns, route, namespaces)
            else:
                path = re.sub(r"<[^>]*>|\(\?P<[^>]*>[^)]*\)", "1", route)
                found.add("/" + path.replace("^", "").replace("$", "").replace("\\Z", "").replace("\\", ""))

    resolver = next(entry for entry in get_resolver().url_patterns if str(entry.pattern) == "admin/")
    walk(resolver.url_patterns, "admin/", [])
    return sorted(found)


OPEN_TO_HALF_A_SESSION = {LOGIN, PROVE, SET_UP, "/admin/logout/"}


@pytest.mark.parametrize("method", ["get", "post"])
def test_half_a_session_is_on_no_page_of_the_admin(client, required, owner, app, method):
    addresses = addresses_of_the_admin()
    assert len(addresses) > 150
    sign_in(client, owner)

    opened = {}
    for address in addresses:
        answer = getattr(client, method)(address)
        to = urlsplit(answer.headers.get("Location", "")).path
        if not (answer.status_code == 302 and to == LOGIN):
            opened[address] = (answer.status_code, to)

    assert set(opened) - {"/admin/1"} <= OPEN_TO_HALF_A_SESSION
    assert "/admin/autocomplete/" in addresses
    assert "/admin/jsi18n/" in addresses
    assert "/admin/account/" in addresses


@pytest.mark.parametrize("mode", ["required", "optional"])
def test_control_the_same_addresses_open_to_a_whole_session(client, settings, owner, app, mode):
    settings.OPERATOR_MFA = mode
    sign_in(client, owner)
    prove(client, app_code(app))

    opened = [address for address in addresses_of_the_admin() if client.get(address).status_code == 200]

    assert len(opened) > 40


@pytest.mark.parametrize(
    "headers",
    [
        {"HX-Request": "true", "HX-Current-URL": "http://testserver/admin/salons/salon/"},
        {"X-Requested-With": "XMLHttpRequest"},
    ],
    ids=["htmx", "other scripts"],
)
def test_a_script_of_a_page_is_refused_and_not_sent_to_a_form(client, required, owner, app, headers):
    sign_in(client, owner)

    answer = client.get("/admin/search/?s=salon", headers=headers)

    assert (answer.status_code, answer.content) == (403, b"")
    to = urlsplit(answer.headers["HX-Redirect"])
    assert to.path == LOGIN
    assert parse_qs(to.query) == {"next": ["/admin/salons/salon/" if "HX-Current-URL" in headers else INDEX]}


def test_the_pages_of_django_otp_are_not_there(client, owner):
    client.force_login(owner)

    assert not admin.site.is_registered(TOTPDevice)
    assert not admin.site.is_registered(StaticDevice)
    with pytest.raises(NoReverseMatch):
        reverse("admin:otp_totp_totpdevice_changelist")
    assert client.get("/admin/otp_totp/totpdevice/").status_code == 404


# --- Setting up ---


def test_required_leads_to_setting_up_before_anything_else_opens(client, required, owner):
    sign_in(client, owner)
    assert ends_at(client, "/admin/salons/salon/") == SET_UP
    phone = new_app(client)

    done = client.post(f"{SET_UP}?next=/admin/salons/salon/", {"code": app_code(phone)})

    assert done.status_code == 200
    assert 'href="/admin/salons/salon/"' in done.content.decode()
    assert opens(client)
    assert has_second_factor(owner)
    codes = shown_codes(done)
    assert (len(codes), recovery_codes_left(owner)) == (10, 10)
    later = Client()
    sign_in(later, owner)
    prove(later, codes[0])
    assert opens(later)


def test_the_page_shows_the_secret_as_a_square_code_and_as_text(client, optional, owner):
    sign_in(client, owner)

    page = client.get(SET_UP)

    assert page.content.decode().count("<svg") == 1
    assert secret_on(page) == re.search(r"secret=([A-Z2-7]+)", page.context["address"])[1]


def test_the_secret_stays_the_same_while_one_types_and_is_gone_afterwards(client, optional, owner):
    sign_in(client, owner)
    phone = new_app(client)
    secret = secret_on(client.get(SET_UP))

    wrong = client.post(SET_UP, {"code": wrong_code(phone)})
    assert secret_on(wrong) == secret
    assert not has_second_factor(owner)
    done = client.post(SET_UP, {"code": app_code(phone)})

    assert secret.encode() not in done.content
    assert "second_factor_secret" not in client.session
    for page in (ACCOUNT, f"/admin/accounts/user/{owner.pk}/change/", f"/admin/accounts/user/{owner.pk}/history/"):
        shown = client.get(page).content.decode()
        assert secret not in shown
        assert phone.key not in shown


def test_two_sessions_never_share_a_secret(optional, owner):
    first, second = Client(), Client()
    for client in (first, second):
        sign_in(client, owner)

    assert new_app(first).key != new_app(second).key


def test_recovery_codes_are_shown_once(client, optional, owner):
    sign_in(client, owner)
    phone = new_app(client)
    codes = shown_codes(client.post(SET_UP, {"code": app_code(phone)}))

    again = client.post(SET_UP, {"code": app_code(phone)})

    assert len(codes) == 10
    for page in (again, client.get(SET_UP), client.get(ACCOUNT)):
        assert shown_codes(page) == []
    assert recovery_codes_left(owner) == 10


def test_required_leads_to_setting_up_however_long_the_person_takes(client, required, owner, clock):
    sign_in(client, owner)
    clock.shift(301)

    assert ends_at(client) == PROVE
    answer = client.post(client.get(SET_UP).headers["Location"], {"password": PASSWORD})
    assert answer.headers["Location"] == SET_UP
    assert client.get(SET_UP).status_code == 200
    assert not opens(client)


def test_setting_up_long_after_the_password_asks_for_it_again(client, optional, owner, clock):
    sign_in(client, owner)
    phone = new_app(client)
    clock.shift(301)

    answer = client.post(SET_UP, {"code": app_code(phone)})

    assert urlsplit(answer.headers["Location"]).path == PROVE
    assert not has_second_factor(owner)
    back = client.post(answer.headers["Location"], {"password": PASSWORD})
    assert back.headers["Location"] == SET_UP
    client.post(SET_UP, {"code": app_code(phone)})
    assert has_second_factor(owner)


def test_a_password_session_cannot_replace_the_app_that_was_set_up_elsewhere(optional, owner):
    old, fresh = Client(), Client()
    sign_in(old, owner)
    phone = new_app(old)
    sign_in(fresh, owner)
    fresh.post(SET_UP, {"code": app_code(new_app(fresh))})
    app = TOTPDevice.objects.get()

    answer = old.post(SET_UP, {"code": app_code(phone)})

    assert urlsplit(answer.headers["Location"]).path == PROVE
    assert not opens(old)
    assert TOTPDevice.objects.get() == app


def test_moving_to_another_phone_ends_what_the_old_one_opened(optional, owner, app, clock):
    here, there = Client(), Client()
    sign_in(here, owner)
    prove(here, app_code(app, -1))
    sign_in(there, owner)
    prove(there, app_code(app))
    assert (opens(here), opens(there)) == (True, True)

    here.post(SET_UP, {"code": app_code(new_app(here))})

    assert (opens(here), opens(there)) == (True, False)
    assert TOTPDevice.objects.get() != app


# --- One's own account ---


def proven(client, person, app):
    sign_in(client, person)
    prove(client, app_code(app))
    return client


def test_the_account_shows_how_many_recovery_codes_are_left_and_makes_new_ones(client, optional, owner, app):
    proven(client, owner, app)
    assert "0 recovery codes are left." in client.get(ACCOUNT).content.decode()

    made = client.post("/admin/account/recovery-codes/")

    assert len(shown_codes(made)) == 10
    assert "10 recovery codes are left." in client.get(ACCOUNT).content.decode()


@pytest.mark.parametrize("page", ["recovery-codes", "turn-off", "sessions"])
def test_what_guards_the_account_asks_a_stale_session_for_proof(client, optional, owner, app, clock, page):
    proven(client, owner, app)
    other = Client()
    sign_in(other, owner)
    clock.shift(301)

    answer = client.post(f"/admin/account/{page}/")

    assert answer.headers["Location"] == f"{PROVE}?next=%2Fadmin%2Faccount%2F"
    assert (has_second_factor(owner), recovery_codes_left(owner)) == (True, 0)
    assert Session.objects.filter(session_key=key_of(other)).exists()


@pytest.mark.parametrize("page", ["recovery-codes", "turn-off", "sessions"])
def test_what_guards_the_account_changes_by_post_only(client, optional, owner, app, page):
    proven(client, owner, app)

    assert client.get(f"/admin/account/{page}/").status_code == 405
    assert has_second_factor(owner)


def test_turning_off_leaves_the_password(client, optional, owner, app):
    proven(client, owner, app)

    client.post("/admin/account/turn-off/")

    assert not has_second_factor(owner)
    assert opens(client)


def test_where_it_is_required_the_account_offers_no_way_to_turn_it_off(client, required, owner, app):
    proven(client, owner, app)
    assert "turn-off" not in client.get(ACCOUNT).content.decode()

    answer = client.post("/admin/account/turn-off/", follow=True)

    assert "Two-step sign-in is required here and cannot be turned off." in answer.content.decode()
    assert has_second_factor(owner)


def test_the_account_is_linked_from_the_menu_of_the_person(client, owner):
    client.force_login(owner)

    assert f'href="{ACCOUNT}"' in client.get(INDEX).content.decode()


@pytest.mark.parametrize("mode", ["off", "optional", "required"])
def test_the_pages_speak_arabic(client, settings, owner, mode):
    settings.OPERATOR_MFA = mode
    sign_in(client, owner)
    client.cookies["django_language"] = "ar"

    pages = [client.get(PROVE).content.decode(), client.get(SET_UP).content.decode()]
    if mode != "required":
        pages.append(client.get(ACCOUNT).content.decode())

    words = ["تأكيد هويتك", "إعداد التحقق بخطوتين", "الحساب والأمان"]
    assert all(word in page and 'dir="rtl"' in page for word, page in zip(words, pages, strict=False))


# --- The owner and other people ---


def dialog(person, page):
    return reverse(f"admin:accounts_user_{page}", args=[person.pk])


SUBMITTED = {"_form_submitted": "True", "reason": "Phone stolen"}


def test_the_owner_resets_the_second_factor_on_the_page_of_the_person(client, optional, owner):
    person = PlatformUserFactory()
    app = AppFactory(user=person)
    theirs = proven(Client(), person, app)
    sign_in(client, owner)

    answer = client.post(dialog(person, "reset_second_factor_action"), SUBMITTED)

    assert answer.status_code == 200
    assert not has_second_factor(person)
    assert ends_at(theirs) == LOGIN
    history = client.get(f"/admin/accounts/user/{person.pk}/history/").content.decode()
    assert "two-step sign-in reset: Phone stolen" in history
    client.cookies["django_language"] = "ar"
    assert (
        "إعادة ضبط التحقق بخطوتين: Phone stolen"
        in client.get(f"/admin/accounts/user/{person.pk}/history/").content.decode()
    )


def test_resetting_needs_a_reason_and_a_fresh_proof(client, optional, owner, clock):
    person = PlatformUserFactory()
    AppFactory(user=person)
    sign_in(client, owner)
    address = dialog(person, "reset_second_factor_action")

    client.post(address, SUBMITTED | {"reason": " "})
    client.get(address)
    clock.shift(301)
    asked = client.post(address, SUBMITTED)

    assert urlsplit(asked.headers["HX-Redirect"]).path == PROVE
    assert has_second_factor(person)


@pytest.mark.parametrize("page", ["reset_second_factor_action", "sign_out_action"])
@pytest.mark.parametrize("who", ["manager", "support", "auditor"])
def test_nobody_but_the_owner_resets_or_signs_out_others(client, who, page):
    person = OwnerFactory()
    AppFactory(user=person)
    actor = MembershipFactory().user if who == "manager" else PlatformUserFactory(role=who)
    client.force_login(actor)

    assert client.post(dialog(person, page), SUBMITTED).status_code in {403, 404}
    assert has_second_factor(person)


def test_rights_of_people_change_on_fresh_proof_only(client, owner, clock):
    person = UserFactory()
    sign_in(client, owner)
    address = f"/admin/accounts/user/{person.pk}/change/"
    said = {"phone": person.phone, "name": person.name, "locale": "en", "is_active": "on", "is_superuser": "on"}
    clock.shift(301)

    answer = client.post(address, said)

    assert answer.headers["Location"] == f"{PROVE}?next={address.replace('/', '%2F')}"
    assert User.objects.get(pk=person.pk).is_superuser is False
    client.post(PROVE, {"password": PASSWORD})
    client.post(address, said)
    assert User.objects.get(pk=person.pk).is_superuser is True


def test_a_name_of_a_person_changes_without_it(client, owner, clock):
    person = UserFactory()
    sign_in(client, owner)
    clock.shift(301)

    client.post(
        f"/admin/accounts/user/{person.pk}/change/",
        {"phone": person.phone, "name": "Sara", "locale": "en", "is_active": "on"},
    )

    assert User.objects.get(pk=person.pk).name == "Sara"


def test_the_password_of_a_person_changes_on_fresh_proof_only(client, owner, clock):
    person = UserFactory()
    sign_in(client, owner)
    address = f"/admin/accounts/user/{person.pk}/password/"
    said = {"usable_password": "true", "password1": "a-new-long-password", "password2": "a-new-long-password"}
    clock.shift(301)

    for answer in (client.get(address), client.post(address, said)):
        assert answer.headers["Location"] == f"{PROVE}?next={address.replace('/', '%2F')}"
    assert User.objects.get(pk=person.pk).check_password(PASSWORD)

    client.post(PROVE, {"password": PASSWORD})
    client.post(address, said)
    assert User.objects.get(pk=person.pk).check_password("a-new-long-password")


def test_a_role_in_a_salon_is_given_on_fresh_proof_only(client, owner, clock):
    membership = MembershipFactory()
    sign_in(client, owner)
    address = f"/admin/salons/membership/{membership.pk}/change/"
    said = {"role": "receptionist", "is_active": "on"}
    clock.shift(301)

    answer = client.post(address, said)

    assert urlsplit(answer.headers["Location"]).path == PROVE
    assert Membership.objects.get().role == "manager"
    client.post(PROVE, {"password": PASSWORD})
    client.post(address, said)
    assert Membership.objects.get().role == "receptionist"


def test_the_refund_limit_of_a_salon_changes_on_fresh_proof_only(client, owner, clock):
    salon = SalonFactory(refund_limit=500)
    sign_in(client, owner)
    address = f"/admin/salons/salon/{salon.pk}/change/"
    form = client.get(address).context["adminform"].form
    kept = {name: str(form[name].value()) for name in form.fields}
    said = {name: value for name, value in kept.items() if value not in {"None", "False"}}
    clock.shift(301)

    answer = client.post(address, said | {"refund_limit": "90000"})

    assert urlsplit(answer.headers["Location"]).path == PROVE
    assert Salon.objects.get().refund_limit == 500
    client.post(PROVE, {"password": PASSWORD})
    client.post(address, said | {"refund_limit": "90000"})
    assert Salon.objects.get().refund_limit == 90000
    clock.shift(301)
    client.post(address, said | {"refund_limit": "90000", "name_en": "Rose"})
    assert Salon.objects.get().name_en == "Rose"


def test_nothing_of_a_second_factor_is_readable_in_the_admin(client, optional, owner):
    app = AppFactory(user=PlatformUserFactory())
    codes = _new_recovery_codes(app.user)
    hashes = list(StaticToken.objects.values_list("token", flat=True))
    client.force_login(owner)

    for page in ("change", "history"):
        shown = client.get(reverse(f"admin:accounts_user_{page}", args=[app.user.pk])).content.decode()
        assert not any(secret in shown for secret in [app.key, *codes, *hashes])


def test_wrong_passwords_count_at_the_proof_as_they_do_at_the_door(client, owner, clock):
    """Row 119: a stolen session guesses no faster than a stranger."""
    sign_in(client, owner)

    pages = [client.post(PROVE, {"password": f"wrong {number}"}) for number in range(6)]

    said = [page.context["form"].errors["password"].as_data()[0].code for page in pages]
    assert said == ["password_incorrect"] * 5 + ["rate_limited"]
    assert client.post(PROVE, {"password": PASSWORD}).status_code == 200  # the page again
    clock.shift(30)
    assert client.post(PROVE, {"password": PASSWORD}).status_code == 302


def test_another_phone_given_by_the_owner_ends_the_sessions_of_the_person(client, owner):
    """OTP19"""
    person = MembershipFactory().user
    theirs = Client()
    sign_in(theirs, person)
    sign_in(client, owner)
    said = {"phone": "0557654321", "name": person.name, "locale": "en", "is_active": "on"}
    assert opens(theirs)

    client.post(f"/admin/accounts/user/{person.pk}/change/", said)

    assert User.objects.get(pk=person.pk).phone == "+966557654321"
    assert (opens(theirs), opens(client)) == (False, True)


def test_the_network_is_known_when_the_second_step_is_done(client, optional, owner, app):
    sign_in(client, owner)
    assert known_networks(owner.phone) == []

    prove(client, app_code(app))

    assert known_networks(owner.phone) == ["127.0.0.0/24"]
