"""The validation part of an estimator: a fair sample, never the only rows of a class, and in a forecast the last in time."""

import numpy as np
import pytest
from numpy.typing import NDArray

from gatewise.data.forecast.dataset import forecast_dataset
from gatewise.estimators.parts import stratified_parts, time_parts
from gatewise.records import Dataset, Reading


def labelled(targets: NDArray[np.int64]) -> Dataset:
    rows = len(targets)
    classes = tuple(map(str, np.unique(targets)))
    return Dataset("", "text", ("a",) * rows, targets, classes, np.arange(rows))


def numbered(targets: NDArray[np.float32]) -> Dataset:
    rows = len(targets)
    return Dataset("", "text", ("a",) * rows, targets[:, np.newaxis], (), np.arange(rows), task="regression", outputs=("y",))


@pytest.mark.parametrize("seed", range(5))
def test_classes_are_in_proportion(seed: int) -> None:
    targets = np.repeat([0, 1, 2], [700, 200, 100])
    train, held = stratified_parts(labelled(targets), 0.1, seed)
    assert np.array_equal(np.sort(np.concatenate([train, held])), np.arange(1000))
    assert np.bincount(targets[held]) == pytest.approx([70, 20, 10], abs=1)


def test_another_seed_draws_other_rows() -> None:
    data = labelled(np.arange(200) % 2)
    first, second, again = (stratified_parts(data, 0.1, seed)[1] for seed in (0, 1, 0))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, second)


@pytest.mark.parametrize("seed", range(20))
def test_a_class_keeps_a_training_row(seed: int) -> None:
    targets = np.append(np.repeat([0, 1], 20), [2, 3])
    train, held = stratified_parts(labelled(targets), 0.45, seed)
    assert np.unique(targets[train]).tolist() == [0, 1, 2, 3]
    assert len(held) >= 15


@pytest.mark.parametrize("seed", range(5))
def test_numbers_are_drawn_along_their_values(seed: int) -> None:
    targets = np.random.default_rng(seed).permutation(1000).astype(np.float32)
    _, held = stratified_parts(numbered(targets), 0.1, seed)
    tenths = np.bincount((targets[held] // 100).astype(int), minlength=10)
    assert tenths.min() >= 9
    assert tenths.max() <= 11


@pytest.mark.parametrize(("rows", "fraction"), [(10, 0.1), (100, 0.0), (3, 0.5)])
def test_too_few_rows_train_and_stop(rows: int, fraction: float) -> None:
    train, held = stratified_parts(labelled(np.arange(rows) % 2), fraction, 0)
    assert train.tolist() == held.tolist() == list(range(rows))


def test_a_forecast_is_cut_in_time() -> None:
    data = forecast_dataset("", {"a": np.arange(100.0).tolist()}, Reading(task="forecast", window=10, horizon=5, season=1))
    assert data.origins is not None
    train, held = time_parts(data, 0.2)
    assert len(held) == int(0.2 * len(data))
    assert data.origins[train].max() + 5 <= data.origins[held].min()
    assert time_parts(data, 0.0)[0].tolist() == list(range(len(data)))
