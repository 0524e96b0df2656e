"""A sound model's tables: window, turns of the transform, and filters."""

from __future__ import annotations

import numpy as np

from gatewise.data.audio.features import front_end
from gatewise.export.c.constants import Constants, number
from gatewise.records import AudioFeatures

__all__ = ["add_sound"]


def add_sound(constants: Constants, features: AudioFeatures) -> dict[str, int]:
    """The tables; returns sizes that the source has by name."""
    window, filters, size = front_end(features)
    constants.add("HANN", window, "float")
    turns = np.exp(-2j * np.pi * np.arange(size // 2) / size)
    constants.add("TURNS", np.stack([turns.real, turns.imag], axis=1), "float")
    starts, lengths, weights = [], [], []
    for column in filters.T:
        used = np.flatnonzero(column)
        starts.append(int(used[0]))
        lengths.append(int(used[-1] - used[0] + 1))
        weights.append(column[used[0] : used[-1] + 1])
        # The corners of all filters lie between zero and half the sample rate, where they weigh nothing.
        assert starts[-1] > 0 and starts[-1] + lengths[-1] <= size // 2
    constants.add("FILTER_START", starts, "uint16_t")
    constants.add("FILTER_LENGTH", lengths, "uint16_t")
    constants.add("FILTER_WEIGHTS", np.concatenate(weights), "float")
    constants.add_text(f"static const float FLOOR = {number(features.floor)};", 4)
    hop = round(features.hop * features.sample_rate)
    return {"WINDOW": len(window), "HOP": hop, "TRANSFORM": size, "RATE": features.sample_rate}
