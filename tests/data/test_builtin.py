"""Requests for built-in data: names, options, seeds, tasks, and what is refused."""

import numpy as np
import pytest

from gatewise.data.builtin.dataset import BUILTIN_NAMES, builtin_dataset
from gatewise.errors import DataError, OptionError
from gatewise.records import Dataset, Reading
from tests.arrays import series_of

GENERATED = [name for name in BUILTIN_NAMES if not name.startswith("digits")]


def same_sequences(first: Dataset, second: Dataset) -> bool:
    if first.kind == second.kind == "text":
        return list(first.sequences) == list(second.sequences)
    pairs = zip(series_of(first), series_of(second), strict=True)
    return len(first) == len(second) and all(np.array_equal(one, other) for one, other in pairs)


def test_digits() -> None:
    rows, pixels = builtin_dataset("digits", 0), builtin_dataset("digits-pixels", 0)
    assert (rows.name, len(rows), rows.classes) == ("digits", 1797, tuple("0123456789"))
    pictures, dots = series_of(rows), series_of(pixels)
    assert pictures[0].shape == (8, 8)
    assert dots[0].shape == (64, 1)
    np.testing.assert_array_equal(pictures[5].ravel(), dots[5].ravel())
    assert max(picture.max() for picture in pictures) == 1
    assert rows.targets[:10].tolist() == list(range(10))


@pytest.mark.parametrize("name", GENERATED)
def test_the_seed_decides(name: str) -> None:
    first, again, other = (builtin_dataset(name, seed) for seed in (1, 1, 2))
    assert first.name == name
    assert same_sequences(first, again)
    assert np.array_equal(first.targets, again.targets)
    assert not same_sequences(first, other)
    assert "seed 1" in first.inferred[0]


@pytest.mark.parametrize("name", [name for name in GENERATED if name not in ("seasonal", "chords")])
def test_defaults(name: str) -> None:
    dataset = builtin_dataset(name, 1)
    assert len(dataset) == 2000
    assert len(np.unique(dataset.groups)) > 1900, "hardly any sequence repeats"
    if dataset.task == "classification":
        assert np.bincount(dataset.targets).min() > 0.7 * 2000 / len(dataset.classes)


def test_new_names_go_to_the_end_because_the_place_is_part_of_the_seed() -> None:
    assert BUILTIN_NAMES[:6] == ("digits", "digits-pixels", "adding", "temporal-order", "parity", "counting")


@pytest.mark.parametrize(
    ("name", "task"),
    [("parity", "classification"), ("adding", "regression"), ("chords", "next_step"), ("seasonal", "forecast")],
)
def test_a_data_set_may_be_asked_for_with_its_own_task(name: str, task: str) -> None:
    asked = builtin_dataset(name, 0, Reading(task=task))  # type: ignore[arg-type]
    assert asked.task == task
    assert same_sequences(asked, builtin_dataset(name, 0))


def test_a_forecast_takes_its_horizons() -> None:
    dataset = builtin_dataset("seasonal?rows=600", 0, Reading(window=48, horizon=6, season=24))
    assert dataset.forecast is not None
    assert (dataset.forecast.window, dataset.forecast.horizon, dataset.forecast.season) == (48, 6, 24)
    assert dataset.targets.shape == (600 - 48 - 6 + 1, 6)


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        ("ading", "no built-in data set 'ading'; there are: digits, .*Did you mean 'adding'"),
        ("", "there are: digits"),
        ("adding?lenght=9", "no option 'lenght'; there are: length, rows.*Did you mean 'length'"),
        ("adding?length=long", "length is 'long'; expected a whole number of at least 10"),
        ("adding?length=9", "at least 10"),
        ("adding?classes=3", "classes is '3'; expected 2"),
        ("parity?rows=-40", "at least 30"),
        ("parity?rows=", "rows is ''"),
        ("recall?pairs=27", "pairs is '27'; expected a whole number from 2 to 26"),
        ("copy?length=9", "no option 'length'; there are: delay, rows"),
        ("dyck2?length=19", "at least 20"),
        ("seasonal?rows=499", "at least 500"),
        ("digits?rows=40", "takes no options"),
    ],
)
def test_bad_requests(request_: str, expected: str) -> None:
    with pytest.raises(DataError, match=expected):
        builtin_dataset(request_, 0)


@pytest.mark.parametrize(
    ("request_", "reading", "expected"),
    [
        ("parity", Reading(task="regression"), "is made for the task classification, and regression was asked for"),
        ("adding", Reading(task="classification"), r"Leave out the task or ask for builtin:adding\?classes=2"),
        ("adding?classes=2", Reading(task="regression"), "made for the task classification"),
        (
            "reviews",
            Reading(text="text", target=("label",)),
            "builtin:reviews has no columns .* --text and --target do not apply. Leave them out",
        ),
        ("chords", Reading(horizon=3), "task next_step, which takes no --horizon. Leave that out, or take builtin:seasonal"),
        ("digits", Reading(test="other.csv"), "--test does not apply"),
        ("seasonal", Reading(time="time", horizon=3), "--time does not apply"),
    ],
)
def test_bad_readings(request_: str, reading: Reading, expected: str) -> None:
    with pytest.raises(OptionError, match=expected):
        builtin_dataset(request_, 0, reading)
