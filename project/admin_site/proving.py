"""How an operator proves who they are: after the password, by a code; before something serious, once more."""

from functools import wraps
from typing import Any

import segno
from django import forms
from django.contrib import admin, messages
from django.contrib.auth import REDIRECT_FIELD_NAME, authenticate
from django.http import HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.safestring import mark_safe
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django_otp import login as verify_session
from unfold.forms import AdminOwnPasswordChangeForm
from unfold.widgets import UnfoldAdminPasswordWidget, UnfoldAdminTextInputWidget

from apps.accounts import services
from apps.accounts.forms import SavesThePasswordAlone
from apps.accounts.selectors import has_second_factor, proves_by_code
from apps.accounts.sessions import note_proof, proven_at
from apps.common.admin.dialogs import proof_page
from apps.common.errors import DomainError, ProofNeeded
from apps.common.network import network_of

# The secret that an app is being set up with, until its first code shows that it has it. Each session has its own,
# so that nobody confirms a secret which somebody else has seen before.
PENDING_SECRET = "second_factor_secret"  # noqa: S105 - the name of a session key


class CodeBox(UnfoldAdminTextInputWidget):
    """A box that phones fill in by themselves and that never shows a code again."""

    def __init__(self):
        super().__init__({"autocomplete": "one-time-code", "inputmode": "numeric", "dir": "ltr", "autofocus": ""})

    def format_value(self, value):
        return None


class CodeForm(forms.Form):
    """A code of the app, or a recovery code. A valid form holds the `device` that proved it."""

    code = forms.CharField(label=_("Code"), max_length=40, widget=CodeBox)

    def __init__(self, request, data=None):
        super().__init__(data)
        self.request, self.device = request, None

    def clean_code(self):
        code = self.cleaned_data["code"]
        self.device = told_at_field(lambda: services.verify_second_factor(user=self.request.user, code=code))
        return code


class PasswordForm(forms.Form):
    """The password once more, through the same backends as signing in."""

    password = forms.CharField(
        label=_("Password"),
        strip=False,
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "current-password", "autofocus": ""}),
    )
    device = None

    def __init__(self, request, data=None):
        super().__init__(data)
        self.request = request

    def clean_password(self):
        password = self.cleaned_data["password"]
        ensure_own_password(self.request, password)
        return password


class OwnPasswordForm(SavesThePasswordAlone, AdminOwnPasswordChangeForm):
    """A new password for oneself. Guesses at the present one count as they do at the door."""

    def __init__(self, user, *args, request, **kwargs):
        super().__init__(user, *args, **kwargs)
        self.request = request

    def clean_old_password(self):
        password = self.cleaned_data["old_password"]
        ensure_own_password(self.request, password)
        return password


class SetUpForm(forms.Form):
    """The first code of a new app. A valid form holds the new `device` and its `recovery_codes`."""

    code = forms.CharField(label=_("Code"), max_length=40, widget=CodeBox)

    def __init__(self, request, data=None):
        super().__init__(data)
        self.request, self.device, self.recovery_codes = request, None, []

    def clean_code(self):
        code = self.cleaned_data["code"]
        self.device, self.recovery_codes = told_at_field(
            lambda: services.enrol_second_factor(
                user=self.request.user,
                secret=self.request.session[PENDING_SECRET],
                code=code,
                proven_at=proven_at(self.request),
            )
        )
        return code


def ensure_own_password(request, password):
    """Raise ValidationError unless it is the password of whoever is signed in."""
    credentials = {"username": request.user.get_username(), "password": password}
    if told_at_field(lambda: authenticate(request, **credentials)) != request.user:
        raise forms.ValidationError(_("This password is not correct."), code="password_incorrect")


def told_at_field(use_case):
    """What `use_case()` returns; a refusal becomes an error of the field, but for a missing proof."""
    try:
        return use_case()
    except ProofNeeded:
        raise
    except DomainError as error:
        raise forms.ValidationError(str(error), code=error.code) from error


def for_staff(view):
    """`view` for active staff whose password is known to be right, whether or not the second step is done."""

    @sensitive_post_parameters()
    @never_cache
    @wraps(view)
    def guarded(request, *args, **kwargs):
        if not (request.user.is_active and request.user.is_staff):
            return HttpResponseRedirect(reverse("admin:login"))
        return view(request, *args, **kwargs)

    return guarded


@for_staff
def prove(request):
    """Asks for a code, or for the password where no app is set up; then goes on to `next`."""
    by_code = proves_by_code(request.user)
    form = (CodeForm if by_code else PasswordForm)(request, request.POST or None)
    if request.method == "POST" and form.is_valid():
        if form.device is not None:
            finish_second_step(request, form.device)
        note_proof(request)
        return HttpResponseRedirect(next_page(request))
    first_time = by_code and not request.user.is_verified()
    title = _("Two-step sign-in") if first_time else _("Confirm that it is you")
    return page(request, "admin/prove.html", title, form=form, by_code=by_code)


@for_staff
def set_up(request):
    """Shows a new secret as a square code and as text, and stores it once a code shows that an app has it."""
    if request.method == "POST" and PENDING_SECRET in request.session:
        return _confirm(request)
    try:
        services.ensure_proven(proven_at(request))
    except ProofNeeded:
        return HttpResponseRedirect(proof_page(request.get_full_path()))
    return _show_secret(request, SetUpForm(request))


def _confirm(request):
    form = SetUpForm(request, request.POST)
    try:
        valid = form.is_valid()
    except ProofNeeded as refusal:
        messages.info(request, str(refusal))
        return HttpResponseRedirect(proof_page(request.get_full_path()))
    if not valid:
        return _show_secret(request, form)
    del request.session[PENDING_SECRET]
    finish_second_step(request, form.device)
    note_proof(request)
    return recovery_codes_page(request, form.recovery_codes, next_page(request))


def finish_second_step(request, device):
    """Password and code are right: the session is whole, and its network one that the person is known from."""
    verify_session(request, device)
    services.know_network(phone=request.user.phone, network=network_of(request))


def _show_secret(request, form):
    secret = request.session.setdefault(PENDING_SECRET, services.new_secret())
    address = services.setup_address(user=request.user, secret=secret)
    return page(
        request,
        "admin/set_up_second_factor.html",
        _("Set up two-step sign-in"),
        form=form,
        square_code=mark_safe(segno.make(address, error="m").svg_inline(scale=4, border=2)),  # noqa: S308 - of our own
        secret=services.secret_to_type(secret),
        address=address,
        replaces=has_second_factor(request.user),
    )


def recovery_codes_page(request, codes, onward):
    """The one time that recovery codes can be read."""
    shown = [" ".join(code[start : start + 4] for start in range(0, len(code), 4)) for code in codes]
    return page(request, "admin/recovery_codes.html", _("Recovery codes"), codes=shown, onward=onward)


def page(request, template: str, title, **context: Any) -> TemplateResponse:
    request.current_app = admin.site.name
    context = {**admin.site.each_context(request), "title": title, "next": next_page(request), **context}
    return TemplateResponse(request, template, context)


def next_page(request) -> str:
    """Where the person wanted to go: a page of this host, else the first page."""
    wanted = request.POST.get(REDIRECT_FIELD_NAME) or request.GET.get(REDIRECT_FIELD_NAME) or ""
    is_ours = url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return wanted if is_ours else reverse("admin:index")
