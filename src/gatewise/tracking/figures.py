"""What trackers say of a training and of a verdict, by name, so that all say the same."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any

from gatewise.records import Training, Verdict, to_json

__all__ = ["curves_of", "findings_of", "parameters_of", "source_title", "totals_of"]

_CURVES = ("train_loss", "validation_loss", "validation_score")


def parameters_of(training: Training) -> dict[str, str | float]:
    """What a training was done with: its place in the run, and its hyperparameters where it has any."""
    given: dict[str, str | float] = {
        "kind": training.kind,
        "name": training.name,
        "number": training.number,
        "fraction": training.fraction,
        "parameters": training.parameters,
    }
    if training.max_epochs is not None:
        given["max_epochs"] = training.max_epochs
    return given | (to_json(training.hyperparameters) if training.hyperparameters is not None else {})


def curves_of(training: Training) -> Iterator[tuple[str, float, int, float]]:
    """Name, value, epoch, and seconds since the training began, of every figure of every epoch that is a finite number."""
    for epoch in training.history:
        for name in _CURVES:
            value = getattr(epoch, name)
            if math.isfinite(value):
                yield name, value, epoch.epoch, epoch.seconds


def totals_of(training: Training) -> dict[str, float]:
    """What came out of a training; without the test score where the test part was not looked at."""
    found = {
        "best_validation_score": training.validation_score,
        "train_score": training.train_score,
        "test_score": training.test_score,
        "seconds": training.seconds,
        "best_epoch": float(training.best_epoch),
    }
    return _finite(found)


def findings_of(verdict: Verdict) -> dict[str, float]:
    """The figures of a verdict: the mean test score of each model, and the difference that decides, with its probabilities."""
    found: dict[str, float | None] = {f"test_score.{name}": score.mean for name, score in verdict.scores.items()}
    found |= {"replicates": float(verdict.replicates), "margin": verdict.margin, "seconds": verdict.elapsed_s}
    difference = verdict.difference
    if difference is not None:
        found |= {
            "difference": difference.mean,
            "difference_low": difference.ci95[0],
            "difference_high": difference.ci95[1],
            f"probability.{difference.first}": difference.p_first,
            "probability.equivalent": difference.p_equivalent,
            f"probability.{difference.second}": difference.p_second,
        }
    return _finite(found)


def source_title(source: str) -> str:
    """A source as a heading: the name of a file without its folders, and of an address without what may stand behind a `?`."""
    if "://" in source:
        return PurePosixPath(source.partition("?")[0]).name or "table"
    return PurePosixPath(source).name if source.startswith("/") else {"-": "standard input"}.get(source, source.strip("<>"))


def _finite(found: Mapping[str, Any]) -> dict[str, float]:
    return {name: float(value) for name, value in found.items() if value is not None and math.isfinite(value)}
