"""Damaged and hostile sound files: a data set, or one message; never another error, a hang, or memory without bound.

    python -m benchmarks.sound_fuzz [--inputs 100000] [--seed 0] [--jobs 2] [--keep FOLDER]

Small wav, flac and ogg files of several kinds are changed as `benchmarks.loader_fuzz` changes files, and in the numbers of their
headers: rates, channels, sizes; a part of them has the suffix of another format. Of each ten two lie among whole ones in a folder
of classes, two stand in a table of paths, and the others go straight to what reads the sounds of both.
"""

from __future__ import annotations

import io
import os
import random
import sys
import tempfile
import warnings
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import soundfile
from benchmarks.damaged import CHUNK, Tried, arguments, changed, outcome, try_all

from gatewise.data.audio.energies import read_sounds
from gatewise.data.sources import open_source

# Rows of a class that are whole, as many as a comparison needs.
WHOLE = 15
SUFFIXES = (".wav", ".flac", ".ogg")
KINDS = (
    ("WAV", "PCM_16", 8000, 1),
    ("WAV", "FLOAT", 16000, 2),
    ("WAV", "ULAW", 8000, 1),
    ("WAV", "IMA_ADPCM", 8000, 1),
    ("FLAC", "PCM_16", 8000, 1),
    ("FLAC", "PCM_24", 44100, 2),
    ("OGG", "VORBIS", 8000, 1),
    ("OGG", "OPUS", 16000, 2),
)
NUMBERS = (0, 1, 2, 7, 255, 256, 999, 1000, 16001, 65535, 65536, 10**6, 2**31 - 1, 2**31, 2**32 - 2, 2**32 - 1, 2**63 - 1)


def seeds() -> list[tuple[str, bytes]]:
    """Whole files, each with the suffix that belongs to it."""
    return [(f".{kind[0].lower()}", written(*kind, samples=1600)) for kind in KINDS]


def written(container: str, coding: str, rate: int, channels: int, samples: int) -> bytes:
    """A tone as a file."""
    tone, content = np.sin(np.arange(samples) / 5), io.BytesIO()
    soundfile.write(content, np.stack([tone] * channels, axis=1).astype(np.float32), rate, coding, format=container)
    return content.getvalue()


def with_numbers(content: bytes, random_: random.Random) -> bytes:
    """A file with a number of its header changed."""
    data = bytearray(content)
    place = random_.randrange(min(96, len(data)))
    width = random_.choice((1, 2, 3, 4, 8))
    number = random_.choice(NUMBERS) % 256**width
    data[place : place + width] = number.to_bytes(width, random_.choice(("little", "big")))
    return bytes(data)


def chunk(given: tuple[int, int, str]) -> Tried:
    """CHUNK files, and those that ended as none should."""
    seed, number, place = given
    os.environ["GATEWISE_AUDIO_CACHE"] = "off"
    random_ = random.Random(f"{seed} {number}")
    files = seeds()
    everything = [content for _, content in files]
    whole = written("WAV", "PCM_16", 8000, 1, samples=300)
    counted: Counter[str] = Counter()
    bad: list[tuple[str, str, bytes]] = []
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory(dir=place) as folder:
        for name in ("high", "low"):
            (Path(folder) / name).mkdir()
            for row in range(WHOLE):
                (Path(folder) / name / f"{row}.wav").write_bytes(whole)
        for _ in range(CHUNK):
            suffix, content = random_.choice(files)
            if random_.random() < 0.4:
                content = with_numbers(content, random_)
            if random_.random() < 0.7:
                content = changed(content, everything, random_)
            if random_.random() < 0.1:
                suffix = random_.choice(SUFFIXES)
            path = Path(folder) / "high" / f"damaged{suffix}"
            path.write_bytes(content)
            said = outcome(_reading(Path(folder), path, random_))
            path.unlink()
            kind = said if said in ("read", "refused") else "other"
            counted[f"{suffix} {kind}"] += 1
            if kind == "other":
                bad.append((said, suffix, content))
    return counted, bad


def _reading(folder: Path, path: Path, random_: random.Random) -> Callable[[], object]:
    """The folder as it is, a table that names the same files, or the file alone."""
    way = random_.random()
    if way < 0.2:
        return partial(open_source, folder)
    if way > 0.4:
        return partial(read_sounds, [path])
    table = folder / "index.csv"
    rows = [f"{name}/{row}.wav,{name}\n" for name in ("high", "low") for row in range(WHOLE)]
    table.write_text("".join(["file,class\n", *rows, f"high/{path.name},high\n"]), encoding="utf-8")
    return partial(open_source, table, audio="file", target="class")


if __name__ == "__main__":
    sys.exit(try_all(chunk, arguments(__doc__, 100_000, "build/sound_fuzz")))
