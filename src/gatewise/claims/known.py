"""Tasks with known answers: what each is, when it counts as solved, and what the literature expects of the cells."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from gatewise.metrics import METRICS

__all__ = ["KNOWN", "Group", "Known", "solve"]

Group = Literal["long", "exact", "recall"]


@dataclass(frozen=True)
class Known:
    """One task at one size. group: long memory, exact counting or state, or recall by a key. steps: of a sequence, or of the
    longest tried beyond those learned. solved: the score from which on it counts so. expected: who solves it by the literature.

    source: a built-in data set with its options, "" for what `claims.languages` has; metric and course are of such. course:
    training steps at most, and the validation score, more is better, at which training may end. quick: whether a quick run has
    it.
    """

    name: str
    title: str
    group: Group
    steps: int
    solved: float
    condition: str
    expected: str
    source: str = ""
    metric: str = "accuracy"
    course: tuple[int, float] = (0, 0.0)
    quick: bool = True

    def is_solved(self, score: float) -> bool:
        """Whether a test score counts as solved."""
        return METRICS[self.metric].gain(score) >= METRICS[self.metric].gain(self.solved)


_ADDING = "GRU ahead: MSE 5.3e-5 against 0.164 at 600 steps (Bai 2018)"
_ORDER = "both (Hochreiter & Schmidhuber 1997)"
_COPY = "neither from 500 on, GRU recalls longer (Bai 2018)"


def _adding(length: int, steps: int, quick: bool = True) -> Known:
    return Known(
        f"adding-{length}",
        f"adding, {length:,} steps",
        "long",
        length,
        0.01,
        "MSE below 0.01 (always saying 1: 0.167)",
        _ADDING,
        f"adding?length={length}&rows=4000",
        "mse",
        (steps, -0.005),
        quick,
    )


def _order(length: int, steps: int, quick: bool = True) -> Known:
    return Known(
        f"temporal-order-{length}",
        f"temporal order, {length:,} steps",
        "long",
        length,
        0.99,
        "at most 1% wrong (chance: 75%)",
        _ORDER,
        f"temporal-order?length={length}&rows=4000",
        course=(steps, 0.995),
        quick=quick,
    )


def _copy(delay: int, steps: int, quick: bool = True) -> Known:
    return Known(
        f"copy-{delay}",
        f"copy, delay {delay:,}",
        "long",
        delay,
        0.99,
        "at least 99% right (chance: 12.5%)",
        _COPY,
        f"copy?delay={delay}&rows=4000",
        course=(steps, 0.995),
        quick=quick,
    )


_LANGUAGES = (
    Known(
        "counting",
        "a^n b^n, learned to n = 20",
        "exact",
        61,
        30.0,
        "every step right up to n = 30 and more",
        "LSTM counts on, GRU does not (Weiss 2018)",
    ),
    Known(
        "dyck1",
        "Dyck-1, learned to 20 pairs",
        "exact",
        61,
        0.95,
        "every step right in 95% of the words of 30 pairs",
        "LSTM, by its counter (Weiss 2018)",
    ),
    Known(
        "parity",
        "parity, learned to 10 bits",
        "exact",
        40,
        0.90,
        "at least 90% of the words of 40 bits right (chance: 50%)",
        "both; linear recurrences (minGRU) do not",
    ),
)

KNOWN: tuple[Known, ...] = (
    *_LANGUAGES,
    Known(
        "recall-4",
        "associative recall, 4 pairs",
        "recall",
        10,
        0.95,
        "at least 95% right (any of the pairs: 32%)",
        "neither: an LSTM has 36% at chance 25%",
        "recall?pairs=4&rows=4000",
        course=(2000, 0.99),
    ),
    _adding(50, 2000),
    _order(50, 2000),
    _copy(50, 1000),
    _adding(200, 2000),
    _order(200, 2000),
    _adding(500, 1000),
    _order(500, 1000),
    _copy(200, 1000, quick=False),
    _adding(1000, 1000, quick=False),
    _order(1000, 1000, quick=False),
    _copy(500, 1000, quick=False),
)
"""In the order in which they are shown."""


def solve(name: str, cell: str, seed: int) -> dict[str, Any]:
    """Train a cell on a task: score, steps it took, seconds."""
    from gatewise.claims.languages import learn_counting, learn_dyck1, learn_parity
    from gatewise.claims.solving import Course, learner
    from gatewise.data.sources import open_source

    known = next(one for one in KNOWN if one.name == name)
    languages: Mapping[str, Callable[[str, int], dict[str, Any]]] = {
        "counting": learn_counting,
        "dyck1": learn_dyck1,
        "parity": learn_parity,
    }
    if not known.source:
        return languages[name](cell, seed)
    dataset = open_source(f"builtin:{known.source}", seed=seed)
    return learner(dataset, cell, seed, metric=known.metric).learn(Course(*known.course))
