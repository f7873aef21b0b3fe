"""What the desk is asked before a visit moves, before it is called off, and before a day goes to colleagues."""

from decimal import Decimal
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django import forms
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from apps.bookings.admin.times import time_text
from apps.bookings.models import Booking
from apps.bookings.money import money
from apps.bookings.policies import EARLIEST_ENTRY, cancellation_fee
from apps.common.admin.dialogs import ConfirmDialog, ReasonDialog
from apps.common.admin.displays import show_money
from apps.common.money import display_money
from apps.common.scope import salons_allowing, visible_rows
from apps.salons.models import Service, Staff, StaffService

SEEN = "version"
LONGEST_VERSION = 10


class DateBox(UnfoldAdminTextInputWidget):
    """The browser's own calendar: a dialog is loaded too late for the scripts of Django's."""

    input_type = "date"


class MomentBox(DateBox):
    input_type = "datetime-local"


def seen_version(request):
    """The version of the booking on the page that opened the dialog, as its address says; None where it says none."""
    text = request.GET.get(SEEN, "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < LONGEST_VERSION else None


def with_version(address, version):
    """`address` of a dialog, opened from a page that shows this `version` of a booking (None: from no such page)."""
    return address if version is None else f"{address}?{urlencode({SEEN: version})}"


class AboutBooking:
    """About one booking, which the gate of its action has found already, and which it names: the page lies hidden."""

    form_before_template = "bookings/admin/about_booking.html"

    def __init__(self, request, object_id=None, *args, **kwargs):
        super().__init__(request, object_id, *args, **kwargs)
        related = ("service__salon", "staff", "salon", "customer__user")
        self.booking = get_object_or_404(
            Booking.objects.visible_to(request.user).select_related(*related), pk=object_id
        )

    def get_before_template_context(self, request, object_id=None):
        return {"booking": self.booking, "time": time_text(self.booking.starts_at, self.booking.salon)}


class BookingDialog(AboutBooking, ReasonDialog):
    """A step on one booking that history explains."""


class StepDialog(AboutBooking, ConfirmDialog):
    """A step on one booking that explains itself."""


class WishDialog(BookingDialog):
    """Asks on whose wish: a customer may owe a fee, the salon never does."""

    by = forms.ChoiceField(
        label=_("At the wish of"),
        choices=Booking.CancelledBy.choices,
        initial=Booking.CancelledBy.CUSTOMER,
        widget=UnfoldAdminSelectWidget,
    )


class OutsideTheRules:
    """The field `outside`, folded below the others, for who may book outside the rules; nobody else has it."""

    form_after_template = "bookings/admin/outside_the_rules.html"

    def __init__(self, request, *args, **kwargs):
        super().__init__(request, *args, **kwargs)
        if not request.user.has_perm("bookings.override_booking", self.booking):
            del self.fields["outside"]
            self.form_after_template = None

    def __iter__(self):
        """The fields in sight; `outside` is drawn by its own template."""
        return (field for field in super().__iter__() if field.name != "outside")

    def get_after_template_context(self, request, object_id=None):
        return {"field": self["outside"]}


class CancelDialog(WishDialog):
    """Says what cancelling costs and what of the money goes back, and asks why."""

    form_before_template = "bookings/admin/cancel_costs.html"

    field_order = ["by", "reason"]

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["by"].help_text = _fee_text(self.booking)

    def get_before_template_context(self, request, object_id=None):
        about = super().get_before_template_context(request, object_id)
        held = money().returned_for(self.booking, fee=Decimal(0))
        if not held or not request.user.has_perm("payments.view_payment", self.booking):
            return about
        now = timezone.now()
        fees = {by: cancellation_fee(self.booking, by=by, now=now) for by in Booking.CancelledBy}
        costs = [(by.label, show_money(fee), show_money(max(held - fee, Decimal(0)))) for by, fee in fees.items()]
        return {**about, "held": show_money(held), "costs": costs}


class PaymentLinkDialog(StepDialog):
    """Says how much the link will ask for, and that the customer gets it at once."""

    form_before_template = "bookings/admin/payment_link.html"

    def get_before_template_context(self, request, object_id=None):
        about = super().get_before_template_context(request, object_id)
        account = money().account_of(self.booking, reader=request.user)
        return {**about, "due": show_money(account.due) if account and account.due else ""}


class ServiceDialog(BookingDialog):
    """Which other service of the same person, and what the difference in price is."""

    service = forms.TypedChoiceField(label=_("New service"), coerce=int, widget=UnfoldAdminSelectWidget)

    field_order = ["service", "reason"]

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        others = StaffService.objects.filter(staff=self.booking.staff, service__in=Service.objects.bookable())
        rows = others.exclude(service=self.booking.service_id).select_related("service__category")
        rows = rows.order_by("service__category__position", "service__position", "service")
        self.fields["service"].choices = [
            ("", _("Select value")),
            *((row.service_id, self._label(row)) for row in rows),
        ]

    def _label(self, row):
        price = row.price_amount or row.service.price_amount
        minutes = row.duration_minutes or row.service.duration_minutes
        # What matters first: the end of a long line is cut off.
        line = ngettext(
            "%(service)s · %(difference)s · %(price)s · %(minutes)s min",
            "%(service)s · %(difference)s · %(price)s · %(minutes)s min",
            minutes,
        )
        return line % {
            "service": row.service,
            "minutes": minutes,
            "price": display_money(price),
            "difference": _difference_text(price - self.booking.price_amount),
        }


class ReassignDialog(ReasonDialog):
    """Whose day goes to colleagues, and why."""

    staff = forms.ModelChoiceField(
        Staff.objects.none(),
        label=_("Staff member"),
        empty_label=_("Select value"),
        widget=UnfoldAdminSelectWidget,
    )
    day = forms.DateField(label=_("Day"), widget=DateBox)

    field_order = ["staff", "day", "reason"]

    def __init__(self, request, *args, **kwargs):
        super().__init__(request, *args, **kwargs)
        salons = salons_allowing(request, Booking, "reschedule")
        field = self.fields["staff"]
        rows = visible_rows(Staff, request.user).filter(salon__in=[salon.pk for salon in salons])
        field.queryset = rows.select_related("salon").order_by("salon", "position", "pk")
        if len(salons) > 1:
            field.label_from_instance = lambda staff: f"{staff} · {staff.salon}"

    def clean(self):
        cleaned = super().clean()
        staff, day = cleaned.get("staff"), cleaned.get("day")
        if staff and day:
            today = timezone.localdate(timezone=ZoneInfo(staff.salon.timezone))
            if not today <= day <= today + EARLIEST_ENTRY:
                self.add_error("day", _("Choose a day from today on, at most two years ahead."))
        return cleaned


def _difference_text(amount):
    if not amount:
        return _("the same price")
    return (_("%(amount)s more") if amount > 0 else _("%(amount)s less")) % {"amount": display_money(abs(amount))}


def _fee_text(booking):
    fee = cancellation_fee(booking, by=Booking.CancelledBy.CUSTOMER, now=timezone.now())
    if not fee:
        return _("Cancelling is free of charge now.")
    return _("A customer who cancels now owes %(fee)s; the salon owes nothing.") % {"fee": display_money(fee)}
