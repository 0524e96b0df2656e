"""Classes come back in the type that the source had, wherever the labels came from, also after saving and loading."""

import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas
import polars
import pyarrow
import pytest

from gatewise.data.sources import open_source
from gatewise.records import Dataset

TEXTS = [f"film {row} was {('fine', 'poor')[row % 2]}" for row in range(40)]


def labels_of(labels: list[Any]) -> list[Any]:
    return [labels[row % len(labels)] for row in range(40)]


def same(found: tuple[Any, ...], expected: list[Any]) -> None:
    """Equal, and of the same types: 1, 1.0 and True are equal in Python."""
    assert list(found) == expected
    assert [type(label) for label in found] == [type(label) for label in expected]


@pytest.mark.parametrize("suffix", [".csv", ".tsv"])
@pytest.mark.parametrize(
    ("written", "names", "labels"),
    [
        (["0", "1"], ["0", "1"], [0, 1]),
        (["-1", "1"], ["-1", "1"], [-1, 1]),
        (["10", "9", " 2"], ["2", "9", "10"], [2, 9, 10]),
        (["1.0", "2.0"], ["1", "2"], [1.0, 2.0]),
        (["1", "2.0"], ["1", "2"], [1.0, 2.0]),
        (["True", "False"], ["False", "True"], [False, True]),
        (["true", "false"], ["false", "true"], [False, True]),
        (["01", "02"], ["01", "02"], ["01", "02"]),
        (["01", "1"], ["01", "1"], ["01", "1"]),
        (["0", "-0"], ["-0", "0"], ["-0", "0"]),
        (["1", "two"], ["1", "two"], ["1", "two"]),
        (["yes", "no"], ["no", "yes"], ["no", "yes"]),
        (["True", "true"], ["True", "true"], ["True", "true"]),
        (["1", "1" + "0" * 400], ["1", "1" + "0" * 400], ["1", "1" + "0" * 400]),
        (["1", "1" + "0" * 5000], ["1", "1" + "0" * 5000], ["1", "1" + "0" * 5000]),
        (["+1", "-1"], ["+1", "-1"], ["+1", "-1"]),
        (["١", "٢"], ["١", "٢"], ["١", "٢"]),
    ],
)
def test_a_text_file(tmp_path: Path, suffix: str, written: list[str], names: list[str], labels: list[Any]) -> None:
    mark = {".csv": ",", ".tsv": "\t"}[suffix]
    path = tmp_path / f"reviews{suffix}"
    rows = [f"{text}{mark}{label}" for text, label in zip(TEXTS, labels_of(written), strict=True)]
    path.write_text("\n".join([f"text{mark}label", *rows]), encoding="utf-8")
    dataset = open_source(path)
    assert list(dataset.classes) == names
    same(dataset.labels, labels)


VALUES: list[tuple[list[Any], list[Any]]] = [
    ([0, 1], [0, 1]),
    ([1.0, 2.0], [1.0, 2.0]),
    ([True, False], [False, True]),
    (["1", "2"], ["1", "2"]),
    (["01", "1"], ["01", "1"]),
    (["True", "False"], ["False", "True"]),
]


@pytest.mark.parametrize("make", [pandas.DataFrame, polars.DataFrame, pyarrow.table])
@pytest.mark.parametrize(("labels", "expected"), VALUES)
def test_a_table(make: Callable[..., Any], labels: list[Any], expected: list[Any]) -> None:
    same(open_source(make({"text": TEXTS, "label": labels_of(labels)})).labels, expected)


@pytest.mark.parametrize(("labels", "expected"), [*VALUES, ([1, "a"], [1, "a"]), ([10**400, 1], [1, 10**400])])
def test_json_lines(tmp_path: Path, labels: list[Any], expected: list[Any]) -> None:
    path = tmp_path / "reviews.jsonl"
    rows = [{"text": text, "label": label} for text, label in zip(TEXTS, labels_of(labels), strict=True)]
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    same(open_source(path).labels, expected)


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        (np.array(labels_of([0, 1]), dtype=np.int8), [0, 1]),
        (np.array(labels_of([0.0, 1.0]), dtype=np.float32), [0.0, 1.0]),
        (np.array(labels_of([True, False])), [False, True]),
        (np.array(labels_of(["a", "b"])), ["a", "b"]),
        (np.array(labels_of([0, "b"]), dtype=object), [0, "b"]),
        (labels_of([np.int64(3), np.int64(4)]), [3, 4]),
        (labels_of([Decimal(1), Decimal(2)]), [1, 2]),
        (labels_of([1, True]), ["1", "True"]),
        (labels_of([b"a".decode(), "b"]), ["a", "b"]),
    ],
)
def test_arrays(labels: Any, expected: list[Any]) -> None:
    series = np.random.default_rng(0).normal(size=(40, 5)).astype(np.float32)
    same(open_source((series, labels)).labels, expected)


@pytest.mark.parametrize(("classes", "expected"), [([7, 3], [3, 7]), ([0.5, 1.5], [0.5, 1.5]), (["b", "a"], ["a", "b"])])
def test_declared_classes(classes: list[Any], expected: list[Any]) -> None:
    series = np.random.default_rng(0).normal(size=(40, 5)).astype(np.float32)
    same(open_source({"X": series, "y": np.arange(40) % 2, "classes": np.array(classes)}).labels, expected)


def test_the_digits_are_numbers() -> None:
    dataset: Dataset = open_source("builtin:digits")
    same(dataset.labels, list(range(10)))


def test_missing_labels_of_pandas_do_not_change_the_classes(tmp_path: Path) -> None:
    """A column of whole numbers with a gap is one of floats in pandas."""
    frame = pandas.DataFrame({"text": TEXTS, "label": [*labels_of([0, 1])[:-1], None]})
    assert frame.label.dtype == np.float64
    same(open_source(frame).labels, [0.0, 1.0])
