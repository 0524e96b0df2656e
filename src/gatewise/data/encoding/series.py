"""Series and sound to scaled channels; the scaling is fitted on the training part only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gatewise.data.encoding.prepared import Prepared
from gatewise.data.encoding.target_scale import TargetScale
from gatewise.errors import DataError, OptionError
from gatewise.records import Encoded

__all__ = ["SeriesEncoder", "channel_scale", "fit_series_encoder", "plain_series_encoder", "standardise"]

CHUNK_STEPS = 2**16


@dataclass(frozen=True)
class SeriesEncoder:
    """Standardises every channel: (value - mean) / scale.

    mean, scale: one number a channel, in the units of the data; the scale is the standard deviation, 1 for a constant channel.
    max_length: steps read of every series, the first ones; None for all. target_scale: where numbers are predicted.
    """

    mean: tuple[float, ...]
    scale: tuple[float, ...]
    max_length: int | None
    target_scale: TargetScale | None = None

    @property
    def input_size(self) -> int:
        """The number of channels."""
        return len(self.mean)

    def encode(self, sequences: Sequence[NDArray[np.float32]], targets: NDArray[Any]) -> Encoded:
        """Encode series [steps, channels]. Raises DataError where the channels are not those the encoder was fitted on."""
        for row, sequence in enumerate(sequences, 1):
            if sequence.ndim != 2 or sequence.shape[1] != self.input_size:
                raise DataError(f"series {row} has shape {sequence.shape}; expected [steps, {self.input_size}] channels.")
        kept = [sequence[: self.max_length] for sequence in sequences]
        lengths = np.array([len(sequence) for sequence in kept], dtype=np.int64)
        stacked = np.concatenate(kept) if kept else np.empty((0, self.input_size), dtype=np.float32)
        encoded = Encoded(standardise(stacked, self.mean, self.scale, in_place=True), lengths, targets, self.input_size)
        return encoded if self.target_scale is None else self.target_scale.apply(encoded)

    def encode_rows(self, prepared: Prepared, rows: NDArray[np.int64]) -> Encoded:
        """Encode some rows of a prepared data set of series or sound, in the order of `rows`."""
        encoded = self.encode([prepared.series[row] for row in rows], prepared.dataset.targets[rows])
        return replace(encoded, weights=prepared.weights(rows))

    def truncated(self, lengths: NDArray[np.int64]) -> int:
        """How many rows of these lengths lose steps to `max_length`."""
        return 0 if self.max_length is None else int((lengths > self.max_length).sum())

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON types that `from_json` reads back, exactly."""
        return {
            "kind": "series",
            "max_length": self.max_length,
            "mean": list(self.mean),
            "scale": list(self.scale),
            "target_scale": self.target_scale and self.target_scale.to_json(),
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> SeriesEncoder:
        """Rebuild an encoder from what `to_json` made. Raises DataError where a part is missing."""
        try:
            scale = TargetScale.from_json(value.get("target_scale"))
            return cls(tuple(value["mean"]), tuple(value["scale"]), value["max_length"], scale)
        except (KeyError, TypeError) as error:
            raise DataError(f"the saved series encoder is incomplete ({error}). Save the model again.") from error


def fit_series_encoder(sequences: Sequence[NDArray[np.float32]], *, max_length: int | None) -> SeriesEncoder:
    """Fit mean and standard deviation of every channel over all steps read of the training series, each [steps, channels].

    Raises OptionError for a `max_length` below 1.
    """
    _check_max_length(max_length)
    mean, scale = channel_scale(np.concatenate([sequence[:max_length] for sequence in sequences]))
    return SeriesEncoder(mean, scale, max_length)


def plain_series_encoder(channels: int, *, max_length: int | None) -> SeriesEncoder:
    """An encoder that leaves values as they are, for channels of 0 and 1. Raises OptionError for a `max_length` below 1."""
    _check_max_length(max_length)
    return SeriesEncoder((0.0,) * channels, (1.0,) * channels, max_length)


def _check_max_length(max_length: int | None) -> None:
    if max_length is not None and max_length < 1:
        raise OptionError(f"max_length is {max_length}; expected a whole number of at least 1.")


def channel_scale(values: NDArray[np.float32]) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Mean and standard deviation of every channel of values [steps, channels], NaN aside; the deviation of a constant is 1."""
    means, scales = [], []
    for channel in values.T:
        # One channel at a time, because double precision takes twice the memory.
        numbers = channel.astype(np.float64)
        numbers = numbers[~np.isnan(numbers)]
        means.append(float(numbers.mean()))
        scales.append(float(numbers.std()) if numbers.max() > numbers.min() else 1.0)
    return tuple(means), tuple(scales)


def standardise(
    values: NDArray[np.float32], mean: Sequence[float], scale: Sequence[float], *, in_place: bool = False
) -> NDArray[np.float32]:
    """(values - mean) / scale for values [steps, channels]."""
    result = values if in_place else np.empty_like(values)
    shift, divisor = np.array(mean), np.array(scale)
    for start in range(0, len(values), CHUNK_STEPS):
        # In double precision: a channel far from zero would lose its variation in single.
        result[start : start + CHUNK_STEPS] = (values[start : start + CHUNK_STEPS] - shift) / divisor
    return result
