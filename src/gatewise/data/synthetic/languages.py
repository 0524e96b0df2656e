"""Words of formal languages: parity (a finite state), counting and Dyck-1 (a counter), Dyck-2 (a stack).

All are one-hot or one bit, half of the rows belong to the language, and chance is 50%.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["counting", "dyck1", "dyck2", "parity"]

Labelled = tuple[list[NDArray[np.float32]], list[str], tuple[str, ...]]


def parity(generator: np.random.Generator, *, length: int, rows: int) -> Labelled:
    """Random bits, one channel; class: whether the number of ones is even or odd, which any single bit changes."""
    bits = generator.integers(2, size=(rows, length))
    labels = np.where(bits.sum(axis=1) % 2, "odd", "even").tolist()
    return list(bits[:, :, np.newaxis].astype(np.float32)), labels, ("bit",)


def counting(generator: np.random.Generator, *, length: int, rows: int) -> Labelled:
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


def dyck1(generator: np.random.Generator, *, length: int, rows: int) -> Labelled:
    """Strings of one kind of brackets, of half to all of `length` steps. Class: whether they are balanced.

    The unbalanced ones are balanced strings in which an opening and a later closing bracket changed places, neither of them the
    first or the last, so that a bracket closes before it opens: counts tell nothing, nor do the ends. Balanced ones are drawn
    from the same strings, uniform among all of a length in which this can be done.
    """
    one_hot = np.eye(2, dtype=np.float32)
    sequences, labels = [], []
    for balanced in generator.permutation(np.arange(rows) % 2 == 0):
        pairs = _pairs(generator, length)
        exchange = None
        while exchange is None:
            steps = _balanced(generator, pairs)
            exchange = _exchange(generator, steps)
        if not balanced:
            steps[list(exchange)] = -1, 1
        sequences.append(one_hot[(steps < 0).astype(np.int64)])
        labels.append("balanced" if balanced else "unbalanced")
    return sequences, labels, ("(", ")")


def dyck2(generator: np.random.Generator, *, length: int, rows: int) -> Labelled:
    """Strings of two kinds of brackets, of half to all of `length` steps. Class: whether they are balanced.

    The unbalanced ones are balanced strings in which two closing brackets of different kinds changed places: the number of each
    bracket stays, and with kinds ignored the string is balanced, so only matching kinds across what is nested between tells.
    Brackets that close right after they open are spared where possible, or pairs of neighbours would tell.
    """
    one_hot = np.eye(4, dtype=np.float32)
    sequences, labels = [], []
    for balanced in generator.permutation(np.arange(rows) % 2 == 0):
        steps = _balanced(generator, _pairs(generator, length))
        openings = _openings(steps)
        kinds = _kinds(generator, openings)
        if not balanced:
            closing = np.flatnonzero(steps < 0)
            spanning = closing[openings[closing] < closing - 1]
            both = len(np.unique(kinds[spanning])) == 2
            first, second = (
                generator.choice([place for place in (spanning if both else closing) if kinds[place] == kind]) for kind in (0, 1)
            )
            kinds[first], kinds[second] = 1, 0
        sequences.append(one_hot[np.where(steps < 0, 2, 0) + kinds])
        labels.append("balanced" if balanced else "unbalanced")
    return sequences, labels, ("(", "[", ")", "]")


def _pairs(generator: np.random.Generator, length: int) -> int:
    return int(generator.integers(-(-length // 4), length // 2 + 1))


def _balanced(generator: np.random.Generator, pairs: int) -> NDArray[np.int64]:
    """A balanced string as 1 (open) and -1 (close), uniform among all of its length (Arnold & Sleep 1980)."""
    steps = np.ones(2 * pairs, dtype=np.int64)
    height = 0
    for place, draw in enumerate(generator.random(2 * pairs)):
        left = 2 * pairs - place
        if draw < height * (height + left + 2) / (2 * left * (height + 1)):
            steps[place] = -1
        height += int(steps[place])
    return steps


def _exchange(generator: np.random.Generator, steps: NDArray[np.int64]) -> tuple[int, int] | None:
    """An opening and a later closing bracket, no ends, whose exchange makes more brackets close than were opened somewhere.

    Uniform among all such pairs; None where there is none.
    """
    places = np.arange(len(steps))
    inner = (places > 0) & (places < len(steps) - 1)
    opening, closing = np.flatnonzero(inner & (steps > 0)), np.flatnonzero(inner & (steps < 0))
    # The exchange lowers the height by 2 from the one place to the other: a height below 2 has to lie between.
    low = np.where(np.cumsum(steps) < 2, places, len(steps))
    next_low = np.minimum.accumulate(low[::-1])[::-1][opening]
    ways = np.cumsum(len(closing) - np.searchsorted(closing, next_low, side="right"))
    if not ways[-1]:
        return None
    draw = int(generator.integers(ways[-1]))
    chosen = int(np.searchsorted(ways, draw, side="right"))
    return int(opening[chosen]), int(closing[draw - ways[chosen]])


def _openings(steps: NDArray[np.int64]) -> NDArray[np.int64]:
    """For every bracket the place of the one that opens its pair."""
    places = np.arange(len(steps))
    stack: list[int] = []
    for place, step in enumerate(steps):
        if step > 0:
            stack.append(place)
        else:
            places[place] = stack.pop()
    return places


def _kinds(generator: np.random.Generator, openings: NDArray[np.int64]) -> NDArray[np.int64]:
    """0 or 1 for every bracket, the same for both of a pair; both kinds occur."""
    while True:
        kinds = generator.integers(2, size=len(openings))[openings]
        if kinds.any() and not kinds.all():
            return kinds
