"""The units of a layer over many sequences: how long each remembers, how often its gates are saturated, whether it ever moves.

A unit that keeps the share k of its state at a step has lost all but 1/e of what it held after tau = -1 / ln(k) steps: its time
constant (Tallec & Ollivier 2018 set first biases by it). Shares of saturated gates are told as by Karpathy et al. (2015), here of
gates below 0.05 and above 0.95, there of those below 0.1 and above 0.9.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gatewise.cells import Block
from gatewise.inspection.trace import Trace, trace_layers
from gatewise.nn import SequenceNetwork
from gatewise.nn.stack import Stack
from gatewise.records import Encoded
from gatewise.runtime.batches import pad

__all__ = ["DEAD", "OPEN", "SHUT", "GateUse", "LayerUse", "by_octave", "measure_units", "time_constants"]

SHUT, OPEN = 0.05, 0.95
"""A gate's value below the first is shut, above the second open."""

DEAD = 0.05
"""A unit whose state stays within a span this wide over all steps never moves."""

# Steps of all rows, padding included, that are traced at a time: some tens of MB.
BATCH_STEPS = 20_000


LONGEST = 4096
"""Steps from which on time constants are told apart no more."""


@dataclass(frozen=True, eq=False)
class GateUse:
    """One gate over all steps read. mean: float64 [H]. shut, open: share of a unit's values that are, float64 [H]."""

    mean: NDArray[np.float64]
    shut: NDArray[np.float64]
    open: NDArray[np.float64]

    @property
    def always_shut(self) -> NDArray[np.int64]:
        """Units whose gate never opens."""
        return np.flatnonzero(self.shut == 1)

    @property
    def always_open(self) -> NDArray[np.int64]:
        """Units whose gate never closes."""
        return np.flatnonzero(self.open == 1)


@dataclass(frozen=True, eq=False)
class LayerUse:
    """One layer in one direction over all steps read.

    gates: by their symbols. kept: mean share of the state that a step leaves, float64 [H]; None where no gate keeps it. span:
    greatest less least value of the state, the zero it starts from included, float64 [H].
    """

    layer: int
    backward: bool
    gates: dict[str, GateUse]
    kept: NDArray[np.float64] | None
    span: NDArray[np.float64]

    @property
    def time_constants(self) -> NDArray[np.float64] | None:
        """In steps, float64 [H]; infinite where all is kept."""
        return None if self.kept is None else time_constants(self.kept)

    @property
    def dead(self) -> NDArray[np.int64]:
        """Units whose state never moves by `DEAD`."""
        return np.flatnonzero(self.span < DEAD)


def time_constants(kept: NDArray[np.float64]) -> NDArray[np.float64]:
    """-1 / ln(kept): 0 where nothing is kept, infinite where all is."""
    with np.errstate(divide="ignore"):
        logarithms = np.log(kept)
        return np.asarray(np.where(logarithms < 0, -1 / np.minimum(logarithms, -np.finfo(np.float64).tiny), np.inf))


def by_octave(constants: NDArray[np.float64], reach: float = 2.0) -> list[tuple[float, float, int]]:
    """How many units have a time constant of `low` steps up to below `high`: under 1, 1 to 2, 2 to 4 and so on, up to the longest
    there is, or `reach`; beyond `LONGEST` they are one."""
    longest = float(constants.max(initial=reach))
    edges = [0.0, *(2.0**power for power in range(math.ceil(math.log2(min(max(longest, 2.0), LONGEST))) + 1))]
    if longest >= edges[-1]:
        edges.append(math.inf)
    places = np.minimum(np.digitize(constants, edges) - 1, len(edges) - 2)
    return [(low, high, int((places == place).sum())) for place, (low, high) in enumerate(itertools.pairwise(edges))]


def measure_units(network: SequenceNetwork, encoded: Encoded) -> list[LayerUse]:
    """What every layer and direction of a network does on all rows of `encoded`, the first layer first.

    Raises OptionError as `trace_layers` does.
    """
    stack = network.recurrent
    if not isinstance(stack, Stack):
        raise TypeError(f"a {type(stack).__name__} is no recurrent layer")
    sums: list[_Sums] = []
    for rows in _batches(encoded):
        batch = pad(encoded, rows)
        inputs, lengths = torch.from_numpy(batch.inputs), torch.from_numpy(batch.lengths)
        with torch.no_grad():
            vectors = inputs if network.embedding is None else network.embedding(inputs)
        inside = torch.arange(vectors.shape[1]) < lengths[:, None]
        traces = trace_layers(stack, vectors, lengths)
        sums = sums or [_Sums(trace, stack.traits.blocks) for trace in traces]
        for one, trace in zip(sums, traces, strict=True):
            one.add(trace, inside)
    return [one.use() for one in sums]


def _batches(encoded: Encoded) -> Iterator[NDArray[np.int64]]:
    """Rows of nearly equal length, as many as make `BATCH_STEPS` steps with their padding, one at least."""
    order = np.argsort(encoded.lengths, kind="stable")
    start = 0
    while start < len(order):
        stop = start + 1
        while stop < len(order) and (stop + 1 - start) * encoded.lengths[order[stop]] <= BATCH_STEPS:
            stop += 1
        yield order[start:stop]
        start = stop


class _Sums:
    """What is added up over batches for one layer in one direction."""

    def __init__(self, trace: Trace, blocks: tuple[Block, ...]) -> None:
        self.layer, self.backward = trace.layer, trace.backward
        self.gates = {block.symbol: number for number, block in enumerate(blocks) if block.role is not None}
        units = trace.states.shape[2]
        self.steps = 0
        self.total, self.shut, self.open = (np.zeros((len(self.gates), units)) for _ in range(3))
        self.kept = None if trace.kept is None else np.zeros(units)
        self.low, self.high = np.zeros(units), np.zeros(units)

    def add(self, trace: Trace, inside: Tensor) -> None:
        """Add one batch. inside: bool [batch, steps], the real steps."""
        self.steps += int(inside.sum())
        for row, number in enumerate(self.gates.values()):
            values = trace.blocks[number][inside].double()
            self.total[row] += values.sum(0).numpy()
            self.shut[row] += (values < SHUT).sum(0).numpy()
            self.open[row] += (values > OPEN).sum(0).numpy()
        if self.kept is not None and trace.kept is not None:
            self.kept += trace.kept[inside].double().sum(0).numpy()
        states = trace.states[inside].double()
        self.low = np.minimum(self.low, states.amin(0).numpy())
        self.high = np.maximum(self.high, states.amax(0).numpy())

    def use(self) -> LayerUse:
        """The sums as means and shares."""
        gates = {
            symbol: GateUse(self.total[row] / self.steps, self.shut[row] / self.steps, self.open[row] / self.steps)
            for row, symbol in enumerate(self.gates)
        }
        kept = None if self.kept is None else np.minimum(self.kept / self.steps, 1.0)
        return LayerUse(self.layer, self.backward, gates, kept, self.high - self.low)
