"""What the desk types: a new booking, and the dialogs that move one."""

from datetime import datetime, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from apps.bookings.models import Booking
from apps.bookings.policies import cancellation_fee
from apps.bookings.selectors import free_slots
from apps.common.admin.dialogs import ReasonDialog
from apps.common.admin.forms import ScopedModelForm
from apps.common.constraints import SameSalon
from apps.common.fields import PhoneFormField
from apps.common.money import display_money

DAYS_TO_MOVE = 14


class DeskBookingForm(ScopedModelForm):
    """A visit entered by the salon: whoever calls or stands at the desk, known or new, by phone."""

    phone = PhoneFormField(label=_("Customer's phone"), widget=UnfoldAdminTextInputWidget)
    name = forms.CharField(
        label=_("Customer's name"), required=False, max_length=160, widget=UnfoldAdminTextInputWidget
    )

    class Meta:
        model = Booking
        fields = ["salon", "service", "staff", "starts_at", "note"]

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["note"].widget = UnfoldAdminTextareaWidget(attrs={"rows": 3})
        self.fields["staff"].required = False
        self.fields["staff"].help_text = _("Left empty, somebody who is free is chosen.")

    def clean(self):
        cleaned = super().clean()
        service, staff = cleaned.get("service"), cleaned.get("staff")
        # Who reads more salons than they book in is offered the services of all of them.
        salon = self.instance.salon if self.instance.salon_id else cleaned.get("salon")
        if service and service.salon != salon:
            raise ValidationError({"service": SameSalon.default_violation_error_message}, code="other_salon")
        if service and staff and not staff.staff_services.filter(service=service).exists():
            raise ValidationError({"staff": _("%(staff)s does not do this service.") % {"staff": staff}})
        return cleaned

    def _post_clean(self):
        # The row is made by the use case, which judges it; this form only gathers what was said.
        pass


class MoveDialog(ReasonDialog):
    """Another time, picked from those that are free."""

    starts_at = forms.ChoiceField(label=_("New time"), widget=UnfoldAdminSelectWidget)

    field_order = ["starts_at", "reason"]

    def __init__(self, request, object_id=None, *args, **kwargs):
        super().__init__(request, object_id, *args, **kwargs)
        self.fields["reason"].required = False
        booking = Booking.objects.visible_to(request.user).select_related("service__salon").filter(pk=object_id).first()
        self.fields["starts_at"].choices = _free_times(booking) if booking else []

    def clean_starts_at(self):
        """The chosen moment as an aware datetime."""
        return datetime.fromisoformat(self.cleaned_data["starts_at"])


class CancelDialog(ReasonDialog):
    """Says what cancelling costs, and asks on whose wish and why."""

    by = forms.ChoiceField(
        label=_("At the wish of"), choices=Booking.CancelledBy.choices, widget=UnfoldAdminSelectWidget
    )

    field_order = ["by", "reason"]

    def __init__(self, request, object_id=None, *args, **kwargs):
        super().__init__(request, object_id, *args, **kwargs)
        booking = Booking.objects.visible_to(request.user).filter(pk=object_id).first()
        if booking:
            fee = cancellation_fee(booking, by=Booking.CancelledBy.CUSTOMER, now=timezone.now())
            self.fields["by"].help_text = _("A customer who cancels now owes %(fee)s; the salon owes nothing.") % {
                "fee": display_money(fee)
            }


def _free_times(booking):
    zone, now = ZoneInfo(booking.service.salon.timezone), timezone.now()
    today = timezone.localtime(now, zone).date()
    slots = free_slots(
        booking.service,
        first=today,
        last=today + timedelta(days=DAYS_TO_MOVE),
        now=now,
        staff_id=booking.staff_id,
        moving=booking,
    )
    local = [slot.starts_at.astimezone(zone) for slot in slots]
    return [
        (
            date_format(day, "l j F"),
            [(moment.isoformat(), f"{date_format(moment, 'D j M')} · {moment:%H:%M}") for moment in moments],
        )
        for day, moments in groupby(local, key=datetime.date)
    ]
