"""The twin of the kernels of eight bits, in NumPy: what they compute, bit for bit, and what runs where they were not compiled.

Weights and values are rounded to whole numbers from -127 to 127 with a factor a row: size / 127, where size is the largest
absolute value of the row. A row of values is that of one sequence at one step. Products and their sums are exact; everything else
is float32, each operation rounded by itself, so that it comes out the same wherever it is computed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gatewise.cells import EQUATIONS

__all__ = ["STEPS", "Int8Weights", "quantize_rows", "recurrent"]

Values = NDArray[np.float32]
Bytes = NDArray[np.int8]

# Below this a row is zero: the inverse of its factor would be infinite.
LEAST_SIZE = 2.0**-100
# 1.5 * 2^23: adding it leaves the nearest whole number in a float's low bits.
MAGIC = np.float32(12582912.0)
ONE = np.float32(1)


class Int8Weights(NamedTuple):
    """One direction in PyTorch's layout, C-contiguous: w_ih [G*H, I] and w_hh [G*H, H] with a factor a row, biases or None."""

    w_ih: Bytes
    scale_ih: Values
    w_hh: Bytes
    scale_hh: Values
    b_ih: Values | None
    b_hh: Values | None


def quantize_rows(values: Values) -> tuple[Bytes, Values]:
    """Rows [..., columns] as whole numbers from -127 to 127 and their factors [...]; NaN for a row that is not finite."""
    size = np.max(np.abs(values), axis=-1, initial=np.float32(0))
    finite = np.isfinite(size)
    something = finite & (size >= LEAST_SIZE)
    inverse = np.where(something, np.float32(127) / np.where(something, size, ONE), np.float32(0))
    numbers = np.rint(np.where(finite[..., None], values, np.float32(0)) * inverse[..., None]).astype(np.int8)
    factor = np.where(something, size / np.float32(127), np.float32(0))
    return numbers, np.where(finite, factor, np.float32("nan")).astype(np.float32)


def recurrent(
    cell: str,
    inputs: Values,
    weights: Int8Weights,
    lengths: NDArray[np.int64],
    h_0: Values,
    c_0: Values | None,
    *,
    backward: bool = False,
    updates: tuple[float, float] = (1.0, 1.0),
) -> tuple[Values, Values, Values | None]:
    """One direction: the states of every step [batch, steps, H], zero beyond a row's length, and the final h and c.

    inputs: [batch, steps, I]. updates: the shares of the new h and c that are taken at a step.
    """
    step, apart, gates = STEPS[cell], APART.get(cell), EQUATIONS[cell].gates
    rows, steps, _ = inputs.shape
    hidden_size = h_0.shape[1]
    zero = np.zeros(len(weights.w_ih), np.float32)
    b_ih = zero if weights.b_ih is None else weights.b_ih
    b_hh = zero if weights.b_hh is None else weights.b_hh
    # A gate whose hidden side is kept apart keeps its bias there; the others have both in one.
    here = slice(apart * hidden_size, (apart + 1) * hidden_size) if apart is not None else slice(0, 0)
    bias = b_ih + b_hh
    bias[here] = b_ih[here]
    h, c = h_0.copy(), None if c_0 is None else c_0.copy()
    output = np.zeros((rows, steps, hidden_size), np.float32)
    update_h, update_c = (np.float32(update) for update in updates)
    for time in range(steps):
        active = np.flatnonzero(lengths > time)
        place = lengths[active] - 1 - time if backward else np.full(len(active), time)
        sums = product(inputs[active, place], weights.w_ih, weights.scale_ih) + bias
        added = sums.copy()
        added[:, here] = b_hh[here]
        added = product(h[active], weights.w_hh, weights.scale_hh) + added
        before_h, before_c = h[active], None if c is None else c[active]
        new_h, new_c = step(added.reshape(len(active), gates, hidden_size), sums[:, here], before_h, before_c)
        h[active] = new_h if update_h == 1 else before_h + update_h * (new_h - before_h)
        if c is not None and before_c is not None and new_c is not None:
            c[active] = new_c if update_c == 1 else before_c + update_c * (new_c - before_c)
        output[active, place] = h[active]
    return output, h, c


def product(values: Values, weights: Bytes, scale: Values) -> Values:
    """values [rows, columns] times weights [outputs, columns] transposed, by whole numbers. Float64 holds the sums exactly."""
    numbers, factor = quantize_rows(values)
    sums = (numbers.astype(np.float64) @ weights.astype(np.float64).T).astype(np.float32)
    return sums * (factor[:, None] * scale)


def _power(x: Values, scale: float) -> tuple[Values, Values]:
    """The whole number nearest to x * scale, and two to its power."""
    shifted = x * np.float32(scale) + MAGIC
    bits = (shifted.view(np.int32) << np.int32(23)) + np.int32(0x3F800000)
    return shifted - MAGIC, bits.view(np.float32)


def _polynomial(x: Values, *coefficients: float) -> Values:
    result = np.full_like(x, coefficients[0])
    for coefficient in coefficients[1:]:
        result = result * x + np.float32(coefficient)
    return result


def sigmoid(x: Values) -> Values:
    """As cpp/activations.h."""
    x = np.minimum(np.maximum(x, np.float32(-89)), np.float32(88))
    n, power = _power(x, -1.44269504088896341)
    y = (x + n * np.float32(0.693359375)) + n * np.float32(-2.12194440e-4)
    p = _polynomial(y, -0.0083121001, 0.0418905769, -0.1666711979, 0.4999922872, -1.0, 1.0)
    return ONE / (power * p + ONE)


def tanh(x: Values) -> Values:
    """As cpp/activations.h."""
    size = np.minimum(np.abs(x), np.float32(10))
    n, power = _power(size, 2.88539008177792682)
    y = size - n * np.float32(0.346573590279972655)
    z = y * y
    u = y + y * z * _polynomial(z, -0.0527255579, 0.1333117899, -0.3333332269)
    less, more = power - ONE, power + ONE
    near_one = size > np.float32(0.7)
    two = np.float32(2)
    quotient = np.where(near_one, two - two * u, less + more * u) / (more + less * u)
    result: Values = np.copysign(np.where(near_one, ONE - quotient, quotient), x)
    return result


States = tuple[Values, Values | None]
Step = Callable[[Values, Values, Values, Values | None], States]


def _gru(gates: Values, input_part: Values, h: Values, c: Values | None) -> States:
    r, z = sigmoid(gates[:, 0]), sigmoid(gates[:, 1])
    n = tanh(input_part + r * gates[:, 2])
    return n + z * (h - n), None


def _lstm(gates: Values, input_part: Values, h: Values, c: Values | None) -> States:
    assert c is not None
    i, f, g, o = sigmoid(gates[:, 0]), sigmoid(gates[:, 1]), tanh(gates[:, 2]), sigmoid(gates[:, 3])
    after = f * c + i * g
    return o * tanh(after), after


def _rnn_tanh(gates: Values, input_part: Values, h: Values, c: Values | None) -> States:
    return tanh(gates[:, 0]), None


def _rnn_relu(gates: Values, input_part: Values, h: Values, c: Values | None) -> States:
    return np.where(gates[:, 0] <= 0, np.float32(0), gates[:, 0]), None


STEPS: dict[str, Step] = {"gru": _gru, "lstm": _lstm, "rnn_tanh": _rnn_tanh, "rnn_relu": _rnn_relu}
APART = {"gru": 2}
"""The gate whose hidden side is kept apart from the input's, where there is one."""
