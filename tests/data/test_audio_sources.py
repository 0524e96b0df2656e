"""Folders and index tables of sounds as data sets: classes, groups, parts, and what is refused."""

from __future__ import annotations

import csv
import shutil
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gatewise.cli import main
from gatewise.data.dataset.splits import make_split
from gatewise.data.encoding.prepared import prepare
from gatewise.data.formats.audio_folders import audio_folder_dataset, is_audio_folder, sound_files
from gatewise.data.sources import open_inputs, open_source
from gatewise.errors import DataError, OptionError
from gatewise.records import AudioFeatures, Reading

soundfile = pytest.importorskip("soundfile", reason="the extra audio (soundfile) is not installed")

CLASSES = ("high", "low")


@pytest.fixture(autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))


def write(path: Path, seed: int, frequency: float, rate: int = 8000) -> None:
    """A tone of its own length and noise."""
    generator = np.random.default_rng(seed)
    time = np.arange(rate // 10 + 10 * seed) / rate
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, 0.3 * np.sin(2 * np.pi * frequency * time) + 0.01 * generator.standard_normal(len(time)), rate)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """sounds/high and sounds/low, 20 files each, some in sub-folders."""
    root = tmp_path / "sounds"
    for number in range(40):
        kind = CLASSES[number % 2]
        below = "more" if number % 5 == 0 else "."
        suffix = ("wav", "flac", "WAV")[number % 3]
        write(root / kind / below / f"{number:02}.{suffix}", number, 3000.0 if kind == "high" else 300.0)
    return root


@pytest.fixture
def index(tmp_path: Path) -> Path:
    """index.csv beside recordings/ of 6 speakers with 10 files each, and its own split."""
    rows: list[Sequence[Any]] = [("file", "digit", "speaker", "split")]
    for number in range(60):
        name = f"{number:02}.wav"
        write(tmp_path / "recordings" / name, number, 300.0 if number % 2 else 3000.0)
        rows.append((name, number % 2, f"speaker {number // 10}", "test" if number % 10 < 2 else "train"))
    with (tmp_path / "index.csv").open("w", newline="") as file:
        csv.writer(file).writerows(rows)
    return tmp_path / "index.csv"


# ---------------------------------------------------------------- folders


def test_a_sub_folder_is_a_class(folder: Path) -> None:
    data = open_source(str(folder))
    assert (data.name, data.kind, data.task) == ("sounds", "audio", "classification")
    assert data.classes == CLASSES
    assert Counter(data.targets.tolist()) == {0: 20, 1: 20}
    assert data.audio == AudioFeatures(8000, high=4000.0)
    assert len(data.channels) == 40
    assert data.warnings == ()
    band = np.array([np.asarray(sequence).mean(axis=0).argmax() for sequence in data.sequences])
    assert band[data.targets == 0].min() > band[data.targets == 1].max()


def test_the_order_is_that_of_the_names(folder: Path) -> None:
    names = [str(path.relative_to(folder)) for path in sound_files(folder)]
    assert names[:4] == ["high/02.WAV", "high/04.flac", "high/06.wav", "high/08.WAV"]
    assert names[16:21] == ["high/more/00.wav", "high/more/10.flac", "high/more/20.WAV", "high/more/30.wav", "low/01.flac"]
    assert len(open_inputs(folder, kind="audio").sequences) == 40


def test_files_of_the_same_bytes_are_repeats(folder: Path) -> None:
    shutil.copy(folder / "high" / "02.WAV", folder / "high" / "copy.wav")
    data = open_source(folder)
    assert len(data) == 41
    assert len(np.unique(data.groups)) == 40


def test_what_is_left_out_is_said(folder: Path) -> None:
    (folder / "high" / "notes.txt").write_text("one")
    (folder / "high" / "cover.png").touch()
    (folder / "high" / "._02.wav").write_text("hidden")
    (folder / ".thumbnails").mkdir()
    (folder / "empty").mkdir()
    write(folder / "loose.wav", 1, 300.0)
    data = open_source(folder)
    assert len(data) == 40
    assert data.warnings == (
        "2 files were left out: neither wav nor flac nor ogg.",
        "1 sound file was left out: beside the class folders, in no class.",
        "Sub-folders without a sound file are no classes: empty.",
    )


def test_mixed_rates_are_a_warning(folder: Path) -> None:
    write(folder / "low" / "x.wav", 3, 300.0, 44100)
    (warning,) = open_source(folder).warnings
    assert warning == "The sound files have different sample rates: 8,000 Hz (40), 44,100 Hz (1). All were resampled to 8,000 Hz."


def test_a_second_folder_is_the_test_part(folder: Path, tmp_path: Path) -> None:
    for number in range(10):
        write(tmp_path / "unseen" / CLASSES[number % 2] / f"{number}.wav", 100 + number, 3000.0 if number % 2 == 0 else 300.0)
    data = open_source(folder, test=tmp_path / "unseen")
    assert len(data) == 50
    assert data.fixed_test is not None
    assert data.fixed_test.sum() == 10
    assert data.fixed_test[40:].all()


def test_which_folders_are_folders_of_sounds(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts" / "a.csv").touch()
    (tmp_path / "hidden").mkdir()
    (tmp_path / "hidden" / ".a.wav").touch()
    assert is_audio_folder(folder)
    assert is_audio_folder(folder / "high" / "more")
    assert not is_audio_folder(tmp_path / "texts")
    assert not is_audio_folder(tmp_path / "hidden")
    assert not is_audio_folder(folder / "high" / "02.WAV")
    assert not is_audio_folder(tmp_path / "nowhere")


# ---------------------------------------------------------------- folders that are refused


def test_a_folder_without_class_folders_is_refused(folder: Path) -> None:
    with pytest.raises(
        DataError, match=r"more holds 4 sound files but no sub-folder with any\. Expected a sub-folder for each class"
    ):
        open_source(folder / "high" / "more")


def test_a_folder_without_sound_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"holds no sound file\. Expected a sub-folder for each class"):
        audio_folder_dataset(tmp_path, Reading())


def test_one_class_is_refused(folder: Path) -> None:
    shutil.rmtree(folder / "high")
    with pytest.raises(DataError, match=r"sounds has one class folder only \('low'\)\. A comparison needs at least two"):
        open_source(folder)


def test_parts_are_not_taken_for_classes(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder, tmp_path / "all" / "Train")
    shutil.copytree(folder, tmp_path / "all" / "test")
    with pytest.raises(DataError, match=r"are named Train, test: parts of the data .* Point gatewise at .*Train.*--test"):
        open_source(tmp_path / "all")


def test_a_file_that_is_no_sound_is_named(folder: Path) -> None:
    (folder / "low" / "broken.wav").write_bytes(b"RIFF" + bytes(100))
    with pytest.raises(DataError, match=r"low/broken\.wav cannot be read as sound"):
        open_source(folder)


@pytest.mark.parametrize("options", [{"target": "class"}, {"audio": "file"}, {"group": "speaker"}])
def test_a_folder_has_no_columns(folder: Path, options: dict[str, Any]) -> None:
    with pytest.raises(OptionError, match=f"has no columns to choose from, so --{next(iter(options))} does not apply"):
        open_source(folder, **options)


def test_a_folder_has_classes_only(folder: Path) -> None:
    with pytest.raises(OptionError, match="the task regression does not apply"):
        open_source(folder, task="regression")


@pytest.mark.parametrize("test", ["nowhere", 3])
def test_a_test_part_that_is_no_folder_of_sounds_is_refused(folder: Path, test: object) -> None:
    with pytest.raises(DataError, match=r"sounds is a folder of sounds, and .* is none\. Give --test a folder of sounds too"):
        open_source(folder, test=test)


# ---------------------------------------------------------------- index tables


def test_an_index_names_files_classes_speakers_and_parts(index: Path) -> None:
    data = open_source(index, audio="file", target="digit", group="speaker")
    assert (data.kind, data.classes, len(data)) == ("audio", ("0", "1"), 60)
    assert len(np.unique(data.groups)) == 6
    assert any("recordings" in note for note in data.inferred)
    own = open_source(index, audio="file", target="digit", split="split")
    assert own.fixed_test is not None
    assert own.fixed_test.sum() == 12


def test_no_speaker_is_on_both_sides(index: Path) -> None:
    data = open_source(index, audio="file", target="digit", group="speaker")
    for number in range(5):
        split = make_split(data, number, seed=0)
        sides = [set(data.groups[rows].tolist()) for rows in (split.train, split.validation, split.test)]
        assert all(sides)
        assert not sides[0] & sides[1] and not (sides[0] | sides[1]) & sides[2]


def test_the_column_of_sounds_is_inferred(index: Path) -> None:
    data = open_source(index, target="digit")
    assert data.kind == "audio"
    assert any("'file'" in note for note in data.inferred)


def test_a_missing_file_of_an_index_is_named(index: Path) -> None:
    (index.parent / "recordings" / "07.wav").unlink()
    with pytest.raises(
        DataError, match=r"1 of 60 sound files in the column 'file' do not exist; the first is in row 8: .*07\.wav"
    ):
        open_source(index, audio="file", target="digit")


def test_a_column_that_names_no_files_is_refused(index: Path) -> None:
    with pytest.raises(DataError, match=r"60 of 60 sound files in the column 'speaker' do not exist; the first is in row 1"):
        open_source(index, audio="speaker", target="digit")


def test_inputs_of_an_index_are_paths(index: Path) -> None:
    inputs = open_inputs(index, kind="audio", audio="file").sequences
    assert inputs[3] == index.parent / "recordings" / "03.wav"
    assert open_inputs(index.parent / "recordings" / "03.wav", kind="audio").sequences == [index.parent / "recordings" / "03.wav"]


# ---------------------------------------------------------------- spoken digits


@pytest.mark.slow
def test_spoken_digits(shared_data: Path) -> None:
    source = shared_data / "fsdd" / "index.csv"
    official = open_source(source, audio="file", target="digit", split="split", task="classification")
    assert (len(official), len(official.classes), official.warnings) == (3000, 10, ())
    assert official.fixed_test is not None
    assert official.fixed_test.sum() == 300
    lengths = prepare(official).lengths
    assert (lengths.min(), lengths.max(), lengths.sum()) == (12, 226, 125_237)
    speakers = open_source(source, audio="file", target="digit", group="speaker")
    assert len(np.unique(speakers.groups)) == 6
    for one, other in zip(official.sequences[::100], speakers.sequences[::100], strict=True):
        np.testing.assert_array_equal(one, other)


# ---------------------------------------------------------------- at the command line


@pytest.mark.parametrize(
    ("spoil", "options", "said"),
    [
        (lambda folder: (folder / "low" / "01.flac").write_text("x"), (), "01.flac cannot be read as sound"),
        (
            lambda folder: [file.write_text("x") for file in sorted((folder / "low").iterdir())[:7]],
            (),
            "7 sound files cannot be used: ",
        ),
        (lambda folder: shutil.rmtree(folder / "low"), (), "one class folder only"),
        (lambda folder: None, ("--target", "class"), "--target does not apply"),
        (lambda folder: None, ("--test", "nowhere"), "nowhere is none. Give --test a folder of sounds too"),
    ],
)
def test_bad_sounds_end_with_exit_code_2_and_one_line(
    folder: Path,
    spoil: Callable[[Path], object],
    options: tuple[str, ...],
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    spoil(folder)
    monkeypatch.chdir(folder.parent)
    monkeypatch.setattr(sys, "argv", ["gatewise", "compare", str(folder), *options])
    with pytest.raises(SystemExit) as left:
        main()
    captured = capfd.readouterr()
    assert left.value.code == 2
    assert captured.out == ""
    (line,) = captured.err.removeprefix(f"reading {folder}\n").splitlines()
    assert said in line
    assert [item.name for item in folder.parent.iterdir()] == ["sounds"]
