"""A table's rows, a block at a time, with the words of their texts."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from gatewise.data.columns.columns import Choice, Columns
from gatewise.data.dataset.assemble import check_series
from gatewise.data.dataset.rows import Rows, from_row_on
from gatewise.data.store.target_column import ClassColumn, NumberColumn
from gatewise.data.store.words import BlockOfWords, words_of
from gatewise.data.tables.rows import table_rows
from gatewise.records import AudioFeatures, Reading

__all__ = ["Asked", "Block", "ReadSounds", "in_order", "read_blocks"]

ReadSounds: TypeAlias = Callable[[Sequence[Path]], tuple[list[NDArray[np.float32]], AudioFeatures, tuple[str, ...]]]
"""From files of sound to their energies, the features used, and what is odd about them."""


@dataclass(frozen=True)
class Asked:
    """How a table is to be read: name of the data, its columns, what is said of them, and the folder that paths start from."""

    name: str
    choice: Choice
    reading: Reading
    base: Path
    target: ClassColumn | NumberColumn
    inferred: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass(eq=False)
class Block:
    """Rows that have an input. first: number of the first row of its block. words: of texts."""

    rows: Rows
    first: int
    read: int
    features: AudioFeatures | None = None
    warnings: tuple[str, ...] = ()
    words: BlockOfWords | None = None

    @property
    def of(self) -> str:
        """What follows a place in messages."""
        return from_row_on(self.first)


def read_blocks(
    blocks: Iterable[Columns],
    asked: Asked,
    sounds: ReadSounds | None,
    on_rows: Callable[[int], None],
) -> Iterator[Block]:
    """The rows that have an input, sounds as energies. sounds, on_rows: as in `write_store`.

    Raises DataError where they do not do.
    """
    first = 0
    for columns in blocks:
        count = len(next(iter(columns.values()))) if columns else 0
        if not count:
            continue
        rows = table_rows(columns, asked.choice, asked.reading, asked.base, from_row_on(first)).rows
        present = np.flatnonzero(np.array([sequence is not None for sequence in rows.sequences], dtype=bool))
        rows = rows if len(present) == count else rows.take(present)
        block = Block(rows, first, count)
        if rows.kind == "audio" and len(rows) and sounds is not None:
            energies, features, odd = sounds(rows.sequences)
            block = Block(replace(rows, sequences=energies), first, count, features, odd)
        if block.rows.kind != "text" and len(rows):
            check_series(block.rows.sequences, rows.where, rows.step)
        first += count
        on_rows(first)
        yield block


def in_order(blocks: Iterator[Block], executor: Executor | None, at_once: int) -> Iterator[Block]:
    """The blocks with their words, which may be found side by side."""
    waiting: deque[tuple[Block, Future[BlockOfWords] | None]] = deque()
    for block in blocks:
        future = None
        if block.rows.kind == "text":
            if executor is None:
                block.words = words_of(block.rows.sequences)
            else:
                future = executor.submit(words_of, block.rows.sequences)
        waiting.append((block, future))
        if len(waiting) > (0 if executor is None else at_once):
            yield _found(*waiting.popleft())
    while waiting:
        yield _found(*waiting.popleft())


def _found(block: Block, future: Future[BlockOfWords] | None) -> Block:
    if future is not None:
        block.words = future.result()
    return block
