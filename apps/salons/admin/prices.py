"""The price list as a page: services under their headings, prices and durations changed where they stand."""

from itertools import groupby

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Prefetch
from django.http import Http404, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action

from apps.common.admin.dialogs import attempt
from apps.common.errors import Rejected
from apps.common.imports.cells import duration, price
from apps.common.scope import LARGEST_KEY, salons_allowing
from apps.salons import services
from apps.salons.admin.pages import chosen_salon, own_page
from apps.salons.errors import TermsChanged
from apps.salons.models import Service, StaffService

A_PAGE = 200
LONGEST_SEARCH = 100
BOX = {"dir": "ltr", "autocomplete": "off", "maxlength": 30}


class ParsedField(forms.CharField):
    """A cell as people fill it in, in any digits; `parse` turns it into its value or raises Rejected."""

    def __init__(self, parse, **kwargs):
        super().__init__(max_length=30, error_messages={"required": _("Enter a value.")}, **kwargs)
        self.parse = parse

    def clean(self, value):
        try:
            return self.parse(super().clean(value))
        except Rejected as error:
            raise forms.ValidationError(str(error), code=error.code) from error


class TermsForm(forms.Form):
    """One row of the page: price and duration, and what they were when the page was made."""

    service = forms.IntegerField(min_value=1, max_value=LARGEST_KEY, widget=forms.HiddenInput)
    seen_price = ParsedField(price, widget=forms.HiddenInput)
    seen_minutes = ParsedField(duration, widget=forms.HiddenInput)
    price = ParsedField(price, widget=forms.TextInput(attrs={**BOX, "inputmode": "decimal"}))
    minutes = ParsedField(duration, widget=forms.TextInput(attrs={**BOX, "inputmode": "numeric"}))
    reason = forms.CharField(max_length=500, required=False)

    @staticmethod
    def of(service):
        """What the row of `service` begins with."""
        said_price, minutes = f"{service.price_amount:.2f}", str(service.duration_minutes)
        return {
            "service": service.pk,
            "price": said_price,
            "seen_price": said_price,
            "minutes": minutes,
            "seen_minutes": minutes,
        }

    def terms(self, prefix=""):
        """What the use case takes: of the boxes, or with the prefix `seen_` of what stood in them."""
        said = self.cleaned_data
        return {"price_amount": said[f"{prefix}price"], "duration_minutes": said[f"{prefix}minutes"]}


class PricesPage:
    """Mixin of the admin of services: the button and the page of the price list."""

    def has_price_list_permission(self, request, object_id=None):
        return bool(salons_allowing(request, Service, "view"))

    @action(description=_("Price list"), url_path="prices", icon="sell", permissions=["price_list"])
    def prices_action(self, request):
        salon = chosen_salon(request, Service)
        may_change = request.user.has_perm("salons.change_service", Service(salon=salon))
        if request.method != "POST":
            return self._prices(request, salon, may_change=may_change)
        if not may_change:
            raise PermissionDenied
        return self._save_terms(request, salon)

    def _prices(self, request, salon, *, may_change):
        said = request.GET.get("q", "")[:LONGEST_SEARCH]
        shown = offered(salon)
        if said.strip():
            shown = shown.named(said)
        page = Paginator(shown, A_PAGE).get_page(request.GET.get("p"))
        rows = [row_of(service, may_change=may_change) for service in page]
        salons = salons_allowing(request, Service, "view")
        context = {
            "title": _("Price list"),
            "salon": salon,
            "salons": salons if len(salons) > 1 else [],
            "q": said,
            "page": page,
            "groups": [(category, list(group)) for category, group in groupby(rows, key=_category)],
            "may_change": may_change,
            "may_add": request.user.has_perm("salons.add_service", Service(salon=salon)),
        }
        return own_page(self, request, "salons/admin/prices.html", context)

    def _save_terms(self, request, salon):
        """One row. Asked by the page's script the answer is that row, else the page."""
        form = TermsForm(request.POST)
        form.is_valid()
        service = offered(salon).filter(pk=form.cleaned_data.get("service")).first()
        if service is None:
            if "service" in request.POST:
                raise Http404
            return HttpResponseRedirect(request.get_full_path())
        refusal = self._carry_out(request, form) if form.is_valid() else None
        is_saved = form.is_valid() and refusal is None
        service = offered(salon).get(pk=service.pk)
        if "HX-Request" not in request.headers:
            if is_saved:
                messages.success(request, _("Saved."))
            for text in _texts(form, refusal):
                messages.error(request, text)
            return HttpResponseRedirect(request.get_full_path())
        row = row_of(service, form=None if is_saved else form, refusal=refusal)
        context = {"row": row, "is_saved": is_saved, "may_change": True}
        return render(request, "salons/admin/price_row.html", context)

    @staticmethod
    def _carry_out(request, form):
        said = form.cleaned_data
        step = {"service_id": said["service"], "seen": form.terms("seen_"), "wanted": form.terms()}
        return attempt(lambda: services.change_terms(actor=request.user, reason=said["reason"], **step))


def offered(salon):
    """The services of `salon` in the order of the price list, with who does them."""
    able = StaffService.objects.filter(staff__is_active=True).select_related("staff").order_by("staff__position", "pk")
    ordered = (
        Service.objects.filter(salon=salon)
        .select_related("category")
        .order_by("category__position", "category_id", "position", "pk")
    )
    return ordered.prefetch_related(Prefetch("staff_services", able, to_attr="able"))


def row_of(service, *, form=None, refusal=None, may_change=True):
    """What the page shows of a service. A refused `form` keeps what was typed, beside what is true now."""
    current = TermsForm.of(service)
    typed = current if form is None else {**current, **{name: form.data.get(name, "") for name in ("price", "minutes")}}
    return {
        "service": service,
        "current": current,
        "typed": typed,
        "errors": [] if form is None else _texts(form, refusal),
        "is_stale": isinstance(refusal, TermsChanged),
        "may_change": may_change,
        "address": reverse("admin:salons_service_change", args=[service.pk]),
    }


def _texts(form, refusal):
    said = [str(text) for texts in form.errors.values() for text in texts]
    return [*said, str(refusal)] if refusal is not None else said


def _category(row):
    return row["service"].category
