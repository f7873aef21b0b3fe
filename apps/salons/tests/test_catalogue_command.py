"""The price list through `manage.py import_catalog`."""

import io
from decimal import Decimal
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from apps.salons.models import Service
from apps.salons.tests.factories import SalonFactory
from apps.salons.tests.price_lists import CORRECTED, REAL, stored

pytestmark = pytest.mark.django_db


@pytest.fixture
def salon():
    return SalonFactory(slug="nawara")


def command(*arguments):
    out = io.StringIO()
    call_command("import_catalog", *map(str, arguments), "--language", "en", stdout=out)
    return out.getvalue()


def refused_command(*arguments):
    with pytest.raises(CommandError) as refused:
        command(*arguments)
    return str(refused.value)


def test_the_command_names_the_bad_row_and_writes_nothing(salon):
    said = refused_command(REAL, "--default-duration", 45)

    assert "23" in said
    assert "السعر شامل الضريبة" in said
    assert "400 - 300" in said
    assert stored() == [[], [], [], []]


def test_the_command_imports_into_the_only_salon(salon):
    said = command(REAL, "--default-duration", 45, "--skip-row", 23)

    assert Service.objects.filter(salon=salon).count() == 70
    assert Service.history.filter(history_user=None).count() == 70
    assert "70" in said


def test_a_dry_run_of_the_command_writes_nothing(salon):
    said = command(CORRECTED, "--default-duration", 45, "--dry-run")

    assert "71" in said
    assert stored() == [[], [], [], []]


def test_the_command_shows_what_changes(salon):
    command(CORRECTED, "--default-duration", 45)
    Service.objects.filter(name_en="Hair wash").update(price_amount=Decimal("20.00"))

    said = command(CORRECTED)

    assert "9: Hair wash · Price incl. VAT: 20.00 → 23.00" in said


def test_the_command_asks_which_salon_when_there_are_several(salon):
    SalonFactory(slug="other")

    assert "nawara, other" in refused_command(CORRECTED, "--default-duration", 45)
    command(CORRECTED, "--default-duration", 45, "--salon", "other")

    assert set(Service.objects.values_list("salon__slug", flat=True)) == {"other"}


@pytest.mark.parametrize(
    "arguments",
    [
        ["missing.csv"],
        ["."],
        ["\x00"],
        [REAL, "--salon", "nobody"],
        [CORRECTED, "--default-duration", "4"],
        [CORRECTED, "--default-duration", "soon"],
        [CORRECTED, "--default-duration", "45", "--skip-row", "x"],
        [CORRECTED, "--default-duration", "45", "--skip-row", "99"],
        [CORRECTED, "--default-duration", "45", "--encoding", "windows-1256"],
    ],
)
def test_wrong_arguments_of_the_command_are_told(salon, arguments):
    assert refused_command(*arguments)
    assert stored() == [[], [], [], []]


def test_the_command_says_that_there_is_no_salon():
    assert refused_command(CORRECTED)


def test_the_command_exits_with_1_and_no_traceback_for_hostile_files(salon, tmp_path):
    for content in (
        b"",
        b"\x00" * 50,
        b"PK\x03\x04" + b"\xff" * 99,
        b'"',
        b"\xff\xfe=1",
        b";;;\n" * 10,
        b"x" * 6_000_000,
    ):
        file = Path(tmp_path) / "hostile.csv"
        file.write_bytes(content)
        assert refused_command(file, "--default-duration", 45)
    assert stored() == [[], [], [], []]
