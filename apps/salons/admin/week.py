"""A week at a glance: seven days with their windows and breaks as bars, typed, copied and saved together."""

import json
from functools import partial

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Q
from django.http import Http404, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action

from apps.common.admin.forms import ScopedModelForm
from apps.common.scope import LARGEST_KEY, salons_allowing
from apps.salons import services
from apps.salons.admin.consequences import Edit
from apps.salons.admin.pages import chosen_salon, own_page
from apps.salons.admin.rosters import warnings
from apps.salons.models import ScheduleException, Staff, WeeklyHours

# Nine boxes each: with more, Django refuses the whole form.
MOST_WINDOWS = 100
FIRST_DAY = WeeklyHours.Weekday.SUNDAY
PREFIX = "week"


class WindowForm(ScopedModelForm):
    """One window of the week; `row` is the id of the row it was."""

    row = forms.IntegerField(required=False, min_value=1, max_value=LARGEST_KEY, widget=forms.HiddenInput)

    class Meta:
        model = WeeklyHours
        fields = ["weekday", "opens", "closes", "ends_next_day", "is_break", "valid_from", "valid_until"]
        widgets = {
            "weekday": forms.HiddenInput,
            "opens": forms.TimeInput(format="%H:%M", attrs={"type": "time"}),
            "closes": forms.TimeInput(format="%H:%M", attrs={"type": "time"}),
            "valid_from": forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
            "valid_until": forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        }

    def __init__(self, *args, salon, **kwargs):
        self.default_salon = salon
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            field.widget.attrs["data-name"] = name
            if name in {"opens", "closes", "valid_from", "valid_until"}:
                field.widget.attrs["aria-label"] = field.label

    def window(self):
        return services.Window(**self.cleaned_data)


class WeekFormSet(forms.BaseFormSet):
    """The windows of a week. A page sends them all, so a window that is not sent shall go."""

    def windows(self):
        return [form.window() for form in self.forms if form.cleaned_data]

    def days(self):
        """`[(number, name, its forms), …]` of the seven days as a week runs here."""
        by_day = {weekday: [] for weekday in WeeklyHours.Weekday}
        for form in self.forms:
            said = str(form["weekday"].value())
            by_day[WeeklyHours.Weekday(int(said)) if said in "0123456" and len(said) == 1 else FIRST_DAY].append(form)
        order = [WeeklyHours.Weekday((FIRST_DAY + number) % 7) for number in range(7)]
        return [(day.value, day.label, by_day[day]) for day in order]


WeekForms = forms.formset_factory(
    WindowForm, WeekFormSet, extra=0, max_num=MOST_WINDOWS, validate_max=True, absolute_max=MOST_WINDOWS
)


class ReasonForm(forms.Form):
    reason = forms.CharField(required=False, max_length=500)


class WeekPage:
    """Mixin of the admin of hours: the button and the page of a week."""

    def has_week_permission(self, request, object_id=None):
        # Of the whole salon: who reaches own rows only has the list.
        return all(salons_allowing(request, model, "view") for model in (WeeklyHours, ScheduleException))

    @action(description=_("As a week"), url_path="week", icon="calendar_view_week", permissions=["week"])
    def week_action(self, request):
        whose = Whose(request)
        may_change = all(
            request.user.has_perm(f"salons.{verb}_weeklyhours", WeeklyHours(salon=whose.salon))
            for verb in ("add", "change", "delete")
        )
        if request.method != "POST":
            return self._week(request, whose, may_change=may_change)
        if not may_change:
            raise PermissionDenied
        return self._told(request, partial(self._asking, request, partial(self._save_week, request, whose)))

    def _week(self, request, whose, *, may_change, forms=None):
        rows = services.week_rows(**whose.keys())
        shown = forms or WeekForms(initial=_initial(rows), prefix=PREFIX, form_kwargs={"salon": whose.salon})
        salons = salons_allowing(request, WeeklyHours, "view")
        context = {
            "title": _("Working hours"),
            "whose": whose,
            "salons": salons if len(salons) > 1 else [],
            "forms": shown,
            "days": shown.days(),
            "mark": services.week_mark(rows, **whose.keys()),
            "salon_week": _plain(whose.salon_rows()),
            "is_full": len(rows) > MOST_WINDOWS,
            "may_change": may_change and len(rows) <= MOST_WINDOWS,
            "has_own": any(not row.is_break for row in rows),
            "may_add_season": request.user.has_perm(
                "salons.add_scheduleexception", ScheduleException(salon=whose.salon)
            ),
        }
        return own_page(self, request, "salons/admin/week.html", context)

    def _save_week(self, request, whose):
        week = WeekForms(request.POST, prefix=PREFIX, form_kwargs={"salon": whose.salon})
        said = ReasonForm(request.POST)
        if not (week.is_valid() and said.is_valid()):
            return self._week(request, whose, may_change=True, forms=week)
        step = {"seen": request.POST.get("seen", ""), "reason": said.cleaned_data["reason"]}
        with transaction.atomic():
            edit = Edit(request, [whose.salon])
            services.change_week(actor=request.user, windows=week.windows(), **step, **whose.keys())
            edit.finish()
        messages.success(request, _("Saved."))
        for text in warnings(whose.salon, whose.staff, whose.exception):
            messages.warning(request, text)
        return HttpResponseRedirect(request.get_full_path())


class Whose:
    """Whose week the address names: a salon, perhaps a person, perhaps an exception; anything unknown is a 404."""

    def __init__(self, request):
        self.salon = chosen_salon(request, WeeklyHours)
        self.people = list(Staff.objects.filter(salon=self.salon, is_active=True).order_by("position", "pk"))
        self.staff = _named(self.people, request.GET.get("staff", ""))
        theirs = Q(staff=None) | Q(staff=self.staff) if self.staff else Q(staff=None)
        ahead = ScheduleException.objects.filter(theirs, salon=self.salon, ends_on__gte=timezone.localdate())
        self.exceptions = list(ahead.exclude(kind=ScheduleException.Kind.CLOSED).order_by("starts_on", "pk"))
        self.exception = _named(self.exceptions, request.GET.get("season", ""))

    def keys(self):
        staff, exception = (getattr(row, "pk", None) for row in (self.staff, self.exception))
        return {"salon_id": self.salon.pk, "staff_id": staff, "exception_id": exception}

    def salon_rows(self):
        """The salon's own hours of the same days, behind those of a person."""
        return services.week_rows(**{**self.keys(), "staff_id": None}) if self.staff else []

    @property
    def form_address(self):
        """The form of the person or of the exception, where the rest is said."""
        if self.exception:
            return reverse("admin:salons_scheduleexception_change", args=[self.exception.pk])
        return reverse("admin:salons_staff_change", args=[self.staff.pk]) if self.staff else ""


def _named(rows, asked):
    if not asked:
        return None
    found = next((row for row in rows if str(row.pk) == asked), None)
    if found is None:
        raise Http404
    return found


def _initial(rows):
    return [services.Window.of(row)._asdict() for row in rows]


def _plain(rows):
    """Rows for the script, as JSON: `[[weekday, "09:00", "17:00", is_break], …]`."""
    return json.dumps([[row.weekday, f"{row.opens:%H:%M}", f"{row.closes:%H:%M}", row.is_break] for row in rows])
