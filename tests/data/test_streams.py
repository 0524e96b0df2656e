"""Tables read block by block: the same cells as when they are read whole, and the same refusals."""

import gzip
from collections.abc import Callable
from itertools import chain
from pathlib import Path
from typing import Any

import pyarrow
import pytest
from pyarrow import parquet

from gatewise.data.formats import delimited, streams
from gatewise.data.formats.files import file_formats
from gatewise.data.formats.streams import table_stream
from gatewise.errors import DataError

ROWS = [(f'text {row}, "said" {"é" * (row % 3)}', ["up", "down", ""][row % 3]) for row in range(100)]


def csv_text(mark: str = ",", quote: bool = True) -> str:
    def cell(value: str) -> str:
        return '"' + value.replace('"', '""') + '"' if quote and (mark in value or '"' in value) else value

    return "".join(f"{cell(text)}{mark}{cell(label)}\n" for text, label in [("text", "label"), *ROWS])


def read(path: Path, columns: list[str] | None = None) -> dict[str, list[Any]]:
    stream = table_stream(path)
    assert stream is not None
    blocks = list(stream.blocks(columns))
    return {name: list(chain.from_iterable(block[name] for block in blocks)) for name in blocks[0]}


def whole(path: Path) -> dict[str, list[Any]]:
    table = file_formats()[path.suffixes[0]].table
    assert table is not None
    return {name: list(cells) for name, cells in table(path, None).columns.items()}


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "BLOCK", 7)
    monkeypatch.setattr(delimited, "_BLOCK", 7)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", csv_text()),
        ("b.csv", csv_text(";")),
        ("c.tsv", csv_text("\t")),
        ("d.tsv", csv_text("\t", quote=False)),
        ("e.csv", "\ufeff" + csv_text().replace("\n", "\r\n")),
        ("f.jsonl", '{"text": "a\\u2028b", "label": 1}\n\n{"text": "c\u2028d", "more": [1, 2]}\r\n' * 20),
    ],
)
@pytest.mark.parametrize("packed", [False, True])
def test_blocks_hold_what_the_whole_holds(tmp_path: Path, name: str, content: str, packed: bool) -> None:
    path = tmp_path / (f"{name}.gz" if packed else name)
    written = content.encode()
    path.write_bytes(gzip.compress(written) if packed else written)
    assert read(path) == whole(path)


def test_parquet_gives_the_columns_that_are_wanted(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    table = pyarrow.table({"text": [text for text, _ in ROWS], "label": [label or None for _, label in ROWS], "n": range(100)})
    parquet.write_table(table, path, row_group_size=30)
    assert read(path, ["text", "label"]) == {name: table[name].to_pylist() for name in ("text", "label")}
    stream = table_stream(path)
    assert stream is not None
    assert max(len(block["text"]) for block in stream.blocks(None)) <= 7
    assert stream.read.value == 1.0


def test_a_table_without_rows_has_its_columns(tmp_path: Path) -> None:
    parquet.write_table(pyarrow.table({"text": pyarrow.array([], pyarrow.string())}), tmp_path / "a.parquet")
    (tmp_path / "b.csv").write_text("text,label\n")
    assert read(tmp_path / "a.parquet") == {"text": []}
    assert read(tmp_path / "b.csv") == {"text": [], "label": []}


def test_formats_that_are_read_whole_have_no_blocks(tmp_path: Path) -> None:
    for name in ("a.xlsx", "a.npz", "a.ts", "a.json"):
        assert table_stream(tmp_path / name) is None


@pytest.mark.parametrize(
    ("name", "damage", "said"),
    [
        ("a.csv", lambda text: text + b"\xff,up\n", "is not UTF-8"),
        ("a.csv", lambda text: text + b"a\x00b,up\n", "holds NUL bytes"),
        ("a.csv", lambda text: text + b'"never closed,up\n', "quoting is broken in the row that starts at line 102"),
        ("a.csv", lambda text: text + b"one cell\n", "row at line 102 has 1 cells, the header has 2"),
        ("a.csv.gz", lambda text: gzip.compress(text)[:-20], "damaged gzip"),
        ("a.csv", lambda text: b"PAR1" + text, "looks like Parquet"),
        ("a.jsonl", lambda _: b'{"a": 1}\n[1]\n', "line 2 is a list, not an object"),
        ("a.jsonl", lambda _: b'{"a": 1}\n{\n', "line 2 is not valid JSON"),
        ("a.jsonl", lambda _: b'{"a": ' + b"[" * 100_000, "is not valid JSON"),
    ],
)
def test_damage_is_named(tmp_path: Path, name: str, damage: Callable[[bytes], bytes], said: str) -> None:
    path = tmp_path / name
    path.write_bytes(damage(csv_text().encode()))
    with pytest.raises(DataError, match=said):
        read(path)


def test_a_line_that_never_ends_is_not_read_to_its_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "LONGEST", 1000)
    path = tmp_path / "a.csv"
    path.write_text("text,label\n" + "x" * 2000 + ",up\n")
    with pytest.raises(DataError, match="line 2 has over 1,000 characters"):
        read(path)
    # A quotation mark that is never closed makes one cell of many lines.
    path.write_text('text,label\n"' + "x\n" * 2000)
    with pytest.raises(DataError, match=r"quoting is broken in the row that starts at line 2 \(field larger"):
        read(path)


def test_a_parquet_file_cut_short_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    parquet.write_table(pyarrow.table({"text": [text for text, _ in ROWS]}), path)
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(DataError, match="is not a readable Parquet file"):
        read(path)
