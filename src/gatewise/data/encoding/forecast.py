"""Windows of series to scaled channels, and forecasts as changes from the last value seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gatewise.data.dataset.windows import Windows, covered, take
from gatewise.data.encoding.prepared import Prepared
from gatewise.data.encoding.series import channel_scale, standardise
from gatewise.errors import DataError
from gatewise.records import Encoded, Forecast

__all__ = ["ForecastEncoder", "fit_forecast_encoder"]


@dataclass(frozen=True)
class ForecastEncoder:
    """Has the network read and say changes from a window's last values, in units of each channel's deviation.

    It reads (value - last value of the channel) / scale, and says (target - last value of its channel) / scale, as NLinear does
    (Zeng et al. 2023): a series that has moved away from where it was in training is no stranger to it.
    mean, scale: one number a channel, in the units of the data; the scale is the standard deviation, 1 for a constant channel.
    The mean only keeps the stored values small. window, horizon, targets: as in `Forecast`.
    """

    mean: tuple[float, ...]
    scale: tuple[float, ...]
    window: int
    horizon: int
    targets: tuple[int, ...]

    @property
    def input_size(self) -> int:
        """The number of channels."""
        return len(self.mean)

    @property
    def outputs(self) -> int:
        """Numbers predicted for each window."""
        return self.horizon * len(self.targets)

    def encode(self, sequences: Sequence[NDArray[np.float32]], targets: NDArray[Any]) -> Encoded:
        """Encode windows [window, channels]."""
        if isinstance(sequences, Windows):
            return self._encode(sequences, targets)
        values = np.concatenate(sequences) if sequences else np.empty((0, self.input_size), dtype=np.float32)
        return self._encode(Windows(values, np.arange(len(sequences)) * self.window, self.window), targets)

    def encode_rows(self, prepared: Prepared, rows: NDArray[np.int64]) -> Encoded:
        """Encode some rows of a prepared forecast, in the order of `rows`."""
        if not isinstance(prepared.series, Windows):
            raise ValueError("a forecast is read from windows")
        encoded = self._encode(prepared.series.select(rows), take(prepared.dataset.targets, rows))
        return replace(encoded, weights=prepared.weights(rows))

    def reads(self, windows: Windows) -> bool:
        """Whether windows are of the form the encoder was fitted on."""
        return windows.window == self.window and windows.values.shape[1] == self.input_size

    def last_steps(self, sequences: Sequence[NDArray[np.float32]]) -> list[NDArray[np.float32]]:
        """The last `window` steps of series [steps, channels]. Raises DataError where one is shorter."""
        for row, sequence in enumerate(sequences, 1):
            if len(sequence) < self.window:
                raise DataError(f"input {row} has {len(sequence):,} steps; the model forecasts from the last {self.window:,}.")
        return [sequence[len(sequence) - self.window :] for sequence in sequences]

    def truncated(self, lengths: NDArray[np.int64]) -> int:
        """No row loses a step: windows are cut to what is read before."""
        return 0

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON types that `from_json` reads back, exactly."""
        return {
            "kind": "forecast",
            "mean": list(self.mean),
            "scale": list(self.scale),
            "window": self.window,
            "horizon": self.horizon,
            "targets": list(self.targets),
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> ForecastEncoder:
        """Rebuild an encoder from what `to_json` made. Raises DataError where a part is missing."""
        try:
            return cls(tuple(value["mean"]), tuple(value["scale"]), value["window"], value["horizon"], tuple(value["targets"]))
        except (KeyError, TypeError) as error:
            raise DataError(f"the saved forecast encoder is incomplete ({error}). Save the model again.") from error

    def _encode(self, windows: Windows, targets: NDArray[Any]) -> Encoded:
        # Only the stretch that these windows read, once for all of them.
        first = int(windows.starts.min()) if len(windows) else 0
        last = int(windows.starts.max()) + self.window if len(windows) else 0
        seen = windows.values[first:last]
        ends = seen[windows.starts - first + self.window - 1][:, self.targets]
        repeated = np.broadcast_to(ends[:, np.newaxis], (len(windows), self.horizon, len(self.targets)))
        return Encoded(
            standardise(seen, self.mean, self.scale),
            np.full(len(windows), self.window),
            targets,
            self.input_size,
            starts=windows.starts - first,
            base=repeated.reshape(len(windows), self.outputs),
            scale=np.tile(np.array(self.scale, dtype=np.float32)[list(self.targets)], self.horizon),
            from_last=True,
        )


def fit_forecast_encoder(windows: Windows, forecast: Forecast) -> ForecastEncoder:
    """Fit mean and standard deviation of every channel on the steps that the training windows read or predict, each step once."""
    low, high = covered(windows.starts, forecast.window + forecast.horizon)
    stretches = [windows.values[first:last] for first, last in zip(low.tolist(), high.tolist(), strict=True)]
    mean, scale = channel_scale(stretches[0] if len(stretches) == 1 else np.concatenate(stretches))
    return ForecastEncoder(mean, scale, forecast.window, forecast.horizon, forecast.targets)
