"""Parts of a split come in the order of time, whatever the data."""

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from gatewise.data.dataset.time_splits import make_time_split, time_folds
from gatewise.data.forecast.dataset import forecast_dataset
from gatewise.errors import DataError
from gatewise.records import Dataset, Reading, Split


def made(steps: int, *, window: int = 8, horizon: int = 3, **more: Any) -> Dataset:
    columns = {"x": np.random.default_rng(0).normal(size=steps)} | more
    part = "part" if "part" in columns else None
    return forecast_dataset("made", columns, Reading(window=window, horizon=horizon, channels=("x",), split=part))


@st.composite
def datasets(draw: st.DrawFn) -> Dataset:
    """One to four series of 20 to 400 steps that begin at different times, some with gaps."""
    generator = np.random.default_rng(draw(st.integers(0, 2**32)))
    names, times = [], []
    for number in range(draw(st.integers(1, 4))):
        inside = np.arange(draw(st.integers(60, 400)))
        if draw(st.booleans()):
            gap = int(generator.integers(1, len(inside)))
            inside[gap:] += generator.integers(1, 500)
        times.append(inside + generator.integers(0, 300))
        names += [f"series {number}"] * len(inside)
    columns: dict[str, Any] = {"name": names, "time": np.concatenate(times), "x": generator.normal(size=len(names))}
    order = generator.permutation(len(names))
    columns = {name: [cells[row] for row in order] for name, cells in columns.items()}
    window, horizon = draw(st.integers(1, 20)), draw(st.integers(1, 12))
    try:
        return forecast_dataset("made", columns, Reading(id="name", time="time", window=window, horizon=horizon))
    except DataError:
        return reject()


def parts_of(dataset: Dataset, split: Split) -> list[tuple[int, int]]:
    """First and last predicted step of every part."""
    assert dataset.forecast is not None
    assert dataset.origins is not None
    found = [dataset.origins[rows] for rows in (split.train, split.validation, split.test)]
    return [(int(rows.min()), int(rows.max()) + dataset.forecast.horizon - 1) for rows in found]


@settings(max_examples=80, deadline=None)
@given(datasets(), st.integers(0, 25), st.integers(0, 1000))
def test_parts_come_in_the_order_of_time(dataset: Dataset, number: int, seed: int) -> None:
    try:
        split = make_time_split(dataset, number, seed)
    except DataError:
        reject()
    (_, train), (first, last), (begin, _) = parts_of(dataset, split)
    assert train < first <= last < begin, "no model sees a step that comes after one it is tested on"
    for rows in (split.train, split.validation, split.test):
        assert (np.diff(rows) > 0).all()
        assert rows[0] >= 0 and rows[-1] < len(dataset)
    again = make_time_split(dataset, number, seed + 1)
    assert all(np.array_equal(getattr(split, part), getattr(again, part)) for part in ("train", "validation", "test"))
    repeated = make_time_split(dataset, number + time_folds(dataset), seed)
    assert np.array_equal(split.test, repeated.test)


def test_origins_roll_over_the_later_half() -> None:
    dataset = made(1010, window=8, horizon=3)
    assert time_folds(dataset) == 10
    splits = [make_time_split(dataset, number, 0) for number in range(10)]
    edges = [parts_of(dataset, split) for split in splits]
    # 1,002 steps are predicted, from step 8 on: the later half begins at step 509 and ends with step 1009.
    assert edges[0][1][0] == 509
    assert edges[-1][2][1] == 1009
    for earlier, later in pairwise(edges):
        assert earlier[2] == later[1], "what one fold tests on, the next one validates on"
        assert earlier[1][1] == later[0][1], "what one fold validates on, the next one trains on"
        assert later[0][0] == 8
    lengths = {last - first for fold in edges for first, last in fold[1:]}
    assert lengths <= {44, 45}
    assert {len(split.test) for split in splits} <= {43, 44}, "windows that straddle two blocks are left out"


@pytest.mark.parametrize(("steps", "folds"), [(500, 10), (200, 5), (80, 3)])
def test_shorter_data_have_fewer_folds(steps: int, folds: int) -> None:
    assert time_folds(made(steps)) == folds


def test_a_year_of_months_out_of_twelve_will_do() -> None:
    dataset = made(144, window=36, horizon=12)
    assert time_folds(dataset) == 3
    for number in range(3):
        split = make_time_split(dataset, number, 0)
        assert len(split.train) >= 10
        assert min(len(split.validation), len(split.test)) >= 2


def test_data_too_short_for_the_horizon() -> None:
    with pytest.raises(DataError, match=r"too short to be split in time: .* of 30 steps leave 60 steps to predict, 20 at a time"):
        make_time_split(made(90, window=30, horizon=20), 0, 0)


PARTS = ["train"] * 120 + ["validation"] * 40 + ["test"] * 40


def test_own_parts_are_taken() -> None:
    dataset = made(200, part=PARTS)
    assert time_folds(dataset) == 1
    for number in (0, 3):
        split = make_time_split(dataset, number, 0)
        assert parts_of(dataset, split) == [(8, 119), (120, 159), (160, 199)]


@pytest.mark.parametrize(("test", "validation"), [(20, 20), (100, 18)])
def test_validation_is_the_last_stretch_before_an_own_test_part(test: int, validation: int) -> None:
    dataset = made(200, part=["train"] * (200 - test) + ["test"] * test)
    first = 200 - test
    assert parts_of(dataset, make_time_split(dataset, 0, 0)) == [
        (8, first - validation - 1),
        (first - validation, first - 1),
        (first, 199),
    ]


def test_a_part_that_would_be_empty() -> None:
    dataset = made(200, part=["train"] * 12 + ["test"] * 188)
    with pytest.raises(DataError, match="split 0 has no training windows"):
        make_time_split(dataset, 0, 0)


def test_a_million_windows_are_split_quickly() -> None:
    dataset = made(1_000_100, window=96, horizon=5)
    assert time_folds(dataset) == 10
    assert sum(len(make_time_split(dataset, 0, 0).test) for _ in range(3)) > 130_000
