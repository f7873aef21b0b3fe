"""The price list as django-import-export knows it: the admin's pages and the command both go through this class."""

from import_export.fields import Field
from import_export.results import Result

from apps.common.errors import DomainError
from apps.common.resources import ScopedResource
from apps.salons.catalogue_import import Options, Report, import_catalogue
from apps.salons.catalogue_import.columns import EXPORTED, SALON, word_for
from apps.salons.models import Service


class CatalogueResult(Result):
    """What the pages ask of a result; all there is to tell stands in `report`."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.report = Report()

    def has_errors(self):
        return bool(self.base_errors or self.report.problems)


class CatalogueResource(ScopedResource):
    """Services with their categories, in and out.

    The library reads and saves row by row, six queries each; a price list is one thing, so `import_data`, through
    which every door of the library goes, hands the whole file to `import_catalogue`. `dataset` is the file's bytes.
    """

    class Meta(ScopedResource.Meta):
        model = Service
        fields = ()
        import_id_fields = ("code",)

    def import_data(self, dataset, dry_run=False, raise_errors=False, **kwargs):  # noqa: FBT002 - the library's signature
        result = CatalogueResult()
        options = {name: self.options[name] for name in Options.__dataclass_fields__ if name in self.options}
        try:
            result.report = import_catalogue(
                dataset,
                salon=self.salon,
                actor=self.user,
                source=kwargs.get("file_name", ""),
                options=Options(**options),
                dry_run=dry_run,
                previewed=self.options.get("previewed", ""),
            )
        except DomainError as error:
            if raise_errors:
                raise
            result.append_base_error(self.get_error_result_class()(error))
        return result

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
