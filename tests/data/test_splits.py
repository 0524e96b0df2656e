"""Splits cover the data, keep repeats together, keep the classes' shares, and depend on the seed alone."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from gatewise.data.dataset.splits import folds_of, make_split
from gatewise.data.sources import open_source
from gatewise.errors import DataError
from gatewise.records import Dataset, Split


def numbers(rows: int, groups: list[int] | None = None) -> Dataset:
    """A regression with targets that lie far apart."""
    dataset = made([0] * rows, list(range(rows)) if groups is None else groups)
    targets = np.random.default_rng(0).standard_cauchy((rows, 1)).astype(np.float32)
    return replace(dataset, task="regression", classes=(), outputs=("y",), targets=targets)


def made(targets: list[int], groups: list[int], fixed_test: list[bool] | None = None) -> Dataset:
    return Dataset(
        name="made",
        kind="text",
        sequences=tuple(f"text {group}" for group in groups),
        targets=np.array(targets, dtype=np.int64),
        classes=tuple(map(str, range(max(targets) + 1))),
        groups=np.array(groups, dtype=np.int64),
        fixed_test=None if fixed_test is None else np.array(fixed_test),
    )


@st.composite
def datasets(draw: st.DrawFn, *, fixed: bool = False) -> Dataset:
    """30 to 700 rows of 2 to 5 uneven classes, in groups of different sizes in any order."""
    rows = draw(st.integers(30, 700))
    generator = np.random.default_rng(draw(st.integers(0, 2**32)))
    classes = draw(st.integers(2, 5))
    targets = np.sort(generator.choice(classes, rows, p=generator.dirichlet(np.full(classes, 3.0))))
    targets[:2] = 0, 1
    groups = generator.permutation(rows) if draw(st.booleans()) else generator.integers(rows // 2, size=rows)
    test = None
    if fixed:
        test = generator.random(rows) < 0.4
        test[:20], test[-1] = False, True
    return made(targets.tolist(), groups.tolist(), None if test is None else test.tolist())


def split_or_reject(dataset: Dataset, number: int, seed: int) -> Split:
    """Data too uneven to be split are tested apart; were they common, hypothesis would complain of the rejected examples."""
    try:
        return make_split(dataset, number, seed)
    except DataError:
        return reject()


@settings(max_examples=60, deadline=None)
@given(datasets(), st.integers(0, 25), st.integers(0, 1000))
def test_own_splits(dataset: Dataset, number: int, seed: int) -> None:
    split = split_or_reject(dataset, number, seed)
    parts = (split.train, split.validation, split.test)
    assert np.array_equal(np.sort(np.concatenate(parts)), np.arange(len(dataset)))
    for one, other in ((0, 1), (0, 2), (1, 2)):
        assert not np.intersect1d(dataset.groups[parts[one]], dataset.groups[parts[other]]).size
    again = make_split(dataset, number, seed)
    assert np.array_equal(split.train, again.train)
    assert np.array_equal(split.validation, again.validation)


@settings(max_examples=40, deadline=None)
@given(datasets(fixed=True), st.integers(0, 25), st.integers(0, 1000))
def test_splits_with_a_fixed_test_part(dataset: Dataset, number: int, seed: int) -> None:
    assert dataset.fixed_test is not None
    split = split_or_reject(dataset, number, seed)
    assert np.array_equal(split.test, np.flatnonzero(dataset.fixed_test))
    assert np.array_equal(np.sort(np.concatenate([split.train, split.validation])), np.flatnonzero(~dataset.fixed_test))
    assert not np.intersect1d(dataset.groups[split.train], dataset.groups[split.validation]).size


@pytest.mark.parametrize(("rows", "folds"), [(499, 5), (500, 10)])
def test_every_row_is_tested_once_a_repetition(rows: int, folds: int) -> None:
    dataset = made([row % 3 for row in range(rows)], list(range(rows)))
    assert folds_of(dataset) == folds
    for repetition in (0, 1):
        splits = [make_split(dataset, repetition * folds + turn, 7) for turn in range(folds)]
        assert np.array_equal(np.sort(np.concatenate([split.test for split in splits])), np.arange(rows))
        for split, following in zip(splits, splits[1:] + splits[:1], strict=True):
            assert np.array_equal(split.validation, following.test)
    assert not np.array_equal(make_split(dataset, 0, 7).test, make_split(dataset, folds, 7).test)
    assert not np.array_equal(make_split(dataset, 0, 7).test, make_split(dataset, 0, 8).test)


def test_classes_keep_their_shares_within_one_group() -> None:
    targets = [0] * 303 + [1] * 187 + [2] * 13 + [3] * 7
    dataset = made(targets, list(range(len(targets))))
    for turn in range(10):
        split = make_split(dataset, turn, 3)
        counts = np.bincount(dataset.targets[split.test], minlength=4)
        for count, total in zip(counts, (303, 187, 13, 7), strict=True):
            assert abs(count - total / 10) < 1
        assert len(split.test) == 51


def test_fixed_test_folds_count_the_pool_alone() -> None:
    rows = 600
    dataset = made([row % 2 for row in range(rows)], list(range(rows)), [row >= 400 for row in range(rows)])
    assert folds_of(dataset) == 5
    validations = [make_split(dataset, turn, 0).validation for turn in range(5)]
    assert np.array_equal(np.sort(np.concatenate(validations)), np.arange(400))


@pytest.mark.parametrize("rows", [60, 503])
def test_folds_of_a_regression_cover_the_range_of_the_target(rows: int) -> None:
    dataset = numbers(rows)
    folds = folds_of(dataset)
    rank = np.argsort(np.argsort(dataset.targets[:, 0]))
    for repetition in (0, 1):
        splits = [make_split(dataset, repetition * folds + turn, 5) for turn in range(folds)]
        assert np.array_equal(np.sort(np.concatenate([split.test for split in splits])), np.arange(rows))
        for split in splits:
            counts = np.bincount(rank[split.test] // folds, minlength=rows // folds)
            assert (counts[: rows // folds] == 1).all(), "one row of every k neighbours"
            assert not np.intersect1d(split.train, np.union1d(split.validation, split.test)).size
    assert not np.array_equal(make_split(dataset, 0, 5).test, make_split(dataset, folds, 5).test)
    assert np.array_equal(make_split(dataset, 0, 5).test, make_split(dataset, 0, 5).test)


def test_groups_of_a_regression_stay_together() -> None:
    groups = np.random.default_rng(1).integers(0, 30, 200)
    dataset = numbers(200, groups.tolist())
    for number in range(7):
        split = make_split(dataset, number, 0)
        assert not np.intersect1d(groups[split.train], groups[np.union1d(split.validation, split.test)]).size
        assert not np.intersect1d(groups[split.validation], groups[split.test]).size


def test_there_are_no_more_folds_than_groups() -> None:
    assert folds_of(made([row % 2 for row in range(600)], [row % 7 for row in range(600)])) == 7
    assert folds_of(made([row % 2 for row in range(600)], [row % 2 for row in range(600)])) == 3


def test_parts_of_the_source_are_kept() -> None:
    part = np.arange(60) // 20
    dataset = replace(made([row % 2 for row in range(60)], list(range(60))), fixed_test=part == 2, fixed_validation=part == 1)
    assert folds_of(dataset) == 1
    for number, seed in ((0, 0), (9, 3)):
        split = make_split(dataset, number, seed)
        assert [rows.tolist() for rows in (split.train, split.validation, split.test)] == [
            list(range(20)),
            list(range(20, 40)),
            list(range(40, 60)),
        ]
    with pytest.raises(DataError, match="no training rows"):
        make_split(replace(dataset, fixed_validation=part < 2), 0, 0)


@pytest.mark.parametrize(
    ("dataset", "expected"),
    [
        (made([row % 2 for row in range(40)], [row % 2 for row in range(40)]), "hold 2 different sequences"),
        (made([0] * 30 + [1] * 10, [*range(30), *[99] * 10]), "one class only"),
        (made([0, 1] * 20, list(range(40)), [False] * 40), "no test rows"),
    ],
    ids=["all repeats", "a class in one group", "no test part"],
)
def test_data_that_cannot_be_split(dataset: Dataset, expected: str) -> None:
    with pytest.raises(DataError, match=expected):
        for turn in range(folds_of(dataset)):
            make_split(dataset, turn, 0)


def test_repeats_of_real_reviews_stay_together(shared_data: Path) -> None:
    from pyarrow import parquet

    path = shared_data / "amazon_multidomain" / "amazon_multidomain.parquet"
    dataset = open_source(path)
    published = np.array(parquet.read_table(path, columns=["dup_group"])["dup_group"].to_pylist())
    assert len(np.unique(dataset.groups)) == len(np.unique(published))
    assert len(np.unique(np.stack([dataset.groups, published]), axis=1).T) == len(np.unique(published)), (
        "the same rows are repeats"
    )
    for seed in (0, 1, 2):
        for number in (0, 4, 9, 10, 23):
            split = make_split(dataset, number, seed)
            sides = np.zeros(len(dataset), dtype=np.int64)
            sides[split.validation], sides[split.test] = 1, 2
            assert len(np.unique(np.stack([published, sides]), axis=1).T) == len(np.unique(published))
