"""Which steps are shown side by side where there is no room for all."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np

from gatewise.inspection.record import Inspected

__all__ = ["Column", "closest_stretch", "columns_of"]


@dataclass(frozen=True)
class Column:
    """Steps start to stop that are shown as one. label: the word, or the numbers of the steps. strongest: the step among them
    that moves the prediction most."""

    start: int
    stop: int
    label: str
    strongest: int


def closest_stretch(found: Inspected, most: int) -> tuple[int, int]:
    """Start and stop of the stretch of at most so many steps that holds most of what the prediction hangs on, the first of
    equals among those with the step that it hangs on most."""
    steps = len(found.sequence)
    if steps <= most:
        return 0, steps
    effects = np.abs(found.importance.effects)
    strongest = int(effects.argmax())
    first = max(0, strongest - most + 1)
    sums = np.convolve(effects, np.ones(most), "valid")[first : strongest + 1]
    # Sums of the same numbers in another order differ in the last digits.
    start = first + int(np.flatnonzero(sums >= sums.max() * (1 - 1e-9))[0])
    return start, start + most


def columns_of(found: Inspected, most: int) -> list[Column]:
    """At most so many columns: each a word of the stretch that the prediction hangs on; of values all steps, several in one where
    there are more."""
    words, effects = found.sequence.words, np.abs(found.importance.effects)
    start, stop = 0, len(found.sequence)
    if words:
        start, stop = closest_stretch(found, most)
    edges = np.unique(np.linspace(start, stop, min(most, stop - start) + 1).round().astype(np.int64)).tolist()
    made = []
    for first, last in itertools.pairwise(edges):
        label = f"{first + 1}–{last}" if last > first + 1 else words[first] if words else str(first + 1)
        made.append(Column(first, last, label, first + int(effects[first:last].argmax())))
    return made
