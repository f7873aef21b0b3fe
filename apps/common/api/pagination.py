from typing import Any

from django.core.paginator import Paginator
from django.utils.functional import cached_property
from rest_framework.pagination import PageNumberPagination

# A database reads and throws away what comes before a page; nobody turns four hundred pages.
DEEPEST = 10_000


class ShallowPaginator(Paginator):
    """Lists end after `DEEPEST` rows, and no more are counted."""

    @cached_property
    def count(self) -> int:
        rows: Any = self.object_list[:DEEPEST]
        return len(rows) if isinstance(rows, list) else int(rows.count())


class StandardPagination(PageNumberPagination):
    """`?page=` and `?page_size=` (at most 100); an impossible page is a 404 in the usual error shape."""

    django_paginator_class = ShallowPaginator
    page_size = 25
    page_size_query_param = "page_size"
    max_page_size = 100
    page_query_description = "Counted from 1. A page that is not there is a 404, whatever it is called."
    page_size_query_description = "Rows of a page: at most 100, and the usual 25 for whatever is no number from 1."

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        # Text, as it is read: nothing that somebody writes there is refused for not being a number.
        described = super().get_schema_operation_parameters(view)
        return [{**parameter, "schema": {"type": "string"}} for parameter in described]
