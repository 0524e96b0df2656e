"""Batches bucketed by length: little padding, and a random order that the seed alone decides."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gatewise.records import Encoded

__all__ = ["EVALUATION_BATCH", "Batch", "in_batches", "iterate_batches", "pad", "plan_batches"]

POOL_BATCHES = 50

EVALUATION_BATCH = 256
"""Rows that are read at once where nothing is learned."""


@dataclass(frozen=True, eq=False)
class Batch:
    """One padded batch.

    inputs: int64 [batch, steps] or float32 [batch, steps, channels], zero on the padding. lengths, rows: int64 [batch].
    targets: what the network is to say, as in `Encoded.network_targets`. weights: float32 [batch], None for 1 each.
    """

    inputs: NDArray[Any]
    lengths: NDArray[np.int64]
    targets: NDArray[Any]
    rows: NDArray[np.int64]
    weights: NDArray[np.float32] | None = None


def plan_batches(lengths: NDArray[np.int64], batch_size: int, generator: np.random.Generator | None) -> list[NDArray[np.int64]]:
    """Row indices of each batch of one epoch.

    With a generator, rows are shuffled, sorted by length inside pools of 50 batches, cut into batches, and the batches shuffled:
    every epoch has new batches and each holds rows of nearly equal length. Without one, rows are sorted by length once.
    """
    if generator is None:
        order = np.argsort(lengths, kind="stable")
        return [order[start : start + batch_size] for start in range(0, len(order), batch_size)]
    order = generator.permutation(len(lengths))
    pool = batch_size * POOL_BATCHES
    batches: list[NDArray[np.int64]] = []
    for start in range(0, len(order), pool):
        rows = order[start : start + pool]
        rows = rows[np.argsort(lengths[rows], kind="stable")]
        batches.extend(rows[first : first + batch_size] for first in range(0, len(rows), batch_size))
    return [batches[number] for number in generator.permutation(len(batches))]


def pad(encoded: Encoded, rows: NDArray[np.int64]) -> Batch:
    """Copy rows out of the flat storage into one padded batch, less their last step where the encoding says so."""
    lengths = encoded.lengths[rows]
    steps = int(lengths.max())
    inside = np.arange(steps) < lengths[:, None]
    inputs = np.zeros((len(rows), steps, *encoded.values.shape[1:]), dtype=encoded.values.dtype)
    inputs[inside] = encoded.values[(encoded.offsets[rows][:, None] + np.arange(steps))[inside]]
    if encoded.from_last:
        inputs -= inputs[np.arange(len(rows)), lengths - 1][:, np.newaxis] * inside[..., np.newaxis]
    weights = None if encoded.weights is None else encoded.weights[rows]
    return Batch(inputs, lengths, encoded.network_targets(rows), rows, weights)


def iterate_batches(encoded: Encoded, plan: Sequence[NDArray[np.int64]]) -> Iterator[Batch]:
    """Batches of `plan`, padded one at a time."""
    for rows in plan:
        yield pad(encoded, rows)


def in_batches(
    network: Callable[[NDArray[Any], NDArray[np.int64]], NDArray[np.float32]],
    encoded: Encoded,
    outputs: int,
    *,
    stepwise: bool = False,
    batch_size: int = EVALUATION_BATCH,
) -> NDArray[np.float32]:
    """What a network says of rows, in batches of nearly equal length: float32 [rows, outputs] in the order of `encoded`.

    network: from a batch's inputs and lengths to [batch, outputs], or where it is stepwise [batch, steps, outputs]: then the
    result is of all steps but the last of every row, end to end [steps, outputs].
    """
    said = encoded.lengths - 1 if stepwise else np.ones_like(encoded.lengths)
    starts = np.cumsum(said) - said
    result = np.empty((int(said.sum()), outputs), dtype=np.float32)
    for batch in iterate_batches(encoded, plan_batches(encoded.lengths, batch_size, None)):
        found = network(batch.inputs, batch.lengths)
        if not stepwise:
            result[batch.rows] = found
            continue
        for place, row in enumerate(batch.rows):
            result[starts[row] : starts[row] + said[row]] = found[place, : said[row]]
    return result
