"""Splits, groups and weights that a table names."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from gatewise.data.dataset.repeats import join_groups
from gatewise.data.dataset.splits import folds_of, make_split
from gatewise.data.sources import open_source
from gatewise.errors import DataError

SPLIT = ["train", "TRAIN", " Training ", "val", "dev", "Validation", "valid", "test", "Testing", "train"] * 6


@pytest.fixture
def columns(reviews: dict[str, list[str]]) -> dict[str, list[Any]]:
    return {**reviews, "part": SPLIT, "who": [f"s{row % 5}" for row in range(60)], "w": [row % 3 for row in range(60)]}


def test_the_split_column_is_kept_in_every_replicate(columns: dict[str, list[Any]]) -> None:
    dataset = open_source(pa.table(columns), split="part")
    assert dataset.fixed_test is not None
    assert dataset.fixed_validation is not None
    assert np.flatnonzero(dataset.fixed_test)[:3].tolist() == [7, 8, 17]
    assert np.flatnonzero(dataset.fixed_validation)[:5].tolist() == [3, 4, 5, 6, 13]
    assert folds_of(dataset) == 1
    first, other = make_split(dataset, 0, 1), make_split(dataset, 7, 2)
    for part in ("train", "validation", "test"):
        np.testing.assert_array_equal(getattr(first, part), getattr(other, part))
    assert len(first.train) == 24


def test_without_a_validation_part_it_is_dealt(columns: dict[str, list[Any]]) -> None:
    columns["part"] = ["train", "test"] * 30
    columns["label"] = ["a", "a", "b", "b"] * 15
    dataset = open_source(pa.table(columns), split="part")
    assert dataset.fixed_validation is None
    assert folds_of(dataset) == 5
    validations = [make_split(dataset, number, 0).validation for number in range(5)]
    np.testing.assert_array_equal(np.sort(np.concatenate(validations)), np.arange(0, 60, 2))


def test_rows_of_one_group_are_never_on_two_sides(columns: dict[str, list[Any]]) -> None:
    columns["text"][7] = columns["text"][8]
    dataset = open_source(pa.table(columns), group="who")
    assert dataset.groups[:10].tolist() == [0, 1, 2, 2, 3, 0, 1, 2, 2, 3], "a repeated text joins two speakers"
    assert "Rows of one value of the column 'who' stay on one side of every split: 5 groups." in dataset.inferred
    assert folds_of(dataset) == 4
    tested = []
    for number in range(8):
        split = make_split(dataset, number, 0)
        sides = [set(dataset.groups[rows]) for rows in (split.train, split.validation, split.test)]
        assert not sides[0] & sides[1]
        assert not sides[0] & sides[2]
        assert not sides[1] & sides[2]
        assert sorted(np.concatenate([split.train, split.validation, split.test])) == list(range(60))
        tested.append(sides[2])
    assert set().union(*tested[:4]) == {0, 1, 2, 3}


def test_groups_are_joined_by_chains() -> None:
    one = np.array([0, 0, 1, 1, 2, 3])
    other = np.array([0, 1, 1, 2, 3, 3])
    assert join_groups(one, other).tolist() == [0, 0, 0, 0, 1, 1]
    assert join_groups(np.arange(4), np.arange(4)).tolist() == [0, 1, 2, 3]
    assert join_groups(np.arange(0), np.arange(0)).tolist() == []


def test_weights_are_kept(columns: dict[str, list[Any]]) -> None:
    dataset = open_source(pa.table(columns), weights="w")
    assert dataset.weights is not None
    assert dataset.weights.dtype == np.float64
    assert dataset.weights.tolist() == [row % 3 for row in range(60)]
    assert open_source(pa.table(columns)).weights is None


def test_dropped_rows_take_their_parts_with_them(columns: dict[str, list[Any]]) -> None:
    columns["label"][0] = columns["text"][3] = None
    dataset = open_source(pa.table(columns), split="part", weights="w")
    assert len(dataset) == 58
    assert dataset.fixed_test is not None
    assert dataset.fixed_validation is not None
    assert np.flatnonzero(dataset.fixed_test)[0] == 5
    assert np.flatnonzero(dataset.fixed_validation)[0] == 2
    assert dataset.weights is not None
    assert dataset.weights[:3].tolist() == [1, 2, 1]


def test_repeats_across_the_tables_own_split_are_warned_about(columns: dict[str, list[Any]]) -> None:
    columns["text"][7] = columns["text"][0]
    assert any("1 test row repeats a training row" in text for text in open_source(pa.table(columns), split="part").warnings)


def test_a_split_column_that_is_not_named_is_mentioned(columns: dict[str, list[Any]]) -> None:
    columns["Split"] = columns.pop("part")
    assert any("--split-column split keeps it" in sentence for sentence in open_source(pa.table(columns)).inferred)
    assert not any("is not used" in sentence for sentence in open_source(pa.table(columns), split="Split").inferred)


BAD: dict[str, tuple[dict[str, list[Any]], dict[str, Any], str]] = {
    "one group": ({"who": ["s"] * 60}, {"group": "who"}, r"the column 'who' holds one group only \('s'\)"),
    "missing group": ({"who": ["a", "b", None] * 20}, {"group": "who"}, "row 3 has no group in the column 'who'"),
    "blank group": ({"who": ["a", "b", " "] * 20}, {"group": "who"}, "row 3 has no group"),
    "lists as groups": (
        {"who": [[1], [2]] * 30},
        {"group": "who"},
        "the column 'who' holds cells that are neither texts nor numbers",
    ),
    "group on two sides": (
        {"who": ["a", "b", "c"] * 20},
        {"group": "who", "split": "part"},
        "the group 'a' of the column 'who' is in both the train and the validation part",
    ),
    "split without test": (
        {"part": ["train", "val"] * 30},
        {"split": "part"},
        r"no test rows; it has: train \(30\), validation \(30\)",
    ),
    "split without train": ({"part": ["test"] * 60}, {"split": "part"}, r"no training rows; it has: test \(60\)"),
    "another word": ({"part": ["train", "tset"] * 30}, {"split": "part"}, "row 2 of the split column 'part' holds 'tset'"),
    "no part": ({"part": ["train", "test", None] * 20}, {"split": "part"}, "row 3 of the split column 'part' is empty"),
    "negative weight": ({"w": [1.0, -0.5] * 30}, {"weights": "w"}, "row 2 has the weight -0.5 in the column 'w'"),
    "infinite weight": ({"w": [1.0, float("inf")] * 30}, {"weights": "w"}, "row 2 has the weight inf"),
    "missing weight": ({"w": [1.0, None] * 30}, {"weights": "w"}, "row 2 has no weight in the column 'w'"),
    "word as weight": ({"w": ["1", "much"] * 30}, {"weights": "w"}, "row 2 of the column 'w' holds 'much'"),
    "weights of zero": ({"w": [0] * 60}, {"weights": "w"}, "holds weights of 0 only"),
}


@pytest.mark.parametrize(("changes", "options", "expected"), BAD.values(), ids=BAD)
def test_unfit(columns: dict[str, list[Any]], changes: dict[str, list[Any]], options: dict[str, Any], expected: str) -> None:
    with pytest.raises(DataError, match=expected):
        open_source(pa.table(columns | changes), **options)


def test_two_groups_are_too_few_for_three_parts(columns: dict[str, list[Any]]) -> None:
    columns["who"] = ["a", "b"] * 30
    columns["label"] = ["x", "x", "y", "y"] * 15
    dataset = open_source(pa.table(columns), group="who")
    with pytest.raises(DataError, match="hold 2 different sequences or groups"):
        for number in range(folds_of(dataset)):
            make_split(dataset, number, 0)


def test_speakers_of_real_recordings_stay_apart(shared_data: Path) -> None:
    """The index of spoken digits alone, with a number of its own in place of the sound."""
    from gatewise.data.formats.delimited import read_delimited
    from gatewise.data.formats.text_files import text_file

    index, _ = read_delimited(text_file(shared_data / "fsdd" / "index.csv"), tabs=False)
    table = pa.table({name: list(index[name]) for name in ("file", "digit", "speaker", "split")})
    dataset = open_source(table, text="file", target="digit", group="speaker")
    assert folds_of(dataset) == len(np.unique(dataset.groups)) == 6
    speakers = np.array(list(index["speaker"]))
    for number in range(6):
        split = make_split(dataset, number, 0)
        sides = [set(speakers[rows]) for rows in (split.train, split.validation, split.test)]
        assert [len(side) for side in sides] == [4, 1, 1]
        assert len(set.union(*sides)) == 6
    own = open_source(table, text="file", target="digit", split="split")
    assert own.fixed_test is not None
    assert own.fixed_test.sum() == 300
