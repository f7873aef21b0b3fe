"""What is the same for the demo, the tests and production. Apps are named by dotted strings."""

import logging
from datetime import timedelta

from django.utils.translation import gettext_lazy as _

from project.env import BASE_DIR, DEMO_PASSWORD, VAR_DIR
from project.locale_catalogue import compile_catalogues
from project.settings.api import (
    DRF_STANDARDIZED_ERRORS,
    REST_FRAMEWORK,
    SIMPLE_JWT,
    SPECTACULAR_SETTINGS,
)
from project.settings.unfold import UNFOLD

# Here, because settings are what every process reads first: commands, web and task workers, tests.
compile_catalogues(BASE_DIR / "locale")

INSTALLED_APPS = [
    # Who comes first wins a template or a static file of the same name: ours over Unfold's over everybody's.
    "project.apps.ProjectConfig",
    "unfold.apps.BasicAppConfig",
    "unfold.contrib.filters",
    "unfold.contrib.forms",
    "unfold.contrib.inlines",
    "unfold.contrib.import_export",
    "unfold.contrib.simple_history",
    "project.admin_site.apps.SalonAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "project.static_files.ShippedFilesConfig",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "drf_standardized_errors",
    "import_export",
    "simple_history",
    "csp",
    "django_otp",
    "django_otp.plugins.otp_totp",
    "django_otp.plugins.otp_static",
    "apps.common",
    "apps.accounts",
    "apps.salons",
    "apps.bookings",
    "apps.payments",
    "apps.notifications",
    "apps.storefront",
    "django_vite",
    "django_structlog",
]
MIDDLEWARE = [
    # First, so that every line of the log knows the door.
    "project.middleware.DoorMiddleware",
    # What writes headers stands outside of what may answer by itself: redirects, refused hosts, static files.
    "csp.middleware.CSPMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "project.middleware.HeadersMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.gzip.GZipMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    # After the one that answers for static files, which get no line.
    "project.request_log.RequestMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "project.session_age.SessionAgeMiddleware",
    # After the one that may sign somebody out, so that whoever is left has an answer to `is_verified`.
    "django_otp.middleware.OTPMiddleware",
    # After authentication, because an operator's own choice of language counts.
    "project.middleware.LanguageMiddleware",
    "project.middleware.ReaderMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "simple_history.middleware.HistoryRequestMiddleware",
]
ROOT_URLCONF = "project.urls"
WSGI_APPLICATION = "project.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
DEBUG = False
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- People ---

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["project.passwords.DemoPasswordGuard", "apps.salons.access.RoleBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
    {"NAME": "project.passwords.DemoPasswordValidator"},
]
LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "admin:index"
LOGOUT_REDIRECT_URL = "admin:login"
# What an authenticator app calls its codes for this place; apps read Latin letters best.
OTP_TOTP_ISSUER = "Salon back office"
SESSION_LONGEST = timedelta(hours=12)
SESSION_LONGEST_IDLE = timedelta(minutes=30)
SESSION_COOKIE_AGE = int(SESSION_LONGEST.total_seconds())
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "project.error_pages.csrf_failure"

# --- Language, time, formats ---

LANGUAGE_CODE = "ar"
LANGUAGES = [("ar", _("Arabic")), ("en", _("English"))]
LANGUAGE_COOKIE_SAMESITE = "Lax"
LOCALE_PATHS = [BASE_DIR / "locale"]
FORMAT_MODULE_PATH = ["project.formats"]
TIME_ZONE = "Asia/Riyadh"
USE_TZ = True

# --- Static files and headers ---

STATIC_URL = "static/"
# Where production serves them from; the demo and the tests find them where they lie.
COLLECTED_STATIC_FILES = BASE_DIR / "staticfiles"
WHITENOISE_KEEP_ONLY_HASHED_FILES = True
HASHED_STATIC_FILES = {"BACKEND": "project.static_files.HashedFilesStorage"}
MEDIA_URL = "media/"
MEDIA_ROOT = VAR_DIR / "media"
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
# Twelve digits are Django's hash; the storefront's build has named its files already.
WHITENOISE_IMMUTABLE_FILE_TEST = r"\.[0-9a-f]{12}\.\w+$|^/static/storefront/assets/"
# Static files are for our own pages.
WHITENOISE_ALLOW_ALL_ORIGINS = False
# Alpine, which Unfold's pages are built on, evaluates expressions; its pages also carry style attributes.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "script-src": ["'self'", "'unsafe-eval'"],
        "style-src": ["'self'", "'unsafe-inline'"],
        "img-src": ["'self'", "data:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "object-src": ["'none'"],
        "base-uri": ["'self'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
    }
}

# --- The log ---

LOGGING_CONFIG = "project.logs.configure"
# What is not trusted or not well formed is taken out before the library looks.
DJANGO_STRUCTLOG_TRUST_UPSTREAM_REQUEST_ID = True
DJANGO_STRUCTLOG_IP_LOGGING_ENABLED = False
# The library would ask the database who is signed in; our lines name whoever is known by then.
DJANGO_STRUCTLOG_USER_ID_FIELD = ""
DJANGO_STRUCTLOG_STATUS_START_LOG_LEVEL = logging.DEBUG
# Why a request was refused or failed is a line of its own, with a level of its own.
DJANGO_STRUCTLOG_STATUS_4XX_LOG_LEVEL = DJANGO_STRUCTLOG_STATUS_5XX_LOG_LEVEL = logging.INFO

# --- Third-party apps ---

# What `npm run build` left among the static files, entry and chunks by their source.
DJANGO_VITE = {
    "default": {
        "manifest_path": BASE_DIR / "apps/storefront/static/storefront/manifest.json",
        "static_url_prefix": "storefront",
    }
}

IMPORT_EXPORT_IMPORT_PERMISSION_CODE = "import"
IMPORT_EXPORT_EXPORT_PERMISSION_CODE = "export"
IMPORT_EXPORT_USE_TRANSACTIONS = True
SIMPLE_HISTORY_REVERT_DISABLED = True
SIMPLE_HISTORY_HISTORY_CHANGE_REASON_USE_TEXT_FIELD = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_TIME_LIMIT = 300
CELERY_TASK_SOFT_TIME_LIMIT = 270
# Redis gives a task to somebody else after so many seconds: longer than any may run, shorter than its hour of habit.
CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 600}
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TIMEZONE = TIME_ZONE
