"""The poolings of `gatewise.runtime.pooling` over the steps so far, one step at a time.

Sums are in double precision, so that a stream of many steps stays exact.

    mean        s <- s + h,  s / steps
    max         m <- max(m, h)
    attention   with e = q . tanh(K h + b) and m' = max(m, e):
                w <- w exp(m - m') + exp(e - m'),  s <- s exp(m - m') + exp(e - m') h,  s / w
                (the running softmax of Milakov & Gimelshein 2018, arXiv:1805.02867)
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from gatewise.runtime.streaming.layers import Rows

__all__ = ["RunningPool"]

Values = NDArray[np.float32]

# What is kept for each pooling.
_KEPT: Mapping[str, tuple[str, ...]] = {
    "last": ("last",),
    "steps": ("last",),
    "mean": ("sum",),
    "max": ("max",),
    "summary": ("last", "sum", "max"),
    "attention": ("sum", "weight", "highest"),
}


class RunningPool:
    """What the head reads of every stream. size: of a state. weights: of the network."""

    def __init__(self, pooling: str, streams: int, size: int, weights: Mapping[str, Values]) -> None:
        self._pooling, self._weights = pooling, weights
        kept = _KEPT[pooling]
        self._steps = np.zeros(streams, dtype=np.int64)
        self._last = np.zeros((streams, size if "last" in kept else 0), dtype=np.float32)
        self._max = np.full((streams, size if "max" in kept else 0), -np.inf, dtype=np.float32)
        self._sum = np.zeros((streams, size if "sum" in kept else 0))
        self._weight = np.zeros(streams if "weight" in kept else 0)
        self._highest = np.full(streams if "highest" in kept else 0, -np.inf)

    def add(self, states: Values, rows: Rows) -> None:
        """One more step of some streams: float32 [k, size]."""
        places = slice(None) if rows is None else rows
        self._steps[places] += 1
        if self._last.size:
            self._last[places] = states
        if self._max.size:
            self._max[places] = np.maximum(self._max[places], states)
        if self._weight.size:
            self._attend(states, places)
        elif self._sum.size:
            self._sum[places] += states

    def read(self, rows: Rows) -> Values:
        """float32 [k, read]; of a stream without a step it has no meaning."""
        places = slice(None) if rows is None else rows
        match self._pooling:
            case "last" | "steps":
                return self._last[places]
            case "max":
                return self._max[places]
            case "attention":
                return np.asarray(self._sum[places] / self._weight[places][:, np.newaxis], dtype=np.float32)
        mean = np.asarray(self._sum[places] / np.maximum(self._steps[places], 1)[:, np.newaxis], dtype=np.float32)
        return np.concatenate([self._last[places], mean, self._max[places]], axis=1) if self._pooling == "summary" else mean

    def arrays(self) -> dict[str, NDArray[np.generic]]:
        """All that is kept, to be read and written in place; the streams come first."""
        arrays: dict[str, NDArray[np.generic]] = {"last": self._last, "max": self._max, "sum": self._sum}
        arrays |= {"weight": self._weight, "highest": self._highest}
        return {"steps": self._steps, **{name: array for name, array in arrays.items() if array.size}}

    def reset(self, rows: NDArray[np.int64]) -> None:
        """These streams have had no step."""
        for name, array in self.arrays().items():
            array[rows] = -np.inf if name in ("max", "highest") else 0

    def _attend(self, states: Values, places: slice | NDArray[np.int64]) -> None:
        keys = np.tanh(states @ self._weights["pool.key.weight"].T + self._weights["pool.key.bias"])
        scores = (keys @ self._weights["pool.query"]).astype(np.float64)
        before = self._highest[places]
        highest = np.maximum(before, scores)
        share, kept = np.exp(scores - highest), np.exp(before - highest)
        self._highest[places] = highest
        self._weight[places] = self._weight[places] * kept + share
        self._sum[places] = self._sum[places] * kept[:, np.newaxis] + share[:, np.newaxis] * states
