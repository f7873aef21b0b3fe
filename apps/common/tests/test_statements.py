"""A read whose SQL is made once gives what its queryset gives, for every value and in every thread."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import DEFAULT_DB_ALIAS, close_old_connections, connection, connections, transaction
from django.db.models import Count, Q, Value
from django.utils import timezone

from apps.accounts.models import DataRequest, User
from apps.accounts.tests.factories import DataRequestFactory, UserFactory
from apps.common.statements import Given, OneOf, compiled, prepared_cursor
from apps.common.testing.race import race

ODD = ["%", "%s", "100 %d", "it's", '"', "\\", "'; DROP TABLE accounts_user; --", "سارة ٪", "\N{WHITE SMILING FACE}"]
ONCE_AGAIN = 7


@compiled
def people(*, phone, since):
    found = User.objects.filter(created_at__gte=since).order_by("phone")
    return found if phone is None else found.filter(phone=phone)


@compiled
def requests_of(*, keys):
    return DataRequest.objects.filter(OneOf("user_id", keys)).select_related("user").order_by("pk")


@compiled
def notes(*, note):
    """With constants that PostgreSQL, SQLite and the driver would each like to read in their own way."""
    constants = {name: Value(text) for name, text in zip("abcdefghi", ODD, strict=True)}
    return DataRequest.objects.annotate(**constants).filter(note=note).values_list(*constants, "note", flat=False)


@compiled
def answered(*, user, now):
    done = Q(status=DataRequest.Status.DONE, created_at__lte=now)
    counted = DataRequest.objects.filter(user=user).order_by().values("user")
    return counted.annotate(every=Count("pk"), done=Count("pk", filter=done)).values_list("every", "done")


@pytest.mark.django_db
@pytest.mark.parametrize("name", ODD)
def test_values_and_constants_of_any_kind_come_through_unchanged(name):
    DataRequestFactory(note=name)
    DataRequestFactory(note="another")

    for _time in range(ONCE_AGAIN):
        assert notes(note=name) == [(*ODD, name)]


@pytest.mark.django_db
def test_instances_come_with_what_they_are_related_to(django_assert_num_queries):
    first, _second, third = (DataRequestFactory(user=UserFactory(name=name)) for name in ("Sara", "Noura", "Huda"))

    for _time in range(ONCE_AGAIN):
        with django_assert_num_queries(1):
            found = requests_of(keys=[first.user_id, third.user_id])
            assert [(row, row.user, row.user.name) for row in found] == [
                (first, first.user, "Sara"),
                (third, third.user, "Huda"),
            ]
    assert found[0].created_at == DataRequest.objects.get(pk=first.pk).created_at
    assert not found[0]._state.adding
    assert requests_of(keys=[]) == []


@pytest.mark.django_db
def test_a_value_that_is_none_is_left_to_the_description():
    long_ago, sara = timezone.now() - timedelta(days=1), UserFactory(phone="+966551111111")
    noura = UserFactory(phone="+966552222222")

    assert people(phone=None, since=long_ago) == [sara, noura]
    assert people(phone=noura.phone, since=long_ago) == [noura]
    assert people(phone=None, since=timezone.now() + timedelta(days=1)) == []


@pytest.mark.django_db
def test_values_count_where_a_queryset_counts_too():
    person, now = UserFactory(), timezone.now()
    DataRequestFactory.create_batch(2, user=person, status=DataRequest.Status.DONE)
    DataRequestFactory(user=person)

    assert answered(user=person.pk, now=now + timedelta(days=1)) == [(3, 2)]
    assert answered(user=person.pk, now=now - timedelta(days=1)) == [(3, 0)]
    assert answered(user=uuid4(), now=now) == []


@pytest.mark.django_db
def test_the_description_runs_once_for_all_calls():
    described = []

    @compiled
    def by_name(*, name):
        described.append(name)
        return User.objects.filter(name=name)

    for name in ODD:
        assert by_name(name=name) == []

    assert [type(name) for name in described] == [Given]


@pytest.mark.django_db
def test_a_wrong_name_is_a_mistake_and_not_a_read(django_assert_num_queries):
    with django_assert_num_queries(0):
        for values in ({"phone": "+966551111111"}, {"phone": None, "since": timezone.now(), "until": timezone.now()}):
            with pytest.raises(TypeError):
                people(**values)


@pytest.mark.django_db(transaction=True)
def test_every_thread_reads_through_a_connection_of_its_own():
    """So it sees what its own transaction wrote, and nothing of what others have not stored."""
    since = timezone.now() - timedelta(days=1)

    def write_and_look(number):
        with transaction.atomic():
            mine = UserFactory(phone=f"+96655000000{number}", name="Sara")
            seen = people(phone=mine.phone, since=since), people(phone=f"+96655000000{1 - number}", since=since)
            transaction.set_rollback(True)
        return seen == ([mine], [])

    assert race(2, write_and_look) == [True, True]


@pytest.fixture
def server(transactional_db):
    """What somebody else tells the PostgreSQL server over a connection of their own; nothing on SQLite."""

    def tell(statement):
        with connection.cursor() as cursor:
            cursor.execute(statement)

    return lambda statement: connection.vendor == "postgresql" and race(1, lambda _number: tell(statement))


@pytest.mark.django_db
def test_postgresql_plans_it_once_and_knows_its_constants():
    """What SQLite does with a statement it forgets with the cursor; there the rows are all there is to see."""

    @compiled
    def open_requests(*, user):
        return DataRequest.objects.filter(user=user, status=DataRequest.Status.OPEN).order_by().values_list("note")

    row = DataRequestFactory(note="noted")
    for _time in range(ONCE_AGAIN):
        assert open_requests(user=row.user_id) == [("noted",)]

    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT statement FROM pg_prepared_statements WHERE statement LIKE '%accounts_datarequest%'")
            statements = [statement for (statement,) in cursor.fetchall()]
        assert [("'open'" in text, text.count("$")) for text in statements if "note" in text] == [(True, 1)]


def test_a_column_that_changes_its_type_is_read_on(server):
    """As when somebody migrates while we serve: the plan of this connection would no longer do."""
    long_ago, sara = timezone.now() - timedelta(days=1), UserFactory(name="Sara")
    for _time in range(ONCE_AGAIN):
        assert people(phone=None, since=long_ago) == [sara]

    try:
        server("ALTER TABLE accounts_user ALTER COLUMN name TYPE varchar(300)")
        assert people(phone=None, since=long_ago) == [sara]
    finally:
        server("ALTER TABLE accounts_user ALTER COLUMN name TYPE varchar(160)")


def test_a_connection_that_was_lost_between_two_requests_is_replaced(server):
    long_ago, sara = timezone.now() - timedelta(days=1), UserFactory()
    assert people(phone=None, since=long_ago) == [sara]

    server(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
        " AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
    )
    close_old_connections()  # as at the beginning of every request

    assert people(phone=None, since=long_ago) == [sara]


@pytest.mark.django_db
def test_a_log_of_statements_shows_their_text(django_assert_num_queries):
    with django_assert_num_queries(1) as logged, prepared_cursor() as cursor:
        cursor.execute("SELECT %s || 'b'", ["a"])

    [query] = logged.captured_queries
    assert query["sql"] == "SELECT 'a' || 'b'"
    assert not connections[DEFAULT_DB_ALIAS].queries_logged
