"""Which windows of a table of series can be learned from: whole ones, without a gap."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gatewise.data.dates.axis import time_text
from gatewise.data.forecast.columns import SeriesTable
from gatewise.errors import DataError
from gatewise.records import Forecast
from gatewise.wording import counted, listed

__all__ = ["Found", "find_windows", "longest_run"]

MINIMUM_WINDOWS = 30


@dataclass(frozen=True, eq=False)
class Found:
    """starts: int64 [rows], the step at which each usable window begins. warnings: on what was left out, as sentences."""

    starts: NDArray[np.int64]
    warnings: tuple[str, ...]


def longest_run(table: SeriesTable) -> int:
    """Steps of the longest stretch of a series without a gap in time."""
    breaks = np.flatnonzero(_breaks(table)) + 1
    return int(np.diff(breaks, prepend=0, append=len(table.series)).max())


def find_windows(table: SeriesTable, forecast: Forecast) -> Found:
    """Windows whose steps, read and predicted, follow one another in one series and hold no missing value.

    Only the predicted channels need values in the predicted steps. Raises DataError where no series is long enough, over half
    of the windows touch a gap, or fewer than 30 are left.
    """
    window, steps = forecast.window, forecast.window + forecast.horizon
    lengths = np.bincount(table.series)
    starts = np.arange(max(0, len(table.series) - steps + 1))
    starts = starts[table.series[starts] == table.series[starts + steps - 1]]
    if not len(starts):
        raise DataError(
            f"the longest series has {lengths.max():,} steps; a window of {window:,} and a horizon of {forecast.horizon:,} need "
            f"{steps:,}. Choose a shorter --window or --horizon, or add data."
        )
    positions = table.axis.positions
    whole = positions[starts + steps - 1] - positions[starts] == steps - 1
    missing: NDArray[np.bool_] = ~np.isfinite(table.values)
    read, predicted = _count(missing), _count(missing[:, forecast.targets])
    full = (read[starts + window] == read[starts]) & (predicted[starts + steps] == predicted[starts + window])
    usable = starts[whole & full]
    lost = len(starts) - len(usable)
    if 2 * lost > len(starts):
        raise DataError(
            f"{lost:,} of {len(starts):,} windows touch a gap in time ({np.count_nonzero(~whole):,}) or a missing value "
            f"({np.count_nonzero(~full):,}): over half. Fill the gaps first (for example by interpolation), choose a shorter "
            "--window or --horizon, or leave out --time to take the rows as equal steps."
        )
    if len(usable) < MINIMUM_WINDOWS:
        raise DataError(
            f"there are {len(usable)} windows of {window:,} steps with {forecast.horizon:,} to predict. A comparison needs at "
            f"least {MINIMUM_WINDOWS}: add data, or choose a shorter --window or --horizon."
        )
    warnings = [
        *_short(lengths, steps),
        *_gaps(table, int(np.count_nonzero(~whole))),
        *_missing(table, missing, int(np.count_nonzero(~full))),
        *_constant(table, forecast),
    ]
    return Found(usable, tuple(warnings))


def _breaks(table: SeriesTable) -> NDArray[np.bool_]:
    """bool [steps - 1], whether the next step belongs to another series or comes after a gap."""
    return np.asarray((np.diff(table.series) != 0) | (np.diff(table.axis.positions) != 1))


def _count(marked: NDArray[np.bool_]) -> NDArray[np.int64]:
    """int64 [steps + 1], how many steps before each have a mark."""
    return np.append(0, np.cumsum(marked.any(axis=1)))


def _short(lengths: NDArray[np.int64], steps: int) -> list[str]:
    short = int(np.count_nonzero(lengths < steps))
    if not short:
        return []
    steps_needed = f"the {steps:,} steps of window and horizon"
    return [f"Left out as shorter than {steps_needed}: {short:,} of {len(lengths):,} series."]


def _gaps(table: SeriesTable, lost: int) -> list[str]:
    jumps = np.where(np.diff(table.series) == 0, np.diff(table.axis.positions), 1)
    gaps = np.flatnonzero(jumps > 1)
    if table.times is None or not len(gaps):
        return []
    largest = int(gaps[jumps[gaps].argmax()])
    between = f"{time_text(table.times[largest])} and {time_text(table.times[largest + 1])}"
    return [
        f"There {'is' if len(gaps) == 1 else 'are'} {counted(len(gaps), 'gap')} in time, the largest of "
        f"{counted(jumps[largest] - 1, 'missing step')} between {between}; the "
        f"{counted(lost, 'window that would span one is', 'windows that would span one are')} left out."
    ]


def _missing(table: SeriesTable, missing: NDArray[np.bool_], lost: int) -> list[str]:
    counts = missing.sum(0)
    if not counts.any():
        return []
    # Where a run of steps with a missing value begins and ends.
    edges = np.flatnonzero(np.diff(np.concatenate([[0], missing.any(1).view(np.int8), [0]])))
    found = [f"{name} {count:,}" for name, count in zip(table.channels, counts.tolist(), strict=True) if count]
    return [
        f"{counted(int(counts.sum()), 'value is', 'values are')} missing or not finite ({listed(found, 5)}), in gaps of up to "
        f"{counted(int(np.diff(edges)[::2].max()), 'step')}; the "
        f"{counted(lost, 'window that touches one is', 'windows that touch one are')} left out."
    ]


def _constant(table: SeriesTable, forecast: Forecast) -> list[str]:
    predicted = table.values[:, forecast.targets]
    finite = np.isfinite(predicted)
    high = np.where(finite, predicted, -np.inf).max(0)
    low = np.where(finite, predicted, np.inf).min(0)
    constant = [table.channels[target] for target, same in zip(forecast.targets, high == low, strict=True) if same]
    return [f"What is to be predicted never changes in {listed(constant, 5)}."] if constant else []
