"""The page of one's own account: two-step sign-in, recovery codes, and where one is signed in."""

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from apps.accounts import services
from apps.accounts.selectors import has_second_factor, recovery_codes_left
from apps.accounts.sessions import handle_of, open_sessions, proven_at
from apps.common.admin.dialogs import proof_page
from apps.common.errors import DomainError, ProofNeeded
from project.admin_site.proving import page, recovery_codes_page


def account(request):
    return page(
        request,
        "admin/account.html",
        _("Account and security"),
        mode=settings.OPERATOR_MFA,
        is_set_up=has_second_factor(request.user),
        codes_left=recovery_codes_left(request.user),
        sessions=open_sessions(request.user),
        current=handle_of(request.session.session_key),
    )


@require_POST
def renew_recovery_codes(request):
    made = []
    answer = _attempt(
        request,
        lambda: made.extend(services.renew_recovery_codes(user=request.user, proven_at=proven_at(request))),
    )
    return recovery_codes_page(request, made, reverse("admin:account")) if made else answer


@require_POST
def turn_second_factor_off(request):
    def turn_off():
        services.turn_second_factor_off(user=request.user, proven_at=proven_at(request))
        messages.success(request, _("Two-step sign-in is off. From now on your password alone signs you in."))

    return _attempt(request, turn_off)


@require_POST
def end_sessions(request):
    """The one named by its handle, or all but this one."""

    def end():
        ended = services.end_own_sessions(
            user=request.user,
            current=request.session.session_key,
            handle=request.POST.get("session") or None,
            proven_at=proven_at(request),
        )
        messages.success(
            request,
            ngettext("%(count)s session was ended.", "%(count)s sessions were ended.", ended) % {"count": ended},
        )

    return _attempt(request, end)


def _attempt(request, use_case):
    """Call `use_case()` and show the account again; a refusal is told, a missing proof is asked for."""
    here = reverse("admin:account")
    try:
        use_case()
    except ProofNeeded as refusal:
        messages.info(request, str(refusal))
        return HttpResponseRedirect(proof_page(here))
    except DomainError as refusal:
        messages.error(request, str(refusal))
    return HttpResponseRedirect(here)
