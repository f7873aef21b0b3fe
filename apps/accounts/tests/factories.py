"""People as tests need them: a valid row by default, every fact that matters written in the test."""

import time
from datetime import timedelta

import factory
from django.contrib.auth.models import Group
from django.utils import timezone
from django_otp.oath import TOTP
from django_otp.plugins.otp_totp.models import TOTPDevice

from apps.accounts.models import (
    DataRequest,
    ExportLog,
    IdempotencyKey,
    OtpChallenge,
    PhoneGuard,
    TokenFamily,
    User,
)
from apps.accounts.roles import PlatformRole

PASSWORD = "a-long-test-password"


class UserFactory(factory.django.DjangoModelFactory):
    """A person with a phone of their own; `password` is given in clear."""

    class Meta:
        model = User
        skip_postgeneration_save = True

    phone = factory.Sequence(lambda n: f"+96655{n:07d}")
    name = factory.Sequence(lambda n: f"Person {n}")
    locale = User.Locale.ENGLISH
    password = factory.django.Password(PASSWORD)


class OwnerFactory(UserFactory):
    """The owner of the platform."""

    is_superuser = True


class PlatformUserFactory(UserFactory):
    """Somebody with a role in all salons, support by default: `PlatformUserFactory(role=PlatformRole.AUDITOR)`."""

    @factory.post_generation
    def role(self, create, extracted, **kwargs):
        group, _created = Group.objects.get_or_create(name=extracted or PlatformRole.SUPPORT)
        self.groups.add(group)


class OtpChallengeFactory(factory.django.DjangoModelFactory):
    """A code that was just sent. `code_hmac` fits no code unless the test gives one."""

    class Meta:
        model = OtpChallenge

    phone = factory.Sequence(lambda n: f"+96656{n:07d}")
    code_hmac = "0" * 64
    expires_at = factory.LazyFunction(lambda: timezone.now() + timedelta(minutes=5))


class PhoneGuardFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = PhoneGuard

    phone = factory.Sequence(lambda n: f"+96657{n:07d}")
    consecutive_failures = 1


class TokenFamilyFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = TokenFamily

    user = factory.SubFactory(UserFactory)
    current_jti_hash = factory.Sequence(lambda n: f"{n:064d}")
    expires_at = factory.LazyFunction(lambda: timezone.now() + timedelta(days=30))


class IdempotencyKeyFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = IdempotencyKey

    user = factory.SubFactory(UserFactory)
    key = factory.Sequence(lambda n: f"key-{n}")
    method = "POST"
    path = "/api/v1/bookings/"
    body_hash = "0" * 64


class DataRequestFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = DataRequest

    user = factory.SubFactory(UserFactory)
    kind = DataRequest.Kind.EXPORT
    due_on = factory.LazyFunction(lambda: timezone.localdate() + timedelta(days=30))


class AppFactory(factory.django.DjangoModelFactory):
    """The authenticator app of a person; `app_code` is what it shows."""

    class Meta:
        model = TOTPDevice

    user = factory.SubFactory(OwnerFactory)
    name = "app"


def app_code(app, steps=0):
    """The six digits that `app` shows `steps` half minutes from now. One before and one after now are accepted too."""
    totp = TOTP(app.bin_key)
    totp.time = time.time() + 30 * steps
    return f"{totp.token():06d}"


def wrong_code(app):
    """Six digits that the app shows at no time near now."""
    shown = {app_code(app, steps) for steps in (-2, -1, 0, 1, 2)}
    return next(code for code in map("{:06d}".format, range(10)) if code not in shown)


class ExportLogFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = ExportLog

    actor = factory.SubFactory(OwnerFactory)
    model_label = "salons.customer"
    file_format = "xlsx"
    row_count = 1
