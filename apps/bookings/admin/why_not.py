"""The page that says in words why somebody cannot be booked at a time, and when they can."""

from itertools import groupby

from django import forms
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminSplitDateTimeWidget

from apps.bookings.admin.times import add_url, by_salon_clock, nearest_slots, reasons_by_person, time_text
from apps.bookings.models import Booking
from apps.common.scope import salons_allowing, visible_rows
from apps.salons.models import Salon, Service, Staff


class WhyNotForm(forms.Form):
    """Asked by a link or by itself; only rows of the chosen salon are offered and accepted."""

    salon = forms.ModelChoiceField(
        Salon.objects.none(), label=_("Salon"), empty_label=None, widget=UnfoldAdminSelectWidget
    )
    service = forms.ModelChoiceField(Service.objects.none(), label=_("Service"), widget=UnfoldAdminSelectWidget)
    staff = forms.ModelChoiceField(
        Staff.objects.none(),
        label=_("Staff member"),
        required=False,
        empty_label=_("Everybody who does it"),
        widget=UnfoldAdminSelectWidget,
    )
    starts_at = forms.SplitDateTimeField(label=_("Time"), widget=UnfoldAdminSplitDateTimeWidget)

    def __init__(self, asked, *, user, salons):
        self.salon = next((salon for salon in salons if str(salon.pk) == asked.get("salon")), salons[0])
        super().__init__(asked if "service" in asked else None, initial={"salon": self.salon.pk})
        self._ask_for_salon(salons)
        services = visible_rows(Service, user).filter(salon=self.salon).select_related("category", "salon")
        self.fields["service"].queryset = services
        self.fields["service"].choices = [("", _("Select value")), *_by_category(services)]
        self.fields["staff"].queryset = visible_rows(Staff, user).filter(salon=self.salon)

    def clean_starts_at(self):
        return by_salon_clock(self.cleaned_data["starts_at"], self.salon)

    def _ask_for_salon(self, salons):
        if len(salons) == 1:
            del self.fields["salon"]
            return
        field = self.fields["salon"]
        field.queryset = Salon.objects.filter(pk__in=[salon.pk for salon in salons])
        # Another salon has other services and people.
        field.widget.attrs["x-on:change"] = "window.location.search = '?salon=' + $el.value"


def why_not_page(model_admin, request):
    """The form, and once it was asked the answer for each person and the nearest free times."""
    form = WhyNotForm(request.GET, user=request.user, salons=salons_allowing(request, Booking, "view"))
    context = {
        **model_admin.admin_site.each_context(request),
        "title": _("Why not this time?"),
        "opts": model_admin.opts,
        "form": form,
        "media": model_admin.media + form.media,
    }
    if form.is_valid():
        context |= _answer(request, form)
    request.current_app = model_admin.admin_site.name
    return TemplateResponse(request, "bookings/admin/why_not.html", context)


def _answer(request, form):
    service, staff, moment = (form.cleaned_data[name] for name in ("service", "staff", "starts_at"))
    # A link to a form that the reader may not open helps nobody.
    link = add_url if request.user.has_perm("bookings.add_booking", Booking(salon=form.salon)) else _no_link
    names = {} if staff else {person.pk: str(person) for person in form.fields["staff"].queryset}
    nearest = [
        (
            time_text(slot.starts_at, form.salon),
            _somebody([names[pk] for pk in slot.staff_ids]) if names else "",
            link(service, staff, slot.starts_at),
        )
        for slot in nearest_slots(service, moment, staff=staff)
        if slot.starts_at != moment
    ]
    minutes = service.duration_minutes
    asked = {"time": time_text(moment, form.salon), "minutes": minutes}
    return {
        "asked": ngettext("%(time)s · %(minutes)s min", "%(time)s · %(minutes)s min", minutes) % asked,
        "service": service,
        "answers": [
            (person, reasons, link(service, person, moment))
            for person, reasons in reasons_by_person(service, staff, moment, reader=request.user)
        ],
        "nearest": nearest,
    }


def _somebody(names):
    """The first of `names`, and how many there are besides."""
    first, *others = names
    return f"{first} +{len(others)}" if others else first


def _no_link(*_about):
    return ""


def _by_category(services):
    """`services` as a select shows them, under the headings of the price list."""
    grouped = groupby(services, key=lambda service: service.category)
    return [(str(category), [(row.pk, str(row)) for row in rows]) for category, rows in grouped]
