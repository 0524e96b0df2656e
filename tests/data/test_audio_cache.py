"""What was computed before is found again, and nothing that is wrong with the cache can stop or change a run."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import numpy as np
import pytest

from gatewise.data.audio import energies as audio
from gatewise.data.audio.cache import SoundCache, cache_file
from gatewise.data.audio.energies import read_sounds
from gatewise.data.audio.files import load_sound

soundfile = pytest.importorskip("soundfile", reason="the extra audio (soundfile) is not installed")


@pytest.fixture(autouse=True)
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("GATEWISE_AUDIO_CACHE", raising=False)
    return tmp_path / "cache" / "gatewise" / "audio" / "features.sqlite3"


@pytest.fixture
def paths(tmp_path: Path) -> list[Path]:
    """Three files; the third has the bytes of the first."""
    generator = np.random.default_rng(0)
    first, second, third = (tmp_path / f"{name}.wav" for name in "abc")
    soundfile.write(first, 0.1 * generator.standard_normal(3000), 8000)
    soundfile.write(second, 0.1 * generator.standard_normal(5000), 8000)
    third.write_bytes(first.read_bytes())
    return [first, second, third]


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files decoded since."""
    names: list[str] = []

    def note(path: Path) -> object:
        names.append(path.name)
        return load_sound(path)

    monkeypatch.setattr(audio, "load_sound", note)
    return names


def test_a_second_run_decodes_nothing_and_gives_the_same_bits(paths: list[Path], decoded: list[str], file: Path) -> None:
    first, features, _ = read_sounds(paths)
    assert decoded == ["a.wav", "b.wav"], "equal bytes are decoded once"
    assert file.is_file()
    decoded.clear()
    second, again, _ = read_sounds(paths)
    assert decoded == []
    assert again == features
    for one, other in zip(first, second, strict=True):
        assert other.dtype == np.float32
        assert other.flags.writeable
        np.testing.assert_array_equal(one, other)


def test_changed_bytes_and_other_parameters_are_computed_anew(paths: list[Path], decoded: list[str]) -> None:
    _, features, _ = read_sounds(paths)
    decoded.clear()
    soundfile.write(paths[1], np.zeros(4000), 8000)
    changed, _, _ = read_sounds(paths)
    assert decoded == ["b.wav"]
    assert len(changed[1]) == 48
    decoded.clear()
    from dataclasses import replace

    fewer, _, _ = read_sounds(paths, replace(features, mels=20))
    assert decoded == ["a.wav", "b.wav"]
    assert fewer[0].shape[1] == 20


@pytest.mark.parametrize("garbage", [b"", b"not a database at all" * 100, None])
def test_a_damaged_file_is_replaced(paths: list[Path], decoded: list[str], file: Path, garbage: bytes | None) -> None:
    expected, _, _ = read_sounds(paths)
    whole = file.read_bytes()
    # None: the header is sound, and what follows is not.
    file.write_bytes(whole[:100] + b"\xff" * (len(whole) - 100) if garbage is None else garbage)
    for _ in range(2):
        actual, _, _ = read_sounds(paths)
        for one, other in zip(expected, actual, strict=True):
            np.testing.assert_array_equal(one, other)
    decoded.clear()
    read_sounds(paths)
    assert decoded == []


def test_a_damaged_entry_is_computed_anew_and_put_right(paths: list[Path], decoded: list[str], file: Path) -> None:
    expected, _, _ = read_sounds(paths)
    connection = sqlite3.connect(file)
    with connection:
        connection.execute("UPDATE entries SET value = zeroblob(length(value))")
    connection.close()
    decoded.clear()
    actual, _, _ = read_sounds(paths)
    assert decoded == ["a.wav", "b.wav"]
    for one, other in zip(expected, actual, strict=True):
        np.testing.assert_array_equal(one, other)
    decoded.clear()
    read_sounds(paths)
    assert decoded == []


def test_it_can_be_switched_off(paths: list[Path], decoded: list[str], file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEWISE_AUDIO_CACHE", "off")
    assert cache_file() is None
    read_sounds(paths)
    read_sounds(paths)
    assert decoded == ["a.wav", "b.wav", "c.wav"] * 2
    assert not file.exists()


def test_a_place_that_cannot_be_written_to_is_no_hindrance(
    paths: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "occupied").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "occupied"))
    assert [len(array) for array in read_sounds(paths)[0]] == [36, 61, 36]


def test_a_locked_cache_is_no_hindrance(paths: list[Path], file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read_sounds(paths[:1])
    connect = sqlite3.connect
    other = connect(file, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    monkeypatch.setattr(sqlite3, "connect", lambda path, timeout: connect(path, timeout=0.01))
    try:
        assert [len(array) for array in read_sounds(paths)[0]] == [36, 61, 36]
    finally:
        other.close()


def test_where_it_lies(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    for ignored in ("", "relative/path"):
        monkeypatch.setenv("XDG_CACHE_HOME", ignored)
        assert cache_file() == tmp_path / ".cache" / "gatewise" / "audio" / "features.sqlite3"


def test_the_oldest_entries_make_room(tmp_path: Path) -> None:
    path = tmp_path / "small.sqlite3"
    for number in range(20):
        with SoundCache(path, limit=200_000) as cache:
            cache.put(bytes([number]), bytes([number]) * 30_000)
    with SoundCache(path, limit=200_000) as cache:
        kept = [number for number in range(20) if cache.get(bytes([number])) is not None]
    assert kept
    assert kept == list(range(kept[0], 20)), "the newest stay"
    assert kept[0] > 10
    assert path.stat().st_size < 400_000


def test_data_larger_than_the_cache_are_kept_in_part(tmp_path: Path) -> None:
    path = tmp_path / "small.sqlite3"
    found = []
    for _ in range(3):
        with SoundCache(path, limit=100_000) as cache:
            hits = 0
            for number in range(10):
                if cache.get(bytes([number])) is not None:
                    hits += 1
                else:
                    cache.put(bytes([number]), bytes(20_000))
            found.append(hits)
    assert found[0] == 0
    assert found[1] == found[2] > 0
