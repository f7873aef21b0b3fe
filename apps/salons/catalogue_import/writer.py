"""Writes a plan: a fixed number of statements, with a history row for every row that changes."""

from collections.abc import Sequence
from typing import Any

from django.db import models
from django.db.models import Value
from django.db.models.functions import Cast, Concat

from apps.common.imports.writer import insert_rows, update_rows
from apps.salons.catalogue_import.plan import ATTRIBUTES, Plan
from apps.salons.catalogue_import.report import MOVED
from apps.salons.models import Service

NAMES = ["name_ar", "name_en", "search_text"]


def write(plan: Plan, *, actor: Any, reason: str) -> None:
    """Store what `plan` says, inside the caller's transaction; history names `actor` (User or None) and `reason`."""
    told = {"actor": actor, "reason": reason}
    new, changed = plan.new_services, plan.changed_services

    insert_rows(plan.new_categories, **told)
    update_rows(plan.changed_categories, NAMES, **told)

    for draft in (*new, *changed):
        draft.instance.category = draft.category.instance
    insert_rows([draft.instance for draft in new], **told)
    _free_names([draft.instance for draft in changed if draft.changed & {"name_ar", "name_en", MOVED}])
    fields = [*ATTRIBUTES.values(), "category", "search_text"]
    update_rows([draft.instance for draft in changed], fields, **told)


def _free_names(services: Sequence[Service]) -> None:
    """Two services may swap their names or places, and the database compares name by name: let go of all first."""
    if services:
        freed = Concat(Value("~"), Cast("pk", models.CharField(max_length=20)))
        Service.objects.filter(pk__in=[service.pk for service in services]).update(search_text=freed)
