"""Noisy waves whose frequency is asked for, and hourly readings with seasons that are to be forecast."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["seasonal", "waves"]


def waves(
    generator: np.random.Generator, *, length: int, rows: int
) -> tuple[list[NDArray[np.float32]], NDArray[np.float32], tuple[str, ...]]:
    """Sine waves in noise: amplitude 0.5 to 1.5, any phase, white noise of deviation 0.3. Target: the frequency.

    The frequency is uniform between 2 and 20 cycles in 100 steps; always saying 11 has a mean absolute error of 4.5 and a mean
    squared error of 27. Returns series [length, 1], targets [rows] and the channel's name.
    """
    frequencies = generator.uniform(2, 20, size=rows)
    amplitudes = generator.uniform(0.5, 1.5, size=rows)
    phases = generator.random(rows)
    cycles = frequencies[:, np.newaxis] * np.arange(length) / 100 + phases[:, np.newaxis]
    values = amplitudes[:, np.newaxis] * np.sin(2 * np.pi * cycles) + generator.normal(scale=0.3, size=(rows, length))
    return list(values[:, :, np.newaxis].astype(np.float32)), frequencies.astype(np.float32), ("signal",)


def seasonal(generator: np.random.Generator, *, rows: int) -> dict[str, Any]:
    """A table of hourly readings, `rows` hours from 1 January 2024 on (a Monday): columns `time`, datetime64
    [rows], and `load`, float32 [rows].

    The load is 100, plus a trend of 1 a week, a day's wave with its half-day overtone (together up to about 25), 15 less on
    Saturdays and Sundays, and noise of deviation 4 of which 0.7 carries over to the next hour.
    """
    hours = np.arange(rows)
    day = 2 * np.pi * (hours % 24) / 24
    weekend = hours // 24 % 7 >= 5
    shocks = generator.normal(scale=4 * np.sqrt(1 - 0.7**2), size=rows)
    noise = np.empty(rows)
    carried = float(generator.normal(scale=4))
    for hour, shock in enumerate(shocks):
        carried = 0.7 * carried + shock
        noise[hour] = carried
    load = 100 + hours / 168 - 20 * np.cos(day) - 8 * np.sin(2 * day) - 15 * weekend + noise
    times = np.datetime64("2024-01-01T00", "h") + hours
    return {"time": times.astype("datetime64[us]"), "load": load.astype(np.float32)}
