"""What a comparison will do: its arms, and the margin within which they are called equal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gatewise.errors import OptionError
from gatewise.metrics import Metric
from gatewise.options.table import OPTION
from gatewise.records import Arm

__all__ = ["CELL_NAMES", "arms_of", "margin_needs_baselines", "resolve_margin"]

CELL_NAMES = OPTION["cells"].choices
RELATIVE_MARGIN = 0.02
MARGIN_TO_ERROR = 0.25
LEAST_POINTS = 0.001


def arms_of(
    cells: Sequence[str], hidden_size: int = 64, match: str = "hidden", matched: Mapping[str, int] | None = None
) -> tuple[Arm, ...]:
    """One arm a cell, under the cell's name; arms that share a cell are numbered, as in an A/A run (`gru_1`, `gru_2`).

    matched: the hidden size of every cell at which all have the same number of parameters. With match `parameters` the arms have
    these sizes; with `both` the arms of equal hidden size are followed by those of equal parameters that differ from them, and
    arms that share a cell are told apart by their sizes (`gru_h64`, `gru_h74`).
    """
    sizes = dict.fromkeys(cells, hidden_size) if match == "hidden" or matched is None else dict(matched)
    if match == "both" and matched is not None:
        sizes = dict.fromkeys(cells, hidden_size)
    sides = [(cell, sizes[cell]) for cell in cells]
    if match == "both" and matched is not None:
        sides += [(cell, size) for cell, size in matched.items() if size != hidden_size]
    return tuple(Arm(_arm_name(sides, index), cell, index, size) for index, (cell, size) in enumerate(sides))


def _arm_name(sides: Sequence[tuple[str, int]], index: int) -> str:
    """The cell's name, with the hidden size or the number behind it where that alone tells arms of one cell apart."""
    cell, size = sides[index]
    same_cell = [number for number, (other, _) in enumerate(sides) if other == cell]
    same = [number for number in same_cell if sides[number][1] == size]
    name = cell if len(same) == len(same_cell) else f"{cell}_h{size}"
    return name if len(same) == 1 else f"{name}_{same.index(index) + 1}"


def resolve_margin(margin: float | str | None, metric: Metric, best: float) -> float:
    """Half width of the band of practical equivalence in units of the metric.

    margin: that number, a relative one such as `2%`, or None for the metric's own. Relative is to the best baseline's score on
    the first validation part, `best`; of a metric written in percent it is points. A metric's own points are a quarter of what
    that baseline leaves to be gained where that is less: a point more or less is little at 80% and half of all errors at 98%.
    Raises OptionError where none is left.
    """
    if isinstance(margin, (int, float)):
        return float(margin)
    if margin is None and metric.margin is not None:
        if not metric.in_percent:
            return metric.margin
        return min(metric.margin, max(LEAST_POINTS, round(MARGIN_TO_ERROR * (1.0 - best), 3)))
    relative = RELATIVE_MARGIN if margin is None else float(margin.rstrip("% ")) / 100
    value = relative if metric.in_percent else relative * abs(best)
    if not value > 0:
        raise OptionError(
            f"--margin {margin or f'{RELATIVE_MARGIN:.0%}'} is relative to the best baseline's {metric.label}, which is "
            f"{best:g}; give the margin as a number in units of the metric"
        )
    return value


def margin_needs_baselines(margin: float | str | None, metric: Metric) -> bool:
    """Whether the margin depends on how good the baselines are, and so is known only once they are fitted."""
    if margin is None:
        return metric.in_percent or metric.margin is None
    return not metric.in_percent and not isinstance(margin, (int, float))
