"""All of what was kept -> `Mistakes`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from gatewise.comparison.mistakes.classes import class_mistakes
from gatewise.comparison.mistakes.forecasts import forecast_mistakes
from gatewise.comparison.mistakes.numbers import number_mistakes
from gatewise.comparison.mistakes.pooling import Pooled, pool
from gatewise.comparison.mistakes.steps import step_mistakes
from gatewise.mistakes import ClassPredictions, ForecastPredictions, Kept, Mistakes, StepPredictions
from gatewise.records import Comparison, Verdict
from gatewise.tasks import traits_of

__all__ = ["analyse", "key_names", "pooled_of", "shown_rows"]


def pooled_of(comparison: Comparison, kept: Mapping[str, Mapping[int, Kept]]) -> Pooled[Any]:
    """The predictions of the replicates that count, of all arms and baselines. kept: by name and replicate."""
    names = (*(arm.name for arm in comparison.arms), *comparison.baselines)
    return pool({name: kept.get(name, {}) for name in names}, comparison.finished)


def analyse(comparison: Comparison, verdict: Verdict, pooled: Pooled[Any]) -> Mistakes:
    """What the models got wrong, without the rows themselves."""
    tested = {training.number: training.test_rows for training in comparison.trainings}
    count = sum(tested[number] for number in pooled.replicates)
    if not pooled.replicates:
        return Mistakes(0, comparison.replicates, 0, 0, 0)
    rows = pooled.rows
    found = Mistakes(
        len(pooled.replicates), comparison.replicates - len(pooled.replicates), count, len(rows), len(np.unique(rows))
    )
    arms, profile = tuple(arm.name for arm in comparison.arms), comparison.profile
    kept = traits_of(profile.task).kept
    if kept is ClassPredictions:
        return replace(found, classes=class_mistakes(pooled, tuple(profile.classes), arms, _between(verdict, arms)))
    if kept is ForecastPredictions:
        return replace(found, forecast=forecast_mistakes(pooled, tuple(profile.outputs), arms))
    if kept is StepPredictions:
        return replace(found, steps=step_mistakes(pooled, key_names(comparison, pooled), arms))
    return replace(found, numbers=number_mistakes(pooled, arms))


def key_names(comparison: Comparison, pooled: Pooled[Any]) -> tuple[str, ...]:
    """What the keys of a next-step prediction are called; runs of before their names were kept have numbers."""
    numbered = tuple(f"channel {number + 1}" for number in range(len(pooled.any[0].key_shares)))
    return comparison.profile.channel_names or numbered


def shown_rows(mistakes: Mistakes) -> list[int]:
    """The rows that the page shows, each once."""
    rows: list[int] = []
    if mistakes.classes is not None:
        rows += [row.row for row in (*mistakes.classes.worst, *mistakes.classes.disagreements)]
    if mistakes.numbers is not None:
        rows += [row.row for row in mistakes.numbers.worst]
    if mistakes.forecast is not None:
        rows += [window.row for window in mistakes.forecast.windows]
    return list(dict.fromkeys(rows))


def _between(verdict: Verdict, arms: Sequence[str]) -> tuple[str, str]:
    """The two arms that the verdict compares; where one alone could be trained, it with itself."""
    if verdict.difference is not None and {verdict.difference.first, verdict.difference.second} <= set(arms):
        return verdict.difference.first, verdict.difference.second
    return arms[0], arms[-1] if len(arms) == 1 else arms[1]
