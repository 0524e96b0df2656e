"""Nouns of data: what a source holds, what is asked of it, and the same as numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from gatewise.options.config import Task

__all__ = ["AudioFeatures", "Dataset", "Encoded", "Forecast", "Kind", "Label", "Profile", "Reading", "Split"]

Kind = Literal["text", "series", "audio"]
Label: TypeAlias = str | int | float | bool


@dataclass(frozen=True)
class Reading:
    """How a source is to be read: what each column is, and what is asked of it. What is None or empty is inferred or absent.

    text, audio: the column of texts, or of paths of sound files. channels: columns of series: a list of numbers in each cell,
    or with `id` or `time` one number, a step a row. target: columns to be predicted; several only in a forecast.
    id: column that names the series a row belongs to. time: column that orders its steps. group: column whose rows of one value
    never straddle a split (a speaker, a subject). split: column that says train, validation or test. weights: column of row
    weights. date_format: how texts of `time` are written, as strptime has it. test: a second source of the same form, which
    becomes the fixed test part. window, horizon, season: steps that a
    forecast reads, predicts, and takes for one period.
    """

    task: Task | None = None
    text: str | None = None
    audio: str | None = None
    channels: tuple[str, ...] = field(default=(), metadata={"earlier": "series"})
    target: tuple[str, ...] = ()
    id: str | None = None
    time: str | None = None
    group: str | None = None
    split: str | None = None
    weights: str | None = None
    date_format: str | None = None
    test: Any = None
    window: int | None = None
    horizon: int | None = None
    season: int | None = None


@dataclass(frozen=True)
class AudioFeatures:
    """How sound becomes log-mel energies [frames, mels].

    sample_rate: Hz that everything is resampled to. window, hop: seconds of a frame, and from one to the next. low, high: Hz of
    the lowest and highest filter's edge. floor: energy that the logarithm never goes below.
    """

    sample_rate: int
    mels: int = 40
    window: float = 0.025
    hop: float = 0.010
    low: float = 20.0
    high: float = 4000.0
    floor: float = 1e-6


@dataclass(frozen=True)
class Forecast:
    """What a forecast reads and predicts. window, horizon, season: steps; season is 1 where none is known.

    targets: the channels predicted, as indices. step_seconds: time between steps, None where times are numbers or irregular.
    """

    window: int
    horizon: int
    season: int
    targets: tuple[int, ...]
    step_seconds: float | None = None


@dataclass(frozen=True, eq=False)
class Dataset:
    """Sequences with something to be predicted, as read from a source, before anything is fitted.

    sequences: texts, or float32 arrays [steps, channels]: channels of a series, log-mel energies of sound, or in a forecast the
    window before each origin.
    targets: classification: int64 [rows], indices into `classes`. regression: float32 [rows, 1]. forecast: float32
    [rows, horizon * predicted channels], the channels of the first step first. next_step: int64 zeros [rows], for the sequences
    are their own targets.
    groups: int64 [rows]; rows of one group (the same sequence repeated, one speaker) never straddle a split.
    fixed_test, fixed_validation: bool [rows], the source's own parts; None where the source has none.
    classes: their names, as people read them. labels: the classes in the type that the source has, empty where that is text.
    outputs: names of what is predicted, where that is numbers. weights: float64 [rows], None for 1 each.
    origins: int64 [rows], in a forecast the position in time of the first step predicted, on one axis for all series.
    files: of sounds, their names. reading: of a table, the columns that were read, named or inferred.
    """

    name: str
    kind: Kind
    sequences: Sequence[str] | Sequence[NDArray[np.float32]]
    targets: NDArray[Any]
    classes: tuple[str, ...]
    groups: NDArray[np.int64]
    fixed_test: NDArray[np.bool_] | None = None
    channels: tuple[str, ...] = ()
    inferred: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    task: Task = "classification"
    fixed_validation: NDArray[np.bool_] | None = None
    weights: NDArray[np.float64] | None = None
    outputs: tuple[str, ...] = ()
    audio: AudioFeatures | None = None
    forecast: Forecast | None = None
    origins: NDArray[np.int64] | None = None
    labels: tuple[Label, ...] = ()
    files: tuple[str, ...] = ()
    reading: Reading | None = None

    def __len__(self) -> int:
        return len(self.sequences)


@dataclass(frozen=True)
class Profile:
    """What a data set looks like. Lengths are in tokens (text), steps (series) or frames (audio).

    classes: rows of each, empty where numbers are predicted. repeated_rows: those whose sequence an earlier row has, which a
    plain random split would leak. outputs: least, median and greatest value of each number that is predicted, by its name.
    """

    name: str
    kind: Kind
    rows: int
    classes: Mapping[str, int]
    length_min: int
    length_median: float
    length_p95: float
    length_max: int
    repeated_rows: int
    channels: int
    fixed_test_rows: int | None
    fingerprint: str
    inferred: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    task: Task = "classification"
    outputs: Mapping[str, tuple[float, float, float]] = field(default_factory=dict)
    audio: AudioFeatures | None = None
    forecast: Forecast | None = None
    channel_names: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Encoded:
    """Sequences as numbers, stored end to end without padding; windows of one series share its values.

    values: int64 [steps] token ids, or float32 [steps, channels]. lengths: int64 [rows], every one at least 1.
    targets: as in `Dataset`, in the units of the data. input_size: the vocabulary's size for tokens, else the number of channels.
    starts: int64 [rows], where each sequence begins in `values`; None where they follow one another.
    weights: float32 [rows], None for 1 each.
    base, scale: float32 [rows, outputs] and [outputs], where numbers are predicted: the network says (target - base) / scale.
    from_last: whether the network reads every channel less its value at the sequence's last step.
    """

    values: NDArray[Any]
    lengths: NDArray[np.int64]
    targets: NDArray[Any]
    input_size: int
    starts: NDArray[np.int64] | None = None
    weights: NDArray[np.float32] | None = None
    base: NDArray[np.float32] | None = None
    scale: NDArray[np.float32] | None = None
    from_last: bool = False

    @cached_property
    def offsets(self) -> NDArray[np.int64]:
        """Where each sequence begins in `values`, int64 [rows]."""
        return np.cumsum(self.lengths) - self.lengths if self.starts is None else self.starts

    def network_targets(self, rows: NDArray[np.int64]) -> NDArray[Any]:
        """What the network is to say of some rows: class indices, or float32 [rows, outputs] from `base` in units of `scale`."""
        if self.base is None or self.scale is None:
            return self.targets[rows]
        return ((self.targets[rows] - self.base[rows]) / self.scale).astype(np.float32)

    def epoch(self, number: int, seed: int) -> Encoded:
        """The rows of epoch `number`, counted from 1, of a training on this part: all of them."""
        del number, seed
        return self

    def __len__(self) -> int:
        return len(self.lengths)


@dataclass(frozen=True, eq=False)
class Split:
    """Row indices of one split: int64 arrays, disjoint."""

    train: NDArray[np.int64]
    validation: NDArray[np.int64]
    test: NDArray[np.int64]
