"""The customer API: Django REST framework, its tokens, its errors and its schema."""

from datetime import timedelta
from typing import Any

REST_FRAMEWORK: dict[str, Any] = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["apps.accounts.api.authentication.CustomerJWTAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_PARSER_CLASSES": ["apps.common.api.parsers.BoundedJSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PAGINATION_CLASS": "apps.common.api.pagination.StandardPagination",
    "DEFAULT_SCHEMA_CLASS": "apps.common.api.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "apps.common.api.exceptions.exception_handler",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
SIMPLE_JWT: dict[str, Any] = {
    "ALGORITHM": "HS256",
    "ACCESS_TOKEN_LIFETIME": timedelta(minutes=10),
    "REFRESH_TOKEN_LIFETIME": timedelta(days=30),
    "LEEWAY": timedelta(seconds=30),
    "ISSUER": "salon-back-office",
    "AUDIENCE": "salon-customers",
    "UPDATE_LAST_LOGIN": False,
}
REFUSALS = ["400", "401", "403", "404", "405", "406", "409", "413", "415", "422", "429", "500", "503"]
DRF_STANDARDIZED_ERRORS: dict[str, Any] = {
    "ALLOWED_ERROR_STATUS_CODES": REFUSALS,
    "ERROR_SCHEMAS": dict.fromkeys(REFUSALS, "apps.common.api.openapi.ErrorSerializer"),
    "EXCEPTION_HANDLER_CLASS": "apps.common.api.exceptions.DomainErrorHandler",
    "ENABLE_IN_DEBUG_FOR_UNHANDLED_EXCEPTIONS": True,
}
SPECTACULAR_SETTINGS: dict[str, Any] = {
    "TITLE": "Salon booking API",
    "DESCRIPTION": "Find a salon, sign in with a phone code, book, pay, cancel and review.",
    "VERSION": "1.0.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SERVE_AUTHENTICATION": [],
    "COMPONENT_SPLIT_REQUEST": True,
    "SCHEMA_PATH_PREFIX": r"/api/v1/",
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "ENUM_NAME_OVERRIDES": {
        "BookingStatusEnum": "apps.bookings.models.Booking.Status",
        "PaymentStatusEnum": "apps.payments.models.Payment.Status",
    },
}
