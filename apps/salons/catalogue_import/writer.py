"""Writes a plan: a fixed number of statements for each batch of rows, with a history row for every row that changes."""

from collections.abc import Sequence
from typing import Any, TypeVar

from django.db import models
from django.db.models import Value
from django.db.models.functions import Cast, Concat
from simple_history.utils import bulk_create_with_history

from apps.salons.catalogue_import.plan import ATTRIBUTES, Plan
from apps.salons.catalogue_import.report import MOVED
from apps.salons.models import Service, ServiceCategory

BATCH = 1000
NAMES = ["name_ar", "name_en", "search_text"]

Row = TypeVar("Row", bound=models.Model)


def write(plan: Plan, *, actor: Any, reason: str) -> None:
    """Store what `plan` says, inside the caller's transaction; history names `actor` (User or None) and `reason`."""
    told = {"default_user": actor, "default_change_reason": reason}
    new, changed = plan.new_services, plan.changed_services

    bulk_create_with_history(plan.new_categories, ServiceCategory, batch_size=BATCH, **told)
    _update_with_history(plan.changed_categories, ServiceCategory, NAMES, **told)

    for draft in (*new, *changed):
        draft.instance.category = draft.category.instance
    bulk_create_with_history([draft.instance for draft in new], Service, batch_size=BATCH, **told)
    _free_names([draft.instance for draft in changed if draft.changed & {"name_ar", "name_en", MOVED}])
    fields = [*ATTRIBUTES.values(), "category", "search_text"]
    _update_with_history([draft.instance for draft in changed], Service, fields, **told)


def _free_names(services: Sequence[Service]) -> None:
    """Two services may swap their names or places, and the database compares name by name: let go of all first."""
    if services:
        freed = Concat(Value("~"), Cast("pk", models.CharField(max_length=20)))
        Service.objects.filter(pk__in=[service.pk for service in services]).update(search_text=freed)


def _update_with_history(rows: Sequence[Row], model: type[Row], fields: list[str], **told: Any) -> None:
    """Like simple-history's `bulk_update_with_history`, whose UPDATE lists a case for each row and field and is ten
    times slower than an insert that turns into an update.
    """
    created = [row.created_at for row in rows]  # type: ignore[attr-defined]
    model._default_manager.bulk_create(
        rows, batch_size=BATCH, update_conflicts=True, unique_fields=["id"], update_fields=[*fields, "updated_at"]
    )
    for row, moment in zip(rows, created, strict=True):
        # Django prepares every row as if it were inserted, which sets this; the database keeps what it has.
        row.created_at = moment  # type: ignore[attr-defined]
    model.history.bulk_history_create(rows, batch_size=BATCH, update=True, **told)  # type: ignore[attr-defined]
