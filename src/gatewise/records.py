"""The nouns of gatewise: frozen records that pass between the rooms. None of them knows how it was made.

`to_json` and `from_json` turn every record without arrays into plain JSON types and back.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any, Literal, TypeAlias, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from gatewise.mistakes import Mistakes
from gatewise.options.config import Config, Task

__all__ = [
    "FEWEST_TELLING_REPLICATES",
    "Arm",
    "AudioFeatures",
    "BatchLatency",
    "Comparison",
    "Config",
    "Cost",
    "Dataset",
    "Difference",
    "Encoded",
    "Ending",
    "Epoch",
    "Forecast",
    "Hyperparameters",
    "Label",
    "LengthScore",
    "Profile",
    "Progress",
    "Ratio",
    "Reading",
    "ScoreSummary",
    "Shipped",
    "Split",
    "StepRatio",
    "Task",
    "Training",
    "Verdict",
    "from_json",
    "to_json",
]

Kind = Literal["text", "series", "audio"]
TrainingKind = Literal["tuning", "replicate", "baseline", "curve"]
Ending = Literal["patience", "epochs", "time", "diverged"]
Label: TypeAlias = str | int | float | bool

# Two replicates leave one degree of freedom: an interval twelve standard errors wide on either side, which says nothing.
FEWEST_TELLING_REPLICATES = 3


# ---------------------------------------------------------------- data


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
class Arm:
    """One side of a comparison: a cell of one size, under the name that results and files have for it.

    The name is the cell's, with something behind it where several arms have one cell (`gru_1`, `gru_h74`). Nothing is read from
    it: what the arm is stands in the other fields.
    """

    name: str
    cell: str
    index: int
    hidden_size: int


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
class Training:
    """One model trained once on one split.

    kind: `tuning`: a trial, never scored on the test part; `replicate`: of an arm; `baseline`: of a baseline, on a replicate;
    `curve`: of an arm, on a fraction of a replicate's training part. number: of the trial or of the replicate.
    row_scores: what each test row adds to the test score, in the order of the split's test indices, as
    `training.scoring.pack_rows` writes it; "" where it was not kept.
    by_length: (rows, sum of their row scores) in each of the run's length bins. seconds: wall clock of the whole unit of work.
    phases: wall seconds by phase (encoding, forward, backward, optimiser, evaluation, batches, ...).
    ended: why no further epoch was trained: the validation loss had not fallen for long enough (`patience`), the cap was reached
    before that (`epochs`), time ran out, or the loss was no number any more; None of a baseline, and in runs of earlier versions.
    adopted: number of the tuning trial whose training this is, its time included; None where it was trained for itself.
    """

    kind: TrainingKind
    name: str
    number: int
    hyperparameters: Hyperparameters | None
    validation_score: float
    validation_loss: float | None
    train_score: float | None = None
    test_score: float | None = None
    test_rows: int = 0
    row_scores: str = ""
    best_epoch: int = 0
    history: tuple[Epoch, ...] = ()
    by_length: tuple[tuple[int, float], ...] = ()
    phases: Mapping[str, float] = field(default_factory=dict)
    seconds: float = 0.0
    parameters: int = 0
    size_bytes: int = 0
    fraction: float = field(default=1.0, metadata={"earlier": "share"})
    ended: Ending | None = None
    adopted: int | None = None


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
class LengthScore:
    """Mean score of every arm over the test rows whose length lies in [low, high]; rows: of an arm, over all replicates."""

    low: int
    high: int
    rows: int
    scores: Mapping[str, float]


@dataclass(frozen=True)
class Dependence:
    """How the scores of a run depend on each other beyond the sharing of rows.

    blocks: the block of every row of the source's own test part, as packed text; rows of one block are alike (a group), and
    empty where every row is one of its own. in_time: blocks follow each other in time. splits: of resampled splits how many there
    are before they repeat, and groups how many groups of rows they are dealt from; None where it is as many as there are rows.
    """

    blocks: str = ""
    in_time: bool = False
    splits: int | None = None
    groups: int | None = None


@dataclass(frozen=True)
class Shipped:
    """The model that a run leaves for use: the recommended one, trained once more.

    train_rows, validation_rows: that it learned from, and that stopped it. test_score: its own on the source's test part of
    test_rows; None where it learned from rows that the replicates were tested on, so that none are left. cut_short: whether the
    budget ended its training.
    """

    name: str
    train_rows: int
    validation_rows: int
    test_score: float | None = None
    test_rows: int = 0
    cut_short: bool = False


@dataclass(frozen=True)
class Comparison:
    """All the evidence of a run, complete enough to reach a verdict and to draw the report.

    train_rows: rows of each replicate that are not tested, of which `validation_rows` stop the training and choose
    hyperparameters. mistakes: what the models got wrong, looked into once the replicates are run. training_time_ratios,
    latency_ratios, epoch_ratios: of training steps, of calls at batch 1, and of the epochs that trainings took.
    """

    config: Config
    profile: Profile
    arms: tuple[Arm, ...]
    baselines: tuple[str, ...]
    metric: str
    margin: float
    chosen: Mapping[str, Hyperparameters]
    tuning: tuple[Training, ...]
    trainings: tuple[Training, ...]
    baseline_trainings: tuple[Training, ...]
    curve_trainings: tuple[Training, ...]
    replicates: int
    train_rows: int
    test_rows: int
    target_score: float | None
    costs: Mapping[str, Cost]
    training_time_ratios: tuple[StepRatio, ...]
    by_length: tuple[LengthScore, ...]
    environment: Mapping[str, Any]
    elapsed_s: float
    stopped: str
    warnings: tuple[str, ...] = ()
    baseline_costs: Mapping[str, Cost] = field(default_factory=dict)
    mistakes: Mistakes | None = None
    validation_rows: int = 0
    dependence: Dependence = Dependence()
    latency_ratios: tuple[StepRatio, ...] = ()
    epoch_ratios: tuple[StepRatio, ...] = ()
    shipped: Shipped | None = None


@dataclass(frozen=True)
class Difference:
    """By how much the first is better than the second over the replicates, and what may be concluded from it.

    mean: score(first) - score(second), or the other way round where a lower score is better.
    ci95: corrected resampled t interval. ci95_sequential: the same, widened for having looked after every replicate.
    p_first, p_equivalent, p_second: posterior probabilities that the difference is above, inside or below the band.
    extremes: the least and the greatest difference of a single replicate.
    further_replicates: about how many more would decide; None where it is decided, or where 1,000 more would rather not.
    decided_within_most: the probability that 1,000 more would, given all that is uncertain now; 1 where it is decided.
    """

    first: str
    second: str
    mean: float
    ci95: tuple[float, float]
    ci95_sequential: tuple[float, float]
    p_first: float
    p_equivalent: float
    p_second: float
    replicates: int = field(metadata={"earlier": "pairs"})
    conclusion: Literal["first", "equivalent", "second", "undecided"]
    further_replicates: int | None = field(default=None, metadata={"earlier": "further_pairs"})
    decided_within_most: float = 1.0
    extremes: tuple[float, float] | None = None

    @property
    def is_known(self) -> bool:
        """Whether interval and probabilities say anything: from three replicates on, or where fewer were planned and decided."""
        return self.replicates >= FEWEST_TELLING_REPLICATES or self.conclusion != "undecided"

    def better_first(self) -> Difference:
        """The same comparison with the better one first, so that its mean is not negative."""
        return self if self.mean >= 0 else self.turned()

    def turned(self) -> Difference:
        """The same comparison seen from the other side."""
        swapped: dict[str, Literal["first", "equivalent", "second", "undecided"]] = {"first": "second", "second": "first"}
        return dataclasses.replace(
            self,
            first=self.second,
            second=self.first,
            mean=-self.mean,
            ci95=(-self.ci95[1], -self.ci95[0]),
            ci95_sequential=(-self.ci95_sequential[1], -self.ci95_sequential[0]),
            extremes=None if self.extremes is None else (-self.extremes[1], -self.extremes[0]),
            p_first=self.p_second,
            p_second=self.p_first,
            conclusion=swapped.get(self.conclusion, self.conclusion),
        )


@dataclass(frozen=True)
class ScoreSummary:
    """Mean and standard deviation of a score over n splits."""

    mean: float
    sd: float
    n: int


@dataclass(frozen=True, repr=False)
class Verdict:
    """The answer of a run; `verdict.json` is its JSON.

    decision: an arm's name, "equivalent", "undecided" or "baseline". recommended: what to ship, given the cost named. excluded:
    arms that a constraint rules out, each with the reason. failed_trainings: how many of each arm lost more than half of what
    its others learned. difference: the comparison that decides, the better one first: two arms, or the best baseline and the
    best arm where that baseline is the decision. comparisons: every pair of arms, and the best baseline against the best arm.
    arms: what the names of arms stand for; none in what earlier versions wrote.
    shipped: the model that was trained for use, None until it is. training_time_ratios: of every pair of arms. explanation:
    sentences in plain words, the first one the verdict itself. stopped: why no further replicate was run: `decided`, `replicates`
    (their number was reached), `budget`, `most_replicates` (100 did not decide) or `interrupted`.
    """

    decision: str
    recommended: str
    metric: str
    higher_is_better: bool
    margin: float
    replicates: int = field(metadata={"earlier": "pairs"})
    difference: Difference | None
    comparisons: tuple[Difference, ...]
    scores: Mapping[str, ScoreSummary]
    costs: Mapping[str, Cost]
    training_time_ratios: tuple[StepRatio, ...]
    explanation: tuple[str, ...]
    budget_s: float | None
    elapsed_s: float
    stopped: str
    warnings: tuple[str, ...]
    excluded: Mapping[str, str] = field(default_factory=dict)
    baseline_costs: Mapping[str, Cost] = field(default_factory=dict)
    failed_trainings: Mapping[str, int] = field(default_factory=dict)
    shipped: Shipped | None = None
    arms: tuple[Arm, ...] = ()

    def __repr__(self) -> str:
        scores = ", ".join(f"{name} {score.mean:.4g}" for name, score in self.scores.items())
        found = f"{self.decision!r}, recommended {self.recommended!r}"
        return f"<Verdict {found}; {self.metric}: {scores or 'none'}; {self.replicates} replicates>"


@dataclass(frozen=True)
class Progress:
    """Where a run stands, for whoever watches it.

    phase: what is being done now, in plain words. replicates_planned: None while adaptive stopping decides.
    remaining_s: estimated seconds to the end, None while unknown. difference: the deciding comparison so far, of `arms`.
    """

    phase: str
    replicates_done: int
    replicates_planned: int | None
    elapsed_s: float
    budget_s: float | None
    remaining_s: float | None = None
    difference: Difference | None = None
    arms: tuple[Arm, ...] = ()


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
    """Rebuild a record of type `kind` from what `to_json` made of it, in this version or an earlier one.

    A field's metadata names the key that it had before (`earlier`). Unknown keys are ignored, so that newer files stay readable.
    """
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
        found, given = {}, value.keys()
        for item in dataclasses.fields(kind):
            key = item.name if item.name in given else item.metadata.get("earlier")
            if key in given:
                found[item.name] = _rebuild(hints[item.name], value[key])
        return cast(Any, kind)(**found)
    if origin is tuple:
        if len(arguments) == 2 and arguments[1] is Ellipsis:
            return tuple(_rebuild(arguments[0], item) for item in value)
        return tuple(_rebuild(item_kind, item) for item_kind, item in zip(arguments, value, strict=True))
    if origin is not None and isinstance(value, Mapping):
        return {key: _rebuild(arguments[1], item) for key, item in value.items()}
    return value
