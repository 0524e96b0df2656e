"""The scale on which a network says numbers: fitted on the training part, saved with the encoder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gatewise.errors import DataError
from gatewise.records import Encoded

__all__ = ["TargetScale", "fit_target_scale"]


@dataclass(frozen=True)
class TargetScale:
    """A network says (target - mean) / scale, one of each for every number predicted."""

    mean: tuple[float, ...]
    scale: tuple[float, ...]

    def apply(self, encoded: Encoded) -> Encoded:
        """The same rows with `base` and `scale`."""
        mean = np.array(self.mean, dtype=np.float32)
        return replace(
            encoded, base=np.broadcast_to(mean, (len(encoded), len(mean))), scale=np.array(self.scale, dtype=np.float32)
        )

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON types that `from_json` reads back, exactly."""
        return {"mean": list(self.mean), "scale": list(self.scale)}

    @classmethod
    def from_json(cls, value: Mapping[str, Any] | None) -> TargetScale | None:
        """Rebuild what `to_json` made; None of None. Raises DataError where a part is missing."""
        if value is None:
            return None
        try:
            return cls(tuple(value["mean"]), tuple(value["scale"]))
        except (KeyError, TypeError) as error:
            raise DataError(f"the saved target scale is incomplete ({error}). Save the model again.") from error


def fit_target_scale(targets: NDArray[Any]) -> TargetScale:
    """Mean and standard deviation of the training targets [rows, outputs]; the deviation of equal targets is taken as 1."""
    values = targets.astype(np.float64)
    scale = np.where(values.max(0) == values.min(0), 1.0, values.std(0))
    return TargetScale(tuple(values.mean(0).tolist()), tuple(scale.tolist()))
