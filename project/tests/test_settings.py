"""A wrong or missing value stops the start with one sentence that names the variable and the fix."""

import os
import re
import subprocess
import sys

import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from apps.accounts.otp import HELD_WHERE_SET
from apps.common.testing.leaks import SECRETS
from project.env import (
    BASE_DIR,
    CREDENTIALS,
    HOLDS_CODES,
    REQUIRED_IN_PRODUCTION,
    VARIABLES,
    Profile,
    Provider,
    holds_codes,
    process_variables,
    read_environment,
)
from project.settings.environment import environment_settings

GOOD = {
    "DATABASE_URL": "postgresql://salon:a-password-of-its-own@db.internal:5432/salon",
    "SECRET_KEY": "session.0123456789.abcdefghijklmnopqrstuvwxyz.0123456789",
    "JWT_SIGNING_KEY": "tokens.0123456789.abcdefghijklmnopqrstuvwxyz.0123456789",
    "OTP_PEPPER": "pepper.0123456789.abcdefghijklmnopqrstuvwxyz.0123456789",
    "ALLOWED_HOSTS": "salons.example, admin.salons.example",
    "PUBLIC_BASE_URL": "https://salons.example/",
    "OTP_PROVIDER": "authentica",
    "NOTIFICATION_PROVIDER": "unifonic",
    "AUTHENTICA_API_KEY": "$2y$10$" + "abcdefghijklm./0123456789" * 2 + "xyz",
    "AUTHENTICA_SENDER_NAME": "SALON",
    "UNIFONIC_APP_SID": "an-app",
    "UNIFONIC_SENDER_ID": "SALON",
    "UNIFONIC_CALLBACK_SECRET": "callback.0123456789.abcdef",
    "MOYASAR_SECRET_KEY": "sk_live_" + "made" + "up",
    "MOYASAR_WEBHOOK_SECRET": "webhook.0123456789.abcdef",
}
MOYASAR_KEYS = {Profile.DEMO: "sk_test_" + "made" + "up", Profile.PRODUCTION: GOOD["MOYASAR_SECRET_KEY"]}
ABSENT = None
WAITING = "-c lock_timeout=5s -c idle_in_transaction_session_timeout=60s"
VERIFY = {"OTP_PROVIDER": "twilio", "TWILIO_VERIFY_SERVICE_SID": "VA01"}
AUTHENTICATE = {"OTP_PROVIDER": "unifonic", "UNIFONIC_AUTHENTICATE_APP_ID": "app"}
S3 = {
    "S3_ENDPOINT_URL": "https://s3.example",
    "S3_BUCKET": "salon-pictures",
    "S3_REGION": "",
    "S3_ACCESS_KEY_ID": "an-id",
    "S3_SECRET_ACCESS_KEY": "a-key",
}
# What changes against GOOD, which variable the sentence names, and words of what it says.
BAD_IN_PRODUCTION = [
    *[({name: ABSENT}, name, "is missing") for name in REQUIRED_IN_PRODUCTION],
    ({"SECRET_KEY": "   "}, "SECRET_KEY", "is missing"),
    ({"SECRET_KEY": "short-but-varied-0123"}, "SECRET_KEY", "is shorter than 50 characters"),
    ({"SECRET_KEY": "ab" * 40}, "SECRET_KEY", "repeats the same few characters"),
    ({"SECRET_KEY": "django-insecure-" + "0123456789abcdef" * 4}, "SECRET_KEY", "is a published default"),
    ({"SECRET_KEY": REQUIRED_IN_PRODUCTION["SECRET_KEY"]}, "SECRET_KEY", "is a published default"),
    ({"SECRET_KEY": "demo-salon-2026" * 4}, "SECRET_KEY", "is a published default"),
    ({"SECRET_KEY": GOOD["SECRET_KEY"] + "\nDEBUG=1"}, "SECRET_KEY", "contains a line break"),
    ({"EINVOICING_PROVIDER": "zatca"}, "EINVOICING_PROVIDER", "names no class"),
    ({"EINVOICING_PROVIDER": "a.b; c"}, "EINVOICING_PROVIDER", "names no class"),
    ({"JWT_SIGNING_KEY": "short-0123456789"}, "JWT_SIGNING_KEY", "is shorter than 32 characters"),
    ({"JWT_SIGNING_KEY": GOOD["SECRET_KEY"]}, "JWT_SIGNING_KEY", "equals SECRET_KEY"),
    ({"OTP_PEPPER": REQUIRED_IN_PRODUCTION["OTP_PEPPER"]}, "OTP_PEPPER", "is a published default"),
    ({"OTP_PEPPER": GOOD["JWT_SIGNING_KEY"]}, "OTP_PEPPER", "equals JWT_SIGNING_KEY"),
    ({"ALLOWED_HOSTS": "*"}, "ALLOWED_HOSTS", "contains *"),
    ({"ALLOWED_HOSTS": "salons.example,*"}, "ALLOWED_HOSTS", "contains *"),
    ({"ALLOWED_HOSTS": " , "}, "ALLOWED_HOSTS", "names no host"),
    ({"ALLOWED_HOSTS": "https://salons.example"}, "ALLOWED_HOSTS", "contains an address"),
    ({"ALLOWED_HOSTS": "other.example"}, "ALLOWED_HOSTS", "leaves out the host of PUBLIC_BASE_URL"),
    ({"DATABASE_URL": "nonsense"}, "DATABASE_URL", "is not a database address"),
    ({"DATABASE_URL": "postgresql://h:port/name"}, "DATABASE_URL", "is not a database address"),
    ({"DATABASE_URL": "mysql://u:p@h/name"}, "DATABASE_URL", "is not supported"),
    ({"DATABASE_URL": "sqlite://:memory:"}, "DATABASE_URL", "names no file"),
    ({"DATABASE_URL": "postgresql://u:postgres@h/name"}, "DATABASE_URL", "uses a published password"),
    *[
        ({name: address}, name, "uses plain http")
        for name in VARIABLES
        if name.endswith("_BASE_URL")
        for address in ("http://salons.example", "http://127.0.0.1:9000")
    ],
    ({"PUBLIC_BASE_URL": "salons.example"}, "PUBLIC_BASE_URL", "is not an address"),
    ({"PUBLIC_BASE_URL": "https://salons.example:99999"}, "PUBLIC_BASE_URL", "is not an address"),
    ({"PUBLIC_BASE_URL": "https://me@salons.example"}, "PUBLIC_BASE_URL", "carries more than a host"),
    ({"AUTHENTICA_BASE_URL": "ftp://127.0.0.1"}, "AUTHENTICA_BASE_URL", "is not an address"),
    ({"MOYASAR_SECRET_KEY": "sk_test_" + "anything"}, "MOYASAR_SECRET_KEY", "is not a live key"),
    ({"MOYASAR_SECRET_KEY": "pk_live_" + "anything"}, "MOYASAR_SECRET_KEY", "holds a publishable key"),
    ({"MOYASAR_WEBHOOK_SECRET": "tooshort1"}, "MOYASAR_WEBHOOK_SECRET", "is shorter than 16 characters"),
    ({"MOYASAR_WEBHOOK_SECRET_PREVIOUS": "tooshort1"}, "MOYASAR_WEBHOOK_SECRET_PREVIOUS", "is shorter than 16"),
    (
        {"MOYASAR_WEBHOOK_SECRET_PREVIOUS": GOOD["MOYASAR_WEBHOOK_SECRET"]},
        "MOYASAR_WEBHOOK_SECRET_PREVIOUS",
        "equals MOYASAR_WEBHOOK_SECRET",
    ),
    ({"OTP_PROVIDER": "console"}, "OTP_PROVIDER", "sends nothing: use one of twilio, unifonic, authentica"),
    ({"NOTIFICATION_PROVIDER": "Console"}, "NOTIFICATION_PROVIDER", "is console"),
    ({"OTP_PROVIDER": "pigeon"}, "OTP_PROVIDER", "use one of console, twilio, unifonic, authentica"),
    ({"AUTHENTICA_API_KEY": ABSENT}, "AUTHENTICA_API_KEY", "although OTP_PROVIDER is authentica"),
    (
        {"UNIFONIC_CALLBACK_SECRET": ""},
        "UNIFONIC_CALLBACK_SECRET",
        "although NOTIFICATION_PROVIDER is unifonic",
    ),
    ({"NOTIFICATION_PROVIDER": "twilio"}, "TWILIO_ACCOUNT_SID", "although NOTIFICATION_PROVIDER is twilio"),
    ({"OPERATOR_MFA": "maybe"}, "OPERATOR_MFA", "use one of off, optional, required"),
    ({"LOG_FORMAT": "xml"}, "LOG_FORMAT", "use one of console, json"),
    ({"TRUSTED_PROXY_COUNT": "-1"}, "TRUSTED_PROXY_COUNT", "a whole number from 0 to 10"),
    ({"TRUSTED_PROXY_COUNT": "٢"}, "TRUSTED_PROXY_COUNT", "a whole number from 0 to 10"),
    ({"TRUSTED_PROXY_COUNT": "999"}, "TRUSTED_PROXY_COUNT", "a whole number from 0 to 10"),
    ({"SMS_PRICE_HALALAS": "0.1"}, "SMS_PRICE_HALALAS", "a whole number from 0 to 1000"),
    ({"SMS_PRICE_HALALAS": "1001"}, "SMS_PRICE_HALALAS", "a whole number from 0 to 1000"),
    ({"CELERY_BROKER_URL": "amqp://broker"}, "CELERY_BROKER_URL", "is not a Redis address"),
    ({"CACHE_URL": "memcached://cache"}, "CACHE_URL", "is not a Redis address"),
    ({"METRICS_TOKEN": "short-and-guessable"}, "METRICS_TOKEN", "is shorter than 32 characters"),
    ({"METRICS_TOKEN": "changeme" * 5}, "METRICS_TOKEN", "is a published default"),
    ({"METRICS_TOKEN": "ab" * 20}, "METRICS_TOKEN", "repeats the same few characters"),
    ({"METRICS_TOKEN": GOOD["JWT_SIGNING_KEY"]}, "METRICS_TOKEN", "equals JWT_SIGNING_KEY"),
    ({"PROMETHEUS_MULTIPROC_DIR": "/nowhere/at/all"}, "PROMETHEUS_MULTIPROC_DIR", "is no directory"),
    ({"SENTRY_DSN": "http://key@errors.example/1"}, "SENTRY_DSN", "uses plain http"),
    ({"DEBUG": "True"}, "DEBUG", "is on"),
    *[({**S3, name: ""}, name, "is missing although") for name in S3 if name != "S3_REGION"],
    ({"S3_REGION": "me-central-1"}, "S3_BUCKET", "although S3_REGION is set"),
    ({**S3, "S3_BUCKET": "salons/pictures"}, "S3_BUCKET", "is not the name of a bucket"),
    ({**S3, "S3_ENDPOINT_URL": "http://s3.example"}, "S3_ENDPOINT_URL", "uses plain http"),
    ({"TWILIO_VERIFY_BASE_URL": "http://127.0.0.1:9000"}, "TWILIO_VERIFY_BASE_URL", "uses plain http"),
    ({"UNIFONIC_AUTHENTICATE_BASE_URL": "http://127.0.0.1:9000"}, "UNIFONIC_AUTHENTICATE_BASE_URL", "uses plain http"),
    ({"TWILIO_OTP_TEMPLATE_AR": "SM01"}, "TWILIO_OTP_TEMPLATE_AR", "use the one that starts with HX"),
    ({"TWILIO_VERIFY_SERVICE_SID": "MG01"}, "TWILIO_VERIFY_SERVICE_SID", "use the one that starts with VA"),
    ({"TWILIO_VERIFY_SERVICE_SID": "VA01/x"}, "TWILIO_VERIFY_SERVICE_SID", "is not the id of a Verify service"),
    (VERIFY, "TWILIO_ACCOUNT_SID", "although TWILIO_VERIFY_SERVICE_SID is set"),
    ({**VERIFY, "TWILIO_ACCOUNT_SID": "AC01"}, "TWILIO_AUTH_TOKEN", "although TWILIO_VERIFY_SERVICE_SID is set"),
    (
        {**VERIFY, "TWILIO_ACCOUNT_SID": "AC01", "TWILIO_AUTH_TOKEN": "token", "NOTIFICATION_PROVIDER": "twilio"},
        "TWILIO_FROM",
        "although NOTIFICATION_PROVIDER is twilio",
    ),
    (AUTHENTICATE, "UNIFONIC_AUTHENTICATE_TOKEN", "although UNIFONIC_AUTHENTICATE_APP_ID is set"),
    (
        {"UNIFONIC_AUTHENTICATE_TOKEN": "token"},
        "UNIFONIC_AUTHENTICATE_APP_ID",
        "although UNIFONIC_AUTHENTICATE_TOKEN is set",
    ),
    ({"UNIFONIC_PUBLIC_ID": "public"}, "UNIFONIC_SECRET", "although UNIFONIC_PUBLIC_ID is set"),
    ({"UNIFONIC_SECRET": "secret"}, "UNIFONIC_PUBLIC_ID", "although UNIFONIC_SECRET is set"),
    (
        {"UNIFONIC_CONVERSATIONS_BASE_URL": "http://127.0.0.1:9000"},
        "UNIFONIC_CONVERSATIONS_BASE_URL",
        "uses plain http",
    ),
    ({"TWILIO_WHATSAPP_FROM": "SALON"}, "TWILIO_WHATSAPP_FROM", "is not a number in international form"),
    ({"TWILIO_WHATSAPP_FROM": "whatsapp:+966110000000"}, "TWILIO_WHATSAPP_FROM", "is not a number in international"),
    ({"TWILIO_WHATSAPP_FROM": "+٩٦٦١١٠٠٠٠٠٠٠"}, "TWILIO_WHATSAPP_FROM", "is not a number in international form"),
    ({"AUTHENTICA_HOLDS_CODES": "perhaps"}, "AUTHENTICA_HOLDS_CODES", "use true or false"),
    (
        {"OTP_PROVIDER": "unifonic", "AUTHENTICA_HOLDS_CODES": "true", "AUTHENTICA_API_KEY": ABSENT},
        "AUTHENTICA_API_KEY",
        "although AUTHENTICA_HOLDS_CODES is set",
    ),
    ({"AUTHENTICA_API_KEY": "a-short-key"}, "AUTHENTICA_API_KEY", "is shorter than 20 characters"),
    ({"AUTHENTICA_API_KEY": GOOD["AUTHENTICA_API_KEY"][:-1]}, "AUTHENTICA_API_KEY", "has lost characters"),
]


def changed(changes):
    return {name: value for name, value in {**GOOD, **changes}.items() if value is not ABSENT}


@pytest.mark.parametrize(("changes", "variable", "words"), BAD_IN_PRODUCTION)
def test_production_refuses_a_bad_environment_with_one_sentence(changes, variable, words):
    with pytest.raises(ImproperlyConfigured) as refusal:
        read_environment(Profile.PRODUCTION, changed(changes))

    sentence = str(refusal.value)
    assert sentence.startswith(f"{variable} ")
    assert words in sentence
    assert sentence.endswith(".")
    assert "\n" not in sentence
    secrets = [value for name, value in changes.items() if value and re.search("SECRET|KEY|PEPPER", name)]
    assert not [value for value in secrets if value in sentence]


def test_production_accepts_a_good_environment():
    environment = read_environment(Profile.PRODUCTION, GOOD)

    assert environment.otp_provider is Provider.AUTHENTICA
    assert environment.notification_provider is Provider.UNIFONIC
    assert environment.allowed_hosts == ["salons.example", "admin.salons.example"]
    assert environment.public_base_url == "https://salons.example"
    assert environment.moyasar_base_url == "https://api.moyasar.com/v1"
    assert environment.operator_mfa == "required"
    assert environment.log_format == "json"
    assert environment.trusted_proxy_count == 0


@pytest.mark.parametrize("profile", [Profile.DEMO, Profile.TEST])
def test_demo_and_tests_need_no_variable(profile):
    environment = read_environment(profile, {})

    assert environment.otp_provider is Provider.CONSOLE
    assert environment.notification_provider is Provider.CONSOLE
    assert environment.moyasar_base_url == "http://127.0.0.1:8001/v1"
    assert environment.operator_mfa == "off"
    assert environment.database["ENGINE"] == "django.db.backends.sqlite3"


@pytest.mark.parametrize("profile", [Profile.DEMO, Profile.TEST])
@pytest.mark.parametrize(
    ("variables", "variable"),
    [
        ({"MOYASAR_SECRET_KEY": "sk_live_" + "anything"}, "MOYASAR_SECRET_KEY"),
        ({"OTP_PROVIDER": "twilio"}, "TWILIO_ACCOUNT_SID"),
        ({"DATABASE_URL": "oracle://h/name"}, "DATABASE_URL"),
        ({"TRUSTED_PROXY_COUNT": "two"}, "TRUSTED_PROXY_COUNT"),
    ],
)
def test_demo_and_tests_refuse_what_can_do_harm(profile, variables, variable):
    with pytest.raises(ImproperlyConfigured, match=f"^{variable} "):
        read_environment(profile, variables)


def test_demo_respects_the_environment():
    variables = {
        "DATABASE_URL": "postgresql://postgres@127.0.0.1:5432/salon",
        "MOYASAR_BASE_URL": "http://127.0.0.1:9100/v1/",
        "OTP_PROVIDER": "authentica",
        "AUTHENTICA_API_KEY": "a-key",
        "AUTHENTICA_SENDER_NAME": "SALON",
        "AUTHENTICA_BASE_URL": "http://127.0.0.1:9101",
        "TRUSTED_PROXY_COUNT": "2",
    }

    values = environment_settings(read_environment(Profile.DEMO, variables))

    assert values["DEMO_MODE"] is True
    assert values["DATABASES"]["default"]["ENGINE"] == "django.db.backends.postgresql"
    assert values["MOYASAR_BASE_URL"] == "http://127.0.0.1:9100/v1"
    assert values["OTP_PROVIDER"] == "authentica"
    assert values["NOTIFICATION_PROVIDER"] == "console"
    assert values["AUTHENTICA_BASE_URL"] == "http://127.0.0.1:9101"
    assert values["REST_FRAMEWORK"]["NUM_PROXIES"] == 2


@pytest.mark.parametrize("profile", [Profile.DEMO, Profile.PRODUCTION])
def test_an_authentica_key_that_a_shell_has_read_is_refused(profile):
    key = GOOD["AUTHENTICA_API_KEY"]
    mangled = subprocess.run(["/bin/sh", "-c", f'printf %s "{key}"'], capture_output=True, text=True, check=True).stdout
    assert mangled == "y0./" + key.split("./", 1)[1]

    with pytest.raises(ImproperlyConfigured, match=r"^AUTHENTICA_API_KEY has lost characters .* single quotes"):
        read_environment(profile, {**GOOD, "MOYASAR_SECRET_KEY": MOYASAR_KEYS[profile], "AUTHENTICA_API_KEY": mangled})


@pytest.mark.parametrize("quote", ["'", ""])
def test_an_authentica_key_arrives_whole_from_the_env_file(monkeypatch, tmp_path, quote):
    key = GOOD["AUTHENTICA_API_KEY"]
    (tmp_path / ".env").write_text(f"AUTHENTICA_API_KEY={quote}{key}{quote}\n", encoding="utf-8")
    monkeypatch.setattr("project.env.BASE_DIR", tmp_path)
    monkeypatch.setenv("AUTHENTICA_API_KEY", "")  # so that what the file sets is taken back after the test
    monkeypatch.delenv("AUTHENTICA_API_KEY")

    assert read_environment(Profile.DEMO, process_variables()).authentica_api_key == key


@pytest.mark.parametrize(
    "held",
    [
        {**VERIFY, "TWILIO_ACCOUNT_SID": "AC01", "TWILIO_AUTH_TOKEN": "token"},
        {**AUTHENTICATE, "UNIFONIC_AUTHENTICATE_TOKEN": "token"},
        {
            "OTP_PROVIDER": "authentica",
            "AUTHENTICA_HOLDS_CODES": "true",
            "AUTHENTICA_API_KEY": GOOD["AUTHENTICA_API_KEY"],
        },
    ],
)
def test_a_provider_that_holds_codes_needs_no_sender(held):
    environment = read_environment(Profile.DEMO, held)

    assert holds_codes(environment, environment.otp_provider)
    assert (environment.twilio_from, environment.unifonic_sender_id, environment.authentica_sender_name) == ("", "", "")


def test_whatsapp_has_a_sender_and_an_account_of_its_own():
    given = {"TWILIO_WHATSAPP_FROM": "+966110000000", "UNIFONIC_PUBLIC_ID": "public", "UNIFONIC_SECRET": "secret"}

    values = environment_settings(read_environment(Profile.PRODUCTION, {**GOOD, **given}))

    assert {name: values[name] for name in given} == given
    assert values["UNIFONIC_CONVERSATIONS_BASE_URL"] == "https://apis.unifonic.com"


def test_codes_are_ours_unless_a_provider_is_told_to_hold_them():
    environment = read_environment(Profile.PRODUCTION, GOOD)

    assert [holds_codes(environment, provider) for provider in Provider] == [False] * len(Provider)


def test_the_settings_that_hand_codes_over_are_the_ones_the_start_checks():
    assert HOLDS_CODES == HELD_WHERE_SET


def test_every_provider_but_the_console_names_what_it_cannot_do_without():
    assert set(CREDENTIALS) == set(Provider)
    assert [provider for provider in Provider if not CREDENTIALS[provider]] == [Provider.CONSOLE]


def test_every_key_of_the_environment_is_one_that_no_line_of_the_log_may_hold():
    # That of the bucket is inside STORAGES.
    keys = {name for name in VARIABLES if re.search(r"(KEY|TOKEN|SECRET|PEPPER)(_PREVIOUS)?$", name)}

    assert keys - set(SECRETS) == {"S3_SECRET_ACCESS_KEY"}


def test_a_relative_sqlite_file_lies_in_the_checkout_wherever_the_command_was_started(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)

    environment = read_environment(Profile.DEMO, {"DATABASE_URL": "sqlite:///var/other.sqlite3"})

    assert environment.database["NAME"] == str(BASE_DIR / "var" / "other.sqlite3")


def test_pictures_lie_on_the_disk_unless_a_bucket_is_named():
    values = environment_settings(read_environment(Profile.PRODUCTION, GOOD))

    assert values["STORAGES"]["default"] == {"BACKEND": "django.core.files.storage.FileSystemStorage"}


def test_a_bucket_without_the_package_that_speaks_to_it_stops_the_start(monkeypatch):
    monkeypatch.setattr("project.settings.environment.find_spec", lambda name: None)

    with pytest.raises(ImproperlyConfigured, match=r"^S3_BUCKET is set but django-storages .* uv sync --extra s3\.$"):
        environment_settings(read_environment(Profile.PRODUCTION, {**GOOD, **S3}))


def test_a_bucket_is_reached_as_the_environment_says(monkeypatch):
    monkeypatch.setattr("project.settings.environment.find_spec", lambda name: object())

    values = environment_settings(read_environment(Profile.PRODUCTION, {**GOOD, **S3}))

    assert values["STORAGES"]["default"] == {
        "BACKEND": "project.bucket.Bucket",
        "OPTIONS": {
            "endpoint_url": "https://s3.example",
            "bucket_name": "salon-pictures",
            "region_name": None,
            "access_key": "an-id",
            "secret_key": "a-key",
        },
    }


def test_postgresql_connections_are_kept_and_checked():
    database = environment_settings(read_environment(Profile.PRODUCTION, GOOD))["DATABASES"]["default"]

    assert database["CONN_MAX_AGE"] == 600
    assert database["CONN_HEALTH_CHECKS"] is True
    assert database["OPTIONS"] == {"connect_timeout": 5, "options": WAITING, "prepare_threshold": 2}


def test_options_in_a_postgresql_address_are_kept():
    variables = {**GOOD, "DATABASE_URL": GOOD["DATABASE_URL"] + "?sslmode=require"}

    database = environment_settings(read_environment(Profile.PRODUCTION, variables))["DATABASES"]["default"]

    assert database["OPTIONS"] == {
        "connect_timeout": 5,
        "options": WAITING,
        "prepare_threshold": 2,
        "sslmode": "require",
    }


def test_sqlite_begins_transactions_with_the_write_lock_and_writes_ahead(tmp_path):
    variables = {"DATABASE_URL": f"sqlite:///{tmp_path}/new/demo.sqlite3"}

    options = environment_settings(read_environment(Profile.DEMO, variables))["DATABASES"]["default"]["OPTIONS"]

    assert options["transaction_mode"] == "IMMEDIATE"
    assert options["timeout"] == 20
    assert "journal_mode=WAL" in options["init_command"]
    assert "foreign_keys=ON" in options["init_command"]
    assert (tmp_path / "new").is_dir()


def test_example_file_lists_exactly_the_variables_that_are_read():
    lines = (BASE_DIR / ".env.example").read_text(encoding="utf-8").splitlines()
    listed = [line.split("=", 1)[0] for line in lines if line and not line.startswith("#")]

    assert sorted(listed) == sorted(VARIABLES)
    assert f"console (demo only), {', '.join(list(Provider)[1:])}" in "\n".join(lines)


def test_every_variable_reaches_the_settings():
    values = environment_settings(read_environment(Profile.DEMO, {}))

    aliases = {
        **dict.fromkeys(S3, "STORAGES"),
        "DATABASE_URL": "DATABASES",
        "CACHE_URL": "CACHES",
        "LOG_FORMAT": "LOGGING",
    }
    assert {aliases.get(name, name) for name in VARIABLES} <= values.keys()


def test_tests_ignore_what_the_shell_has_set():
    assert settings.OTP_PROVIDER == "console"
    assert settings.NOTIFICATION_PROVIDER == "console"
    assert settings.CELERY_BROKER_URL == ""
    assert settings.DEBUG is False


def run_manage(command, environment):
    return run_in_production([sys.executable, "manage.py", *command], environment)


def run_in_production(command, environment):
    base = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return subprocess.run(
        command,
        cwd=BASE_DIR,
        env={**base, "DJANGO_SETTINGS_MODULE": "project.settings.production", **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize(
    "start",
    [[sys.executable, "-c", "import project.wsgi"], [sys.executable, "-m", "celery", "-A", "project.celery", "report"]],
    ids=["web", "worker"],
)
@pytest.mark.parametrize(
    ("variable", "value", "sentence"),
    [
        ("SECRET_KEY", "", "SECRET_KEY is missing: make one with"),
        ("DEBUG", "1", "DEBUG is on: remove it, production never runs with it."),
    ],
)
def test_web_and_worker_do_not_start_in_a_bad_environment(start, variable, value, sentence):
    result = run_in_production(start, {**GOOD, variable: value})

    assert result.returncode != 0
    assert f"ImproperlyConfigured: {sentence}" in result.stderr


def test_control_web_and_worker_start_in_a_good_one(tmp_path):
    environment = {**GOOD, "DATABASE_URL": f"sqlite:///{tmp_path}/salon.sqlite3"}

    assert run_in_production([sys.executable, "-c", "import project.wsgi"], environment).returncode == 0
    assert (
        run_in_production([sys.executable, "-m", "celery", "-A", "project.celery", "report"], environment).returncode
        == 0
    )


def test_production_passes_the_deployment_check_without_a_warning(tmp_path):
    environment = {**GOOD, "DATABASE_URL": f"sqlite:///{tmp_path}/salon.sqlite3", "TRUSTED_PROXY_COUNT": "1"}

    result = run_manage(["check", "--deploy", "--fail-level", "WARNING"], environment)

    assert result.returncode == 0, result.stderr
    assert "no issues" in result.stdout


@pytest.mark.parametrize(
    ("variable", "value", "sentence"),
    [
        ("SECRET_KEY", "short", "SECRET_KEY is shorter than 50 characters"),
        (
            "EINVOICING_PROVIDER",
            "nowhere.Provider",
            "EINVOICING_PROVIDER cannot be imported (No module named 'nowhere')",
        ),
        ("EINVOICING_PROVIDER", "json.dumps", "EINVOICING_PROVIDER is no class with a method report"),
    ],
)
def test_a_bad_start_prints_the_sentence_and_no_stack_trace(variable, value, sentence):
    result = run_manage(["check"], {**GOOD, variable: value})

    assert result.returncode == 1
    assert sentence in result.stderr
    assert "Traceback" not in result.stderr


def test_an_empty_directory_of_counters_is_none(monkeypatch):
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", "")

    assert "PROMETHEUS_MULTIPROC_DIR" not in process_variables()
