"""Dynamic time warping (Sakoe & Chiba 1978) of many pairs of series at once.

The distance is the least sum of squared differences along a path that goes forward in both series, all channels warped together
(`dependent` warping). A band keeps the path near the diagonal: step i of one series meets step j of the other where
|i - j| <= band. Nearest neighbours are found with the lower bound of Keogh (2002), which rules most candidates out.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["cells", "nearest", "warped_distances"]

Floats = NDArray[np.float32]
Series = Sequence[Floats]

# Pairs of one call: rows of the table of distances stay in the cache.
PAIRS = 4096
# Candidates of each query that are measured before the next lower bounds are looked at.
ROUND = 8


def cells(queries: int, candidates: int, longest: int, shortest: int, band: int) -> float:
    """Steps of the search where no candidate is ruled out: pairs of series times cells of one path's table."""
    width = min(2 * max(band, longest - shortest) + 1, longest)
    return float(queries) * candidates * longest * width


def warped_distances(first: Series, second: Series, band: int) -> NDArray[np.float32]:
    """Squared distances of pairs: float32 [pairs], of first[k] and second[k], each float32 [steps, channels].

    The band of a pair of unequal lengths is at least their difference, without which there would be no path.
    """
    result = np.empty(len(first), dtype=np.float32)
    for start in range(0, len(first), PAIRS):
        stop = min(start + PAIRS, len(first))
        result[start:stop] = _distances(_padded(first[start:stop]), _padded(second[start:stop]), band)
    return result


def nearest(queries: Series, candidates: Series, band: int) -> NDArray[np.int64]:
    """The candidate nearest to each query, int64 [queries]; of equals the one whose lower bound is least, then the first."""
    bounds = _lower_bounds(queries, candidates, band)
    order = np.argsort(bounds, axis=1, kind="stable")
    rows = np.arange(len(queries))
    best = np.full(len(queries), np.inf, dtype=np.float32)
    found = np.zeros(len(queries), dtype=np.int64)
    for start in range(0, len(candidates), ROUND):
        open_rows = rows[bounds[rows, order[rows, start]] < best[rows]]
        if not len(open_rows):
            break
        chosen = order[open_rows, start : start + ROUND]
        left, right = np.repeat(open_rows, chosen.shape[1]), chosen.ravel()
        distances = warped_distances([queries[row] for row in left.tolist()], [candidates[one] for one in right.tolist()], band)
        table = distances.reshape(chosen.shape)
        place = table.argmin(1)
        least = table[np.arange(len(open_rows)), place]
        closer = least < best[open_rows]
        best[open_rows[closer]] = least[closer]
        found[open_rows[closer]] = chosen[closer, place[closer]]
    return found


Padded = tuple[Floats, NDArray[np.int64]]


def _padded(series: Series) -> Padded:
    """Values [steps, channels, rows], zero beyond the ends, and lengths."""
    lengths = np.array([len(one) for one in series], dtype=np.int64)
    values = np.zeros((int(lengths.max()), series[0].shape[1], len(series)), dtype=np.float32)
    for place, one in enumerate(series):
        values[: len(one), :, place] = one
    return values, lengths


def _distances(first: Padded, second: Padded, band: int) -> Floats:
    """Row by row of the tables of all pairs; a pair's distance is in the cell of its two last steps."""
    (left, left_lengths), (right, right_lengths) = first, second
    bands = np.maximum(np.abs(left_lengths - right_lengths), band)
    band, narrowest = int(bands.max()), int(bands.min())
    pairs, width = left.shape[2], right.shape[0]
    result = np.empty(pairs, dtype=np.float32)
    # Row -1 and column -1 are infinite but for the corner in which every path begins.
    before = np.full((width + 1, pairs), np.inf, dtype=np.float32)
    before[0] = 0.0
    for step in range(left.shape[0]):
        low, high = max(0, step - band), min(width, step + band + 1)
        costs = np.square(right[low:high] - left[step]).sum(1)
        now = np.full_like(before, np.inf)
        # Of a path that comes from the row before, straight or diagonally; then from the left.
        reached = np.minimum(before[low:high], before[low + 1 : high + 1])
        for place in range(low, high):
            cell = now[place + 1]
            np.minimum(reached[place - low], now[place], out=cell)
            cell += costs[place - low]
            if abs(step - place) > narrowest:
                cell[bands < abs(step - place)] = np.inf
        ends = np.flatnonzero(left_lengths == step + 1)
        result[ends] = now[right_lengths[ends], ends]
        before = now
    return result


def _lower_bounds(queries: Series, candidates: Series, band: int) -> Floats:
    """What no distance is below, [queries, candidates]: of each step to the range of the other series within the band.

    Nothing is known where lengths differ: 0.
    """
    lengths = {len(one) for one in (*queries, *candidates)}
    if len(lengths) > 1:
        return np.zeros((len(queries), len(candidates)), dtype=np.float32)
    (steps,) = lengths
    stacked = np.stack(candidates)
    padded = np.pad(stacked, ((0, 0), (band, band), (0, 0)), mode="edge")
    around = np.lib.stride_tricks.sliding_window_view(padded, 2 * band + 1, axis=1)
    highest, lowest = around.max(-1), around.min(-1)
    bounds = np.empty((len(queries), len(candidates)), dtype=np.float32)
    for row, query in enumerate(queries):
        outside = np.maximum(query - highest, 0) + np.maximum(lowest - query, 0)
        bounds[row] = np.square(outside).reshape(len(candidates), steps * query.shape[1]).sum(1)
    # Rounding must not rule out a candidate whose distance is its bound.
    return bounds * np.float32(1 - 1e-5)
