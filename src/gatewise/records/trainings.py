"""Nouns of what is trained: a training and its epochs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from gatewise.records.plan import Hyperparameters

__all__ = ["Ending", "Epoch", "Failure", "FailureCause", "Training", "TrainingKind"]

TrainingKind = Literal["tuning", "replicate", "baseline", "curve", "probe"]
Ending = Literal["patience", "epochs", "time", "diverged"]
FailureCause = Literal["memory", "died", "hung"]


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
    `curve`: of an arm, on a fraction of a replicate's training part; `probe`: before a comparison, of an arm or a
    baseline, perhaps on less than all steps. number: of the trial or of the replicate.
    row_scores: what each test row adds to the test score, in the order of the split's test indices, as
    `runtime.scoring.pack_rows` writes it; "" where it was not kept.
    by_length: (rows, sum of their row scores) in each of the run's length bins. seconds: wall clock of the whole unit of work.
    phases: wall seconds by phase (encoding, forward, backward, optimiser, evaluation, batches, ...).
    ended: why no further epoch was trained: the validation loss had not fallen for long enough (`patience`), the cap was reached
    before that (`epochs`), time ran out, or the loss was no number any more; None of a baseline, and in runs of earlier versions.
    max_epochs: that cap; None as for ended.
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
    max_epochs: int | None = None


@dataclass(frozen=True)
class Failure:
    """A model that could not be trained on one split: it has no score, and is not tried again.

    of: the kind of the training that it would have been. number, fraction: as in `Training`. cause: it ran out of memory
    (`memory`), its process ended by itself whenever it was begun, even with nothing beside it (`died`), or it stood still twice
    (`hung`). A training whose loss is no number any more is a `Training` that ended as `diverged`, with a score.
    """

    of: TrainingKind
    name: str
    number: int
    cause: FailureCause
    fraction: float = 1.0
