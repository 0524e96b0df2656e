"""What the statistics are told of how rows and splits depend on each other."""

import numpy as np
import pytest

from gatewise.data.dataset.splits import make_split
from gatewise.records import Dataset, Dependence, Forecast
from gatewise.runtime.scoring import unpack_rows
from gatewise.study.dependence import dependence_of


def classes(groups: list[int], *, test: int = 0) -> Dataset:
    rows = len(groups)
    fixed = None if not test else np.arange(rows) >= rows - test
    sequences = [np.full((3, 1), row, dtype=np.float32) for row in range(rows)]
    targets = np.arange(rows) % 2
    return Dataset("made", "series", sequences, targets, ("a", "b"), np.array(groups), fixed)


def found(dataset: Dataset) -> Dependence:
    return dependence_of(dataset, make_split(dataset, 0, 0))


def test_rows_of_their_own_depend_on_nothing() -> None:
    assert found(classes(list(range(60)))) == Dependence()
    assert found(classes(list(range(60)), test=20)) == Dependence()


def test_a_fixed_test_part_is_made_of_its_groups() -> None:
    dataset = classes([*range(40), *([50] * 5), *([51] * 5), *range(60, 70)], test=20)
    dependence = found(dataset)
    blocks = unpack_rows(dependence.blocks, 20)
    assert blocks.tolist() == [0.0] * 5 + [1.0] * 5 + [*range(2, 12)]
    assert not dependence.in_time


@pytest.mark.parametrize(("sizes", "groups"), [([10] * 6, 6), ([5, 5, 5, 5, 5, 60], 2)])
def test_splits_are_dealt_from_as_many_groups_as_count(sizes: list[int], groups: int) -> None:
    assert found(classes(np.repeat(np.arange(6), sizes).tolist())) == Dependence(groups=groups)


def test_windows_follow_each_other_whatever_their_series() -> None:
    forecast = Forecast(window=4, horizon=2, season=1, targets=(0,))
    origins = np.tile(np.arange(4, 44), 2)
    sequences = [np.zeros((4, 1), dtype=np.float32) for _ in origins]
    targets = np.zeros((80, 2), dtype=np.float32)
    windows = {"task": "forecast", "forecast": forecast, "origins": origins}
    whole = Dataset("made", "series", sequences, targets, (), np.arange(80), origins >= 30, **windows)  # type: ignore[arg-type]
    dependence = found(whole)
    assert dependence.in_time
    assert sorted(unpack_rows(dependence.blocks, 28).tolist()) == sorted([*range(14), *range(14)])
