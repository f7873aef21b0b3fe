"""Signed-in devices: what opens the API, for how long, and what ends it."""

import pickle
from datetime import timedelta
from uuid import uuid4

import jwt
import pytest
from django.conf import settings
from django.core.cache import cache
from django.core.cache.backends.filebased import FileBasedCache
from django.db import connection
from redis.exceptions import ConnectionError as RedisConnectionError
from rest_framework_simplejwt.tokens import AccessToken

from apps.accounts import services
from apps.accounts.api.authentication import _verified
from apps.accounts.errors import SignInEnded
from apps.accounts.models import TokenFamily, User
from apps.accounts.services import tokens
from apps.accounts.tests.conftest import NOW
from apps.accounts.tests.factories import UserFactory

pytestmark = pytest.mark.django_db

Ending = TokenFamily.Ending
ALL_OF_30_DAYS = timedelta(days=30)


@pytest.fixture
def user():
    return UserFactory()


@pytest.fixture
def answer_to(api):
    """The status of `GET me/` with this access token."""

    def ask(token):
        response = api.get("/api/v1/me/", headers={"authorization": f"Bearer {token}"})
        if response.status_code == 401:
            error = response.json()["errors"]
            assert error == [
                {"code": "token_not_valid", "detail": "You are signed out. Please sign in again.", "attr": None}
            ]
            assert response.headers["WWW-Authenticate"] == 'Bearer realm="api"'
        return response.status_code

    return ask


def refused(refresh):
    with pytest.raises(SignInEnded):
        services.rotate_refresh(refresh=refresh)
    return True


def family_of(pair):
    claims = jwt.decode(pair.refresh, options={"verify_signature": False})
    return TokenFamily.objects.get(pk=claims["family"])


def test_a_pair_names_person_and_family_and_lives_as_long_as_set(clock, user):
    pair = services.issue_tokens(user=user, network="203.0.113.0/24")

    family = TokenFamily.objects.get()
    access, refresh = (jwt.decode(text, options={"verify_signature": False}) for text in (pair.access, pair.refresh))
    assert {**access, "jti": None} == {
        "token_type": "access",
        "user_id": str(user.pk),
        "family": str(family.pk),
        "iss": "salon-back-office",
        "aud": "salon-customers",
        "iat": int(NOW.timestamp()),
        "exp": int(NOW.timestamp()) + 600,
        "jti": None,
    }
    assert (refresh["token_type"], refresh["exp"]) == ("refresh", int((NOW + ALL_OF_30_DAYS).timestamp()))
    assert (family.user, family.expires_at, family.revoked_at) == (user, NOW + ALL_OF_30_DAYS, None)
    assert family.network == "203.0.113.0/24"


def test_no_token_and_no_token_id_is_stored_readable(user):
    """M10"""
    pair = services.rotate_refresh(refresh=services.issue_tokens(user=user).refresh)

    stored = " ".join(str(value) for value in TokenFamily.objects.values_list().get())
    jti = jwt.decode(pair.refresh, options={"verify_signature": False})["jti"]
    assert not any(secret in stored for secret in (pair.refresh, pair.access, jti))
    assert not any("token_blacklist" in table for table in connection.introspection.table_names())


def test_a_refresh_gives_the_next_pair_and_extends_the_family(clock, user, answer_to):
    first = services.issue_tokens(user=user)
    clock.shift(timedelta(days=29))

    second = services.rotate_refresh(refresh=first.refresh)

    assert answer_to(second.access) == 200
    assert TokenFamily.objects.get().expires_at == NOW + timedelta(days=59)
    assert services.rotate_refresh(refresh=second.refresh).refresh != second.refresh


def test_a_reused_token_ends_its_family_and_no_other(user, answer_to):
    """M9"""
    elsewhere = services.issue_tokens(user=user)
    first = services.issue_tokens(user=user)
    second = services.rotate_refresh(refresh=first.refresh)

    assert refused(first.refresh)

    assert refused(second.refresh)
    assert (answer_to(second.access), answer_to(elsewhere.access)) == (401, 200)
    assert list(TokenFamily.objects.filter(revoked_at__isnull=False).values_list("revoked_reason", flat=True)) == [
        "reused"
    ]


def test_signing_out_ends_both_tokens_and_may_be_repeated(user, answer_to):
    pair = services.issue_tokens(user=user)

    services.revoke(refresh=pair.refresh)
    services.revoke(refresh=pair.refresh)

    assert refused(pair.refresh)
    assert answer_to(pair.access) == 401
    assert TokenFamily.objects.get().revoked_reason == "signed_out"


def test_ending_the_sign_ins_of_a_person_spares_one_and_counts_no_ended_one(clock, user, answer_to):
    first, second, kept = (services.issue_tokens(user=user) for _ in range(3))
    somebody = services.issue_tokens(user=UserFactory())
    services.revoke(refresh=first.refresh)
    clock.shift(60)

    ended = services.end_sign_ins(user=user, reason=Ending.PHONE_CHANGED, keep=family_of(kept).pk)

    assert ended == 1
    assert [answer_to(pair.access) for pair in (first, second, kept, somebody)] == [401, 401, 200, 200]
    assert [(family_of(pair).revoked_reason, family_of(pair).revoked_at) for pair in (first, second, kept)] == [
        (Ending.SIGNED_OUT, NOW),
        (Ending.PHONE_CHANGED, NOW + timedelta(minutes=1)),
        ("", None),
    ]


def test_signing_out_a_device_that_was_ended_keeps_why_and_when(clock, user):
    pair = services.issue_tokens(user=user)
    services.end_sign_ins(user=user, reason=Ending.PHONE_CHANGED)
    clock.shift(60)

    services.revoke(refresh=pair.refresh)

    assert (family_of(pair).revoked_reason, family_of(pair).revoked_at) == (Ending.PHONE_CHANGED, NOW)


def test_what_others_remember_until_the_end_is_stored_is_forgotten_then(user, django_capture_on_commit_callbacks):
    memory = tokens._memory(family_of(services.issue_tokens(user=user)).pk)

    with django_capture_on_commit_callbacks(execute=True):
        services.end_sign_ins(user=user, reason=Ending.SIGNED_OUT)
        cache.set(memory, ("as it was",))

    assert cache.get(memory) is None


def test_a_deactivated_person_is_out_at_the_next_call(user, answer_to):
    """OTP18"""
    pair = services.issue_tokens(user=user)
    user.is_active = False
    user.save()

    assert answer_to(pair.access) == 401
    assert refused(pair.refresh)
    assert TokenFamily.objects.get().revoked_at is None  # a mistake can be taken back


def test_tokens_of_a_deleted_person_are_refused_like_any_other(user, answer_to, api):
    """M9"""
    pair = services.issue_tokens(user=user)
    user.delete()

    assert answer_to(pair.access) == 401
    assert api.post("/api/v1/auth/token/refresh/", {"refresh": pair.refresh}).status_code == 401


@pytest.mark.parametrize(("age", "status"), [(600 + 29, 200), (600 + 30, 401), (-29, 200), (-31, 401)])
def test_a_clock_may_be_half_a_minute_off(clock, user, answer_to, age, status):
    """OTP20"""
    access = services.issue_tokens(user=user).access
    clock.shift(timedelta(seconds=age))

    assert answer_to(access) == status


def test_a_token_that_was_good_is_refused_when_it_has_become_old(clock, user, answer_to):
    access = services.issue_tokens(user=user).access
    assert answer_to(access) == 200

    clock.shift(timedelta(seconds=600 + 30))

    assert answer_to(access) == 401


def test_the_signature_of_a_good_token_is_checked_once_and_of_a_forged_one_each_time(user, answer_to):
    access = services.issue_tokens(user=user).access
    forged = jwt.encode(jwt.decode(access, options={"verify_signature": False}), "x" * 48, "HS256")
    before = _verified.cache_info()

    assert [answer_to(token) for token in (access, access, forged, forged)] == [200, 200, 401, 401]

    after = _verified.cache_info()
    assert (after.hits - before.hits, after.misses - before.misses) == (1, 3)
    assert after.currsize <= after.maxsize == 4096


def test_an_old_refresh_token_is_refused(clock, user):
    refresh = services.issue_tokens(user=user).refresh
    clock.shift(ALL_OF_30_DAYS + timedelta(seconds=30))

    assert refused(refresh)


GOOD_KEY = settings.SIMPLE_JWT["SIGNING_KEY"]
FORGERIES = {
    "other key": lambda claims: jwt.encode(claims, "x" * 48, "HS256"),
    "session key": lambda claims: jwt.encode(claims, settings.SECRET_KEY, "HS256"),
    "alg none": lambda claims: jwt.encode(claims, None, "none"),
    "alg HS384": lambda claims: jwt.encode(claims, GOOD_KEY, "HS384"),
    "kid and jku are not followed": lambda claims: jwt.encode(
        claims, "x" * 48, "HS256", {"kid": "../../dev/null", "jku": "http://127.0.0.1:1/keys"}
    ),
    "no signature": lambda claims: jwt.encode(claims, GOOD_KEY, "HS256").rpartition(".")[0] + ".",
    "changed payload": lambda claims: ".".join(
        [
            *jwt.encode({**claims, "user_id": str(uuid4())}, GOOD_KEY, "HS256").split(".")[:2],
            jwt.encode(claims, GOOD_KEY, "HS256").rpartition(".")[2],
        ]
    ),
    "access and refresh swapped": lambda claims: jwt.encode(
        {**claims, "token_type": {"access": "refresh", "refresh": "access"}[claims["token_type"]]}, GOOD_KEY, "HS256"
    ),
    "other type": lambda claims: jwt.encode({**claims, "token_type": "sliding"}, GOOD_KEY, "HS256"),
    "other audience": lambda claims: jwt.encode({**claims, "aud": "others"}, GOOD_KEY, "HS256"),
    "other issuer": lambda claims: jwt.encode({**claims, "iss": "others"}, GOOD_KEY, "HS256"),
    "other person": lambda claims: jwt.encode({**claims, "user_id": str(uuid4())}, GOOD_KEY, "HS256"),
    "other family": lambda claims: jwt.encode({**claims, "family": str(uuid4())}, GOOD_KEY, "HS256"),
    "person is no id": lambda claims: jwt.encode({**claims, "user_id": "1; --"}, GOOD_KEY, "HS256"),
    "family is a list": lambda claims: jwt.encode({**claims, "family": [1]}, GOOD_KEY, "HS256"),
    "family is null": lambda claims: jwt.encode({**claims, "family": None}, GOOD_KEY, "HS256"),
    **{
        f"without {name}": lambda claims, name=name: jwt.encode(
            {claim: value for claim, value in claims.items() if claim != name}, GOOD_KEY, "HS256"
        )
        for name in ("exp", "jti", "token_type", "aud", "iss", "user_id", "family")
    },
    "expiry is text": lambda claims: jwt.encode({**claims, "exp": "soon"}, GOOD_KEY, "HS256"),
    "expired": lambda claims: jwt.encode({**claims, "exp": 1}, GOOD_KEY, "HS256"),
    "not yet": lambda claims: jwt.encode({**claims, "nbf": 2**33}, GOOD_KEY, "HS256"),
    "no token": lambda claims: "null",
    "two parts": lambda claims: "a.b",
    "rubbish": lambda claims: "eyJ.eyJ.\xff",
    "long": lambda claims: "a" * 2000,
}


@pytest.mark.parametrize("forge", [pytest.param(forge, id=name) for name, forge in FORGERIES.items()])
def test_a_forged_token_is_refused_as_access_and_as_refresh(user, answer_to, api, forge):
    """OTP20"""
    pair = services.issue_tokens(user=user)
    claims, refresh_claims = (
        jwt.decode(text, options={"verify_signature": False}) for text in (pair.access, pair.refresh)
    )
    assert answer_to(jwt.encode(claims, GOOD_KEY, "HS256")) == 200  # the forgery is what is refused, not the form

    assert answer_to(forge(claims)) == 401
    assert api.post("/api/v1/auth/token/refresh/", {"refresh": forge(refresh_claims)}).status_code == 401
    assert TokenFamily.objects.get().revoked_at is None


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer a b", "Basic dXNlcjpwYXNz", "bearer x", "Token x"])
def test_a_header_without_a_token_is_a_401(api, header):
    response = api.get("/api/v1/me/", headers={"authorization": header})

    assert response.status_code == 401


def test_an_access_token_is_no_refresh_token(user, api):
    pair = services.issue_tokens(user=user)

    response = api.post("/api/v1/auth/token/refresh/", {"refresh": pair.access})

    assert response.status_code == 401
    assert TokenFamily.objects.get().revoked_at is None


def test_reading_person_and_sign_in_is_one_query(user, answer_to, django_assert_num_queries):
    access = services.issue_tokens(user=user).access

    with django_assert_num_queries(1):
        assert answer_to(access) == 200


# --- What is remembered of a sign-in ---


def test_the_next_calls_read_neither_person_nor_device(user, answer_to, django_assert_num_queries):
    access = services.issue_tokens(user=user).access
    assert answer_to(access) == 200

    with django_assert_num_queries(0):
        assert [answer_to(access) for _ in range(3)] == [200] * 3


def test_a_remembered_person_is_the_whole_person_without_the_hash_of_the_password(user):
    claims = AccessToken(services.issue_tokens(user=user).access)
    asked, remembered = services.signed_in_user(claims), services.signed_in_user(claims)

    stored = User.objects.get(pk=user.pk)
    fields = [field.attname for field in User._meta.concrete_fields if field.name != "password"]
    assert [getattr(remembered, name) for name in fields] == [getattr(stored, name) for name in fields]
    assert remembered.get_deferred_fields() == asked.get_deferred_fields() == {"password"}
    assert stored.password not in pickle.dumps(cache._cache).decode("latin-1")


def deactivate(user):
    user.is_active = False
    user.save(update_fields=["is_active"])


@pytest.mark.parametrize(
    "end",
    [
        pytest.param(lambda user, pair: services.revoke(refresh=pair.refresh), id="signed out"),
        pytest.param(lambda user, pair: services.end_sign_ins(user=user, reason="signed_out"), id="ended by the owner"),
        pytest.param(lambda user, pair: user.delete(), id="deleted"),
        pytest.param(lambda user, pair: deactivate(user), id="OTP18 deactivated"),
    ],
)
def test_whatever_ends_a_sign_in_is_no_longer_remembered(user, answer_to, end):
    pair = services.issue_tokens(user=user)
    assert answer_to(pair.access) == 200

    end(user, pair)

    assert answer_to(pair.access) == 401


def test_a_changed_person_is_seen_at_the_next_call(user, api):
    headers = {"authorization": f"Bearer {services.issue_tokens(user=user).access}"}
    api.get("/api/v1/me/", headers=headers)

    api.patch("/api/v1/me/", {"name": "Sara"}, headers=headers)

    assert api.get("/api/v1/me/", headers=headers).json()["name"] == "Sara"


def test_where_the_end_was_not_heard_of_the_memory_runs_out_within_a_minute(clock, user, answer_to):
    """Row 75: another process, with a cache of its own, deactivated the person."""
    access = services.issue_tokens(user=user).access
    assert answer_to(access) == 200
    User.objects.filter(pk=user.pk).update(is_active=False)

    clock.shift(timedelta(seconds=29))
    assert answer_to(access) == 200
    clock.shift(timedelta(seconds=2))
    assert answer_to(access) == 401


@pytest.mark.parametrize(("is_shared", "status"), [(True, 401), (False, 200)])
def test_a_sign_out_in_another_process_counts_at_the_next_call_where_the_cache_is_shared(
    user, answer_to, monkeypatch, tmp_path, is_shared, status
):
    """With caches of their own, the control, it counts when the memory runs out."""
    here = FileBasedCache(str(tmp_path / "here"), {})
    there = FileBasedCache(str(tmp_path / ("here" if is_shared else "there")), {})
    pair = services.issue_tokens(user=user)
    monkeypatch.setattr(tokens, "cache", here)
    assert answer_to(pair.access) == 200

    monkeypatch.setattr(tokens, "cache", there)
    services.revoke(refresh=pair.refresh)
    monkeypatch.setattr(tokens, "cache", here)

    assert answer_to(pair.access) == status


def test_a_memory_of_one_person_opens_nothing_for_a_token_of_another(user, answer_to):
    access = services.issue_tokens(user=user).access
    assert answer_to(access) == 200
    claims = jwt.decode(access, options={"verify_signature": False})

    assert answer_to(jwt.encode({**claims, "user_id": str(UserFactory().pk)}, GOOD_KEY, "HS256")) == 401


def test_without_the_cache_every_call_asks_the_database(user, answer_to, monkeypatch, caplog):
    access = services.issue_tokens(user=user).access

    def lost(*args, **kwargs):
        raise RedisConnectionError

    for name in ("get", "set", "delete_many"):
        monkeypatch.setattr(tokens.cache, name, lost, raising=False)

    assert answer_to(access) == 200
    user.is_active = False
    user.save()
    assert answer_to(access) == 401
    assert "the cache of sign-ins does not answer (ConnectionError)" in caplog.text
