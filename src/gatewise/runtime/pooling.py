"""The poolings of `gatewise.nn.pooling` on arrays: float32 [batch, steps, size], int64 [batch] -> [batch, read]."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

__all__ = ["POOLINGS"]

Values = NDArray[np.float32]
Weights = Mapping[str, Values]


def _last(states: Values, lengths: NDArray[np.int64], forward_size: int, weights: Weights) -> Values:
    last = _at_the_end(states, lengths)
    if forward_size == states.shape[2]:
        return last
    return np.concatenate([last[:, :forward_size], states[:, 0, forward_size:]], axis=1)


def _mean(states: Values, lengths: NDArray[np.int64], forward_size: int, weights: Weights) -> Values:
    return np.asarray(_real(states, lengths, 0.0).sum(1) / lengths[:, np.newaxis].astype(np.float32))


def _maximum(states: Values, lengths: NDArray[np.int64], forward_size: int, weights: Weights) -> Values:
    return np.asarray(_real(states, lengths, -np.inf).max(1))


def _summary(states: Values, lengths: NDArray[np.int64], forward_size: int, weights: Weights) -> Values:
    parts = (_at_the_end(states, lengths), *(pool(states, lengths, forward_size, weights) for pool in (_mean, _maximum)))
    return np.concatenate(parts, axis=1)


def _attention(states: Values, lengths: NDArray[np.int64], forward_size: int, weights: Weights) -> Values:
    known = _real(states, lengths, 0.0)
    scores = np.tanh(known @ weights["pool.key.weight"].T + weights["pool.key.bias"]) @ weights["pool.query"]
    scores[np.arange(states.shape[1]) >= lengths[:, np.newaxis]] = -np.inf
    shares = np.exp(scores - scores.max(1, keepdims=True))
    shares /= shares.sum(1, keepdims=True)
    return np.asarray((shares[:, :, np.newaxis] * known).sum(1))


def _steps(states: Values, lengths: NDArray[np.int64], forward_size: int, weights: Weights) -> Values:
    return states


POOLINGS: Mapping[str, Callable[[Values, NDArray[np.int64], int, Weights], Values]] = {
    "last": _last,
    "mean": _mean,
    "max": _maximum,
    "summary": _summary,
    "attention": _attention,
    "steps": _steps,
}
"""By their names in `Architecture.pooling`."""


def _at_the_end(states: Values, lengths: NDArray[np.int64]) -> Values:
    return states[np.arange(len(states)), lengths - 1]


def _real(states: Values, lengths: NDArray[np.int64], padding: float) -> Values:
    """The states, with `padding` behind each row's last step."""
    inside = np.arange(states.shape[1]) < lengths[:, np.newaxis]
    return np.where(inside[:, :, np.newaxis], states, np.float32(padding))
