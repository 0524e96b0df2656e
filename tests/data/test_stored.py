"""Data on disk: the same rows as in memory, however they are written, and nothing left behind where they cannot be."""

import json
import os
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow
import pytest
import soundfile
from pyarrow import parquet

from gatewise.data.dataset import drawn
from gatewise.data.dataset.profile import describe
from gatewise.data.dataset.splits import make_split
from gatewise.data.dataset.stored import StoredDataset
from gatewise.data.encoding.encoders import fit_encoder
from gatewise.data.encoding.prepared import prepare
from gatewise.data.formats import delimited, streams
from gatewise.data.sources import open_source
from gatewise.data.store import opening, places
from gatewise.data.store.arrays import GrowingArrays
from gatewise.errors import DataError, OptionError
from gatewise.records import Dataset

WORDS = ["good", "bad", "plot", "the", "a", "Don't", "1990", "é", "日本", "!"]


@pytest.fixture(autouse=True)
def stores(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GATEWISE_STORE", str(tmp_path / "stores"))
    monkeypatch.setattr(streams, "BLOCK", 64)
    monkeypatch.setattr(delimited, "_BLOCK", 64)
    return tmp_path / "stores"


def texts(rows: int = 400, seed: int = 0) -> list[str]:
    generator = np.random.default_rng(seed)
    return [" ".join(generator.choice(WORDS, generator.integers(0, 12))) for _ in range(rows)]


def table(path: Path, **columns: list[Any]) -> Path:
    parquet.write_table(pyarrow.table(columns), path)
    return path


def review_file(path: Path, rows: int = 400) -> Path:
    generator = np.random.default_rng(1)
    labels = generator.choice(["up", "down", "flat"], rows)
    return table(path, text=texts(rows), label=labels.tolist(), who=[f"w{row % 37}" for row in range(rows)])


def both(source: Path, **reading: Any) -> tuple[Dataset, StoredDataset]:
    stored = open_source(source, on_disk="always", **reading)
    assert isinstance(stored, StoredDataset)
    return open_source(source, **reading), stored


def same(memory: Dataset, stored: StoredDataset) -> None:
    assert len(memory) == len(stored)
    assert (memory.kind, memory.task, memory.classes, memory.labels) == (stored.kind, stored.task, stored.classes, stored.labels)
    assert (memory.channels, memory.outputs, memory.audio) == (stored.channels, stored.outputs, stored.audio)
    assert np.array_equal(memory.targets, stored.targets)
    for one, another in zip(memory.sequences, stored.sequences, strict=True):
        assert np.array_equal(np.asarray(one), np.asarray(another))
    # Groups are called otherwise, and hold the same rows.
    pairs = set(zip(memory.groups.tolist(), stored.groups.tolist(), strict=True))
    assert len(pairs) == len(set(memory.groups.tolist())) == len(set(stored.groups.tolist()))
    profiles = [describe(data, prepare(data).lengths) for data in (memory, stored)]
    for name in ("rows", "classes", "length_min", "length_median", "length_p95", "length_max", "repeated_rows", "outputs"):
        assert getattr(profiles[0], name) == getattr(profiles[1], name), name
    rows = np.arange(len(memory))[::-3]
    encoders = [fit_encoder(prepare(data), rows) for data in (memory, stored)]
    assert encoders[0] == encoders[1]
    encoded = [encoder.encode_rows(prepare(data), rows) for encoder, data in zip(encoders, (memory, stored), strict=True)]
    for name in ("values", "lengths", "targets"):
        assert np.array_equal(getattr(encoded[0], name), getattr(encoded[1], name)), name


def test_texts_are_what_they_are_in_memory(tmp_path: Path) -> None:
    memory, stored = both(review_file(tmp_path / "a.parquet"))
    same(memory, stored)
    again = pickle.loads(pickle.dumps(stored))
    assert len(pickle.dumps(stored)) < 2000
    same(memory, again)


@pytest.mark.parametrize("jobs", [1, 2])
def test_csv_and_jobs_make_no_difference(tmp_path: Path, jobs: int) -> None:
    rows = zip(texts(), np.random.default_rng(2).integers(0, 2, 400).tolist(), strict=True)
    path = tmp_path / "a.csv"
    path.write_text("text,label\n" + "".join(f'"{text}",{label}\n' for text, label in rows))
    stored = open_source(path, on_disk="always", jobs=jobs)
    assert isinstance(stored, StoredDataset)
    same(open_source(path), stored)
    assert stored.labels == (0, 1)


def test_series_are_what_they_are_in_memory(tmp_path: Path) -> None:
    generator = np.random.default_rng(3)
    series = [generator.standard_normal(size).tolist() for size in generator.integers(1, 9, 300)]
    path = table(tmp_path / "a.parquet", x=series, y=[[2 * v for v in one] for one in series], value=[sum(one) for one in series])
    memory, stored = both(path, channels=("x", "y"), target="value")
    same(memory, stored)
    assert stored.task == "regression"


def test_sounds_are_what_they_are_in_memory(tmp_path: Path) -> None:
    for number in range(30):
        path = tmp_path / "sounds" / "ab"[number % 2] / f"{number}.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, np.sin(np.arange(800 + 80 * number) * (0.1 + 0.01 * number)), 8000)
    memory, stored = both(tmp_path / "sounds")
    same(memory, stored)


def test_rows_without_input_or_target_are_dropped(tmp_path: Path) -> None:
    some: list[str | None] = [None if row % 10 == 3 else text for row, text in enumerate(texts())]
    labels = [None if row % 10 == 7 else "ab"[row % 2] for row in range(400)]
    memory, stored = both(table(tmp_path / "a.parquet", text=some, label=labels))
    same(memory, stored)
    assert any("80 of 400 rows lack an input (40) or a target (40) and were dropped." in said for said in stored.warnings)
    with pytest.raises(DataError, match="over half"):
        open_source(table(tmp_path / "b.parquet", text=texts(), label=["a", *[None] * 399]), on_disk="always", target="label")


def test_groups_and_weights_and_parts(tmp_path: Path) -> None:
    rows = 600
    columns: dict[str, list[Any]] = {"text": [f"{text} {row}" for row, text in enumerate(texts(rows))]}
    columns["label"] = np.random.default_rng(4).choice(["a", "b"], rows).tolist()
    columns |= {"who": [row % 50 for row in range(rows)], "w": [float(row % 3) for row in range(rows)]}
    columns["part"] = [["train", "train", "dev", "test"][row % 50 % 4] for row in range(rows)]
    path = table(tmp_path / "a.parquet", **columns)
    memory, stored = both(path, text="text", group="who", weights="w", split="part", target="label")
    assert np.array_equal(memory.weights, stored.weights)  # type: ignore[arg-type]
    assert np.array_equal(memory.fixed_test, stored.fixed_test)  # type: ignore[arg-type]
    assert np.array_equal(memory.fixed_validation, stored.fixed_validation)  # type: ignore[arg-type]
    assert len(set(stored.groups.tolist())) == 50
    split = make_split(stored, 3, 0)
    assert stored.fixed_test is not None and stored.fixed_validation is not None
    assert stored.fixed_test[split.test].all() and stored.fixed_validation[split.validation].all()
    assert len(split.train) + len(split.validation) + len(split.test) == rows


def test_parts_are_drawn_by_group(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, rows in (("TRAIN_ROWS", 100), ("VALIDATION_ROWS", 40), ("TEST_ROWS", 60)):
        monkeypatch.setattr(drawn, name, rows)
    stored = open_source(review_file(tmp_path / "a.parquet", 2000), on_disk="always", group="who")
    splits = [make_split(stored, number, 0) for number in range(40)]
    for split in splits:
        sides = [set(stored.groups[rows].tolist()) for rows in (split.train, split.validation, split.test)]
        assert not (sides[0] & sides[1] | sides[0] & sides[2] | sides[1] & sides[2])
    for part, rows in (("train", 100), ("validation", 40), ("test", 60)):
        assert 0.7 * rows < np.mean([len(getattr(split, part)) for split in splits]) < 1.4 * rows
        # Of a group some rows are taken, and not all of one.
        assert all(len(set(stored.groups[getattr(split, part)].tolist())) > 1 for split in splits)
    again = make_split(stored, 5, 0)
    assert np.array_equal(again.train, splits[5].train)
    assert not np.array_equal(splits[5].test, splits[6].test)


def test_what_is_encoded_is_found_again_until_the_file_changes(tmp_path: Path, stores: Path) -> None:
    path = review_file(tmp_path / "a.parquet")
    first = open_source(path, on_disk="always")
    written = {file: file.stat().st_mtime_ns for file in stores.rglob("*")}
    assert isinstance(first, StoredDataset)
    again = open_source(path, on_disk="always")
    assert {file: file.stat().st_mtime_ns for file in stores.rglob("*")} == written
    assert isinstance(again, StoredDataset) and again.facts == first.facts
    review_file(path, 500)
    other = open_source(path, on_disk="always")
    assert isinstance(other, StoredDataset)
    assert len(other) == 500 and other.facts.fingerprint != first.facts.fingerprint


@pytest.mark.parametrize(
    "damage",
    [
        lambda folder: (folder / "words.bin").unlink(),
        lambda folder: (folder / "targets.bin").write_bytes(b"12345678"),
        lambda folder: (folder / "about.json").write_text("{}"),
        lambda folder: (folder / "about.json").write_bytes(b"\xff\xfe"),
    ],
)
def test_a_damaged_folder_is_made_anew(tmp_path: Path, damage: Callable[[Path], Any]) -> None:
    path = review_file(tmp_path / "a.parquet")
    first = open_source(path, on_disk="always")
    assert isinstance(first, StoredDataset)
    damage(first.folder)
    same(open_source(path), open_source(path, on_disk="always"))  # type: ignore[arg-type]


def test_nothing_is_left_of_what_was_not_finished(tmp_path: Path, stores: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = review_file(tmp_path / "a.parquet")

    def full(self: GrowingArrays, name: str, content: bytes) -> None:
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(GrowingArrays, "append_bytes", full)
    with pytest.raises(DataError, match=r"No space left on device\. Make room, or name another folder"):
        open_source(path, on_disk="always")
    assert not list(stores.iterdir())


def test_a_full_disk_is_said_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: type("Usage", (), {"free": 10}))
    with pytest.raises(DataError, match="10 bytes are free there"):
        open_source(review_file(tmp_path / "a.parquet"), on_disk="always")


def test_auto_asks_how_large_the_table_and_the_machine_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = review_file(tmp_path / "a.parquet")
    assert not isinstance(open_source(path, on_disk="auto"), StoredDataset)
    with monkeypatch.context() as patch:
        patch.setattr(places, "total_bytes", lambda: 1000)
        assert isinstance(open_source(path, on_disk="auto"), StoredDataset)
    monkeypatch.setattr(places, "LARGE", 1000)
    assert isinstance(open_source(path, on_disk="auto"), StoredDataset)


@pytest.mark.parametrize(
    ("reading", "said"),
    [
        ({"id": "who"}, "rows of one series have to be brought together"),
        ({"task": "forecast", "time": "who"}, "rows of one series"),
        ({"test": "other.csv"}, "--test does not apply to data on disk"),
        ({"task": "next_step"}, "reads whole series"),
    ],
)
def test_what_has_to_be_read_whole_is_refused(tmp_path: Path, reading: dict[str, Any], said: str) -> None:
    with pytest.raises(OptionError, match=said):
        open_source(review_file(tmp_path / "a.parquet"), on_disk="always", **reading)


def test_other_sources_are_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", X=np.zeros((30, 4, 1)), y=np.arange(30) % 2)
    for source in (tmp_path / "a.npz", {"X": np.zeros((30, 4, 1)), "y": np.arange(30) % 2}):
        with pytest.raises(OptionError, match="--on-disk always does not apply to"):
            open_source(source, on_disk="always")


@pytest.mark.parametrize(
    ("column", "said"),
    [
        ([1] * 200 + [1, 2] * 99 + [2, 1.5], "begins with whole numbers, read as classes, and holds fractions further on"),
        (["a"] * 400, "one class only"),
        ([f"name {row}" for row in range(400)], "looks like an id or free text"),
    ],
)
def test_targets_that_do_not_do(tmp_path: Path, column: list[Any], said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "HEAD", 60)
    cells = [float(cell) for cell in column] if not isinstance(column[0], str) else column
    with pytest.raises(DataError, match=said):
        open_source(table(tmp_path / "a.parquet", text=texts(), label=cells), on_disk="always", target="label")


def test_numbers_are_checked_as_they_come(tmp_path: Path) -> None:
    values = [0.5 + row for row in range(399)]
    with pytest.raises(DataError, match=r"row 16 of the target 'y' of those from row 385 on holds 1e\+300"):
        open_source(table(tmp_path / "a.parquet", text=texts(), y=[*values, 1e300]), on_disk="always", target="y")


def test_the_folder_says_what_it_holds(tmp_path: Path) -> None:
    stored = open_source(review_file(tmp_path / "a.parquet"), on_disk="always")
    assert isinstance(stored, StoredDataset)
    about = json.loads((stored.folder / "about.json").read_text())
    assert about["facts"]["rows"] == 400
    assert set(about["vocabulary"]) == {"good", "bad", "plot", "the", "a", "don't", "1990", "é", "日", "本", "!"}


def test_a_sample_for_quick_measurements_is_in_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drawn, "SAMPLE_ROWS", 100)
    memory, stored = both(review_file(tmp_path / "a.parquet"))
    sample = drawn.in_memory(stored, 0)
    assert type(sample) is Dataset
    assert len(sample) == 100 and set(sample.sequences) <= set(memory.sequences)
    assert describe(sample, prepare(sample).lengths).rows == 100
    assert sample.inferred[-1] == "Of the 400 rows on disk 100 were drawn at random, and measured alone."
    assert drawn.in_memory(memory, 0) is memory


def test_words_that_are_not_kept_are_said_to_be_unknown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "KEPT", 11)
    stored = open_source(review_file(tmp_path / "a.parquet"), on_disk="always")
    assert "Words beyond the 11 most frequent ones are read as unknown." in " ".join(stored.inferred)


def test_what_a_sources_own_split_repeats_is_said_as_in_memory(tmp_path: Path) -> None:
    columns: dict[str, list[Any]] = {"text": [f"film {row % 150}" for row in range(200)], "label": ["a", "b"] * 100}
    columns |= {"part": ["train"] * 150 + ["test"] * 50, "who": [row % 10 for row in range(200)]}
    path = table(tmp_path / "a.parquet", **columns)
    memory, stored = both(path, text="text", target="label", split="part")
    said = [warning for warning in memory.warnings if "repeat a training row" in warning]
    assert said[0].startswith("50 test rows") and said[0] in stored.warnings
    for on_disk in ("never", "always"):
        with pytest.raises(DataError, match="Leave out --group to keep that split"):
            open_source(path, on_disk=on_disk, text="text", target="label", split="part", group="who")
