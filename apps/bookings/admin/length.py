"""How long a visit takes from its start on; with a reason also outside the rules."""

from copy import copy

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminIntegerFieldWidget, UnfoldBooleanWidget

from apps.bookings.admin.dialogs import BookingDialog, OutsideTheRules
from apps.bookings.admin.times import refusal_texts
from apps.bookings.selectors import TIMELESS
from apps.bookings.services import LENGTHS


def resized(booking, minutes):
    """`booking` as it would be if it took `minutes`."""
    other = copy(booking)
    other.duration_minutes = minutes
    return other


class LengthDialog(OutsideTheRules, BookingDialog):
    """How many minutes, and why."""

    minutes = forms.IntegerField(
        label=_("Length in minutes"),
        min_value=LENGTHS[0],
        max_value=LENGTHS[-1],
        widget=UnfoldAdminIntegerFieldWidget,
    )
    outside = forms.BooleanField(label=_("Do it all the same"), required=False, widget=UnfoldBooleanWidget)

    field_order = ["minutes", "reason"]

    def __init__(self, request, *args, **kwargs):
        super().__init__(request, *args, **kwargs)
        self._reader = request.user
        self.initial["minutes"] = self.booking.duration_minutes

    def clean_minutes(self):
        minutes = self.cleaned_data["minutes"]
        if minutes == self.booking.duration_minutes:
            raise ValidationError(_("The visit takes that long already."))
        return minutes

    def arguments(self):
        """How long and why: arguments of `change_duration`."""
        said = self.cleaned_data
        override_reason = said["reason"] if said.get("outside") else ""
        return {"minutes": said["minutes"], "reason": said["reason"], "override_reason": override_reason}

    def refuse(self, refusal):
        """Say at the field of the minutes why the visit cannot take that long."""
        said, booking = self.cleaned_data, self.booking
        if said.get("outside"):
            self.add_error("outside", str(refusal))
            return
        asked = booking.service, booking.staff, booking.starts_at
        moving = resized(booking, said["minutes"])
        texts = refusal_texts(refusal, *asked, reader=self._reader, moving=moving, ignored=TIMELESS)
        self.add_error("minutes", texts)
