"""How many rows share a group with others, without sorting all of them at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gatewise.data.dataset.stored import blocks_of

__all__ = ["FEW", "few_groups", "group_sizes", "rows_across"]

# Groups of that many rows are looked at in one pass.
AT_ONCE = 2**20
BLOCK = 2**20
# With more groups each part has some of its share of them.
FEW = 10_000


def group_sizes(groups: NDArray[np.int64]) -> tuple[int, int | None]:
    """How many rows have a group that an earlier row has, and how many groups of equal size all groups count as; None where no
    two rows share one.

    groups: int64 [rows], digests: evenly spread, so that each pass takes a like share of them. The number is that of Kish's
    effective sample size, over the squares of the groups' shares.
    """
    passes = max(1, -(-len(groups) // AT_ONCE))
    different, squares, fourths = 0, 0.0, 0.0
    for turn in range(passes):
        part = np.concatenate([_of_turn(groups[block], turn, passes) for block in blocks_of(len(groups), BLOCK)])
        part.sort()
        ends = np.flatnonzero(np.concatenate([part[1:] != part[:-1], [True]])) if len(part) else np.empty(0, dtype=np.int64)
        sizes = np.diff(ends, prepend=-1).astype(np.float64)
        shares = np.square(sizes / len(groups))
        different, squares, fourths = different + len(sizes), squares + shares.sum(), fourths + np.square(shares).sum()
    repeated = len(groups) - different
    return repeated, max(int(squares**2 / fourths), 2) if repeated else None


def rows_across(groups: NDArray[np.int64], some: NDArray[np.bool_], others: NDArray[np.bool_]) -> int:
    """How many of some rows have a group that others have, too. some, others: bool [rows]."""
    passes, found = max(1, -(-len(groups) // AT_ONCE)), 0
    for turn in range(passes):
        one, other = (
            np.concatenate([_of_turn(groups[block][side[block]], turn, passes) for block in blocks_of(len(groups), BLOCK)])
            for side in (some, others)
        )
        found += int(np.isin(one, other).sum())
    return found


def few_groups(groups: NDArray[np.int64]) -> NDArray[np.int64] | None:
    """The different groups, None where they are more than `FEW`."""
    found = np.empty(0, dtype=np.int64)
    for block in blocks_of(len(groups), BLOCK):
        found = np.union1d(found, groups[block])
        if len(found) > FEW:
            return None
    return found


def _of_turn(groups: NDArray[np.int64], turn: int, passes: int) -> NDArray[np.int64]:
    return groups[groups.view(np.uint64) % np.uint64(passes) == turn] if passes > 1 else groups
