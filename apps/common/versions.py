"""Reads over the versions that history keeps of rows: which one came before, and which ones changed a field."""

from typing import Any

from django.db.models import F, OuterRef, Q, QuerySet, Subquery, TextField, Value, Window
from django.db.models.functions import Cast, Coalesce, Lag


def with_predecessor(versions: QuerySet) -> QuerySet:
    """`versions`, each with the `predecessor_id` of the version of the same row before it; None for the first one."""
    earlier = Q(history_date__lt=OuterRef("history_date")) | Q(
        history_date=OuterRef("history_date"), history_id__lt=OuterRef("history_id")
    )
    key = _key_of(versions.model)
    same = versions.model.objects.filter(earlier, **{key: OuterRef(key)}).order_by("-history_date", "-history_id")
    return versions.annotate(predecessor_id=Subquery(same.values("history_id")[:1]))


def predecessors(versions: list[Any], rows: QuerySet) -> dict[int, Any]:
    """The version before each of `versions` (made by `with_predecessor`) by the number of that one, out of `rows`."""
    known = {version.history_id: version for version in versions}
    wanted = {version.predecessor_id for version in versions} - {None}
    missing = wanted - known.keys()
    return known | (rows.in_bulk(missing) if missing else {})


def changing(versions: QuerySet, field: str) -> QuerySet:
    """Those of `versions`, which are all of one row, that gave the column of `field` another value than before."""
    column = versions.model._meta.get_field(field).attname

    def as_text(value: Any) -> Coalesce:
        return Coalesce(value, Value(""), output_field=TextField())

    told = versions.order_by().annotate(told=Cast(F(column), TextField()))
    before = Window(Lag("told"), order_by=[F("history_date").asc(), F("history_id").asc()])
    changed = told.annotate(now=as_text(F("told")), before=as_text(before)).exclude(now=F("before"))
    return versions.filter(history_id__in=changed.values("history_id"))


def row_of(version: Any) -> Any:
    """The row as it was, with what `version` has read of what it points to."""
    row = version.instance
    fields = {field.name for field in row._meta.concrete_fields}
    for name in fields.intersection(version._state.fields_cache):  # noqa: SLF001 - documented for models loaded by hand
        setattr(row, name, getattr(version, name))
    return row


def _key_of(model: Any) -> str:
    return str(model.instance_type._meta.pk.attname)
