"""Recurrent layers with weights of eight bits, on NumPy arrays: the kernels where they are compiled, else their twin."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from gatewise.cells import EQUATIONS
from gatewise.errors import OptionError
from gatewise.kernels import missing
from gatewise.kernels.int8_equations import STEPS, Int8Weights, quantize_rows, recurrent

if TYPE_CHECKING:
    from gatewise.kernels import _compiled

__all__ = ["CELLS", "Int8Layer", "Int8Weights", "quantize_weights"]

Values = NDArray[np.float32]

CELLS = tuple(STEPS)
"""Equations that there are kernels of eight bits for."""

# Products of a longer row might not fit into the kernels' 32-bit sums.
LONGEST_ROW = 131_072


def quantize_weights(name: str, values: Values) -> tuple[NDArray[np.int8], Values]:
    """A matrix of weights [rows, columns] as whole numbers from -127 to 127, and the factor of each row.

    Raises OptionError for one that is not finite, or whose rows are longer than 131,072.
    """
    if values.shape[1] > LONGEST_ROW:
        raise OptionError(f"{name} has rows of {values.shape[1]}; expected at most {LONGEST_ROW} for weights of eight bits")
    if not np.isfinite(values).all():
        raise OptionError(f"{name} holds values that are not finite; expected finite weights to be rounded to eight bits")
    return quantize_rows(values)


class Int8Layer:
    """One layer, its weights packed once.

    cell: one of `CELLS`. directions: forward, and where there are two backward, which begins at each row's last step. updates:
    the shares of the new h and c that are taken at a step; 1 - p in place of zoneout with probability p. products: one of
    `_compiled.int8_sets()`, by default the fastest that the selected instruction set allows. Results are the same to the last
    bit for all of them, for any number of threads and whatever else is in the batch.
    """

    def __init__(
        self,
        cell: str,
        directions: Sequence[Int8Weights],
        *,
        updates: tuple[float, float] = (1.0, 1.0),
        products: str = "",
    ) -> None:
        self.cell = cell
        self.directions = tuple(directions)
        self.updates = updates
        first = self.directions[0]
        self.input_size, self.hidden_size = first.w_ih.shape[1], first.w_hh.shape[1]
        gates = EQUATIONS[cell].gates * self.hidden_size
        shapes = ((gates, self.input_size), (gates,), (gates, self.hidden_size), (gates,), (gates,), (gates,))
        for direction in self.directions:
            for name, array, shape in zip(Int8Weights._fields, direction, shapes, strict=True):
                kind = np.int8 if name.startswith("w") else np.float32
                if array is not None and (array.shape != shape or array.dtype != kind or not array.flags.c_contiguous):
                    raise ValueError(f"{name} is {array.dtype} {array.shape}; expected {np.dtype(kind)} {shape}, C-contiguous")
        self.compiled: _compiled.Int8Layer | None = None
        if not missing():
            from gatewise.kernels import _compiled

            addresses = [[0 if array is None else array.ctypes.data for array in direction] for direction in self.directions]
            self.compiled = _compiled.Int8Layer(cell, self.input_size, self.hidden_size, addresses, products)

    @property
    def products(self) -> str:
        """What multiplies: one of `_compiled.int8_sets()`, or numpy."""
        return "numpy" if self.compiled is None else self.compiled.products

    def run(
        self,
        inputs: Values,
        lengths: NDArray[np.int64] | None = None,
        h_0: Values | None = None,
        c_0: Values | None = None,
        *,
        output: Values | None = None,
        threads: int = 1,
    ) -> tuple[Values, Values, Values | None]:
        """Output [batch, steps, directions * H], zero beyond a row's length, and the final h and c [directions, batch, H].

        inputs: float32 [batch, steps, I]; lengths: int64 [batch], 0 to steps; h_0, c_0: [directions, batch, H], zeros if None;
        output: where to write, by default a new array. inputs and output may be views as long as features lie side by side, such
        as the transpose of [steps, batch, I]. c is None for cells without one. A row with a value that is not finite is NaN from
        that step on. Raises ValueError for an array of another shape or dtype, and for lengths out of range.
        """
        rows, steps, _ = self._check("inputs", inputs, (*inputs.shape[:2], self.input_size)).shape
        state = (len(self.directions), rows, self.hidden_size)
        if lengths is not None:
            self._check("lengths", lengths, (rows,), np.int64)
            if rows and not (lengths.min() >= 0 and lengths.max() <= steps):
                raise ValueError(f"lengths are {lengths.min()} to {lengths.max()}; expected 0 to {steps}")
        for name, array in (("h_0", h_0), ("c_0", c_0)):
            if array is not None:
                self._check(name, array, state)
        if output is not None:
            self._check("output", output, (rows, steps, len(self.directions) * self.hidden_size))
        else:
            output = np.empty((rows, steps, len(self.directions) * self.hidden_size), np.float32)
        h_n = np.empty(state, np.float32)
        c_n = np.empty(state, np.float32) if EQUATIONS[self.cell].cell_state else None
        if not rows:
            return output, h_n, c_n
        if inputs.strides[2] != inputs.itemsize:
            inputs = np.ascontiguousarray(inputs)
        if self.compiled is None:
            self._run_equations(inputs, lengths, h_0, c_0, output, h_n, c_n)
            return output, h_n, c_n
        arrays = (inputs, lengths, h_0, c_0, output, h_n, c_n)
        held = [
            None if array is None else array if array is inputs or array is output else np.ascontiguousarray(array)
            for array in arrays
        ]
        size = inputs.itemsize
        strides = (stride // size for array in (inputs, output) for stride in array.strides[:2])
        self.compiled.run(
            (rows, steps, *strides, threads), self.updates, [0 if array is None else array.ctypes.data for array in held]
        )
        return output, h_n, c_n

    @staticmethod
    def _check(name: str, array: NDArray[Any], shape: tuple[int, ...], kind: type[np.generic] = np.float32) -> NDArray[Any]:
        if array.shape != shape or array.dtype != kind:
            raise ValueError(f"{name} are {array.dtype} {array.shape}; expected {np.dtype(kind)} {shape}")
        return array

    def _run_equations(
        self,
        inputs: Values,
        lengths: NDArray[np.int64] | None,
        h_0: Values | None,
        c_0: Values | None,
        output: Values,
        h_n: Values,
        c_n: Values | None,
    ) -> None:
        rows, steps, _ = inputs.shape
        lengths = np.full(rows, steps) if lengths is None else lengths
        with np.errstate(over="ignore", invalid="ignore"):
            for number, weights in enumerate(self.directions):
                h_n[number] = 0 if h_0 is None else h_0[number]
                if c_n is not None:
                    c_n[number] = 0 if c_0 is None else c_0[number]
                states, h, c = recurrent(
                    self.cell,
                    inputs,
                    weights,
                    lengths,
                    h_n[number],
                    None if c_n is None else c_n[number],
                    backward=bool(number),
                    updates=self.updates,
                )
                output[:, :, number * self.hidden_size : (number + 1) * self.hidden_size] = states
                h_n[number] = h
                if c_n is not None:
                    c_n[number] = c
