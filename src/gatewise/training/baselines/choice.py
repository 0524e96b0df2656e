"""Which baselines a run has: those that were asked for and fit the data; the strong ones where a pair has the time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gatewise.errors import OptionError
from gatewise.names import display_name
from gatewise.records import Dataset, Split

__all__ = ["Rivals", "baselines_for", "choose_rivals", "simple_baselines"]

# Seconds that a strong baseline may take in a pair, and their share of the budget.
MOST_SECONDS = 10.0
BUDGET_SHARE = 0.015
# Rows of the training part that a baseline is scored on beside the others.
SCORED_TRAINING_ROWS = 2000


@dataclass(frozen=True)
class Rivals:
    """names: of the baselines, the simplest first. notes: what was left out, in sentences."""

    names: tuple[str, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Size:
    """What the time of a baseline depends on. rows of the parts; steps: mean, longest and shortest length; text: in words."""

    train: int
    validation: int
    test: int
    steps: float
    longest: int
    shortest: int
    channels: int
    classes: int

    @property
    def seen(self) -> int:
        """Rows whose features are computed in a pair."""
        return self.train + self.validation + self.test + min(self.train, SCORED_TRAINING_ROWS)


def simple_baselines(dataset: Dataset) -> tuple[str, ...]:
    """Names of the baselines that take next to no time, the simplest first."""
    if dataset.forecast is not None:
        seasonal = 1 < dataset.forecast.season <= dataset.forecast.window
        return ("last_value", *(["last_season"] if seasonal else []), "linear_window")
    if dataset.task == "next_step":
        return ("step_frequency", "repeat_step", "linear_step")
    text = dataset.kind == "text"
    if dataset.task == "regression":
        return ("mean_value", "tfidf_ridge" if text else "ridge_features")
    return ("majority", "tfidf_logistic" if text else "linear_features")


def baselines_for(dataset: Dataset) -> tuple[str, ...]:
    """Names of all baselines that fit a data set, the simplest first."""
    return (*simple_baselines(dataset), *_strong(dataset), *_rest(dataset))


def choose_rivals(dataset: Dataset, split: Split, asked: Sequence[str], budget_s: float | None) -> Rivals:
    """The baselines of a run.

    asked: `none`, `simple`, `strong` (the simple ones, and the strong ones that are estimated to take at most ten seconds and
    1.5% of the budget in a pair), `all`, or names, which are taken whatever their time. split: the first of the run. The estimate
    depends on the data and the budget alone, so that a run can be repeated. Raises OptionError for a name that does not fit the
    data.
    """
    fitting = baselines_for(dataset)
    simple = simple_baselines(dataset)
    groups: dict[str, tuple[str, ...]] = {"none": (), "simple": simple, "all": fitting}
    notes: tuple[str, ...] = ()
    if "strong" in asked:
        limit = MOST_SECONDS if budget_s is None else min(MOST_SECONDS, BUDGET_SHARE * budget_s)
        seconds = {name: _seconds(name, _size(dataset, split)) for name in _strong(dataset)}
        groups["strong"] = (*simple, *(name for name in seconds if seconds[name] <= limit))
        slow = [name for name in seconds if seconds[name] > limit and name not in asked]
        if slow and "all" not in asked:
            listed = ", ".join(f"{display_name(name)} (about {seconds[name]:.2g} s a pair)" for name in slow)
            notes = (f"Left out for their time: {listed}. --rivals all has every baseline that fits the data.",)
    unfit = [name for name in asked if name not in groups and name != "strong" and name not in fitting]
    if unfit:
        raise OptionError(f"--rivals names {', '.join(unfit)}, which does not fit this data; those that do: {', '.join(fitting)}")
    chosen = {name for one in asked for name in groups.get(one, (one,))}
    return Rivals(tuple(name for name in fitting if name in chosen), notes)


def _strong(dataset: Dataset) -> tuple[str, ...]:
    if dataset.forecast is not None:
        return ("theta", "exponential_smoothing")
    if dataset.task == "next_step":
        return ("phrases",)
    if dataset.kind == "text":
        return ("nbsvm", "character_logistic") if dataset.task == "classification" else ()
    return ("minirocket", "nearest_dtw") if dataset.task == "classification" else ("minirocket_ridge", "boosted_numbers")


def _rest(dataset: Dataset) -> tuple[str, ...]:
    """What is seldom better than the others, and takes longer."""
    return ("boosted_features",) if dataset.kind != "text" and dataset.task == "classification" else ()


def _size(dataset: Dataset, split: Split) -> _Size:
    # About five characters of a text are a word, its space included.
    lengths = np.array([len(one) for one in dataset.sequences]) / (5 if dataset.kind == "text" else 1)
    return _Size(
        len(split.train),
        len(split.validation),
        len(split.test),
        float(lengths.mean()),
        int(lengths.max()),
        int(lengths.min()),
        len(dataset.channels),
        len(dataset.classes),
    )


def _seconds(name: str, size: _Size) -> float:
    """Seconds of a pair, roughly, on one core of a recent machine."""
    from gatewise.training.baselines import boosting, minirocket, neighbours

    questions = size.classes if size.classes > 2 else 1
    if name == "nbsvm":
        return 0.1 + size.seen * size.steps * (3e-6 + 2e-6 * questions)
    if name == "character_logistic":
        return 0.2 + size.seen * size.steps * (6e-6 + 12e-6 * questions)
    if name in ("minirocket", "minirocket_ridge"):
        learned, features = minirocket.extent(size.train, size.steps)
        solved = min(learned, features)
        rows = learned + size.seen - size.train
        return 0.3 + rows * size.steps * features * (1 + 0.1 * min(size.channels, 9)) * 1e-9 + learned * solved * features * 5e-11
    if name in ("theta", "exponential_smoothing"):
        # Its candidates on the windows that choose, and every window once.
        candidates = 63 if name == "exponential_smoothing" else 7
        return 0.1 + (candidates * min(size.train, 200) + size.seen) * size.longest * size.channels * 1.5e-7
    if name == "phrases":
        return 0.2 + size.seen * size.steps * size.channels * 2.5e-7
    if name == "nearest_dtw":
        queries = len(neighbours.BANDS) * size.validation + size.test + min(size.train, SCORED_TRAINING_ROWS)
        return 1.5e-9 * neighbours.search_steps(queries, size.train, size.longest, size.shortest, size.channels)
    return 0.2 + boosting.work(size.train, 17 * size.channels + 1, questions) * 1e-7
