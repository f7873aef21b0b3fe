"""The price list as django-import-export knows it: the admin's pages and the command both go through this class."""

from import_export.fields import Field

from apps.common.imports.columns import SALON, word_for
from apps.common.resources import ScopedResource
from apps.salons.catalogue_import import CatalogueImporter, Options, Report
from apps.salons.catalogue_import.columns import EXPORTED
from apps.salons.imports.resources import FileResource
from apps.salons.models import Service


class CatalogueResource(FileResource):
    """Services with their categories, in and out."""

    options_class = Options
    empty_report = Report

    class Meta(ScopedResource.Meta):
        model = Service
        fields = ()
        import_id_fields = ("code",)

    def importer(self, options):
        return CatalogueImporter(self.salon, options)

    def get_user_visible_fields(self):
        return [Field(column_name=column.heading) for column in EXPORTED]

    # --- Export ---

    several_salons = False

    def filter_export(self, queryset, **kwargs):
        return queryset.select_related("salon", "category").order_by(
            "salon", "category__position", "category_id", "position", "pk"
        )

    def before_export(self, queryset, **kwargs):
        # Rows of two salons in one file must not end up in one of them: then each row says whose it is.
        if queryset is not None:
            self.several_salons = len(queryset.order_by().values("salon").distinct()[:2]) > 1

    def get_export_headers(self, *args, **kwargs):
        return [column.heading for column in self._exported()]

    def export_resource(self, instance, *args, **kwargs):
        return [VALUES[column.key](instance) for column in self._exported()]

    def _exported(self):
        return (SALON, *EXPORTED) if self.several_salons else EXPORTED


VALUES = {
    "salon": lambda service: service.salon.slug,
    "code": lambda service: service.code,
    "category_ar": lambda service: service.category.name_ar,
    "category_en": lambda service: service.category.name_en,
    "name_ar": lambda service: service.name_ar,
    "name_en": lambda service: service.name_en,
    "price": lambda service: service.price_amount,
    "duration": lambda service: service.duration_minutes,
    "buffer_before": lambda service: service.buffer_before_minutes,
    "buffer_after": lambda service: service.buffer_after_minutes,
    "active": lambda service: word_for(value=service.is_active),
    "description_ar": lambda service: service.description_ar,
    "description_en": lambda service: service.description_en,
}
