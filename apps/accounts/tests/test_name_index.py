import pytest
from django.db import connection

from apps.accounts.models import User
from apps.common.name_keys import name_key


@pytest.mark.django_db
def test_on_postgresql_a_part_of_a_name_is_found_by_an_index():
    """It has to be spelled exactly as the search compiles, alphabet included, or the server reads everybody."""
    is_postgresql = connection.vendor == "postgresql"
    if is_postgresql:
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off")  # a table of a test is read whole otherwise

    plan = User.objects.filter(name__folded__contains=name_key("نورة")).order_by().explain()

    assert ("accounts_user_name_trigrams" in plan) is is_postgresql
