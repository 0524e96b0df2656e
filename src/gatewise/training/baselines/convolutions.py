"""The features of MiniRocket (Dempster, Schmidt & Webb 2021): how often a convolution lies above a threshold.

84 kernels of nine weights, three of them 2 and six -1, at dilations up to the length of the series; thresholds are quantiles of
the convolutions of training series. A feature is the share of a series' steps at which the convolution is above the threshold
(`proportion of positive values`). Every second kernel counts all steps, with zeros beyond both ends, the others only those where
the whole kernel lies inside the series. With several channels each kernel reads a random few of them, at most nine, and adds up.

Series of unequal lengths are the same case: beyond its end a series is zero and not counted. One too short for a kernel counts
all its steps.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise

import numpy as np
from numpy.typing import NDArray

__all__ = ["KERNELS", "Convolutions", "fit_convolutions"]

WEIGHTS = 9
KERNELS = tuple(combinations(range(WEIGHTS), 3))
"""The places of the three weights of 2."""
MOST_DILATIONS = 32
MOST_CHANNELS = 9
# Steps of all series that are worked on at once, so that the convolutions stay in the cache of a core.
CHUNK = 1 << 15
MOST_COUNTED = 255

Floats = NDArray[np.float32]
Series = Sequence[Floats]


@dataclass(frozen=True, eq=False)
class Convolutions:
    """Fitted kernels.

    dilations, counts: int32 [dilations], and thresholds of each kernel at that dilation. thresholds: float32 [features], by
    dilation, then kernel. channels: int32, those that every kernel at every dilation reads, end to end; channel_counts: int32
    [dilations * 84], how many.
    """

    dilations: NDArray[np.int32]
    counts: NDArray[np.int32]
    thresholds: Floats
    channels: NDArray[np.int32]
    channel_counts: NDArray[np.int32]

    def transform(self, series: Series) -> Floats:
        """Features float32 [rows, features], from 0 to 1. series: float32 [steps, channels] each, of at least one step."""
        features = np.empty((len(series), len(self.thresholds)), dtype=np.float32)
        lengths = np.array([len(one) for one in series], dtype=np.int64)
        for rows in _chunks(lengths):
            features[rows] = self._transform([series[row] for row in rows.tolist()], lengths[rows])
        return features

    def _transform(self, series: Series, lengths: NDArray[np.int64]) -> Floats:
        steps = int(lengths.max())
        values = np.zeros((series[0].shape[1], steps, len(series)), dtype=np.float32)
        for place, one in enumerate(series):
            values[:, : len(one), place] = one.T
        parts = []
        kernels = len(KERNELS)
        channel_ends = np.cumsum(self.channel_counts)
        ends = np.cumsum(kernels * self.counts)
        for number, (dilation, count) in enumerate(zip(self.dilations.tolist(), self.counts.tolist(), strict=True)):
            read = self.channel_counts[number * kernels : (number + 1) * kernels]
            last = channel_ends[(number + 1) * kernels - 1]
            outputs = _convolved(values, dilation, read, self.channels[last - read.sum() : last])
            thresholds = self.thresholds[ends[number] - kernels * count : ends[number]].reshape(kernels, count)
            shares = np.empty((kernels, count, len(series)), dtype=np.float32)
            for first, padding in ((number % 2, 0), (1 - number % 2, WEIGHTS // 2 * dilation)):
                region = _Region(lengths, steps, padding)
                shares[first::2] = region.shares_above(outputs[first::2], thresholds[first::2])
            parts.append(shares.reshape(kernels * count, len(series)))
        return np.concatenate(parts).T


def fit_convolutions(series: Series, features: int, generator: np.random.Generator) -> Convolutions:
    """Kernels for series such as these, with the largest multiple of 84 features that is at most `features`."""
    longest, channels = max(map(len, series)), series[0].shape[1]
    dilations, counts = _dilations(longest, features // len(KERNELS))
    exponents = generator.uniform(0, np.log2(min(channels, MOST_CHANNELS) + 1), len(dilations) * len(KERNELS))
    channel_counts = (2**exponents).astype(np.int32)
    chosen = [generator.choice(channels, count, replace=False).astype(np.int32) for count in channel_counts]
    # A low-discrepancy sequence of quantiles: every part of the features has all heights of thresholds.
    quantiles = np.arange(1, len(KERNELS) * int(counts.sum()) + 1) * ((np.sqrt(5) + 1) / 2) % 1
    thresholds = np.empty(len(quantiles), dtype=np.float32)
    first = 0
    for number, (dilation, count) in enumerate(zip(dilations.tolist(), counts.tolist(), strict=True)):
        for kernel, places in enumerate(KERNELS):
            example = np.asarray(series[int(generator.integers(len(series)))], dtype=np.float32)
            output = _one_convolved(example[:, chosen[number * len(KERNELS) + kernel]], dilation, places)
            thresholds[first : first + count] = np.quantile(output, quantiles[first : first + count])
            first += count
    return Convolutions(dilations, counts, thresholds, np.concatenate(chosen), channel_counts)


def _dilations(longest: int, per_kernel: int) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Dilations on a logarithmic scale up to where a kernel is as long as the series, and thresholds at each of them."""
    most = min(per_kernel, MOST_DILATIONS)
    exponents = np.linspace(0, max(np.log2((longest - 1) / (WEIGHTS - 1)) if longest > WEIGHTS else 0.0, 0.0), most)
    dilations, counts = np.unique((2**exponents).astype(np.int32), return_counts=True)
    shared = (counts * (per_kernel / most)).astype(np.int32)
    # What rounding leaves over goes to the shortest dilations, one each.
    rest = per_kernel - int(shared.sum())
    shared += rest // len(shared)
    shared[: rest % len(shared)] += 1
    return dilations, shared


def _chunks(lengths: NDArray[np.int64]) -> Iterator[NDArray[np.int64]]:
    """Rows that are worked on together: of about one length, and few enough for the cache when padded to the longest."""
    order = np.argsort(-lengths, kind="stable")
    first = 0
    while first < len(order):
        rows = max(1, CHUNK // int(lengths[order[first]]))
        yield order[first : first + rows]
        first += rows


def _one_convolved(values: Floats, dilation: int, places: tuple[int, ...]) -> Floats:
    """The convolution of one kernel with the sum of some channels [steps, channels]: float32 [steps]."""
    total = values.sum(1, keepdims=True)
    output = np.zeros_like(total)
    for place in range(WEIGHTS):
        _add_shifted(output, (2 if place in places else -1) * total, (place - WEIGHTS // 2) * dilation)
    return np.asarray(output[:, 0], dtype=np.float32)


def _convolved(values: Floats, dilation: int, read: NDArray[np.int32], channels: NDArray[np.int32]) -> Floats:
    """The convolutions of one dilation, [kernels, steps, rows]; beyond the ends of the series is zero.

    values: [channels, steps, rows]. read: how many channels each kernel adds up. channels: which, end to end.
    """
    sums = values if len(values) == 1 else _added_up(values, read, channels)
    outputs = np.zeros((len(KERNELS), *values.shape[1:]), dtype=np.float32)
    for output, total, places in zip(outputs, np.broadcast_to(sums, outputs.shape), KERNELS, strict=True):
        for place in places:
            _add_shifted(output, total, (place - WEIGHTS // 2) * dilation)
    # Six weights of -1 and three of 2 are nine of -1 and three of 3.
    outputs *= 3
    everywhere = np.zeros_like(sums)
    for place in range(WEIGHTS):
        _add_shifted(everywhere, sums, (place - WEIGHTS // 2) * dilation)
    outputs -= everywhere
    return outputs


def _added_up(values: Floats, read: NDArray[np.int32], channels: NDArray[np.int32]) -> Floats:
    """The sum of the channels of each kernel, [kernels, steps, rows]: convolutions are linear, one series each is left."""
    sums = np.zeros((len(read), *values.shape[1:]), dtype=np.float32)
    for total, chosen in zip(sums, np.split(channels, np.cumsum(read)[:-1]), strict=True):
        for channel in chosen.tolist():
            np.add(total, values[channel], out=total)
    return sums


def _add_shifted(total: Floats, values: Floats, offset: int) -> None:
    """Adds values [..., steps, rows], `offset` steps earlier; what moves beyond an end is lost."""
    steps = total.shape[-2]
    if abs(offset) < steps:
        total[..., max(0, -offset) : steps - max(0, offset), :] += values[..., max(0, offset) : steps - max(0, -offset), :]


class _Region:
    """The steps that count: all of every series, or those where a kernel that reaches `padding` to either side lies inside."""

    def __init__(self, lengths: NDArray[np.int64], steps: int, padding: int) -> None:
        low = np.where(lengths > 2 * padding, padding, 0)
        high = lengths - low
        self._slice = slice(int(low.min()), int(high.max()))
        self._sizes = (high - low).astype(np.float32)
        self._outside: Floats | None = None
        if low.min() < low.max() or high.min() < high.max():
            place = np.arange(steps)[self._slice, np.newaxis]
            self._outside = np.where((place >= low) & (place < high), 0.0, -np.inf).astype(np.float32)

    def shares_above(self, outputs: Floats, thresholds: Floats) -> Floats:
        """Share of the steps at which outputs [kernels, steps, rows] are above each threshold: [kernels, thresholds, rows]."""
        inside = outputs[:, self._slice]
        if self._outside is not None:
            inside = inside + self._outside
        above = (inside[:, np.newaxis] > thresholds[:, :, np.newaxis, np.newaxis]).view(np.uint8)
        # Sums of bytes are several times as fast as any other, and hold up to 255 steps.
        edges = [*range(0, inside.shape[1], MOST_COUNTED), inside.shape[1]]
        counts = sum(
            np.add.reduce(above[:, :, low:high], axis=2, dtype=np.uint8).astype(np.float32) for low, high in pairwise(edges)
        )
        return np.asarray(counts / self._sizes, dtype=np.float32)
