"""How many queries a page costs, whatever the number of its rows."""

from django.db import connection
from django.test.utils import CaptureQueriesContext

MOST_QUERIES_OF_A_LIST = 12


def queries_of(client, url):
    """SQL of the queries that answering GET `url` takes; the page itself must be a 200."""
    with CaptureQueriesContext(connection) as captured:
        response = client.get(url)
    assert response.status_code == 200, (url, response.status_code)
    return [query["sql"] for query in captured.captured_queries]


def assert_constant_queries(client, url, add_rows):
    """A list costs the same before and after `add_rows()`, and at most twelve queries. The first visit warms caches."""
    queries_of(client, url)
    few = queries_of(client, url)
    add_rows()
    many = queries_of(client, url)
    assert len(many) == len(few), "\n".join(many)
    assert len(many) <= MOST_QUERIES_OF_A_LIST, "\n".join(many)
