"""A change made through `save_as` says who and why."""

import pytest

from apps.accounts.models import DataRequest
from apps.accounts.tests.factories import DataRequestFactory, UserFactory
from apps.common.history import save_as

pytestmark = pytest.mark.django_db


def test_a_new_row_names_its_author_and_reason():
    author = UserFactory()
    row = DataRequestFactory.build(user=author)

    assert save_as(row, actor=author, reason="asked by phone") is row

    [version] = row.history.all()
    assert (version.history_type, version.history_user, version.history_change_reason) == (
        "+",
        author,
        "asked by phone",
    )


def test_a_job_has_no_author():
    row = DataRequestFactory()

    save_as(row, actor=None, reason="nightly")

    assert (row.history.first().history_user, row.history.first().history_change_reason) == (None, "nightly")


def test_the_next_change_does_not_inherit_author_or_reason():
    first, second = UserFactory.create_batch(2)
    row = DataRequestFactory()
    save_as(row, actor=first, reason="first")

    save_as(row, actor=second)

    newest = row.history.first()
    assert (newest.history_user, newest.history_change_reason) == (second, "")


def test_only_the_named_fields_are_written():
    row = DataRequestFactory(note="old")
    stale = DataRequest.objects.get(pk=row.pk)
    DataRequest.objects.filter(pk=row.pk).update(note="written meanwhile")
    before = stale.updated_at

    stale.status = DataRequest.Status.DONE
    save_as(stale, actor=None, update_fields=["status"])

    row.refresh_from_db()
    assert (row.status, row.note) == ("done", "written meanwhile")
    assert row.updated_at > before


def test_a_reason_may_be_long():
    row = DataRequestFactory()

    save_as(row, actor=None, reason="سبب " * 500)

    assert row.history.first().history_change_reason == "سبب " * 500
