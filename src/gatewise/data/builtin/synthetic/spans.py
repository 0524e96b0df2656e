"""A family of sequences whose length, dependency, noise, classes and rows are chosen: what decides between cells shows in it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gatewise.errors import DataError

__all__ = ["SPAN_RULES", "spans"]

Labelled = tuple[list[NDArray[np.float32]], list[str], tuple[str, ...]]

SPAN_RULES = ("symbol", "difference", "sum", "majority", "surplus")
# Of the symbols in a span under `majority` and `sum`, how many are marked.
SHARE_MARKED, MOST_SUMMED = 0.5, 8
SURPLUS = 0.15


def spans(generator: np.random.Generator, *, rule: str, length: int, span: int, noise: int, classes: int, rows: int) -> Labelled:
    """Random symbols, one-hot in `classes` channels, and a marker that says which of them count; all these lie in the last `span`
    of `length` steps, the first of them at its beginning. `noise` percent of a symbol's height is the deviation of normal noise
    on every channel. Each class is as frequent as the others, and guessing is right in 1 of `classes`.

    symbol: one is marked, `span` steps before the end; it is the class. Who remembers it that long is right.
    difference: two are marked, the other one at the end; their difference modulo `classes` is the class. Neither alone tells.
    sum: up to eight are marked; their sum modulo `classes` is the class: a state that every marked symbol changes.
    majority: half of the span is marked; the most frequent of these is the class: counting.
    surplus: nothing is marked; one symbol is more frequent, by 15 points, over the whole sequence, and is the class: no memory
    but that of shares.
    Raises DataError where the span is longer than the sequence.
    """
    if span > length:
        raise DataError(f"builtin:spans: span is {span} where length is {length}; expected a span of at most the length.")
    symbols = generator.integers(classes, size=(rows, length))
    marked = np.zeros((rows, length), dtype=bool)
    if rule == "surplus":
        labels = generator.integers(classes, size=rows)
        symbols = np.where(generator.random((rows, length)) < SURPLUS, labels[:, np.newaxis], symbols)
    elif rule == "majority":
        labels = generator.integers(classes, size=rows)
        for row, label in enumerate(labels):
            places = length - span + generator.permutation(span)[: max(round(SHARE_MARKED * span), 1)]
            marked[row, places] = True
            symbols[row, places] = _with_majority(generator, len(places), int(label), classes)
    else:
        others = {"symbol": 0, "difference": 1, "sum": min(MOST_SUMMED, span) - 1}[rule]
        marked[:, length - span] = True
        for row in range(rows):
            behind = generator.permutation(span - 1)[:others] if rule == "sum" else np.full(others, span - 2)
            marked[row, length - span + 1 + behind] = True
        signs = np.ones((rows, length), dtype=np.int64)
        if rule == "difference":
            signs[:, -1] = -1
        labels = np.where(marked, signs * symbols, 0).sum(axis=1) % classes
    values = np.concatenate([np.eye(classes)[symbols], marked[:, :, np.newaxis]], axis=2)
    values += noise / 100 * generator.standard_normal(values.shape)
    names = tuple("ABCDEFGHI"[:classes])
    return list(values.astype(np.float32)), [names[label] for label in labels], (*names, "marker")


def _with_majority(generator: np.random.Generator, count: int, most: int, classes: int) -> NDArray[np.int64]:
    """So many symbols, at random among those in which one is the most frequent by one or two."""
    while True:
        drawn = generator.integers(classes, size=count)
        frequencies = np.bincount(drawn, minlength=classes)
        first = int(frequencies.argmax())
        rest = np.delete(frequencies, first)
        if frequencies[first] > rest.max():
            # Which symbol it is tells nothing of the others.
            return (drawn - first + most) % classes
