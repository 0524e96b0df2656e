"""Data sets that need no download: `builtin:NAME`, with options as in `builtin:adding?length=100&rows=5000`."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gatewise.data.builtin import synthetic
from gatewise.data.builtin.options import OPTIONS, read_request
from gatewise.data.columns.reading import refuse_columns
from gatewise.data.dataset.assemble import assemble, series_dataset, text_dataset
from gatewise.data.dataset.memory import require_memory
from gatewise.data.dataset.next_step import next_step_dataset
from gatewise.data.dataset.rows import Rows
from gatewise.data.dataset.targets import Target
from gatewise.data.forecast.dataset import forecast_dataset
from gatewise.errors import OptionError
from gatewise.records import Dataset, Reading, Task
from gatewise.tasks import in_time, predicts

__all__ = ["BUILTIN_NAMES", "builtin_dataset"]

BUILTIN_NAMES = tuple(OPTIONS)

Series = list[NDArray[np.float32]]

_LEAST_STEPS, _BYTES_A_STEP = 10, 8
# Options that a row's size grows with.
_SIZES = ("length", "delay", "pairs", "classes")

_TASKS: dict[str, Task] = {"adding": "regression", "waves": "regression", "seasonal": "forecast", "chords": "next_step"}

_LABELLED: dict[str, Callable[..., tuple[Series, list[str], tuple[str, ...]]]] = {
    "temporal-order": synthetic.temporal_order,
    "parity": synthetic.parity,
    "counting": synthetic.counting,
    "copy": synthetic.copy,
    "recall": synthetic.recall,
    "dyck1": synthetic.dyck1,
    "dyck2": synthetic.dyck2,
    "spans": synthetic.spans,
}
_SEASONAL: dict[str, Any] = {"time": "time", "target": ("load",)}


def builtin_dataset(request: str, seed: int, reading: Reading | None = None) -> Dataset:
    """Make the built-in data set `request`: a name, and for the generators options after a question mark.

    rows: 2,000 where not given (300 of chords). length: steps, 50. Further options are said with their generators; `classes=2` of
    adding asks whether the sum is above 1. The same seed makes the same data; digits are always the same. reading: of its fields
    the task may name the data set's own, and a forecast takes window, horizon and season.
    Raises DataError as `read_request` does, and OptionError for a part of the reading that does not apply.
    """
    name, options = read_request(request)
    reading = reading or Reading()
    task = "classification" if name == "adding" and options.pop("classes") else _TASKS.get(name, "classification")
    _check_reading(name, task, reading)
    if name in ("digits", "digits-pixels"):
        return _digits(name, by_row=name == "digits")
    _check_size(name, options)
    generator = np.random.default_rng([seed, BUILTIN_NAMES.index(name)])
    others = ", ".join(f"{key} {value}" for key, value in options.items() if key != "rows")
    made = (f"{options['rows']:,} rows{f' ({others})' if others else ''} are generated with seed {seed}.",)
    if name == "seasonal":
        reading = replace(reading, task=task, channels=("load",), **_SEASONAL)
        return forecast_dataset(name, synthetic.seasonal(generator, **options), reading, inferred=made)
    if name == "chords":
        rolls, keys = synthetic.chords(generator, **options)
        return next_step_dataset(name, rolls, keys, inferred=made)
    if name == "reviews":
        return text_dataset(name, *synthetic.reviews(generator, **options), target="the sentiment", inferred=made)
    if name == "waves":
        return _numbers(name, *synthetic.waves(generator, **options), output="frequency", inferred=made)
    if name == "adding":
        sequences, sums, channels = synthetic.adding(generator, **options)
        if predicts(task) == "numbers":
            return _numbers(name, sequences, sums, channels, output="sum", inferred=made)
        labels = np.where(sums > 1, "above 1", "at most 1").tolist()
    else:
        sequences, labels, channels = _LABELLED[name](generator, **options)
    return series_dataset(name, sequences, labels, target="the class", channels=channels, inferred=made)


def _check_size(name: str, options: dict[str, Any]) -> None:
    """Raise DataError where the data would not fit into memory: some bytes for each step of each row."""
    steps = max(_LEAST_STEPS, math.prod(value for key, value in options.items() if key in _SIZES))
    todo = f"Ask for fewer {'rows' if options['rows'] >= steps else 'steps'}."
    require_memory(options["rows"] * steps * _BYTES_A_STEP, f"builtin:{name} of {options['rows']:,} rows", todo)


def _check_reading(name: str, task: Task, reading: Reading) -> None:
    if name == "seasonal" and all(getattr(reading, option) == column for option, column in _SEASONAL.items()):
        # A run of it records these columns, and goes on with them.
        reading = replace(reading, time=None, target=())
    refuse_columns(f"builtin:{name}", reading)
    if reading.task not in (None, task):
        other = " or ask for builtin:adding?classes=2" if name == "adding" and predicts(reading.task) == "classes" else ""
        raise OptionError(
            f"builtin:{name} is made for the task {task}, and {reading.task} was asked for. Leave out the task{other}."
        )
    steps = [f"--{option}" for option in ("window", "horizon", "season") if getattr(reading, option) is not None]
    if steps and not in_time(task):
        raise OptionError(
            f"builtin:{name} is made for the task {task}, which takes no {' or '.join(steps)}. Leave that out, or take "
            "builtin:seasonal."
        )


def _numbers(
    name: str,
    sequences: Series,
    targets: NDArray[np.float32],
    channels: tuple[str, ...],
    *,
    output: str,
    inferred: tuple[str, ...],
) -> Dataset:
    rows = Rows("series", sequences, channels=channels)
    return assemble(name, rows, Target("regression", targets), source=f"the {output}", output=output, inferred=inferred)


def _digits(name: str, *, by_row: bool) -> Dataset:
    """scikit-learn's 8x8 digits (Alpaydin & Kaynak 1998): a row a step, or a pixel a step, scaled to [0, 1]."""
    from sklearn.datasets import load_digits

    images, targets = load_digits(return_X_y=True)
    pixels = (images / 16).astype(np.float32).reshape((-1, 8, 8) if by_row else (-1, 64, 1))
    read = "row by row: 8 steps of 8 channels" if by_row else "pixel by pixel: 64 steps of 1 channel"
    channels = tuple(f"column {number}" for number in range(1, 9)) if by_row else ("pixel",)
    return series_dataset(
        name,
        list(pixels),
        targets.tolist(),
        target="the digit",
        channels=channels,
        inferred=(f"The images are read {read}.",),
    )
