"""What arrives at a stream as the steps that its network reads: texts tokenised, numbers scaled, samples framed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from gatewise.data.audio.features import log_mel
from gatewise.data.audio.files import waveform_sound
from gatewise.data.encoding.series import SeriesEncoder, standardise
from gatewise.data.encoding.text import TextEncoder
from gatewise.errors import DataError
from gatewise.records import AudioFeatures
from gatewise.runtime.streaming.layers import Rows

__all__ = ["Arrived", "Numbers", "Reader", "Sounds", "Texts"]


Arrived: TypeAlias = Sequence[NDArray[Any]] | NDArray[np.float32]


class Reader(Protocol):
    """One kind of input."""

    def read(self, arrivals: Sequence[Any], rows: Rows, /) -> Arrived:
        """Of each arrival the steps that the network reads: int64 [steps], or float32 [steps, channels].

        rows: which streams they belong to, as `ModelStream.step` has it checked. Raises DataError; nothing has then changed.
        """

    def arrays(self) -> dict[str, NDArray[np.generic]]:
        """What is kept for the next arrivals, to be read and written in place; the streams come first."""

    def reset(self, rows: NDArray[np.int64], /) -> None:
        """These streams have had no step."""


class _Forgetful:
    def arrays(self) -> dict[str, NDArray[np.generic]]:
        return {}

    def reset(self, rows: NDArray[np.int64]) -> None:
        """There is nothing to be forgotten."""


class Texts(_Forgetful):
    """A piece of text is any number of tokens; its end is the end of a token."""

    def __init__(self, encoder: TextEncoder) -> None:
        self._encoder = encoder

    def read(self, arrivals: Sequence[Any], rows: Rows) -> list[NDArray[Any]]:
        from gatewise.data.dataset.tokens import tokenize

        for place, text in enumerate(arrivals):
            if not isinstance(text, str):
                raise DataError(f"{_name(rows, place)} got a {type(text).__name__}; the model reads texts. Give a str.")
        return [self._ids(tokenize(text)) for text in arrivals]

    def _ids(self, tokens: list[str]) -> NDArray[Any]:
        if not tokens:
            return np.empty(0, dtype=np.int64)
        return self._encoder.encode_tokens([tokens], np.zeros((1, 1), dtype=np.float32)).values


class Numbers(_Forgetful):
    """One step of all channels. encoder: None where what follows scales."""

    def __init__(self, channels: int, encoder: SeriesEncoder | None) -> None:
        self._channels = channels
        self._scale: Any = None if encoder is None else (np.array(encoder.mean), np.array(encoder.scale))

    def read(self, arrivals: Sequence[Any], rows: Rows) -> NDArray[np.float32]:
        """float32 [streams, 1, channels]."""
        values = self._values(arrivals, rows)
        scaled = values if self._scale is None else standardise(values, *self._scale)
        if not np.isfinite(scaled).all():
            place, channel = np.argwhere(~np.isfinite(scaled))[0].tolist()
            raise DataError(
                f"{_name(rows, place)} got {values[place, channel]:g} in channel {channel + 1}; expected a finite number in the "
                "range of 32-bit floats"
            )
        return scaled[:, np.newaxis]

    def _values(self, arrivals: Sequence[Any], rows: Rows) -> NDArray[np.float32]:
        try:
            values = np.asarray(arrivals, dtype=np.float64).astype(np.float32)
        except (TypeError, ValueError, OverflowError) as error:
            raise DataError(f"a step is no array of numbers ({error}); the model reads [{self._channels}] a step") from error
        if values.shape == (len(arrivals),) and self._channels == 1:
            return values[:, np.newaxis]
        if values.shape == (1, 1, self._channels):
            return values.reshape(1, self._channels)
        if values.shape != (len(arrivals), self._channels):
            if len(arrivals) == 1:
                raise DataError(
                    f"a step has shape {values.shape[1:]}; the model reads [{self._channels}], the channels of a step"
                )
            raise DataError(
                f"a step of {len(arrivals)} streams has shape {values.shape}; the model reads [{len(arrivals)}, "
                f"{self._channels}]: the streams, and the channels of one step"
            )
        return values


class Sounds:
    """Samples in any number: energies as frames complete. They are at the model's own sample rate, for resampling needs both
    ends of a sound.

    Samples come as an array [samples] or [samples, channels], scaled as `Model.predict` reads them, or with their rate in Hz as a
    pair, which is then checked.
    """

    def __init__(self, encoder: SeriesEncoder, features: AudioFeatures, streams: int) -> None:
        self._encoder, self._features = encoder, features
        self._window = round(features.window * features.sample_rate)
        self._hop = round(features.hop * features.sample_rate)
        # Of each stream the samples that no whole frame has ended with, and where frames are apart, how many to leave out yet.
        self._left = np.zeros((streams, self._window), dtype=np.float32)
        self._size = np.zeros(streams, dtype=np.int64)
        self._skipped = np.zeros(streams, dtype=np.int64)

    def read(self, arrivals: Sequence[Any], rows: Rows) -> list[NDArray[np.float32]]:
        sounds = [self._samples(arrival, _name(rows, place)) for place, arrival in enumerate(arrivals)]
        places = range(len(sounds)) if rows is None else rows.tolist()
        return [self._frames(sound, stream) for sound, stream in zip(sounds, places, strict=True)]

    def arrays(self) -> dict[str, NDArray[np.generic]]:
        return {"left": self._left, "size": self._size, "skipped": self._skipped}

    def reset(self, rows: NDArray[np.int64]) -> None:
        for kept in self.arrays().values():
            kept[rows] = 0

    def _samples(self, arrival: Any, name: str) -> NDArray[np.float32]:
        rate = self._features.sample_rate
        if isinstance(arrival, tuple) and len(arrival) == 2:
            arrival, came = arrival
            if came != rate:
                raise DataError(f"{name} got samples of {came} Hz; a stream reads {rate} Hz. Resample the whole sound first.")
        samples = np.asarray(arrival)
        if samples.ndim == 1 and not len(samples):
            return np.empty(0, dtype=np.float32)
        return waveform_sound(samples, rate, name)[0]

    def _frames(self, sound: NDArray[np.float32], stream: int) -> NDArray[np.float32]:
        late = min(int(self._skipped[stream]), len(sound))
        self._skipped[stream] -= late
        samples = np.concatenate([self._left[stream, : self._size[stream]], sound[late:]])
        frames = 1 + (len(samples) - self._window) // self._hop if len(samples) >= self._window else 0
        read = frames * self._hop
        left = samples[read:]
        self._skipped[stream] += max(0, read - len(samples))
        self._size[stream] = len(left)
        self._left[stream, : len(left)] = left
        if not frames:
            return np.empty((0, self._features.mels), dtype=np.float32)
        return standardise(log_mel(samples, self._features), self._encoder.mean, self._encoder.scale)


def _name(rows: Rows, place: int) -> str:
    return f"stream {place if rows is None else int(rows[place])}"
