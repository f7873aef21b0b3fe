"""The base of every import and export: rows and keys of one reader's salons, all of a file or nothing of it."""

from django.core.exceptions import FieldDoesNotExist, ImproperlyConfigured
from django.utils.encoding import force_str
from django.utils.html import format_html
from django.utils.translation import get_language_bidi
from django.utils.translation import gettext as _
from import_export.resources import ModelResource
from import_export.widgets import ForeignKeyWidget

from apps.common.scope import salon_model, visible_rows


class ScopedForeignKeyWidget(ForeignKeyWidget):
    """Finds the related row among those the resource reaches: `ScopedForeignKeyWidget(Category, "code")`."""

    def get_queryset(self, value, row, *args, resource=None, **kwargs):
        # Without a resource nobody said who asks: then nothing is found.
        return self.model._base_manager.none() if resource is None else resource.reachable(self.model)


class OldNewDiff:
    """A preview row: what stays once, what changes as old → new, each in its own direction."""

    def __init__(self, resource, instance, new):
        self.before = [""] * len(resource.get_import_fields()) if new else _texts(resource, instance)
        self.after = []

    def compare_with(self, resource, instance):
        self.after = _texts(resource, instance) if instance is not None else [""] * len(self.before)

    def as_html(self):
        return [_difference(old, new) for old, new in zip(self.before, self.after, strict=True)]


class ScopedResource(ModelResource):
    """A resource for the rows `user` may view, of one `salon` where a file is imported into it.

    Subclasses name their `fields`, and their `import_id_fields` from what people write (a code), never `id`; every
    foreign key they import is declared with a `ScopedForeignKeyWidget`. Further `options` come from the import form.
    """

    class Meta:
        use_transactions = True
        skip_unchanged = True
        report_skipped = True
        clean_model_instances = True

    def __init__(self, user, salon=None, **options):
        super().__init__()
        self.user = user
        self.salon = salon
        self.options = options

    def reachable(self, model):
        """Rows of `model` this import may touch or point to."""
        rows = visible_rows(model, self.user)
        return rows.filter(salon=self.salon) if self.salon is not None and salon_model(model) else rows

    def get_queryset(self):
        return self.reachable(self._meta.model)

    def init_instance(self, row=None):
        instance = super().init_instance(row)
        if self.salon is not None and salon_model(self._meta.model):
            instance.salon = self.salon
        return instance

    def before_import(self, dataset, **kwargs):
        if salon_model(self._meta.model) and self.salon is None:
            raise ImproperlyConfigured(f"{type(self).__name__} imports into a salon; it was given none")
        super().before_import(dataset, **kwargs)

    def import_field(self, field, instance, row, *args, **kwargs):
        super().import_field(field, instance, row, *args, resource=self, **kwargs)

    def do_instance_save(self, instance, is_create):
        instance._history_user = self.user
        instance._change_reason = _("Imported from a file")
        super().do_instance_save(instance, is_create)

    def get_diff_class(self):
        return OldNewDiff

    def get_diff_headers(self):
        return [self.header_of(field) for field in self.get_import_fields()]

    def header_of(self, field):
        """A column's name for people: that of the model field, else the one in the file."""
        try:
            return force_str(self._meta.model._meta.get_field(field.attribute).verbose_name)
        except (FieldDoesNotExist, TypeError):
            return force_str(field.column_name)


def _texts(resource, instance):
    return [force_str(resource.export_field(field, instance)) for field in resource.get_import_fields()]


def _difference(old, new):
    if old == new:
        return format_html("<bdi>{}</bdi>", new)
    if not old:
        return format_html("<ins><bdi>{}</bdi></ins>", new)
    arrow = "←" if get_language_bidi() else "→"
    return format_html("<del><bdi>{}</bdi></del> {} <ins><bdi>{}</bdi></ins>", old, arrow, new)
