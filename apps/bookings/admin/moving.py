"""Where a visit moves to: a day, and one of its free times; or with a reason any other time."""

from datetime import date, datetime, timedelta
from itertools import groupby, islice
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminSelectWidget

from apps.bookings import selectors
from apps.bookings.admin.dialogs import (
    DateBox,
    MomentBox,
    OutsideTheRules,
    WishDialog,
    seen_version,
    with_version,
)
from apps.bookings.admin.times import by_salon_clock, refusal_texts
from apps.bookings.errors import ReasonRequired
from apps.bookings.policies import free_until
from apps.common.admin.displays import show_time

# Where the day has no free time: how far ahead others are looked for, and how many of them are offered.
LOOK_AHEAD, MOST_DAYS = timedelta(days=14), 3
ONE_DAY = timedelta(days=1)
AGAIN = {"hx-include": "#dialog-form [name=staff], #dialog-form [name=day]"}
KEPT = {"hx-preserve": "true"}


class TimeChips(forms.RadioSelect):
    """Times beside each other; one of them is chosen with a click."""

    template_name = "bookings/admin/time_chips.html"


class MoveDialog(OutsideTheRules, WishDialog):
    """With whom and when instead: a time from those that are free, or with a reason any other one."""

    staff = forms.TypedChoiceField(
        label=_("Staff member"), required=False, coerce=int, empty_value=None, widget=UnfoldAdminSelectWidget
    )
    day = forms.DateField(label=_("Day"), required=False, widget=DateBox)
    starts_at = forms.CharField(label=_("New time"), required=False, widget=TimeChips)
    outside = forms.DateTimeField(label=_("Any other time"), required=False, widget=MomentBox)

    field_order = ["staff", "day", "starts_at", "by", "reason"]

    def __init__(self, request, *args, **kwargs):
        super().__init__(request, *args, **kwargs)
        self._reader = request.user
        self.fields["reason"].required = False
        self.fields["by"].help_text = _window_text(self.booking)
        self._address = with_version(request.path, seen_version(request))
        self._ask_for_staff(request)
        self._ask_for_day(request)
        # Both stay as they are typed while other times are loaded.
        self.fields["by"].widget.attrs.update(KEPT)
        self.fields["reason"].widget.attrs.update(KEPT)

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

    def arguments(self):
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
        asked = self.data.get("staff") or request.GET.get("staff")
        shown = next((pk for pk in self._able if str(pk) == asked), self.booking.staff_id)
        self.initial["staff"] = shown if shown in self._able else next(iter(self._able), None)

        field.widget.attrs |= {"hx-get": self._address, **AGAIN}

    def _ask_for_day(self, request):
        """The times of the asked day, of the visit's own at first; past days are over."""
        today = timezone.localdate(timezone=self._zone)
        own = timezone.localdate(self.booking.starts_at, self._zone)
        day = _day(self.data.get("day") or request.GET.get("day")) or own
        self._day = min(max(day, today), today + selectors.FARTHEST)
        self.initial["day"] = self._day
        box, times = self.fields["day"], self.fields["starts_at"]
        box.widget.attrs |= {"hx-get": self._address, "min": today.isoformat(), **AGAIN}
        # What was chosen is judged by the use case.
        times.widget.choices = [(m.isoformat(), f"{m:%H:%M}") for m in self._free_times(self._day, self._day)]
        if not times.widget.choices:
            times.help_text = self._other_days()

    def _free_times(self, first, last):
        slots = selectors.free_slots(
            self.booking.service,
            first=first,
            last=last,
            now=timezone.now(),
            staff_id=self.initial["staff"],
            moving=self.booking,
        )
        return [slot.starts_at.astimezone(self._zone) for slot in slots]

    def _other_days(self):
        """That the day has no free time, and buttons that lead to the next days that have one."""
        later = self._free_times(self._day + ONE_DAY, self._day + LOOK_AHEAD)
        days = list(islice((day for day, _times in groupby(later, key=datetime.date)), MOST_DAYS))
        if not days:
            return _("No free time on this day, nor in the two weeks after it.")
        join = "&" if "?" in self._address else "?"
        buttons = format_html_join(
            " ",
            '<button type="button" class="visit-day" hx-get="{}" hx-include="#dialog-form [name=staff]">{}</button>',
            (
                (f"{self._address}{join}{urlencode({'day': day.isoformat()})}", date_format(day, "l j F"))
                for day in days
            ),
        )
        return format_html("{} {}", _("No free time on this day. The next ones:"), buttons)


def _day(text):
    """The date that `text` (ISO 8601) names, None where it names none."""
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return None


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
