"""A row of the data cut to what a page can show."""

from __future__ import annotations

import unicodedata

import numpy as np
from numpy.typing import NDArray

from gatewise.mistakes import Example
from gatewise.records import Dataset

__all__ = ["excerpt", "shown_text"]

MOST_CHARACTERS = 320
MOST_POINTS = 96
MOST_CHANNELS = 3
BANDS, FRAMES = 20, 48
# Marks that turn the direction of what stands behind them, beyond the text they come in.
_DIRECTIONS = {*map(chr, range(0x202A, 0x202F)), *map(chr, range(0x2066, 0x206A))}


def excerpt(dataset: Dataset, row: int, channel: int | None = None) -> Example:
    """A text cut to 320 characters, three channels at 96 steps, or a sound's energies as 20 bands by 48 frames.

    channel: the one that is shown, in a forecast: its last steps, up to twice the horizon.
    """
    sequence = dataset.sequences[row]
    if isinstance(sequence, str):
        return Example(shown_text(sequence, MOST_CHARACTERS))
    if dataset.kind == "audio":
        name = shown_text(dataset.files[row], MOST_CHARACTERS) if dataset.files else ""
        picture = _pooled(sequence.T, min(BANDS, sequence.shape[1]), min(FRAMES, len(sequence)))
        return Example(name, _rounded(picture), (), len(sequence), sequence.shape[1])
    if dataset.forecast is not None and channel is not None:
        past = sequence[-min(len(sequence), 2 * dataset.forecast.horizon) :, channel]
        return Example("", _rounded(past[np.newaxis]), (dataset.channels[channel],), len(sequence), sequence.shape[1])
    channels = min(MOST_CHANNELS, sequence.shape[1])
    steps = np.unique(np.linspace(0, len(sequence) - 1, min(MOST_POINTS, len(sequence))).round().astype(np.int64))
    names = tuple(shown_text(name, 40) for name in dataset.channels[:channels])
    return Example("", _rounded(sequence[steps, :channels].T), names, len(sequence), sequence.shape[1])


def shown_text(text: str, most: int) -> str:
    """Text fit for a page: white space in one piece, no control characters or lone surrogates, cut to `most` characters."""
    seen = "".join(" " if one.isspace() else "" if _is_hidden(one) else one for one in text[: 8 * most])
    words = " ".join(seen.split())
    return words if len(words) <= most and len(text) <= 8 * most else words[: most - 1].rstrip() + "…"


def _is_hidden(character: str) -> bool:
    return unicodedata.category(character) in ("Cc", "Cs") or character in _DIRECTIONS


def _rounded(values: NDArray[np.float32]) -> tuple[tuple[float, ...], ...]:
    """Numbers of five significant digits: a page shows no more."""
    return tuple(tuple(float(f"{value:.5g}") for value in channel) for channel in values.tolist())


def _pooled(picture: NDArray[np.float32], rows: int, columns: int) -> NDArray[np.float32]:
    """Means over blocks of a picture, as many as given."""
    down = np.add.reduceat(picture.astype(np.float64), _edges(picture.shape[0], rows), axis=0)
    both = np.add.reduceat(down, _edges(picture.shape[1], columns), axis=1)
    counts = np.outer(_sizes(picture.shape[0], rows), _sizes(picture.shape[1], columns))
    return np.asarray(both / counts, dtype=np.float32)


def _edges(length: int, parts: int) -> NDArray[np.int64]:
    return np.arange(parts) * length // parts


def _sizes(length: int, parts: int) -> NDArray[np.int64]:
    return np.diff(_edges(length, parts), append=length)
