""".npz archives and .ts files of the same series become the same data set."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gatewise.data.sources import open_inputs, open_source
from gatewise.records import Dataset
from tests.arrays import series_of

Arrays = dict[str, Any]


def assert_equal(first: Dataset, second: Dataset) -> None:
    assert (first.name, first.kind, first.classes, first.channels) == (second.name, second.kind, second.classes, second.channels)
    np.testing.assert_array_equal(first.targets, second.targets)
    np.testing.assert_array_equal(first.groups, second.groups)
    np.testing.assert_array_equal(first.fixed_test, second.fixed_test)
    for one, other in zip(first.sequences, second.sequences, strict=True):
        np.testing.assert_array_equal(one, other)


def write_ts(path: Path, arrays: Arrays, part: str) -> None:
    header = ["# a toy", "@problemName toy", "@timeStamps false", "@univariate false", "@dimensions 2"]
    lines = [*header, "@equalLength false", f"@classLabel true {' '.join(arrays['classes'])}", "@data"]
    series = np.split(arrays[f"{part}_values"], np.cumsum(arrays[f"{part}_lengths"])[:-1])
    for values, label in zip(series, arrays[f"{part}_labels"], strict=True):
        dimensions = [",".join(repr(float(value)) for value in channel) for channel in values.T]
        lines.append(":".join([*dimensions, arrays["classes"][label]]))
    path.write_text("\n".join(lines))


def test_npz_and_ts_agree(tmp_path: Path, ragged: Arrays) -> None:
    np.savez(tmp_path / "toy.npz", **ragged)
    for part in ("train", "test"):
        write_ts(tmp_path / f"toy_{part.upper()}.ts", ragged, part)
    archive = open_source(tmp_path / "toy.npz")
    assert archive.classes == ("rest", "run", "walk")
    assert archive.channels == ("channel 1", "channel 2")
    assert archive.fixed_test is not None
    assert archive.fixed_test.tolist() == [False] * 40 + [True] * 20
    np.testing.assert_array_equal(np.concatenate(archive.sequences[:40]), ragged["train_values"])
    for part in ("TRAIN", "TEST"):
        text = open_source(tmp_path / f"toy_{part}.ts")
        assert_equal(text, archive)
        assert text.inferred[0] == (
            "toy_TRAIN.ts and toy_TEST.ts are read together and their split is kept: 40 rows to train on, 20 to test."
        )
    assert len(open_inputs(tmp_path / "toy_TEST.ts", kind="series").sequences) == 20


def test_ts_without_its_other_part(tmp_path: Path, ragged: Arrays) -> None:
    write_ts(tmp_path / "toy_TRAIN.ts", ragged, "train")
    dataset = open_source(tmp_path / "toy_TRAIN.ts")
    assert (dataset.name, len(dataset), dataset.fixed_test) == ("toy", 40, None)
    assert "read alone" in dataset.inferred[0]


def test_univariate_ts(tmp_path: Path) -> None:
    rows = "\n".join(f"{row}, 2 ,3.5e0:{'xy'[row % 2]}" for row in range(30))
    (tmp_path / "one.ts").write_text(f"@univariate true\n@classLabel true y x\n@DATA\n# a remark\n\n{rows}\n")
    dataset = open_source(tmp_path / "one.ts")
    assert (dataset.name, dataset.fixed_test, dataset.classes) == ("one", None, ("x", "y"))
    assert series_of(dataset)[4].tolist() == [[4.0], [2.0], [3.5]]


@pytest.mark.parametrize("shape", [(40, 6), (40, 6, 1)])
def test_dense_archive(tmp_path: Path, shape: tuple[int, ...]) -> None:
    values = np.arange(240).reshape(shape)
    np.savez(tmp_path / "a.npz", X=values, y=np.array(["b", "a"] * 20))
    dataset = open_source(tmp_path / "a.npz")
    assert (dataset.classes, dataset.fixed_test) == (("a", "b"), None)
    assert dataset.targets[:2].tolist() == [1, 0]
    assert series_of(dataset)[1].tolist() == [[6.0], [7.0], [8.0], [9.0], [10.0], [11.0]]
    assert "6 steps" in dataset.inferred[0]


def test_dense_archive_with_its_split(tmp_path: Path) -> None:
    generator = np.random.default_rng(0)
    parts: Arrays = {
        "x_train": generator.random((30, 4, 2)),
        "y_train": np.arange(30) % 3,
        "x_test": generator.random((12, 4, 2)),
    }
    np.savez(tmp_path / "a.npz", **parts, y_test=(np.arange(12) % 3)[:, np.newaxis])
    dataset = open_source(tmp_path / "a.npz")
    assert dataset.fixed_test is not None
    assert (len(dataset), int(dataset.fixed_test.sum()), dataset.classes) == (42, 12, ("0", "1", "2"))


def test_channels_that_look_like_steps_are_warned_about(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", X=np.random.default_rng(0).random((40, 3, 50)), y=np.arange(40) % 2)
    assert "transpose" in open_source(tmp_path / "a.npz").warnings[0]


def test_repeats_and_unseen_classes_across_an_archives_split_are_warned_about(tmp_path: Path, ragged: Arrays) -> None:
    train, test = ragged["train_lengths"][0], ragged["test_lengths"][0]
    ragged["test_values"] = np.concatenate([ragged["train_values"][:train], ragged["test_values"][test:]])
    ragged["test_lengths"][0] = train
    ragged["classes"] = np.append(ragged["classes"], "swim")
    ragged["test_labels"][1] = 3
    np.savez(tmp_path / "a.npz", **ragged)
    dataset = open_source(tmp_path / "a.npz")
    assert dataset.groups[40] == dataset.groups[0]
    assert any("1 test row repeats a training row" in warning for warning in dataset.warnings)
    assert any("cannot be learned: swim" in warning for warning in dataset.warnings)


def test_classes_without_rows_are_left_out(tmp_path: Path, ragged: Arrays) -> None:
    ragged["classes"] = np.array(["walk", "run", "rest", "never"])
    np.savez(tmp_path / "a.npz", **ragged)
    assert open_source(tmp_path / "a.npz").classes == ("rest", "run", "walk")


@pytest.mark.parametrize("name", ["JapaneseVowels", "GunPoint"])
def test_published_archives_agree(shared_data: Path, name: str) -> None:
    archive = open_source(shared_data / "tsc" / f"{name}.npz")
    assert_equal(open_source(shared_data / "tsc" / "original_ts" / f"{name}_TEST.ts"), archive)
    assert len(archive) == {"JapaneseVowels": 640, "GunPoint": 200}[name]


def test_labels_and_classes_of_bytes(tmp_path: Path, ragged: Arrays) -> None:
    ragged["classes"] = ragged["classes"].astype("S")
    np.savez(tmp_path / "a.npz", **ragged)
    np.savez(tmp_path / "b.npz", X=np.random.default_rng(0).random((40, 3)), y=np.array([b"x", b"y"] * 20))
    assert open_source(tmp_path / "a.npz").classes == ("rest", "run", "walk")
    assert open_source(tmp_path / "b.npz").classes == ("x", "y")
