"""The base of every import and export: rows and keys of one reader's salons, all of a file or nothing of it."""

from datetime import date, datetime, time
from decimal import Decimal

from django.contrib.admin.utils import get_fields_from_path
from django.core.exceptions import FieldDoesNotExist, ImproperlyConfigured
from django.utils import timezone
from django.utils.encoding import force_str
from django.utils.html import format_html
from django.utils.translation import get_language_bidi, gettext
from import_export.fields import Field
from import_export.resources import ModelResource
from import_export.widgets import ForeignKeyWidget

from apps.common.doors import Door, through
from apps.common.fields import PhoneField
from apps.common.models import Named
from apps.common.reader import shown_phone
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

    @classmethod
    def get_display_name(cls):
        return cls._meta.model._meta.verbose_name_plural

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
        instance._change_reason = gettext("Imported from a file")
        with through(Door.IMPORT):
            super().do_instance_save(instance, is_create)

    def export_field(self, field, instance, **kwargs):
        return self.as_reader_sees(field, instance, super().export_field(field, instance, **kwargs))

    def as_reader_sees(self, field, instance, value):
        """`value`, or where it is a person's phone what of it the reader of the file may see."""
        column = _model_field(self._meta.model, field.attribute)
        is_personal = isinstance(column, PhoneField) and not column.is_public
        return shown_phone(value, instance, reader=self.user) if value and is_personal else value

    def get_diff_class(self):
        return OldNewDiff

    def get_diff_headers(self):
        return [self.header_of(field) for field in self.get_import_fields()]

    def header_of(self, field):
        """A column's name for people: that of the model field, else the one in the file."""
        column = _model_field(self._meta.model, field.attribute)
        return force_str(field.column_name if column is None else column.verbose_name)


def export_of(model, *columns):
    """A resource class to read rows of `model` elsewhere; `columns` are lookup paths ("salon__name", "user__phone").

    Headers and choices stand in the reader's language. It imports nothing.
    """
    fields = {path: Field(attribute=path, column_name=path, readonly=True) for path in columns}
    meta = type("Meta", (ReadableExport.Meta,), {"model": model, "fields": columns, "export_order": columns})
    return type(f"{model.__name__}Export", (ReadableExport,), {**fields, "Meta": meta})


class ReadableExport(ScopedResource):
    """See `export_of`."""

    class Meta(ScopedResource.Meta):
        pass

    def get_export_headers(self, *args, **kwargs):
        return [self.header_of(field) for field in self.get_export_fields()]

    def header_of(self, field):
        first, *rest = field.attribute.split("__")
        # "salon__name" is the salon, "user__phone" is the phone.
        path = first if rest == ["name"] and _is_named(self._meta.model, first) else field.attribute
        return force_str(get_fields_from_path(self._meta.model, path)[-1].verbose_name)

    def export_field(self, field, instance, **kwargs):
        display = getattr(instance, f"get_{field.attribute}_display", None)
        value = self.as_reader_sees(field, instance, display() if display else field.get_value(instance))
        if isinstance(value, bool):
            return gettext("Yes") if value else gettext("No")
        if isinstance(value, datetime):
            # Spreadsheets know no time zones: the clock on the wall is what its people expect.
            return timezone.localtime(value).replace(tzinfo=None, second=0, microsecond=0)
        return value if value is None or isinstance(value, int | Decimal | date | time) else force_str(value)


def _model_field(model, path):
    """The model field at `path` ("user__phone"), None where that leads to something computed."""
    try:
        column = get_fields_from_path(model, path)[-1]
    except (FieldDoesNotExist, TypeError, AttributeError):
        return None
    return column if hasattr(column, "verbose_name") else None


def _is_named(model, relation):
    return issubclass(model._meta.get_field(relation).related_model, Named)


def _texts(resource, instance):
    return [force_str(resource.export_field(field, instance)) for field in resource.get_import_fields()]


def _difference(old, new):
    if old == new:
        return format_html("<bdi>{}</bdi>", new)
    if not old:
        return format_html("<ins><bdi>{}</bdi></ins>", new)
    arrow = "←" if get_language_bidi() else "→"
    return format_html("<del><bdi>{}</bdi></del> {} <ins><bdi>{}</bdi></ins>", old, arrow, new)
