"""Simulated studies: looked at as a run looks at its replicates, and what became of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binom

from gatewise.statistics.correlated import Differences, Spread, posterior
from gatewise.statistics.decision import ERROR, Rule, conclude
from gatewise.statistics.sequential import MINIMUM_REPLICATES, MOST_REPLICATES

__all__ = [
    "STRESS_BOUND",
    "Judge",
    "Look",
    "Outcome",
    "Row",
    "Seen",
    "Values",
    "resampled_look",
    "statements",
    "stop_when_decided",
    "table",
]

STRESS_BOUND = 0.06
WIDTH = 80

Values = NDArray[np.float64]
Seen = tuple[Differences, Spread]
Look = Callable[[int, NDArray[np.int64]], Seen]  # number of replicates, indices of the studies still running
Judge = Rule | Callable[[Differences, Spread], Rule]  # one rule for all looks, or what makes one from what is seen


@dataclass(frozen=True)
class Outcome:
    """How studies ended: the conclusion of each, and the replicates it took (0 where it stayed undecided)."""

    conclusions: NDArray[np.str_]
    replicates: NDArray[np.int64]

    def rate(self, *wanted: str, within: int | None = None) -> float:
        """Return the share of studies that ended with one of the conclusions, after at most `within` replicates."""
        ended = np.isin(self.conclusions, wanted)
        return float((ended if within is None else ended & (self.replicates <= within)).mean())

    def taken(self, most: int) -> float:
        """Return the mean number of replicates, `most` of those that stayed undecided."""
        return float(np.where(self.conclusions == "undecided", most, np.minimum(self.replicates, most)).mean())

    def joined(self, other: Outcome) -> Outcome:
        """Both together."""
        return Outcome(np.concatenate([self.conclusions, other.conclusions]), np.concatenate([self.replicates, other.replicates]))


@dataclass(frozen=True)
class Row:
    """One line of a table. bounded: the rates that must not be above `bound`; the others are for information."""

    setting: str
    studies: int
    rates: Mapping[str, float]
    bounded: tuple[str, ...] = ()
    bound: float = ERROR

    def broken(self) -> tuple[str, ...]:
        """Return the bounded rates that are above the bound by more than chance explains (one-sided binomial test at 1%)."""
        return tuple(
            name for name in self.bounded if binom.sf(round(self.rates[name] * self.studies) - 1, self.studies, self.bound) < 0.01
        )


def stop_when_decided(
    look: Look,
    studies: int,
    margin: float,
    rule: Judge = Rule.after_each,
    most_replicates: int = MOST_REPLICATES,
) -> Outcome:
    """Look at every study after each replicate from the first that may decide to `most_replicates`, until the rule decides it."""
    conclusions = np.full(studies, "undecided", dtype="<U10")  # as long as "equivalent", which would be cut short
    replicates_taken = np.zeros(studies, dtype=np.int64)
    running = np.arange(studies)
    first = rule.minimum_replicates if isinstance(rule, Rule) else MINIMUM_REPLICATES
    for replicates in range(first, most_replicates + 1):
        seen, spread = look(replicates, running)
        asked = rule if isinstance(rule, Rule) else rule(seen, spread)
        now = conclude(posterior(seen, spread), margin, asked, replicates)
        decided = now != "undecided"
        conclusions[running[decided]] = now[decided]
        replicates_taken[running[decided]] = replicates
        running = running[~decided]
        if not running.size:
            break
    return Outcome(conclusions, replicates_taken)


def resampled_look(differences: Values, spread: Spread) -> Look:
    """Looks at studies whose differences are [studies, replicates]."""
    return lambda replicates, running: (Differences.of(differences[running, :replicates]), spread)


def statements(setting: str, outcomes: Mapping[float, Outcome], bound: float = ERROR, *, at_margin: bool = True) -> Row:
    """The rates of wrong statements, by the true difference in margins: a winner where there is none or where its lead is no more
    than the margin, 'equivalent' where the difference is not inside the band, and the wrong winner. at_margin: whether the rates
    at a difference of exactly the margin, where being wrong costs least, are bounded too."""
    rates = {}
    for truth, outcome in outcomes.items():
        if truth == 0.0:
            rates["win|0"] = outcome.rate("first", "second")
            continue
        if truth == 1.0:
            rates["win|1m"] = outcome.rate("first", "second")
        rates[f"eq|{truth:g}m"] = outcome.rate("equivalent")
        if truth > 1.0:
            rates[f"eq|{truth:g}m"] += outcome.rate("second")
    bounded = tuple(name for name in rates if at_margin or not name.endswith("|1m"))
    return Row(setting, min(one.conclusions.size for one in outcomes.values()), rates, bounded, bound)


def table(title: str, rows: Iterable[Row]) -> str:
    """Return the rows as text within 80 columns; a broken bound is marked with '!'."""
    lines = list(rows)
    columns = list(lines[0].rates)
    room = WIDTH - sum(max(len(name), 5) + 2 for name in columns)
    text = [title, "-" * WIDTH, " " * room + "".join(f"{name:>{max(len(name), 5) + 2}}" for name in columns)]
    for row in lines:
        broken = row.broken()
        cells = (f"{rate:.1%}{'!' if name in broken else ''}" for name, rate in row.rates.items())
        widths = (max(len(name), 5) + 2 for name in columns)
        text.append(f"{row.setting:<{room}}" + "".join(f"{cell:>{width}}" for cell, width in zip(cells, widths, strict=True)))
    return "\n".join(text)
