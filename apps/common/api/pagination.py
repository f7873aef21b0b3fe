from rest_framework.pagination import PageNumberPagination


class StandardPagination(PageNumberPagination):
    """`?page=` and `?page_size=` (at most 100); an impossible page is a 404 in the usual error shape."""

    page_size = 25
    page_size_query_param = "page_size"
    max_page_size = 100
