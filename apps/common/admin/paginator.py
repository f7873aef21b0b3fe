"""Pages of a list of any length: what is counted ends at ten thousand, and so do its pages."""

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.utils.functional import cached_property

MOST_COUNTED = 10_000


class Many(int):
    """More rows than anybody counts, as a number and printed as `10,000+`."""

    def __str__(self):
        return f"{int(self):,}+"


class CappedPaginator(Paginator):
    """Counts no further than MOST_COUNTED: a million rows would be read for a figure nobody uses, page for page.

    A page beyond the last one that is counted is that last one.
    """

    template_name = "common/admin/pagination.html"

    @cached_property
    def count(self):
        if not isinstance(self.object_list, QuerySet):
            return super().count
        found = self.object_list.order_by()[: MOST_COUNTED + 1].count()
        return Many(MOST_COUNTED) if found > MOST_COUNTED else found

    @property
    def is_capped(self):
        """Whether there are rows that no page shows."""
        return isinstance(self.count, Many)

    def validate_number(self, number):
        if self.is_capped and isinstance(number, int):
            number = min(number, self.num_pages)
        return super().validate_number(number)
