"""A backup of a database that people work on comes back whole, and what is damaged, mixed up or tampered with shows."""

import json
import shutil
import threading
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, connections, transaction

from apps.accounts.models import User
from apps.accounts.tests.factories import UserFactory
from apps.bookings.tests.factories import BookingFactory
from apps.payments.models import MoneyEvent, Payment
from project import backup
from project.bench.database import empty_database, using
from project.models import LastRun
from project.tests.test_invariants import paid

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def pictures(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "pictures"
    settings.MEDIA_ROOT.mkdir()
    (settings.MEDIA_ROOT / f"{'a' * 32}.webp").write_bytes(b"a picture")
    return settings.MEDIA_ROOT


@pytest.fixture
def folder(tmp_path, pictures):
    """A backup of one paid booking."""
    paid(BookingFactory())
    call_command("backup", str(tmp_path / "backup"), stdout=StringIO())
    return tmp_path / "backup"


@pytest.fixture
def scratch():
    """The default connection leads to an empty database meanwhile."""
    with empty_database() as name, using(name):
        yield


def said(command, *arguments):
    out = StringIO()
    call_command(command, *map(str, arguments), stdout=out)
    return out.getvalue().splitlines()


def refuses(command, *arguments, match):
    with pytest.raises(CommandError, match=match):
        said(command, *arguments)


def rewrite(folder, **values):
    told = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").write_text(json.dumps(told | values))
    return told


def tables():
    return connection.introspection.table_names()


def test_a_backup_comes_back_with_every_row_every_rule_and_every_picture(folder, pictures, scratch):
    (pictures / f"{'a' * 32}.webp").unlink()

    assert said("restore", folder)[0].startswith("restored ")

    assert (User.objects.count() > 0, Payment.objects.count(), MoneyEvent.objects.count()) == (True, 1, 1)
    assert [file.read_bytes() for file in pictures.iterdir()] == [b"a picture"]
    call_command("migrate", "--check", verbosity=0)
    assert said("check_invariants")[-1] == "All 16 rules hold."


def test_only_its_owner_may_read_a_backup_and_nothing_else_is_left_beside_it(folder):
    modes = {path.name: path.stat().st_mode & 0o777 for path in [folder, *folder.rglob("*")]}

    assert modes[folder.name] == 0o700
    assert {modes[name] for name in ("database", "manifest.json", f"{'a' * 32}.webp")} == {0o600}
    assert {path.name for path in folder.parent.iterdir()} == {"backup", "pictures"}


def test_a_backup_never_overwrites_one(folder):
    before = (folder / "manifest.json").read_bytes()

    refuses("backup", folder, match="is there already")

    assert (folder / "manifest.json").read_bytes() == before


def test_a_backup_that_fails_leaves_nothing_that_looks_like_one(tmp_path, pictures, monkeypatch):
    def full(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(backup, "_copy_pictures", full)
    with pytest.raises(OSError, match="No space"):
        said("backup", tmp_path / "backup")

    assert [path.name for path in tmp_path.iterdir()] == ["pictures"]
    assert LastRun.objects.get(name="backup").finished_at is None


def test_a_database_with_tables_is_never_restored_over(folder):
    UserFactory()
    before = User.objects.count()

    refuses("restore", folder, match="is not empty")

    assert User.objects.count() == before


def flip_a_byte(folder):
    content = bytearray((folder / "database").read_bytes())
    content[len(content) // 2] ^= 0xFF
    (folder / "database").write_bytes(content)


def cut(folder):
    content = (folder / "database").read_bytes()
    (folder / "database").write_bytes(content[: len(content) // 2])


DAMAGE = {
    "a flipped byte": (flip_a_byte, "database is missing or is not what was backed up"),
    "half a file": (cut, "database is missing or is not what was backed up"),
    "no file": (lambda folder: (folder / "database").unlink(), "database is missing"),
    "a picture less": (lambda folder: (folder / f"media/{'a' * 32}.webp").unlink(), "webp is missing"),
    "no manifest": (lambda folder: (folder / "manifest.json").unlink(), "holds no manifest"),
    "half a manifest": (lambda folder: (folder / "manifest.json").write_text('{"format": 1'), "holds no manifest"),
    "a manifest with less": (
        lambda folder: (folder / "manifest.json").write_text('{"format": 1}'),
        "holds no manifest",
    ),
    "another format": (lambda folder: rewrite(folder, format=2), "has format 2"),
    "another engine": (lambda folder: rewrite(folder, engine="oracle"), "is one of oracle"),
    "a newer version": (
        lambda folder: rewrite(folder, migrations=["salons.9999_later"]),
        "lacks the migration salons.9999",
    ),
}


def test_what_is_damaged_or_from_elsewhere_is_refused_and_nothing_is_written(folder, pictures, scratch, tmp_path):
    (pictures / f"{'a' * 32}.webp").unlink()
    for kind, (damage, sentence) in DAMAGE.items():
        damage(copy := Path(shutil.copytree(folder, tmp_path / kind)))

        refuses("restore", copy, match=sentence)

        assert (kind, tables(), list(pictures.iterdir())) == (kind, [], [])


def test_rows_that_are_not_those_of_the_manifest_are_noticed(folder, scratch):
    rows = json.loads((folder / "manifest.json").read_text())["rows"]
    rewrite(folder, rows=rows | {"payments_payment": 2})

    refuses("restore", folder, match="is not what the manifest says")


def test_a_database_that_is_being_written_is_backed_up_as_of_one_moment(tmp_path, pictures):
    """Payments are written beside it: each is in the backup with its step and its history, or not at all."""
    begun, over = threading.Event(), threading.Event()

    def work():
        booking = BookingFactory()
        while not over.is_set():
            with transaction.atomic():
                paid(booking, amount=1, captured_amount=1)
            begun.set()
        connections.close_all()

    writer = threading.Thread(target=work)
    writer.start()
    try:
        assert begun.wait(30)
        before = Payment.objects.count()
        said("backup", tmp_path / "backup")
        after = Payment.objects.count()
    finally:
        over.set()
        writer.join(30)

    kept = backup.read(tmp_path / "backup").rows
    assert before <= kept["payments_payment"] <= after
    assert before < after
    assert kept["payments_payment"] == kept["payments_moneyevent"] == kept["payments_historicalpayment"]
    assert said("restore_drill", tmp_path / "backup")[-1] == "All 16 rules hold."


def test_control_rows_that_are_counted_at_another_moment_than_they_are_copied_are_noticed(
    tmp_path, pictures, monkeypatch
):
    kind = type(backup.engine())
    dump = kind.dump

    def dump_and_count_later(self, file):
        dump(self, file)
        UserFactory()
        return backup.contents_of_connection()

    monkeypatch.setattr(kind, "dump", dump_and_count_later)
    said("backup", tmp_path / "backup")

    refuses("restore_drill", tmp_path / "backup", match="is not what the manifest says")


def test_a_drill_leaves_the_database_the_pictures_and_the_server_as_they_were(folder, pictures, monkeypatch):
    made = []
    restore = backup.restore
    monkeypatch.setattr(
        backup, "restore", lambda *args, **told: made.append(connection.settings_dict["NAME"]) or restore(*args, **told)
    )
    (pictures / f"{'a' * 32}.webp").unlink()
    before = (connection.settings_dict["NAME"], backup.contents_of_connection().rows | {"project_lastrun": 0})

    assert said("restore_drill", folder)[-1] == "All 16 rules hold."

    assert (connection.settings_dict["NAME"], backup.contents_of_connection().rows | {"project_lastrun": 0}) == before
    assert list(pictures.iterdir()) == []
    assert LastRun.objects.get(name="restore_drill").finished_at is not None
    with pytest.raises(Exception, match=r"unable to open|does not exist"), using(made[0]):
        connection.ensure_connection()


def test_row128_a_drill_finds_what_somebody_changed_in_the_tables_before_the_backup(tmp_path, pictures):
    """The journal takes no UPDATE, so whoever holds the table deletes a step and writes it anew."""
    sound, silenced, rewritten, moved = (paid(BookingFactory()) for _number in range(4))
    said("backup", tmp_path / "earlier")
    step = MoneyEvent.objects.get(payment=rewritten)
    MoneyEvent.objects.filter(payment__in=[silenced, rewritten])._raw_delete("default")
    step.captured_amount = 1
    step.save(force_insert=True)
    Payment.objects.filter(pk=moved.pk).update(refunded_amount=10)
    said("backup", tmp_path / "later")
    out = StringIO()

    assert said("restore_drill", tmp_path / "earlier")[-1] == "All 16 rules hold."
    with pytest.raises(CommandError, match="of 16 rules are broken"):
        call_command("restore_drill", str(tmp_path / "later"), stdout=out)

    told = {line.split()[1]: line for line in out.getvalue().splitlines() if line.startswith("BROKEN")}
    assert [key for key in (sound, silenced, rewritten, moved) if str(key.pk) in told["I11"]] == [
        silenced,
        rewritten,
        moved,
    ]
    assert [key for key in (sound, silenced, rewritten, moved) if str(key.pk) in told["I4"]] == [moved]
