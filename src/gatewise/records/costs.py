"""Nouns of what was measured: times, sizes, and their ratios."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["BatchLatency", "Cost", "DeviceCosts", "Ratio", "ShippedArtefact", "StepRatio"]


@dataclass(frozen=True)
class BatchLatency:
    """Inference latency percentiles of one batch size, in milliseconds a call."""

    p50: float
    p90: float
    p99: float


@dataclass(frozen=True)
class Cost:
    """Measured costs of one arm or baseline; None where it was not measured or not reached.

    latency_ms: of an arm on encoded rows, of a baseline on words or values, its features included. fit_s: seconds of a training,
    of a baseline with the choice of its regularisation. Steps, targets and memory are of arms alone.
    """

    train_ms_per_step: float | None
    epochs_to_target: float | None
    seconds_to_target: float | None
    target_reached: int
    latency_ms: Mapping[str, BatchLatency]
    peak_memory_bytes: int | None
    parameters: int
    bytes: int
    fit_s: float | None = None


@dataclass(frozen=True)
class Ratio:
    """Median of paired ratios first/second with its 95% interval."""

    median: float
    ci95: tuple[float, float]


@dataclass(frozen=True)
class StepRatio:
    """How many times as much one arm takes as another: of a training step, a call or the epochs of a training."""

    first: str
    second: str
    ratio: Ratio


@dataclass(frozen=True)
class DeviceCosts:
    """What the arms cost on a device that did not train them, as it was measured there.

    costs: by arm; `fit_s` is that of the trainings, changed as the time of a step is. training_time_ratios, latency_ratios: as in
    `Comparison`.
    """

    costs: Mapping[str, Cost]
    training_time_ratios: tuple[StepRatio, ...] = ()
    latency_ratios: tuple[StepRatio, ...] = ()


@dataclass(frozen=True)
class ShippedArtefact:
    """A model in one form, as a process that has nothing but the artefact found it.

    arm: whose model. form: as in `gatewise export --to`. bytes: of its files. startup_s: from the start of the process to the
    first prediction. latency_ms: of a call from raw inputs to predictions, at batch 1 and 32. memory_bytes: the most that the
    process had in memory. score: on `rows` rows that the model did not learn from; held_out: whether they did not stop its
    training either. greatest_error: between its predictions of these rows and the model's, of probabilities, or of numbers in
    units of their scale in the training part. same: the share of rows that get the same class, None where no classes are
    predicted. refused: why the model has no such form; then all else is empty.
    """

    arm: str
    form: str
    bytes: int = 0
    startup_s: float = 0.0
    latency_ms: Mapping[str, BatchLatency] = field(default_factory=dict)
    memory_bytes: int = 0
    score: float | None = None
    rows: int = 0
    held_out: bool = False
    greatest_error: float = 0.0
    same: float | None = None
    refused: str = ""
