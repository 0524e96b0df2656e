"""Numbers: predicted beside true, and how large the errors are over the range of the truth."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gatewise.comparison.mistakes.pooling import ByRow, Floats, Pooled, nearer
from gatewise.mistakes import NumberMistakes, NumberPredictions, NumberRow, NumberScore

__all__ = ["number_mistakes", "number_rows", "number_scores"]

MOST_POINTS = 250
FIFTHS = 5
WORST = 8


def number_mistakes(pooled: Pooled[NumberPredictions], arms: Sequence[str]) -> NumberMistakes:
    """The whole analysis. arms: the cells compared."""
    rows = number_rows(pooled, arms)
    by_truth = sorted(rows, key=lambda row: (row.truth, row.row))
    spread = np.unique(np.linspace(0, len(rows) - 1, min(MOST_POINTS, len(rows))).round().astype(np.int64))
    truth = pooled.joined(pooled.names[0], "truth")
    errors = {name: np.abs(pooled.joined(name, "predicted").astype(np.float64) - truth) for name in arms}
    return NumberMistakes(
        points=tuple(by_truth[place] for place in spread.tolist()),
        scores=number_scores(pooled),
        agreements=nearer(errors, arms),
        worst=tuple(rows[:WORST]),
    )


def number_rows(pooled: Pooled[NumberPredictions], arms: Sequence[str]) -> list[NumberRow]:
    """Every row, that with the largest error of the arms first."""
    rows = ByRow.of(pooled.rows)
    truth = pooled.joined(pooled.names[0], "truth").astype(np.float64)[rows.first]
    said = {name: rows.mean(pooled.joined(name, "predicted")) for name in pooled.names}
    error = np.mean([np.abs(said[name] - truth) for name in arms], axis=0)
    return [
        NumberRow(
            int(rows.rows[place]),
            float(truth[place]),
            int(rows.tests[place]),
            {name: float(values[place]) for name, values in said.items()},
        )
        for place in np.argsort(-error, kind="stable").tolist()
    ]


def number_scores(pooled: Pooled[NumberPredictions]) -> tuple[NumberScore, ...]:
    """Errors of all predictions, then of each fifth of them by the true value, the lowest first."""
    truth = pooled.joined(pooled.names[0], "truth").astype(np.float64)
    errors = {name: pooled.joined(name, "predicted").astype(np.float64) - truth for name in pooled.names}
    edges = np.unique(np.quantile(truth, np.linspace(0, 1, FIFTHS + 1)[1:-1]))
    fifth = np.searchsorted(edges, truth, side="left")
    chosen = [np.ones(len(truth), dtype=bool), *(fifth == number for number in range(len(edges) + 1))]
    return tuple(
        NumberScore(
            float(truth[held].min()),
            float(truth[held].max()),
            int(np.count_nonzero(held)),
            {name: _mean(np.abs(values[held])) for name, values in errors.items()},
            {name: _mean(values[held]) for name, values in errors.items()},
        )
        for held in chosen
        if held.any()
    )


def _mean(values: Floats) -> float:
    return float(values.mean())
