"""A recurrent layer on arrays: by the compiled kernels where they are installed, by its equations elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gatewise.cells import EQUATIONS
from gatewise.kernels import missing
from gatewise.runtime.equations import STEPS

__all__ = ["Direction", "recurrent"]

Values = NDArray[np.float32]

# What the kernels call batch-first order.
_BATCH_FIRST = 1


class Direction(NamedTuple):
    """Weights of one direction, C-contiguous float32: w_ih [G*H, I], w_hh [G*H, H], biases [G*H]; None where absent."""

    w_ih: Values
    w_hh: Values | None
    b_ih: Values | None
    b_hh: Values | None


def recurrent(
    equation: str, inputs: Values, directions: Sequence[Direction], lengths: NDArray[np.int64], *, threads: int = 1
) -> Values:
    """The states of every step from zero on, float32 [batch, steps, directions * H]; what stands beyond a length has no meaning.

    equation: a name of `cells.EQUATIONS`. inputs: float32 [batch, steps, I]. directions: forward, and where there are two
    backward, which begins at each row's last step. lengths: int64 [batch], from 1 to steps.
    """
    return (_by_equations if missing() else _by_kernel)(equation, inputs, directions, lengths, threads)


def _by_kernel(
    equation: str, inputs: Values, directions: Sequence[Direction], lengths: NDArray[np.int64], threads: int
) -> Values:
    from gatewise.kernels import _compiled

    rows, steps, input_size = inputs.shape
    number, traits = next((n, row) for n, row in enumerate(_compiled.cells()) if row["name"] == equation)
    hidden_size = len(directions[0].w_ih) // int(traits["gates"])
    count = len(directions)
    output = np.empty((rows, steps, count * hidden_size), dtype=np.float32)
    final = np.empty((2, count, rows, hidden_size), dtype=np.float32)
    arrays: dict[str, NDArray[np.generic] | None] = {
        "input": np.ascontiguousarray(inputs),
        "lengths": np.ascontiguousarray(lengths),
        "output": output,
        "h_n": final[0],
        "c_n": final[1] if traits["cell_state"] else None,
    }
    for direction, suffix in zip(directions, ("", "_reverse"), strict=False):
        arrays |= {f"{name}{suffix}": array for name, array in direction._asdict().items()}
    asked = _compiled.fields()
    numbers = {
        "cell": number,
        "order": _BATCH_FIRST,
        "steps": steps,
        "rows": rows,
        "positions": rows * steps,
        "input_size": input_size,
        "hidden_size": hidden_size,
        "directions": count,
        "threads": threads,
        "saved_bytes": 0,
    }
    given = (arrays.get(name) for name in asked["forward"])
    addresses = [0 if array is None else array.ctypes.data for array in given]
    _compiled.forward_float32([numbers[name] for name in asked["numbers"]], [1.0] * len(asked["constants"]), addresses)
    return output


def _by_equations(
    equation: str, inputs: Values, directions: Sequence[Direction], lengths: NDArray[np.int64], threads: int
) -> Values:
    # One product of all steps; the rows of a step are few.
    return np.concatenate(
        [
            _one_direction(equation, inputs, direction, lengths, backward=bool(number))
            for number, direction in enumerate(directions)
        ],
        axis=2,
    )


def _one_direction(equation: str, inputs: Values, weights: Direction, lengths: NDArray[np.int64], *, backward: bool) -> Values:
    traits = EQUATIONS[equation]
    rows, steps, _ = inputs.shape
    hidden_size = len(weights.w_ih) // traits.gates
    sums = inputs @ weights.w_ih.T
    if weights.b_ih is not None:
        sums += weights.b_ih
    h = np.zeros((rows, hidden_size), dtype=np.float32)
    c = np.zeros_like(h) if traits.cell_state else None
    output = np.zeros((rows, steps, hidden_size), dtype=np.float32)
    for step in reversed(range(steps)) if backward else range(steps):
        side = None
        if weights.w_hh is not None:
            side = h @ weights.w_hh.T
            if weights.b_hh is not None:
                side += weights.b_hh
        new_h, new_c = STEPS[equation](sums[:, step], side, h, c)
        inside = (step < lengths)[:, np.newaxis]
        h = np.where(inside, new_h, h)
        c = None if c is None or new_c is None else np.where(inside, new_c, c)
        output[:, step] = h
    return output
