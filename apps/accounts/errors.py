"""What can be refused around people: codes, sign-in, repeated requests."""

from django.utils.translation import gettext_lazy as _

from apps.common.errors import Conflict, DomainError, Forbidden, Mismatch, RateLimited, Rejected


class PhoneNotAllowed(Rejected):
    """Codes go to Saudi mobiles only, and to those only that the provider can reach."""

    code = "phone_invalid"
    message = _("A code cannot be sent to this number. Enter a Saudi mobile, for example 0551234567.")

    def __init__(self) -> None:
        super().__init__(field="phone")


class OtpIncorrect(Rejected):
    """The code does not match; the attempt is spent."""

    code = "otp_incorrect"
    message = _("This code is not correct.")

    def __init__(self) -> None:
        super().__init__(field="code")


class OtpExpired(Rejected):
    """Too old, used, replaced by a newer one or never issued: the same words for all."""

    code = "otp_expired"
    message = _("This code is no longer valid. Ask for a new one.")

    def __init__(self) -> None:
        super().__init__(field="code")


class OtpAttemptsExhausted(RateLimited):
    """The code, or the phone for a while, takes no more guesses."""

    code = "otp_attempts_exhausted"
    message = _("Too many wrong codes. Please wait, then ask for a new code.")


class AccountInactive(Forbidden):
    """The phone is proven, but this person may not sign in."""

    code = "account_inactive"
    message = _("This account may not sign in. Please contact the salon.")


class SignInAgain(Forbidden):
    """What is asked for needs a sign-in of the last minutes."""

    code = "sign_in_again"
    message = _("Please sign in again before you change this.")


class PhoneInUse(Conflict):
    """The number is proven, and it is the phone of another account."""

    code = "phone_in_use"
    message = _("Another account has this phone number.")


class SignInEnded(DomainError):
    """A token that is forged, expired, replaced, signed out, or whose person may no longer sign in."""

    code = "token_not_valid"
    message = _("You are signed out. Please sign in again.")


class SecondFactorIncorrect(Rejected):
    """Neither a current code of the person's app nor an unused recovery code; a code of the app is good once."""

    code = "second_factor_incorrect"
    message = _("This code is not correct or was used already. Wait for the app to show the next one.")

    def __init__(self) -> None:
        super().__init__(field="code")


class SecondFactorLocked(RateLimited):
    """Wrong codes in a row: the next one is looked at after a wait that doubles."""

    code = "second_factor_locked"
    message = _("Too many wrong codes. Please wait %(wait)s (minutes:seconds) and try again.")


class SecondFactorRequired(Forbidden):
    """Here nobody works without two-step sign-in, so it cannot be turned off."""

    code = "second_factor_required"
    message = _("Two-step sign-in is required here and cannot be turned off. Move it to another phone instead.")


class IdempotencyKeyRequired(Rejected):
    """The header `Idempotency-Key` is missing or not 1 to 128 printable characters."""

    code = "idempotency_key_required"
    message = _("Send the header Idempotency-Key with 1 to 128 printable characters.")


class IdempotencyKeyReused(Mismatch):
    """The same key came before with another address or body."""

    code = "idempotency_key_reused"
    message = _("This Idempotency-Key was used for a different request.")


class RequestInProgress(Conflict):
    """The same request is being answered right now; `retry_after` is in seconds."""

    code = "request_in_progress"
    message = _("The same request is still being answered. Please try again shortly.")
    retry_after = 1


class RequestAnswered(Conflict):
    """A data request that is not open, or not of the kind this answers."""

    code = "request_answered"
    message = _("This request was answered already, or it asks for something else.")


class RequestExtended(Conflict):
    """The law gives one extension."""

    code = "request_extended"
    message = _("The time for this request was extended before. It can be extended once.")


class ErasureBlocked(Conflict):
    """Something has to come to its end first. Params: `reasons`, sentences in the active language."""

    code = "erasure_blocked"
    message = _("The data cannot be erased yet. %(reasons)s")


class PersonErased(Conflict):
    """The person's data were erased meanwhile: nothing is written about them any more."""

    code = "person_erased"
    message = _("The data of this person were erased.")
