"""How many queries a page costs, whatever the number of its rows."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext

MOST_QUERIES_OF_A_LIST = 12


@contextmanager
def counted_statements() -> Iterator[list[str]]:
    """The statements of the body, as they are sent. Unlike a captured query, a counted one is sent as it always is."""
    sent: list[str] = []

    def count(execute: Any, statement: str, *rest: Any) -> Any:
        sent.append(statement)
        return execute(statement, *rest)

    with connection.execute_wrapper(count):
        yield sent


def queries_of(client, url):
    """SQL of the queries that answering GET `url` takes; the page itself must be a 200."""
    with CaptureQueriesContext(connection) as captured:
        response = client.get(url)
    assert response.status_code == 200, (url, response.status_code)
    return [query["sql"] for query in captured.captured_queries]


def assert_constant_queries(client, urls, add_rows):
    """Every list costs the same before and after `add_rows()`, and at most twelve queries."""
    for url in urls:
        queries_of(client, url)  # the first visit warms caches that outlive a request
    few = {url: queries_of(client, url) for url in urls}
    add_rows()
    for url in urls:
        many = queries_of(client, url)
        assert len(many) == len(few[url]), "\n".join([url, *many])
        assert len(many) <= MOST_QUERIES_OF_A_LIST, "\n".join([url, *many])
