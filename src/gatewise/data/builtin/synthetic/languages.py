"""Words of formal languages: parity (a finite state), counting and Dyck-1 (a counter), Dyck-2 (a stack).

All are one-hot or one bit, half of the rows belong to the language, and chance is 50%.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["balanced_steps", "counting", "dyck1", "dyck2", "parity"]

Labelled = tuple[list[NDArray[np.float32]], list[str], tuple[str, ...]]

# `()(()())` is the shortest string with both places, and two pairs more are put into it.
LEAST_PAIRS = 6


def parity(generator: np.random.Generator, *, length: int, rows: int) -> Labelled:
    """Random bits, one channel; class: whether the number of ones is even or odd, which any single bit changes."""
    bits = generator.integers(2, size=(rows, length))
    labels = np.where(bits.sum(axis=1) % 2, "odd", "even").tolist()
    return list(bits[:, :, np.newaxis].astype(np.float32)), labels, ("bit",)


def counting(generator: np.random.Generator, *, length: int, rows: int) -> Labelled:
    """Strings a^n b^m (Gers & Schmidhuber 2001 learn a^n b^n) inside others of `length` steps, one-hot.

    a and b at random, a start symbol, a^n b^m, an end symbol, and a and b at random again. Class: whether n equals m; half of the
    rows do, the others miss it by one or two. n is at most a third of `length`. What stands outside does not count, but is in
    every count of the whole string and of its parts.
    """
    symbols = ("a", "b", "start", "end")
    one_hot = np.eye(len(symbols), dtype=np.float32)
    sequences, labels = [], []
    for equal in generator.permutation(np.arange(rows) % 2 == 0):
        first = int(generator.integers(3, length // 3 + 1))
        second = first if equal else first + int(generator.choice([-2, -1, 1, 2]))
        outside = generator.integers(2, size=length - first - second - 2)
        before, after = np.split(outside, [generator.integers(len(outside) + 1)])
        sequences.append(one_hot[np.concatenate([before, [2], np.repeat([0, 1], [first, second]), [3], after])])
        labels.append("equal" if equal else "unequal")
    return sequences, labels, symbols


def dyck1(generator: np.random.Generator, *, length: int, rows: int) -> Labelled:
    """Strings of one kind of brackets, of half to all of `length` steps. Class: whether they are balanced.

    Two balanced strings follow one another, so that nothing is open between them. There, and at a place where something is open
    between a closing and an opening bracket, two more are put: `()` at the one and `)(` at the other. Where something is open
    either is harmless; where nothing is, `)(` closes what was never opened, and the string is unbalanced. So both classes have
    the same brackets in the same parts of the string, and the number of open brackets, counted exactly, tells them apart. Counts
    of all neighbourhoods of six brackets, by which the two kinds of places differ a little, are right in about 80%.
    """
    one_hot = np.eye(2, dtype=np.float32)
    sequences, labels = [], []
    for balanced in generator.permutation(np.arange(rows) % 2 == 0):
        steps, closed, opened = _two_places(generator, max(_pairs(generator, length), LEAST_PAIRS) - 2)
        inside, outside = (closed, opened) if balanced else (opened, closed)
        whole = np.insert(steps, [inside, inside, outside, outside], [1, -1, -1, 1])
        sequences.append(one_hot[(whole < 0).astype(np.int64)])
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
        steps = balanced_steps(generator, _pairs(generator, length))
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


def balanced_steps(generator: np.random.Generator, pairs: int) -> NDArray[np.int64]:
    """A balanced string as 1 (open) and -1 (close), uniform among all of its length (Arnold & Sleep 1980)."""
    steps = np.ones(2 * pairs, dtype=np.int64)
    height = 0
    for place, draw in enumerate(generator.random(2 * pairs)):
        left = 2 * pairs - place
        if draw < height * (height + left + 2) / (2 * left * (height + 1)):
            steps[place] = -1
        height += int(steps[place])
    return steps


def _two_places(generator: np.random.Generator, pairs: int) -> tuple[NDArray[np.int64], int, int]:
    """A balanced string, a place inside it where nothing is open, and one between `)` and `(` where something is."""
    while True:
        first = int(generator.integers(1, pairs))
        steps = np.concatenate([balanced_steps(generator, first), balanced_steps(generator, pairs - first)])
        heights = np.cumsum(steps)[:-1]
        opened = 1 + np.flatnonzero((steps[:-1] < 0) & (steps[1:] > 0) & (heights > 0))
        if len(opened):
            return steps, 2 * first, int(generator.choice(opened))


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
