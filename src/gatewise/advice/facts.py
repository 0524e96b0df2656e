"""What is measured of a data set before anything is decided; the evidence base keeps it, and no row of the data is in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from gatewise.options.config import Task
from gatewise.records import BatchLatency, Kind

__all__ = ["CellCost", "ContextLoss", "CurvePoint", "DataFacts", "Facts", "Measured", "SpeedFacts"]


@dataclass(frozen=True)
class Measured:
    """A measured number with its 95% interval; low and high are None where it was measured once."""

    value: float
    low: float | None = None
    high: float | None = None

    @property
    def is_above_zero(self) -> bool:
        """Whether the whole interval lies above zero."""
        return self.low is not None and self.low > 0.0


@dataclass(frozen=True)
class DataFacts:
    """What the data is.

    train_rows: rows to learn from in a replicate. largest_class: share of the most frequent class, 0 where none is asked for.
    repeated: share of rows whose sequence an earlier one has. lengths: in tokens, steps or frames, as they are read.
    """

    kind: Kind
    task: Task
    rows: int
    train_rows: int
    test_rows: int
    length_median: float
    length_p95: float
    length_max: float
    channels: int
    classes: int
    largest_class: float
    repeated: float


@dataclass(frozen=True)
class ContextLoss:
    """What a cell loses where it sees the last `steps` steps alone, in units of the metric; positive where it is worse."""

    steps: int
    loss: Measured


@dataclass(frozen=True)
class CurvePoint:
    """Mean scores after learning from so many rows."""

    rows: int
    scores: Mapping[str, float]


@dataclass(frozen=True)
class CellCost:
    """What a cell costs: milliseconds of a training step and of a call, by batch; seconds of a training that was made."""

    step_ms: float
    latency_ms: Mapping[str, BatchLatency]
    parameters: int
    bytes: int
    fit_s: float


@dataclass(frozen=True)
class SpeedFacts:
    """What the cells cost at the lengths and sizes that this data has, measured in turn on this machine.

    kernel: what computed them. costs: by cell. step_ratio, latency_ratio: of the first cell over the second. recurrent_share:
    share of a training step that is the recurrent layer, of the first cell. epoch_s: seconds of an epoch on all training rows, by
    cell.
    """

    kernel: str
    costs: Mapping[str, CellCost]
    step_ratio: Measured | None = None
    latency_ratio: Measured | None = None
    recurrent_share: Measured | None = None
    epoch_s: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Facts:
    """What quick paired trainings and timings say.

    cells: the two that are compared, by name. learned_rows, epochs: of the trainings, of `data.train_rows` and `whole_epochs`.
    replicates: pairs of trainings. scores: means over them, and of the baselines over those they have. simplest, best_baseline:
    names. difference: the first cell's lead over the second. lead: of the better cell over the best baseline. scatter: deviation
    of single pairs' differences. quick: how probable each answer is by these pairs alone.
    shuffled: what a cell loses where steps come in random order. contexts: what it loses with the last steps alone. longer: the
    first cell's lead on rows longer than all that it learned from.
    curve: scores after fewer rows. gap: train score less test score, by cell, positive where training rows are better.
    target: a validation score, 95% of the way from the simplest baseline's to what the weaker cell reached in the first pair.
    epochs_ratio: of the first cell over the second, to reach it, in pairs in which both did.
    tuning: how far scores of one cell lie apart with other hyperparameters, and trials that say so.
    further: replicates that would probably decide, None where more than a run makes would not. budget_s: of a `compare` that
    probably decides.
    """

    name: str
    fingerprint: str
    metric: str
    margin: float
    data: DataFacts
    cells: tuple[str, str]
    hidden_size: int
    learned_rows: int
    epochs: int
    whole_epochs: int
    replicates: int
    scores: Mapping[str, float]
    simplest: str
    best_baseline: str | None
    quick: Mapping[str, float]
    difference: Measured | None = None
    lead: Measured | None = None
    scatter: float | None = None
    shuffled: Measured | None = None
    contexts: tuple[ContextLoss, ...] = ()
    longer: Measured | None = None
    curve: tuple[CurvePoint, ...] = ()
    gap: Mapping[str, float] = field(default_factory=dict)
    tuning: float | None = None
    tuning_trials: int = 0
    target: float | None = None
    epochs_ratio: Measured | None = None
    speed: SpeedFacts | None = None
    further: int | None = None
    budget_s: float | None = None
    seconds: float = 0.0
