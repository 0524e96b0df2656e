"""Tables of steps become windows with what follows them; what cannot be used is left out, and said."""

import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gatewise.data.dataset.time_splits import make_time_split
from gatewise.data.dataset.windows import Windows
from gatewise.data.encoding.encoders import fit_encoder
from gatewise.data.encoding.prepared import prepare
from gatewise.data.forecast.dataset import forecast_dataset, forecast_inputs, seasonal_scale, training_deviation
from gatewise.errors import DataError, OptionError
from gatewise.records import Dataset, Reading
from gatewise.runtime.scoring import score_rows, truth_of
from tests.arrays import series_of

HOURS = np.arange("2016-07-01", "2016-07-11", dtype="datetime64[h]")
STEPS = len(HOURS)


def wide(**changed: Any) -> dict[str, Any]:
    """Ten days of hours: x counts the steps, y counts them from 1,000 down."""
    columns = {
        "date": [str(hour).replace("T", " ") + ":00:00" for hour in HOURS],
        "x": [str(float(step)) for step in range(STEPS)],
        "y": [1000 - step for step in range(STEPS)],
        "note": ["fine"] * STEPS,
    }
    return columns | changed


def long() -> dict[str, Any]:
    """The same as two series of one channel, their rows mixed."""
    order = np.random.default_rng(0).permutation(2 * STEPS)
    columns = {
        "name": ["x"] * STEPS + ["y"] * STEPS,
        "date": wide()["date"] * 2,
        "value": [*map(float, range(STEPS)), *(1000.0 - step for step in range(STEPS))],
    }
    return {name: [cells[row] for row in order] for name, cells in columns.items()}


def made(columns: dict[str, Any], **reading: Any) -> Dataset:
    return forecast_dataset("made", columns, Reading(task="forecast", **reading))


def test_windows_and_what_follows_them() -> None:
    dataset = made(wide(), time="date", window=5, horizon=3)
    assert (dataset.name, dataset.kind, dataset.task) == ("made", "series", "forecast")
    assert (dataset.channels, dataset.outputs, dataset.classes) == (("x", "y"), ("x", "y"), ())
    assert len(dataset) == STEPS - 7
    assert (dataset.targets.shape, dataset.targets.dtype) == ((STEPS - 7, 6), np.dtype(np.float32))
    sequences = series_of(dataset)
    for row in (0, 1, 100, len(dataset) - 1):
        assert sequences[row].tolist() == [[step, 1000 - step] for step in range(row, row + 5)]
        assert dataset.targets[row].tolist() == [value for step in range(row + 5, row + 8) for value in (step, 1000 - step)], (
            "the channels of the first step first"
        )
    assert dataset.origins is not None
    assert dataset.origins.tolist() == list(range(5, STEPS - 2))
    assert dataset.groups.tolist() == list(range(len(dataset)))
    assert dataset.forecast is not None
    assert (dataset.forecast.window, dataset.forecast.horizon, dataset.forecast.season) == (5, 3, 24)
    assert (dataset.forecast.targets, dataset.forecast.step_seconds) == ((0, 1), 3600.0)
    assert dataset.warnings == ()


def test_one_target_of_several_inputs() -> None:
    dataset = made(wide(), time="date", target=("y",), window=5, horizon=2)
    assert (dataset.channels, dataset.outputs) == (("x", "y"), ("y",))
    assert dataset.targets[0].tolist() == [995, 994]
    assert np.shares_memory(dataset.targets[3:9], dataset.targets), "windows that overlap share what they predict"
    assert dataset.targets.base is not None
    alone = made(wide(), time="date", channels=("x",), target=("y",), window=5, horizon=2)
    assert (alone.channels, alone.outputs) == (("x", "y"), ("y",)), "what is predicted is read as well"
    swapped = made(wide(), time="date", channels=("y", "x"), target=("x",), window=5, horizon=2)
    assert (swapped.channels, swapped.targets[0].tolist()) == (("y", "x"), [5, 6])


def test_a_long_table_holds_the_same_series_in_any_order() -> None:
    one, other = made(long(), time="date", id="name", window=5, horizon=3), made(wide(), time="date", window=5, horizon=3)
    rows = len(other)
    assert len(one) == 2 * rows
    assert (one.channels, one.outputs) == (("value",), ("value",))
    assert one.origins is not None
    assert one.origins.tolist() == [*range(5, STEPS - 2)] * 2
    first = 0 if one.sequences[0][0] == 0 else 1
    for channel in (0, 1):
        part = slice(abs(channel - first) * rows, abs(channel - first) * rows + rows)
        read = np.stack(list(one.sequences[part]))[:, :, 0]
        np.testing.assert_array_equal(read, np.stack(list(other.sequences))[:, :, channel])
        np.testing.assert_array_equal(one.targets[part], other.targets[:, channel::2])
    assert "in 2 series" in one.inferred[-1]


def test_windows_never_reach_from_one_series_into_the_next() -> None:
    columns = {"name": ["a"] * 30 + ["b"] * 25 + ["c"] * 6, "value": list(range(61))}
    dataset = made(columns, id="name", window=4, horizon=3)
    assert isinstance(dataset.sequences, Windows)
    assert dataset.sequences.starts.tolist() == [*range(24), *range(30, 49)]
    assert dataset.origins is not None
    assert dataset.origins.tolist() == [*range(4, 28), *range(4, 23)]
    assert dataset.warnings == ("Left out as shorter than the 7 steps of window and horizon: 1 of 3 series.",)


def test_without_times_rows_are_steps_in_their_order() -> None:
    columns = wide()
    del columns["date"]
    dataset = made(columns, window=5, horizon=3)
    assert dataset.forecast is not None
    assert (dataset.forecast.season, dataset.forecast.step_seconds) == (1, None)
    assert "A row is one step, in the order they come: no column of times is known (--time names one)." in dataset.inferred


def test_the_column_of_times_need_not_be_named() -> None:
    dataset, named = made(wide(), window=5, horizon=3), made(wide(), time="date", window=5, horizon=3)
    assert "The times are in the column 'date'." in dataset.inferred
    assert dataset.forecast == named.forecast
    np.testing.assert_array_equal(dataset.targets, named.targets)
    assert dataset.reading == named.reading == Reading(task="forecast", time="date", window=5, horizon=3)


def test_rows_out_of_order_are_sorted() -> None:
    order = np.random.default_rng(0).permutation(STEPS)
    columns = {name: [cells[row] for row in order] for name, cells in wide().items()}
    dataset, expected = made(columns, time="date", window=5, horizon=3), made(wide(), time="date", window=5, horizon=3)
    np.testing.assert_array_equal(dataset.targets, expected.targets)
    assert "The rows were sorted by 'date'." in dataset.inferred
    assert "The rows were sorted by 'date'." not in expected.inferred


@pytest.mark.parametrize(
    ("unit", "steps", "expected"),
    [
        ("h", 2000, (96, 24, 24)),
        ("D", 2000, (28, 7, 7)),
        ("M", 400, (48, 12, 12)),
        ("M", 144, (36, 12, 12)),
        ("m", 4000, (96, 24, 1440)),
        (None, 2000, (96, 24, 1)),
        (None, 80, (20, 10, 1)),
    ],
)
def test_defaults(unit: str | None, steps: int, expected: tuple[int, int, int]) -> None:
    columns: dict[str, Any] = {"x": np.arange(steps)}
    if unit is not None:
        columns["when"] = np.arange(steps).astype(f"datetime64[{unit}]")
    forecast = made(columns, time=None if unit is None else "when").forecast
    assert forecast is not None
    assert (forecast.window, forecast.horizon, forecast.season) == expected


def test_the_windows_follow_the_horizon_and_season_given() -> None:
    forecast = made(wide(), time="date", horizon=3).forecast
    assert forecast is not None
    assert (forecast.window, forecast.horizon) == (24, 3)
    forecast = made(wide(), time="date", horizon=2, season=8).forecast
    assert forecast is not None
    assert (forecast.window, forecast.season) == (16, 8)


def test_a_gap_in_time_is_reported_and_not_spanned() -> None:
    kept = [row for row in range(STEPS) if row not in (100, 101, 102, 200)]
    columns = {name: [cells[row] for row in kept] for name, cells in wide().items()}
    dataset = made(columns, time="date", window=5, horizon=3)
    for window, target in zip(series_of(dataset), dataset.targets, strict=True):
        steps = [*window[:, 0], *target[::2]]
        assert steps == list(range(int(steps[0]), int(steps[0]) + 8))
    assert dataset.origins is not None
    assert set(range(5, STEPS - 2)) - set(dataset.origins.tolist()) == {*range(98, 108), *range(198, 206)}
    (warning,) = dataset.warnings
    assert "2 gaps in time, the largest of 3 missing steps between 2016-07-05 03:00 and 2016-07-05 07:00" in warning
    assert "the 14 windows" in warning


def test_missing_values_are_reported_and_not_touched() -> None:
    columns = wide()
    for row in (50, 51, 120):
        columns["x"][row] = None
    columns["y"][70] = float("nan")
    columns["x"][71] = "1e39"
    dataset = made(columns, time="date", target=("y",), window=5, horizon=3)
    assert np.isfinite(np.stack(list(dataset.sequences))).all()
    assert np.isfinite(dataset.targets).all()
    assert dataset.origins is not None
    lost = set(range(5, STEPS - 2)) - set(dataset.origins.tolist())
    # x is read and not predicted: 50, 51, 71 and 120 spoil the windows that read them; y at 70 also those that predict it.
    assert lost == {*range(51, 57), *range(68, 77), *range(121, 126)}
    (warning,) = dataset.warnings
    assert "5 values are missing or not finite (x 4, y 1), in gaps of up to 2 steps" in warning
    assert f"the {len(lost)} windows" in warning


def test_what_never_changes_is_reported() -> None:
    (warning,) = made(wide(y=[3] * STEPS), time="date", window=5, horizon=3).warnings
    assert warning == "What is to be predicted never changes in y."


def parts(train: int, validation: int) -> list[str]:
    return ["train"] * train + ["validation"] * validation + ["Test"] * (STEPS - train - validation)


def test_own_parts_hold_all_the_steps_predicted() -> None:
    dataset = made(wide(part=parts(150, 40)), time="date", split="part", window=5, horizon=3)
    assert dataset.channels == ("x", "y")
    assert dataset.origins is not None
    assert dataset.fixed_test is not None
    assert dataset.fixed_validation is not None
    assert dataset.origins[dataset.fixed_test].tolist() == list(range(190, STEPS - 2))
    assert dataset.origins[dataset.fixed_validation].tolist() == list(range(150, 188))
    assert dataset.origins[~dataset.fixed_test & ~dataset.fixed_validation].tolist() == list(range(5, 148))
    assert any("143 of train, 38 of validation, 48 of test; 4 whose" in sentence for sentence in dataset.inferred)
    without = made(wide(part=parts(190, 0)), time="date", split="part", window=5, horizon=3)
    assert without.fixed_validation is None


@pytest.mark.parametrize(
    ("columns", "reading", "expected"),
    [
        (wide(), {"time": "data"}, ["no column 'data'", "date, x, y, note", "Did you mean 'date'?"]),
        (wide(), {"time": "date", "target": ("z",)}, ["no column 'z'"]),
        (wide(), {"time": "date", "channels": ("x", "z")}, ["no column 'z'"]),
        (wide(), {"time": "date", "id": "z"}, ["no column 'z'"]),
        (wide(), {"time": "date", "target": ("note",)}, ["row 1 of the column 'note' holds 'fine'", "not a number"]),
        (wide(), {"time": "date", "channels": ("x", "x")}, ["--channels names a column twice"]),
        (wide(), {"time": "date", "target": ("date",)}, ["'date' is named as time and as a value"]),
        (wide(x=["1"] * 99 + ["much"] * 141), {"channels": ("x",)}, ["row 100 of the column 'x' holds 'much'"]),
        ({"date": wide()["date"], "note": ["a"] * STEPS}, {"time": "date"}, ["no column of numbers", "date, note", "--channels"]),
        ({"x": []}, {"channels": ("x",)}, ["the table is empty"]),
        (
            wide(date=["2016-07-01"] * 2 + wide()["date"][2:]),
            {"time": "date"},
            ["more than once", "2016-07-01", "add up or average", "--id"],
        ),
        (
            {"id": ["a", "b", "b"] * 20, "t": [*range(20)] * 3, "x": range(60)} | {"t": [0] * 60},
            {"time": "t", "id": "id"},
            ["58 times come more than once", "is 0 of the series 'a'"],
        ),
        ({"t": [1, 2, 4, 8, 16, 32, 64, 128], "x": range(8)}, {"time": "t"}, ["'t' are irregular", "leave out --time"]),
        (
            wide(date=["now", *wide()["date"][1:]]),
            {"time": "date"},
            ["row 1 of the column 'date' is 'now'", "no time as the others are, %Y-%m-%d %H:%M:%S"],
        ),
        (wide(), {"time": "date", "horizon": 300}, ["longest series has 240 steps", "a horizon of 300 need", "--horizon"]),
        (wide(), {"time": "date", "window": 239, "horizon": 2}, ["a window of 239 and a horizon of 2 need 241"]),
        (wide(), {"time": "date", "window": 200, "horizon": 20}, ["21 windows of 200 steps with 20", "at least 30"]),
        (wide(x=[None, "1", "2", "3", "4", "5"] * 40), {"window": 5, "horizon": 1}, ["235 of 235 windows", "over half", "Fill"]),
        ({"id": ["a"] * 99 + [None], "x": range(100)}, {"id": "id"}, ["row 100 of the column 'id' names no series"]),
        ({"id": [[1]] * 100, "x": range(100)}, {"id": "id"}, ["'id' names no series"]),
        (wide(part=["train"] * STEPS), {"split": "part"}, ["steps in the test part of the column 'part'", "shorter --horizon"]),
        (wide(part=["test"] * 150 + ["train"] * 90), {"split": "part"}, ["not in the order of time", "train part come after"]),
        (wide(part=["first"] * STEPS), {"split": "part"}, ["row 1", "'part'", "'first'", "train"]),
    ],
)
def test_tables_that_do_not_do(columns: dict[str, Any], reading: dict[str, Any], expected: list[str]) -> None:
    with pytest.raises(DataError) as caught:
        made(columns, **reading)
    for words in expected:
        assert words in str(caught.value)


@pytest.mark.parametrize(
    ("reading", "expected"),
    [
        ({"horizon": 0}, "--horizon 0 is too small; give at least 1"),
        ({"window": -1}, "--window -1 is too small"),
        ({"season": 0}, "--season 0 is too small"),
        ({"text": "note"}, "--text does not apply to a forecast"),
        ({"group": "note"}, "--group does not apply to a forecast"),
        ({"weights": "x"}, "--weights does not apply to a forecast"),
    ],
)
def test_options_that_do_not_do(reading: dict[str, Any], expected: str) -> None:
    with pytest.raises(OptionError, match=expected):
        made(wide(), time="date", **reading)


def test_irregular_times_are_read_where_they_are_not_named() -> None:
    columns = {"t": np.cumsum(np.random.default_rng(0).random(200)), "x": np.arange(200)}
    with pytest.raises(DataError, match="irregular"):
        made(columns, time="t")
    assert len(made(columns, channels=("x",), window=5, horizon=3)) == 193


def test_what_a_forecast_is_made_from() -> None:
    series = forecast_inputs(wide(), Reading(time="date"), ("y", "x")).sequences
    assert len(series) == 1
    assert series[0][-1].tolist() == [1000 - STEPS + 1, STEPS - 1]
    several = forecast_inputs(long(), Reading(time="date", id="name"), ("value",)).sequences
    assert sorted(values[0, 0] for values in several) == [0, 1000]
    assert [len(values) for values in several] == [STEPS, STEPS]


def naive_scale(dataset: Dataset, rows: list[int], season: int) -> list[float]:
    """Every pair of steps one season apart that one training window and its targets hold, each pair once."""
    forecast, windows = dataset.forecast, dataset.sequences
    assert forecast is not None
    assert isinstance(windows, Windows)
    seen = set()
    for start in windows.starts[rows].tolist():
        seen |= set(range(start, start + forecast.window + forecast.horizon))
    pairs = [(step, step + season) for step in seen if all(step + more in seen for more in range(season + 1))]
    values = windows.values[:, forecast.targets].astype(float)
    return [float(np.mean([abs(values[one, c] - values[two, c]) for one, two in pairs])) for c in range(len(forecast.targets))]


@pytest.mark.parametrize("season", [1, 3, 24])
def test_seasonal_scale_equals_a_naive_version(season: int) -> None:
    values = np.random.default_rng(0).normal(size=(STEPS, 2)).cumsum(0)
    dataset = made({"x": values[:, 0], "y": values[:, 1]}, window=20, horizon=5, season=season)
    for rows in ([*range(60)], [*range(30), *range(90, 100)], [3, 90]):
        expected = naive_scale(dataset, rows, season)
        np.testing.assert_allclose(seasonal_scale(dataset, np.array(rows)), [expected * 5], rtol=1e-6)


def test_seasonal_scale_is_never_zero_and_never_of_later_steps() -> None:
    flat = made({"x": [1.0] * 100 + [2.0, 5.0] * 50}, window=8, horizon=2, season=2)
    assert seasonal_scale(flat, np.arange(50)).tolist() == [[1.0, 1.0]]
    steps = made({"x": [float(step) for step in range(100)]}, window=4, horizon=2, season=50)
    assert seasonal_scale(steps, np.array([3])).tolist() == [[1.0, 1.0]], "no training stretch holds a season: one step"
    assert seasonal_scale(steps, np.arange(60)).tolist() == [[50.0, 50.0]]


def test_every_series_and_channel_is_scaled_by_its_own_differences() -> None:
    """MASE is a mean of ratios: a series of thousands says nothing about the scale of one of units (Hyndman & Koehler 2006)."""
    steps = np.arange(60.0)
    columns = {
        "name": ["large"] * 60 + ["small"] * 60 + ["flat"] * 60,
        "when": np.tile(steps, 3),
        "x": np.concatenate([1000 * steps, steps, np.full(60, 7.0)]),
        "y": np.concatenate([-2 * steps, 4 * steps, 8 * steps]),
    }
    dataset = made(columns, id="name", time="when", window=4, horizon=2, season=3)
    every = np.arange(len(dataset))
    assert seasonal_scale(dataset, every).tolist() == [[3000.0, 6.0] * 2, [3.0, 12.0] * 2, [1501.5, 24.0] * 2]
    truth = truth_of(dataset, every, every)
    off = np.asarray(truth.targets) + np.array([3000.0, 0.0, 0.0, 0.0], dtype=np.float32)
    value, rows = score_rows("mase", off.astype(np.float32), truth)
    each = len(dataset) // 3
    assert rows[[0, each, 2 * each]].tolist() == pytest.approx([0.25, 250.0, 3000 / 1501.5 / 4])
    assert value == pytest.approx(rows.mean())


def test_a_series_that_nothing_was_learned_from_has_the_scale_of_the_others() -> None:
    columns = {"name": ["a"] * 60 + ["b"] * 60, "when": [*range(60)] * 2, "x": [*range(60), *range(0, 600, 10)]}
    dataset = made(columns, id="name", time="when", window=4, horizon=2, season=1)
    seasonal = truth_of(dataset, np.arange(len(dataset)), np.arange(len(dataset))).seasonal
    assert seasonal is not None
    learned = np.flatnonzero(seasonal[:, 0] == 1.0)
    assert seasonal_scale(dataset, learned).tolist() == [[1.0, 1.0], [1.0, 1.0]]


def test_the_deviation_is_of_training_steps_each_once() -> None:
    values = np.random.default_rng(0).normal(size=(STEPS, 3))
    values[50] = np.nan
    columns = {"x": values[:, 0], "y": values[:, 1], "flat": [2.0] * STEPS}
    dataset = made(columns, target=("y", "flat"), window=6, horizon=2)
    assert isinstance(dataset.sequences, Windows)
    rows = np.array([0, 1, 30, 43, 100])
    starts = dataset.sequences.starts[rows]
    seen = sorted({step for start in starts.tolist() for step in range(start, start + 8)})
    np.testing.assert_allclose(training_deviation(dataset, rows), [values[seen, 1].std(), 1.0] * 2, rtol=1e-6)


def test_a_million_steps_are_read_split_and_encoded_in_bounded_memory() -> None:
    """12 bytes a value and 120 a window, as `forecast_dataset` promises."""
    steps, channels = 1_000_000, 4
    columns: dict[str, Any] = {f"c{number}": np.arange(steps, dtype=np.float32) % 97 for number in range(channels)}
    columns["when"] = np.arange(steps).astype("datetime64[m]").astype("datetime64[us]")
    tracemalloc.start()
    dataset = made(columns, time="when", target=("c0",), window=168, horizon=24, season=24)
    prepared = prepare(dataset)
    split = make_time_split(dataset, 0, 0)
    encoder = fit_encoder(prepared, split.train)
    parts = [encoder.encode_rows(prepared, rows) for rows in (split.train, split.validation, split.test)]
    scale = seasonal_scale(dataset, split.train)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert [len(part) for part in parts] == [len(split.train), len(split.validation), len(split.test)]
    assert scale.shape == (1, 24)
    assert peak < 12 * steps * channels + 120 * steps


def test_etth1_through_a_file(shared_data: Path) -> None:
    from gatewise.data.sources import open_source

    path = shared_data / "forecasting" / "ETTh1.csv"
    dataset = open_source(path, task="forecast", time="date", window=168, horizon=24)
    assert len(dataset) == 17_420 - 168 - 24 + 1
    assert dataset.channels == ("HUFL", "HULL", "MUFL", "MULL", "LUFL", "LULL", "OT")
    assert dataset.forecast is not None
    assert (dataset.forecast.season, dataset.forecast.step_seconds) == (24, 3600.0)
    assert dataset.warnings == ()
    alone = open_source(path, task="forecast", time="date", target="OT", window=168, horizon=24)
    np.testing.assert_array_equal(alone.targets, dataset.targets[:, 6::7])
