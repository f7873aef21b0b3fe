"""Engine options that turn a bare address into a database the booking rules can rely on."""

import os
from pathlib import Path
from typing import Any

BUSY_SECONDS = 20
PERSISTENT_SECONDS = 600
CONNECT_SECONDS = 5
LOCK_SECONDS = 5
# A process that stops in the middle of a transaction gives its locks back.
IDLE_IN_TRANSACTION_SECONDS = 60
# A statement of `apps.common.statements` that came so often on one connection is planned for good; others never are.
# Sooner would not pay: the driver forgets all of them with every transaction that is undone.
PREPARED_FROM = 2
SQLITE_PRAGMAS = "PRAGMA journal_mode=WAL; PRAGMA foreign_keys=ON; PRAGMA synchronous=NORMAL;"


def database_settings(config: dict[str, Any]) -> dict[str, Any]:
    """``config`` as ``dj_database_url`` gives it, whose query string may add driver options."""
    if config["ENGINE"] == "django.db.backends.sqlite3":
        return sqlite_settings(config)
    return {
        **config,
        "CONN_MAX_AGE": PERSISTENT_SECONDS,
        "CONN_HEALTH_CHECKS": True,
        # A server that is away, or a lock that is not given, must answer "unavailable" and not keep anybody waiting.
        "OPTIONS": {
            "connect_timeout": CONNECT_SECONDS,
            "options": f"-c lock_timeout={LOCK_SECONDS}s"
            f" -c idle_in_transaction_session_timeout={IDLE_IN_TRANSACTION_SECONDS}s",
            "prepare_threshold": PREPARED_FROM,
            **config.get("OPTIONS", {}),
        },
    }


def sqlite_settings(config: dict[str, Any]) -> dict[str, Any]:
    Path(config["NAME"]).parent.mkdir(parents=True, exist_ok=True)
    options = {
        # A transaction takes the write lock when it begins, so reading and then writing cannot lose a race.
        "transaction_mode": "IMMEDIATE",
        "timeout": BUSY_SECONDS,
        "init_command": SQLITE_PRAGMAS,
    }
    return {**config, "OPTIONS": {**config.get("OPTIONS", {}), **options}}


def database_file_for_tests(directory: Path) -> str:
    """A file of this process's own, so that two runs may overlap; what killed runs left behind is removed."""
    for left in directory.glob("test-*.sqlite3*"):
        if not is_running(int(left.name.split("-")[1].split(".")[0])):
            left.unlink(missing_ok=True)
    return str(directory / f"test-{os.getpid()}.sqlite3")


def is_running(process_id: int) -> bool:
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
