"""Mistakes of made-up models, from a fixed seed: the analysis of a real run on predictions drawn at random."""

from dataclasses import replace
from typing import Any

import numpy as np

from gatewise.comparison.mistakes.analysis import analyse, pooled_of, shown_rows
from gatewise.mistakes import ClassPredictions, Example, ForecastPredictions, Kept, NumberPredictions, StepPredictions
from gatewise.records import Comparison, Verdict

TEXT = "the plot is as thin as the paper it was written on , and <b>yet</b> one leaves smiling"


def with_mistakes(comparison: Comparison, verdict: Verdict, rows: int = 120) -> Comparison:
    """The comparison with mistakes, and something to show for every row."""
    names = (*(arm.name for arm in comparison.arms), *comparison.baselines)
    kept = {
        name: {
            replicate: _kept(comparison, np.random.default_rng([replicate]), np.random.default_rng([replicate, place]), rows)
            for replicate in range(comparison.replicates)
        }
        for place, name in enumerate(names)
    }
    found = analyse(comparison, verdict, pooled_of(comparison, kept))
    examples = {str(row): _example(comparison, row) for row in shown_rows(found)}
    return replace(comparison, mistakes=replace(found, examples=examples))


def _kept(comparison: Comparison, same: np.random.Generator, own: np.random.Generator, rows: int) -> Kept:
    places = np.sort(same.choice(400, rows, replace=False)).astype(np.int32)
    profile = comparison.profile
    if profile.task == "classification":
        classes = len(profile.classes)
        truth = same.integers(classes, size=rows)
        said = own.dirichlet(np.ones(classes), rows).astype(np.float32)
        said[np.arange(rows), truth] += own.uniform(0, 1, rows).astype(np.float32)
        said /= said.sum(1, keepdims=True)
        return ClassPredictions(
            places,
            truth.astype(np.int32),
            said.argmax(1).astype(np.int32),
            said.max(1),
            said[np.arange(rows), truth],
        )
    if profile.task == "regression":
        numbers = same.uniform(-1520, 98_400, rows).astype(np.float32)
        return NumberPredictions(places, numbers, (numbers * 0.8 + own.normal(0, 9000, rows)).astype(np.float32))
    if profile.task == "forecast":
        assert profile.forecast is not None
        horizon, outputs = profile.forecast.horizon, len(profile.outputs)
        future = (20 + 10 * same.normal(size=(rows, horizon, outputs)).cumsum(1)).astype(np.float32)
        said = (future + own.normal(0, 4, future.shape)).astype(np.float32)
        errors = np.abs(said - future) / 5
        return ForecastPredictions(
            places,
            errors.mean((1, 2)).astype(np.float32),
            np.arange(rows, dtype=np.int32),
            np.arange(outputs, dtype=np.int32),
            future,
            said,
            errors.mean((0, 2)).astype(np.float64),
            5 * errors.mean((0, 1)).astype(np.float64),
            errors.mean((0, 1)).astype(np.float64),
        )
    lengths = same.integers(30, 160, rows)
    positions = np.arange(159)
    return StepPredictions(
        places,
        own.gamma(60, 8.5 / 60, rows).astype(np.float32),
        lengths.astype(np.int32),
        8 + 3 / (1 + positions) + own.normal(0, 0.1, 159),
        np.array([(lengths > place).sum() for place in positions]),
        own.gamma(2, 0.05, profile.channels),
        same.beta(1, 8, profile.channels),
        own.beta(1, 8, profile.channels),
    )


def _example(comparison: Comparison, row: int) -> Example:
    profile, generator = comparison.profile, np.random.default_rng(row)

    def drawn(lines: int, points: int) -> tuple[tuple[Any, ...], ...]:
        return tuple(map(tuple, generator.normal(0, 1, (lines, points)).cumsum(1).round(3).tolist()))

    if profile.kind == "text":
        return Example(f"{TEXT} {row}")
    if profile.kind == "audio":
        return Example(f"seven/7_jackson_{row}.wav", drawn(20, 40), (), 41, 40)
    if profile.task == "forecast":
        return Example("", drawn(1, 48), ("OT",), 168, 7)
    return Example(
        "",
        drawn(min(3, profile.channels), 96),
        tuple(f"sensor {n}" for n in range(min(3, profile.channels))),
        140,
        profile.channels,
    )
