"""The units over a data set: which sequences they are measured on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gatewise.data.dataset.inputs import Inputs
from gatewise.data.dataset.windows import Windows
from gatewise.errors import GatewiseError
from gatewise.inspection.effort import steps_within
from gatewise.inspection.reading import given_sequences
from gatewise.inspection.record import Data
from gatewise.inspection.units import measure_units
from gatewise.nn import SequenceNetwork
from gatewise.records import Config
from gatewise.runtime.model import Model

__all__ = ["MOST_ROWS", "over_data"]

MOST_ROWS = 500
"""Sequences that the units are measured on, evenly spread over those there are."""

# As many as these whatever they cost.
FEWEST_ROWS = 20


def over_data(model: Model, network: SequenceNetwork, inputs: Inputs, name: str, run: Config | None) -> Data:
    """What the units do on the sequences of an input, or where it has but one on the run's own data.

    In a forecast the sequences are all windows of the series.
    """
    sequences, note = _windows(model, inputs.sequences), ""
    if len(sequences) == 1:
        found, note = _of_run(model, run)
        if found is not None and run is not None:
            sequences, name = found, run.source
    chosen = [sequences[place] for place in _evenly(len(sequences), MOST_ROWS)]
    encoded = model.encode(chosen)
    rows = _affordable(encoded.lengths, steps_within(network))
    if rows < len(chosen):
        encoded = model.encode([chosen[place] for place in _evenly(len(chosen), rows)])
    lengths = encoded.lengths
    return Data(
        name,
        len(encoded),
        len(sequences),
        int(lengths.sum()),
        (int(lengths.min()), float(np.median(lengths)), int(lengths.max())),
        tuple(measure_units(network, encoded)),
        note,
    )


def _of_run(model: Model, run: Config | None) -> tuple[Sequence[Any] | None, str]:
    """The sequences that a run compared on, and what is to be said of that."""
    alone = "One sequence says little of the units: give a file of many"
    if run is None:
        return None, f"{alone}."
    try:
        found = _windows(model, given_sequences(model, run.source, run).sequences)
        return found, "One sequence came, so this is about the data of the run."
    except GatewiseError as error:
        return None, f"{alone}. The data of the run is not to be had: {error}"


def _windows(model: Model, sequences: Sequence[Any]) -> Sequence[Any]:
    """In a forecast every window that the model can read, of all series; else the sequences as they are."""
    if model.forecast is None or isinstance(sequences, Windows):
        return sequences
    window = model.forecast.window
    lengths = np.array([len(one) for one in sequences])
    ends = np.cumsum(lengths)
    starts = [np.arange(end - length, end - window + 1) for end, length in zip(ends, lengths, strict=True)]
    values = np.concatenate([np.asarray(one, dtype=np.float32).reshape(len(one), -1) for one in sequences])
    return Windows(values, np.concatenate(starts), window, ends)


def _affordable(lengths: NDArray[np.int64], steps: int) -> int:
    """How many rows of the mean length have so many steps, `FEWEST_ROWS` at least."""
    return min(len(lengths), max(FEWEST_ROWS, int(steps / lengths.mean())))


def _evenly(rows: int, most: int) -> NDArray[np.int64]:
    """At most so many numbers below `rows`, evenly spread."""
    return np.unique(np.linspace(0, rows - 1, min(rows, most)).round().astype(np.int64))
