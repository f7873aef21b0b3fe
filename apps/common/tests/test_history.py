"""A change made through `save_as` says who and why."""

import pytest
from django.apps import apps

from apps.accounts.models import DataRequest
from apps.accounts.tests.factories import DataRequestFactory, UserFactory
from apps.common.history import overwrite, save_as

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


def test_overwriting_leaves_nothing_of_a_text_in_row_versions_or_reasons_and_adds_no_version():
    row, other = DataRequestFactory(note="one"), DataRequestFactory(note="other")
    save_as(row, actor=None, reason="kept", update_fields=["status"])
    row.note = "two"
    save_as(row, actor=row.user, reason="said on the phone")
    save_as(other, actor=None, reason="said on the phone")

    overwrite(DataRequest.objects.filter(pk=row.pk), keeping=["kept"], note="")

    row.refresh_from_db()
    versions = row.history.order_by("history_id").values_list("note", "history_change_reason", "history_user")
    assert (row.note, list(versions)) == ("", [("", "", None), ("", "kept", None), ("", "", row.user_id)])
    assert [(version.note, version.history_change_reason) for version in other.history.all()] == [
        ("other", "said on the phone"),
        ("other", None),
    ]


@pytest.mark.parametrize("model", [model for model in apps.get_models() if hasattr(model, "history")])
def test_a_reason_is_a_column_of_its_own_table(model):
    """Shared between tables, an update of it would go to the one that took it last."""
    versions = model.history.model

    assert versions._meta.get_field("history_change_reason").model is versions
