"""The journal: durable, unique, and readable after anything."""

import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gatewise.errors import RunError
from gatewise.study.journal import open_journal, read_journal


@contextmanager
def opened(read: Callable[[Path], Any], path: Path) -> Iterator[Any]:
    """A journal, opened to go on with it or only read."""
    if read is open_journal:
        with open_journal(path) as journal:
            yield journal
    else:
        yield read(path)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.sqlite"


def test_rows_are_there_when_opened_again(path: Path) -> None:
    with open_journal(path) as journal:
        journal.add("replicate:gru:1", "replicate", {"name": "gru", "number": 1}, 2.0)
        journal.add("data", "data", {"rows": 30}, 0.5)
        journal.add("replicate:gru:0", "replicate", {"name": "gru", "number": 0}, 3.0)
        before = list(journal.rows())
    with open_journal(path) as journal:
        assert list(journal.rows()) == before
        assert [row["key"] for row in before] == ["replicate:gru:1", "data", "replicate:gru:0"]
        assert journal.payloads("replicate") == [{"name": "gru", "number": 1}, {"name": "gru", "number": 0}]
        assert journal.get("data") == {"rows": 30}
        assert journal.get("plan") is None
        assert "data" in journal
        assert "plan" not in journal
        assert journal.elapsed_s() == 3.0


def test_a_row_is_on_disk_before_add_returns(path: Path) -> None:
    with open_journal(path) as journal:
        journal.add("data", "data", {"rows": 30}, 0.5)
        other = sqlite3.connect(path)
        assert other.execute("SELECT key, payload FROM units").fetchall() == [("data", '{"rows": 30}')]
        # 2 is FULL: the write is forced to disk before the transaction ends.
        assert journal._connection is not None
        assert journal._connection.execute("PRAGMA synchronous").fetchone() == (2,)
        other.close()


def test_a_unit_is_counted_once(path: Path) -> None:
    with open_journal(path) as first, open_journal(path) as second:
        first.add("replicate:gru:0", "replicate", {"score": 1}, 1.0)
        for journal in (first, second):
            with pytest.raises(RunError, match="replicate:gru:0 is already in"):
                journal.add("replicate:gru:0", "replicate", {"score": 2}, 2.0)
        assert first.get("replicate:gru:0") == {"score": 1}
    with open_journal(path) as again:
        assert again.get("replicate:gru:0") == {"score": 1}


def test_what_is_not_finite_is_never_written(path: Path) -> None:
    with open_journal(path) as journal:
        with pytest.raises(ValueError, match="JSON"):
            journal.add("data", "data", {"loss": float("nan")}, 0.5)
        assert "data" not in journal
        assert list(journal.rows()) == []


@pytest.mark.parametrize(
    "content", [b"not a database at all, but long enough to have a header " * 4, b"SQLite format 3\0" + b"x" * 200]
)
@pytest.mark.parametrize("read", [read_journal, open_journal])
def test_what_is_no_database_is_refused(path: Path, content: bytes, read: Callable[[Path], Any]) -> None:
    path.write_bytes(content)
    with pytest.raises(RunError, match=r"journal\.sqlite is damaged .* keeps what is sound"), opened(read, path):
        pytest.fail("it was read")


@pytest.mark.parametrize(
    "change",
    ["payload = '{'", "payload = '{\"rows\": 31}'", "kind = 'plan'", "elapsed_s = 0.25", "payload = CAST(x'ff' AS TEXT)"],
)
@pytest.mark.parametrize("read", [read_journal, open_journal])
def test_a_damaged_row_is_refused(path: Path, change: str, read: Callable[[Path], Any]) -> None:
    with open_journal(path) as journal:
        journal.add("data", "data", {"rows": 30}, 0.5)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"UPDATE units SET {change}")
        connection.commit()
    with pytest.raises(RunError, match=r"journal\.sqlite is damaged .* keeps what is sound"), opened(read, path):
        pytest.fail("it was read")


def test_every_flipped_bit_is_refused_or_changes_nothing(path: Path) -> None:
    with open_journal(path) as journal:
        for number in range(30):
            journal.add(f"replicate:gru:{number}", "replicate", {"name": "gru", "scores": [number / 7] * 5}, 0.1 * number)
        rows = list(journal.rows())
    whole = path.read_bytes()
    refused = 0
    for place in np.random.default_rng(0).choice(8 * len(whole), 400, replace=False):
        damaged = bytearray(whole)
        damaged[place // 8] ^= 1 << (place % 8)
        path.write_bytes(damaged)
        try:
            found = list(read_journal(path).rows())
        except RunError:
            refused += 1
        else:
            # A bit of an unused byte, or of the index of the keys.
            assert found == rows
    assert refused > 50


@pytest.mark.parametrize("read", [read_journal, open_journal])
def test_a_folder_that_is_not_there_is_refused(tmp_path: Path, read: Callable[[Path], Any]) -> None:
    with (
        pytest.raises(RunError, match=r"journal\.sqlite cannot be (read|opened)"),
        opened(read, tmp_path / "missing" / "journal.sqlite"),
    ):
        pytest.fail("it was read")


def test_reading_writes_nothing_and_sees_what_another_process_finished(path: Path) -> None:
    with open_journal(path) as journal:
        journal.add("data", "data", {"rows": 30}, 0.5)
        before = sorted(item.name for item in path.parent.iterdir())
        assert list(read_journal(path).rows()) == list(journal.rows())
        assert sorted(item.name for item in path.parent.iterdir()) == before
    assert [item.name for item in path.parent.iterdir()] == [path.name]
    assert read_journal(path).get("data") == {"rows": 30}
    assert [item.name for item in path.parent.iterdir()] == [path.name]
    with pytest.raises(ValueError, match="opened to be read"):
        read_journal(path).add("plan", "plan", {}, 1.0)


def test_what_a_killed_process_left_in_the_log_is_read(path: Path) -> None:
    with open_journal(path) as journal:
        journal.add("data", "data", {"rows": 30}, 0.5)
        killed = path.parent / "killed"
        killed.mkdir()
        for item in path.parent.glob("journal.sqlite*"):
            shutil.copy(item, killed)
    (killed / "journal.sqlite-shm").unlink()
    assert (killed / "journal.sqlite-wal").stat().st_size
    assert read_journal(killed / path.name).get("data") == {"rows": 30}


def test_a_journal_without_checksums_goes_on(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE units (key TEXT PRIMARY KEY, kind TEXT, payload TEXT, elapsed_s REAL, finished_at TEXT)")
        connection.execute("INSERT INTO units VALUES ('data', 'data', '{\"rows\": 30}', 0.5, '2026-01-01')")
        connection.commit()
    assert read_journal(path).get("data") == {"rows": 30}
    with open_journal(path) as journal:
        journal.add("plan", "plan", {"target_score": 0.5}, 1.0)
    with open_journal(path) as journal:
        assert [row["key"] for row in journal.rows()] == ["data", "plan"]
        assert journal.elapsed_s() == 1.0


def test_a_disk_that_takes_no_more_says_to_resume(path: Path) -> None:
    with open_journal(path) as journal:
        journal.add("data", "data", {"rows": 30}, 0.5)
    code = (
        "import resource, sys; from pathlib import Path; from gatewise.study.journal import open_journal\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))\n"
        "with open_journal(Path(sys.argv[1])) as journal: journal.add('plan', 'plan', {'values': [0] * 9999}, 1.0)"
    )
    # Python would write its own files cut short, and find them so for ever.
    done = subprocess.run([sys.executable, "-B", "-c", code, str(path)], capture_output=True, text=True, check=False)
    last = done.stderr.splitlines()[-1]
    assert last.startswith("gatewise.errors.RunError")
    assert f"put that right and go on with `gatewise resume {path.parent}`" in last
    with open_journal(path) as journal:
        assert journal.get("data") == {"rows": 30}
