"""What a benchmark found, as records that are written to JSON while it runs."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from benchmarks.layers.shapes import Shape

from gatewise.records import from_json, to_json

__all__ = ["SETTINGS", "PARTS", "Plan", "Report", "Row", "Run", "Timing", "read", "write"]

PARTS = ("train", "inference", "odd", "ragged", "step", "bfloat16", "peak")

RAISED = {"MALLOC_MMAP_THRESHOLD_": "1073741824", "MALLOC_TRIM_THRESHOLD_": "4294967296"}
SETTINGS: dict[str, dict[str, str]] = {"default": {}, "raised": RAISED, "flushed": {}}
"""Environment of each setting of a process. By default every large tensor is fresh memory whose pages fault when they are first
written; with glibc's thresholds raised, freed memory is kept and used again (other C libraries ignore the variables). "flushed"
is the default with PyTorch told to take numbers too small for a normal float as zero, as gatewise's kernels always do: the
gradient of the last step's output vanishes over many steps, and many processors take some hundred cycles for such numbers."""


@dataclass(frozen=True)
class Plan:
    """What one process measures.

    seconds: of each group of rivals. instruction_set: forced on both sides; "" for the best. before: a checkout whose layers are
    timed beside these where the share of the peak is measured, or "".
    """

    threads: int
    setting: str
    instruction_set: str
    parts: tuple[str, ...]
    shapes: tuple[Shape, ...]
    seconds: float
    quick: bool
    before: str = ""


@dataclass(frozen=True)
class Timing:
    """Milliseconds of one call, over rounds in which all rivals took turns.

    error: largest relative error of the outputs or gradients against a float64 reference, by the Euclidean norm.
    page_faults: of one call. peak_share: share of the measured FMA peak of the threads used; None where there is no measurement.
    """

    median_ms: float
    quarter_ms: float
    three_quarters_ms: float
    rounds: int
    error: float
    page_faults: int
    peak_share: float | None = None


@dataclass(frozen=True)
class Row:
    """All rivals on one shape. mode: `train`, `train_input` (the input needs its gradient too) or `inference`.

    timings: by rival, as "gatewise gru". refused: rivals that were not timed, and why. real_share: share of the batch that is not
    padding.
    """

    part: str
    mode: str
    shape: Shape
    timings: Mapping[str, Timing]
    refused: Mapping[str, str] = field(default_factory=dict)
    real_share: float = 1.0

    def ratio(self, slower: str, faster: str) -> float | None:
        """How many times as long `slower` takes as `faster`; None where one was not timed."""
        if slower not in self.timings or faster not in self.timings:
            return None
        return self.timings[slower].median_ms / self.timings[faster].median_ms


@dataclass(frozen=True)
class Run:
    """What one process measured. libraries: version of each rival, or why it is absent. fma_peak: GFLOP/s of one thread."""

    plan: Plan
    machine: Mapping[str, Any]
    libraries: Mapping[str, str]
    fma_peak: float | None
    rows: tuple[Row, ...] = ()
    complete: bool = False


@dataclass(frozen=True)
class Report:
    """All runs of one call of the benchmark."""

    started: str
    runs: tuple[Run, ...]


Saved = TypeVar("Saved", Run, Report)


def write(value: Run | Report, path: Path) -> None:
    """Replace the file in one step, so that an interrupted benchmark leaves the last whole state."""
    with tempfile.NamedTemporaryFile("w", dir=path.parent, prefix=path.name, delete=False, encoding="utf-8") as file:
        json.dump(to_json(value), file, indent=1)
    Path(file.name).chmod(0o644)
    Path(file.name).replace(path)


def read(kind: type[Saved], path: Path) -> Saved:
    """Read what `write` wrote."""
    return from_json(kind, json.loads(path.read_text(encoding="utf-8")))
