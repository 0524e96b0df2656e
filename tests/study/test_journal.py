"""The journal: durable, unique, and readable after anything."""

import sqlite3
from pathlib import Path

import pytest

from gatewise.errors import RunError
from gatewise.study.journal import Journal, open_journal


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.sqlite"


def test_rows_are_there_when_opened_again(path: Path) -> None:
    with open_journal(path) as journal:
        journal.add("pair:gru:1", "pair", {"name": "gru", "number": 1}, 2.0)
        journal.add("data", "data", {"rows": 30}, 0.5)
        journal.add("pair:gru:0", "pair", {"name": "gru", "number": 0}, 3.0)
        before = list(journal.rows())
    with open_journal(path) as journal:
        assert list(journal.rows()) == before
        assert [row["key"] for row in before] == ["pair:gru:1", "data", "pair:gru:0"]
        assert journal.payloads("pair") == [{"name": "gru", "number": 1}, {"name": "gru", "number": 0}]
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
        assert journal._connection.execute("PRAGMA synchronous").fetchone() == (2,)
        other.close()


def test_a_unit_is_counted_once(path: Path) -> None:
    with open_journal(path) as first, open_journal(path) as second:
        first.add("pair:gru:0", "pair", {"score": 1}, 1.0)
        for journal in (first, second):
            with pytest.raises(RunError, match="pair:gru:0 is already in"):
                journal.add("pair:gru:0", "pair", {"score": 2}, 2.0)
        assert first.get("pair:gru:0") == {"score": 1}
    with open_journal(path) as again:
        assert again.get("pair:gru:0") == {"score": 1}


def test_what_is_not_finite_is_never_written(path: Path) -> None:
    with open_journal(path) as journal:
        with pytest.raises(ValueError, match="JSON"):
            journal.add("data", "data", {"loss": float("nan")}, 0.5)
        assert "data" not in journal
        assert list(journal.rows()) == []


@pytest.mark.parametrize(
    "content", [b"not a database at all, but long enough to have a header " * 4, b"SQLite format 3\0" + b"x" * 200]
)
def test_what_is_no_database_is_refused(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(RunError, match=r"journal\.sqlite cannot be read as a journal .* start a new one"):
        Journal(path)


def test_a_damaged_row_is_refused(path: Path) -> None:
    with open_journal(path) as journal:
        journal.add("data", "data", {"rows": 30}, 0.5)
        journal._connection.execute("UPDATE units SET payload = '{'")
    with pytest.raises(RunError, match="cannot be read as a journal"):
        Journal(path)


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="cannot be read as a journal"):
        Journal(tmp_path / "missing" / "journal.sqlite")
