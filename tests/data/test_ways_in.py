"""The same rows are bit for bit the same data set, whatever they come in."""

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from gatewise.data.dataset.profile import fingerprint
from gatewise.data.sources import open_inputs, open_source
from gatewise.errors import DataError
from gatewise.records import Dataset
from tests.arrays import series_of

Series = list[np.ndarray]


@pytest.fixture(scope="module")
def series() -> Series:
    """60 series of 2 channels and 3 to 8 steps in double precision; the second repeats the first."""
    generator = np.random.default_rng(3)
    made = [generator.normal(size=(length, 2)) for length in generator.integers(3, 9, 60)]
    return [made[0], made[0].copy(), *made[2:]]


CLASSES = [("b", "a", "c")[row % 3] for row in range(60)]
NUMBERS = [row / 8 - 2.5 for row in range(60)]
WHO = [f"speaker {row % 7}" for row in range(60)]
WEIGHTS = [1.0 + row % 4 for row in range(60)]
COLUMNS: dict[str, Any] = {"group": "who", "weights": "weight", "channels": ("u", "v"), "target": "y"}


def wide(series: Series, labels: list[Any]) -> dict[str, list[Any]]:
    cells = {name: [values[:, number].tolist() for values in series] for number, name in enumerate("uv")}
    return {**cells, "y": labels, "who": WHO, "weight": WEIGHTS}


def long(series: Series, labels: list[Any]) -> dict[str, list[Any]]:
    rows: dict[str, list[Any]] = {name: [] for name in ("id", "at", "u", "v", "y", "who", "weight")}
    for row, values in enumerate(series):
        for step, (u, v) in enumerate(values.tolist()):
            cells = (f"k{row}", f"2024-01-01T00:{step:02}", u, v, labels[row], WHO[row], WEIGHTS[row])
            for name, cell in zip(rows, cells, strict=True):
                rows[name].append(cell)
    # The steps after the first of each id follow in any order.
    first = np.unique(rows["id"], return_index=True)[1]
    others = np.setdiff1d(np.arange(len(rows["id"])), first)
    order = [*sorted(first.tolist()), *np.random.default_rng(0).permutation(others).tolist()]
    return {name: [cells[row] for row in order] for name, cells in rows.items()}


def write_csv(columns: dict[str, list[Any]]) -> str:
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(columns)
    writer.writerows(
        [json.dumps(cell) if isinstance(cell, list) else cell for cell in row] for row in zip(*columns.values(), strict=True)
    )
    return buffer.getvalue()


def write_ts(series: Series, labels: list[Any], header: str) -> str:
    lines = [f"@problemName toy\n@timeStamps false\n@univariate false\n@dimensions 2\n{header}\n@data"]
    for values, label in zip(series, labels, strict=True):
        lines.append(":".join([*(",".join(map(repr, channel.tolist())) for channel in values.T), str(label)]))
    return "\n".join(lines)


def ragged(series: Series, labels: list[Any]) -> dict[str, Any]:
    lengths = np.array([len(values) for values in series])
    beside = {"groups": np.array(WHO), "weights": np.array(WEIGHTS)}
    return {"values": np.concatenate(series), "lengths": lengths, "labels": np.array(labels), **beside}


def assert_same(found: Dataset, expected: Dataset) -> None:
    assert (found.kind, found.task, found.classes) == (expected.kind, expected.task, expected.classes)
    assert len(found) == len(expected)
    if expected.kind == "text":
        assert list(found.sequences) == list(expected.sequences)
    else:
        for one, other in zip(series_of(found), series_of(expected), strict=True):
            assert one.dtype == other.dtype == np.float32
            np.testing.assert_array_equal(one, other)
    for name in ("targets", "groups", "weights", "fixed_test", "fixed_validation"):
        mine, its = getattr(found, name), getattr(expected, name)
        assert (mine is None) == (its is None), name
        if mine is not None:
            assert mine.dtype == its.dtype, name
            np.testing.assert_array_equal(mine, its, err_msg=name)
    assert fingerprint(found) == fingerprint(expected)


def csv_file(folder: Path, series: Series, labels: list[Any]) -> Dataset:
    (folder / "a.csv").write_text(write_csv(wide(series, labels)))
    return open_source(folder / "a.csv", **COLUMNS)


def parquet_file(folder: Path, series: Series, labels: list[Any]) -> Dataset:
    pq.write_table(pa.table(wide(series, labels)), folder / "a.parquet")
    return open_source(folder / "a.parquet", **COLUMNS)


def json_lines(folder: Path, series: Series, labels: list[Any]) -> Dataset:
    columns = wide(series, labels)
    rows = (dict(zip(columns, cells, strict=True)) for cells in zip(*columns.values(), strict=True))
    (folder / "a.jsonl").write_text("\n".join(map(json.dumps, rows)))
    return open_source(folder / "a.jsonl", **COLUMNS)


def pandas_frame(folder: Path, series: Series, labels: list[Any]) -> Dataset:
    pandas = pytest.importorskip("pandas")
    return open_source(pandas.DataFrame(wide(series, labels)).astype({"who": "category"}), **COLUMNS)


def polars_frame(folder: Path, series: Series, labels: list[Any]) -> Dataset:
    polars = pytest.importorskip("polars")
    return open_source(polars.DataFrame(wide(series, labels)).with_columns(polars.col("who").cast(polars.Categorical)), **COLUMNS)


def long_csv(folder: Path, series: Series, labels: list[Any]) -> Dataset:
    (folder / "long.csv").write_text(write_csv(long(series, labels)))
    return open_source(folder / "long.csv", id="id", time="at", **COLUMNS)


def long_parquet(folder: Path, series: Series, labels: list[Any]) -> Dataset:
    pq.write_table(pa.table(long(series, labels)), folder / "long.parquet", row_group_size=50)
    return open_source(folder / "long.parquet", id="id", time="at", **COLUMNS)


def long_polars(folder: Path, series: Series, labels: list[Any]) -> Dataset:
    polars = pytest.importorskip("polars")
    frame = polars.DataFrame(long(series, labels)).with_columns(polars.col("at").str.to_datetime("%Y-%m-%dT%H:%M"))
    return open_source(frame, id="id", time="at", **COLUMNS)


def list_of_arrays(folder: Path, series: Series, labels: list[Any]) -> Dataset:
    return open_source({"X": series, "y": labels, "groups": WHO, "weights": WEIGHTS})


def list_of_tensors(folder: Path, series: Series, labels: list[Any]) -> Dataset:
    import torch

    y = torch.tensor(labels, requires_grad=True) if isinstance(labels[0], float) else labels
    return open_source(
        {"X": [torch.tensor(values) for values in series], "y": y, "groups": WHO, "weights": torch.tensor(WEIGHTS)}
    )


def npz(folder: Path, series: Series, labels: list[Any]) -> Dataset:
    np.savez(folder / "a.npz", **ragged(series, labels))
    return open_source(folder / "a.npz")


def mapping_as_npz(folder: Path, series: Series, labels: list[Any]) -> Dataset:
    return open_source(ragged(series, labels))


WAYS: list[Callable[[Path, Series, list[Any]], Dataset]] = [
    parquet_file,
    json_lines,
    pandas_frame,
    polars_frame,
    long_csv,
    long_parquet,
    long_polars,
    list_of_arrays,
    list_of_tensors,
    npz,
    mapping_as_npz,
]


@pytest.mark.parametrize("labels", [CLASSES, NUMBERS], ids=["classes", "numbers"])
@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_series(tmp_path: Path, series: Series, way: Callable[..., Dataset], labels: list[Any]) -> None:
    expected = csv_file(tmp_path, series, labels)
    assert expected.task == ("classification" if labels is CLASSES else "regression")
    assert expected.groups[:9].tolist() == [0, 0, 1, 2, 3, 4, 5, 0, 0], "the first two are repeats, and two speakers one group"
    assert_same(way(tmp_path, series, labels), expected)


@pytest.mark.parametrize("labels", [CLASSES, NUMBERS], ids=["classes", "numbers"])
def test_ts_holds_no_groups(tmp_path: Path, series: Series, labels: list[Any]) -> None:
    header = "@classLabel true a b c" if labels is CLASSES else "@targetlabel true"
    (tmp_path / "a.ts").write_text(write_ts(series, labels, header))
    assert_same(open_source(tmp_path / "a.ts"), open_source((series, labels)))


@pytest.mark.parametrize(
    "names", [("walk", "run", "rest"), ("10", "9", "-2"), ("10.0", "9.0", "-2.0")], ids=lambda names: names[0]
)
def test_classes_have_one_order_in_every_form(tmp_path: Path, series: Series, names: tuple[str, ...]) -> None:
    """The order decides which weights a class begins with: archives that declare another give the same results all the same."""
    labels = [names[row % 3] for row in range(60)]
    header = f"@classLabel true {' '.join(names)}"
    (tmp_path / "a.ts").write_text(write_ts(series, labels, header))
    np.savez(tmp_path / "a.npz", **ragged(series, [row % 3 for row in range(60)]), classes=np.array(names))
    found = [open_source(source) for source in (tmp_path / "a.ts", tmp_path / "a.npz", (series, labels))]
    found += [way(tmp_path, series, labels) for way in (csv_file, json_lines, parquet_file, long_csv)]
    ordered = sorted(names) if "walk" in names else sorted(names, key=float)
    for dataset in found:
        assert dataset.targets.tolist() == [ordered.index(label) for label in labels]


@pytest.mark.parametrize("channels", [1, 2])
def test_dense_arrays(tmp_path: Path, channels: int) -> None:
    torch = pytest.importorskip("torch")
    values = np.random.default_rng(0).normal(size=(60, 5, channels))
    dense = values[..., 0] if channels == 1 else values
    labels = np.arange(60) % 3
    expected = open_source((dense, labels))
    assert [sequence.shape for sequence in series_of(expected)] == [(5, channels)] * 60
    np.savez(tmp_path / "a.npz", X=dense, y=labels)
    (tmp_path / "a.ts").write_text(
        write_ts(list(values), labels.tolist(), "@classLabel true 0 1 2").replace("@dimensions 2", f"@dimensions {channels}")
    )
    for source in (
        tmp_path / "a.npz",
        tmp_path / "a.ts",
        {"x": dense.tolist(), "Y": labels.tolist()},
        (torch.tensor(dense), torch.tensor(labels)),
        (torch.tensor(dense, requires_grad=True), labels[:, np.newaxis]),
        (list(dense), labels.astype(float)),
    ):
        assert_same(open_source(source), expected)


def test_texts(tmp_path: Path, reviews: dict[str, list[str]]) -> None:
    polars = pytest.importorskip("polars")
    pandas = pytest.importorskip("pandas")
    expected = open_source(pa.table(reviews))
    (tmp_path / "a.csv").write_text(write_csv(reviews))
    texts, labels = reviews["text"], reviews["label"]
    for source in (
        tmp_path / "a.csv",
        polars.DataFrame(reviews),
        (texts, labels),
        (np.array(texts), np.array(labels)),
        (pandas.Series(texts), pandas.Series(labels)),
        (polars.Series(texts), labels),
        {"X": tuple(texts), "y": np.array(labels, dtype=object)},
    ):
        assert_same(open_source(source), expected)


def test_half_precision_tensors() -> None:
    torch = pytest.importorskip("torch")
    values = torch.arange(160.0).reshape(40, 4)
    dataset = open_source((values.bfloat16(), torch.arange(40) % 2))
    np.testing.assert_array_equal(np.concatenate(dataset.sequences)[:, 0], values.bfloat16().float().flatten().numpy())


def test_a_split_of_its_own_is_the_same_in_every_form(tmp_path: Path, series: Series) -> None:
    parts = ["train"] * 40 + ["Valid"] * 8 + ["TEST"] * 12
    table = pa.table({**wide(series, CLASSES), "split": parts})
    expected = open_source(table, channels=("u", "v"), target="y", split="split")
    assert expected.fixed_validation is not None
    arrays: dict[str, Any] = {}
    for name, rows in (("train", slice(40)), ("val", slice(40, 48)), ("test", slice(48, 60))):
        part = ragged(series[rows], CLASSES[rows])
        arrays |= {f"{name}_{key}": part[key] for key in ("values", "lengths", "labels")}
    np.savez(tmp_path / "a.npz", **arrays)
    assert_same(open_source(tmp_path / "a.npz"), expected)
    assert_same(open_source(arrays), expected)


def test_a_second_source_is_the_test_part(tmp_path: Path, series: Series) -> None:
    expected = open_source(
        pa.table({**wide(series, CLASSES), "split": ["train"] * 40 + ["test"] * 20}),
        channels=("u", "v"),
        target="y",
        split="split",
    )
    first, second = pa.table(wide(series, CLASSES)).slice(0, 40), pa.table(wide(series, CLASSES)).slice(40)
    pq.write_table(second, tmp_path / "b.parquet")
    found = open_source(first, channels=("u", "v"), target="y", test=tmp_path / "b.parquet")
    assert_same(found, expected)
    assert "The test part is b: 20 rows." in found.inferred
    assert_same(open_source((series[:40], CLASSES[:40]), test=(series[40:], CLASSES[40:])), expected)
    for name, rows in (("a_TRAIN", slice(40)), ("a_TEST", slice(40, 60))):
        (tmp_path / f"{name}.ts").write_text(write_ts(series[rows], CLASSES[rows], "@classLabel true a b c"))
    assert_same(open_source(tmp_path / "a_TRAIN.ts", test=tmp_path / "a_TEST.ts"), expected)
    assert_same(open_source(tmp_path / "a_TRAIN.ts"), expected)
    columns: dict[str, Any] = {"id": "id", "time": "at", "channels": ("u", "v"), "target": "y"}
    tables = [pa.table(long(series[rows], CLASSES[rows])) for rows in (slice(40), slice(40, 60))]
    # The same id in both is not the same series.
    assert_same(open_source(tables[0], test=tables[1], **columns), expected)


def test_inputs_of_every_form(tmp_path: Path, series: Series) -> None:
    torch = pytest.importorskip("torch")
    polars = pytest.importorskip("polars")
    expected = [values.astype(np.float32) for values in series]
    table = pa.table({name: cells for name, cells in wide(series, CLASSES).items() if name in "uv"})
    longer = pa.table({name: cells for name, cells in long(series, CLASSES).items() if name in ("id", "at", "u", "v")})
    np.savez(tmp_path / "a.npz", values=np.concatenate(series), lengths=[len(values) for values in series])
    for source, options in (
        (table, {"channels": ("u", "v")}),
        (polars.from_arrow(table), {}),
        (longer, {"id": "id", "time": "at"}),
        (tmp_path / "a.npz", {}),
        (series, {}),
        ([torch.tensor(values) for values in series], {}),
        ((series, CLASSES), {}),
        ({"X": series}, {}),
    ):
        found = open_inputs(source, kind="series", **options).sequences
        assert len(found) == 60
        for one, other in zip(found, expected, strict=True):
            assert one.dtype == np.float32
            np.testing.assert_array_equal(one, other)
    assert open_inputs(["one", "two"], kind="text").sequences == ["one", "two"]
    with pytest.raises(DataError, match="the list holds texts, but the model reads series of numbers"):
        open_inputs(["one", "two"], kind="series")
