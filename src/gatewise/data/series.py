"""Series to scaled channels; the scaling is fitted on the training part only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gatewise.data.prepared import Prepared
from gatewise.errors import DataError, OptionError
from gatewise.records import Encoded

__all__ = ["SeriesEncoder", "fit_series_encoder"]


@dataclass(frozen=True)
class SeriesEncoder:
    """Standardises every channel: (value - mean) / scale.

    mean, scale: one number a channel, in the units of the data; the scale is the standard deviation, 1 for a constant channel.
    max_length: steps read of every series, the first ones; None for all.
    """

    mean: tuple[float, ...]
    scale: tuple[float, ...]
    max_length: int | None

    @property
    def input_size(self) -> int:
        """The number of channels."""
        return len(self.mean)

    def encode(self, sequences: Sequence[NDArray[np.float32]], targets: NDArray[np.int64]) -> Encoded:
        """Encode series [steps, channels]. Raises DataError where the channels are not those the encoder was fitted on."""
        for row, sequence in enumerate(sequences, 1):
            if sequence.ndim != 2 or sequence.shape[1] != self.input_size:
                raise DataError(f"series {row} has shape {sequence.shape}; expected [steps, {self.input_size}] channels.")
        kept = [sequence[: self.max_length] for sequence in sequences]
        lengths = np.array([len(sequence) for sequence in kept], dtype=np.int64)
        stacked = np.concatenate(kept) if kept else np.empty((0, self.input_size), dtype=np.float32)
        # In double precision: a channel far from zero would lose its variation in single.
        values = ((stacked - np.array(self.mean)) / np.array(self.scale)).astype(np.float32)
        return Encoded(values, lengths, targets, self.input_size)

    def encode_rows(self, prepared: Prepared, rows: NDArray[np.int64]) -> Encoded:
        """Encode some rows of a prepared data set of series, in the order of `rows`."""
        return self.encode([prepared.series[row] for row in rows], prepared.dataset.targets[rows])

    def truncated(self, lengths: NDArray[np.int64]) -> int:
        """How many rows of these lengths lose steps to `max_length`."""
        return 0 if self.max_length is None else int((lengths > self.max_length).sum())

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON types that `from_json` reads back, exactly."""
        return {"kind": "series", "max_length": self.max_length, "mean": list(self.mean), "scale": list(self.scale)}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> SeriesEncoder:
        """Rebuild an encoder from what `to_json` made. Raises DataError where a part is missing."""
        try:
            return cls(tuple(value["mean"]), tuple(value["scale"]), value["max_length"])
        except (KeyError, TypeError) as error:
            raise DataError(f"the saved series encoder is incomplete ({error}). Save the model again.") from error


def fit_series_encoder(sequences: Sequence[NDArray[np.float32]], *, max_length: int | None) -> SeriesEncoder:
    """Fit mean and standard deviation of every channel over all steps read of the training series, each [steps, channels].

    Raises OptionError for a `max_length` below 1.
    """
    if max_length is not None and max_length < 1:
        raise OptionError(f"max_length is {max_length}; expected a whole number of at least 1.")
    values = np.concatenate([sequence[:max_length] for sequence in sequences]).astype(np.float64)
    constant = values.max(axis=0) == values.min(axis=0)
    scale = np.where(constant, 1.0, values.std(axis=0))
    return SeriesEncoder(tuple(values.mean(axis=0).tolist()), tuple(scale.tolist()), max_length)
