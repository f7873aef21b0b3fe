"""From errors of the domain to the one error shape of the API: `{"type", "errors": [{"code", "detail", "attr"}]}`."""

from django.core.exceptions import RequestDataTooBig
from django.utils.translation import gettext_lazy as _
from drf_standardized_errors.handler import ExceptionHandler
from drf_standardized_errors.handler import exception_handler as exception_handler
from rest_framework import exceptions, status

from apps.common import errors
from apps.common.metrics import count_refusal
from apps.common.transactions import is_unavailable

STATUS = {
    errors.Rejected: status.HTTP_400_BAD_REQUEST,
    errors.Forbidden: status.HTTP_403_FORBIDDEN,
    errors.Missing: status.HTTP_404_NOT_FOUND,
    errors.Conflict: status.HTTP_409_CONFLICT,
    errors.Mismatch: status.HTTP_422_UNPROCESSABLE_ENTITY,
    errors.RateLimited: status.HTTP_429_TOO_MANY_REQUESTS,
    errors.Unavailable: status.HTTP_503_SERVICE_UNAVAILABLE,
}


class BodyTooLarge(exceptions.APIException):
    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_code = "body_too_large"
    default_detail = _("The request is too large.")


class DomainErrorHandler(ExceptionHandler):
    """Gives each kind of DomainError its status; a database that is busy, away, full or read-only is `unavailable`."""

    def run(self):
        if refusal := _refusal_behind(self.exc):
            count_refusal(refusal)
        return super().run()

    def convert_known_exceptions(self, exc):
        if isinstance(exc, RequestDataTooBig):
            return BodyTooLarge()
        if refusal := _refusal_behind(exc):
            return _to_api_exception(refusal)
        return super().convert_known_exceptions(exc)


def answer_to(error):
    """`(status, body)` with which the API answers to `error`, one of the domain's or of the framework's.

    Nobody is refused by it, so nothing is counted.
    """
    handler = DomainErrorHandler(error, {})  # type: ignore[typeddict-item]  # words need no request
    exception = handler.convert_known_exceptions(error)
    return exception.status_code, handler.format_exception(exception)


def _refusal_behind(error):
    """The error of the domain that a client is told of, None where `error` is the framework's."""
    if is_unavailable(error):
        return errors.Unavailable()
    return error if isinstance(error, errors.DomainError) else None


def _to_api_exception(error):
    http_status = next(code for kind, code in STATUS.items() if isinstance(error, kind))
    if http_status == status.HTTP_400_BAD_REQUEST:
        return exceptions.ValidationError({error.field or "non_field_errors": [str(error)]}, code=error.code)
    return _Refusal(str(error), error.code, http_status, getattr(error, "retry_after", None))


class _Refusal(exceptions.APIException):
    """`wait` in seconds becomes the header Retry-After."""

    def __init__(self, detail, code, http_status, wait):
        super().__init__(detail, code)
        self.status_code = http_status
        self.wait = wait
