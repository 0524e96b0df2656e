"""Every way in which a source can be unfit ends in one message that says what came and what to do."""

import csv
import gzip
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from gatewise.data.sources import open_inputs, open_source
from gatewise.errors import DataError, OptionError

ROWS = [(f"text number {row}", "yes" if row % 2 else "no") for row in range(40)]
TS_HEADER = "@problemName toy\n@timeStamps false\n@univariate false\n@dimensions 2\n@classLabel true a b\n@data\n"
TS_ROWS = "".join(f"{row},1,2:3,4,{row}:{'ab'[row % 2]}\n" for row in range(40))


def table(rows: Sequence[tuple[object, ...]], header: tuple[str, ...] = ("text", "label")) -> str:
    return "\n".join([",".join(header), *(",".join(map(str, row)) for row in rows)])


def labelled(labels: Sequence[object]) -> str:
    return table([(f"text number {row}", label) for row, label in enumerate(labels)])


def lines(rows: Sequence[object]) -> str:
    return "\n".join(json.dumps(row) for row in rows)


TEXT_FILES = {
    "empty": ("a.csv", "", ["a.csv is empty"]),
    "blank": ("a.csv", " \n\n ", ["is empty"]),
    "header only": ("a.csv", "text,label\n", ["holds no rows"]),
    "unknown suffix": ("a.docx", "text", [".docx", ".csv", ".parquet"]),
    "no suffix": ("reviews", "text", ["without a suffix"]),
    "quote never closed": ("a.csv", table(ROWS) + '\n"open,yes\nnext,no\n', ["quoting is broken", "line 42", "Close every"]),
    "text after a closed quote": ("a.csv", table([*ROWS, ('"shut" then', "yes")]), ["quoting is broken", "line 42"]),
    "ragged row": ("a.csv", table([*ROWS, ("one, two", "yes")]), ["line 42 has 3 cells", "header has 2", "Quote"]),
    "ragged tsv": ("a.tsv", "text\tlabel\none\ttwo\tthree\n", ["line 2 has 3 cells"]),
    "doubled column": ("a.csv", "text,label,label\na,b,c\n", ["'label' twice"]),
    "no text column": (
        "a.csv",
        table([(row, row % 2) for row in range(40)], ("x", "label")),
        ["no text column", "x, label", "--task forecast", "--id"],
    ),
    "no target column": (
        "a.csv",
        table([(f"text {row}", row, row) for row in range(40)], ("text", "n", "m")),
        ["no target column", "text, n, m", "--target"],
    ),
    "one class": ("a.csv", labelled(["same"] * 40), ["one class only ('same')"]),
    "too few rows": ("a.csv", table(ROWS[:29]), ["29 usable rows", "at least 30"]),
    "id": ("a.csv", labelled([f"k{row}" for row in range(40)]), ["looks like an id", "40 different values"]),
    "nearly an id": ("a.csv", labelled([f"k{row % 60}" for row in range(100)]), ["looks like an id", "60 different"]),
    "infinite target": ("a.csv", labelled([0.5, "inf", *range(38)]), ["1 number that is not finite", "row 2"]),
    "constant target": ("a.csv", labelled([0.5] * 40), ["one number only (0.5", "nothing to predict"]),
    "target beyond 32 bits": ("a.csv", labelled([0.5, -1e39, *range(38)]), ["not finite as 32-bit floats", "row 2"]),
    "mostly missing numbers": ("a.csv", labelled([0.5, 1] * 15 + ["NA"] * 31), ["31 of 61 rows", "over half"]),
    "too few numbers": ("a.csv", labelled([row / 4 for row in range(29)]), ["29 usable rows", "at least 30"]),
    "rare classes only": ("a.csv", labelled(["most"] * 40 + ["rare"]), ["fewer than two classes with at least 2 rows"]),
    "mostly missing": ("a.csv", labelled(["a", "b"] * 15 + [""] * 31), ["31 of 61 rows", "over half"]),
    "broken JSON": ("a.jsonl", lines([{"text": "a", "label": 1}]) + "\n\n{text: 1}", ["line 3 is not valid JSON"]),
    "JSON of lists": ("a.jsonl", "[1, 2]\n", ["element 1 of the array is a int", "not an object"]),
    "JSON of numbers": ("a.ndjson", '{"text": "a"}\n3\n', ["line 2 is a int"]),
    "JSON cut short": ("a.json", '[{"text": "a"},', ["is not valid JSON"]),
    "JSON without rows": ("a.json", "[]", ["holds no rows"]),
    "text is a list": (
        "a.jsonl",
        lines([{"text": text, "label": label} for text, label in ROWS] + [{"text": ["a"], "label": "no"}]),
        ["row 41", "'text' holds a list", "--channels"],
    ),
    "target is a list": ("a.jsonl", lines([{"text": text, "label": [1]} for text, _ in ROWS]), ["target holds a list"]),
    "ts without data": ("a.ts", "@problemName toy\n", ["no @data line"]),
    "ts cut short": ("a.ts", TS_HEADER, ["no series after @data"]),
    "ts with time stamps": ("a.ts", TS_HEADER.replace("Stamps false", "Stamps true") + TS_ROWS, ["time stamps", "regular steps"]),
    "ts for regression with classes": (
        "a.ts",
        TS_HEADER.replace("@classLabel true a b", "@targetLabel true") + TS_ROWS,
        ["row 1 of the target holds 'a', which is not a number"],
    ),
    "ts without classes": ("a.ts", TS_HEADER.replace("true a b", "false") + TS_ROWS, ["neither classes", "@targetLabel true"]),
    "ts with an unknown label": ("a.ts", TS_HEADER + TS_ROWS + "1:2:c\n", ["line 47", "label 'c'", "a, b"]),
    "ts with a dimension short": ("a.ts", TS_HEADER + TS_ROWS + "1,2:a\n", ["line 47 has 1 dimensions", "expected 2"]),
    "ts of different lengths": ("a.ts", TS_HEADER + "1,2:1,2,3:a\n", ["line 7", "different lengths (2, 3)"]),
    "ts with a word": ("a.ts", TS_HEADER + "1,x:1,2:a\n", ["line 7", "not a number", "'x'"]),
    "ts without steps": ("a.ts", TS_HEADER + "::a\n" + TS_ROWS, ["line 7 of a.ts has no steps"]),
    "ts with a missing value": (
        "a.ts",
        TS_HEADER + TS_ROWS + "1,2,3:4,?,6:a\n",
        ["1 value in 1 row is not finite", "line 47 of a.ts, channel 2, step 2"],
    ),
    "ts with a bad dimension count": ("a.ts", TS_HEADER.replace("@dimensions 2", "@dimensions two") + TS_ROWS, ["'two'"]),
}


@pytest.mark.parametrize(("name", "content", "expected"), TEXT_FILES.values(), ids=TEXT_FILES)
def test_text_file(tmp_path: Path, name: str, content: str, expected: list[str]) -> None:
    (tmp_path / name).write_text(content, encoding="utf-8")
    with pytest.raises(DataError) as caught:
        open_source(tmp_path / name)
    assert [words for words in expected if words not in str(caught.value)] == [], str(caught.value)


BINARY_FILES = {
    "NUL bytes": ("a.csv", b"text,label\na\x00b,1\n", ["binary", "NUL"]),
    "Parquet named csv": ("a.csv", b"PAR1....", ["binary", "looks like Parquet"]),
    "zip named jsonl": ("a.jsonl", b"PK\x03\x04....", ["binary", "zip"]),
    "Latin-1": (
        "a.csv",
        "text,label\nfine,1\ncafé,1\n".encode("latin-1"),
        ["not UTF-8", "0xe9 in line 3", "iconv -f WINDOWS-1252 -t UTF-8"],
    ),
    "UTF-16": ("a.csv", "text,label\n".encode("utf-16"), ["UTF-16", "iconv -f UTF-16"]),
    "damaged gzip": ("a.csv.gz", gzip.compress(b"text,label\n" * 99)[:30], ["damaged gzip"]),
    "gzipped Parquet": ("a.parquet.gz", gzip.compress(b"PAR1"), [".parquet.gz are not known"]),
    "damaged Parquet": ("a.parquet", b"PAR1" + bytes(99), ["not a readable Parquet", "damaged"]),
    "text named Parquet": ("a.parquet", b"text,label\n", ["not a readable Parquet"]),
    "text named npz": ("a.npz", b"text,label\n", ["is not an .npz archive"]),
    "empty Parquet": ("a.parquet", b"", ["a.parquet is empty"]),
}


@pytest.mark.parametrize(("name", "content", "expected"), BINARY_FILES.values(), ids=BINARY_FILES)
def test_binary_file(tmp_path: Path, name: str, content: bytes, expected: list[str]) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError) as caught:
        open_source(tmp_path / name)
    assert [words for words in expected if words not in str(caught.value)] == [], str(caught.value)


def dense(**changes: np.ndarray) -> dict[str, Any]:
    values = np.random.default_rng(0).normal(size=(40, 5, 2))
    return {"X": values, "y": np.arange(40) % 2} | changes


def spoiled(row: int, step: int, channel: int, value: float) -> np.ndarray:
    values: np.ndarray = dense()["X"].copy()
    values[row, step, channel] = value
    return values


ARCHIVES = {
    "unknown names": ({"a": np.zeros(3)}, ["holds a", "X_train", "values"]),
    "no labels": ({"X": np.zeros((40, 3))}, ["no y"]),
    "objects": (dense(y=np.array(["a", None] * 20, dtype=object)), ["pickled objects"]),
    "NaN": (dense(X=spoiled(3, 4, 1, np.nan)), ["1 value in 1 row", "row 4, channel 2, step 5", "interpolation"]),
    "NaN at the start of a row": (dense(X=spoiled(7, 0, 0, np.nan)), ["row 8, channel 1, step 1"]),
    "infinite": (dense(X=spoiled(0, 0, 0, np.inf)), ["row 1, channel 1, step 1"]),
    "beyond 32 bits": (dense(X=spoiled(0, 0, 0, 1e300)), ["32-bit", "row 1"]),
    "words": (dense(X=np.full((40, 5), "a")), ["X holds <U1 values", "real numbers"]),
    "one number a row": (dense(X=np.zeros(40)), ["shape (40,)"]),
    "no steps": (dense(X=np.zeros((40, 0, 2))), ["row 1 has no steps"]),
    "no channels": (dense(X=np.zeros((40, 3, 0))), ["no channels"]),
    "one-hot labels": (dense(y=np.eye(40)), ["shape (40, 40)", "not a one-hot"]),
    "labels short": (dense(y=np.arange(39) % 2), ["40 series and 39 labels"]),
    "missing label": (dense(y=np.array([np.nan, *([0.0, 1.0] * 19), 1.0])), ["row 1 has no label"]),
    "label beyond classes": (dense(classes=np.array(["only"])), ["runs from 0 to 1", "1 classes"]),
    "label not in classes": (dense(classes=np.array(["a"]), y=np.array(["a", "b"] * 20)), ["not among classes"]),
    "doubled class": (dense(classes=np.array(["a", "a"])), ["one of them twice"]),
    "one class": (dense(y=np.zeros(40, int)), ["one class only"]),
    "infinite target": (dense(y=np.append(np.linspace(0, 1, 39), np.inf)), ["not finite", "row 40"]),
    "constant target": (dense(y=np.full(40, 0.5)), ["one number only"]),
    "missing number": (dense(y=np.append(np.linspace(0, 1, 39), np.nan)), ["row 40 has no label"]),
    "groups short": (dense(groups=np.arange(39)), ["40 series and 39 groups"]),
    "one group": (dense(groups=np.zeros(40)), ["the groups holds one group only ('0.0')"]),
    "weights of words": (dense(weights=np.full(40, "x")), ["row 1 of the weights holds 'x'", "not a number"]),
    "negative weight": (dense(weights=np.append(np.ones(39), -1)), ["row 40 has the weight -1"]),
    "weights of zero": (dense(weights=np.zeros(40)), ["weights of 0 only"]),
    "train without test": ({"X_train": np.ones((40, 3)), "y_train": np.arange(40) % 2}, ["holds X_train, y_train"]),
    "ragged sum": (
        {"values": np.zeros((99, 1)), "lengths": np.full(40, 3), "labels": np.arange(40) % 2},
        ["add up to 120", "holds 99"],
    ),
    "negative length": (
        {"values": np.zeros((3, 1)), "lengths": np.array([-1, 4]), "labels": np.arange(2)},
        ["lengths must be whole numbers"],
    ),
    "no lengths": ({"values": np.zeros((3, 1)), "labels": np.arange(2)}, ["no lengths"]),
    "channels differ between parts": (
        {"X_train": np.ones((30, 4, 2)), "y_train": np.arange(30) % 2, "X_test": np.ones((9, 4, 3)), "y_test": np.arange(9) % 2},
        ["row 1 of the test part has 3 channels", "row 1 has 2"],
    ),
}


@pytest.mark.parametrize(("arrays", "expected"), ARCHIVES.values(), ids=ARCHIVES)
def test_archive(tmp_path: Path, arrays: dict[str, Any], expected: list[str]) -> None:
    np.savez(tmp_path / "a.npz", **arrays)
    with pytest.raises(DataError) as caught:
        open_source(tmp_path / "a.npz")
    assert [words for words in expected if words not in str(caught.value)] == [], str(caught.value)


def test_other_zip_archive(tmp_path: Path) -> None:
    import zipfile

    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("sheet.xml", "<xml/>")
    with pytest.raises(DataError, match="some other zip archive"):
        open_source(tmp_path / "a.npz")


def series_table(cells: Sequence[object], more: Sequence[object] | None = None) -> pa.Table:
    columns = {"x": cells, "label": ["a", "b"] * (len(cells) // 2)}
    return pa.table(columns | ({"z": more} if more is not None else {}))


TABLES: dict[str, tuple[Callable[[], object], dict[str, object], list[str]]] = {
    "wrong column": (
        lambda: series_table([[1.0, 2.0]] * 40),
        {"target": "lable"},
        ["no column 'lable'", "x, label", "Did you mean 'label'?"],
    ),
    "wrong text": (lambda: series_table([[1.0]] * 40), {"text": "nothing"}, ["no column 'nothing'"]),
    "wrong series": (lambda: series_table([[1.0]] * 40), {"channels": ("X",)}, ["no column 'X'", "Did you mean 'x'?"]),
    "target is the input": (
        lambda: series_table([[1.0]] * 40),
        {"channels": ("x",), "target": "x"},
        ["both the input and the target"],
    ),
    "scalar cells": (lambda: series_table([1.5] * 40), {"channels": ("x",)}, ["row 1", "a single float", "whole series"]),
    "one step each": (lambda: series_table(["1.5"] * 40), {"channels": ("x",)}, ["single step"]),
    "words": (lambda: series_table(["1 2 three"] * 40), {"channels": ("x",)}, ["row 1 of the column 'x'", "'three'"]),
    "nested lists": (lambda: series_table([[[1.0], [2.0]]] * 40), {"channels": ("x",)}, ["2 dimensions"]),
    "different channels": (
        lambda: series_table([[1.0, 2.0]] * 40, [[1.0, 2.0]] * 39 + [[1.0]]),
        {"channels": ("x", "z")},
        ["row 40", "x 2, z 1"],
    ),
    "a missing value": (lambda: series_table([[1.0, 2.0]] * 39 + [[1.0, None]]), {}, ["row 40, channel 1, step 2"]),
    "a missing value after a dropped row": (lambda: series_table([None, *[[1.0, 2.0]] * 38, [1.0, None]]), {}, ["row 40"]),
    "no rows": (lambda: pa.table({"text": [], "label": []}), {}, ["holds no rows"]),
    "doubled name": (lambda: pa.table([["a"], ["b"]], names=["text", "text"]), {}, ["'text' twice"]),
    "a list": (lambda: [1, 2], {}, ["a list is no data source", "pandas, polars or pyarrow"]),
    "unknown group": (lambda: series_table([[1.0]] * 40), {"group": "labels"}, ["no column 'labels'", "'label'"]),
    "unknown weights": (lambda: series_table([[1.0]] * 40), {"weights": "w"}, ["no column 'w'"]),
    "unknown split": (lambda: series_table([[1.0]] * 40), {"split": "part"}, ["no column 'part'"]),
    "unknown id": (lambda: series_table([[1.0]] * 40), {"id": "key"}, ["no column 'key'"]),
    "unknown time": (lambda: series_table([1.0] * 40), {"id": "x", "time": "when"}, ["no column 'when'"]),
    "unknown audio": (lambda: series_table([[1.0]] * 40), {"audio": "file"}, ["no column 'file'"]),
    "two roles": (
        lambda: series_table([[1.0]] * 40),
        {"target": "label", "split": "label"},
        ["both the target and the split"],
    ),
    "regression of words": (
        lambda: series_table([[1.0, 2.0]] * 40),
        {"task": "regression"},
        ["row 1 of the target 'label' holds 'a'", "not a number"],
    ),
    "classes of fractions": (
        lambda: pa.table({"x": [[1.0, 2.0]] * 40, "label": [0.5, 1.0] * 20}),
        {"task": "classification"},
        ["numbers with fractions (such as 0.5)", "--task classification", "turn the numbers into classes"],
    ),
    "None": (lambda: None, {}, ["a NoneType is no data source"]),
}


@pytest.mark.parametrize(("make", "options", "expected"), TABLES.values(), ids=TABLES)
def test_table(make: Callable[[], object], options: dict[str, Any], expected: list[str]) -> None:
    with pytest.raises(DataError) as caught:
        open_source(make(), **options)
    assert [words for words in expected if words not in str(caught.value)] == [], str(caught.value)


def test_missing_file_names_the_nearest(tmp_path: Path) -> None:
    (tmp_path / "reviews.csv").write_text(table(ROWS))
    with pytest.raises(DataError, match=r"there is no file .*revews\.csv\. Did you mean 'reviews\.csv'\?"):
        open_source(tmp_path / "revews.csv")


@pytest.mark.parametrize(
    ("source", "expected"),
    [("s3://bucket/a.csv", "is an address"), ("no/such/folder/a.csv", "there is no file"), ("a" * 5000, "cannot be read")],
    ids=["address", "missing folder", "name too long"],
)
def test_unreachable_path(source: str, expected: str) -> None:
    with pytest.raises(DataError, match=expected):
        open_source(source)


def test_directory(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="is a directory"):
        open_source(tmp_path)


def test_damaged_parquet_page(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"text": [text for text, _ in ROWS], "label": [label for _, label in ROWS]}), path)
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(DataError, match="not a readable Parquet file"):
        open_source(path)


def test_pandas_frame_of_mixed_types() -> None:
    pandas = pytest.importorskip("pandas")
    with pytest.raises(DataError, match="one type"):
        open_source(pandas.DataFrame({"text": ["a", 1, b"c"], "label": [1, 2, 3]}))


def test_columns_named_where_there_are_none(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", **dense())
    for source in ("builtin:digits", tmp_path / "a.npz", open_source("builtin:parity?rows=40")):
        with pytest.raises(OptionError, match="no columns to choose from, so --target does not apply"):
            open_source(source, target="label")
        with pytest.raises(OptionError, match="so --group and --split-column do not apply"):
            open_source(source, split="part", group="who")


OPTIONS: dict[str, tuple[dict[str, object], str]] = {
    "text and series": ({"text": "label", "channels": "x"}, "--text and --channels were given"),
    "everything": ({"text": "label", "channels": "x", "audio": "x"}, "--text and --audio and --channels were given"),
    "text and id": ({"text": "label", "id": "x"}, "--id says that every row is a step of a series, so --text"),
    "audio and id": ({"audio": "label", "id": "x"}, "so --audio does not apply"),
    "time without id": ({"time": "x"}, "--time orders the steps of series.* --id"),
    "two targets": ({"target": ("x", "label")}, r"--target names 2 columns \(x, label\); only a forecast"),
    "two test parts": (
        {"split": "label", "test": pa.table({"x": [1]})},
        "--split-column and --test both say what the test part is",
    ),
    "unknown task": ({"task": "regresion"}, "the task is 'regresion'.*Did you mean 'regression'"),
    "steps of a forecast": ({"window": 8, "season": 2}, "--window and --season belong to a forecast"),
    "forecast with a test part": ({"task": "forecast", "test": pa.table({"x": [1]})}, "--test does not apply to a forecast"),
}


@pytest.mark.parametrize(("options", "expected"), OPTIONS.values(), ids=OPTIONS)
def test_options_that_contradict_each_other(options: dict[str, Any], expected: str) -> None:
    with pytest.raises(OptionError, match=expected):
        open_source(series_table([[1.0]] * 40), **options)


ARRAYS: dict[str, tuple[object, str]] = {
    "lengths differ": ((np.ones((40, 3)), np.arange(39)), "40 series and 39 labels"),
    "no labels": ({"X": np.ones((40, 3))}, "holds X, but no y"),
    "X alone": ((np.ones((40, 3)), None), "holds X, but no y"),
    "unknown key": ({"X": np.ones((40, 3)), "Y": np.ones(40), "group": np.ones(40)}, "names group.*Did you mean 'groups'"),
    "no arrays": ({}, "holds no arrays"),
    "a number": ((3, [1] * 40), "X is a int; expected an array"),
    "one text": (("text", [1] * 40), "X is a str"),
    "texts and numbers": ((["a", 1.0], [1, 2]), "X mixes texts with other things; row 2"),
    "words": (([["a", "b"]] * 40, [1, 2] * 20), "row 1 of X holds <U1 values"),
    "ragged rows": (([[[1.0], [1.0, 2.0]]] * 40, [1, 2] * 20), "row 1 of X is not a series"),
    "four dimensions": (([np.ones((2, 2, 2))] * 40, [1, 2] * 20), r"row 1 of X has shape \(2, 2, 2\)"),
    "complex": ((np.ones((40, 3), complex), [1, 2] * 20), "X holds complex128 values"),
    "other channels": (([np.ones((2, 2))] * 39 + [np.ones((2, 3))], [1, 2] * 20), "row 40 has 3 channels, row 1 has 2"),
    "beyond 32 bits": ((np.full((40, 3), 1e39), [1, 2] * 20), "120 values in 40 rows are not finite"),
    "y is a word": ((np.ones((40, 3)), "labels"), "y is a str"),
    "y is one-hot": ((np.ones((40, 3)), np.eye(40)), "not a one-hot"),
    "a missing label": ((np.ones((40, 3)), [None, *["a", "b"] * 19, "a"]), "row 1 has no label"),
}


@pytest.mark.parametrize(("source", "expected"), ARRAYS.values(), ids=ARRAYS)
def test_arrays(source: object, expected: str) -> None:
    with pytest.raises(DataError, match=expected):
        open_source(source)


def test_sources_that_do_not_fit_together(tmp_path: Path) -> None:
    values, labels = np.random.default_rng(0).random((40, 3)), np.arange(40) % 2
    np.savez(tmp_path / "split.npz", X_train=values, y_train=labels, X_test=values, y_test=labels)
    frame = pa.table({"x": [[1.0, 2.0]] * 40, "label": ["a", "b"] * 20})
    for source, test, kind, expected in (
        (frame, (values, labels), DataError, "one is a table, the other has arrays"),
        ((values, labels), frame, DataError, "one is a table, the other has arrays"),
        ((values, labels), (["text"] * 40, labels), DataError, "holds text rows, the other series rows"),
        ((values, labels), {"X": values, "y": labels, "groups": labels}, DataError, "must both have groups"),
        ((values, labels), tmp_path / "split.npz", OptionError, "split has a test part of its own"),
        (tmp_path / "split.npz", (values, labels), OptionError, "split has a test part of its own"),
        (frame, frame.rename_columns(["z", "label"]), DataError, "the test source has no column 'x'"),
        (frame, frame.slice(40), DataError, "is empty"),
        (frame, pa.table({"x": [["a"]] * 40, "label": ["a", "b"] * 20}), DataError, "row 1 of the column 'x' of the test source"),
        (frame, pa.table({"x": [[1.0, None]], "label": ["a"]}), DataError, "row 1 of the test source, channel 1, step 2"),
        (frame, "builtin:digits", OptionError, "builtin:digits cannot be a test part"),
        (frame, open_source("builtin:parity?rows=40"), OptionError, "the Dataset cannot be a test part"),
    ):
        with pytest.raises(kind, match=expected):
            open_source(source, test=test)


def test_tasks_that_a_source_cannot_be_asked_for() -> None:
    for source in ("builtin:parity?rows=40", open_source("builtin:parity?rows=40")):
        assert open_source(source, task="classification").task == "classification"
        with pytest.raises(OptionError, match=r"task.* classification, and regression was asked for"):
            open_source(source, task="regression")
    with pytest.raises(OptionError, match="a forecast reads a table"):
        open_source((np.ones((40, 3)), np.arange(40) % 2), task="forecast")


def test_inputs_of_the_wrong_kind(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", **dense())
    with pytest.raises(DataError, match="the model reads texts"):
        open_inputs(tmp_path / "a.npz", kind="text")
    with pytest.raises(DataError, match="the model reads series of numbers"):
        open_inputs(pa.table({"text": ["words only"]}), kind="series")
    with pytest.raises(DataError, match="row 2 has no input"):
        open_inputs(pa.table({"text": ["words", None]}), kind="text")
    with pytest.raises(DataError, match="a int is no input"):
        open_inputs(3, kind="text")


def test_a_large_cell_is_no_error_and_leaves_the_csv_limit_alone(tmp_path: Path) -> None:
    before = csv.field_size_limit()
    (tmp_path / "a.csv").write_text(table([("long " * 50_000, "yes"), *ROWS]))
    assert len(open_source(tmp_path / "a.csv").sequences[0]) == 250_000
    assert csv.field_size_limit() == before


def test_a_cell_that_swallows_the_rest_of_the_file_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gatewise.data.formats.delimited.LONGEST_CELL", 5_000)
    path = tmp_path / "a.csv"
    path.write_text(table([*ROWS, ('"open', "yes"), *ROWS * 100]), encoding="utf-8")
    with pytest.raises(DataError, match=r"quoting is broken in the row that starts at line 42 \(field larger than field limit"):
        open_source(path)


def test_a_part_whose_rows_have_no_weight_is_refused() -> None:
    parts = ["train"] * 30 + ["test"] * 10
    table = pa.table(
        {"s": [[float(row), 1.0, 2.0] for row in range(40)], "y": [0, 1] * 20, "part": parts, "w": [1.0] * 30 + [0.0] * 10}
    )
    with pytest.raises(DataError, match="'w' holds weights of 0 only in the test part"):
        open_source(table, channels="s", target="y", split="part", weights="w")
