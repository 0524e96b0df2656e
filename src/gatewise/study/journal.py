"""The journal of a run: one row for each finished unit of work, in SQLite, safe against a crash at any moment.

A row is written in one transaction with full synchronisation, so after a crash a unit is either wholly there or not at all.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from gatewise.errors import RunError

__all__ = ["Journal"]

SCHEMA = """
CREATE TABLE IF NOT EXISTS units (
    key TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    payload TEXT NOT NULL,
    elapsed_s REAL NOT NULL,
    finished_at TEXT NOT NULL
)
"""


class Journal:
    """Rows keyed by unit of work. Raises RunError where the file is not a journal."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._connection = sqlite3.connect(path, isolation_level=None)
            try:
                self._rows = self._read()
            except BaseException:
                self._connection.close()
                raise
        except (sqlite3.Error, json.JSONDecodeError) as error:
            raise RunError(
                f"{path} cannot be read as a journal ({error}); the run cannot be continued, start a new one"
            ) from error

    def _read(self) -> dict[str, Any]:
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=FULL")
        self._connection.execute(SCHEMA)
        return {key: json.loads(payload) for key, payload in self._connection.execute("SELECT key, payload FROM units")}

    def __contains__(self, key: str) -> bool:
        return key in self._rows

    def get(self, key: str) -> Any:
        """The payload of a finished unit, or None."""
        return self._rows.get(key)

    def payloads(self, kind: str) -> list[Any]:
        """Payloads of one kind in the order they were finished."""
        keys = self._connection.execute("SELECT key FROM units WHERE kind = ? ORDER BY rowid", (kind,))
        return [self._rows[key] for (key,) in keys]

    def rows(self) -> Iterator[dict[str, Any]]:
        """Every row as one JSON object, in the order finished."""
        for key, kind, _, elapsed_s, finished in self._connection.execute("SELECT * FROM units ORDER BY rowid"):
            yield self._row(key, kind, elapsed_s, finished)

    def _row(self, key: str, kind: str, elapsed_s: float, finished: str) -> dict[str, Any]:
        return {"key": key, "kind": kind, "elapsed_s": elapsed_s, "finished_at": finished, **self._rows[key]}

    def add(self, key: str, kind: str, payload: dict[str, Any], elapsed_s: float) -> dict[str, Any]:
        """Write one finished unit durably, and return it as `rows` gives it.

        Raises RunError if the unit is already there (work is never counted twice), or the file cannot be written.
        """
        text = json.dumps(payload, allow_nan=False)
        finished = datetime.now(UTC).isoformat(timespec="milliseconds")
        try:
            self._connection.execute("INSERT INTO units VALUES (?, ?, ?, ?, ?)", (key, kind, text, elapsed_s, finished))
        except sqlite3.IntegrityError as error:
            raise RunError(f"unit {key} is already in {self.path}; is another process continuing this run?") from error
        except sqlite3.Error as error:
            raise RunError(
                f"{self.path} cannot be written ({error}); put that right and go on with `gatewise resume {self.path.parent}`"
            ) from error
        self._rows[key] = json.loads(text)
        return self._row(key, kind, elapsed_s, finished)

    def elapsed_s(self) -> float:
        """Seconds the run had taken when its last unit was finished, over all its sessions."""
        return float(self._connection.execute("SELECT COALESCE(MAX(elapsed_s), 0) FROM units").fetchone()[0])

    def close(self) -> None:
        """Close the file; no row is pending at any time."""
        self._connection.close()


@contextmanager
def open_journal(path: Path) -> Iterator[Journal]:
    """A journal that is closed at the end of the block."""
    journal = Journal(path)
    try:
        yield journal
    finally:
        journal.close()
