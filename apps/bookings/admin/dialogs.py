"""What the desk is asked before a visit moves, before it is called off, and before a day goes to colleagues."""

from datetime import datetime, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

from django import forms
from django.core.exceptions import ValidationError
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from apps.bookings import selectors
from apps.bookings.admin.times import by_salon_clock, refusal_texts, time_text
from apps.bookings.errors import ReasonRequired
from apps.bookings.models import Booking
from apps.bookings.policies import EARLIEST_ENTRY, cancellation_fee, free_until
from apps.common.admin.dialogs import ReasonDialog
from apps.common.admin.displays import show_time
from apps.common.money import display_money
from apps.common.scope import salons_allowing, visible_rows
from apps.salons.models import Service, Staff, StaffService

DAYS_TO_MOVE = timedelta(days=14)


class DateBox(UnfoldAdminTextInputWidget):
    """The browser's own calendar: a dialog is loaded too late for the scripts of Django's."""

    input_type = "date"


class MomentBox(DateBox):
    input_type = "datetime-local"


class BookingDialog(ReasonDialog):
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


class WishDialog(BookingDialog):
    """Asks on whose wish: a customer may owe a fee, the salon never does."""

    by = forms.ChoiceField(
        label=_("At the wish of"),
        choices=Booking.CancelledBy.choices,
        initial=Booking.CancelledBy.CUSTOMER,
        widget=UnfoldAdminSelectWidget,
    )


class CancelDialog(WishDialog):
    """Says what cancelling costs, and asks why."""

    field_order = ["by", "reason"]

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["by"].help_text = _fee_text(self.booking)


class MoveDialog(WishDialog):
    """With whom and when instead: a time from those that are free, or with a reason any other one."""

    form_after_template = "bookings/admin/outside_the_rules.html"

    staff = forms.TypedChoiceField(
        label=_("Staff member"), required=False, coerce=int, empty_value=None, widget=UnfoldAdminSelectWidget
    )
    starts_at = forms.CharField(label=_("New time"), required=False, widget=UnfoldAdminSelectWidget)
    outside = forms.DateTimeField(label=_("Any other time"), required=False, widget=MomentBox)

    field_order = ["staff", "starts_at", "by", "reason"]

    def __init__(self, request, *args, **kwargs):
        super().__init__(request, *args, **kwargs)
        self._reader = request.user
        self.fields["reason"].required = False
        self.fields["by"].help_text = _window_text(self.booking)
        self._ask_for_staff(request)
        # Read when the list is drawn: what was chosen is judged by the use case.
        self.fields["starts_at"].widget.choices = self._free_times
        if not request.user.has_perm("bookings.override_booking", self.booking):
            del self.fields["outside"]
            self.form_after_template = None

    def __iter__(self):
        """The fields in sight; the time outside the rules is drawn by its own template, folded."""
        return (field for field in super().__iter__() if field.name != "outside")

    def get_after_template_context(self, request, object_id=None):
        return {"field": self["outside"]}

    def clean_starts_at(self):
        """The chosen moment as an aware datetime, None where none was chosen."""
        text = self.cleaned_data["starts_at"]
        try:
            moment = datetime.fromisoformat(text) if text else None
            if moment is None or timezone.is_naive(moment):
                return moment and by_salon_clock(moment, self.booking.salon)
            return moment.astimezone(self._zone)
        except (ValueError, OverflowError) as error:
            raise ValidationError(_("Choose one of the times.")) from error

    def clean_outside(self):
        """The typed moment as an aware datetime, None where none was typed."""
        moment = self.cleaned_data["outside"]
        return moment and by_salon_clock(moment, self.booking.salon)

    def clean(self):
        said = super().clean()
        if said.get("outside") and not said.get("reason"):
            self.add_error("reason", ReasonRequired.message)
        if not (said.get("outside") or said.get("starts_at") or self.errors):
            self.add_error("starts_at", _("Choose one of the times."))
        return said

    def move(self):
        """Where to, on whose wish and why: arguments of `reschedule_booking`."""
        said = self.cleaned_data
        outside = said.get("outside")
        return {
            "staff_id": said["staff"],
            "starts_at": outside or said["starts_at"],
            "by": said["by"],
            "reason": said["reason"],
            "override_reason": said["reason"] if outside else "",
        }

    def refuse(self, refusal):
        """Say at the field of the time why it cannot be had."""
        said = self.cleaned_data
        if said.get("outside"):
            self.add_error("outside", str(refusal))
            return
        staff = self._able.get(said["staff"], self.booking.staff)
        asked = self.booking.service, staff, said["starts_at"]
        texts = refusal_texts(refusal, *asked, reader=self._reader, moving=self.booking)
        self.add_error("starts_at", texts)

    @property
    def _zone(self):
        return ZoneInfo(self.booking.salon.timezone)

    def _ask_for_staff(self, request):
        field = self.fields["staff"]
        offers = selectors.offers(self.booking.service, moving=self.booking)
        self._able = {offer.staff.pk: offer.staff for offer in offers}
        field.choices = list(self._able.items())
        # Another person has other times: the dialog is drawn anew with theirs.
        field.widget.attrs["hx-get"] = request.path
        asked = self.data.get("staff") or request.GET.get("staff")
        shown = next((pk for pk in self._able if str(pk) == asked), self.booking.staff_id)
        self.initial["staff"] = shown if shown in self._able else next(iter(self._able), None)

    def _free_times(self):
        salon, today = self.booking.salon, timezone.localdate(timezone=self._zone)
        slots = selectors.free_slots(
            self.booking.service,
            first=today,
            last=today + DAYS_TO_MOVE,
            now=timezone.now(),
            staff_id=self.initial["staff"],
            moving=self.booking,
        )
        moments = [slot.starts_at.astimezone(self._zone) for slot in slots]
        days = groupby(moments, key=datetime.date)
        listed = [
            (date_format(day, "l j F"), [(m.isoformat(), time_text(m, salon)) for m in times]) for day, times in days
        ]
        # Nothing is chosen beforehand: a click too early must not move a visit.
        return [("", _("Choose a time")), *listed] if listed else [("", _("No free time in the next two weeks"))]


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
        # What matters first: the end of a long line is cut off.
        return _("%(service)s · %(difference)s · %(price)s · %(minutes)s min") % {
            "service": row.service,
            "minutes": row.duration_minutes or row.service.duration_minutes,
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


def _window_text(booking):
    until = free_until(booking)
    moment = {"time": show_time(until, booking.salon.timezone)}
    if timezone.now() <= until:
        return _("The customer may move or cancel it free of charge until %(time)s.") % moment
    return (
        _(
            "The customer could move it until %(time)s. Moved at the customer's wish, a fee for cancelling is still "
            "judged by the old time; moved at the salon's, by the new one."
        )
        % moment
    )
