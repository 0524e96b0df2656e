"""Damaged tables, read into memory and from disk: the same rows both ways, or a message both ways.

    python -m benchmarks.store_fuzz [--inputs 100000] [--seed 0] [--jobs 2] [--keep FOLDER]

The files of `benchmarks.loader_fuzz` that can be read block by block, changed as they are there. Where one way reads a table that
the other refuses, or other rows, it is counted and kept, as is whatever ends in another way. Tables that are taken for forecasts
are refused from disk.
"""

from __future__ import annotations

import gzip
import os
import random
import shutil
import sys
import tempfile
import warnings
from collections import Counter
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from benchmarks.damaged import CHUNK, Tried, arguments, changed, outcome, try_all
from benchmarks.loader_fuzz import seeds

from gatewise.data.sources import open_source
from gatewise.errors import GatewiseError
from gatewise.records import Dataset

OPTIONS: tuple[dict[str, Any], ...] = ({}, {}, {"target": "label"}, {"weights": "weight"}, {"channels": ("values",)})
SUFFIXES = (".csv", ".tsv", ".jsonl", ".csv.gz", ".jsonl.gz", ".parquet")


# What is said of tables that cannot be read block by block.
WHOLE = "--on-disk always does not apply"


def read(path: Path, options: dict[str, Any], on_disk: str) -> Dataset | str:
    """The data, or what was said of them."""
    try:
        return open_source(path, on_disk=on_disk, **options)
    except GatewiseError as error:
        return str(error)


def both(path: Path, options: dict[str, Any]) -> None:
    """Raise ValueError where the two ways differ, GatewiseError where both refuse."""
    memory, disk = (read(path, options, on_disk) for on_disk in ("never", "always"))
    if isinstance(disk, str) and (isinstance(memory, str) or WHOLE in disk):
        raise GatewiseError(disk)
    if isinstance(memory, str) or isinstance(disk, str):
        raise ValueError(
            f"in memory: {memory if isinstance(memory, str) else 'read'}, from disk: {disk if isinstance(disk, str) else 'read'}"
        )
    same = (memory.task, memory.classes, memory.labels, len(memory)) == (disk.task, disk.classes, disk.labels, len(disk))
    if not (
        same
        and np.array_equal(memory.targets, disk.targets)
        and list(map(_plain, memory.sequences)) == list(map(_plain, disk.sequences))
    ):
        raise ValueError(f"in memory {len(memory)} rows, {memory.classes[:3]}; from disk {len(disk)}, {disk.classes[:3]}")


def _plain(sequence: Any) -> str | bytes:
    return sequence if isinstance(sequence, str) else sequence.tobytes()


def chunk(given: tuple[int, int, str]) -> Tried:
    """CHUNK files, and those that ended as none should."""
    seed, number, place = given
    random_ = random.Random(f"{seed} {number}")
    files = {suffix: content for suffix, content in seeds().items() if suffix in SUFFIXES}
    everything = [content for some in files.values() for content in some]
    counted: Counter[str] = Counter()
    bad: list[tuple[str, str, bytes]] = []
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory(dir=place) as folder:
        os.environ["GATEWISE_STORE"] = str(Path(folder) / "stores")
        for _ in range(CHUNK):
            suffix = random_.choice(sorted(files))
            content = random_.choice(files[suffix])
            if suffix.endswith(".gz") and random_.random() < 0.5:
                content = gzip.compress(changed(gzip.decompress(content), everything, random_), 1)
            elif random_.random() < 0.9:
                content = changed(content, everything, random_)
            path = Path(folder) / f"file{suffix}"
            path.write_bytes(content)
            options = random_.choice(OPTIONS)
            said = outcome(partial(both, path, options))
            shutil.rmtree(Path(folder) / "stores", ignore_errors=True)
            kind = said if said in ("read", "refused") else "other"
            counted[f"{suffix} {kind}"] += 1
            if kind == "other":
                bad.append((f"{said} with {options}", suffix, content))
    return counted, bad


if __name__ == "__main__":
    sys.exit(try_all(chunk, arguments(__doc__, 100_000, "build/store_fuzz")))
