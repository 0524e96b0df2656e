"""Hyperparameter search: every arm tries the same ones, and has its own where they are clearly better for it.

The first trial is the default, the next ones are drawn at random (Bergstra and Bengio 2012, "Random search for hyper-parameter
optimization", JMLR 13). A trial depends on the run's seed and its number alone, so that an interrupted search goes on as if
nothing had happened, and arms are tuned on the same trials as they are compared on the same replicates. What one arm is better
with by chance on one validation part would otherwise be an offset between the arms that no number of replicates shows: the same
cell tuned twice by itself chose differently in a third of runs, and then differed by up to two margins.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from gatewise.metrics import Metric
from gatewise.records import Hyperparameters, Kind, Task, Training
from gatewise.tasks import traits_of

__all__ = [
    "SearchRange",
    "choose_hyperparameters",
    "contenders",
    "default_hyperparameters",
    "search_space",
    "standard_error",
    "suggest",
]

_STREAM = 5
_CLEAR_ERRORS = 2.0


@dataclass(frozen=True)
class SearchRange:
    """From where to where a hyperparameter is sought; on a logarithmic scale, or evenly."""

    low: float
    high: float
    log: bool = False


def search_space(kind: Kind, task: Task = "classification") -> dict[str, SearchRange]:
    """What tuning searches, by the field of `Hyperparameters`: the same for every arm."""
    text = kind == "text"
    return {
        "learning_rate": SearchRange(2e-3, traits_of(task).highest_learning_rate, log=True),
        "dropout": SearchRange(0.4, 0.7) if text else SearchRange(0.0, 0.5),
        "input_dropout": SearchRange(0.0, 0.3 if text else 0.1),
        "weight_decay": SearchRange(1e-3, 0.3, log=True),
    }


def default_hyperparameters(kind: Kind, task: Task = "classification") -> Hyperparameters:
    """What the first tuning trial uses."""
    return traits_of(task).defaults(kind)


def suggest(kind: Kind, seed: int, number: int, task: Task = "classification") -> Hyperparameters:
    """Hyperparameters of tuning trial `number`, of every arm."""
    if number == 0:
        return default_hyperparameters(kind, task)
    generator = np.random.default_rng([seed, _STREAM, number])
    return Hyperparameters(**{name: _at(sought, generator.random()) for name, sought in search_space(kind, task).items()})


def _at(sought: SearchRange, share: float) -> float:
    """The value that lies a share of the way from one end of the range to the other."""
    if sought.log:
        return math.exp(math.log(sought.low) + share * math.log(sought.high / sought.low))
    return sought.low + share * (sought.high - sought.low)


def choose_hyperparameters(
    finished: Mapping[str, Sequence[Training]], metric: Metric, margin: float, validation_rows: int
) -> dict[str, Hyperparameters]:
    """What every arm is trained with: what is best for all of them, or an arm's own best where that is clearly better for it.

    finished: every arm's trials, of the same numbers but for those that could not be trained. Such a trial is the worst there is:
    one that more arms have comes before one that fewer have, and an arm without any takes what is best for the others. Clearly
    better is by more than the margin and what validation scores are uncertain by: in percent two standard errors of one of so
    many rows, of other metrics another margin. Ties go to the lower validation loss, then to the earlier trial.
    """
    by_number = _by_number(finished)
    shared = _best(by_number, [*by_number], metric)
    chosen = {}
    for name, trials in by_number.items():
        best = trials.get(shared) or next(found[shared] for found in by_number.values() if shared in found)
        if trials:
            own = trials[_best(by_number, [name], metric)]
            lead = metric.gain(own.validation_score) - metric.gain(best.validation_score)
            needed = margin + _noise(own.validation_score, metric, margin, validation_rows)
            best = own if lead > needed or shared not in trials else best
        values = best.hyperparameters
        if values is None:
            raise ValueError(f"{name} has a trial that is no tuning trial")
        chosen[name] = values
    return chosen


def contenders(finished: Mapping[str, Sequence[Training]], metric: Metric) -> set[tuple[str, int]]:
    """The trials, by name and number, of which one an arm is chosen, now or after further rounds if none of those is better."""
    by_number = _by_number(finished)
    shared = _best(by_number, [*by_number], metric)
    return {
        (name, number)
        for name, trials in by_number.items()
        if trials
        for number in (shared, _best(by_number, [name], metric))
        if number in trials
    }


def _by_number(finished: Mapping[str, Sequence[Training]]) -> dict[str, dict[int, Training]]:
    return {name: {trial.number: trial for trial in trials} for name, trials in finished.items()}


def _best(by_number: Mapping[str, Mapping[int, Training]], names: Sequence[str], metric: Metric) -> int:
    """The number of the trial that is best for some arms together, of those that the most arms have."""

    def merit(number: int) -> tuple[int, float, float, int]:
        trials = [by_number[name][number] for name in names if number in by_number[name]]
        everybody = sum(number in found for found in by_number.values()) if len(names) > 1 else 0
        gain = sum(metric.gain(trial.validation_score) for trial in trials)
        return everybody, gain, -sum(trial.validation_loss or 0.0 for trial in trials), -number

    return max(set().union(*(by_number[name] for name in names)), key=merit)


def _noise(score: float, metric: Metric, margin: float, rows: int) -> float:
    return _CLEAR_ERRORS * standard_error(score, rows) if metric.in_percent else margin


def standard_error(score: float, rows: int) -> float:
    """Of a share of so many rows, by Laplace's rule: few rows that are all right are not certain."""
    share = (score * rows + 1.0) / (rows + 2.0)
    return math.sqrt(share * (1.0 - share) / max(rows, 1))
