"""The tables of a test database are made once per state of the code and then copied: migrating takes 15 s of CPU."""

import fcntl
import shutil
from contextlib import contextmanager
from functools import partial
from hashlib import sha256
from pathlib import Path

import django
from django.db.backends.base.creation import BaseDatabaseCreation


def fingerprint(root: Path) -> str:
    """What the tables may depend on: every line of code that is not a test, and what it is pinned to."""
    files = (path for folder in ("apps", "project") for path in (root / folder).rglob("*.py"))
    code = (path for path in files if not {"tests", "testing"} & {*path.relative_to(root).parts})
    state = sha256(django.__version__.encode())
    for path in sorted([*code, root / "pyproject.toml"]):
        content = path.read_bytes()
        state.update(f"{path.relative_to(root)} {len(content)} ".encode() + content)
    return state.hexdigest()[:16]


@contextmanager
def databases_from_templates(root: Path, directory: Path):
    """Test databases made inside are copies of a template, which the first process makes out of its own.

    ``root`` is the project's folder, ``directory`` the one for templates and the lock that other processes wait at.
    Migrations run on a copy too and find nothing to do.
    """
    directory.mkdir(parents=True, exist_ok=True)
    templates = {"sqlite": partial(FileTemplate, directory), "postgresql": ServerTemplate}
    create = BaseDatabaseCreation.create_test_db

    def copy_or_create(creation, *args, **options):
        with (directory / "template.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            template = templates[creation.connection.vendor](creation, fingerprint(root))
            if template.exists():
                with template.in_use():
                    return create(creation, *args, **options)
            name = create(creation, *args, **options)
            template.save()
            return name

    BaseDatabaseCreation.create_test_db = copy_or_create
    try:
        yield
    finally:
        BaseDatabaseCreation.create_test_db = create


class FileTemplate:
    """A file of SQLite beside the test databases; those of the last few states stay, for runs that began with them."""

    KEPT = 5

    def __init__(self, directory, creation, state):
        self.creation = creation
        self.directory = directory
        self.file = directory / f"template-{state}.sqlite3"

    def exists(self):
        return self.file.exists()

    @contextmanager
    def in_use(self):
        prepare = self.creation._create_test_db

        def prepare_copy(*args, **options):
            name = prepare(*args, **options)
            shutil.copyfile(self.file, name)
            return name

        self.file.touch()
        self.creation._create_test_db = prepare_copy
        try:
            yield
        finally:
            del self.creation._create_test_db

    def save(self):
        others = sorted(self.directory.glob("template-*.sqlite3"), key=lambda file: file.stat().st_mtime)
        for other in others[: 1 - self.KEPT]:
            other.unlink()
        # A killed process must not leave half a template under the name of a whole one.
        half = self.file.with_suffix(".part")
        half.unlink(missing_ok=True)
        with self.creation.connection.cursor() as cursor:
            cursor.execute("VACUUM INTO %s", [str(half)])
        half.rename(self.file)


class ServerTemplate:
    """A database of PostgreSQL beside the test databases; its comment says which state it is of."""

    def __init__(self, creation, state):
        self.creation = creation
        self.state = state
        access = creation.connection.settings_dict
        self.options = access["TEST"]
        self.name = f"test_{access['NAME']}_template"

    def exists(self):
        with self.creation._nodb_cursor() as cursor:
            cursor.execute(
                "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s", [self.name]
            )
            return cursor.fetchone() == (self.state,)

    @contextmanager
    def in_use(self):
        before, self.options["TEMPLATE"] = self.options.get("TEMPLATE"), self.name
        try:
            yield
        finally:
            self.options["TEMPLATE"] = before

    def save(self):
        quote = self.creation.connection.ops.quote_name
        own = self.creation.connection.settings_dict["NAME"]
        self.creation.connection.close()
        with self.creation._nodb_cursor() as cursor:
            cursor.execute(f"DROP DATABASE IF EXISTS {quote(self.name)}")
            cursor.execute(f"CREATE DATABASE {quote(self.name)} TEMPLATE {quote(own)}")
            cursor.execute(f"COMMENT ON DATABASE {quote(self.name)} IS %s", [self.state])
