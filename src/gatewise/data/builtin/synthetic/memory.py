"""Sequences that ask for something seen long before: adding, temporal order, copy, associative recall."""

from __future__ import annotations

import string

import numpy as np
from numpy.typing import NDArray

__all__ = ["adding", "copy", "recall", "temporal_order"]

Labelled = tuple[list[NDArray[np.float32]], list[str], tuple[str, ...]]
Numbered = tuple[list[NDArray[np.float32]], NDArray[np.float32], tuple[str, ...]]

COPY_SYMBOLS = 8
COPY_ITEMS = 10


def adding(generator: np.random.Generator, *, length: int, rows: int) -> Numbered:
    """The adding problem (Hochreiter & Schmidhuber 1997, task 4).

    Channels: a value, uniform in [0, 1], and a marker that is 1 at one step of each half, else 0.
    Target: the sum of the two marked values. Always saying 1 has a mean squared error of 1/6 and a mean absolute error of 1/3.
    Returns series [length, 2], targets [rows] and channel names.
    """
    values = generator.random((rows, length), dtype=np.float32)
    marked = np.stack([generator.integers(length // 2, size=rows), generator.integers(length // 2, length, size=rows)], axis=1)
    markers = np.zeros_like(values)
    np.put_along_axis(markers, marked, 1.0, axis=1)
    sums = np.take_along_axis(values, marked, axis=1).sum(axis=1)
    return list(np.stack([values, markers], axis=2)), sums, ("value", "marker")


def temporal_order(generator: np.random.Generator, *, length: int, rows: int) -> Labelled:
    """The temporal order problem (Hochreiter & Schmidhuber 1997, task 6a), with the distractors of the adding problem.

    Channels: symbols X and Y, one-hot, and a marker that is 1 at one step of each half, else 0. Class: the two marked symbols in
    order, XX, XY, YX or YY. Series have `length` to 1.1 `length` steps. In the original every X and Y is relevant, and each
    stands in a tenth of the sequence of its own, so that a linear model of the means of ten parts solves it. Here X and Y stand
    everywhere, equally often in each half, and only the marker tells which count: parts and counts tell nothing, and chance is
    25%. Who knows the marked symbols but not their order is right in 75%.
    """
    sequences, labels = [], []
    for _ in range(rows):
        steps = int(generator.integers(length, length + length // 10 + 1))
        halves = (steps // 2, steps - steps // 2)
        # An odd half has one symbol more than it can pair.
        codes = np.concatenate([generator.permutation((np.arange(half) + generator.integers(2)) % 2) for half in halves])
        marked = generator.integers((0, halves[0]), (halves[0], steps))
        values = np.stack([codes == 0, codes == 1, np.isin(np.arange(steps), marked)], axis=1).astype(np.float32)
        sequences.append(values)
        labels.append("".join("XY"[code] for code in codes[marked]))
    return sequences, labels, ("X", "Y", "marker")


def copy(generator: np.random.Generator, *, delay: int, rows: int) -> Labelled:
    """Copy memory (Hochreiter & Schmidhuber 1997; in the form of Arjovsky et al. 2016), as classification.

    Ten symbols out of eight, a to h, then `delay` blanks; where the original asks for all ten again, a last step names one of the
    ten positions. Class: the symbol that stood there. The query comes last, so all ten must be kept. Chance is 12.5%; naming the
    most frequent of the ten symbols is right in about 29%. Series [delay + 11, 19], one-hot.
    """
    symbols = generator.integers(COPY_SYMBOLS, size=(rows, COPY_ITEMS))
    asked = generator.integers(COPY_ITEMS, size=rows)
    codes = np.full((rows, COPY_ITEMS + delay + 1), COPY_SYMBOLS)
    codes[:, :COPY_ITEMS] = symbols
    codes[:, -1] = COPY_SYMBOLS + 1 + asked
    names = string.ascii_lowercase[:COPY_SYMBOLS]
    channels = (*names, "blank", *(f"position {number}" for number in range(1, COPY_ITEMS + 1)))
    one_hot = np.eye(len(channels), dtype=np.float32)
    return [one_hot[row] for row in codes], [names[symbol] for symbol in symbols[np.arange(rows), asked]], channels


def recall(generator: np.random.Generator, *, pairs: int, rows: int) -> Labelled:
    """Associative recall (Ba et al. 2016, "Using fast weights to attend to the recent past").

    `pairs` times a key, a letter that stands once, and its value, a digit; then a question mark and one of the keys. Class: that
    key's value. Chance is 10%; naming the value of any pair is right in 10% + 90% / pairs. Series [2 * pairs + 2, 37], one-hot.
    """
    channels = (*string.ascii_lowercase, *string.digits, "?")
    letters = len(string.ascii_lowercase)
    keys = generator.permuted(np.tile(np.arange(letters), (rows, 1)), axis=1)[:, :pairs]
    values = generator.integers(10, size=(rows, pairs))
    asked = generator.integers(pairs, size=rows)
    codes = np.empty((rows, 2 * pairs + 2), dtype=np.int64)
    codes[:, 0:-2:2] = keys
    codes[:, 1:-2:2] = letters + values
    codes[:, -2] = len(channels) - 1
    codes[:, -1] = keys[np.arange(rows), asked]
    one_hot = np.eye(len(channels), dtype=np.float32)
    return [one_hot[row] for row in codes], [str(value) for value in values[np.arange(rows), asked]], channels
