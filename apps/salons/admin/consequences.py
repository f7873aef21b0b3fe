"""No page that changes hours, people or services loses a visit: it asks first what is to become of those it strands."""

from functools import partial

from django import forms
from django.contrib import messages
from django.db import transaction
from django.template.response import TemplateResponse
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget

from apps.common.errors import Conflict
from apps.common.scope import salon_id_of
from apps.salons.consequences import Wish, newly_stranded, visits
from apps.salons.models import Salon
from apps.salons.services import lock_schedule

MOST_LISTED = 100
WISHES = [(Wish.KEEP, _("Keep as it is")), (Wish.CANCEL, _("Cancel, free of charge"))]


class AsksAboutVisits:
    """Mixin of every page whose rows decide when, by whom or whether a service is offered. Stands first in the bases.

    A change that strands visits is undone and asked about; the answer comes back with the same change, and both are
    stored in one transaction or not at all.
    """

    question_template = "salons/admin/stranded_visits.html"

    def changeform_view(self, request, object_id=None, form_url="", extra_context=None):
        return self._asking(request, partial(super().changeform_view, request, object_id, form_url, extra_context))

    def delete_view(self, request, object_id, extra_context=None):
        return self._asking(request, partial(super().delete_view, request, object_id, extra_context))

    def changelist_view(self, request, extra_context=None):
        return self._asking(request, partial(super().changelist_view, request, extra_context))

    def response_action(self, request, queryset):
        # Deleting in bulk writes its log entries first, and they must vanish with it.
        with transaction.atomic():
            return super().response_action(request, queryset)

    def save_model(self, request, obj, form, change):
        request.edit = Edit(request, [obj])
        super().save_model(request, obj, form, change)

    def save_related(self, request, form, formsets, change):
        super().save_related(request, form, formsets, change)
        request.edit.finish()

    def delete_model(self, request, obj):
        edit = Edit(request, [obj])
        super().delete_model(request, obj)
        edit.finish()

    def delete_queryset(self, request, queryset):
        edit = Edit(request, queryset)
        super().delete_queryset(request, queryset)
        edit.finish()

    def _asking(self, request, view):
        try:
            return view()
        except DecisionsNeeded as question:
            context = {
                **self.admin_site.each_context(request),
                "title": _("What is to become of these visits?"),
                "opts": self.opts,
                "form": question.form,
                "said": _said(request.POST),
            }
            request.current_app = self.admin_site.name
            return TemplateResponse(request, self.question_template, context)


class Edit:
    """One change of what a salon offers, from before its first write until the visits it strands are provided for.

    Lives inside the transaction that writes `rows`.
    """

    def __init__(self, request, rows):
        self.request = request
        self.salon_ids = sorted({salon_id_of(row, Salon) for row in rows} - {None})
        for salon_id in self.salon_ids:
            lock_schedule(salon_id)
        self.before = self._stranded()

    def finish(self):
        """Carry out what was decided. Raises DecisionsNeeded while a visit waits for a decision that holds."""
        said = self.request.POST if DecisionsForm.was_sent(self.request.POST) else None
        stranded = newly_stranded(self.before, self._stranded())
        if not stranded:
            if said:
                # Sent twice, or somebody else provided for these visits: then this is not the change that was seen.
                raise Conflict
            return
        actor = self.request.user
        form = DecisionsForm(said, visits().describe(stranded, actor=actor, listed=MOST_LISTED))
        if not form.is_valid() or not form.settle(actor):
            raise DecisionsNeeded(form)
        messages.success(self.request, form.summary())

    def _stranded(self):
        return {pk: why for salon_id in self.salon_ids for pk, why in visits().stranded(salon_id).items()}


class DecisionsNeeded(Exception):
    """Undoes the change and shows `form` instead."""

    def __init__(self, form):
        self.form = form
        super().__init__()


class DecisionsForm(forms.Form):
    """A decision for every stranded visit, by itself or for all, and one reason for the history."""

    PREFIX = "stranded"
    # Visits the operator has seen, listed or counted: what is chosen for all never reaches another one.
    SEEN = f"{PREFIX}-seen"

    for_all = forms.ChoiceField(
        label=_("All visits without a choice of their own"),
        required=False,
        choices=[("", _("None: I choose for each")), *WISHES],
        widget=UnfoldAdminSelectWidget(),
    )
    reason = forms.CharField(
        label=_("Reason"),
        max_length=500,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 2}),
        help_text=_("Kept in the history together with your name."),
    )

    def __init__(self, said, stranded):
        super().__init__(said, prefix=self.PREFIX)
        self.stranded = stranded
        self.seen = set((said or {}).get(self.SEEN, "").split())
        self.choices = {visit.key: _choices(visit) for visit in stranded}
        for visit in stranded[:MOST_LISTED]:
            self.fields[visit.key] = self._question(visit)

    @classmethod
    def was_sent(cls, said):
        """Whether the posted data comes from the page that asks."""
        return cls.SEEN in said

    def clean(self):
        self.decisions = {}
        for_all = self.cleaned_data.get("for_all")
        for visit in self.stranded:
            if visit.key in self.errors:
                continue
            said = self.cleaned_data.get(visit.key) or (for_all if visit.key in self.seen else None)
            if said in self.choices[visit.key]:
                self.decisions[visit.key] = self.choices[visit.key][said]
            else:
                self._refuse(visit.key, _("Please choose what is to become of this visit."))
        return self.cleaned_data

    def settle(self, actor):
        """Carry out the decisions; False, with the refusals in the form, when one of them cannot be."""
        refusals = visits().settle(self.decisions, actor=actor, reason=self.cleaned_data["reason"])
        for key, refusal in refusals.items():
            self._refuse(key, str(refusal))
        return not refusals

    def summary(self):
        """What was done, in words."""
        wishes = list(self.decisions.values())
        kept, cancelled = wishes.count(Wish.KEEP), wishes.count(Wish.CANCEL)
        counts = {"kept": kept, "moved": len(wishes) - kept - cancelled, "cancelled": cancelled}
        return _("Visits kept: %(kept)s, moved: %(moved)s, cancelled: %(cancelled)s.") % counts

    def questions(self):
        """`[(visit, its time in words, bound field), …]` of the listed visits."""
        listed = [visit for visit in self.stranded if visit.key in self.fields]
        return [(visit, _time(visit.starts_at, "l j F"), self[visit.key]) for visit in listed]

    def keys(self):
        """What the page remembers as seen."""
        return " ".join(visit.key for visit in self.stranded)

    def _refuse(self, key, why):
        field = key if key in self.fields else "for_all"
        if why not in self.errors.get(field, ()):
            self.add_error(field, why)

    def _question(self, visit):
        return forms.ChoiceField(
            label=_("What is to become of it"),
            required=False,
            choices=_grouped(visit, self.choices[visit.key]),
            widget=UnfoldAdminSelectWidget(),
            error_messages={"invalid_choice": _("This time is not free any more. Please choose again.")},
        )


def _choices(visit):
    """`{value as posted: Wish or Place}` of what may become of `visit`."""
    wishes = [Wish.KEEP, Wish.CANCEL] if visit.may_cancel else [Wish.KEEP]
    return {**{wish.value: wish for wish in wishes}, **{place.value: place for place in visit.places}}


def _grouped(visit, choices):
    """`choices` as a select shows them: the wishes, times with the same person, times with others."""
    same, others = [], []
    for place in visit.places:
        when = _time(place.starts_at)
        if place.staff_id == visit.staff_id:
            same.append((place.value, when))
        else:
            others.append((place.value, f"{when} · {place.staff}"))
    groups = [(_("Move, with %(staff)s") % {"staff": visit.staff}, same), (_("Move, with somebody else"), others)]
    wishes = [(wish, label) for wish, label in WISHES if wish in choices]
    return [("", _("Please choose")), *wishes, *(group for group in groups if group[1])]


def _time(moment, day="D j M"):
    return f"{date_format(moment, day)} · {moment:%H:%M}"


def _said(posted):
    """`[(name, value), …]` of the change itself, to be sent again with the decisions."""
    ours = (f"{DecisionsForm.PREFIX}-", "csrfmiddlewaretoken")
    return [(name, value) for name, values in posted.lists() if not name.startswith(ours) for value in values]
