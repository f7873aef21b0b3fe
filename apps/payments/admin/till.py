"""The day's money: books beside gateway, till and tax documents; and counting the till."""

from datetime import date, timedelta
from decimal import Decimal
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display
from unfold.enums import ActionVariant
from unfold.forms import BaseDialogForm
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from apps.common.admin.base import BaseModelAdmin
from apps.common.admin.dialogs import ReasonDialog, run_use_case
from apps.common.admin.displays import State, left_to_right, money_column
from apps.common.admin.filters import RangeDateFilter, ScopedRelatedFilter
from apps.common.scope import salons_allowing
from apps.payments import services
from apps.payments.admin.forms import AmountField
from apps.payments.daily import money_of_day
from apps.payments.errors import CountInvalid, DayAhead
from apps.payments.models import Payment, ReconciliationFinding, Refund, TaxDocument, TillCount
from apps.salons.models import Salon

Method = Payment.Method
GAP_COLOURS = {"even": "success", "gap": "danger"}
NO_CELL = {"text": "", "link": "", "state": ""}
EARLIEST, LATEST = date(2000, 1, 1), date(2100, 1, 1)


class CountedField(AmountField):
    """What lies in the till: an amount that may be nothing."""

    def validate(self, value):
        forms.DecimalField.validate(self, value)
        if value is not None and value < 0:
            raise ValidationError(CountInvalid.message, code=CountInvalid.code)


class CountDialog(BaseDialogForm):
    """Asks what was counted, for the salon and day of the page it was opened from."""

    salon = forms.ModelChoiceField(
        Salon.objects.none(), label=_("Salon"), empty_label=None, widget=UnfoldAdminSelectWidget
    )
    day = forms.DateField(label=_("Day"), widget=UnfoldAdminTextInputWidget(attrs={"type": "date"}))
    cash = CountedField(label=_("Cash counted, SAR"))
    terminal = CountedField(label=_("Card terminal by its own report, SAR"))
    note = forms.CharField(
        label=_("Note"), required=False, max_length=1000, widget=UnfoldAdminTextareaWidget(attrs={"rows": 2})
    )

    def __init__(self, request, *args, **kwargs):
        super().__init__(request, *args, **kwargs)
        salons = salons_allowing(request, TillCount, "add")
        asked = chosen_salon(request, salons)
        self.fields["salon"].queryset = Salon.objects.filter(pk__in=[salon.pk for salon in salons])
        self.fields["salon"].initial = asked
        if len(salons) == 1:
            self.fields["salon"].widget = forms.HiddenInput()
        self.fields["day"].initial = chosen_day(request, asked).isoformat() if asked else None

    def clean(self):
        cleaned = super().clean()
        salon, day = cleaned.get("salon"), cleaned.get("day")
        if salon and day and day > today_of(salon):
            self.add_error("day", ValidationError(DayAhead.message, code=DayAhead.code))
        return cleaned


class CorrectDialog(ReasonDialog):
    """Asks what was really counted, and why it was written down otherwise."""

    cash = CountedField(label=_("Cash counted, SAR"))
    terminal = CountedField(label=_("Card terminal by its own report, SAR"))

    field_order = ["cash", "terminal", "reason"]

    def __init__(self, request, object_id=None, *args, **kwargs):
        super().__init__(request, object_id, *args, **kwargs)
        if count := TillCount.objects.visible_to(request.user).filter(pk=object_id).first():
            self.fields["cash"].initial = f"{count.counted_cash:.2f}"
            self.fields["terminal"].initial = f"{count.counted_terminal:.2f}"


@admin.register(TillCount)
class TillCountAdmin(BaseModelAdmin):
    allowed_verbs = ("view",)
    empty_text = _("Counts of the till stand here. Count it at the end of each day, on the page of the day's money.")
    list_display = [
        "day",
        "display_cash",
        "display_cash_difference",
        "display_terminal",
        "display_terminal_difference",
        "counted_by",
        "salon",
    ]
    list_filter = [("day", RangeDateFilter), ("salon", ScopedRelatedFilter)]
    list_select_related = ["salon", "counted_by"]
    actions_list = ["day_action", "count_action"]
    actions_detail = ["correct_action"]
    fieldsets = [
        (
            _("Count"),
            {
                "fields": [
                    ("day", "counted_by"),
                    ("display_cash", "display_expected_cash", "display_cash_difference"),
                    ("display_terminal", "display_expected_terminal", "display_terminal_difference"),
                    "note",
                ]
            },
        ),
    ]

    display_cash = money_column("counted_cash")
    display_terminal = money_column("counted_terminal")
    display_expected_cash = money_column("expected_cash")
    display_expected_terminal = money_column("expected_terminal")

    @display(description=_("difference in cash"), label=GAP_COLOURS)
    def display_cash_difference(self, count):
        return _difference(count.counted_cash - count.expected_cash)

    @display(description=_("difference at the terminal"), label=GAP_COLOURS)
    def display_terminal_difference(self, count):
        return _difference(count.counted_terminal - count.expected_terminal)

    def has_day_permission(self, request, object_id=None):
        return bool(salons_allowing(request, TillCount, "view"))

    def has_count_till_permission(self, request, object_id=None):
        return bool(salons_allowing(request, TillCount, "add"))

    def has_correct_count_permission(self, request, object_id=None):
        if object_id is None:
            return bool(salons_allowing(request, TillCount, "change"))
        count = self.row(request, object_id)
        return count is not None and request.user.has_perm("payments.change_tillcount", count)

    @action(description=_("Day's money"), url_path="daily", icon="today", permissions=["day"])
    def day_action(self, request):
        return day_page(self, request)

    @action(
        description=_("Count the till"),
        url_path="count",
        icon="point_of_sale",
        variant=ActionVariant.PRIMARY,
        permissions=["count_till"],
        dialog={
            "title": _("Count the till"),
            "description": _("What the books expect is kept with it as it is now. A manager can correct the count."),
            "form_class": CountDialog,
            "form_submit_text": _("Keep the count"),
        },
    )
    def count_action(self, request, form):
        said = form.cleaned_data
        counted = {name: said[name] for name in ("day", "cash", "terminal", "note")}
        return run_use_case(
            request,
            lambda: services.count_till(actor=request.user, salon_id=said["salon"].pk, **counted),
            _("The count is kept."),
        )

    @action(
        description=_("Correct"),
        url_path="correct",
        icon="edit",
        permissions=["correct_count"],
        dialog={
            "title": _("Correct this count"),
            "description": _("What was written before stays in the history, with your reason."),
            "form_class": CorrectDialog,
            "form_submit_text": _("Correct"),
        },
    )
    def correct_action(self, request, form, object_id):
        said = form.cleaned_data
        counted = {name: said[name] for name in ("cash", "terminal", "reason")}
        return run_use_case(
            request,
            lambda: services.correct_till_count(actor=request.user, count_id=object_id, **counted),
            _("The count is corrected."),
        )


# --- The page of a day ---


def chosen_salon(request, salons):
    """The salon the address names, if it is one of `salons`; else the first of them, or None."""
    asked = request.GET.get("salon")
    return next((salon for salon in salons if str(salon.pk) == asked), salons[0] if salons else None)


def chosen_day(request, salon):
    """The day the address names, else today on the salon's clock."""
    try:
        day = date.fromisoformat(request.GET.get("day", ""))
    except ValueError:
        return today_of(salon)
    return day if EARLIEST <= day < LATEST else today_of(salon)


def today_of(salon):
    return timezone.localdate(timezone=ZoneInfo(salon.timezone))


def day_page(model_admin, request):
    """Everything about one salon and one day, each figure with a link to the list that proves it."""
    salons = salons_allowing(request, TillCount, "view")
    salon = chosen_salon(request, salons)
    day = chosen_day(request, salon)
    money = money_of_day(salon, day)
    links = Links(request, salon, money, is_one_of_many=len(salons) > 1)
    may_count = day <= today_of(salon) and money.count is None
    context = {
        **model_admin.admin_site.each_context(request),
        "title": _("Day's money"),
        "opts": model_admin.opts,
        "salon": salon,
        "salons": salons if len(salons) > 1 else [],
        "day": day,
        "day_text": date_format(day, "l, j F Y"),
        "previous": _address(salon, day - timedelta(days=1)),
        "next": _address(salon, day + timedelta(days=1)) if day < today_of(salon) else "",
        "tables": [table for table in (_online(money, links), _till(money, links), _documents(money, links)) if table],
        "open": links.open_ones(),
        "count": money.count,
        "count_link": links.page("payments.view_tillcount", money.count) if money.count else "",
        "may_count": may_count and request.user.has_perm("payments.add_tillcount", TillCount(salon=salon)),
        "count_attrs": _dialog_attrs(f"{reverse('admin:payments_tillcount_count_action')}?{_query(salon, day)}"),
    }
    request.current_app = model_admin.admin_site.name
    return TemplateResponse(request, "payments/admin/day.html", context)


class Links:
    """Addresses of the lists behind the figures; an empty one where the reader may not open the list."""

    def __init__(self, request, salon, money, *, is_one_of_many):
        self.request, self.salon, self.money = request, salon, money
        self.named = {"salon__id__exact": salon.pk} if is_one_of_many else {}

    def paid(self, method=None):
        return self._list(Payment, "paid_at", **({"method__exact": method} if method else {}))

    def returned(self, method):
        done = ",".join(Refund.DONE)
        return self._list(Refund, "settled_at", payment__method__exact=method, status__in=done)

    def documents(self, kind):
        return self._list(TaxDocument, "issued_at", kind__exact=kind)

    def open_ones(self):
        """[(title, count, address), …] of what is not settled or explained yet."""
        shown = [
            (_("Unexplained differences"), self.money.open_findings, ReconciliationFinding, self._differences()),
            (_("Payments that are not settled"), self.money.open_payments, Payment, self._unsettled()),
            (_("Refunds that are not settled"), self.money.open_refunds, Refund, self._refunds()),
        ]
        return [(title, count, link) for title, count, model, link in shown if self._may(model)]

    def page(self, permission, row):
        may = self.request.user.has_perm(permission, row)
        return reverse(f"admin:payments_{row._meta.model_name}_change", args=[row.pk]) if may else ""

    def _differences(self):
        return self._list(ReconciliationFinding, "created_at", resolved_at__isnull=True)

    def _unsettled(self):
        return self._list(Payment, "created_at", status__in=",".join(Payment.UNDECIDED))

    def _refunds(self):
        return self._list(Refund, "created_at", status__in=",".join(Refund.OPEN))

    def _may(self, model):
        meta = model._meta
        return self.request.user.has_perm(f"{meta.app_label}.view_{meta.model_name}", model(salon=self.salon))

    def _list(self, model, field, **lookups):
        if not self._may(model):
            return ""
        of_day = {f"{field}__gte": self.money.starts_at.isoformat(), f"{field}__lt": self.money.ends_at.isoformat()}
        address = reverse(f"admin:payments_{model._meta.model_name}_changelist")
        return f"{address}?{urlencode({**of_day, **lookups, **self.named})}"


def _online(money, links):
    flow, beside, paid = money.flows[Method.ONLINE], money.online, links.paid(Method.ONLINE)
    rows = [
        (_("Received"), [_cell(flow.received, paid), NO_CELL, NO_CELL]),
        (_("Refunded"), [_cell(flow.returned, links.returned(Method.ONLINE)), NO_CELL, NO_CELL]),
        (_("Net"), [_cell(flow.net), NO_CELL, NO_CELL]),
        (_("The day's payments: received"), _compared(beside.ours.received, beside.theirs.received, paid)),
        (_("The day's payments: refunded up to now"), _compared(beside.ours.returned, beside.theirs.returned, paid)),
    ]
    if beside.unread_count:
        unread = _cell(beside.unread.net, paid)
        rows.append((_("Not read at the gateway since they changed"), [unread, NO_CELL, NO_CELL]))
    return {
        "title": _("Online payments"),
        "columns": [_("Our books"), _("At the gateway"), _("Difference")],
        "rows": rows,
        "note": _("The gateway's word is that of the last reading; comparing the books reads it anew each hour."),
    }


def _till(money, links):
    cash, terminal, count = money.flows[Method.CASH], money.flows[Method.TERMINAL], money.count
    both = ((Method.CASH, cash), (Method.TERMINAL, terminal))
    rows = [
        (_("Taken"), [_cell(flow.received, links.paid(method)) for method, flow in both]),
        (_("Handed back"), [_cell(flow.returned, links.returned(method)) for method, flow in both]),
        (_("Should be there"), [_cell(flow.net) for _method, flow in both]),
    ]
    if count:
        counted = (count.counted_cash, count.counted_terminal)
        page = links.page("payments.view_tillcount", count)
        rows.append((_("Counted"), [_cell(amount, page) for amount in counted]))
        gaps = [amount - flow.net for amount, (_method, flow) in zip(counted, both, strict=True)]
        rows.append((_("Difference"), [_gap(gap) for gap in gaps]))
        expected = (count.expected_cash, count.expected_terminal)
        if expected != (cash.net, terminal.net):
            rows.append((_("Expected when it was counted"), [_cell(amount) for amount in expected]))
    return {"title": _("Till"), "columns": [Method.CASH.label, Method.TERMINAL.label], "rows": rows, "note": ""}


def _documents(money, links):
    if money.documents is None or not links.documents(TaxDocument.Kind.INVOICE):
        return None
    issued, books = money.documents, money.taxable
    rows = [
        (_("Invoices"), _compared(books.received, issued.received, links.documents(TaxDocument.Kind.INVOICE))),
        (_("Credit notes"), _compared(books.returned, issued.returned, links.documents(TaxDocument.Kind.CREDIT_NOTE))),
        (_("Net"), _compared(books.net, issued.net, "")),
    ]
    return {
        "title": _("Tax documents"),
        "columns": [_("Our books"), _("Documents"), _("Difference")],
        "rows": rows,
        "note": _("The books count everything received and refunded that day: online, cash and card terminal."),
    }


def _compared(ours, theirs, link):
    return [_cell(ours), _cell(theirs, link), _gap(theirs - ours)]


def _cell(amount, link=""):
    return {"text": f"{amount:,.2f}", "link": link, "state": ""}


def _difference(amount: Decimal):
    return State("gap" if amount else "even", left_to_right(_gap(amount)["text"]))


def _gap(amount: Decimal):
    return {"text": f"{amount:+,.2f}" if amount else "0.00", "link": "", "state": "gap" if amount else "even"}


def _query(salon, day):
    return urlencode({"salon": salon.pk, "day": day.isoformat()})


def _address(salon, day):
    return f"{reverse('admin:payments_tillcount_day_action')}?{_query(salon, day)}"


def _dialog_attrs(address):
    """What makes a button open a dialog, as Unfold's own buttons do."""
    return {
        "hx-get": address,
        "hx-target": "#modal-content",
        "hx-select": "#dialog",
        "x-on:htmx:after-on-load": "openModal = true",
    }
