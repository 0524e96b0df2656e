"""The cells' steps in NumPy, one step at a time: what runs where there are no compiled kernels.

The same as `gatewise.kernels.equations`, for trained layers as a comparison has them: without layer normalisation, zoneout or
noise, in float32.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

__all__ = ["STEPS", "sigmoid"]

Values = NDArray[np.float32]

# A step takes both sides' sums [batch, gates * H], each with its bias, and the state h, c; it returns the new h and c, whose c is
# None but for the LSTM. The hidden side is None of cells whose gates do not see the state.
Step = Callable[[Values, Values | None, Values, Values | None], tuple[Values, Values | None]]


def sigmoid(x: Values) -> Values:
    """1 / (1 + exp(-x)), which overflows nowhere and is exact near 0."""
    small = np.exp(-np.abs(x))
    return np.asarray(np.where(x >= 0, np.ones_like(small), small) / (1 + small))


def _gru(x: Values, recurrent: Values | None, h: Values, c: Values | None) -> tuple[Values, None]:
    assert recurrent is not None
    (r_x, z_x, n_x), (r_h, z_h, n_h) = np.split(x, 3, axis=1), np.split(recurrent, 3, axis=1)
    z = sigmoid(z_x + z_h)
    n = np.tanh(n_x + sigmoid(r_x + r_h) * n_h)
    return n + z * (h - n), None


def _lstm(x: Values, recurrent: Values | None, h: Values, c: Values | None) -> tuple[Values, Values]:
    assert recurrent is not None and c is not None
    i, f, g, o = np.split(x + recurrent, 4, axis=1)
    c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    return sigmoid(o) * np.tanh(c), c


def _rnn_tanh(x: Values, recurrent: Values | None, h: Values, c: Values | None) -> tuple[Values, None]:
    assert recurrent is not None
    return np.tanh(x + recurrent), None


def _rnn_relu(x: Values, recurrent: Values | None, h: Values, c: Values | None) -> tuple[Values, None]:
    assert recurrent is not None
    return np.maximum(x + recurrent, np.float32(0)), None


def _min_gru(x: Values, recurrent: Values | None, h: Values, c: Values | None) -> tuple[Values, None]:
    z, candidate = np.split(x, 2, axis=1)
    z = sigmoid(z)
    return (1 - z) * h + z * _positive(candidate), None


def _min_lstm(x: Values, recurrent: Values | None, h: Values, c: Values | None) -> tuple[Values, None]:
    f, i, candidate = np.split(x, 3, axis=1)
    f, i = sigmoid(f), sigmoid(i)
    return (f * h + i * _positive(candidate)) / (f + i), None


def _positive(x: Values) -> Values:
    return np.where(x >= 0, x + np.float32(0.5), sigmoid(x))


STEPS: Mapping[str, Step] = {
    "gru": _gru,
    "lstm": _lstm,
    "rnn_tanh": _rnn_tanh,
    "rnn_relu": _rnn_relu,
    "min_gru": _min_gru,
    "min_lstm": _min_lstm,
}
"""By the names of `gatewise.cells.EQUATIONS`."""
