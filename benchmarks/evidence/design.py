"""Which studies are run for the evidence base: a designed family, the built-in tasks at several sizes, and public data."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from benchmarks.budgets import SETS
from scipy.stats import qmc

from gatewise.data.builtin.synthetic.spans import SPAN_RULES

__all__ = ["SELF_TEST", "Study", "family", "public", "tasks"]

FAMILY_STUDIES = 160
NOISES = (0, 0, 30, 60)
# Without the nearest neighbour by time warping, which takes longer than all trainings and is seldom the best.
QUICK_RIVALS = ("--rivals", "simple,minirocket")


@dataclass(frozen=True)
class Study:
    """One `gatewise compare`. name: of its run. seconds: its budget, None for a fixed number of replicates."""

    name: str
    source: str
    options: tuple[str, ...] = ()
    seconds: int | None = None

    def placed(self, made: Path, data: Path | None) -> Study:
        """The same with the path of its file, among what was made of public data or in their folder."""
        if self.source.startswith("builtin:") or data is None:
            return self
        return replace(self, source=str(next(place / self.source for place in (made, data) if (place / self.source).exists())))


def family(count: int = FAMILY_STUDIES) -> list[Study]:
    """Settings of `builtin:spans`, spread over length, span, noise, classes and rows by a scrambled Sobol sequence, every rule in
    turn."""
    points = qmc.Sobol(5, seed=14).random(1 << (count - 1).bit_length())
    studies = []
    for number in range(count):
        length_at, span_at, noise_at, classes_at, rows_at = points[number]
        length = round(float(np.exp(np.interp(length_at, (0, 1), np.log((12, 64))))))
        span = max(round(float(np.interp(span_at, (0, 1), (0.1, 1))) * length), 2)
        noise = NOISES[int(noise_at * len(NOISES))]
        classes = 2 + int(classes_at * 5)
        rows = round(float(np.exp(np.interp(rows_at, (0, 1), np.log((300, 1000))))), -1)
        rule = SPAN_RULES[number % len(SPAN_RULES)]
        studies.append(
            Study(
                f"spans-{rule}-{length}-{span}-{noise}-{classes}-{rows:.0f}",
                f"builtin:spans?rule={rule}&length={length}&span={span}&noise={noise}&classes={classes}&rows={rows:.0f}",
                QUICK_RIVALS,
            )
        )
    return studies


def tasks() -> list[Study]:
    """The built-in tasks at several sizes."""
    requests = (
        *(f"adding?length={length}&rows={rows}" for length, rows in ((20, 500), (20, 1000), (50, 1000))),
        *(f"adding?length={length}&rows=800&classes=2" for length in (20, 40)),
        *(f"temporal-order?length={length}&rows={rows}" for length, rows in ((20, 300), (20, 800), (50, 800))),
        *(f"parity?length={length}&rows={rows}" for length, rows in ((10, 600), (12, 1000), (20, 800), (40, 600))),
        *(f"counting?length={length}&rows={rows}" for length, rows in ((20, 500), (20, 1000), (30, 1000), (50, 1000))),
        *(f"copy?delay={delay}&rows=800" for delay in (1, 10, 30)),
        *(f"recall?pairs={pairs}&rows={rows}" for pairs, rows in ((2, 600), (3, 1000), (4, 800), (8, 800))),
        *(f"dyck1?length={length}&rows=800" for length in (20, 30, 50)),
        *(f"dyck2?length={length}&rows=800" for length in (20, 40)),
        *(f"reviews?rows={rows}" for rows in (300, 1000, 2000)),
        *(f"waves?length={length}&rows=600" for length in (20, 40)),
        *(f"chords?length={length}&rows=100" for length in (30, 50)),
        "seasonal?rows=1000",
        "digits",
    )
    return [Study(request.replace("?", "-").replace("&", "-").replace("=", ""), f"builtin:{request}") for request in requests]


def public(seconds: int = 600) -> list[Study]:
    """The public data sets."""
    return [Study(name, source, tuple(options), seconds) for name, (source, *options) in SETS.items() if ":" not in source]


SELF_TEST = tuple(Study(f"builtin:{name}", f"builtin:{name}") for name in ("adding", "counting", "temporal-order", "recall"))
"""Data whose answer the literature knows: GRU, LSTM, equivalent, neither."""
