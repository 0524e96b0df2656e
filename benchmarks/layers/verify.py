"""Check a rival's results before it is timed."""

from __future__ import annotations

import numpy as np
from benchmarks.layers.rivals import Answer

__all__ = ["BFLOAT16_TOLERANCE", "TOLERANCE", "error"]

TOLERANCE = 1e-5
"""Largest relative error of float32 against float64 that is timed. Rounding gives about 1e-6; a wrong gate or step far more."""

BFLOAT16_TOLERANCE = 0.05
"""The same where products are of bfloat16, whose rounding is 2^-9 at most: of gradients that cancel it leaves more."""


def error(answer: Answer, reference: Answer) -> tuple[float, str]:
    """Largest relative error by the Euclidean norm over all arrays of the reference, and the array's name.

    Infinite for an array that is absent, of another shape or not finite.
    """
    worst = (0.0, "")
    for name, expected in reference.items():
        came = answer.get(name)
        if came is None or came.shape != expected.shape or not np.isfinite(came).all():
            return np.inf, name
        size = float(np.linalg.norm(expected))
        difference = float(np.linalg.norm(came.astype(np.float64) - expected))
        worst = max(worst, (difference / size if size else difference, name))
    return worst
