"""Sheets of workbooks, and files at addresses: on 127.0.0.1 alone."""

import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from gatewise.data.formats import remote
from gatewise.data.formats.paths import check_place
from gatewise.data.sources import open_inputs, open_source
from gatewise.errors import DataError
from gatewise.study.api import source_name

ROWS = [(f"film {number} was {('fine', 'poor')[number % 2]}", number % 2) for number in range(40)]


@pytest.fixture
def book(tmp_path: Path) -> Path:
    path = tmp_path / "films.xlsx"
    workbook = openpyxl.Workbook()
    workbook.active.title = "notes"
    workbook.active.append(["nothing", "here"])
    sheet = workbook.create_sheet("all films")
    for row in [("review", "label"), *ROWS[:20], (None, None), *ROWS[20:]]:
        sheet.append(row)
    workbook.save(path)
    return path


class Server(ThreadingHTTPServer):
    # So that closing it waits for what is being answered.
    daemon_threads = False

    def handle_error(self, *_: Any) -> None:
        """A client that has read enough goes."""


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        return None


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    server = Server(("127.0.0.1", 0), partial(Quiet, directory=tmp_path))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join()


def csv_of(path: Path) -> None:
    path.write_text("\n".join(["review,label", *(f"{text},{label}" for text, label in ROWS)]), encoding="utf-8")


def test_a_sheet_is_a_table(book: Path) -> None:
    dataset = open_source(f"{book}?sheet=all films")
    assert (dataset.name, dataset.kind, len(dataset)) == ("films", "text", 40)
    assert list(dataset.sequences) == [text for text, _ in ROWS]
    assert open_inputs(f"{book}?sheet=all films", kind="text").sequences == [text for text, _ in ROWS]
    check_place(f"{book}?sheet=all films")


def test_the_first_sheet_is_read_and_said(book: Path) -> None:
    with pytest.raises(DataError, match="films is empty: it holds no rows"):
        open_source(book)
    with pytest.raises(DataError, match=r"has no sheet 'all filns'; it has: notes, all films\. Did you mean 'all films'"):
        open_source(f"{book}?sheet=all filns")


def test_a_damaged_workbook_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.xlsx").write_bytes(b"PK no workbook")
    with pytest.raises(DataError, match="is not a readable Excel workbook"):
        open_source(tmp_path / "a.xlsx")


def test_without_openpyxl_the_line_that_installs_it_is_said(book: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "openpyxl", None)
    with pytest.raises(DataError, match=r"pip install 'gatewise\[excel\]'"):
        open_source(book)


def test_a_file_at_an_address_is_read_and_leaves_nothing(
    address: str, book: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    csv_of(tmp_path / "films.csv")
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    here = open_source(tmp_path / "films.csv")
    there = open_source(f"{address}/films.csv")
    assert (there.name, list(there.sequences), there.inferred) == (here.name, list(here.sequences), here.inferred)
    assert list(open_source(f"{address}/films.xlsx?sheet=all%20films").sequences) == list(here.sequences)
    parts = open_source(f"{address}/films.csv", test=f"{address}/films.csv")
    assert parts.fixed_test is not None
    assert parts.fixed_test.sum() == 40
    assert open_inputs(f"{address}/films.csv", kind="text").sequences == list(here.sequences)
    assert source_name(f"{address}/films.csv") == f"{address}/films.csv"
    assert not list(scratch.iterdir())


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("missing.csv", "/missing.csv answers 404"),
        ("films", "/films: files named without a suffix are not known"),
        ("broken.csv", "/broken.csv: the row at line 2 has 3 cells"),
        ("large.csv", "holds more than"),
    ],
)
def test_what_is_not_there_or_no_data_is_refused(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, message: str
) -> None:
    (tmp_path / "broken.csv").write_text("text,label\na,b,c\n")
    (tmp_path / "large.csv").write_text("text,label\n" * 200)
    monkeypatch.setattr(remote, "MOST_BYTES", 1000)
    with pytest.raises(DataError, match=message) as caught:
        open_source(f"{address}/{name}")
    assert "gatewise-" not in str(caught.value)


def test_an_address_that_cannot_be_reached_or_holds_a_password_is_refused() -> None:
    with pytest.raises(DataError, match="cannot be downloaded"):
        open_source("http://127.0.0.1:1/films.csv")
    with pytest.raises(DataError, match="holds a name or a password"):
        check_place("https://me:secret@example.org/films.csv")
