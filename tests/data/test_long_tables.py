"""Tables with a row a step: gathered by id, ordered by time, and every way in which they can be unfit."""

import subprocess
import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from gatewise.data.sources import open_inputs, open_source
from gatewise.errors import DataError
from tests.arrays import series_of

Columns = dict[str, Any]


@pytest.fixture
def steps() -> Columns:
    """36 patients of 4 steps each, in order."""
    return {
        "patient": [f"p{row // 4}" for row in range(144)],
        "day": [f"2024-03-{1 + row % 4:02}" for row in range(144)],
        "pulse": [60.0 + row for row in range(144)],
        "note": ["calm", "tired", None, "calm"] * 36,
        "steps": [row % 5 for row in range(144)],
        "label": [("ill", "well")[row // 4 % 2] for row in range(144)],
        "ward": [f"w{row // 4 % 6}" for row in range(144)],
        "weight": [1 + row // 4 % 3 for row in range(144)],
    }


OPTIONS: dict[str, Any] = {"id": "patient", "time": "day"}


def test_channels_are_the_columns_of_numbers(steps: Columns) -> None:
    dataset = open_source(pa.table(steps), **OPTIONS, weights="weight", group="ward")
    assert (len(dataset), dataset.channels, dataset.classes) == (36, ("pulse", "steps"), ("ill", "well"))
    np.testing.assert_array_equal(dataset.sequences[2], [[68, 3], [69, 4], [70, 0], [71, 1]])
    assert dataset.groups.tolist() == [row % 6 for row in range(36)]
    assert dataset.weights is not None
    assert dataset.weights.tolist() == [1 + row % 3 for row in range(36)]
    assert dataset.inferred[:4] == (
        "The channels are the columns of numbers: pulse, steps.",
        "The target is the column 'label', by its name.",
        "The rows are steps of 36 series, one for each 'patient'.",
        "Rows of one value of the column 'ward' stay on one side of every split: 6 groups.",
    )


def test_named_channels_alone_are_read(steps: Columns) -> None:
    dataset = open_source(pa.table(steps), **OPTIONS, channels="steps", target="ward")
    assert (dataset.channels, len(dataset.classes)) == (("steps",), 6)


@pytest.mark.parametrize(
    "times",
    [
        lambda day: f"2024-03-{day:02}",
        lambda day: f"2024-03-01T0{day}:30:00Z",
        lambda day: day,
        lambda day: str(day / 4),
        lambda day: datetime(2024, 3, 1) + timedelta(days=day),
    ],
    ids=["dates", "moments", "numbers", "numbers as text", "datetimes"],
)
def test_steps_are_sorted_by_time(steps: Columns, times: Callable[[int], Any]) -> None:
    steps["day"] = [times(1 + row % 4) for row in range(144)]
    table = pa.table(steps)
    ordered = open_source(table, **OPTIONS)
    assert not any("sorted" in sentence for sentence in ordered.inferred)
    shuffled = open_source(table.take(np.argsort([row % 4 * 5 % 7 for row in range(144)], kind="stable")), **OPTIONS)
    assert "The steps of each series are sorted by 'day': the rows were in another order." in shuffled.inferred
    for one, other in zip(ordered.sequences, shuffled.sequences, strict=True):
        np.testing.assert_array_equal(one, other)
    np.testing.assert_array_equal(ordered.targets, shuffled.targets)


def test_without_a_time_rows_stay_in_their_order(steps: Columns) -> None:
    del steps["day"]
    order = np.arange(143, -1, -1)
    dataset = open_source(pa.table(steps).take(order), id="patient", target="label")
    np.testing.assert_array_equal(series_of(dataset)[0][:, 0], [203, 202, 201, 200])


def test_a_number_is_predicted_from_each_series(steps: Columns) -> None:
    steps["label"] = [row // 4 / 8 for row in range(144)]
    dataset = open_source(pa.table(steps), **OPTIONS, target="label")
    assert (dataset.task, dataset.outputs, dataset.targets.dtype) == ("regression", ("label",), np.dtype(np.float32))
    np.testing.assert_array_equal(dataset.targets[:, 0], np.arange(36) / 8)


def test_ids_of_series_without_a_target_are_dropped(steps: Columns) -> None:
    steps["label"][:8] = [None] * 8
    dataset = open_source(pa.table(steps), **OPTIONS)
    assert len(dataset) == 34
    assert series_of(dataset)[0][0, 0] == 68
    assert dataset.warnings == ("2 of 36 rows lack an input (0) or a target (2) and were dropped.",)


def changed(column: str, row: int, value: Any) -> Callable[[Columns], None]:
    def change(steps: Columns) -> None:
        steps[column][row] = value

    return change


def without(*columns: str) -> Callable[[Columns], None]:
    def change(steps: Columns) -> None:
        for name in columns:
            del steps[name]

    return change


BAD: dict[str, tuple[Callable[[Columns], None], dict[str, Any], str]] = {
    "doubled time": (
        changed("day", 9, "2024-03-01"),
        {},
        r"1 times in the column 'day' come twice.*2024-03-01 of the patient 'p2'",
    ),
    "missing time": (changed("day", 9, None), {}, "row 10 of the column 'day' has no time"),
    "no time at all": (changed("day", 9, "soon"), {}, "row 10 of the column 'day' is 'soon', which is no time"),
    "missing id": (changed("patient", 9, None), {}, "row 10 of the column 'patient' has no id"),
    "gap": (changed("pulse", 9, None), {}, "the series 'p2', channel 1, time 2024-03-02"),
    "gap as a word": (changed("pulse", 9, float("nan")), {}, "1 value in 1 row.*the series 'p2', channel 1, time 2024-03-02"),
    "beyond 32 bits": (changed("pulse", 143, 1e39), {}, "the series 'p35', channel 1, time 2024-03-04"),
    "target changes": (
        changed("label", 9, "well"),
        {},
        "the column 'label' has different values in rows of the patient 'p2': 'ill' in row 9 and 'well' in row 10",
    ),
    "target missing in one row": (changed("label", 9, None), {}, "'label' has different values.*'p2'.*'None' in row 10"),
    "group changes": (changed("ward", 9, "w0"), {"group": "ward"}, "'ward' has different values.*'p2'"),
    "weight changes": (changed("weight", 9, 2), {"weights": "weight"}, "'weight' has different values.*'p2'"),
    "negative weight": (
        lambda steps: steps.update(weight=[-1 if row // 4 == 2 else 1 for row in range(144)]),
        {"weights": "weight"},
        "the series 'p2' has the weight -1 in the column 'weight'",
    ),
    "missing group": (
        lambda steps: steps.update(ward=[None if row // 4 == 2 else row // 4 % 3 for row in range(144)]),
        {"group": "ward"},
        "the series 'p2' has no group in the column 'ward'",
    ),
    "words in a channel": (changed("note", 0, "calm"), {"channels": "note"}, "row 1 of the column 'note' holds 'calm'"),
    "lists in a channel": (lambda steps: steps.update(pulse=[[1.0]] * 144), {"channels": "pulse"}, "row 1 of the column 'pulse'"),
    "no channel": (
        without("pulse", "steps", "weight"),
        {},
        "no column of numbers is left to be a channel",
    ),
    "ids of single steps": (lambda steps: steps.update(patient=[f"p{row}" for row in range(144)]), {}, "has a single step"),
    "the id is the target": (lambda steps: None, {"target": "patient"}, "both the target and the id"),
}


@pytest.mark.parametrize(("change", "options", "expected"), BAD.values(), ids=BAD)
def test_unfit(steps: Columns, change: Callable[[Columns], None], options: dict[str, Any], expected: str) -> None:
    change(steps)
    with pytest.raises(DataError, match=expected):
        open_source(pa.table(steps), **OPTIONS, **options)


def test_a_word_in_a_csv_names_its_row(tmp_path: Path) -> None:
    rows = "".join(f"{row // 4},{row % 4},{'x' if row == 100 else row}.5,{'ab'[row // 4 % 2]}\n" for row in range(144))
    (tmp_path / "a.csv").write_text("id,t,value,label\n" + rows)
    with pytest.raises(DataError, match=r"row 101 of the column 'value' holds 'x\.5'"):
        open_source(tmp_path / "a.csv", id="id", time="t")


def test_inputs_need_nothing_but_their_channels(steps: Columns) -> None:
    table = pa.table({name: steps[name] for name in ("patient", "day", "pulse")})
    found = open_inputs(table, kind="series", **OPTIONS, channels=("pulse",), group="ward", weights="weight").sequences
    assert [len(values) for values in found] == [4] * 36
    with pytest.raises(DataError, match="the model reads texts"):
        open_inputs(table, kind="text", **OPTIONS)
    steps["pulse"][5] = None
    with pytest.raises(DataError, match="the series 'p1', channel 1, time 2024-03-02"):
        open_inputs(pa.table({name: steps[name] for name in ("patient", "day", "pulse")}), kind="series", **OPTIONS)


MEASURE = """
import sys
import numpy, pyarrow.compute, pyarrow.parquet, scipy.sparse.csgraph
from gatewise.data.sources import open_source

def kilobytes(name):
    return int(open("/proc/self/status").read().split(name + ":")[1].split()[0])

before = kilobytes("VmRSS")
dataset = open_source(sys.argv[1], **eval(sys.argv[2]))
print(len(dataset), kilobytes("VmHWM") - before)
"""


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the peak is read from /proc")
@pytest.mark.parametrize("form", ["long", "texts"])
def test_memory_of_a_million_rows_is_bounded(tmp_path: Path, form: str) -> None:
    """The bound that `gatewise.data.tables.tables` states: 3 times the file and 300 bytes a row."""
    from pyarrow import csv

    rows = 1_000_000
    generator = np.random.default_rng(0)
    if form == "long":
        ids = np.repeat(np.arange(rows // 100), 100)
        columns: Columns = {"id": ids, "time": np.tile(np.arange(100), rows // 100), "label": np.where(ids % 2, "x", "y")}
        columns |= {name: generator.normal(size=rows) for name in "abc"}
        options, expected = "dict(id='id', time='time')", rows // 100
    else:
        words = np.array(["good", "bad", "film", "plot", "with", "many", "words"])
        drawn = words[generator.integers(0, len(words), (rows, 6))]
        columns = {"text": [f"{' '.join(row)} {number}" for number, row in enumerate(drawn)]}
        columns["label"] = np.where(np.arange(rows) % 2, "x", "y")
        options, expected = "{}", rows
    path = tmp_path / "a.csv"
    csv.write_csv(pa.table(columns), path)
    done = subprocess.run([sys.executable, "-c", MEASURE, path, options], capture_output=True, text=True, check=True)
    found, peak = map(int, done.stdout.split())
    assert found == expected
    assert peak * 1024 < 3 * path.stat().st_size + 300 * rows
    assert peak * 1024 > path.stat().st_size, "the file is read whole, so less cannot be measured"
