"""Nouns of what was measured: times, sizes, and their ratios."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["BatchLatency", "Cost", "Ratio", "StepRatio"]


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
