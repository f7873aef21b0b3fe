"""Every change in one page, newest first: over all histories, for whoever audits salons or the platform."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.apps import apps
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import CharField, Model, Q, QuerySet, Value
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from apps.accounts.models import User
from apps.common.admin.narrowing import LONGEST_WORD, HistoryNarrowing
from apps.common.admin.search import search
from apps.common.scope import salon_model
from apps.common.versions import row_of, with_predecessor
from apps.salons.access import reaches_all_salons, salon_ids
from apps.salons.models import Salon

AUDIT = "salons.audit_salon"
PAGE = 25
# Each kind of row costs one query, so a page that meets a sixth kind ends before it and goes on on the next one.
KINDS_OF_A_PAGE = 5
FEW_PEOPLE = 50
# What no index leads to is looked for in so many days, unless the reader names others.
RECENT = timedelta(days=30)
LARGEST_KEY = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page begins: after this version in the order of moment, kind of row and number, all from the end."""

    at: datetime
    label: str
    number: int

    def __str__(self) -> str:
        return f"{self.at.isoformat()}~{self.label}~{self.number}"

    @classmethod
    def read(cls, text: str) -> "Place | None":
        """The place an address names, None where it names none."""
        moment, _separator, rest = text.partition("~")
        label, _separator, number = rest.partition("~")
        try:
            at = parse_datetime(moment)
        except ValueError:
            return None
        is_number = number.isdecimal() and number.isascii() and len(number) < 10
        # At the ends of the calendar other time zones have no such moment.
        if at is None or timezone.is_naive(at) or not 1 < at.year < 9999 or not is_number:
            return None
        return cls(at, label, int(number))

    def following(self, label: str) -> Q:
        """The versions of the model `label` that come after this place."""
        if label < self.label:
            return Q(history_date__lte=self.at)
        later = Q(history_date__lt=self.at)
        return later | Q(history_date=self.at, history_id__lt=self.number) if label == self.label else later


class ChangesNarrowing(HistoryNarrowing):
    """By kind of row, person, door and day."""

    model = forms.ChoiceField(label=gettext_lazy("Kind"), required=False)
    person = forms.CharField(label=gettext_lazy("Name or phone of who did it"), max_length=LONGEST_WORD, required=False)
    field_order = ("model", "person", "door", "since", "until")

    def __init__(self, said: Any, models: list[type[Model]]) -> None:
        self.models = models
        super().__init__(self._complete(said))
        names = sorted((capfirst(str(m._meta.verbose_name_plural)), m._meta.label_lower) for m in models)
        self.fields["model"].choices = [("", _("Everything")), *((label, name) for name, label in names)]
        self.full_clean()

    @staticmethod
    def _complete(said: Any) -> Any:
        wide = (said.get("person") or said.get("door")) and not (said.get("since") or said.get("until"))
        if not wide:
            return said
        completed = said.copy()
        completed["since"] = (timezone.localdate() - RECENT).isoformat()
        return completed

    def chosen(self) -> list[type[Model]]:
        """The models whose histories are read."""
        label = self.cleaned_data.get("model")
        return [model for model in self.models if label in ("", None, model._meta.label_lower)]

    def condition(self, reader: Any) -> Q:
        """As a condition on versions."""
        found, person = self.by_door_and_day(), self.cleaned_data.get("person")
        if person:
            people = search(User.objects.order_by("pk"), ["name", "phone"], person, reader=reader)
            # Of many who are called like that, those who work with the reader are meant.
            team = people.filter(memberships__salon__in=salon_ids(reader, AUDIT)).distinct()
            nearest = {*team[:FEW_PEOPLE], *people[:FEW_PEOPLE]}
            found &= Q(history_user__in=nearest)
        return found


def may_read_changes(user: Any) -> bool:
    """Whether the page is theirs: they audit a salon, or all."""
    return bool(user.has_perm(AUDIT))


@require_safe
def changes(request: HttpRequest) -> HttpResponse:
    """The page. `?model=&row=` is the history of one row, also of one that is gone."""
    if not may_read_changes(request.user):
        raise PermissionDenied
    histories = readable_histories(request.user)
    asked = ChangesNarrowing(request.GET, list(histories))
    key = request.GET.get("row", "")
    condition = asked.condition(request.user)
    chosen = {
        model: _of_row(histories[model].filter(condition), key) if key else histories[model].filter(condition)
        for model in asked.chosen()
    }
    entries, following = _page(chosen, Place.read(request.GET.get("after", "")))
    kept = {name: value for name, value in request.GET.items() if name != "after" and value}
    context = {
        **admin.site.each_context(request),
        "title": _("All changes"),
        "asked": asked,
        "fixed": [("row", key)] if key else [],
        "entries": entries,
        "first": f"?{urlencode(kept)}" if "after" in request.GET else "",
        "next": f"?{urlencode({**kept, 'after': following})}" if following else "",
    }
    return TemplateResponse(request, "admin/changes.html", context)


def readable_histories(user: Any) -> dict[type[Model], QuerySet]:
    """The versions that `user` may audit, by model: of all rows, or of those of their salons, gone rows included."""
    everywhere, salons = reaches_all_salons(user, AUDIT), salon_ids(user, AUDIT)
    found: dict[type[Model], QuerySet] = {}
    for model in apps.get_models():
        meta, is_kept = model._meta, hasattr(model, "history") and admin.site.is_registered(model)
        if not (is_kept and user.has_perm(f"{meta.app_label}.view_{meta.model_name}")):
            continue
        versions = model.history.model.objects.all()
        if everywhere:
            found[model] = versions
        elif model is Salon or salon_model(model) is not None:
            owner = "id" if model is Salon else "salon"
            found[model] = versions.filter(**{f"{owner}__in": salons})
    return found


def _of_row(versions: QuerySet, key: str) -> QuerySet:
    field = versions.model.instance_type._meta.pk
    try:
        value = field.to_python(key)
    except forms.ValidationError:
        return versions.none()
    if isinstance(value, int) and not 0 <= value <= LARGEST_KEY:
        return versions.none()
    return versions.filter(**{field.attname: value})


def _page(histories: dict[type[Model], QuerySet], place: Place | None) -> tuple[list[dict[str, Any]], str]:
    """The entries of a page, newest first, and the place after which the next one begins, "" after the last."""
    heads = _heads({model._meta.label_lower: versions for model, versions in histories.items()}, place)
    shown = _few_kinds(heads[:PAGE])
    models = {model._meta.label_lower: model for model in histories}
    numbers: dict[str, dict[int, int | None]] = {}
    for _at, label, number, predecessor in shown:
        numbers.setdefault(label, {})[number] = predecessor
    versions = {label: _read(models[label], found) for label, found in numbers.items()}
    entries = [versions[label][number] for _at, label, number, _predecessor in shown]
    is_last = len(shown) == len(heads)
    return entries, "" if is_last else str(Place(*shown[-1][:3]))


def _heads(histories: dict[str, QuerySet], place: Place | None) -> list[tuple[datetime, str, int, int | None]]:
    """The newest of all: the newest of each history by its index, put together and cut again."""
    parts = []
    for label, versions in histories.items():
        found = versions.filter(place.following(label)) if place else versions
        # A part of a union has no order of its own on SQLite, its subquery has.
        newest = found.order_by("-history_date", "-history_id").values("history_id")[: PAGE + 1]
        part = with_predecessor(versions.model.objects.filter(history_id__in=newest)).order_by()
        named = part.annotate(label=Value(label, CharField()))
        parts.append(named.values_list("history_date", "label", "history_id", "predecessor_id"))
    if not parts:
        return []
    found = parts[0].union(*parts[1:], all=True) if parts[1:] else parts[0]
    return sorted(found, key=lambda head: head[:3], reverse=True)[: PAGE + 1]


def _few_kinds(heads: list[Any]) -> list[Any]:
    kinds: set[str] = set()
    for position, head in enumerate(heads):
        kinds.add(head[1])
        if len(kinds) > KINDS_OF_A_PAGE:
            return heads[:position]
    return heads


def _read(model: Any, numbers: dict[int, int | None]) -> dict[int, dict[str, Any]]:
    """Versions of `model` and those before them, in one query, as entries by number."""
    model_admin = admin.site.get_model_admin(model)
    wanted = {*numbers, *numbers.values()} - {None}
    known = model_admin.read_with(model.history.model.objects.filter(history_id__in=wanted)).in_bulk()
    return {
        number: _entry(model_admin, known[number], known.get(predecessor)) for number, predecessor in numbers.items()
    }


def _entry(model_admin: Any, version: Any, before: Any) -> dict[str, Any]:
    row = row_of(version)
    model_admin.described(version, row)
    salon = getattr(row, "salon", None)
    meta = model_admin.opts
    version.display |= {
        "kind": meta.verbose_name,
        "row": str(row) or "—",
        "salon": salon or "",
        "changes": model_admin.changes_between(before, version) if before else [],
    }
    asked = {"model": meta.label_lower, "row": row.pk}
    return {"record": version, "row_url": f"{reverse('admin:changes')}?{urlencode(asked)}"}
