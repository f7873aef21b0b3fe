"""A price list as django-import-export takes it by default, with simple-history: a row at a time."""

import tablib
from import_export.fields import Field
from import_export.resources import ModelResource
from import_export.widgets import ForeignKeyWidget

from apps.salons.models import Salon, Service, ServiceCategory


class NaiveServices(ModelResource):
    """What its documentation builds for a table with one foreign key."""

    category = Field(
        column_name="category_ar", attribute="category", widget=ForeignKeyWidget(ServiceCategory, "name_ar")
    )
    price = Field(column_name="price", attribute="price_amount")
    duration = Field(column_name="duration", attribute="duration_minutes")

    class Meta:
        model = Service
        fields = ("code", "category", "name_ar", "name_en", "price", "duration")
        import_id_fields = ("code",)
        use_transactions = True

    def __init__(self, salon: Salon) -> None:
        super().__init__()
        self.salon = salon

    def init_instance(self, row: object = None) -> Service:
        return Service(salon=self.salon)


def import_naively(salon: Salon, rows: list[tuple[str, ...]], headings: tuple[str, ...]) -> None:
    """Store `rows`; a category they name has to be there."""
    result = NaiveServices(salon).import_data(tablib.Dataset(*rows, headers=headings), raise_errors=True)
    if result.totals["new"] != len(rows):
        raise RuntimeError("The partner did not store what it was given.")
