"""Actions that write: a dialog, one use case, a message, a redirect.

@action(description=_("Cancel"), url_path="cancel", permissions=["cancel_booking"],
        dialog={"title": …, "form_class": ReasonDialog, "form_submit_text": …})
def cancel_action(self, request, form, object_id):
    return run_use_case(
        request,
        lambda: services.cancel_booking(object_id, actor=request.user, reason=form.cleaned_data["reason"]),
        _("The booking was cancelled."),
    )
"""

from urllib.parse import urlencode, urlsplit

from django import forms
from django.contrib import messages
from django.db import IntegrityError
from django.http import HttpResponse
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _
from unfold.forms import BaseDialogForm
from unfold.widgets import UnfoldAdminTextareaWidget

from apps.common.errors import Conflict, DomainError, ProofNeeded
from apps.common.metrics import count_refusal


class ReasonDialog(BaseDialogForm):
    """Asks why. Every action that history should explain uses it or extends it; read `cleaned_data["reason"]`."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=500,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        help_text=_("Kept in the history together with your name."),
    )


class ConfirmDialog(BaseDialogForm):
    """Asks nothing but a click."""


def run_use_case(request, use_case, success, *, redirect_to=None):
    """Call `use_case()`; tell `success` (text) or the refusal; answer so that the browser loads the page anew.

    Without `redirect_to` the person stays on the page the dialog was opened from.
    """
    refusal = attempt(use_case)
    if refusal is None:
        messages.success(request, success)
        return HttpResponse(headers={"HX-Redirect": redirect_to or page_of(request)})
    return refused(request, refusal, redirect_to or page_of(request))


def refused(request, refusal, page):
    """Tell a dialog's refusal on `page`, loaded anew, or on the page that asks for proof and then leads there."""
    level = messages.INFO if isinstance(refusal, ProofNeeded) else messages.ERROR
    messages.add_message(request, level, str(refusal))
    return HttpResponse(headers={"HX-Redirect": proof_page(page) if isinstance(refusal, ProofNeeded) else page})


def proof_page(page):
    """Where people prove who they are and then go on to `page`, a path of ours."""
    return f"{reverse('admin:prove')}?{urlencode({'next': page})}"


def attempt(use_case):
    """Call `use_case()` and give back its refusal (a DomainError), or None when it succeeded."""
    try:
        use_case()
    except DomainError as error:
        refusal = error
    except IntegrityError:
        # Somebody else stored the same thing between our check and our write.
        refusal = Conflict()
    else:
        return None
    count_refusal(refusal)
    return refusal


def page_of(request):
    """Path of the page a dialog was opened from, as htmx tells it; the home page when it is missing or foreign."""
    current = request.headers.get("HX-Current-URL", "")
    if url_has_allowed_host_and_scheme(current, allowed_hosts={request.get_host()}, require_https=request.is_secure()):
        parts = urlsplit(current)
        return f"{parts.path}?{parts.query}" if parts.query else parts.path
    return reverse("admin:index")
