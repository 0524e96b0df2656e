"""How many units have which time constant, with what there is to be remembered."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from gatewise.inspection.units import LONGEST, by_octave
from gatewise.report.figures.svg import Drawing

__all__ = ["memory_figure"]

TOP, HEIGHT, FOOT = 62, 150, 44


def memory_figure(constants: NDArray[np.float64], marks: Mapping[str, float], unit: str) -> str:
    """Return bars of units by their time constants, every bar twice as far as the one before.

    marks: places to be marked, in steps, by what they are.
    """
    bars = by_octave(constants, max(marks.values(), default=2.0))
    most = max(units for _, _, units in bars) or 1
    told = ", ".join(f"{_called(low, high)} {units}" for low, high, units in bars)
    drawing = Drawing(
        "time-constants", height=TOP + HEIGHT + FOOT, left=8, right=8, title="Units by their time constants", description=told
    )
    wide, foot = 100 / len(bars), TOP + HEIGHT
    for place, (low, high, units) in enumerate(bars):
        top = foot - HEIGHT * units / most
        if units:
            drawing.rectangle(
                wide * place + 0.6, wide * (place + 1) - 0.6, top, foot, "fill keep", hint=f"{_called(low, high)}: {units}"
            )
            drawing.text(wide * (place + 0.5), top - 6, str(units), "middle strong halo")
        drawing.text(wide * place, foot + 17, f"{low:,.0f}", "tick middle" if place else "tick")
    drawing.line((0, foot), (100, foot), "axis")
    drawing.text(50, foot + 38, f"time constant in {unit}s", "tick middle")
    for number, (name, steps) in enumerate(marks.items()):
        across = min(wide * (math.log2(steps) + 1 if steps >= 1 else steps), 100.0) if steps < LONGEST else 100.0
        drawing.line((across, 18 + 20 * number), (across, foot), "target")
        # Written towards the side that has room.
        css, shift = ("label halo end", -4) if across > 50 else ("label halo", 4)
        drawing.text(across, 16 + 20 * number, f"{name} {steps:,.4g}", css, shift=shift)
    return drawing.markup()


def _called(low: float, high: float) -> str:
    return f"over {low:,.0f}" if math.isinf(high) else f"{low:,.0f} to {high:,.0f}"
