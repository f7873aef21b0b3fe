"""Who does what as a grid: services under their headings, a column for each person, saved in one go."""

import json
from functools import partial
from itertools import groupby

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db import transaction
from django.http import HttpResponseRedirect
from django.urls import reverse
from django.utils.formats import number_format
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action

from apps.common.scope import LARGEST_KEY, salons_allowing
from apps.salons import services
from apps.salons.admin.consequences import Edit
from apps.salons.admin.pages import chosen_salon, own_page
from apps.salons.admin.prices import A_PAGE, LONGEST_SEARCH
from apps.salons.errors import SkillsChanged
from apps.salons.models import Service, Staff, StaffService

MOST_CHANGES = 6000
MOST_LETTERS = 400_000
LONGEST_MARK = 60


class SkillsField(forms.CharField):
    """`[[staff id, service id, what was seen, wanted], …]` as the page's script writes it."""

    widget = forms.HiddenInput

    def clean(self, value):
        text = super().clean(value)
        try:
            said = json.loads(text or "[]")
            skills = [services.Skill(*entry) for entry in said]
        except (ValueError, TypeError, RecursionError) as error:
            raise forms.ValidationError(_("Please open the page again."), code="invalid") from error
        if len(skills) > MOST_CHANGES or not all(_is_skill(skill) for skill in skills):
            raise forms.ValidationError(_("Please open the page again."), code="invalid")
        return skills


def _is_skill(skill):
    keys = (skill.staff_id, skill.service_id)
    return (
        all(type(key) is int and 0 < key <= LARGEST_KEY for key in keys)
        and type(skill.seen) is str
        and len(skill.seen) <= LONGEST_MARK
        and type(skill.wanted) is bool
    )


class SkillsForm(forms.Form):
    changes = SkillsField(required=False, max_length=MOST_LETTERS)
    reason = forms.CharField(required=False, max_length=500)


class SkillsPage:
    """Mixin of the admin of who does what: the button and the grid."""

    def has_grid_permission(self, request, object_id=None):
        return bool(salons_allowing(request, StaffService, "view"))

    @action(description=_("As a grid"), url_path="grid", icon="grid_on", permissions=["grid"])
    def grid_action(self, request):
        salon = chosen_salon(request, StaffService)
        row = StaffService(salon=salon)
        may_change = all(request.user.has_perm(f"salons.{verb}_staffservice", row) for verb in ("add", "delete"))
        if request.method != "POST":
            return self._grid(request, salon, may_change=may_change)
        if not may_change:
            raise PermissionDenied
        return self._told(request, partial(self._asking, request, partial(self._save_grid, request, salon)))

    def _grid(self, request, salon, *, may_change, pending=""):
        said = request.GET.get("q", "")[:LONGEST_SEARCH]
        shown = Service.objects.filter(salon=salon).select_related("category")
        if said.strip():
            shown = shown.named(said)
        ordered = shown.order_by("category__position", "category_id", "position", "pk")
        page = Paginator(ordered, A_PAGE).get_page(request.GET.get("p"))
        people = list(Staff.objects.filter(salon=salon, is_active=True).order_by("position", "pk"))
        rows = _rows(list(page), people)
        salons = salons_allowing(request, StaffService, "view")
        context = {
            "title": _("Who does what"),
            "salon": salon,
            "salons": salons if len(salons) > 1 else [],
            "q": said,
            "page": page,
            "people": people,
            "groups": [(head, list(group)) for head, group in groupby(rows, key=lambda row: row["service"].category)],
            "may_change": may_change,
            "pending": pending,
            "reason": request.POST.get("reason", "")[:500],
        }
        return own_page(self, request, "salons/admin/grid.html", context)

    def _save_grid(self, request, salon):
        form = SkillsForm(request.POST)
        if not form.is_valid():
            messages.error(request, _("Please open the page again."))
            return HttpResponseRedirect(request.get_full_path())
        said = form.cleaned_data
        try:
            with transaction.atomic():
                edit = Edit(request, [salon])
                step = {"salon_id": salon.pk, "skills": said["changes"], "reason": said["reason"]}
                added, removed = services.change_skills(actor=request.user, **step)
                edit.finish()
        except SkillsChanged as refusal:
            messages.error(request, str(refusal))
            return self._grid(request, salon, may_change=True, pending=request.POST["changes"])
        messages.success(request, _summary(added, removed))
        return HttpResponseRedirect(request.get_full_path())


def _rows(shown, people):
    """What the grid shows of each service: a cell for each of `people`."""
    offered = StaffService.objects.filter(service__in=shown, staff__in=people).order_by()
    stored = {(row.service_id, row.staff_id): row for row in offered}
    return [
        {"service": service, "cells": [(person.pk, _cell(stored.get((service.pk, person.pk)))) for person in people]}
        for service in shown
    ]


def _cell(row):
    """The mark of the row, and its own price and duration with the address to change them; None where there is none."""
    if row is None:
        return None
    own = [number_format(row.price_amount, 2)] if row.price_amount is not None else []
    own += [gettext("%(minutes)s min") % {"minutes": row.duration_minutes}] if row.duration_minutes else []
    address = reverse("admin:salons_staffservice_change", args=[row.pk]) if own else ""
    return {"mark": services.skill_mark(row), "own": own, "address": address}


def _summary(added, removed):
    """What was done, in words."""
    if not added and not removed:
        return gettext("Everything was like this already.")
    return gettext(", ").join(
        text % {"count": count}
        for count, text in (
            (added, ngettext("%(count)s assignment added", "%(count)s assignments added", added)),
            (removed, ngettext("%(count)s assignment removed", "%(count)s assignments removed", removed)),
        )
        if count
    )
