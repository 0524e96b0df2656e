"""Hyperparameter search with optuna: the same space and the same number of trials for every arm, each tuned separately.

The first trial is the default. The next ones are drawn at random from the run's seed, so every arm tries the same ones; later
ones come from the tree-structured Parzen estimator (Bergstra et al. 2011) and the arm's own results. A trial depends only on the
trials before it, which is what lets an interrupted search go on as if nothing had happened.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gatewise.metrics import Metric
from gatewise.records import Hyperparameters, Kind, Task, Trial

__all__ = ["SearchRange", "best_hyperparameters", "default_hyperparameters", "search_space", "suggest"]

RANDOM_TRIALS = 4


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
        "learning_rate": SearchRange(1e-3, 1.5e-2 if task == "next_step" else 1e-2, log=True),
        "dropout": SearchRange(0.4, 0.7) if text else SearchRange(0.0, 0.5),
        "input_dropout": SearchRange(0.0, 0.3 if text else 0.1),
        "weight_decay": SearchRange(1e-3, 0.3, log=True),
    }


def default_hyperparameters(kind: Kind, task: Task = "classification") -> Hyperparameters:
    """What the first tuning trial uses: strong dropout for text, whose embedding overfits in a few epochs; little for series."""
    if task == "next_step":
        return Hyperparameters(learning_rate=5e-3, dropout=0.2, input_dropout=0.0, weight_decay=0.01)
    if kind == "text":
        return Hyperparameters(learning_rate=3e-3, dropout=0.6, input_dropout=0.2, weight_decay=0.01)
    return Hyperparameters(learning_rate=3e-3, dropout=0.2, input_dropout=0.0, weight_decay=0.01)


def suggest(
    kind: Kind, metric: Metric, seed: int, number: int, finished: Sequence[Trial], task: Task = "classification"
) -> Hyperparameters:
    """Hyperparameters of tuning trial `number`, given the arm's finished trials 0 .. number - 1."""
    if number == 0:
        return default_hyperparameters(kind, task)
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    space: dict[str, optuna.distributions.BaseDistribution] = {
        name: optuna.distributions.FloatDistribution(sought.low, sought.high, log=sought.log)
        for name, sought in search_space(kind, task).items()
    }
    # The sampler takes seeds of 32 bits only.
    sampler = optuna.samplers.TPESampler(seed=(seed * 1000 + number) % 2**32, n_startup_trials=RANDOM_TRIALS)
    study = optuna.create_study(direction="maximize", sampler=sampler)
    for trial in finished:
        if trial.hyperparameters is None:
            raise ValueError(f"trial {trial.number} of {trial.name} is not a tuning trial")
        values = {name: getattr(trial.hyperparameters, name) for name in space}
        study.add_trial(optuna.create_trial(params=values, distributions=space, value=metric.gain(trial.validation_score)))
    asked = study.ask(space)
    return Hyperparameters(**asked.params)


def best_hyperparameters(finished: Sequence[Trial], metric: Metric) -> Hyperparameters:
    """The trial with the best validation score; ties go to the lower validation loss, then to the earlier trial."""
    best = min(finished, key=lambda trial: (-metric.gain(trial.validation_score), trial.validation_loss or 0.0, trial.number))
    if best.hyperparameters is None:
        raise ValueError(f"trial {best.number} of {best.name} is not a tuning trial")
    return best.hyperparameters
