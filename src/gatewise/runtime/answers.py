"""A prediction with its names, as JSON and as a row of a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from gatewise.runtime.model import Model
from gatewise.tasks import traits_of

__all__ = ["answer", "cells", "columns", "say"]


def say(model: Model, sequences: Sequence[Any]) -> Sequence[Any]:
    """What the model says of each sequence, as a `ModelStream` does at its end: of the next step the one after the last."""
    match traits_of(model.task).predicts:
        case "classes":
            return list(model.predict_proba(sequences))
        case "steps":
            return [found[-1] for found in model.predict(sequences)]
    found: Sequence[Any] = model.predict(sequences)
    return found


def answer(model: Model, said: Any) -> dict[str, Any] | None:
    """JSON of what a `ModelStream` or `Model` says of one sequence; None of None.

    Classes: `prediction`, the class as the data have it, and `probabilities` by class. A number: `prediction`. A forecast:
    `prediction`, by output a list of its steps ahead. The next step: `probabilities` by output.
    """
    if said is None:
        return None
    said = np.asarray(said)
    match traits_of(model.task).predicts:
        case "classes":
            shares = dict(zip(model.class_names, said.tolist(), strict=True))
            return {"prediction": model.classes[int(said.argmax())], "probabilities": shares}
        case "steps":
            return {"probabilities": dict(zip(model.outputs, said.tolist(), strict=True))}
    if model.forecast is None:
        return {"prediction": said.item()}
    return {"prediction": dict(zip(model.outputs, said.T.tolist(), strict=True))}


def columns(model: Model) -> list[str]:
    """What the cells of a row are: of a forecast `OUTPUT N`, N steps ahead, one step after the other."""
    if traits_of(model.task).predicts == "classes":
        return ["prediction", *(f"p_{name}" for name in model.class_names)]
    if model.forecast is None:
        return list(model.outputs)
    return [f"{name} {step}" for step in range(1, model.forecast.horizon + 1) for name in model.outputs]


def cells(model: Model, said: Any) -> list[str]:
    """One prediction as the cells of `columns`; empty ones of None."""
    if said is None:
        return [""] * len(columns(model))
    said = np.asarray(said)
    match traits_of(model.task).predicts:
        case "classes":
            return [model.class_names[int(said.argmax())], *(f"{value:.6f}" for value in said)]
        case "steps":
            return [f"{value:.6f}" for value in said]
    return [f"{value:.9g}" for value in said.reshape(-1)]
