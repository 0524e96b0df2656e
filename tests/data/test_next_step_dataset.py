"""Sequences of zeros and ones as data sets, and what is refused."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from gatewise.data.dataset.next_step import next_step_dataset
from gatewise.errors import DataError


def roll(rows: int = 4, keys: int = 3, seed: int = 0) -> list[NDArray[np.float32]]:
    generator = np.random.default_rng(seed)
    return [(generator.random((int(steps), keys)) < 0.4).astype(np.float32) for steps in generator.integers(2, 9, rows)]


def test_sequences_are_their_own_targets() -> None:
    sequences = roll()
    dataset = next_step_dataset("rolls", sequences, ("C4", "E4", "G4"))
    assert (dataset.name, dataset.kind, dataset.task) == ("rolls", "series", "next_step")
    assert dataset.targets.tolist() == [0, 0, 0, 0] and dataset.targets.dtype == np.int64
    assert dataset.classes == ()
    assert dataset.outputs == dataset.channels == ("C4", "E4", "G4")
    assert dataset.fixed_test is None and dataset.fixed_validation is None
    assert len(dataset) == 4
    for kept, given in zip(dataset.sequences, sequences, strict=True):
        np.testing.assert_array_equal(kept, given)
    assert any("3 channels" in sentence for sentence in dataset.inferred)
    assert dataset.warnings == ()


def test_keys_without_names_are_numbered() -> None:
    assert next_step_dataset("rolls", roll()).outputs == ("channel 1", "channel 2", "channel 3")


@pytest.mark.parametrize("dtype", [np.uint8, np.int64, np.float64, np.bool_])
def test_numbers_of_any_type_become_single_precision(dtype: type) -> None:
    dataset = next_step_dataset("rolls", [sequence.astype(dtype) for sequence in roll()])
    assert all(np.asarray(sequence).dtype == np.float32 for sequence in dataset.sequences)
    np.testing.assert_array_equal(dataset.sequences[0], roll()[0])


def test_the_sources_own_parts_are_kept() -> None:
    dataset = next_step_dataset("rolls", roll(5), parts=("train", "test", "validation", "train", "test"))
    assert dataset.fixed_test is not None and dataset.fixed_validation is not None
    assert dataset.fixed_test.tolist() == [False, True, False, False, True]
    assert dataset.fixed_validation.tolist() == [False, False, True, False, False]


def test_a_part_that_no_row_is_in_is_none() -> None:
    dataset = next_step_dataset("rolls", roll(3), parts=("train", "test", "train"))
    assert dataset.fixed_validation is None and dataset.fixed_test is not None
    assert next_step_dataset("rolls", roll(2), parts=("train", "train")).fixed_test is None


def test_repeats_form_a_group_and_are_told_where_the_test_part_repeats_the_training_part() -> None:
    first, second, third = roll(3)
    dataset = next_step_dataset("rolls", [first, second, first, third], parts=("train", "validation", "test", "test"))
    assert dataset.groups.tolist() == [0, 1, 0, 2]
    assert dataset.warnings == ("1 test row repeats a training row. The source's own split is kept, so test scores may flatter.",)
    apart = next_step_dataset("rolls", [first, second, second, third], parts=("train", "validation", "test", "test"))
    assert apart.warnings == ()


def test_rows_of_fewer_than_two_steps_are_left_out_with_their_part() -> None:
    first, second, third = roll(3)
    rows = [first[:1], first, second[:0], second, third]
    dataset = next_step_dataset("rolls", rows, parts=("test", "train", "train", "test", "validation"))
    assert [len(sequence) for sequence in dataset.sequences] == [len(first), len(second), len(third)]
    assert dataset.fixed_test is not None
    assert dataset.fixed_test.tolist() == [False, True, False]
    assert dataset.targets.shape == dataset.groups.shape == (3,)
    assert dataset.warnings == ("Left out for having fewer than two steps: 2 sequences.",)


@pytest.mark.parametrize("value", [0.5, 2.0, -1.0])
def test_a_value_that_is_neither_0_nor_1_is_refused_by_its_place(value: float) -> None:
    rows = [np.zeros((1, 3), np.float32), *roll(3)]
    rows[2][1, 2] = value
    with pytest.raises(DataError, match=rf"^row 3 holds {value:g} at step 2, channel 'G4'\. .*0 \(off\) and 1 \(on\) only"):
        next_step_dataset("rolls", rows, ("C4", "E4", "G4"))


def test_rows_are_called_as_the_source_calls_them() -> None:
    rows = roll(3)
    rows[1][0, 0] = 3
    with pytest.raises(DataError, match=r"^song 11 holds 3 at step 1, channel 'channel 1'"):
        next_step_dataset("rolls", rows, where=lambda row: f"song {row + 10}")


def test_missing_values_are_refused() -> None:
    rows = roll(3)
    rows[1][0, 0] = np.nan
    with pytest.raises(DataError, match="row 2, channel 1, step 1"):
        next_step_dataset("rolls", rows)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([], r"there is no sequence with two steps or more\. "),
        ([np.zeros((1, 2), np.float32)] * 3, r"none of the 3 sequences has two steps or more\. "),
        ([np.zeros((2, 2), np.float32), np.zeros((2, 3), np.float32)], "row 2 has 3 channels, row 1 has 2"),
        ([np.zeros((2, 0), np.float32)], "row 1 has no channels"),
    ],
)
def test_rows_that_hold_nothing_to_learn_or_do_not_fit(rows: list[NDArray[np.float32]], message: str) -> None:
    with pytest.raises(DataError, match=message):
        next_step_dataset("rolls", rows)


def test_names_and_parts_must_be_as_many_as_there_are() -> None:
    with pytest.raises(DataError, match="2 names came for 3 channels"):
        next_step_dataset("rolls", roll(), ("C4", "E4"))
    with pytest.raises(DataError, match="1 parts came for 4 sequences"):
        next_step_dataset("rolls", roll(), parts=("train",))
    with pytest.raises(DataError, match="row 2 is of the part 'dev'; expected one of train, validation, test"):
        next_step_dataset("rolls", roll(2), parts=("train", "dev"))


@pytest.mark.parametrize(("name", "rows"), [("JSB_Chorales", (229, 76, 77)), ("Nottingham", (694, 173, 170))])
def test_the_polyphonic_sets(shared_data: Path, name: str, rows: tuple[int, int, int]) -> None:
    sequences: list[NDArray[Any]] = []
    parts: list[str] = []
    with np.load(shared_data / "polyphonic_music" / f"{name}.npz", allow_pickle=False) as archive:
        for key, part in (("train", "train"), ("valid", "validation"), ("test", "test")):
            found = np.split(archive[f"{key}_values"], np.cumsum(archive[f"{key}_lengths"])[:-1])
            sequences += found
            parts += [part] * len(found)
    dataset = next_step_dataset(name, sequences, parts=parts)
    assert dataset.fixed_test is not None and dataset.fixed_validation is not None
    train = len(dataset) - dataset.fixed_test.sum() - dataset.fixed_validation.sum()
    assert (train, dataset.fixed_validation.sum(), dataset.fixed_test.sum()) == rows
    assert len(dataset.outputs) == 88
