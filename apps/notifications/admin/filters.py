from datetime import datetime, time, timedelta

from django.utils import timezone
from unfold.contrib.filters.admin import RangeDateFilter
from unfold.utils import parse_date_str


class DayRangeFilter(RangeDateFilter):
    """Whole days of the installation's time zone, both included; the stock filter ends where the last day begins."""

    def queryset(self, request, queryset):
        first, last = self._day("from"), self._day("to")
        if first:
            queryset = queryset.filter(**{f"{self.parameter_name}__gte": _midnight(first)})
        if last:
            queryset = queryset.filter(**{f"{self.parameter_name}__lt": _midnight(last + timedelta(days=1))})
        return queryset

    def _day(self, bound):
        given = self.used_parameters.get(f"{self.parameter_name}_{bound}")
        return parse_date_str(given) if given else None


def _midnight(day):
    return timezone.make_aware(datetime.combine(day, time.min))
