"""The profile counts what is there and warns of what to beware of."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from gatewise.data.dataset.profile import describe, fingerprint
from gatewise.data.encoding.prepared import prepare
from gatewise.data.sources import open_source
from gatewise.records import AudioFeatures, Dataset, Forecast, Profile, from_json, to_json
from tests.arrays import series_of


def profile(texts: list[str], labels: list[str]) -> Profile:
    prepared = prepare(open_source(pa.table({"text": texts, "label": labels})))
    return describe(prepared.dataset, prepared.lengths)


def test_counts_and_lengths() -> None:
    found = profile([f"w{row} " * (1 + row % 4) for row in range(40)], ["a"] * 25 + ["b"] * 15)
    assert (found.rows, dict(found.classes), found.repeated_rows, found.channels) == (40, {"a": 25, "b": 15}, 0, 0)
    assert (found.length_min, found.length_median, found.length_max) == (1, 2.5, 4)
    assert found.length_p95 == 4
    assert found.fixed_test_rows is None
    assert found.warnings == ()
    assert from_json(Profile, to_json(found)) == found


def test_imbalance_and_rare_classes_are_warned_about() -> None:
    texts = [f"text {row}" for row in range(60)]
    assert profile(texts, ["a"] * 39 + ["b"] * 21).warnings == ()
    (lopsided,) = profile(texts, ["a"] * 41 + ["b"] * 19).warnings
    assert "68% of the rows are 'a'" in lopsided and "--metric balanced_accuracy" in lopsided
    rare = profile(texts, ["a"] * 29 + ["b"] * 28 + ["c"] * 3).warnings[-1]
    assert rare.startswith("Some classes are rare") and "'c'" in rare


def test_repeats_and_their_conflicts_are_warned_about() -> None:
    texts = ["same", "Same", "same ", "twice", "twice", *(f"text {row}" for row in range(35))]
    found = profile(texts, ["a", "b"] * 20)
    assert found.repeated_rows == 3
    assert found.warnings[0].startswith("3 rows repeat the text of an earlier one")
    assert "one side of every split" in found.warnings[0]
    assert found.warnings[1].startswith("2 repeated texts carry")


def test_the_warnings_of_reading_are_kept() -> None:
    found = profile(["", *(f"text {row}" for row in range(39))], ["a", "b"] * 20)
    assert found.warnings == ("1 text without words is read as one unknown word.",)


def test_one_repeat_is_told_in_the_singular_and_counted_alike_everywhere() -> None:
    found = profile(["same", "same", *(f"text {row}" for row in range(38))], ["a"] * 2 + ["a", "b"] * 19)
    assert found.repeated_rows == 1
    assert found.warnings[0].startswith("1 row repeats the text of an earlier one;")


@pytest.fixture
def series() -> Dataset:
    return open_source("builtin:adding?rows=40&length=10")


def test_the_fingerprint_knows_every_part(series: Dataset) -> None:
    first = fingerprint(series)
    assert first == fingerprint(open_source("builtin:adding?rows=40&length=10"))
    original = series_of(series)[0]
    changed = original.copy()
    changed[0, 0] += 1
    others = [
        replace(series, sequences=(changed, *series.sequences[1:])),
        replace(series, targets=1 - series.targets),
        replace(series, classes=("x", "y")),
        replace(series, sequences=(original.reshape(-1, 1), *series.sequences[1:])),
    ]
    assert len({first, *map(fingerprint, others)}) == 5
    assert fingerprint(replace(series, name="other", inferred=())) == first


def test_the_fingerprint_knows_all_that_decides_a_result(series: Dataset) -> None:
    rows = len(series)
    first = fingerprint(series)
    half = np.arange(rows) % 2 == 0
    others = [
        replace(series, groups=series.groups // 2),
        replace(series, fixed_test=half),
        replace(series, fixed_test=~half),
        replace(series, fixed_validation=half),
        replace(series, weights=np.ones(rows)),
        replace(series, weights=np.arange(rows) / 2),
        replace(series, origins=np.arange(rows)),
        replace(series, audio=AudioFeatures(8000)),
        replace(series, audio=AudioFeatures(16000)),
        replace(series, task="forecast", forecast=Forecast(10, 1, 1, (0,))),
        replace(series, task="forecast", forecast=Forecast(10, 1, 2, (0,))),
        replace(series, task="regression", targets=series.targets[:, None].astype(np.float32)),
        replace(series, task="next_step"),
        replace(series, kind="audio"),
    ]
    assert len({first, *map(fingerprint, others)}) == 1 + len(others)
    assert fingerprint(replace(series, channels=("a", "b"), warnings=("some",))) == first


def test_numbers_are_described() -> None:
    targets = [0.5, 0.5, *(float(row) for row in range(1, 39))]
    texts = ["same", "Same", *(f"text {row}" for row in range(38))]
    dataset = open_source(pa.table({"text": texts, "label": targets}))
    found = describe(dataset, np.full(40, 2))
    assert (found.task, dict(found.classes), dict(found.outputs)) == ("regression", {}, {"label": (0.5, 18.5, 38.0)})
    assert found.repeated_rows == 1
    assert len(found.warnings) == 1, "repeats of one number do not contradict each other"
    assert from_json(Profile, to_json(found)) == found
    other = open_source(pa.table({"text": texts, "label": [0.25, *targets[1:]]}))
    assert "1 repeated text carries different targets" in describe(other, np.full(40, 2)).warnings[1]


def test_rows_of_one_group_are_no_repeats() -> None:
    table = pa.table({"text": [f"text {row}" for row in range(40)], "label": ["a", "b"] * 20, "who": ["x", "y", "z", "w"] * 10})
    found = describe(open_source(table, group="who"), np.full(40, 2))
    assert (found.repeated_rows, found.warnings) == (0, ())


def test_a_forecast_is_described() -> None:
    values = np.random.default_rng(0).normal(size=(300, 2)).astype(np.float32)
    columns = {"a": values[:, 0].tolist(), "b": values[:, 1].tolist()}
    dataset = open_source(pa.table(columns), task="forecast", window=8, horizon=3)
    found = describe(dataset, np.full(len(dataset), 8))
    assert (found.task, found.forecast, found.repeated_rows) == ("forecast", dataset.forecast, 0)
    assert list(found.outputs) == ["a", "b"]
    predicted = values[8:]
    for number, (low, middle, high) in enumerate(found.outputs.values()):
        assert (low, high) == (predicted[:, number].min(), predicted[:, number].max())
        assert low < middle < high
    assert from_json(Profile, to_json(found)) == found


def test_next_steps_are_described() -> None:
    rolls = [(np.random.default_rng(row).random((5, 3)) < 0.5).astype(float) for row in range(40)]
    dataset = open_source({"X": [*rolls, rolls[0]]}, task="next_step")
    found = describe(dataset, np.full(41, 5))
    assert (found.task, dict(found.classes), dict(found.outputs), found.repeated_rows) == ("next_step", {}, {}, 1)
    assert len(found.warnings) == 1


def test_the_fingerprint_keeps_texts_apart() -> None:
    whole = open_source(pa.table({"text": ["ab", "c", *(f"text {row}" for row in range(38))], "label": ["a", "b"] * 20}))
    moved = replace(whole, sequences=("a", "bc", *whole.sequences[2:]))
    assert fingerprint(whole) != fingerprint(moved)


def test_fixed_test_rows_are_counted(series: Dataset) -> None:
    found = describe(replace(series, fixed_test=np.arange(40) < 10), np.full(40, 10))
    assert (found.fixed_test_rows, found.channels) == (10, 2)
