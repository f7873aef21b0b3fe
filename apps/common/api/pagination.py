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
