"""Where encoded data lie, and under which name."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from gatewise.data.dataset.memory import size_text, total_bytes
from gatewise.data.dataset.stored import FORMAT
from gatewise.errors import DataError
from gatewise.records import Reading, to_json

__all__ = ["LARGE", "PLACE", "outgrows_memory", "require_space", "store_folder", "store_root"]

PLACE = "GATEWISE_STORE"

LARGE = 200_000_000
"""Bytes of a table beyond which it is read from disk in any case: in memory, every split would be encoded as a whole."""
# What tables of text take in memory while they are compared, in sizes of their files: cells, tokens and numbers of tokens. And
# sounds, as energies.
_TABLE_TAKES, _SOUND_TAKES = 12, 4
# The part of the machine's memory that data may take before they are read from disk.
_SHARE = 0.5
# Bytes of a file that are looked at beside its size and time, at so many places.
_PIECE, _PIECES = 2**16, 16


def outgrows_memory(size: int, *, sound: bool = False) -> bool:
    """Whether data of so many bytes are read from disk: large tables, and what is too much for this machine's memory, whatever of
    it is free."""
    takes = (_SOUND_TAKES if sound else _TABLE_TAKES) * size
    return takes > _SHARE * total_bytes() or (not sound and size > LARGE)


def store_folder(files: Iterable[Path], reading: Reading) -> Path:
    """The folder for the data of some files, read in one way: in `$GATEWISE_STORE`, else `$XDG_CACHE_HOME/gatewise/stores`
    (`~/.cache` where that is unset). It is another one as soon as a file's size or time is another, or, of a single one, what
    stands at some places of it.

    Raises DataError where there is no place, or a file cannot be read.
    """
    root = store_root()
    if root is None:
        raise DataError(f"the data are read from disk, and this user has no home. Name a folder: {PLACE}=FOLDER.")
    digest = hashlib.sha256(f"{FORMAT} {json.dumps(to_json(replace(reading, test=None)), sort_keys=True)}".encode())
    every = [*files]
    for path in every:
        try:
            about = path.stat()
            digest.update(f"{path.resolve()} {about.st_size} {about.st_mtime_ns} ".encode("utf-8", "surrogateescape"))
            if len(every) == 1:
                with path.open("rb") as file:
                    for number in range(_PIECES):
                        file.seek(about.st_size * number // _PIECES)
                        digest.update(file.read(_PIECE))
        except OSError as error:
            raise DataError(f"{path} cannot be read: {error.strerror or error}. Check the path and its permissions.") from error
    name = every[0].name.split(".")[0]
    return root / f"{name[:40]}-{digest.hexdigest()[:20]}"


def require_space(folder: Path, needed: int) -> None:
    """Raise DataError where the disk of a folder has no room for so many bytes, or nothing can be made there."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(folder).free
    except OSError as error:
        raise DataError(
            f"the data are read from disk, and {folder} cannot be made: {error.strerror}. Name another folder: {PLACE}=FOLDER."
        ) from error
    if needed > free:
        raise DataError(
            f"the data are read from disk, encoded into {folder}, which takes about {size_text(needed)}, and {size_text(free)} "
            f"are free there. Make room, or name another folder: {PLACE}=FOLDER."
        )


def store_root() -> Path | None:
    """The folder in which encoded data lie; None where none is named and this user has no home."""
    named = os.environ.get(PLACE, "")
    if named:
        return Path(named).expanduser().absolute()
    cache = Path(os.environ.get("XDG_CACHE_HOME", ""))
    try:
        # A relative path is to be ignored, says the XDG base directory specification.
        root = cache if cache.is_absolute() else Path.home() / ".cache"
    except RuntimeError:
        return None
    return root / "gatewise" / "stores"
