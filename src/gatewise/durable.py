"""Writes that matter: at any moment the old content or the whole new one is there, also after a power cut."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

__all__ = ["growing_file", "new_folder", "write_file", "write_synced"]


def write_file(path: Path, content: bytes) -> None:
    """Write a file beside its place, then put it there. Raises OSError; what was there stays then, and nothing half-written."""
    with growing_file(path) as file:
        file.write(content)


@contextmanager
def growing_file(path: Path) -> Iterator[IO[bytes]]:
    """A file to write bit by bit, which takes the place of `path` at the end of the block.

    Raises OSError; with that, or any other error, what was there stays.
    """
    temporary = _beside(path)
    try:
        with temporary.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


@contextmanager
def new_folder(path: Path) -> Iterator[Path]:
    """A folder to fill with `write_synced`, which takes the place of `path`, a folder or nothing, at the end.

    Raises OSError; with that, or any other error, what was there stays.
    """
    temporary = _beside(path)
    shutil.rmtree(temporary, ignore_errors=True)
    try:
        temporary.mkdir()
        yield temporary
        _sync_folder(temporary)
        _put(temporary, path)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise
    _sync_folder(path.parent)


def _put(folder: Path, path: Path) -> None:
    """Give a folder its place. What is there steps aside first, and back where that fails: removing it takes time."""
    if not path.exists():
        folder.replace(path)
        return
    aside = _beside(path.with_name(f"{path.name}.old"))
    shutil.rmtree(aside, ignore_errors=True)
    path.replace(aside)
    try:
        folder.replace(path)
    except BaseException:
        aside.replace(path)
        raise
    shutil.rmtree(aside, ignore_errors=True)


def write_synced(path: Path, content: bytes) -> None:
    """Write a file and wait until it is on disk. Raises OSError."""
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _beside(path: Path) -> Path:
    return path.with_name(f".{path.name}.{os.getpid()}.part")


def _sync_folder(path: Path) -> None:
    """Wait until a name in a folder is on disk."""
    folder = os.open(path, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
