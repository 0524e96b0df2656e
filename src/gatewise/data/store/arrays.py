"""Arrays that grow on disk."""

from __future__ import annotations

import hashlib
import os
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

import numpy as np
from numpy.typing import NDArray

from gatewise.data.dataset.stored import array_file, blocks_of

__all__ = ["GrowingArrays"]


class GrowingArrays:
    """The arrays of a folder, written end to end; a context, at whose end they are on disk.

    What is written may raise OSError, as where the disk is full.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files: dict[str, IO[bytes]] = {}
        self._digests: dict[str, hashlib.blake2b] = {}
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._stack.close()

    @property
    def names(self) -> tuple[str, ...]:
        """Those that there are."""
        return tuple(self._files)

    def append(self, name: str, values: NDArray[Any]) -> None:
        """Write values behind those that are there."""
        self.append_bytes(name, np.ascontiguousarray(values, dtype=array_file(self._folder, name)[1]).data)

    def append_bytes(self, name: str, content: bytes | memoryview) -> None:
        """Write an array's bytes as they are."""
        if name not in self._files:
            path, _ = array_file(self._folder, name)
            self._files[name] = self._stack.enter_context(path.open("wb"))
            self._digests[name] = hashlib.blake2b(digest_size=20)
        self._files[name].write(content)
        self._digests[name].update(content)

    def mapped(self, name: str, *, writable: bool = False) -> NDArray[Any]:
        """What was written so far, mapped."""
        self._files[name].flush()
        path, kind = array_file(self._folder, name)
        return np.asarray(np.memmap(path, dtype=kind, mode="r+" if writable else "r"))

    def look_up(self, name: str, table: NDArray[Any]) -> None:
        """Put in each value's place what a table says of it."""
        values = self.mapped(name, writable=True)
        for place in blocks_of(len(values)):
            values[place] = table[values[place]]

    def digest(self, names: tuple[str, ...]) -> bytes:
        """What tells the content of some arrays, as it was written, from any other."""
        whole = hashlib.blake2b(digest_size=32)
        for name in sorted(set(names) & set(self._files)):
            whole.update(name.encode() + self._digests[name].digest())
        return whole.digest()

    def sync(self) -> None:
        """Wait until all is on disk."""
        for file in self._files.values():
            file.flush()
            os.fsync(file.fileno())
