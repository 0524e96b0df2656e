"""How many parameters a cell has, and the hidden sizes at which several cells have equally many.

At one hidden size an LSTM has a third more parameters than a GRU, and four times those of an RNN. Arms of equal parameters answer
what a cell does with a budget of them (Chung et al. 2014, Jozefowicz et al. 2015 compare at equal parameters).
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import product

from gatewise.cells import CELLS
from gatewise.nn.pooling import head_width, pool_parameters

__all__ = ["TOLERANCE", "MatchedSizes", "matched_hidden_sizes", "recurrent_parameters", "trained_parameters"]

TOLERANCE = 0.01
"""Cells count as equal in parameters when the largest has at most this share more than the smallest."""

# One unit of hidden size changes the parameters by about 2 / hidden_size, so the size asked for often has no partner near enough.
LARGEST_CHANGE = 8


@dataclass(frozen=True)
class MatchedSizes:
    """Hidden sizes of cells with nearly equal numbers of parameters.

    hidden_sizes, parameters: by cell; the parameters are those behind the embedding. spread: how many more the largest has than
    the smallest, as a share: 0.01 is 1%.
    """

    hidden_sizes: Mapping[str, int]
    parameters: Mapping[str, int]
    spread: float

    @property
    def is_matched(self) -> bool:
        """Whether the parameters lie within `TOLERANCE` of each other."""
        return self.spread <= TOLERANCE


def recurrent_parameters(cell: str, input_size: int, hidden_size: int, layers: int, bidirectional: bool) -> int:
    """Parameters of a cell's layers. input_size: of the first layer, the embedding's for tokens, else the number of channels."""
    directions = 2 if bidirectional else 1
    traits = CELLS[cell]
    rows = traits.gates * hidden_size
    # Per row: gates that see the state have weights on it and two biases, others one bias.
    beside_input = hidden_size + 2 if traits.recurrent else 1
    first, further = (directions * rows * (size + beside_input) for size in (input_size, directions * hidden_size))
    return first + (layers - 1) * further


def trained_parameters(
    cell: str, hidden_size: int, *, input_size: int, layers: int, bidirectional: bool, outputs: int, pooling: str = "summary"
) -> int:
    """Parameters behind the embedding: recurrent part, pooling and head.

    Raises OptionError as `Architecture.build` does for a pooling.
    """
    width = head_width(pooling, hidden_size, bidirectional=bidirectional)
    beside = pool_parameters(pooling, hidden_size, bidirectional=bidirectional) + (width + 1) * outputs
    return recurrent_parameters(cell, input_size, hidden_size, layers, bidirectional) + beside


def matched_hidden_sizes(
    cells: Sequence[str],
    hidden_size: int,
    *,
    input_size: int,
    layers: int,
    bidirectional: bool,
    outputs: int,
    pooling: str = "summary",
) -> MatchedSizes:
    """Hidden sizes at which all cells have the same number of parameters behind the embedding, within 1% where that can be had.

    The first cell keeps `hidden_size` where partners within 1% exist; else it takes the nearest size that has them, changing by
    at most an eighth (or by 2). Where none of these has, the one with the smallest spread is taken: see `spread`. A cell named
    twice counts once. Sizes are as in `recurrent_parameters`. Raises OptionError as `Architecture.build` for a pooling.
    """

    def count(cell: str, size: int) -> int:
        return trained_parameters(
            cell,
            size,
            input_size=input_size,
            layers=layers,
            bidirectional=bidirectional,
            outputs=outputs,
            pooling=pooling,
        )

    first, *others = dict.fromkeys(cells)
    change = max(2, hidden_size // LARGEST_CHANGE)
    nearby = range(max(1, hidden_size - change), hidden_size + change + 1)
    tried: list[MatchedSizes] = []
    for reference in sorted(nearby, key=lambda size: abs(size - hidden_size)):
        wanted = count(first, reference)
        around = [_sizes_around(partial(count, cell), wanted) for cell in others]
        choices = [dict(zip((first, *others), sizes, strict=True)) for sizes in product([reference], *around)]
        tried.append(min((_spread_of(sizes, count) for sizes in choices), key=lambda match: match.spread))
        if tried[-1].is_matched:
            break
    return min(tried, key=lambda match: match.spread)


def _sizes_around(count: Callable[[int], int], wanted: int) -> list[int]:
    """The largest size with fewer parameters than wanted, if any, and the smallest with as many or more."""
    above = 1 + bisect_left(range(1, wanted + 1), wanted, key=count)
    return [size for size in (above - 1, above) if size]


def _spread_of(sizes: Mapping[str, int], count: Callable[[str, int], int]) -> MatchedSizes:
    parameters = {cell: count(cell, size) for cell, size in sizes.items()}
    return MatchedSizes(sizes, parameters, max(parameters.values()) / min(parameters.values()) - 1)
