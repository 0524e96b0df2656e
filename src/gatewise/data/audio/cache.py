"""What was computed from a sound file before, kept between runs: small facts and features by a key of the file's content.

One SQLite file, `features.sqlite3` in `$XDG_CACHE_HOME/gatewise/audio` (`~/.cache` where that is unset); it may be deleted at
any time. `GATEWISE_AUDIO_CACHE=off` switches it off. Entries beyond `LIMIT` bytes push out the oldest; what one run has read or
written stays, so a data set larger than the limit is kept in part. An entry is written whole or not at all and read back with a
checksum; whatever is damaged, locked or not writable is as good as absent and never stops a run.
"""

from __future__ import annotations

import os
import sqlite3
import time
import zlib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import TypeVar

__all__ = ["LIMIT", "SWITCH", "SoundCache", "cache_file"]

SWITCH = "GATEWISE_AUDIO_CACHE"

# Features of some 35 hours of sound.
LIMIT = 2 << 30

_FLUSH_BYTES = 32 << 20
_FLUSH_SECONDS = 1.0
_SCHEMA = "CREATE TABLE IF NOT EXISTS entries (key BLOB NOT NULL UNIQUE, checksum INTEGER NOT NULL, value BLOB NOT NULL)"
_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)

Result = TypeVar("Result")


def cache_file() -> Path | None:
    """Where the cache lies; None where it is switched off or this user has no home."""
    if os.environ.get(SWITCH, "").strip().casefold() in ("off", "0", "no", "false"):
        return None
    named = Path(os.environ.get("XDG_CACHE_HOME", ""))
    try:
        # A relative path is to be ignored, says the XDG base directory specification.
        root = named if named.is_absolute() else Path.home() / ".cache"
    except RuntimeError:
        return None
    return root / "gatewise" / "audio" / "features.sqlite3"


class SoundCache:
    """Bytes by key. A context: what is left to be written is written at its end."""

    def __init__(self, path: Path | None, limit: int = LIMIT) -> None:
        self._path = path
        self._limit = limit
        self._pending: dict[bytes, bytes] = {}
        self._pending_bytes = 0
        self._used_bytes = 0
        self._flushed_at = time.monotonic()
        self._connection: sqlite3.Connection | None = None
        # A damaged file is removed by the first attempt.
        if path is not None and not self._open(path):
            self._open(path)

    @property
    def is_on(self) -> bool:
        """Whether anything can be found or kept."""
        return self._connection is not None

    def get(self, key: bytes) -> bytes | None:
        """Return what was kept under `key`; None where there is nothing, or it is damaged."""
        if key in self._pending:
            return self._pending[key]
        row = self._attempt(
            lambda connection: connection.execute("SELECT checksum, value FROM entries WHERE key = ?", (key,)).fetchone()
        )
        if row is None or not isinstance(row[1], bytes) or zlib.crc32(row[1]) != row[0]:
            return None
        self._used_bytes += len(row[1])
        return row[1]

    def put(self, key: bytes, value: bytes) -> None:
        """Keep `value` under `key`, in place of what is there, unless this run has filled the cache already."""
        if self._connection is None or self._used_bytes + len(value) > self._limit:
            return
        self._pending[key] = value
        self._pending_bytes += len(value)
        self._used_bytes += len(value)
        if self._pending_bytes >= _FLUSH_BYTES or time.monotonic() - self._flushed_at >= _FLUSH_SECONDS:
            self._flush()

    def __enter__(self) -> SoundCache:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._flush()
        self._attempt(self._evict)
        self._close()

    def _open(self, path: Path) -> bool:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._connection = sqlite3.connect(path, timeout=5.0)
        except (OSError, sqlite3.Error):
            return False
        self._attempt(lambda connection: connection.execute("PRAGMA synchronous=NORMAL"))
        self._attempt(lambda connection: connection.execute(_SCHEMA))
        return self._connection is not None

    def _flush(self) -> None:
        rows = [(key, zlib.crc32(value), value) for key, value in self._pending.items()]
        self._pending, self._pending_bytes, self._flushed_at = {}, 0, time.monotonic()
        if rows:
            self._attempt(lambda connection: connection.executemany("INSERT OR REPLACE INTO entries VALUES (?, ?, ?)", rows))

    def _evict(self, connection: sqlite3.Connection) -> None:
        pages, free, size = (
            connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "freelist_count", "page_size")
        )
        excess = (pages - free) * size - self._limit
        last = None
        # Rows are numbered as they are written.
        for number, length in connection.execute("SELECT rowid, length(value) FROM entries ORDER BY rowid"):
            if excess <= 0:
                break
            last, excess = number, excess - length
        if last is not None:
            connection.execute("DELETE FROM entries WHERE rowid <= ?", (last,))

    def _attempt(self, action: Callable[[sqlite3.Connection], Result]) -> Result | None:
        """The result of an action in a transaction of its own; None, and the cache is off from now on, where it fails."""
        if self._connection is None:
            return None
        try:
            with self._connection:
                return action(self._connection)
        except sqlite3.Error as error:
            self._close()
            # The low byte is the kind of failure, the rest its detail.
            if self._path is not None and getattr(error, "sqlite_errorcode", 0) & 0xFF in _DAMAGED:
                with suppress(OSError):
                    self._path.unlink(missing_ok=True)
            return None

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
