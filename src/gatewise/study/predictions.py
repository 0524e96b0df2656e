"""A model's predictions as the rows of a table: a header, and one row for each input."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gatewise.data.sources import open_inputs
from gatewise.errors import OptionError
from gatewise.training.model import Model

__all__ = ["prediction_rows", "read_inputs"]


def read_inputs(
    model: Model, source: Any, *, series: tuple[str, ...] = (), id: str | None = None, **columns: Any
) -> Sequence[Any]:
    """Read what a model predicts from. columns: as in `Reading`, None where not given.

    Of a table whose rows are steps the channels are those that the model learned from, unless `series` names others.
    """
    if not series and (model.forecast is not None or id is not None):
        series = model.channels
    task = "forecast" if model.forecast is not None else None
    return open_inputs(source, kind=model.kind, series=series, id=id, task=task, **columns)


def prediction_rows(model: Model, inputs: Sequence[Any]) -> list[list[str]]:
    """Return the predicted class and every class's probability, or a column for each number predicted.

    A forecast has a column for each output and step ahead, those of the first step first (`OT_1`, `OT_2`, ...). Raises
    OptionError for a model of next steps, whose predictions are no table.
    """
    if model.task == "next_step":
        raise OptionError(
            "the model predicts every next step of a sequence, which is no row of a CSV; in Python, use "
            "gatewise.open_run(RUN).model.predict"
        )
    if model.task == "classification":
        probabilities = model.predict_proba(inputs)
        header = ["prediction", *(f"p_{name}" for name in model.class_names)]
        return [header, *([model.class_names[int(row.argmax())], *(f"{value:.6f}" for value in row)] for row in probabilities)]
    values = model.predict(inputs)
    return [_number_columns(model), *([f"{value:.9g}" for value in row.ravel()] for row in values)]


def _number_columns(model: Model) -> list[str]:
    if model.forecast is None:
        return list(model.outputs)
    return [f"{name}_{step}" for step in range(1, model.forecast.horizon + 1) for name in model.outputs]
