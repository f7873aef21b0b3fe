"""Errors of the domain: what went wrong in words a person can read, with a code a client can branch on.

The classes know nothing of HTTP. `apps.common.api.exceptions` maps kinds to status codes, `apps.common.admin.dialogs`
maps them to messages on the page.
"""

from django.utils.functional import lazystr
from django.utils.translation import gettext_lazy as _


class DomainError(Exception):
    """A refusal that belongs to the product, not a programming mistake.

    `code` is stable snake_case and part of the public contract, `message` is a translatable text with named
    placeholders, `field` names the input that should change (None: the request as a whole).
    """

    code = "error"
    message = _("The request was refused.")

    def __init__(self, message=None, *, code=None, field=None, **params):
        self.code = code or self.code
        self.field = field
        self.params = params
        self.template = message or self.message
        super().__init__(self.code)

    def __str__(self):
        text = str(self.template)
        return text % self.params if self.params else text


class Rejected(DomainError):
    """The input breaks a rule; the person can change it and try again."""

    code = "invalid"


class Forbidden(DomainError):
    """The actor may not do this."""

    code = "permission_denied"
    message = _("You may not do this.")


class ProofNeeded(Forbidden):
    """The actor may, but not on the strength of a session alone: first they prove anew who they are."""

    code = "proof_needed"
    message = _("Please confirm that it is you. Then do it again.")


class Missing(DomainError):
    """Not there, or not visible to the actor: the same words for both."""

    code = "not_found"
    message = _("Not found.")


class Conflict(DomainError):
    """Somebody was faster, or the state moved on since the page was opened."""

    code = "conflict"
    message = _("This changed in the meantime. Please look again.")


class Mismatch(DomainError):
    """The request is well formed but contradicts an earlier one of the same name."""

    code = "mismatch"


class RateLimited(DomainError):
    """Too many attempts; `retry_after` is in seconds."""

    code = "rate_limited"
    message = _("Too many attempts. Please wait and try again.")

    def __init__(self, message=None, *, retry_after, **kwargs):
        super().__init__(message, **kwargs)
        self.retry_after = retry_after


class Unavailable(DomainError):
    """A part we depend on does not answer; nothing was changed. `retry_after` is in seconds."""

    code = "unavailable"
    message = _("This is not available right now. Please try again shortly.")

    def __init__(self, message=None, *, retry_after=30, **kwargs):
        super().__init__(message, **kwargs)
        self.retry_after = retry_after


class InvalidTransition(Conflict):
    """The state machine has no such move. Params: `current`, `target` (translated labels)."""

    code = "invalid_transition"
    message = _("“%(current)s” cannot become “%(target)s”.")


def ensure_transition(instance, target, *, allowed, field="status"):
    """Raise InvalidTransition unless `allowed[current]` holds `target`; `allowed` maps a status to its successors."""
    choices = type(instance)._meta.get_field(field).flatchoices
    labels = dict(choices)
    current = getattr(instance, field)
    if target not in allowed.get(current, ()):
        raise InvalidTransition(current=lazystr(labels[current]), target=lazystr(labels[target]))
