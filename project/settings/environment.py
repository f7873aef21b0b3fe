"""Settings that come from the process environment, as one dictionary for the three settings modules."""

from importlib.util import find_spec
from typing import Any

from django.conf.global_settings import STORAGES

from project.env import Environment, Profile, refuse
from project.settings.api import REST_FRAMEWORK, SIMPLE_JWT
from project.settings.databases import database_settings
from project.settings.logging import logging_settings


def environment_settings(environment: Environment) -> dict[str, Any]:
    return {
        "SECRET_KEY": environment.secret_key,
        "JWT_SIGNING_KEY": environment.jwt_signing_key,
        "OTP_PEPPER": environment.otp_pepper,
        "ALLOWED_HOSTS": environment.allowed_hosts,
        "PUBLIC_BASE_URL": environment.public_base_url,
        "DATABASES": {"default": database_settings(environment.database)},
        "CACHES": {"default": cache_settings(environment.cache_url)},
        "CELERY_BROKER_URL": environment.celery_broker_url,
        "OTP_PROVIDER": environment.otp_provider.value,
        "NOTIFICATION_PROVIDER": environment.notification_provider.value,
        "MOYASAR_SECRET_KEY": environment.moyasar_secret_key,
        "MOYASAR_WEBHOOK_SECRET": environment.moyasar_webhook_secret,
        "MOYASAR_WEBHOOK_SECRET_PREVIOUS": environment.moyasar_webhook_secret_previous,
        "MOYASAR_BASE_URL": environment.moyasar_base_url,
        "TWILIO_ACCOUNT_SID": environment.twilio_account_sid,
        "TWILIO_AUTH_TOKEN": environment.twilio_auth_token,
        "TWILIO_FROM": environment.twilio_from,
        "TWILIO_WHATSAPP_FROM": environment.twilio_whatsapp_from,
        "TWILIO_OTP_TEMPLATE_AR": environment.twilio_otp_template_ar,
        "TWILIO_OTP_TEMPLATE_EN": environment.twilio_otp_template_en,
        "TWILIO_BASE_URL": environment.twilio_base_url,
        "TWILIO_VERIFY_SERVICE_SID": environment.twilio_verify_service_sid,
        "TWILIO_VERIFY_BASE_URL": environment.twilio_verify_base_url,
        "UNIFONIC_APP_SID": environment.unifonic_app_sid,
        "UNIFONIC_SENDER_ID": environment.unifonic_sender_id,
        "UNIFONIC_BASE_URL": environment.unifonic_base_url,
        "UNIFONIC_CALLBACK_SECRET": environment.unifonic_callback_secret,
        "UNIFONIC_PUBLIC_ID": environment.unifonic_public_id,
        "UNIFONIC_SECRET": environment.unifonic_secret,
        "UNIFONIC_CONVERSATIONS_BASE_URL": environment.unifonic_conversations_base_url,
        "UNIFONIC_AUTHENTICATE_APP_ID": environment.unifonic_authenticate_app_id,
        "UNIFONIC_AUTHENTICATE_TOKEN": environment.unifonic_authenticate_token,
        "UNIFONIC_AUTHENTICATE_BASE_URL": environment.unifonic_authenticate_base_url,
        "AUTHENTICA_API_KEY": environment.authentica_api_key,
        "AUTHENTICA_SENDER_NAME": environment.authentica_sender_name,
        "AUTHENTICA_BASE_URL": environment.authentica_base_url,
        "OTP_COUNTRIES": environment.otp_countries,
        "OTP_PRICE_HALALAS": environment.otp_price_halalas,
        "OTP_DAILY_BUDGET_HALALAS": environment.otp_daily_budget_halalas,
        "SMS_PRICE_HALALAS": environment.sms_price_halalas,
        "AUTHENTICA_HOLDS_CODES": environment.authentica_holds_codes,
        "OPERATOR_MFA": environment.operator_mfa.value,
        "TRUSTED_PROXY_COUNT": environment.trusted_proxy_count,
        "EINVOICING_PROVIDER": environment.einvoicing_provider,
        "METRICS_TOKEN": environment.metrics_token,
        "PROMETHEUS_MULTIPROC_DIR": environment.prometheus_multiproc_dir,
        "SENTRY_DSN": environment.sentry_dsn,
        "STORAGES": {**STORAGES, "default": picture_storage(environment)},
        "REST_FRAMEWORK": {**REST_FRAMEWORK, "NUM_PROXIES": environment.trusted_proxy_count},
        "SIMPLE_JWT": {**SIMPLE_JWT, "SIGNING_KEY": environment.jwt_signing_key},
        "LOGGING": logging_settings(environment.log_format),
        "DJANGO_STRUCTLOG_CELERY_ENABLED": bool(environment.celery_broker_url),
        "DEMO_MODE": environment.profile is Profile.DEMO,
    }


def picture_storage(environment: Environment) -> dict[str, Any]:
    """Where pictures lie. The application serves them itself from either place, under the same addresses."""
    if not environment.s3_bucket:
        return STORAGES["default"]
    if find_spec("storages") is None:
        refuse("S3_BUCKET", "is set but django-storages is not installed", "install it with: uv sync --extra s3")
    return {
        "BACKEND": "project.bucket.Bucket",
        "OPTIONS": {
            "endpoint_url": environment.s3_endpoint_url,
            "bucket_name": environment.s3_bucket,
            "region_name": environment.s3_region or None,
            "access_key": environment.s3_access_key_id,
            "secret_key": environment.s3_secret_access_key,
        },
    }


def cache_settings(url: str) -> dict[str, Any]:
    backend = "redis.RedisCache" if url else "locmem.LocMemCache"
    return {
        "BACKEND": f"django.core.cache.backends.{backend}",
        "LOCATION": url or "salon",
        "KEY_PREFIX": "salon",
    }
