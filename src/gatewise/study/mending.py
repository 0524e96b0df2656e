"""A damaged journal, read for what is sound in it and written anew; the rest is work to be done again.

Two places say what was finished: the journal itself, of which SQLite may still find whole pages, and the lines for other tools
(`units.jsonl`), which are in the same order. Nothing of either is believed but by its checksum.
"""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from gatewise.durable import write_file
from gatewise.errors import RunError
from gatewise.study.journal import Cells, Damaged, cells_of_line, is_sound, open_journal, read_journal, write_journal
from gatewise.wording import counted

__all__ = ["DAMAGE", "mend_journal"]


DAMAGE = "damage"
"""The kind of the units that say what was lost."""

# What the name of the damaged file ends with from then on.
_ASIDE = ".damaged"


def mend_journal(path: Path, lines: Path | None = None, rests_on: str | None = None) -> str:
    """Write a damaged journal anew from what is sound of it, and say so; "" where it is not damaged, or not there.

    lines: the same rows for other tools. rests_on: the unit that settles what all later ones are: where one that came before it
    is lost, or it is itself, what came after the loss is done again, too. The journal keeps a unit of kind `damage` that says
    what was lost. The caller holds the lock of the folder.

    Raises RunError where nothing of it can be read, or nothing can be written beside it.
    """
    if not path.exists():
        return ""
    try:
        read_journal(path)
    except Damaged as error:
        kept, lost = _mended(path, lines, rests_on, error)
    else:
        return ""
    with open_journal(path) as journal:
        place = len(journal.payloads(DAMAGE))
        journal.add(f"{DAMAGE}:{place}", DAMAGE, {"kept": kept, "lost": lost}, journal.elapsed_s())
    return (
        f"{path} was damaged: {counted(kept, 'unit in it is', 'units in it are')} sound, {lost} will be done again (the damaged "
        f"file is now {path.name}{_ASIDE})"
    )


def _mended(path: Path, lines: Path | None, rests_on: str | None, error: Damaged) -> tuple[int, int]:
    """How many units are kept, and how many are lost."""
    noted = _lines(lines)
    rows = _sound_lines(noted) | _sound_rows(path)
    if 1 not in rows:
        raise RunError(
            f"{path} is damaged, and its beginning cannot be read; put a copy back in its place, or start anew"
        ) from error
    last = max(*rows, len(noted))
    gone = [place for place in range(1, last + 1) if place not in rows]
    if gone and rests_on is not None and all(cells[0] != rests_on for place, cells in rows.items() if place < gone[0]):
        rows = {place: cells for place, cells in rows.items() if place < gone[0]}
    kept = [rows[place] for place in sorted(rows)]
    if len({cells[0] for cells in kept}) < len(kept):
        raise RunError(
            f"{path} is damaged, and {lines} is not of the same run; put copies of both back, or start anew"
        ) from error
    try:
        _replace(path, kept)
    except (OSError, sqlite3.Error) as failure:
        raise RunError(f"{path} is damaged, and what is sound of it cannot be written anew ({failure}); make room") from failure
    return len(kept), last - len(kept)


def _replace(path: Path, kept: list[Cells]) -> None:
    content = _new(path.name, kept)
    log = path.with_name(f"{path.name}-wal")
    for file in (path, log):
        if file.exists():
            shutil.copyfile(file, path.with_name(f"{path.name}{_ASIDE}{file.name.removeprefix(path.name)}"))
    # A log that is left beside another journal would be read into it.
    for name in ("-wal", "-shm"):
        path.with_name(f"{path.name}{name}").unlink(missing_ok=True)
    write_file(path, content)


def _new(name: str, kept: list[Cells]) -> bytes:
    with TemporaryDirectory() as folder:
        fresh = Path(folder) / name
        write_journal(fresh, kept)
        return fresh.read_bytes()


def _sound_rows(path: Path) -> dict[int, Cells]:
    """Rows by their place, from 1 on, as far as SQLite finds them: from both ends, and one by one in between."""
    with TemporaryDirectory() as folder:
        copy = Path(folder) / path.name
        for name in ("", "-wal"):
            file = path.with_name(f"{path.name}{name}")
            if file.exists():
                shutil.copyfile(file, copy.with_name(file.name))
        with closing(sqlite3.connect(copy, isolation_level=None)) as connection:
            read = _reader(connection)
            rows = dict(read("ORDER BY rowid"))
            rows |= dict(read("ORDER BY rowid DESC"))
            for place in range(1, max(rows, default=0)):
                if place not in rows:
                    rows |= dict(read("WHERE rowid = ?", place))
    return {place: cells for place, cells in rows.items() if is_sound(cells)}


def _reader(connection: sqlite3.Connection) -> Callable[..., Iterator[tuple[int, Cells]]]:
    def read(which: str, *values: int) -> Iterator[tuple[int, Cells]]:
        # Until a page that is damaged, whatever SQLite or the decoding of its text says of it.
        with suppress(sqlite3.Error, ValueError, OverflowError):
            for place, *cells in connection.execute(f"SELECT rowid, * FROM units {which}", values):
                yield place, tuple(cells)

    return read


def _sound_lines(lines: list[str]) -> dict[int, Cells]:
    found: dict[int, Cells] = {}
    for place, line in enumerate(lines, 1):
        with suppress(ValueError):
            row = json.loads(line)
            cells = cells_of_line(row) if isinstance(row, Mapping) else None
            if cells is not None:
                found[place] = cells
    return found


def _lines(lines: Path | None) -> list[str]:
    if lines is None:
        return []
    try:
        content = lines.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return []
    # Not splitlines(): JSON allows U+2028 and its like inside a string.
    return content.removesuffix("\n").split("\n") if content else []
