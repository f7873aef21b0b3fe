"""List filters that show nothing the reader may not see. The stock filters over relations list every salon's rows."""

from datetime import MAXYEAR, MINYEAR, datetime, time, timedelta

from django.contrib.admin import RelatedFieldListFilter
from django.db.models import DateTimeField, OuterRef, Subquery
from django.utils import timezone
from unfold.contrib.filters.admin import (
    AutocompleteSelectFilter,
    BooleanRadioFilter,
    ChoicesDropdownFilter,
    RelatedDropdownFilter,
)
from unfold.contrib.filters.admin import RangeDateFilter as StockRangeDateFilter
from unfold.contrib.filters.admin import RangeDateTimeFilter as StockRangeDateTimeFilter
from unfold.utils import parse_date_str, parse_datetime_str

from apps.common.scope import salon_model, visible_rows

__all__ = [
    "BooleanRadioFilter",
    "ChoicesDropdownFilter",
    "RangeDateFilter",
    "RangeDateTimeFilter",
    "ScopedAutocompleteFilter",
    "ScopedRelatedFilter",
    "is_stock_related",
]

LONGEST_DROPDOWN = 300
# In digits.
LONGEST_KEY = 18


class RangeDateFilter(StockRangeDateFilter):
    """Whole local days, the last one with all its hours; the stock filter ends where the last day begins."""

    def queryset(self, request, queryset):
        first, last = self._day("from"), self._day("to")
        if first is not None:
            queryset = queryset.filter(**{f"{self.parameter_name}__gte": self._begin(first)})
        if last is not None:
            queryset = queryset.filter(**{f"{self.parameter_name}__lt": self._begin(last + timedelta(days=1))})
        return queryset

    def _day(self, end):
        return _within_the_calendar(parse_date_str(self.used_parameters.get(f"{self.parameter_name}_{end}") or ""))

    def _begin(self, day):
        """Where `day` begins, as the column has it."""
        return timezone.make_aware(datetime.combine(day, time.min)) if isinstance(self.field, DateTimeField) else day


class RangeDateTimeFilter(StockRangeDateTimeFilter):
    """Moments by the clock of the installation; the stock filter leaves it to the database to guess whose clock."""

    def queryset(self, request, queryset):
        for end, lookup in (("from", "gte"), ("to", "lte")):
            day, clock = (self.used_parameters.get(f"{self.parameter_name}_{end}_{part}") for part in (0, 1))
            moment = _within_the_calendar(parse_datetime_str(f"{day} {clock}"))
            if moment is not None:
                queryset = queryset.filter(**{f"{self.parameter_name}__{lookup}": timezone.make_aware(moment)})
        return queryset


def _within_the_calendar(day):
    """`day`, or None at the ends of the calendar, which no other time zone has."""
    return day if day is not None and MINYEAR < day.year < MAXYEAR else None


class ScopedRelatedFilter(RelatedDropdownFilter):
    """A dropdown of related rows that the reader may view and that occur in the list. For short relations.

    It holds LONGEST_DROPDOWN rows at most, of the salon the list is narrowed to where it is.
    """

    def field_choices(self, field, request, model_admin):
        listed = model_admin.get_queryset(request).order_by().filter(**{self.field_path: OuterRef("pk")})
        # One look into an index for each related row; asked for "those among the list's" a database reads the list.
        rows = visible_rows(field.related_model, request.user).alias(first=Subquery(listed.values("pk")[:1]))
        rows = rows.filter(first__isnull=False, **self._of_the_salon(field, request))
        ordering = self.field_admin_ordering(field, request, model_admin)
        return [(row.pk, str(row)) for row in rows.order_by(*ordering)[:LONGEST_DROPDOWN]]

    @staticmethod
    def _of_the_salon(field, request):
        salon = request.GET.get("salon__id__exact", "")
        is_chosen = salon_model(field.related_model) is not None and salon.isdecimal() and len(salon) < LONGEST_KEY
        return {"salon_id": int(salon)} if is_chosen else {}


class ScopedAutocompleteFilter(AutocompleteSelectFilter):
    """A box to look up a related row, for relations with many of them (customers). Searches the related admin."""

    def __init__(self, field, request, params, model, model_admin, field_path):
        super().__init__(field, request, params, model, model_admin, field_path)
        self.visible = visible_rows(field.related_model, request.user)

    def choices(self, changelist):
        for choice in super().choices(changelist):
            # The form shows the label of whatever key stands in the address, so it may know visible rows only.
            choice["form"].fields[self.lookup_kwarg].queryset = self.visible
            yield choice


def is_stock_related(filter_class):
    """Whether a filter class lists related rows without asking who reads."""
    ours = (ScopedRelatedFilter, ScopedAutocompleteFilter)
    return issubclass(filter_class, RelatedFieldListFilter) and not issubclass(filter_class, ours)
