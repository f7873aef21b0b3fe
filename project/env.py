"""The one reader of the process environment.

Every setting an operator may give is named in ``VARIABLES``; ``.env.example`` lists the same names and a
test compares the two. Functions here take a mapping, so a test can try a bad environment without starting a
process. A missing or unsafe value raises ``ImproperlyConfigured`` with one sentence that names the variable
and the fix, and never repeats the value.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, NoReturn, TypeVar
from urllib.parse import urlsplit

import dj_database_url
import environ
from django.core.exceptions import ImproperlyConfigured
from django.http.request import validate_host
from phonenumbers import SUPPORTED_REGIONS

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = BASE_DIR / "var"
DEMO_PASSWORD = "demo-salon-2026"  # noqa: S105 - published with the demo and refused everywhere else

LONGEST_PROXY_CHAIN = 10
LARGEST_PRICE, LARGEST_BUDGET = 1000, 100_000_000  # halalas
# 50 is what Django's own deployment check asks of SECRET_KEY: a start that passes here must pass there.
SECRET_LENGTHS = {
    "SECRET_KEY": 50,
    "JWT_SIGNING_KEY": 32,
    "OTP_PEPPER": 32,
    "MOYASAR_WEBHOOK_SECRET": 16,
    "MOYASAR_WEBHOOK_SECRET_PREVIOUS": 16,
    "UNIFONIC_CALLBACK_SECRET": 16,
    "METRICS_TOKEN": 32,
}
DISTINCT_CHARACTERS = 8
# Authentica's keys are bcrypt text, $2y$10$ and 53 characters more.
AUTHENTICA_KEY_LENGTH = 60
SHORTEST_AUTHENTICA_KEY = 20
HOW_TO_MAKE_ONE = 'make one with: python -c "import secrets; print(secrets.token_urlsafe(48))"'
PLACEHOLDERS = ("django-insecure", "demo-only", "changeme", "change-me", "replace-me", DEMO_PASSWORD)
TRUE_WORDS = {"1", "true", "yes", "on", "y", "t"}
DOTTED_PATH = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)+")
INTERNATIONAL_NUMBER = re.compile(r"\+[1-9][0-9]{7,14}")
BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
VERIFY_SERVICE = re.compile(r"VA[0-9A-Za-z]+")
CONTENT_TEMPLATE = re.compile(r"HX[0-9A-Za-z]+")
DATABASE_ENGINES = ("django.db.backends.sqlite3", "django.db.backends.postgresql")


Choice = TypeVar("Choice", bound=StrEnum)


class Profile(StrEnum):
    """Which of the three settings modules is reading."""

    DEMO = "demo"
    TEST = "test"
    PRODUCTION = "production"


class Provider(StrEnum):
    """Who carries a message; codes and notifications choose independently."""

    CONSOLE = "console"
    TWILIO = "twilio"
    UNIFONIC = "unifonic"
    AUTHENTICA = "authentica"


class OperatorMfa(StrEnum):
    """Whether people who sign in to the admin need a second factor."""

    OFF = "off"
    OPTIONAL = "optional"
    REQUIRED = "required"


class LogFormat(StrEnum):
    """One readable line, or one JSON object, per event."""

    CONSOLE = "console"
    JSON = "json"


@dataclass(frozen=True, slots=True)
class Default:
    """What a variable is when it is absent; ``None`` means that it must be given."""

    demo: str | None
    production: str | None


REQUIRED_IN_PRODUCTION: dict[str, str] = {
    "DATABASE_URL": f"sqlite:///{VAR_DIR / 'demo.sqlite3'}",
    "SECRET_KEY": "demo-only-session-key-refused-by-the-production-settings",
    "JWT_SIGNING_KEY": "demo-only-token-key-refused-by-the-production-settings",
    "OTP_PEPPER": "demo-only-code-pepper-refused-by-the-production-settings",
    "ALLOWED_HOSTS": "127.0.0.1,localhost,[::1]",
    "PUBLIC_BASE_URL": "http://127.0.0.1:8000",
    "OTP_PROVIDER": Provider.CONSOLE,
    "NOTIFICATION_PROVIDER": Provider.CONSOLE,
    "MOYASAR_SECRET_KEY": "sk_test_demo_only_refused_by_production",
    "MOYASAR_WEBHOOK_SECRET": "demo-only-webhook-secret",
}
OPTIONAL: dict[str, str] = {
    "CACHE_URL": "",
    "CELERY_BROKER_URL": "",
    "MOYASAR_WEBHOOK_SECRET_PREVIOUS": "",
    "TWILIO_ACCOUNT_SID": "",
    "TWILIO_AUTH_TOKEN": "",
    "TWILIO_FROM": "",
    "TWILIO_WHATSAPP_FROM": "",
    "TWILIO_OTP_TEMPLATE_AR": "",
    "TWILIO_OTP_TEMPLATE_EN": "",
    "TWILIO_BASE_URL": "https://api.twilio.com",
    "TWILIO_VERIFY_SERVICE_SID": "",
    "TWILIO_VERIFY_BASE_URL": "https://verify.twilio.com",
    "UNIFONIC_APP_SID": "",
    "UNIFONIC_SENDER_ID": "",
    "UNIFONIC_BASE_URL": "https://el.cloud.unifonic.com",
    "UNIFONIC_CALLBACK_SECRET": "",
    "UNIFONIC_PUBLIC_ID": "",
    "UNIFONIC_SECRET": "",
    "UNIFONIC_CONVERSATIONS_BASE_URL": "https://apis.unifonic.com",
    "UNIFONIC_AUTHENTICATE_APP_ID": "",
    "UNIFONIC_AUTHENTICATE_TOKEN": "",
    "UNIFONIC_AUTHENTICATE_BASE_URL": "https://authenticate.cloud.api.unifonic.com",
    "AUTHENTICA_API_KEY": "",
    "AUTHENTICA_SENDER_NAME": "",
    "AUTHENTICA_BASE_URL": "https://api.authentica.sa",
    "OTP_COUNTRIES": "SA",
    "OTP_PRICE_HALALAS": "20",
    "OTP_DAILY_BUDGET_HALALAS": "60000",
    "SMS_PRICE_HALALAS": "10",
    "AUTHENTICA_HOLDS_CODES": "false",
    "TRUSTED_PROXY_COUNT": "0",
    "EINVOICING_PROVIDER": "",
    "METRICS_TOKEN": "",
    "PROMETHEUS_MULTIPROC_DIR": "",
    "SENTRY_DSN": "",
    "S3_ENDPOINT_URL": "",
    "S3_BUCKET": "",
    "S3_REGION": "",
    "S3_ACCESS_KEY_ID": "",
    "S3_SECRET_ACCESS_KEY": "",
}
VARIABLES: dict[str, Default] = {
    **{name: Default(demo, None) for name, demo in REQUIRED_IN_PRODUCTION.items()},
    **{name: Default(value, value) for name, value in OPTIONAL.items()},
    # In the demo: where the payment stand-in listens when the server has its usual port.
    "MOYASAR_BASE_URL": Default("http://127.0.0.1:8001/v1", "https://api.moyasar.com/v1"),
    "OPERATOR_MFA": Default(OperatorMfa.OFF, OperatorMfa.REQUIRED),
    "LOG_FORMAT": Default(LogFormat.CONSOLE, LogFormat.JSON),
}
CREDENTIALS: dict[Provider, tuple[str, ...]] = {
    Provider.CONSOLE: (),
    Provider.TWILIO: ("TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN", "TWILIO_FROM"),
    Provider.UNIFONIC: ("UNIFONIC_APP_SID", "UNIFONIC_SENDER_ID", "UNIFONIC_CALLBACK_SECRET"),
    Provider.AUTHENTICA: ("AUTHENTICA_API_KEY", "AUTHENTICA_SENDER_NAME"),
}
# Which variable hands one-time codes over to the provider, and what it is worthless without. A provider that holds
# codes needs no sender and nothing of CREDENTIALS besides.
HOLDS_CODES: dict[Provider, str] = {
    Provider.TWILIO: "TWILIO_VERIFY_SERVICE_SID",
    Provider.UNIFONIC: "UNIFONIC_AUTHENTICATE_APP_ID",
    Provider.AUTHENTICA: "AUTHENTICA_HOLDS_CODES",
}
COMPLETED_BY: dict[str, tuple[str, ...]] = {
    "TWILIO_VERIFY_SERVICE_SID": ("TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN"),
    "UNIFONIC_PUBLIC_ID": ("UNIFONIC_SECRET",),
    "UNIFONIC_SECRET": ("UNIFONIC_PUBLIC_ID",),
    "UNIFONIC_AUTHENTICATE_APP_ID": ("UNIFONIC_AUTHENTICATE_TOKEN",),
    "UNIFONIC_AUTHENTICATE_TOKEN": ("UNIFONIC_AUTHENTICATE_APP_ID",),
    "AUTHENTICA_HOLDS_CODES": ("AUTHENTICA_API_KEY",),
    # All or none. Without a region the service has one of its own, or needs none.
    "S3_BUCKET": ("S3_ENDPOINT_URL", "S3_ACCESS_KEY_ID", "S3_SECRET_ACCESS_KEY"),
    "S3_ENDPOINT_URL": ("S3_BUCKET",),
    "S3_REGION": ("S3_BUCKET",),
    "S3_ACCESS_KEY_ID": ("S3_BUCKET",),
    "S3_SECRET_ACCESS_KEY": ("S3_BUCKET",),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """Every value of ``VARIABLES``, typed; a field is its variable's name in lower case.

    ``database`` is Django's dictionary made from ``DATABASE_URL``, without engine options.
    """

    profile: Profile
    database: dict[str, Any]
    secret_key: str
    jwt_signing_key: str
    otp_pepper: str
    allowed_hosts: list[str]
    public_base_url: str
    cache_url: str
    celery_broker_url: str
    otp_provider: Provider
    notification_provider: Provider
    moyasar_secret_key: str
    moyasar_webhook_secret: str
    moyasar_webhook_secret_previous: str
    moyasar_base_url: str
    twilio_account_sid: str
    twilio_auth_token: str
    twilio_from: str
    twilio_whatsapp_from: str
    twilio_otp_template_ar: str
    twilio_otp_template_en: str
    twilio_base_url: str
    twilio_verify_service_sid: str
    twilio_verify_base_url: str
    unifonic_app_sid: str
    unifonic_sender_id: str
    unifonic_base_url: str
    unifonic_callback_secret: str
    unifonic_public_id: str
    unifonic_secret: str
    unifonic_conversations_base_url: str
    unifonic_authenticate_app_id: str
    unifonic_authenticate_token: str
    unifonic_authenticate_base_url: str
    authentica_api_key: str
    authentica_sender_name: str
    authentica_base_url: str
    otp_countries: list[str]
    otp_price_halalas: int
    otp_daily_budget_halalas: int
    sms_price_halalas: int
    authentica_holds_codes: bool
    operator_mfa: OperatorMfa
    trusted_proxy_count: int
    einvoicing_provider: str
    log_format: LogFormat
    metrics_token: str
    prometheus_multiproc_dir: str
    sentry_dsn: str
    s3_endpoint_url: str
    s3_bucket: str
    s3_region: str
    s3_access_key_id: str
    s3_secret_access_key: str


def refuse(name: str, problem: str, fix: str) -> NoReturn:
    """Stop the start with one sentence: the variable, what is wrong, what to do."""
    raise ImproperlyConfigured(f"{name} {problem}: {fix}.")


class Reader:
    """Typed access to a mapping of variables under the rules of one profile."""

    def __init__(self, profile: Profile, variables: Mapping[str, str]) -> None:
        self.variables = variables
        self.production = profile is Profile.PRODUCTION

    def text(self, name: str) -> str:
        given = self.variables.get(name, "").strip()
        if any(not character.isprintable() for character in given):
            refuse(name, "contains a line break or a control character", "write it on one line")
        if given:
            return given
        default = VARIABLES[name].production if self.production else VARIABLES[name].demo
        if default is None:
            fix = HOW_TO_MAKE_ONE if name in SECRET_LENGTHS else "set it as .env.example shows"
            refuse(name, "is missing", fix)
        return default

    def one_of(self, name: str, choices: type[Choice]) -> Choice:
        value = self.text(name).lower()
        if value not in {choice.value for choice in choices}:
            refuse(name, "has an unknown value", f"use one of {', '.join(choices)}")
        return choices(value)

    def count(self, name: str, most: int, *, least: int = 0) -> int:
        value = self.text(name)
        if not (value.isascii() and value.isdigit() and least <= int(value) <= most):
            refuse(name, "is not a count", f"use a whole number from {least} to {most}")
        return int(value)

    def countries(self, name: str) -> list[str]:
        countries = [country.strip().upper() for country in self.text(name).split(",")]
        if not set(countries) <= SUPPORTED_REGIONS:
            refuse(name, "names no country", "list two-letter country codes, separated by commas, such as SA,AE")
        return countries

    def switch(self, name: str) -> bool:
        value = self.text(name).lower()
        if value not in {"true", "false"}:
            refuse(name, "is neither true nor false", "use true or false")
        return value == "true"

    def secret(self, name: str) -> str:
        value = self.text(name)
        if not self.production or not value:
            return value
        if any(placeholder in value.lower() for placeholder in PLACEHOLDERS):
            refuse(name, "is a published default", HOW_TO_MAKE_ONE)
        if len(value) < SECRET_LENGTHS[name]:
            refuse(name, f"is shorter than {SECRET_LENGTHS[name]} characters", HOW_TO_MAKE_ONE)
        if len(set(value)) < DISTINCT_CHARACTERS:
            refuse(name, "repeats the same few characters", HOW_TO_MAKE_ONE)
        return value

    def address(self, name: str) -> str:
        """Empty, or an address without a trailing slash; production insists on https."""
        value = self.text(name)
        if not value:
            return value
        try:
            parts = urlsplit(value)
            usable = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
        except ValueError:
            usable = False
        if not usable or " " in value:
            refuse(name, "is not an address", "write it like https://host.example")
        if self.production and parts.scheme != "https":
            refuse(name, "uses plain http", "write an https:// address")
        return value.rstrip("/")

    def base_url(self, name: str) -> str:
        """An address that paths are appended to."""
        value = self.address(name)
        if any(mark in value for mark in "?#@"):
            refuse(name, "carries more than a host and a path", "write it like https://host.example")
        return value

    def redis_url(self, name: str) -> str:
        value = self.text(name)
        if value and not value.startswith(("redis://", "rediss://", "unix://")):
            refuse(name, "is not a Redis address", "write it like redis://host:6379/0 or leave it empty")
        return value

    def hosts(self, name: str) -> list[str]:
        hosts = [host.strip() for host in self.text(name).split(",") if host.strip()]
        if not hosts:
            refuse(name, "names no host", "list the host names of this installation, separated by commas")
        if any("://" in host or "/" in host for host in hosts):
            refuse(name, "contains an address", "write host names only, without https:// and without a path")
        if self.production and any("*" in host for host in hosts):
            refuse(name, "contains *", "list the host names of this installation, separated by commas")
        return hosts

    def database(self, name: str) -> dict[str, Any]:
        value = self.text(name)
        shape = "write sqlite:////absolute/path.sqlite3 or postgresql://user:password@host:5432/name"
        try:
            config: dict[str, Any] = dict(dj_database_url.parse(value))
        except ValueError:
            refuse(name, "is not a database address", shape)
        if config["ENGINE"] not in DATABASE_ENGINES:
            refuse(name, "names a database that is not supported", shape)
        if config["ENGINE"].endswith("sqlite3"):
            if not config["NAME"] or config["NAME"] == ":memory:":
                refuse(name, "names no file", shape)
            # Relative to the checkout, so that every process means the same file wherever it was started.
            config["NAME"] = str(BASE_DIR / config["NAME"])
        elif self.production and config.get("PASSWORD") in {"postgres", "password", DEMO_PASSWORD}:
            refuse(name, "uses a published password", "give the database user a password of its own")
        return config

    def moyasar_key(self, name: str) -> str:
        value = self.text(name)
        if value.startswith("pk_"):
            refuse(name, "holds a publishable key", "use the secret key, which starts with sk_")
        if self.production and not value.startswith("sk_live_"):
            refuse(name, "is not a live key", "use the secret key that starts with sk_live_")
        if not self.production and value.startswith("sk_live_"):
            refuse(name, "is a live key", "the demo and the tests take only a key that starts with sk_test_")
        return value

    def authentica_key(self, name: str) -> str:
        value = self.text(name)
        quote = "copy the whole key and put it in single quotes, so that no shell reads its $ signs"
        # A shell takes $2 and $1 for arguments that are not there: what is left of $2y$10$… begins with y0.
        if value.startswith(("$2", "y0")) and len(value) < AUTHENTICA_KEY_LENGTH:
            refuse(name, "has lost characters at its $ signs", quote)
        if self.production and value and len(value) < SHORTEST_AUTHENTICA_KEY:
            refuse(name, f"is shorter than {SHORTEST_AUTHENTICA_KEY} characters", quote)
        return value

    def dotted_path(self, name: str) -> str:
        """Empty, or the name of a class; whether it is there is seen when the apps are."""
        value = self.text(name)
        if value and not DOTTED_PATH.fullmatch(value):
            refuse(name, "names no class", "write it like package.module.Class, or leave it empty")
        return value

    def directory(self, name: str) -> str:
        """Empty, or a directory that this process may write to."""
        value = self.text(name)
        if value and not (Path(value).is_dir() and os.access(value, os.W_OK)):
            refuse(name, "is no directory that can be written to", "make it, empty, before every start")
        return value

    def bucket(self, name: str) -> str:
        value = self.text(name)
        if value and not BUCKET.fullmatch(value):
            refuse(name, "is not the name of a bucket", "write its name alone, such as salon-pictures")
        return value

    def phone_number(self, name: str) -> str:
        value = self.text(name)
        if value and not INTERNATIONAL_NUMBER.fullmatch(value):
            refuse(name, "is not a number in international form", "write it like +966110000000, or leave it empty")
        return value

    def content_template(self, name: str) -> str:
        value = self.text(name)
        if value and not CONTENT_TEMPLATE.fullmatch(value):
            refuse(name, "is not the id of a content template", "use the one that starts with HX, or leave it empty")
        return value

    def verify_service(self, name: str) -> str:
        value = self.text(name)
        if value and not VERIFY_SERVICE.fullmatch(value):
            refuse(name, "is not the id of a Verify service", "use the one that starts with VA, or leave it empty")
        return value


def read_environment(profile: Profile, variables: Mapping[str, str]) -> Environment:
    """Read and check every variable; the first that is missing or unsafe ends the start."""
    read = Reader(profile, variables)
    environment = Environment(
        profile=profile,
        database=read.database("DATABASE_URL"),
        secret_key=read.secret("SECRET_KEY"),
        jwt_signing_key=read.secret("JWT_SIGNING_KEY"),
        otp_pepper=read.secret("OTP_PEPPER"),
        allowed_hosts=read.hosts("ALLOWED_HOSTS"),
        public_base_url=read.base_url("PUBLIC_BASE_URL"),
        cache_url=read.redis_url("CACHE_URL"),
        celery_broker_url=read.redis_url("CELERY_BROKER_URL"),
        otp_provider=read.one_of("OTP_PROVIDER", Provider),
        notification_provider=read.one_of("NOTIFICATION_PROVIDER", Provider),
        moyasar_secret_key=read.moyasar_key("MOYASAR_SECRET_KEY"),
        moyasar_webhook_secret=read.secret("MOYASAR_WEBHOOK_SECRET"),
        moyasar_webhook_secret_previous=read.secret("MOYASAR_WEBHOOK_SECRET_PREVIOUS"),
        moyasar_base_url=read.base_url("MOYASAR_BASE_URL"),
        twilio_account_sid=read.text("TWILIO_ACCOUNT_SID"),
        twilio_auth_token=read.text("TWILIO_AUTH_TOKEN"),
        twilio_from=read.text("TWILIO_FROM"),
        twilio_whatsapp_from=read.phone_number("TWILIO_WHATSAPP_FROM"),
        twilio_otp_template_ar=read.content_template("TWILIO_OTP_TEMPLATE_AR"),
        twilio_otp_template_en=read.content_template("TWILIO_OTP_TEMPLATE_EN"),
        twilio_base_url=read.base_url("TWILIO_BASE_URL"),
        twilio_verify_service_sid=read.verify_service("TWILIO_VERIFY_SERVICE_SID"),
        twilio_verify_base_url=read.base_url("TWILIO_VERIFY_BASE_URL"),
        unifonic_app_sid=read.text("UNIFONIC_APP_SID"),
        unifonic_sender_id=read.text("UNIFONIC_SENDER_ID"),
        unifonic_base_url=read.base_url("UNIFONIC_BASE_URL"),
        unifonic_callback_secret=read.secret("UNIFONIC_CALLBACK_SECRET"),
        unifonic_public_id=read.text("UNIFONIC_PUBLIC_ID"),
        unifonic_secret=read.text("UNIFONIC_SECRET"),
        unifonic_conversations_base_url=read.base_url("UNIFONIC_CONVERSATIONS_BASE_URL"),
        unifonic_authenticate_app_id=read.text("UNIFONIC_AUTHENTICATE_APP_ID"),
        unifonic_authenticate_token=read.text("UNIFONIC_AUTHENTICATE_TOKEN"),
        unifonic_authenticate_base_url=read.base_url("UNIFONIC_AUTHENTICATE_BASE_URL"),
        authentica_api_key=read.authentica_key("AUTHENTICA_API_KEY"),
        authentica_sender_name=read.text("AUTHENTICA_SENDER_NAME"),
        authentica_base_url=read.base_url("AUTHENTICA_BASE_URL"),
        otp_countries=read.countries("OTP_COUNTRIES"),
        otp_price_halalas=read.count("OTP_PRICE_HALALAS", LARGEST_PRICE, least=1),
        otp_daily_budget_halalas=read.count("OTP_DAILY_BUDGET_HALALAS", LARGEST_BUDGET),
        sms_price_halalas=read.count("SMS_PRICE_HALALAS", LARGEST_PRICE),
        authentica_holds_codes=read.switch("AUTHENTICA_HOLDS_CODES"),
        operator_mfa=read.one_of("OPERATOR_MFA", OperatorMfa),
        trusted_proxy_count=read.count("TRUSTED_PROXY_COUNT", LONGEST_PROXY_CHAIN),
        einvoicing_provider=read.dotted_path("EINVOICING_PROVIDER"),
        log_format=read.one_of("LOG_FORMAT", LogFormat),
        metrics_token=read.secret("METRICS_TOKEN"),
        prometheus_multiproc_dir=read.directory("PROMETHEUS_MULTIPROC_DIR"),
        sentry_dsn=read.address("SENTRY_DSN"),
        s3_endpoint_url=read.base_url("S3_ENDPOINT_URL"),
        s3_bucket=read.bucket("S3_BUCKET"),
        s3_region=read.text("S3_REGION"),
        s3_access_key_id=read.text("S3_ACCESS_KEY_ID"),
        s3_secret_access_key=read.text("S3_SECRET_ACCESS_KEY"),
    )
    check_providers(environment)
    if profile is Profile.PRODUCTION:
        check_production(environment, variables)
    return environment


def check_providers(environment: Environment) -> None:
    """A chosen provider comes with all of its credentials, in the demo as well."""
    chosen = {"NOTIFICATION_PROVIDER": environment.notification_provider}
    if not holds_codes(environment, environment.otp_provider):
        chosen = {"OTP_PROVIDER": environment.otp_provider, **chosen}
    for chooser, provider in chosen.items():
        for name in CREDENTIALS[provider]:
            if not getattr(environment, name.lower()):
                problem = f"is missing although {chooser} is {provider}"
                refuse(name, problem, "set it or choose another provider")
    for given, others in COMPLETED_BY.items():
        for name in others:
            if getattr(environment, given.lower()) and not getattr(environment, name.lower()):
                refuse(name, f"is missing although {given} is set", f"set it or remove {given}")


def holds_codes(environment: Environment, provider: Provider) -> bool:
    """Whether the provider makes and judges one-time codes itself."""
    return provider in HOLDS_CODES and bool(getattr(environment, HOLDS_CODES[provider].lower()))


def check_production(environment: Environment, variables: Mapping[str, str]) -> None:
    """What only production refuses and what concerns several variables at once."""
    if variables.get("DEBUG", "").strip().lower() in TRUE_WORDS:
        refuse("DEBUG", "is on", "remove it, production never runs with it")
    for name in ("OTP_PROVIDER", "NOTIFICATION_PROVIDER"):
        if getattr(environment, name.lower()) is Provider.CONSOLE:
            others = ", ".join(provider for provider in Provider if provider is not Provider.CONSOLE)
            refuse(name, "is console, which sends nothing", f"use one of {others}")
    owners: dict[str, str] = {}
    for name in SECRET_LENGTHS:
        value = getattr(environment, name.lower())
        if value and owners.setdefault(value, name) != name:
            refuse(name, f"equals {owners[value]}", HOW_TO_MAKE_ONE)
    if not validate_host(urlsplit(environment.public_base_url).hostname or "", environment.allowed_hosts):
        refuse("ALLOWED_HOSTS", "leaves out the host of PUBLIC_BASE_URL", "add that host name to the list")


def process_variables() -> Mapping[str, str]:
    """The process environment, completed from a ``.env`` file beside ``manage.py`` when there is one."""
    dotenv = BASE_DIR / ".env"
    if dotenv.is_file():
        environ.Env.read_env(dotenv)
    # The library takes an empty one for the working directory, and would leave its files there.
    if not os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        os.environ.pop("PROMETHEUS_MULTIPROC_DIR", None)
    return os.environ
