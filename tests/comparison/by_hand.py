"""Comparisons made by hand, for verdicts on them."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from gatewise.records import (
    Arm,
    BatchLatency,
    Comparison,
    Config,
    Cost,
    Profile,
    Ratio,
    Training,
    Verdict,
)
from gatewise.runtime.scoring import pack_rows

SPREAD = np.array([0.004, -0.003, 0.001, -0.004, 0.002, 0.0, 0.003, -0.002, -0.001, 0.0])  # mean 0


def cost(parameters: int = 1000, **measured: Any) -> Cost:
    unmeasured = dict.fromkeys(("train_ms_per_step", "epochs_to_target", "seconds_to_target", "peak_memory_bytes"))
    return Cost(
        **{**unmeasured, "target_reached": 0, "latency_ms": {}, "bytes": 4 * parameters, **measured, "parameters": parameters}
    )


def correct_rows(score: float, rows: int, shift: int = 0) -> str:
    return pack_rows(np.roll(np.arange(rows) < round(score * rows), shift).astype(np.float64))


def comparison(
    scores: Mapping[str, Sequence[float]],
    baselines: Mapping[str, float] | None = None,
    *,
    test_rows: int = 1000,
    fixed_test: bool = False,
    **changes: Any,
) -> Comparison:
    """Arms with the scores given, baselines with one score on every replicate; ten-fold splits unless `fixed_test`."""
    arms = tuple(Arm(name, name.split("_")[0], index, 64) for index, name in enumerate(scores))
    replicates = len(next(iter(scores.values())))
    shared: dict[str, Any] = {"hyperparameters": None, "validation_score": 0.8, "validation_loss": None, "test_rows": test_rows}
    trainings = tuple(
        Training(
            "replicate", name, number, test_score=value, row_scores=correct_rows(value, test_rows), parameters=1000, **shared
        )
        for name, values in scores.items()
        for number, value in enumerate(values)
    )
    simple = tuple(
        Training("baseline", name, number, test_score=value, row_scores=correct_rows(value, test_rows), **shared)
        for name, value in (baselines or {}).items()
        for number in range(replicates)
    )
    margin = changes.pop("margin", 0.01)
    limits = ("max_latency_ms", "max_size_bytes", "max_memory_bytes")
    settings = {name: changes.pop(name) for name in ("replicates_planned", "cost", *limits) if name in changes}
    config = Config(
        source="reviews.csv",
        cells=tuple(arm.cell for arm in arms),
        replicates=settings.pop("replicates_planned", None),
        **settings,
    )
    return Comparison(
        **{
            "config": config,
            "profile": Profile("reviews", "text", 10 * test_rows, {}, 1, 5, 9, 9, 0, 0, test_rows if fixed_test else None, "f"),
            "arms": arms,
            "baselines": tuple(baselines or ()),
            "metric": "accuracy",
            "margin": margin,
            "curve_trainings": (),
            "chosen": {},
            "tuning": (),
            "trainings": trainings,
            "baseline_trainings": simple,
            "replicates": replicates,
            "train_rows": 9 * test_rows,
            "test_rows": test_rows,
            "target_score": None,
            "costs": {arm.name: cost() for arm in arms},
            "training_time_ratios": (),
            "by_length": (),
            "environment": {},
            "elapsed_s": 1.0,
            "stopped": "decided",
            "warnings": ("as before",),
            **changes,
        }
    )


def text(verdict: Verdict) -> str:
    return " ".join(verdict.explanation)


EQUAL = {"gru": (0.801 + SPREAD / 4).tolist(), "lstm": (0.80 - SPREAD / 4).tolist()}
FASTER, SLOWER, ALIKE = Ratio(0.82, (0.80, 0.85)), Ratio(1.2, (1.1, 1.3)), Ratio(0.99, (0.95, 1.04))
BATCH_1 = {"gru": {"batch1": BatchLatency(2.0, 3.0, 4.0)}, "lstm": {"batch1": BatchLatency(1.0, 2.0, 3.0)}}
LATENCIES = {"gru": cost(latency_ms=BATCH_1["gru"]), "lstm": cost(900, latency_ms=BATCH_1["lstm"])}
