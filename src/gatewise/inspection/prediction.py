"""What a model says of a sequence, in a clause and as numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

from gatewise.inspection.record import Prediction
from gatewise.report.numbers import significant
from gatewise.runtime.model import Model
from gatewise.tasks import traits_of
from gatewise.wording import counted, listed, probability

__all__ = ["predict_one"]


def predict_one(model: Model, sequence: Any) -> Prediction:
    """The prediction of one raw sequence. Raises DataError as `Model.predict` does."""
    match traits_of(model.task).predicts:
        case "classes":
            shares = model.predict_proba([sequence])[0].tolist()
            order = sorted(range(len(shares)), key=lambda place: -shares[place])
            classes = {model.class_names[place]: float(shares[place]) for place in order}
            first = next(iter(classes))
            return Prediction(f"says “{first}” with {probability(classes[first])}", classes, {})
        case "numbers":
            return _numbers(model, np.asarray(model.predict([sequence])[0], dtype=np.float64))
        case "steps":
            keys = {name: float(share) for name, share in zip(model.outputs, model.predict([sequence])[0][-1], strict=True)}
            likely = [name for name, share in keys.items() if share > 0.5]
            said = f"expects {listed(likely, 8)} at the next step" if likely else "expects silence at the next step"
            return Prediction(said, {}, keys)


def _numbers(model: Model, found: np.ndarray[Any, np.dtype[np.float64]]) -> Prediction:
    if model.forecast is None:
        return Prediction(f"says {model.outputs[0]} = {significant(float(found))}", {}, {model.outputs[0]: float(found)})
    names = [model.channels[channel] for channel in model.forecast.targets]
    numbers = {
        f"{name}, step {step}": float(value)
        for step, values in enumerate(found, 1)
        for name, value in zip(names, values, strict=True)
    }
    if len(names) > 1:
        return Prediction(f"forecasts {len(names)} channels for {counted(len(found), 'step')}", {}, numbers)
    first, last = significant(found[0, 0]), significant(found[-1, 0])
    if len(found) == 1:
        return Prediction(f"forecasts {names[0]} at {first}", {}, numbers)
    return Prediction(f"forecasts {names[0]} to go from {first} to {last} in {len(found)} steps", {}, numbers)
