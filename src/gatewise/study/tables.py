"""What the models of a run predicted and got wrong, as lists of dicts that a data frame is made of in one call."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from gatewise.comparison.mistakes.analysis import key_names
from gatewise.comparison.mistakes.classes import class_rows
from gatewise.comparison.mistakes.numbers import number_rows, number_scores
from gatewise.comparison.mistakes.pooling import Pooled
from gatewise.comparison.mistakes.steps import key_scores, sequence_rows
from gatewise.errors import OptionError, RunError
from gatewise.mistakes import ClassPredictions, Example, ForecastPredictions, Mistakes, NumberPredictions, StepPredictions
from gatewise.records import Comparison
from gatewise.tasks import traits_of

__all__ = ["calibration_table", "confusion_table", "errors_table", "mistakes_table", "predictions_table"]

Table = list[dict[str, Any]]


def predictions_table(comparison: Comparison, pooled: Pooled[Any]) -> Table:
    """One dict for each test prediction that was kept: replicate, name, row, and by task what came and what was said."""
    _need_replicates(pooled)
    made = {
        ClassPredictions: _class_predictions,
        NumberPredictions: _number_predictions,
        ForecastPredictions: _forecast_predictions,
        StepPredictions: _step_predictions,
    }[traits_of(comparison.profile.task).kept]
    return [
        {"replicate": replicate, "name": name, **line}
        for name, by_replicate in pooled.by_replicate.items()
        for replicate, kept in zip(pooled.replicates, by_replicate, strict=True)
        for line in made(comparison, kept)
    ]


def _class_predictions(comparison: Comparison, kept: Any) -> Iterator[dict[str, Any]]:
    classes = tuple(comparison.profile.classes)
    columns = (kept.rows, kept.truth, kept.predicted, kept.confidence, kept.p_truth)
    for row, true, said, confidence, p_truth in zip(*(column.tolist() for column in columns), strict=True):
        yield {
            "row": row,
            "truth": classes[true],
            "prediction": classes[said],
            "confidence": confidence,
            "p_truth": p_truth,
            "correct": true == said,
        }


def _number_predictions(comparison: Comparison, kept: Any) -> Iterator[dict[str, Any]]:
    for row, true, said in zip(kept.rows.tolist(), kept.truth.tolist(), kept.predicted.tolist(), strict=True):
        yield {"row": row, "truth": true, "prediction": said, "error": said - true}


def _forecast_predictions(comparison: Comparison, kept: Any) -> Iterator[dict[str, Any]]:
    outputs = tuple(comparison.profile.outputs)
    for window, place in enumerate(kept.windows.tolist()):
        for step in range(kept.truth.shape[1]):
            for column, channel in enumerate(kept.channels.tolist()):
                true, said = float(kept.truth[window, step, column]), float(kept.predicted[window, step, column])
                yield {
                    "row": int(kept.rows[place]),
                    "step": step + 1,
                    "channel": outputs[channel],
                    "truth": true,
                    "prediction": said,
                    "error": said - true,
                }


def _step_predictions(comparison: Comparison, kept: Any) -> Iterator[dict[str, Any]]:
    for row, steps, loss in zip(kept.rows.tolist(), kept.steps.tolist(), kept.losses.tolist(), strict=True):
        yield {"row": row, "steps": steps, "nll": loss}


def confusion_table(comparison: Comparison, pooled: Pooled[Any]) -> Table:
    """One dict for each pair of classes that occurs: name, truth, prediction, count, and its share of the true class."""
    _need_classes(comparison, pooled, "confusion")
    classes = tuple(comparison.profile.classes)
    lines = []
    for name in pooled.names:
        truth, said = (pooled.joined(name, field).astype(np.int64) for field in ("truth", "predicted"))
        cells, counts = np.unique(truth * len(classes) + said, return_counts=True)
        totals = np.bincount(truth, minlength=len(classes))
        for cell, held in zip(cells.tolist(), counts.tolist(), strict=True):
            true, guess = divmod(cell, len(classes))
            lines.append(
                {
                    "name": name,
                    "truth": classes[true],
                    "prediction": classes[guess],
                    "count": held,
                    "share": held / int(totals[true]),
                }
            )
    return lines


def calibration_table(comparison: Comparison, pooled: Pooled[Any]) -> Table:
    """One dict for each model and bin of confidence: name, low, high, count, confidence, accuracy, and the model's ece."""
    _need_classes(comparison, pooled, "calibration")
    found = comparison.mistakes.classes if comparison.mistakes is not None else None
    if found is None:
        return []
    return [
        {
            "name": name,
            "low": one.low,
            "high": one.high,
            "count": one.rows,
            "confidence": one.confidence,
            "accuracy": one.accuracy,
            "ece": calibration.error,
        }
        for name, calibration in found.calibration.items()
        for one in calibration.bins
    ]


def errors_table(comparison: Comparison, pooled: Pooled[Any]) -> Table:
    """Where the errors lie: one dict for each model and class, fifth of the truth, step ahead, channel or position."""
    _need_replicates(pooled)
    found = comparison.mistakes or Mistakes(0, 0, 0, 0, 0)
    names = pooled.names
    if found.classes is not None:
        return [
            {
                "name": name,
                "class": score.name,
                "count": score.rows,
                "recall": score.recall[name],
                "precision": score.precision[name],
            }
            for name in names
            for score in found.classes.scores
        ]
    if found.forecast is not None:
        return [
            *(
                {"name": name, "step": step, "mase": value}
                for name in names
                for step, value in enumerate(found.forecast.step_errors[name], 1)
            ),
            *(
                {"name": name, "channel": channel, "mase": mase, "mae": mae}
                for name in names
                for channel, mase, mae in zip(
                    found.forecast.channels, found.forecast.channel_mase[name], found.forecast.channel_mae[name], strict=True
                )
            ),
        ]
    if found.steps is not None:
        keys = key_scores(pooled, key_names(comparison, pooled), _arms(comparison))
        return [
            *(
                {"name": name, "from_step": first, "to_step": last, "nll": found.steps.position_losses[name][at]}
                for name in names
                for at, (first, last) in enumerate(found.steps.positions)
            ),
            *(
                {"name": name, "channel": key.name, "share": key.share, "expected": key.expected[name], "nll": key.losses[name]}
                for name in names
                for key in keys
            ),
        ]
    return [
        {
            "name": name,
            "low": score.low,
            "high": score.high,
            "count": score.rows,
            "mae": score.mae[name],
            "bias": score.bias[name],
        }
        for name in names
        for score in number_scores(pooled)
    ]


def mistakes_table(comparison: Comparison, pooled: Pooled[Any]) -> Table:
    """One dict for each row that an arm got wrong, the worst first: row, text where it is known, truth, tests, and of every model
    `NAME` (what it said), and `NAME_p_truth` and `NAME_wrong` where classes are predicted."""
    _need_replicates(pooled)
    arms, kept = _arms(comparison), traits_of(comparison.profile.task).kept
    examples = comparison.mistakes.examples if comparison.mistakes is not None else {}

    def text(row: int) -> dict[str, Any]:
        return {"row": row, "text": examples.get(str(row), Example()).text or None}

    if kept is ClassPredictions:
        return [
            {**text(one.row), "truth": one.truth, "tests": one.tests}
            | {name: answer.prediction for name, answer in one.answers.items()}
            | {f"{name}_p_truth": answer.p_truth for name, answer in one.answers.items()}
            | {f"{name}_wrong": answer.wrong for name, answer in one.answers.items()}
            for one in class_rows(pooled, tuple(comparison.profile.classes), arms)
        ]
    if kept is NumberPredictions:
        return [{**text(one.row), "truth": one.truth, "tests": one.tests, **one.predictions} for one in number_rows(pooled, arms)]
    if kept is StepPredictions:
        return [{"row": one.row, "steps": one.steps, "tests": one.tests, **one.losses} for one in sequence_rows(pooled, arms)]
    return _windows(pooled, arms)


def _windows(pooled: Pooled[Any], arms: Sequence[str]) -> Table:
    """Windows by the mean error of the arms, each time that one was tested."""
    errors = {name: pooled.joined(name, "errors").tolist() for name in pooled.names}
    replicates = np.repeat(pooled.replicates, [len(kept.rows) for kept in pooled.any]).tolist()
    order = np.argsort(-np.mean([errors[name] for name in arms], axis=0), kind="stable").tolist()
    rows = pooled.rows.tolist()
    return [{"replicate": replicates[at], "row": rows[at], **{name: errors[name][at] for name in pooled.names}} for at in order]


def _arms(comparison: Comparison) -> tuple[str, ...]:
    return tuple(arm.name for arm in comparison.arms)


def _need_replicates(pooled: Pooled[Any]) -> None:
    if not pooled.replicates:
        raise RunError(
            "the run's folder holds no test predictions of a whole replicate: it was made by a version that kept none, no "
            "replicate was finished, or its folder `predictions` was removed or damaged"
        )


def _need_classes(comparison: Comparison, pooled: Pooled[Any], method: str) -> None:
    if traits_of(comparison.profile.task).predicts != "classes":
        raise OptionError(
            f"{method}() is of classes, and this run's task is {comparison.profile.task}; use errors() or mistakes()"
        )
    _need_replicates(pooled)
