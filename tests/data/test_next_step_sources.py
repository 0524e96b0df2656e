"""Next-step prediction reads what holds series of 0 and 1, whether it has labels or none."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from gatewise.data.dataset.splits import folds_of, make_split
from gatewise.data.sources import open_source
from gatewise.errors import DataError, OptionError

Rolls = list[np.ndarray]


@pytest.fixture
def rolls() -> Rolls:
    """40 rolls of 3 keys, 4 to 9 steps."""
    generator = np.random.default_rng(0)
    return [(generator.random((length, 3)) < 0.4).astype(np.float64) for length in generator.integers(4, 10, 40)]


def assert_rolls(found: Any, rolls: Rolls) -> None:
    assert found.task == "next_step"
    assert found.targets.tolist() == [0] * len(rolls)
    for one, other in zip(found.sequences, rolls, strict=True):
        np.testing.assert_array_equal(one, other)


def parts_of(rolls: Rolls, middle: str = "valid") -> dict[str, Any]:
    arrays: dict[str, Any] = {}
    for name, rows in (("train", rolls[:25]), (middle, rolls[25:32]), ("test", rolls[32:])):
        arrays[f"{name}_values"] = np.concatenate(rows).astype(np.uint8)
        arrays[f"{name}_lengths"] = np.array([len(roll) for roll in rows])
    return arrays


@pytest.mark.parametrize("middle", ["valid", "val", "validation"])
def test_archive_with_its_parts(tmp_path: Path, rolls: Rolls, middle: str) -> None:
    np.savez(tmp_path / "a.npz", **parts_of(rolls, middle))
    dataset = open_source(tmp_path / "a.npz", task="next_step")
    assert_rolls(dataset, rolls)
    unasked = open_source(tmp_path / "a.npz")
    assert_rolls(unasked, rolls)
    assert "There are no labels, and all steps hold 0 or 1 alone: the next step is to be predicted." in unasked.inferred
    split = make_split(dataset, 3, 1)
    assert [len(rows) for rows in (split.train, split.validation, split.test)] == [25, 7, 8]
    assert any("25 rows to train on, 7 to validate, 8 to test" in sentence for sentence in dataset.inferred)
    np.savez(tmp_path / "b.npz", **(parts_of(rolls, middle) | {"train_values": np.concatenate(rolls[:25]) + 0.5}))
    with pytest.raises(DataError, match="but no train_labels"):
        open_source(tmp_path / "b.npz")


def test_in_memory_and_without_parts(rolls: Rolls) -> None:
    for source in ({"X": rolls}, (rolls, None), (rolls, ["a", "b"] * 20)):
        dataset = open_source(source, task="next_step")
        assert_rolls(dataset, rolls)
        assert (dataset.fixed_test, folds_of(dataset)) == (None, 5)
    assert_rolls(open_source({"X": rolls[:30]}, task="next_step", test={"X": rolls[30:]}), rolls)


def test_tables(rolls: Rolls) -> None:
    wide = {name: [roll[:, key].tolist() for roll in rolls] for key, name in enumerate("abc")}
    assert_rolls(open_source(pa.table(wide), task="next_step"), rolls)
    long: dict[str, list[Any]] = {name: [] for name in ("song", "beat", "part", "who", *"abc")}
    for song, roll in enumerate(rolls):
        for beat, keys in enumerate(roll):
            part = "train" if song < 25 else "valid" if song < 32 else "test"
            for name, cell in zip(long, (song, beat, part, f"who {song % 4}", *keys), strict=True):
                long[name].append(cell)
    columns: dict[str, Any] = {"id": "song", "time": "beat", "channels": tuple("abc"), "task": "next_step"}
    dataset = open_source(pa.table(long), **columns, split="part")
    assert_rolls(dataset, rolls)
    assert dataset.channels == ("a", "b", "c")
    assert dataset.fixed_validation is not None
    assert dataset.fixed_validation.sum() == 7
    grouped = open_source(pa.table(long), **columns, group="who")
    assert len(np.unique(grouped.groups)) <= 4
    assert folds_of(grouped) <= 4


def test_rows_of_one_step_are_left_out_with_their_group() -> None:
    rolls = [np.ones((1 + row % 3, 2)) * (row % 2) for row in range(60)]
    source = {"X": rolls, "groups": np.arange(60) % 12, "weights": np.arange(60) + 1.0}
    dataset = open_source(source, task="next_step")
    assert len(dataset) == len(dataset.groups) == 40
    assert dataset.weights is not None
    assert dataset.weights[:3].tolist() == [2.0, 3.0, 5.0]


def test_unfit(rolls: Rolls) -> None:
    with pytest.raises(DataError, match="row 2 holds 2 at step 1"):
        open_source({"X": [rolls[0], rolls[1] + 2]}, task="next_step")
    with pytest.raises(DataError, match="reads series of 0 and 1, not texts"):
        open_source({"X": ["a text", "another"]}, task="next_step")
    with pytest.raises(DataError, match="reads series of 0 and 1, not texts"):
        open_source(pa.table({"text": ["a text", "another"]}), task="next_step")
    with pytest.raises(OptionError, match="has a test part of its own"):
        open_source(parts_of(rolls), task="next_step", test={"X": rolls})


@pytest.mark.parametrize(("name", "sizes"), [("JSB_Chorales", (229, 76, 77)), ("Nottingham", (694, 173, 170))])
def test_published_rolls(shared_data: Path, name: str, sizes: tuple[int, ...]) -> None:
    dataset = open_source(shared_data / "polyphonic_music" / f"{name}.npz")
    assert dataset.task == "next_step"
    split = make_split(dataset, 0, 0)
    assert (len(split.train), len(split.validation), len(split.test)) == sizes
    assert len(dataset.channels) == 88
