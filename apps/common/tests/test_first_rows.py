"""What a test that commits leaves behind: the rows of a fresh database, and nothing else."""

import pytest
from django.apps import apps
from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType

from apps.accounts.roles import PlatformRole
from apps.accounts.tests.factories import PlatformUserFactory

commits = pytest.mark.django_db(transaction=True)


def spoil():
    """As a careless test might: what is always there is changed, and something is added."""
    PlatformUserFactory()
    Group.objects.create(name="one more").permissions.set(Permission.objects.all()[:3])
    Permission.objects.all()[0].delete()
    Group.objects.filter(name=PlatformRole.AUDITOR).delete()


def filled():
    """`{label: rows}` of the tables that hold something."""
    counts = {model._meta.label: model._base_manager.count() for model in apps.get_models(include_auto_created=True)}
    return {label: count for label, count in counts.items() if count}


# Three times: the first may begin with a migrated database, the second with an emptied one, the third from memory.
@commits
@pytest.mark.parametrize("turn", range(3))
def test_every_test_that_commits_begins_with_the_rows_of_a_fresh_database(turn):
    models = apps.get_models()

    assert filled() == {
        "auth.Group": len(PlatformRole.values),
        "auth.Permission": sum(len(model._meta.default_permissions) + len(model._meta.permissions) for model in models),
        "contenttypes.ContentType": len(models),
    }
    assert set(Group.objects.values_list("name", flat=True)) == set(PlatformRole.values)
    assert Permission.objects.get(codename="view_booking").content_type == ContentType.objects.get(model="booking")
    spoil()


@commits
def test_what_is_added_to_a_restored_table_gets_a_number_of_its_own():
    assert Group.objects.create(name="one more").pk not in Group.objects.exclude(name="one more").values_list("pk")
