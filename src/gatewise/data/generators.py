"""Generators of sequences whose answer is known: each needs one kind of memory, and chance is known exactly."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["adding", "counting", "parity", "temporal_order"]

Generated = tuple[list[NDArray[np.float32]], list[str], tuple[str, ...]]


def adding(length: int, rows: int, generator: np.random.Generator) -> Generated:
    """The adding problem (Hochreiter & Schmidhuber 1997, task 4) as two classes.

    Channels: a value, uniform in [0, 1], and a marker that is 1 at one step of each half, else 0.
    Class: whether the two marked values sum to more than 1. Returns series [length, 2], class names and channel names.
    """
    values = generator.random((rows, length), dtype=np.float32)
    marked = np.stack([generator.integers(length // 2, size=rows), generator.integers(length // 2, length, size=rows)], axis=1)
    markers = np.zeros_like(values)
    np.put_along_axis(markers, marked, 1.0, axis=1)
    sums = np.take_along_axis(values, marked, axis=1).sum(axis=1)
    labels = np.where(sums > 1, "above 1", "at most 1").tolist()
    return list(np.stack([values, markers], axis=2)), labels, ("value", "marker")


def temporal_order(length: int, rows: int, generator: np.random.Generator) -> Generated:
    """The temporal order problem (Hochreiter & Schmidhuber 1997, task 6a).

    Symbols, one-hot: a start E, an end B, distractors a to d, and twice a relevant X or Y: once between 10% and 20% of `length`,
    once between 50% and 60%. Series have `length` to 1.1 `length` steps. Class: the relevant symbols in order, XX, XY, YX or YY.
    """
    symbols = ("a", "b", "c", "d", "X", "Y", "E", "B")
    one_hot = np.eye(len(symbols), dtype=np.float32)
    sequences, labels = [], []
    for _ in range(rows):
        codes = generator.integers(4, size=generator.integers(length, length + length // 10 + 1))
        relevant = generator.integers(2, size=2)
        codes[generator.integers(length // 10, length // 5 + 1)] = 4 + relevant[0]
        codes[generator.integers(length // 2, 3 * length // 5 + 1)] = 4 + relevant[1]
        codes[0], codes[-1] = 6, 7
        sequences.append(one_hot[codes])
        labels.append("".join("XY"[symbol] for symbol in relevant))
    return sequences, labels, symbols


def parity(length: int, rows: int, generator: np.random.Generator) -> Generated:
    """Random bits, one channel; class: whether the number of ones is even or odd, which any single bit changes."""
    bits = generator.integers(2, size=(rows, length))
    labels = np.where(bits.sum(axis=1) % 2, "odd", "even").tolist()
    return list(bits[:, :, np.newaxis].astype(np.float32)), labels, ("bit",)


def counting(length: int, rows: int, generator: np.random.Generator) -> Generated:
    """Strings a^n b^m, one-hot, with a neutral symbol c strewn in so that all have `length` steps and hardly any repeats.

    Class: whether n equals m; half of the rows do, the others miss it by one or two (Gers & Schmidhuber 2001 learn a^n b^n).
    """
    symbols = ("a", "b", "c")
    one_hot = np.eye(len(symbols), dtype=np.float32)
    sequences, labels = [], []
    for equal in generator.permutation(np.arange(rows) % 2 == 0):
        first = int(generator.integers(3, length // 2 - 1))
        second = first if equal else first + int(generator.choice([-2, -1, 1, 2]))
        codes = np.full(length, 2)
        places = np.sort(generator.choice(length, size=first + second, replace=False))
        codes[places] = np.repeat([0, 1], [first, second])
        sequences.append(one_hot[codes])
        labels.append("equal" if equal else "unequal")
    return sequences, labels, symbols
