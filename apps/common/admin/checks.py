"""What every registered admin must be, or the program does not start: one forgotten base class would open a wall."""

from django.contrib.admin import FieldListFilter
from django.contrib.admin.sites import all_sites
from django.contrib.admin.utils import get_fields_from_path
from django.core import checks
from django.db import models
from import_export.widgets import ForeignKeyWidget

from apps.common.admin.base import BaseModelAdmin, BaseStackedInline, BaseTabularInline
from apps.common.admin.filters import is_stock_related
from apps.common.admin.forms import ScopedModelForm
from apps.common.admin.transfer import ExportableModelAdmin, ImportableModelAdmin
from apps.common.resources import ScopedForeignKeyWidget, ScopedResource
from apps.common.scope import salon_model


def check_admins(app_configs, **kwargs):
    """Every finding over every registered admin of every site."""
    admins = [admin for site in all_sites for admin in site._registry.values()]  # noqa: SLF001 - nothing else lists them
    return [finding for admin in admins for finding in findings(admin)]


def findings(admin):
    """Errors of one admin instance."""
    if not isinstance(admin, BaseModelAdmin):
        return [_error(admin, "does not inherit BaseModelAdmin, so it shows rows of every salon.", "E002")]
    return [
        *_rows(admin),
        *_inlines(admin),
        *_filters(admin),
        *_writing(admin),
        *_actions(admin),
        *_states(admin),
        *_resources(admin),
    ]


def _error(admin, problem, number):
    return checks.Error(f"{type(admin).__name__} {problem}", obj=type(admin), id=f"common.{number}")


def _rows(admin):
    if salon_model(admin.model) and not hasattr(admin.model._default_manager, "visible_to"):
        problem = f"shows rows of every salon: {admin.model.__name__} has no `visible_to`, which SalonOwned brings."
        yield _error(admin, problem, "E013")


def _inlines(admin):
    for inline in admin.inlines:
        if not issubclass(inline, BaseTabularInline | BaseStackedInline):
            yield _error(admin, f"has the inline {inline.__name__}, which does not inherit ours.", "E003")


def _filters(admin):
    for entry in admin.list_filter:
        if isinstance(entry, str):
            field = get_fields_from_path(admin.model, entry)[-1]
            stock = field.is_relation
        else:
            filter_class = entry[1] if isinstance(entry, tuple | list) else entry
            stock = issubclass(filter_class, FieldListFilter) and is_stock_related(filter_class)
        if stock:
            yield _error(admin, f"filters by {entry!r} with rows of every salon; use ScopedRelatedFilter.", "E004")


def _writing(admin):
    if hasattr(admin.model, "get_absolute_url"):
        yield _error(admin, "shows a model with get_absolute_url, which redirects to rows of any salon.", "E005")
    if admin.list_editable or admin.ordering_field:
        yield _error(admin, "edits rows in the list, past the right on each row.", "E006")
    if salon_model(admin.model) and not issubclass(admin.form, ScopedModelForm):
        yield _error(admin, "has a form that does not inherit ScopedModelForm.", "E007")


def _actions(admin):
    groups = (admin.actions_list, admin.actions_row, admin.actions_detail, admin.actions_submit_line)
    for name in {name for group in groups for name in action_names(group)}:
        gates = getattr(getattr(admin, name), "allowed_permissions", None)
        if not gates or any("." in gate or gate in {"view", "add", "change", "delete"} for gate in gates):
            yield _error(admin, f"has the action {name} without a gate of its own (`has_…_permission`).", "E008")
        for gate in gates or ():
            if "." not in gate and not hasattr(admin, f"has_{gate}_permission"):
                yield _error(admin, f"has the action {name} and no method has_{gate}_permission.", "E008")


def action_names(group):
    """Names of the actions in one of Unfold's lists, dropdowns unfolded."""
    for entry in group:
        yield from entry["items"] if isinstance(entry, dict) else [entry]


def _states(admin):
    for name in admin.list_display:
        column = getattr(type(admin), name, None) if isinstance(name, str) else None
        if field := getattr(column, "state_field", None):
            missing = {str(value) for value, _label in admin.model._meta.get_field(field).flatchoices} - set(
                column.label
            )
            if missing:
                yield _error(admin, f"gives no colour to {field} {sorted(missing)}.", "E009")


def _resources(admin):
    if not isinstance(admin, ExportableModelAdmin):
        return
    if not admin.resource_classes:
        yield _error(admin, "exports without a resource of its own.", "E010")
    for resource in admin.resource_classes:
        if not issubclass(resource, ScopedResource) or resource._meta.fields is None:
            yield _error(admin, f"uses {resource.__name__}, which is no ScopedResource with named fields.", "E010")
        elif isinstance(admin, ImportableModelAdmin):
            yield from _import_resource(admin, resource)


def _import_resource(admin, resource):
    if {"id", "pk"} & set(resource._meta.import_id_fields):
        yield _error(admin, f"imports by id with {resource.__name__}: a file could name another salon's row.", "E011")
    for name, field in resource.fields.items():
        column = (field.attribute or "").removesuffix("_id")
        relation = column in {f.name for f in admin.model._meta.get_fields() if isinstance(f, models.ForeignKey)}
        unscoped = isinstance(field.widget, ForeignKeyWidget) and not isinstance(field.widget, ScopedForeignKeyWidget)
        if relation and not field.readonly and (unscoped or not isinstance(field.widget, ForeignKeyWidget)):
            yield _error(admin, f"imports {name} of {resource.__name__} without ScopedForeignKeyWidget.", "E012")
