"""How far what an artefact predicts is from what the model predicts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gatewise.errors import RunError
from gatewise.export.formats import Format
from gatewise.runtime.model import Model
from gatewise.tasks import traits_of

__all__ = ["EXACT", "NEAR", "Parity", "checked_parity", "error_scale", "parity_of"]

EXACT = 1e-4
"""The greatest error that rounding explains, of a probability, or of a number in units of its scale in the training part."""

NEAR = 0.05
"""The greatest mean error of an artefact whose weights are rounded."""


@dataclass(frozen=True)
class Parity:
    """Absolute differences of probabilities, or of numbers in units of their scale in the training part.

    same: the share of inputs that get the same class; None where no classes are predicted.
    """

    rows: int
    greatest: float
    mean: float
    same: float | None


def parity_of(model: Model, artefact: Model, inputs: Sequence[Any]) -> Parity:
    """Compare predictions for raw inputs."""
    said, expected = (_predictions(one, inputs) for one in (artefact, model))
    errors = np.abs(said - expected) / error_scale(model)
    same = float((said.argmax(1) == expected.argmax(1)).mean()) if traits_of(model.task).predicts == "classes" else None
    return Parity(len(inputs), float(errors.max()), float(errors.mean()), same)


def checked_parity(model: Model, artefact: Model, inputs: Sequence[Any], form: Format) -> Parity:
    """The same. Raises RunError where the artefact is not the model."""
    found = parity_of(model, artefact, inputs)
    # What is no number is no smaller than any bound either.
    if not (found.greatest <= EXACT if form.exact else found.mean <= NEAR):
        raise RunError(
            f"the {form.name} artefact differs from the model: by {found.greatest:.2g} at most and {found.mean:.2g} in the mean "
            f"of {found.rows} inputs, where {EXACT if form.exact else NEAR:g} is allowed. It was not handed over; please report "
            "it"
        )
    return found


def _predictions(model: Model, inputs: Sequence[Any]) -> NDArray[np.float32]:
    """Two dimensions, whatever is predicted."""
    if traits_of(model.task).predicts == "classes":
        return model.predict_proba(inputs)
    found = model.predict(inputs)
    return np.concatenate(found) if isinstance(found, list) else np.asarray(found).reshape(len(inputs), -1)


def error_scale(model: Model) -> NDArray[np.float64] | float:
    """What errors are in units of: the scale of each number predicted, 1 of a probability."""
    if model.forecast is not None:
        scale = np.array(model.encoder.scale)[list(model.forecast.targets)]  # type: ignore[union-attr]
        return np.tile(scale, model.forecast.horizon)
    target = getattr(model.encoder, "target_scale", None)
    return 1.0 if target is None else np.array(target.scale)
