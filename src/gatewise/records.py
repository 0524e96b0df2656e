"""The nouns of gatewise: frozen records that pass between the rooms. None of them knows how it was made.

`to_json` and `from_json` turn every record without arrays into plain JSON types and back.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Literal, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "Arm",
    "BatchLatency",
    "Comparison",
    "Config",
    "Cost",
    "Dataset",
    "Difference",
    "Encoded",
    "Epoch",
    "Hyperparameters",
    "LengthScore",
    "Profile",
    "Progress",
    "Ratio",
    "ScoreSummary",
    "Split",
    "Trial",
    "Verdict",
    "from_json",
    "to_json",
]

Kind = Literal["text", "series"]
CostName = Literal["training", "latency", "memory", "size"]
COSTS: tuple[CostName, ...] = ("training", "latency", "memory", "size")


# ---------------------------------------------------------------- data


@dataclass(frozen=True, eq=False)
class Dataset:
    """Labelled sequences as read from a source, before anything is fitted.

    sequences: texts, or float32 arrays [steps, channels].
    targets: int64 [rows], indices into `classes`.
    groups: int64 [rows]; rows of one group (the same sequence repeated) never straddle a split.
    fixed_test: bool [rows], the source's own test part; None where the source has no split of its own.
    """

    name: str
    kind: Kind
    sequences: tuple[str, ...] | tuple[NDArray[np.float32], ...]
    targets: NDArray[np.int64]
    classes: tuple[str, ...]
    groups: NDArray[np.int64]
    fixed_test: NDArray[np.bool_] | None = None
    channels: tuple[str, ...] = ()
    inferred: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.sequences)


@dataclass(frozen=True)
class Profile:
    """What a data set looks like. Lengths are in tokens (text) or steps (series)."""

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


@dataclass(frozen=True, eq=False)
class Encoded:
    """Sequences as numbers, stored end to end without padding.

    values: int64 [sum of lengths] token ids, or float32 [sum of lengths, channels].
    lengths: int64 [rows], every one at least 1. targets: int64 [rows].
    input_size: the vocabulary's size for tokens, else the number of channels.
    """

    values: NDArray[Any]
    lengths: NDArray[np.int64]
    targets: NDArray[np.int64]
    input_size: int

    def __len__(self) -> int:
        return len(self.lengths)


@dataclass(frozen=True, eq=False)
class Split:
    """Row indices of one split: int64 arrays, disjoint."""

    train: NDArray[np.int64]
    validation: NDArray[np.int64]
    test: NDArray[np.int64]


# ---------------------------------------------------------------- what is asked


@dataclass(frozen=True)
class Config:
    """Everything that decides what a run does; rendered to `config.yaml` with every default.

    budget_s: seconds, None for no limit (then `pairs` is set). pairs: exact number of pairs, None to stop when decided.
    margin: half width of the band of practical equivalence, in units of the metric.
    jobs: processes that train at once. threads: of each of them; results depend on it in the last bits, never on `jobs`.
    """

    source: str
    text: str | None = None
    series: tuple[str, ...] = ()
    target: str | None = None
    cells: tuple[str, ...] = ("gru", "lstm")
    budget_s: float | None = 600.0
    pairs: int | None = None
    margin: float = 0.01
    tune: int | None = None
    cost: CostName = "training"
    seed: int = 0
    jobs: int = 1
    threads: int = 1
    hidden_size: int = 64
    layers: int = 1
    bidirectional: bool = False
    embedding_size: int = 64
    batch_size: int | None = None
    max_length: int | None = None
    max_vocabulary: int = 20_000
    max_epochs: int | None = None


@dataclass(frozen=True)
class Arm:
    """One side of a comparison: a cell under the name the results use (`gru`, and `gru_2` in an A/A run)."""

    name: str
    cell: str
    index: int


@dataclass(frozen=True)
class Hyperparameters:
    """What tuning chooses, separately for every arm from one search space."""

    learning_rate: float
    dropout: float
    input_dropout: float
    weight_decay: float


# ---------------------------------------------------------------- what was measured


@dataclass(frozen=True)
class Epoch:
    """One epoch of training. seconds: wall clock since training began, evaluation included."""

    epoch: int
    train_loss: float
    validation_loss: float
    validation_score: float
    seconds: float


@dataclass(frozen=True)
class Trial:
    """One model fitted once on one split.

    kind: `tuning` (never scored on the test part), `pair` or `baseline`. number: of the tuning trial or of the pair.
    correct: one bit a test row, in the order of the split's test indices, base64 of numpy.packbits; "" for tuning.
    by_length: (rows, correct rows) in each of the run's length bins. seconds: wall clock of the whole unit of work.
    phases: wall seconds by phase (encoding, forward, backward, optimiser, evaluation, batches, ...).
    """

    kind: Literal["tuning", "pair", "baseline"]
    name: str
    number: int
    hyperparameters: Hyperparameters | None
    validation_score: float
    validation_loss: float | None
    train_score: float | None = None
    test_score: float | None = None
    test_rows: int = 0
    correct: str = ""
    best_epoch: int = 0
    history: tuple[Epoch, ...] = ()
    by_length: tuple[tuple[int, int], ...] = ()
    phases: Mapping[str, float] = field(default_factory=dict)
    seconds: float = 0.0
    parameters: int = 0
    size_bytes: int = 0


@dataclass(frozen=True)
class BatchLatency:
    """Inference latency percentiles of one batch size, in milliseconds a call."""

    p50: float
    p90: float
    p99: float


@dataclass(frozen=True)
class Cost:
    """Measured costs of one arm; None where it was not measured or not reached."""

    train_ms_per_step: float | None
    epochs_to_target: float | None
    seconds_to_target: float | None
    target_reached: int
    latency_ms: Mapping[str, BatchLatency]
    peak_memory_bytes: int | None
    parameters: int
    bytes: int


@dataclass(frozen=True)
class Ratio:
    """Median of paired ratios first/second with its 95% interval."""

    median: float
    ci95: tuple[float, float]


@dataclass(frozen=True)
class LengthScore:
    """Mean score of every arm over the test rows whose length lies in [low, high]; rows: test rows an arm, summed over pairs."""

    low: int
    high: int
    rows: int
    scores: Mapping[str, float]


@dataclass(frozen=True)
class Comparison:
    """All the evidence of a run, complete enough to reach a verdict and to draw the report."""

    config: Config
    profile: Profile
    arms: tuple[Arm, ...]
    baselines: tuple[str, ...]
    metric: str
    chosen: Mapping[str, Hyperparameters]
    tuning: tuple[Trial, ...]
    trials: tuple[Trial, ...]
    baseline_trials: tuple[Trial, ...]
    pairs: int
    train_rows: int
    test_rows: int
    target_score: float | None
    costs: Mapping[str, Cost]
    training_time_ratio: Ratio | None
    by_length: tuple[LengthScore, ...]
    environment: Mapping[str, Any]
    elapsed_s: float
    stopped: str
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Difference:
    """score(first) - score(second) over the pairs, and what may be concluded from it.

    ci95: corrected resampled t interval. ci95_sequential: the same, widened for having looked after every pair.
    p_first, p_equivalent, p_second: posterior probabilities that the difference is above, inside or below the band.
    """

    first: str
    second: str
    mean: float
    ci95: tuple[float, float]
    ci95_sequential: tuple[float, float]
    p_first: float
    p_equivalent: float
    p_second: float
    pairs: int
    conclusion: Literal["first", "equivalent", "second", "undecided"]
    further_pairs: int | None = None


@dataclass(frozen=True)
class ScoreSummary:
    """Mean and standard deviation of a score over n splits."""

    mean: float
    sd: float
    n: int


@dataclass(frozen=True)
class Verdict:
    """The answer of a run; `verdict.json` is its JSON.

    decision: an arm's name, "equivalent", "undecided" or "baseline". recommended: what to ship, given the cost named.
    difference: the two arms that decide; comparisons: every pair of arms, and the best baseline against the best arm.
    explanation: sentences in plain words, the first one the verdict itself. stopped: why no further pair was run: `decided`,
    `pairs` (their number was reached), `budget`, `horizon` (100 pairs did not decide) or `interrupted`.
    """

    decision: str
    recommended: str
    metric: str
    higher_is_better: bool
    margin: float
    pairs: int
    difference: Difference | None
    comparisons: tuple[Difference, ...]
    scores: Mapping[str, ScoreSummary]
    costs: Mapping[str, Cost]
    training_time_ratio: Ratio | None
    explanation: tuple[str, ...]
    budget_s: float | None
    elapsed_s: float
    stopped: str
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class Progress:
    """Where a run stands, for whoever watches it.

    phase: what is being done now, in plain words. pairs_planned: None while adaptive stopping decides.
    remaining_s: estimated seconds to the end, None while unknown. difference: the deciding comparison so far.
    """

    phase: str
    pairs_done: int
    pairs_planned: int | None
    elapsed_s: float
    budget_s: float | None
    remaining_s: float | None = None
    difference: Difference | None = None


# ---------------------------------------------------------------- JSON both ways

Record = TypeVar("Record")


def to_json(record: Any) -> Any:
    """Turn a record, or any nesting of records, mappings and sequences, into plain JSON types."""
    if dataclasses.is_dataclass(record) and not isinstance(record, type):
        return {item.name: to_json(getattr(record, item.name)) for item in dataclasses.fields(record)}
    if isinstance(record, Mapping):
        return {str(key): to_json(value) for key, value in record.items()}
    if isinstance(record, (list, tuple)):
        return [to_json(value) for value in record]
    if isinstance(record, np.generic):
        return record.item()
    return record


def from_json(kind: type[Record], value: Any) -> Record:
    """Rebuild a record of type `kind` from what `to_json` made of it. Unknown keys are ignored, so newer files stay readable."""
    return cast(Record, _rebuild(kind, value))


@lru_cache
def _field_types(kind: type) -> dict[str, Any]:
    return typing.get_type_hints(kind)


def _rebuild(kind: Any, value: Any) -> Any:
    origin = typing.get_origin(kind)
    arguments = typing.get_args(kind)
    if value is None:
        return None
    if origin in (typing.Union, types.UnionType):
        return _rebuild(next(item for item in arguments if item is not type(None)), value)
    if dataclasses.is_dataclass(kind):
        hints = _field_types(cast(type, kind))
        known = {item.name for item in dataclasses.fields(kind)}
        return cast(Any, kind)(**{key: _rebuild(hints[key], item) for key, item in value.items() if key in known})
    if origin is tuple:
        if len(arguments) == 2 and arguments[1] is Ellipsis:
            return tuple(_rebuild(arguments[0], item) for item in value)
        return tuple(_rebuild(item_kind, item) for item_kind, item in zip(arguments, value, strict=True))
    if origin is not None and isinstance(value, Mapping):
        return {key: _rebuild(arguments[1], item) for key, item in value.items()}
    return value
