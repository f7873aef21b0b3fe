"""The lists as django-import-export knows them: pages, permissions and exports are its; a file goes in as a whole."""

from functools import partial
from typing import Any, ClassVar
from uuid import uuid4

from import_export.fields import Field as ShownField
from import_export.results import Result

from apps.common.errors import DomainError
from apps.common.imports.kinds import ListImporter
from apps.common.imports.report import Report
from apps.common.imports.run import Importer, Options, run_import
from apps.common.reader import reading
from apps.common.resources import ScopedResource
from apps.salons.imports.base import SALON_FIELD
from apps.salons.imports.categories import CategoryImporter
from apps.salons.imports.customers import CustomerImporter
from apps.salons.imports.hours import HoursImporter
from apps.salons.imports.runs import Agreed, recorded
from apps.salons.imports.staff import StaffImporter
from apps.salons.imports.time_off import TimeOffImporter
from apps.salons.models import Customer, ServiceCategory, Staff, TimeOff, WeeklyHours


class ImportResult(Result):
    """What the pages ask of a result; all there is to tell stands in `report`."""

    def __init__(self, report: Any) -> None:
        super().__init__()
        self.report = report

    def has_errors(self) -> bool:
        return bool(self.base_errors or self.report.problems)


class FileResource(ScopedResource):
    """An import that takes the whole file, its bytes are the `dataset`.

    The library reads and saves row by row, six queries each. `import_data`, through which every door of the library
    goes, hands the file to `run_import`.
    """

    options_class: ClassVar[type[Options]] = Options
    empty_report: ClassVar[type[Any]] = Report

    def importer(self, options: Options) -> Importer[Any]:
        """Who imports."""
        raise NotImplementedError

    def import_data(self, dataset, dry_run=False, raise_errors=False, **kwargs):  # noqa: FBT002 - the library's signature
        result = ImportResult(self.empty_report())
        chosen = {key: self.options[key] for key in self.options_class.__dataclass_fields__ if key in self.options}
        try:
            take = partial(
                run_import,
                self.importer(self.options_class(**chosen)),
                dataset,
                actor=self.user,
                source=(source := kwargs.get("file_name", "")),
                previewed=self.options.get("previewed", ""),
            )
            result.report = take(dry_run=True) if dry_run else self._recorded(take, dataset, source)
        except DomainError as error:
            if raise_errors:
                raise
            result.append_base_error(self.get_error_result_class()(error))
        return result

    def _recorded(self, take, content, source):
        return recorded(
            self.options.get("agreed") or Agreed(uuid4()),
            lambda settled: take(settled=settled),
            salon=self.salon,
            model_label=self._meta.model._meta.label_lower,
            content=content,
            source=source,
            actor=self.user,
        )


class ListResource(FileResource):
    """A list whose `importer_class` says what its columns are, in both directions."""

    importer_class: ClassVar[type[ListImporter[Any]]]
    related: ClassVar[tuple[str, ...]] = ("salon",)
    several_salons = False

    def importer(self, options: Options) -> Importer[Any]:
        return self.importer_class(self.salon, options)

    def get_user_visible_fields(self):
        return [ShownField(column_name=field.heading) for field in self._exported()]

    def filter_export(self, queryset, **kwargs):
        return queryset.select_related(*self.related)

    def before_export(self, queryset, **kwargs):
        # Rows of two salons in one file must not end up in one of them: then each row says whose it is.
        if queryset is not None:
            self.several_salons = len(queryset.order_by().values("salon").distinct()[:2]) > 1

    def get_export_headers(self, *args, **kwargs):
        return [field.heading for field in self._exported()]

    def export_resource(self, instance, *args, **kwargs):
        with reading(self.user):
            return [field.export(instance) for field in self._exported()]

    def _exported(self):
        return [field for field in self.importer_class.fields if field is not SALON_FIELD or self.several_salons]


class CategoryResource(ListResource):
    importer_class = CategoryImporter

    class Meta(ScopedResource.Meta):
        model = ServiceCategory
        fields = ()
        import_id_fields = ("name_ar",)


class StaffResource(ListResource):
    importer_class = StaffImporter
    related = ("salon", "user")

    class Meta(ScopedResource.Meta):
        model = Staff
        fields = ()
        import_id_fields = ("public_id",)


class CustomerResource(ListResource):
    importer_class = CustomerImporter
    related = ("salon", "user")

    class Meta(ScopedResource.Meta):
        model = Customer
        fields = ()
        import_id_fields = ("user",)

    def filter_export(self, queryset, **kwargs):
        # Of an erased person there is nothing left to tell, and no phone to come back by.
        return super().filter_export(queryset).filter(user__erased_at__isnull=True)


class HoursResource(ListResource):
    importer_class = HoursImporter
    related = ("salon", "staff", "exception")

    class Meta(ScopedResource.Meta):
        model = WeeklyHours
        fields = ()
        import_id_fields = ("weekday",)


class TimeOffResource(ListResource):
    importer_class = TimeOffImporter
    related = ("salon", "staff")

    class Meta(ScopedResource.Meta):
        model = TimeOff
        fields = ()
        import_id_fields = ("starts_at",)
