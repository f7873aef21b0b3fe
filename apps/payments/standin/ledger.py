"""The stand-in's memory: one SQLite file that survives a restart and a kill, and is the truth tests compare with.

Every change of an object, its journal line and its webhook deliveries are written in one transaction.
"""

import json
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

Json = dict[str, Any]
Condition = tuple[str, tuple[object, ...]]

_OBJECTS = """
CREATE TABLE IF NOT EXISTS {table} (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    body TEXT NOT NULL,
    previous TEXT,
    status TEXT GENERATED ALWAYS AS (json_extract(body, '$.status')),
    invoice_id TEXT GENERATED ALWAYS AS (json_extract(body, '$.invoice_id')),
    created_at TEXT GENERATED ALWAYS AS (json_extract(body, '$.created_at')),
    updated_at TEXT GENERATED ALWAYS AS (json_extract(body, '$.updated_at'))
);
CREATE INDEX IF NOT EXISTS {table}_status ON {table} (status);
CREATE INDEX IF NOT EXISTS {table}_invoice ON {table} (invoice_id);
CREATE INDEX IF NOT EXISTS {table}_updated ON {table} (updated_at);
"""
_TABLES = """
CREATE TABLE IF NOT EXISTS journal (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, operation TEXT NOT NULL,
    object_id TEXT NOT NULL, amount INTEGER NOT NULL, status TEXT NOT NULL, origin TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS calls (operation TEXT PRIMARY KEY, received INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS delivery (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, webhook_id TEXT, event_id TEXT NOT NULL, event_type TEXT NOT NULL,
    url TEXT NOT NULL, body TEXT NOT NULL, retry_number INTEGER NOT NULL DEFAULT 0, due_at REAL NOT NULL,
    position INTEGER NOT NULL DEFAULT 0, state TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS delivery_due ON delivery (state, due_at);
"""
_SHELVES = ("payment", "invoice", "webhook", "attempt", "settlement")


class Shelf:
    """The objects of one kind, as the provider's JSON. Keys that begin with `_` are the stand-in's own."""

    def __init__(self, ledger: "Ledger", table: str) -> None:
        self._ledger, self._table = ledger, table

    def get(self, object_id: str) -> Json | None:
        return next(iter(self.find([("id = ?", (object_id,))])), None)

    def add(self, body: Json) -> None:
        self._ledger.execute(
            f"INSERT INTO {self._table} (id, body) VALUES (?, ?)",  # noqa: S608 - a name of ours
            (body["id"], json.dumps(body)),
        )

    def save(self, body: Json) -> None:
        self._ledger.execute(
            f"UPDATE {self._table} SET previous = body, body = ? WHERE id = ?",  # noqa: S608
            (json.dumps(body), body["id"]),
        )

    def remove(self, object_id: str) -> bool:
        removed = self._ledger.execute(f"DELETE FROM {self._table} WHERE id = ?", (object_id,))  # noqa: S608
        return removed.rowcount == 1

    def previous(self, object_id: str) -> Json | None:
        """The object as it was before its last change."""
        rows = self._ledger.execute(
            f"SELECT previous FROM {self._table} WHERE id = ? AND previous IS NOT NULL",  # noqa: S608
            (object_id,),
        )
        return next((json.loads(text) for (text,) in rows), None)

    def count(self, conditions: Sequence[Condition] = ()) -> int:
        where, values = _where(conditions)
        rows = self._ledger.execute(f"SELECT count(*) FROM {self._table} WHERE {where}", values)  # noqa: S608
        return int(rows.fetchone()[0])

    def find(self, conditions: Sequence[Condition] = (), limit: int = -1, offset: int = 0) -> list[Json]:
        """Newest first."""
        where, values = _where(conditions)
        rows = self._ledger.execute(
            f"SELECT body FROM {self._table} WHERE {where}"  # noqa: S608 - conditions are ours, values are bound
            " ORDER BY created_at DESC, seq DESC LIMIT ? OFFSET ?",
            (*values, limit, offset),
        )
        return [json.loads(text) for (text,) in rows.fetchall()]


class Ledger:
    """All shelves, the journal of what was executed, the counts of what was called, the deliveries to send."""

    def __init__(self, path: Path | str) -> None:
        self._lock = threading.RLock()
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._connection.row_factory = sqlite3.Row
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = NORMAL")
        self._connection.executescript(_TABLES + "".join(_OBJECTS.format(table=table) for table in _SHELVES))
        shelves = (Shelf(self, name) for name in _SHELVES)
        self.payments, self.invoices, self.webhooks, self.attempts, self.settlements = shelves

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """One writer at a time; an exception undoes everything."""
        with self._lock:
            self.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self.execute("ROLLBACK")
                raise
            self.execute("COMMIT")

    def execute(self, statement: str, values: Sequence[object] = ()) -> sqlite3.Cursor:
        with self._lock:
            return self._connection.execute(statement, values)

    def count_call(self, operation: str) -> None:
        self.execute(
            "INSERT INTO calls VALUES (?, 1) ON CONFLICT (operation) DO UPDATE SET received = received + 1",
            (operation,),
        )

    def record(self, at: str, operation: str, body: Json, amount: int, origin: str) -> None:
        """Write the journal line of an executed operation; `origin` is `api`, `payer` or `dashboard`."""
        self.execute(
            "INSERT INTO journal (at, operation, object_id, amount, status, origin) VALUES (?, ?, ?, ?, ?, ?)",
            (at, operation, body["id"], amount, body["status"], origin),
        )

    def calls(self) -> dict[str, int]:
        return {row["operation"]: row["received"] for row in self.execute("SELECT * FROM calls")}

    def journal(self) -> list[Json]:
        return [dict(row) for row in self.execute("SELECT * FROM journal ORDER BY seq").fetchall()]

    def deliveries(self, state: str) -> list[Json]:
        rows = self.execute("SELECT * FROM delivery WHERE state = ? ORDER BY seq", (state,))
        return [dict(row) for row in rows.fetchall()]

    def clear(self) -> None:
        """Forget everything but the registered webhooks."""
        with self.transaction():
            for table in ("payment", "invoice", "attempt", "settlement", "journal", "calls", "delivery"):
                self.execute(f"DELETE FROM {table}")  # noqa: S608 - a name of ours

    def close(self) -> None:
        with self._lock:
            self._connection.close()


def _where(conditions: Sequence[Condition]) -> tuple[str, tuple[object, ...]]:
    sql = " AND ".join(f"({condition})" for condition, _ in conditions) or "1"
    return sql, tuple(value for _, values in conditions for value in values)
