"""What a network reads the past by, carried from step to step: its recurrent layers, or the convolutions of a tcn.

Both take inputs float32 [k, size] of some streams and return the last layer's states [k, hidden_size], to be copied if they are
to be kept. rows: int64 [k], which streams these are, each once; None for all of them in order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from gatewise.cells import EQUATIONS
from gatewise.kernels import missing
from gatewise.runtime.equations import STEPS
from gatewise.runtime.layers import Direction

if TYPE_CHECKING:
    from gatewise.kernels import _compiled

__all__ = ["Carried", "Convolutions", "Rows", "carried_layers"]

Values = NDArray[np.float32]
Rows: TypeAlias = NDArray[np.int64] | None

# Streams that are stepped together where only some of all have a step.
_BLOCK = 16


class Carried(Protocol):
    """What is carried of every stream."""

    def step(self, inputs: Values, rows: Rows, /) -> Values:
        """One step of some streams."""

    def arrays(self) -> dict[str, NDArray[np.generic]]:
        """The states themselves, to be read and written in place."""

    def reset(self, rows: NDArray[np.int64], /) -> None:
        """These streams have had no step."""


def carried_layers(equation: str, layers: Sequence[Direction], streams: int, threads: int) -> Carried:
    """Recurrent layers of one direction, from zero states on: by the compiled kernels where they are, by equations elsewhere."""
    return _ByEquations(equation, layers, streams) if missing() else _ByKernel(equation, layers, streams, threads)


class _ByKernel:
    """Each result equals that of the whole sequence in one call, bit by bit, whatever the streams beside it."""

    def __init__(self, equation: str, layers: Sequence[Direction], streams: int, threads: int) -> None:
        self._equation, self._streams, self._threads = equation, streams, threads
        # Kept, for the kernels read them by address whenever more streams side by side are asked for.
        self._layers = list(layers)
        self._h, self._c = _zeros(equation, layers, streams)
        self._engines: dict[int, _compiled.Streams32] = {}
        # Where the states are: in the engine of all streams, or here.
        self._inside = False

    def step(self, inputs: Values, rows: Rows) -> Values:
        if rows is not None:
            return self._some(inputs, rows)
        engine = self._engine(self._streams)
        if not self._inside:
            engine.write(self._h, self._c)
            self._inside = True
        found: Values = engine.step(inputs)
        return found

    def arrays(self) -> dict[str, NDArray[np.generic]]:
        if self._inside:
            self._engine(self._streams).read(self._h, self._c)
            self._inside = False
        return {"h": self._h} if self._c is None else {"h": self._h, "c": self._c}

    def reset(self, rows: NDArray[np.int64]) -> None:
        for states in self.arrays().values():
            states[:, rows] = 0

    def _some(self, inputs: Values, rows: NDArray[np.int64]) -> Values:
        self.arrays()
        found = np.empty((len(rows), self._h.shape[2]), dtype=np.float32)
        size = 1 if len(rows) == 1 else min(_BLOCK, self._streams)
        engine = self._engine(size)
        for start in range(0, len(rows), size):
            places = rows[start : start + size]
            count = len(places)
            # The last block has room to spare; what is computed there is nobody's.
            read = np.zeros((size, inputs.shape[1]), dtype=np.float32)
            read[:count] = inputs[start : start + size]
            h, c = _padded(self._h[:, places], size), None if self._c is None else _padded(self._c[:, places], size)
            engine.write(h, c)
            found[start : start + count] = engine.step(read)[:count]
            engine.read(h, c)
            self._h[:, places] = h[:, :count]
            if self._c is not None and c is not None:
                self._c[:, places] = c[:, :count]
        return found

    def _engine(self, streams: int) -> _compiled.Streams32:
        if streams not in self._engines:
            from gatewise.kernels import _compiled

            number = next(number for number, row in enumerate(_compiled.cells()) if row["name"] == self._equation)
            first, hidden_size = self._layers[0].w_ih, self._h.shape[2]
            asked = _compiled.fields()["weights"]
            arrays = [layer._asdict() for layer in self._layers]
            addresses = [[0 if row.get(name) is None else row[name].ctypes.data for name in asked] for row in arrays]
            shape = (number, first.shape[1], hidden_size, addresses, streams, self._threads)
            self._engines[streams] = _compiled.Streams32(*shape, 1.0, 1.0)
        return self._engines[streams]


class _ByEquations:
    def __init__(self, equation: str, layers: Sequence[Direction], streams: int) -> None:
        self._step, self._layers = STEPS[equation], list(layers)
        self._h, self._c = _zeros(equation, layers, streams)

    def step(self, inputs: Values, rows: Rows) -> Values:
        places = slice(None) if rows is None else rows
        for number, (w_ih, w_hh, b_ih, b_hh) in enumerate(self._layers):
            h, c = self._h[number, places], None if self._c is None else self._c[number, places]
            sums = _affine(inputs, w_ih, b_ih)
            h, c = self._step(sums, None if w_hh is None else _affine(h, w_hh, b_hh), h, c)
            self._h[number, places] = h
            if self._c is not None:
                self._c[number, places] = c
            inputs = h
        return inputs

    def arrays(self) -> dict[str, NDArray[np.generic]]:
        return {"h": self._h} if self._c is None else {"h": self._h, "c": self._c}

    def reset(self, rows: NDArray[np.int64]) -> None:
        for states in self.arrays().values():
            states[:, rows] = 0


class Convolutions:
    """The blocks of a tcn: of every convolution the inputs that its taps still reach, in a ring, zeros before the first step."""

    def __init__(self, weights: Mapping[str, Values], blocks: int, streams: int) -> None:
        self._weights, self._blocks, self._streams = weights, blocks, streams
        self._steps = np.zeros(streams, dtype=np.int64)
        self._past: dict[str, Values] = {}
        for number in range(blocks):
            for convolution in ("first", "second"):
                _, size, taps = weights[f"recurrent.blocks.{number}.{convolution}.weight"].shape
                span = (taps - 1) * 2**number
                self._past[f"past.{number}.{convolution}"] = np.zeros((streams, span, size), dtype=np.float32)

    def step(self, inputs: Values, rows: Rows) -> Values:
        rows = np.arange(self._streams) if rows is None else rows
        states = inputs
        for number in range(self._blocks):
            of = f"recurrent.blocks.{number}."
            inner = states
            for convolution in ("first", "second"):
                inner = self._convolved(inner, rows, number, convolution)
            if f"{of}around.weight" in self._weights:
                states = _affine(states, self._weights[f"{of}around.weight"][:, :, 0], self._weights[f"{of}around.bias"])
            states = np.maximum(inner + states, np.float32(0))
        self._steps[rows] += 1
        return states

    def arrays(self) -> dict[str, NDArray[np.generic]]:
        return {"steps": self._steps, **self._past}

    def reset(self, rows: NDArray[np.int64]) -> None:
        for kept in self.arrays().values():
            kept[rows] = 0

    def _convolved(self, inputs: Values, rows: NDArray[np.int64], number: int, convolution: str) -> Values:
        of = f"recurrent.blocks.{number}.{convolution}."
        kernel, past = self._weights[f"{of}weight"], self._past[f"past.{number}.{convolution}"]
        taps, span = kernel.shape[2], past.shape[1]
        at = self._steps[rows] % span
        sums = _affine(inputs, kernel[:, :, -1], self._weights[f"{of}bias"])
        for back in range(1, taps):
            sums += past[rows, (at - back * 2**number) % span] @ kernel[:, :, taps - 1 - back].T
        past[rows, at] = inputs
        return np.maximum(sums, np.float32(0))


def _zeros(equation: str, layers: Sequence[Direction], streams: int) -> tuple[Values, Values | None]:
    traits = EQUATIONS[equation]
    h = np.zeros((len(layers), streams, len(layers[0].w_ih) // traits.gates), dtype=np.float32)
    return h, np.zeros_like(h) if traits.cell_state else None


def _padded(states: Values, streams: int) -> Values:
    result = np.zeros((states.shape[0], streams, states.shape[2]), dtype=np.float32)
    result[:, : states.shape[1]] = states
    return result


def _affine(inputs: Values, weight: Values, bias: Values | None) -> Values:
    product: Values = inputs @ weight.T
    return product if bias is None else product + bias
