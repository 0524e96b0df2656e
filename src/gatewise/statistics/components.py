"""How much of the spread of scores each factor of a crossed design makes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import chdtr, chndtrinc

__all__ = ["Component", "Components", "crossed_components"]


@dataclass(frozen=True)
class Component:
    """What one factor makes of the spread: the standard deviation of its levels' mean scores, each level equally likely.

    low, high: its interval. f, degrees: the F statistic that says whether there is any, and its degrees of freedom.
    """

    name: str
    deviation: float
    low: float
    high: float
    f: float
    degrees: tuple[int, int]


@dataclass(frozen=True)
class Components:
    """The factors in the order given. together: what is left of all combinations' means beside the factors' own, how they
    combine. chance: standard deviation of a single score about its combination's mean, seeds' own means aside."""

    factors: tuple[Component, ...]
    together: Component
    chance: float


def crossed_components(scores: ArrayLike, names: Sequence[str], level: float = 0.95) -> Components:
    """Split the spread of scores of a balanced crossed design with repeated seeds.

    scores: [seeds, levels of the first factor, levels of the second, ...], every combination once with every seed; names: of the
    factors. Levels are fixed and seeds are blocks: a score is the mean of its combination, plus what its seed adds to all, plus
    chance of one variance, which is estimated with (seeds - 1)(combinations - 1) degrees of freedom. A factor's variance is
    (levels - 1)(MS - MS of chance) / (seeds x combinations), not below 0. Its interval is that of the noncentrality of its sum of
    squares (Steiger 2004, "Beyond the F test", Psychological Methods 9), with the variance of chance as estimated: for normal
    chance and 20 degrees of freedom and more it covers 94% to 96%.
    level: of the intervals. Raises ValueError for fewer than two seeds, or a factor with fewer than two levels.
    """
    values = np.asarray(scores, dtype=np.float64)
    if values.ndim != len(names) + 1 or min(values.shape) < 2:
        raise ValueError(f"expected two or more seeds and two or more levels of each of {list(names)}, got shape {values.shape}")
    seeds, levels = values.shape[0], values.shape[1:]
    combinations = int(np.prod(levels))
    means = values.mean(axis=0)
    blocks = values.reshape(seeds, -1).mean(axis=1) - values.mean()
    rest = values - means - blocks.reshape(-1, *[1] * len(levels))
    free = (seeds - 1) * (combinations - 1)
    chance = float(np.square(rest).sum()) / free
    main = [_main_effect(means, axis) for axis in range(len(levels))]
    squares = [seeds * float(np.square(effect).sum()) for effect in main]
    together = seeds * float(np.square(means - means.mean() - sum(main)).sum())
    factors = tuple(
        _component(name, own, count - 1, chance, (free, values.size), level)
        for name, own, count in zip(names, squares, levels, strict=True)
    )
    degrees = combinations - 1 - sum(count - 1 for count in levels)
    return Components(
        factors, _component("together", together, degrees, chance, (free, values.size), level), float(np.sqrt(chance))
    )


def _main_effect(means: NDArray[np.float64], axis: int) -> NDArray[np.float64]:
    """What each level adds, in the shape of all combinations."""
    others = tuple(other for other in range(means.ndim) if other != axis)
    effect = means.mean(axis=others, keepdims=True) - means.mean()
    return np.broadcast_to(effect, means.shape)


def _component(name: str, squares: float, degrees: int, chance: float, of: tuple[int, int], level: float) -> Component:
    """of: degrees of freedom of the chance, and the number of scores."""
    free, scores = of
    if not degrees or not chance:
        deviation = float(np.sqrt(squares / scores))
        return Component(name, deviation, deviation, deviation, float("inf") if squares else 0.0, (degrees, free))
    f = squares / degrees / chance
    variance = max(degrees * (squares / degrees - chance) / scores, 0.0)
    low, high = (
        _noncentrality(squares / chance, degrees, probability) * chance / scores
        for probability in ((1 + level) / 2, (1 - level) / 2)
    )
    return Component(name, float(np.sqrt(variance)), float(np.sqrt(low)), float(np.sqrt(high)), f, (degrees, free))


def _noncentrality(squares: float, degrees: int, probability: float) -> float:
    """That at which a chi-squared variable is at most `squares` with so much probability; 0 where it is less likely even
    without any."""
    if chdtr(degrees, squares) <= probability:
        return 0.0
    return float(chndtrinc(squares, degrees, probability))
