"""The list page behind every admin: only declared filters may look into rows, and hostile values never crash it."""

from django.contrib.admin.exceptions import DisallowedModelAdminLookup
from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import FieldError, ValidationError
from django.db import DataError
from unfold.views import ChangeList

# What a link may ask of a field that the list filters by anyway; none of them reads a text piece by piece.
LINKED = {"exact", "in", "gte", "lt", "isnull"}
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

    def get_results(self, request):
        super().get_results(request)
        self.page_num = min(self.page_num, self.paginator.num_pages)
        if not (self.query or self.has_active_filters):
            # All of them: the page offers no way to see all.
            self.full_result_count = self.result_count

    def get_filters_params(self, params=None):
        kept = super().get_filters_params(params)
        kept.pop("_changelist_filters", None)
        return kept

    def get_filters(self, request):
        specs, has_filters, remaining, duplicates, has_active = super().get_filters(request)
        for lookup in remaining:
            if lookup not in self.model_admin.link_lookups and not self._is_declared(lookup):
                raise DisallowedModelAdminLookup(f"Filtering by {lookup} not allowed")
        return specs, has_filters, remaining, duplicates, has_active

    def _is_declared(self, lookup):
        path, _separator, kind = lookup.rpartition("__")
        filtered = {entry[0] if isinstance(entry, tuple | list) else entry for entry in self.list_filter}
        return kind in LINKED and path in {*filtered, self.date_hierarchy}
