"""What a million damaged files found: errors of other libraries that were not expected, and messages that filled the screen."""

import gzip
import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow
import pyarrow.parquet
import pytest

from gatewise.data.formats import text_files
from gatewise.data.sources import open_source
from gatewise.errors import DataError, GatewiseError


def archive_of(path: Path, header: bytes) -> Path:
    """An .npz whose only array begins with a header of its own."""
    array = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + bytes(96)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("X.npy", array)
        archive.writestr("y.npy", array)
    return path


@pytest.mark.parametrize(
    "header",
    [b"{'descr': '<f4', 'fortran_order': False, 'shape': (2,\n", b"{'descr': '''", b"{\0}", b"[" * 300, b"{'descr': 1}\n"],
)
def test_a_header_that_python_cannot_read_is_a_damaged_archive(tmp_path: Path, header: bytes) -> None:
    with pytest.raises(DataError, match=r"is not a readable \.npz archive"):
        open_source(archive_of(tmp_path / "a.npz", header))


def workbook(path: Path, change: Callable[[bytearray, int], None]) -> Path:
    """A sheet, changed where its packed cells begin."""
    book = openpyxl.Workbook()
    for row in range(60):
        book.active.append([f"film {row}", row % 2] if row else ["text", "label"])
    packed = io.BytesIO()
    book.save(packed)
    content = bytearray(packed.getvalue())
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        about = archive.getinfo("xl/worksheets/sheet1.xml")
    change(content, about.header_offset + 30 + len(about.filename))
    path.write_bytes(content)
    return path


def overwritten(content: bytearray, start: int) -> None:
    content[start + 5 : start + 40] = b"\xff" * 35


def of_a_later_version(content: bytearray, _: int) -> None:
    """Every entry of the table of contents asks for a program of the year 3000."""
    place = content.find(b"PK\x01\x02")
    while place >= 0:
        content[place + 6] = 97
        place = content.find(b"PK\x01\x02", place + 1)


@pytest.mark.parametrize("change", [overwritten, of_a_later_version])
def test_a_workbook_that_does_not_unpack_is_refused(tmp_path: Path, change: Callable[[bytearray, int], None]) -> None:
    with pytest.raises(DataError, match=r"not a readable Excel workbook .* Save it again as \.xlsx, or as CSV"):
        open_source(workbook(tmp_path / "a.xlsx", change))


def test_what_openpyxl_says_in_many_lines_is_said_in_one(tmp_path: Path) -> None:
    path = workbook(tmp_path / "a.xlsx", lambda *_: None)
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content[:-40] if name == "xl/styles.xml" else content)
    with pytest.raises(DataError) as caught:
        open_source(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("damaged", [b"film", b"text"])
def test_a_parquet_file_with_bytes_that_are_no_text_is_refused(tmp_path: Path, damaged: bytes) -> None:
    """In its cells, and in the name of a column; neither is compressed here."""
    path = tmp_path / "a.parquet"
    table = pyarrow.table({"text": [f"film {row}" for row in range(60)], "label": [row % 2 for row in range(60)]})
    pyarrow.parquet.write_table(table, path, compression="none", use_dictionary=False, store_schema=False)
    path.write_bytes(path.read_bytes().replace(damaged, b"\xff\x93lm"))
    with pytest.raises(DataError, match="is not a readable Parquet file"):
        open_source(path)


def test_a_series_file_whose_label_line_is_cut_short_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.ts"
    path.write_text("@problemName x\n@classLabel\n@data\n1,2:a\n3,4:b\n")
    with pytest.raises(DataError, match="declares neither classes"):
        open_source(path)


def test_names_in_a_message_stand_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text('"te\nxt",label\n' + "a,0\nb,1\n" * 30)
    with pytest.raises(DataError, match="there is no column 'values'") as caught:
        open_source(path, channels=("values",))
    assert "\n" not in str(caught.value)


def test_a_long_value_does_not_fill_the_screen(tmp_path: Path) -> None:
    table = tmp_path / "long.csv"
    table.write_text("date,y\n" + "".join(f"2024-01-{1 + row:02},{row}\n" for row in range(30)) + f"2024-{'a' * 5000},1\n")
    with pytest.raises(DataError) as caught:
        open_source(table, task="forecast", time="date", target="y")
    assert len(str(caught.value)) < 1300
    assert str(caught.value).endswith("or drop the row.")
    series = tmp_path / "long.ts"
    series.write_text("@problemName x\n@classLabel true a b\n@data\n" + "1,2:a\n3,4:b\n" * 30 + f"5,{'x' * 5000}:a\n")
    with pytest.raises(DataError, match=r"holds something that is not a number \('x{36}\.\.\.\)"):
        open_source(series)


def test_an_error_keeps_what_came_and_what_to_do() -> None:
    said = str(GatewiseError("first " + "x" * 5000 + " do this"))
    assert said.startswith("first xx") and said.endswith("do this")
    assert len(said) < 1200
    assert str(GatewiseError("short")) == "short"


def test_a_packed_text_is_read_in_pieces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Asked for all that there is room for, Python's reader asks the system for that much."""
    asked: list[int] = []
    read = gzip.GzipFile.read

    def watched(self: gzip.GzipFile, size: int | None = -1) -> bytes:
        asked.append(-1 if size is None else size)
        return read(self, size)

    monkeypatch.setattr(gzip.GzipFile, "read", watched)
    lines = "".join(f"film {row},{row % 2}\n" for row in range(200_000))
    path = tmp_path / "a.csv.gz"
    path.write_bytes(gzip.compress(f"text,label\n{lines}".encode(), 1))
    found: Any = text_files.text_file(path)
    assert len(found.data) == len(lines) + 11
    assert 0 < max(asked) <= 2**20
    assert min(asked) > 0


def test_a_packed_text_that_is_too_much_is_refused_before_all_of_it_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.csv.gz"
    path.write_bytes(gzip.compress(bytes(50 * 2**20), 9))
    monkeypatch.setattr(text_files, "available_bytes", lambda: 6 * 2**20)
    monkeypatch.setattr(text_files, "require_memory", lambda *_: None)
    with pytest.raises(DataError, match="too much for the memory available"):
        text_files.text_file(path)
