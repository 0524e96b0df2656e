"""Next steps: the loss by position, the keys that cost most, and the sequences that are hardest."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gatewise.comparison.mistakes.pooling import ByRow, Pooled, nearer
from gatewise.mistakes import KeyScore, SequenceRow, StepMistakes, StepPredictions

__all__ = ["key_scores", "sequence_rows", "step_mistakes"]

MOST_KEYS = 12
MOST_STRETCHES = 20
WORST = 8


def step_mistakes(pooled: Pooled[StepPredictions], channels: Sequence[str], arms: Sequence[str]) -> StepMistakes:
    """The whole analysis. channels: names of the keys; arms: the cells compared."""
    keys = key_scores(pooled, channels, arms)
    stretches = _stretches(max(len(kept.position_rows) for kept in pooled.any))
    errors = {name: pooled.joined(name, "losses").astype(np.float64) for name in arms}
    return StepMistakes(
        positions=tuple((first + 1, last) for first, last in stretches),
        position_losses={name: _by_position(pooled, name, stretches) for name in pooled.names},
        keys=tuple(keys[:MOST_KEYS]),
        further_keys=max(0, len(keys) - MOST_KEYS),
        agreements=nearer(errors, arms),
        worst=tuple(sequence_rows(pooled, arms)[:WORST]),
    )


def key_scores(pooled: Pooled[StepPredictions], channels: Sequence[str], arms: Sequence[str]) -> list[KeyScore]:
    """Every key, that with the greatest loss of the arms first."""
    weights = np.array([kept.position_rows.sum() for kept in pooled.any], dtype=np.float64)

    def over_replicates(name: str, field: str) -> list[float]:
        found: list[float] = np.average(
            [getattr(kept, field) for kept in pooled.by_replicate[name]], axis=0, weights=weights
        ).tolist()
        return found

    losses = {name: over_replicates(name, "key_losses") for name in pooled.names}
    expected = {name: over_replicates(name, "key_expected") for name in pooled.names}
    shares = over_replicates(pooled.names[0], "key_shares")
    order = np.argsort(-np.mean([losses[name] for name in arms], axis=0), kind="stable")
    return [
        KeyScore(
            channels[key],
            shares[key],
            {name: values[key] for name, values in expected.items()},
            {name: values[key] for name, values in losses.items()},
        )
        for key in order.tolist()
    ]


def sequence_rows(pooled: Pooled[StepPredictions], arms: Sequence[str]) -> list[SequenceRow]:
    """Every sequence, that with the greatest loss a step of the arms first."""
    rows = ByRow.of(pooled.rows)
    losses = {name: rows.mean(pooled.joined(name, "losses")) for name in pooled.names}
    steps = pooled.joined(pooled.names[0], "steps")[rows.first]
    order = np.argsort(-np.mean([losses[name] for name in arms], axis=0), kind="stable")
    return [
        SequenceRow(
            int(rows.rows[place]),
            int(steps[place]),
            int(rows.tests[place]),
            {name: float(values[place]) for name, values in losses.items()},
        )
        for place in order.tolist()
    ]


def _stretches(positions: int) -> list[tuple[int, int]]:
    """Positions in stretches that grow with the position, at most 20: the beginning is where a sequence is learned about."""
    edges = np.unique(np.geomspace(1, positions + 1, MOST_STRETCHES + 1).round().astype(np.int64)) - 1
    return list(zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True))


def _by_position(pooled: Pooled[StepPredictions], name: str, stretches: Sequence[tuple[int, int]]) -> tuple[float, ...]:
    found = []
    for first, last in stretches:
        losses = np.concatenate([kept.position_losses[first:last] for kept in pooled.by_replicate[name]])
        rows = np.concatenate([kept.position_rows[first:last] for kept in pooled.by_replicate[name]])
        found.append(float(np.average(losses, weights=rows)))
    return tuple(found)
