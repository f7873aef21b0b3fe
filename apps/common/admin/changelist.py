"""The list page behind every admin: only declared filters may look into rows, and hostile values never crash it."""

from django.contrib.admin.exceptions import DisallowedModelAdminLookup
from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import FieldError, ValidationError
from django.db import DataError
from unfold.views import ChangeList

HOSTILE_VALUES = (ValueError, OverflowError, FieldError, ValidationError, DataError)


class GuardedChangeList(ChangeList):
    """Refuses (400) every lookup that no filter of the page asked for: otherwise a hidden column could be read letter
    by letter through `?secret__startswith=`. Values a filter cannot use lead back to the plain list.
    """

    def __init__(self, request, *args, **kwargs):
        try:
            super().__init__(request, *args, **kwargs)
        except HOSTILE_VALUES as error:
            if not request.GET:
                raise
            raise IncorrectLookupParameters(error) from error

    def get_filters_params(self, params=None):
        kept = super().get_filters_params(params)
        kept.pop("_changelist_filters", None)
        return kept

    def get_filters(self, request):
        specs, has_filters, remaining, duplicates, has_active = super().get_filters(request)
        for lookup in remaining:
            if lookup not in self._date_bounds() and lookup not in self.model_admin.link_lookups:
                raise DisallowedModelAdminLookup(f"Filtering by {lookup} not allowed")
        return specs, has_filters, remaining, duplicates, has_active

    def _date_bounds(self):
        return {f"{self.date_hierarchy}__gte", f"{self.date_hierarchy}__lt"} if self.date_hierarchy else set()
