"""The journal of a run: one row for each finished unit of work, in SQLite, safe against a crash at any moment.

A row is written in one transaction with full synchronisation, so after a crash a unit is either wholly there or not at all. It is
written with its checksum, so that a row whose bits changed on the disk is refused rather than believed.
"""

from __future__ import annotations

import json
import shutil
import sqlite3
import tempfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeAlias

from gatewise.errors import RunError

__all__ = ["Cells", "Damaged", "Journal", "cells_of_line", "is_sound", "open_journal", "read_journal", "write_journal"]

Cells: TypeAlias = tuple[Any, ...]
"""key, kind, payload as JSON, seconds of the run, date, checksum (None in journals that earlier versions wrote)."""

SCHEMA = """
CREATE TABLE IF NOT EXISTS units (
    key TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    payload TEXT NOT NULL,
    elapsed_s REAL NOT NULL,
    finished_at TEXT NOT NULL,
    checksum INTEGER
)
"""
# Journals that earlier versions began have no checksums.
ADD_CHECKSUM = "ALTER TABLE units ADD COLUMN checksum INTEGER"

# Kinds of units as earlier versions called them. They begin a unit's key, and stand in its payload.
EARLIER_KINDS = {"pair": "replicate"}

# Primary result codes of SQLite that tell of the place, not of the content: no right to it, busy, out of memory, read-only,
# failing or full disks, a file that cannot be opened.
_OF_THE_PLACE = frozenset({3, 5, 6, 7, 8, 10, 13, 14})


# What a line for other tools has beside its payload.
_ENVELOPE = ("key", "kind", "elapsed_s", "finished_at", "checksum")


class Damaged(RunError):
    """A journal whose content is not what was written."""


@dataclass(frozen=True)
class Row:
    """A finished unit."""

    kind: str
    payload: dict[str, Any]
    elapsed_s: float
    finished_at: str


class Journal:
    """Rows keyed by unit of work. All are read when the journal is opened, so that only writing can fail later."""

    def __init__(self, path: Path, connection: sqlite3.Connection | None, rows: dict[str, Row], again: str = "") -> None:
        self.path = path
        self.again = again
        self._connection = connection
        self._rows = rows

    def __contains__(self, key: str) -> bool:
        return key in self._rows

    def get(self, key: str) -> Any:
        """The payload of a finished unit, or None."""
        row = self._rows.get(key)
        return None if row is None else row.payload

    def payloads(self, kind: str) -> list[Any]:
        """Payloads of one kind in the order they were finished."""
        return [row.payload for row in self._rows.values() if row.kind == kind]

    def rows(self) -> Iterator[dict[str, Any]]:
        """Every row as one JSON object, in the order finished."""
        return (_as_json(key, row) for key, row in self._rows.items())

    def finished_at(self, key: str) -> str:
        """When a unit that is there was finished, in ISO 8601."""
        return self._rows[key].finished_at

    def elapsed_s(self) -> float:
        """Seconds the run had taken when its last unit was finished, over all its sessions."""
        return max((row.elapsed_s for row in self._rows.values()), default=0.0)

    def add(self, key: str, kind: str, payload: dict[str, Any], elapsed_s: float) -> dict[str, Any]:
        """Write one finished unit durably, and return it as `rows` gives it.

        Raises RunError if the unit is already there (work is never counted twice), or the file cannot be written.
        """
        if self._connection is None:
            raise ValueError(f"{self.path} was opened to be read")
        text = json.dumps(payload, allow_nan=False)
        finished = datetime.now(UTC).isoformat(timespec="milliseconds")
        cells = (key, kind, text, float(elapsed_s), finished)
        try:
            self._connection.execute("INSERT INTO units VALUES (?, ?, ?, ?, ?, ?)", (*cells, _checksum(cells)))
        except sqlite3.IntegrityError as error:
            raise RunError(f"unit {key} is already in {self.path}; is another process continuing this run?") from error
        except sqlite3.Error as error:
            raise RunError(f"{self.path} cannot be written ({error}); put that right and go on with {self.again}") from error
        self._rows[key] = Row(kind, json.loads(text), cells[3], finished)
        return _as_json(key, self._rows[key])

    def damaged(self, error: object) -> RunError:
        """What to raise where a row is what was written, but not what this version reads: no mending helps there."""
        return RunError(f"{self.path} is damaged ({error}); put a copy back in its place, or start a new run")


@contextmanager
def open_journal(path: Path, again: str = "") -> Iterator[Journal]:
    """A journal to go on with, closed at the end of the block.

    again: how an error says that work goes on; "" for the command that resumes a run.
    Raises RunError where the file is no journal or is damaged, or cannot be written where it lies.
    """
    again = again or _resuming(path)
    with _refused(path, again):
        connection = sqlite3.connect(path, isolation_level=None)
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=FULL")
            connection.execute(SCHEMA)
            if len(connection.execute("PRAGMA table_info(units)").fetchall()) == 5:
                connection.execute(ADD_CHECKSUM)
            rows = _read(connection)
        except BaseException:
            connection.close()
            raise
    try:
        yield Journal(path, connection, rows, again)
    finally:
        connection.close()


def read_journal(path: Path) -> Journal:
    """The journal as it stands, without writing anything beside it: of a run that is under way, or whose folder is read-only.

    Raises RunError where the file is no journal, is damaged, or cannot be read.
    """
    with _refused(path, _resuming(path)):
        # A process that works on the run shares an index with its readers, and they see what it has finished.
        if path.with_name(f"{path.name}-shm").exists():
            try:
                return Journal(path, None, _rows_of(f"{path.absolute().as_uri()}?mode=ro"))
            except sqlite3.OperationalError:
                # The index was left behind by a process that was killed, where it cannot be written anew.
                pass
        # SQLite writes an index beside whatever it reads, so a copy is read.
        with tempfile.TemporaryDirectory() as folder:
            copy = Path(folder) / path.name
            shutil.copyfile(path, copy)
            log = path.with_name(f"{path.name}-wal")
            if log.exists():
                shutil.copyfile(log, copy.with_name(log.name))
            return Journal(path, None, _rows_of(copy.as_uri()))


def write_journal(path: Path, rows: Iterable[Cells]) -> None:
    """Write a new journal with these rows, where there is none."""
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(SCHEMA)
        connection.executemany("INSERT INTO units VALUES (?, ?, ?, ?, ?, ?)", rows)


def is_sound(cells: Cells) -> bool:
    """Whether the cells of a row are what was written, by their checksum."""
    try:
        key, kind, text, elapsed_s, finished, checksum = cells
        whole = isinstance(key, str) and isinstance(kind, str) and isinstance(finished, str) and float(elapsed_s) >= 0.0
        return whole and isinstance(json.loads(text), dict) and checksum == _checksum(cells[:5])
    except (TypeError, ValueError):
        return False


def cells_of_line(line: Mapping[str, Any]) -> Cells | None:
    """A row as it was written, from its line for other tools; None where that is not certain."""
    rest = {name: value for name, value in line.items() if name not in _ENVELOPE}
    # A payload that has a kind has the row's, at its beginning.
    for payload in (rest, {"kind": line.get("kind"), **rest}):
        cells = (line.get("key"), line.get("kind"), json.dumps(payload), line.get("elapsed_s"), line.get("finished_at"))
        if line.get("checksum") == _checksum(cells):
            return (*cells, line["checksum"])
    return None


def _rows_of(address: str) -> dict[str, Row]:
    connection = sqlite3.connect(address, uri=True, isolation_level=None)
    try:
        if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'units'").fetchall():
            return {}
        return _read(connection)
    finally:
        connection.close()


@contextmanager
def _refused(path: Path, again: str) -> Iterator[None]:
    """Turn what SQLite and the operating system say of a journal into a RunError."""
    try:
        yield
    except OSError as error:
        raise RunError(f"{path} cannot be read: {error.strerror or error}; give yourself the right to, or make room") from error
    except sqlite3.Error as error:
        if getattr(error, "sqlite_errorcode", 0) & 0xFF not in _OF_THE_PLACE:
            raise _damaged(path, error, again) from error
        raise RunError(f"{path} cannot be opened ({error}); put that right and go on with {again}") from error
    except (ValueError, TypeError) as error:
        raise _damaged(path, error, again) from error


def _resuming(path: Path) -> str:
    return f"`gatewise resume {path.parent}`"


def _damaged(path: Path, error: object, again: str) -> Damaged:
    return Damaged(f"{path} is damaged ({error}); put a copy back in its place, or go on with {again}, which keeps what is sound")


def _read(connection: sqlite3.Connection) -> dict[str, Row]:
    """Every row, in the order finished. Raises ValueError or TypeError where one is not what was written."""
    # A row that is lost would go unnoticed otherwise.
    found = [line for (line,) in connection.execute("PRAGMA quick_check(1)")]
    if found != ["ok"]:
        raise ValueError(found[0].splitlines()[-1])
    rows: dict[str, Row] = {}
    for *cells, checksum in _with_checksum(connection.execute("SELECT * FROM units ORDER BY rowid")):
        key, kind, text, elapsed_s, finished = cells
        if checksum is not None and checksum != _checksum(cells):
            raise ValueError(f"the unit {key!r} is not what was written")
        payload = json.loads(text)
        if not isinstance(payload, dict):
            raise ValueError(f"the unit {key!r} holds no record")
        row = Row(str(kind), payload, float(elapsed_s), str(finished))
        rows.update([_renamed(str(key), row)])
    return rows


def _renamed(key: str, row: Row) -> tuple[str, Row]:
    """A row as this version would have written it."""
    kind = EARLIER_KINDS.get(row.kind)
    if kind is None:
        return key, row
    payload = row.payload | ({"kind": kind} if "kind" in row.payload else {})
    return f"{kind}{key.removeprefix(row.kind)}", replace(row, kind=kind, payload=payload)


def _with_checksum(rows: Iterable[tuple[Any, ...]]) -> Iterator[tuple[Any, ...]]:
    return (row if len(row) == 6 else (*row, None) for row in rows)


def _checksum(cells: Iterable[Any]) -> int:
    return zlib.crc32("\0".join(map(str, cells)).encode("utf-8", "surrogatepass"))


def _as_json(key: str, row: Row) -> dict[str, Any]:
    checksum = _checksum((key, row.kind, json.dumps(row.payload), row.elapsed_s, row.finished_at))
    about = {"key": key, "kind": row.kind, "elapsed_s": row.elapsed_s, "finished_at": row.finished_at, "checksum": checksum}
    return about | row.payload
