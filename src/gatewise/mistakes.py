"""The nouns of error analysis: what is kept of test predictions, and what they say. Frozen, no torch.

Of every model and replicate a bounded part of its predictions is kept (`ClassPredictions` to `StepPredictions`: arrays). What
all of them say together is `Mistakes`, in plain types.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "Agreement",
    "Answer",
    "Calibration",
    "ClassMistakes",
    "ClassPredictions",
    "ClassRow",
    "ClassScore",
    "Example",
    "ForecastMistakes",
    "ForecastPredictions",
    "Kept",
    "KeyScore",
    "Mistakes",
    "NumberMistakes",
    "NumberPredictions",
    "NumberRow",
    "NumberScore",
    "ReliabilityBin",
    "SequenceRow",
    "StepMistakes",
    "StepPredictions",
    "Window",
]

# ---------------------------------------------------------------- what is kept of one model on one test part


@dataclass(frozen=True, eq=False)
class ClassPredictions:
    """rows: int32 [n], positions in the data. truth, predicted: int32 [n], class indices. confidence, p_truth: float32 [n], the
    probabilities of the class that was predicted and of the true one."""

    rows: NDArray[np.int32]
    truth: NDArray[np.int32]
    predicted: NDArray[np.int32]
    confidence: NDArray[np.float32]
    p_truth: NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class NumberPredictions:
    """rows: int32 [n], positions in the data. truth, predicted: float32 [n]."""

    rows: NDArray[np.int32]
    truth: NDArray[np.float32]
    predicted: NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class ForecastPredictions:
    """rows: int32 [n], positions in the data; errors: float32 [n], each one's mean absolute error in units of MASE.

    windows: int32 [m], which of `rows` are kept whole: truth, predicted: float32 [m, horizon, channels], of the outputs
    `channels`: int32 [channels]. step_errors: float64 [horizon], mean absolute error in units of MASE at each step ahead.
    channel_mae, channel_mase: float64 [outputs]. Both are over the whole test part.
    """

    rows: NDArray[np.int32]
    errors: NDArray[np.float32]
    windows: NDArray[np.int32]
    channels: NDArray[np.int32]
    truth: NDArray[np.float32]
    predicted: NDArray[np.float32]
    step_errors: NDArray[np.float64]
    channel_mae: NDArray[np.float64]
    channel_mase: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class StepPredictions:
    """rows: int32 [n], positions in the data. losses: float32 [n], negative log-likelihood a step; steps: int32 [n].

    position_losses: float64 [positions], mean loss of the first, second, ... step predicted; position_rows: int64 [positions],
    rows that have it. key_losses: float64 [keys], mean loss a step of each key; key_shares, key_expected: float64 [keys], the
    share of steps at which it sounds, and the mean probability it was given. All of them are over the whole test part.
    """

    rows: NDArray[np.int32]
    losses: NDArray[np.float32]
    steps: NDArray[np.int32]
    position_losses: NDArray[np.float64]
    position_rows: NDArray[np.int64]
    key_losses: NDArray[np.float64]
    key_shares: NDArray[np.float64]
    key_expected: NDArray[np.float64]


Kept = ClassPredictions | NumberPredictions | ForecastPredictions | StepPredictions

# ---------------------------------------------------------------- what they say


@dataclass(frozen=True)
class Example:
    """A row as the page shows it, cut to size. text: itself, or the file's name. values: [channels][points]; names: of those
    channels. length: steps before thinning. channels: how many there are, shown or not."""

    text: str = ""
    values: tuple[tuple[float, ...], ...] = ()
    names: tuple[str, ...] = ()
    length: int = 0
    channels: int = 0


@dataclass(frozen=True)
class Agreement:
    """Test predictions of two arms by who was right, or in tasks of numbers by who was nearer (then `both` are ties)."""

    first: str
    second: str
    both: int
    only_first: int
    only_second: int
    neither: int = 0


@dataclass(frozen=True)
class ReliabilityBin:
    """Predictions whose confidence lies in [low, high): how many, their mean confidence, and the share that was right."""

    low: float
    high: float
    rows: int
    confidence: float
    accuracy: float


@dataclass(frozen=True)
class Calibration:
    """Expected calibration error (Guo et al. 2017): the mean of |accuracy - confidence| over the bins, weighted by their rows."""

    error: float
    bins: tuple[ReliabilityBin, ...]


@dataclass(frozen=True)
class ClassScore:
    """One class. rows: test predictions of it. recall, precision: of every model, None where it never occurs or is predicted."""

    name: str
    rows: int
    recall: Mapping[str, float | None]
    precision: Mapping[str, float | None]


@dataclass(frozen=True)
class Answer:
    """What a model said of a row. prediction: most often, where it was tested several times. p_truth: mean probability of the
    true class. wrong: how many times."""

    prediction: str
    p_truth: float
    wrong: int


@dataclass(frozen=True)
class ClassRow:
    """A row with the answers of all models. tests: how many replicates tested it."""

    row: int
    truth: str
    tests: int
    answers: Mapping[str, Answer]


@dataclass(frozen=True)
class ClassMistakes:
    """labels: of the matrices, with the rest of many classes folded into the last. confusions: [truth][predicted] counts of every
    model. worst: rows with the least probability of the truth. disagreements: rows that only one of the two arms `between` had
    right, the clearest first."""

    labels: tuple[str, ...]
    folded: int
    confusions: Mapping[str, tuple[tuple[int, ...], ...]]
    scores: tuple[ClassScore, ...]
    calibration: Mapping[str, Calibration]
    agreements: tuple[Agreement, ...]
    between: tuple[str, str]
    worst: tuple[ClassRow, ...]
    disagreements: tuple[ClassRow, ...]


@dataclass(frozen=True)
class NumberScore:
    """Errors of the rows whose true value lies in [low, high]: mean absolute error and mean error (predicted less true)."""

    low: float
    high: float
    rows: int
    mae: Mapping[str, float]
    bias: Mapping[str, float]


@dataclass(frozen=True)
class NumberRow:
    """A row, its true value, and what every model said, the mean where it was tested several times."""

    row: int
    truth: float
    tests: int
    predictions: Mapping[str, float]


@dataclass(frozen=True)
class NumberMistakes:
    """points: rows spread over the whole range of the truth, for a figure. scores: all rows, then fifths of the truth."""

    points: tuple[NumberRow, ...]
    scores: tuple[NumberScore, ...]
    agreements: tuple[Agreement, ...]
    worst: tuple[NumberRow, ...]


@dataclass(frozen=True)
class Window:
    """One forecast beside the truth, of one channel. rank: best, median or worst. errors: of all channels, in units of MASE."""

    rank: str
    replicate: int
    row: int
    channel: str
    truth: tuple[float, ...]
    predictions: Mapping[str, tuple[float, ...]]
    errors: Mapping[str, float]


@dataclass(frozen=True)
class ForecastMistakes:
    """step_errors: of every model, mean absolute error in units of MASE at each step ahead. channels: names, hardest first;
    channel_mae, channel_mase: of every model, in that order. kept: windows that best, median and worst are chosen from."""

    step_errors: Mapping[str, tuple[float, ...]]
    channels: tuple[str, ...]
    channel_mae: Mapping[str, tuple[float, ...]]
    channel_mase: Mapping[str, tuple[float, ...]]
    agreements: tuple[Agreement, ...]
    windows: tuple[Window, ...]
    kept: int


@dataclass(frozen=True)
class KeyScore:
    """One key: the share of steps at which it sounds, and of every model the mean probability it was given and its loss."""

    name: str
    share: float
    expected: Mapping[str, float]
    losses: Mapping[str, float]


@dataclass(frozen=True)
class SequenceRow:
    """A sequence: steps predicted, and of every model the negative log-likelihood a step."""

    row: int
    steps: int
    tests: int
    losses: Mapping[str, float]


@dataclass(frozen=True)
class StepMistakes:
    """position_losses: of every model, mean loss of the steps of each stretch of `positions` (first and last step, from 1).
    keys: those with the greatest loss, first; further_keys: how many are left out. agreements: by sequence."""

    positions: tuple[tuple[int, int], ...]
    position_losses: Mapping[str, tuple[float, ...]]
    keys: tuple[KeyScore, ...]
    further_keys: int
    agreements: tuple[Agreement, ...]
    worst: tuple[SequenceRow, ...]


@dataclass(frozen=True)
class Mistakes:
    """What the models got wrong, over the replicates whose predictions are kept whole.

    replicates: how many those are; lost: replicates without. tested: test rows of those replicates together; predictions: how
    many of them are kept; rows: how many different rows those are. One of the four below is there, by task. examples: rows shown,
    by number.
    """

    replicates: int
    lost: int
    tested: int
    predictions: int
    rows: int
    classes: ClassMistakes | None = None
    numbers: NumberMistakes | None = None
    forecast: ForecastMistakes | None = None
    steps: StepMistakes | None = None
    examples: Mapping[str, Example] = field(default_factory=dict)
