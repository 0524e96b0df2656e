"""Sound files -> log-mel energies, kept in a cache; the way from a table's cells or from waveforms to what a network reads.

Memory: 4 bytes an energy, which is 58 MB an hour of sound with the default 100 frames of 40 energies a second. Beside that only
one file at a time is held: 4 bytes a sample of its mono mix before and after resampling, and its energies twice until they are in
the cache.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from gatewise.data.audio.cache import SoundCache, cache_file
from gatewise.data.audio.features import check_features, default_features, log_mel
from gatewise.data.audio.files import load_sound, require_soundfile, resampled, sound_rate, waveform_sound
from gatewise.data.values.table_cells import is_missing
from gatewise.errors import DataError
from gatewise.records import AudioFeatures
from gatewise.wording import listed, nearest

__all__ = ["audio_inputs", "mel_names", "read_sounds", "sound_paths", "waveforms"]

Energies = NDArray[np.float32]
Report = Callable[[str], None]

# Goes into every key of the cache: to be raised whenever the same file would give other numbers.
_VERSION = 2

# Bad files that a message names, before it only counts them.
_NAMED = 5

Item = TypeVar("Item")
Made = TypeVar("Made")


def read_sounds(
    paths: Sequence[Path], features: AudioFeatures | None = None, on_progress: Report | None = None
) -> tuple[list[Energies], AudioFeatures, tuple[str, ...]]:
    """Read sound files as log-mel energies.

    Returns an array float32 [frames, mels] a path, the parameters used (`default_features` of the files' rates where None came),
    and warnings on what is odd about the files. on_progress: told about once a second how far it is.
    Raises DataError that names the files which are missing, unreadable, empty or not finite, and where soundfile is missing.
    """
    require_soundfile()
    if not paths:
        raise DataError("there is no sound file in the data. Expected at least one.")
    with SoundCache(cache_file()) as cache:
        contents = _each(_reported(paths, "sound files examined", on_progress), lambda path: _content(path, cache))
        listing = list(zip(paths, contents, strict=True))
        rates = _each(listing, lambda one: _rate(one[0], one[1], cache))
        chosen = default_features(rates) if features is None else features
        check_features(chosen)
        reported = _reported(listing, "sound files turned into features", on_progress)
        arrays = _each(reported, lambda one: _energies(one[0], one[1], chosen, cache))
    return arrays, chosen, (*_rate_warnings(rates, chosen), *_short_warnings(arrays, chosen))


def audio_inputs(sources: Sequence[Any], features: AudioFeatures) -> list[Energies]:
    """Return the log-mel energies, float32 [frames, mels] each, that a model with these `features` reads.

    sources: paths of sound files, and pairs of a waveform, [samples] or [samples, channels], with its sample rate in Hz.
    Raises DataError for what is neither, and as `read_sounds` does.
    """
    return [log_mel(samples, features) for samples in waveforms(sources, features)]


def waveforms(sources: Sequence[Any], features: AudioFeatures) -> Iterator[NDArray[np.float32]]:
    """Yield the samples of sounds, mono and at the features' sample rate. sources, errors: as of `audio_inputs`."""
    if isinstance(sources, (str, os.PathLike)):
        raise DataError("one sound came where a list of sounds was expected. Put it in a list: [sound].")
    check_features(features)
    for number, source in enumerate(sources, 1):
        samples, rate = _loaded(source, number)
        yield resampled(samples, rate, features.sample_rate)


def mel_names(features: AudioFeatures) -> tuple[str, ...]:
    """What the channels of the energies are called: `mel 1` is the lowest band."""
    return tuple(f"mel {number}" for number in range(1, features.mels + 1))


def sound_paths(cells: Sequence[Any], column: str, base: Path) -> tuple[list[Path | None], tuple[str, ...]]:
    """Turn the cells of a table's column into paths, None where a cell is missing, and say what was inferred.

    base: the folder that relative paths start from. Where the first file is not there but in exactly one of its sub-folders, as
    in an index beside a folder of recordings, that one is taken. Raises DataError for a cell that is no path and a file that is
    missing.
    """
    for row, cell in enumerate(cells, 1):
        if not is_missing(cell) and not isinstance(cell, (str, os.PathLike)):
            raise DataError(
                f"row {row} of the column {column!r} holds a {type(cell).__name__}. Expected the path of a sound file."
            )
    names = [None if is_missing(cell) else Path(cell.strip() if isinstance(cell, str) else cell) for cell in cells]
    folder = _folder(next((name for name in names if name is not None), Path()), base)
    paths = [None if name is None else folder / name for name in names]
    absent = [row for row, path in enumerate(paths) if path is not None and not path.is_file()]
    if absent:
        missing = paths[absent[0]]
        beside = [item.name for item in missing.parent.iterdir()] if missing is not None and missing.parent.is_dir() else []
        raise DataError(
            f"{len(absent):,} of {len(paths):,} sound files in the column {column!r} do not exist; the first is in row "
            f"{absent[0] + 1}: {missing}.{nearest(missing.name if missing is not None else '', beside)} "
            "Relative paths start from the table's folder: correct them, or drop these rows."
        )
    return paths, () if folder == base else (f"The sound files are read from {folder}, for they are not beside the table.",)


def _folder(first: Path, base: Path) -> Path:
    if (base / first).is_file() or not base.is_dir():
        return base
    holding = [folder for folder in sorted(base.iterdir()) if folder.is_dir() and (folder / first).is_file()]
    return holding[0] if len(holding) == 1 else base


def _each(items: Iterable[Item], make: Callable[[Item], Made]) -> list[Made]:
    """What is made of every item. Raises DataError that names all the bad ones, up to a few, once every one was looked at."""
    made, bad = [], []
    for item in items:
        try:
            made.append(make(item))
        except DataError as error:
            bad.append(error)
    if len(bad) == 1:
        raise bad[0]
    if bad:
        more = f" ... and {len(bad) - _NAMED:,} more." if len(bad) > _NAMED else ""
        raise DataError(f"{len(bad):,} sound files cannot be used: {' '.join(map(str, bad[:_NAMED]))}{more}") from bad[0]
    return made


def _content(path: Path, cache: SoundCache) -> bytes:
    """The digest of a file's bytes; empty where there is no cache to look it up in."""
    if not cache.is_on:
        return b""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=20)).digest()
    except FileNotFoundError as error:
        raise DataError(f"there is no sound file {path}. Correct its path, or leave it out.") from error
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}. Check the path and its permissions.") from error


def _rate(path: Path, content: bytes, cache: SoundCache) -> int:
    key = _key(content, "rate")
    kept = cache.get(key)
    if kept is not None and len(kept) == 4:
        return int.from_bytes(kept, "little")
    rate = sound_rate(path)
    cache.put(key, rate.to_bytes(4, "little"))
    return rate


def _energies(path: Path, content: bytes, features: AudioFeatures, cache: SoundCache) -> Energies:
    key = _key(content, json.dumps(dataclasses.asdict(features), sort_keys=True))
    kept = cache.get(key)
    if kept and len(kept) % (4 * features.mels) == 0:
        # A copy, because an array over bytes cannot be written to.
        return np.frombuffer(kept, dtype="<f4").reshape(-1, features.mels).astype(np.float32)
    samples, rate = load_sound(path)
    energies = log_mel(resampled(samples, rate, features.sample_rate), features)
    cache.put(key, energies.astype("<f4", copy=False).tobytes())
    return energies


def _key(content: bytes, what: str) -> bytes:
    return hashlib.blake2b(content + f"{_VERSION} {what}".encode(), digest_size=20).digest()


def _loaded(source: Any, number: int) -> tuple[NDArray[np.float32], int]:
    if isinstance(source, (str, os.PathLike)):
        return load_sound(Path(source).expanduser())
    if isinstance(source, tuple) and len(source) == 2:
        return waveform_sound(source[0], source[1], f"sound {number}")
    raise DataError(
        f"sound {number} is a {type(source).__name__}. Expected the path of a sound file, or a pair (waveform, sample rate)."
    )


def _rate_warnings(rates: Sequence[int], features: AudioFeatures) -> list[str]:
    counts = Counter(rates)
    if len(counts) == 1:
        return []
    found = listed((f"{rate:,} Hz ({count:,})" for rate, count in counts.most_common()), 5)
    return [f"The sound files have different sample rates: {found}. All were resampled to {features.sample_rate:,} Hz."]


def _short_warnings(arrays: Sequence[Energies], features: AudioFeatures) -> list[str]:
    short = sum(len(array) == 1 for array in arrays)
    limit = 1000 * (features.window + features.hop)
    return [f"{short:,} sound files are shorter than {limit:g} ms and give a single frame."] if short else []


def _reported(items: Sequence[Any], what: str, on_progress: Report | None) -> Iterator[Any]:
    """The items one by one; about once a second it is told how many are done and how long the others will take."""
    begun = told = time.monotonic()
    for done, item in enumerate(items):
        now = time.monotonic()
        if on_progress is not None and now - told >= 1.0:
            told = now
            left = (now - begun) / done * (len(items) - done) if done else 0.0
            on_progress(f"{done:,} of {len(items):,} {what}, {max(1, round(left)):,} s left")
        yield item
