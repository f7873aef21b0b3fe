"""What the calendar's script asks and sends. Times are those of the salon's clock, without an offset."""

from datetime import date, datetime

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.bookings.services import LENGTHS
from apps.common.fields import PhoneFormField
from apps.salons.models import Service, Staff

MOST_DAYS = 14
YEARS = range(2000, 2200)
LARGEST = 2**31 - 1


class WallTimeField(forms.CharField):
    """`2026-11-30T14:15`: a naive datetime of a full minute."""

    def clean(self, value):
        text = super().clean(value)
        if not text:
            return None
        try:
            moment = datetime.fromisoformat(text)
        except ValueError as error:
            raise ValidationError(_("Enter a time.")) from error
        if timezone.is_aware(moment) or moment.year not in YEARS or moment.second or moment.microsecond:
            raise ValidationError(_("Enter a time."))
        return moment


class DayField(forms.CharField):
    """`2026-11-30`: a date, None where nothing was said."""

    def clean(self, value):
        text = super().clean(value)
        if not text:
            return None
        try:
            day = date.fromisoformat(text)
        except ValueError as error:
            raise ValidationError(_("Choose a day.")) from error
        if day.year not in YEARS:
            raise ValidationError(_("Choose a day."))
        return day


class DaysForm(forms.Form):
    """Which days of which salon are shown."""

    salon = forms.IntegerField(min_value=1, max_value=LARGEST)
    day = DayField()
    days = forms.IntegerField(min_value=1, max_value=MOST_DAYS)


class VisitForm(forms.Form):
    """Which visit, and how it looked when this was chosen."""

    booking = forms.UUIDField()
    version = forms.IntegerField(min_value=1, max_value=LARGEST)
    reason = forms.CharField(required=False, max_length=500)


class MoveForm(VisitForm):
    starts_at = WallTimeField()
    staff = forms.IntegerField(min_value=1, max_value=LARGEST)


class LengthForm(VisitForm):
    minutes = forms.IntegerField(min_value=LENGTHS[0], max_value=LENGTHS[-1])
    override = forms.BooleanField(required=False)


class WalkInForm(forms.Form):
    """Phone, service, go. Without a time it is now, without a person whoever is free."""

    phone = PhoneFormField(label=_("Customer's phone"))
    name = forms.CharField(label=_("Customer's name"), required=False, max_length=160)
    service = forms.ModelChoiceField(Service.objects.none(), label=_("Service"))
    staff = forms.ModelChoiceField(Staff.objects.none(), label=_("Staff member"), required=False)
    starts_at = WallTimeField(label=_("Time"), required=False)
    reason = forms.CharField(required=False, max_length=500)
    # Names the attempt, so that one whose answer got lost may be sent again.
    key = forms.UUIDField(required=False)

    def __init__(self, *args, services, staff, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["service"].queryset, self.fields["staff"].queryset = services, staff
