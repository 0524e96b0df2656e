"""A data set of which a model sees less: the last steps of every sequence alone, or the steps in another order.

What a model loses by that says how long it must remember, and whether order matters.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from gatewise.data.dataset.windows import Windows
from gatewise.data.encoding.prepared import Prepared
from gatewise.records import Split

__all__ = ["in_pieces", "in_random_order", "last_steps"]


def last_steps(prepared: Prepared, steps: int, most: int | None = None) -> Prepared:
    """The same rows, of each the last `steps` tokens or steps. most: where sequences are cut first, as the encoder cuts them.

    Sequences whose every next step is predicted need `in_pieces`.
    """
    dataset = prepared.dataset
    if isinstance(prepared.series, Windows):
        windows = prepared.series
        if dataset.forecast is None or steps >= windows.window:
            return prepared
        later = Windows(windows.values, windows.starts + windows.window - steps, steps, windows.ends)
        dataset = replace(dataset, forecast=replace(dataset.forecast, window=steps))
        return Prepared(dataset, (), later, np.full(len(later), steps))
    tokens = tuple(row[:most][-steps:] for row in prepared.tokens)
    series = [row[:most][-steps:] for row in prepared.series]
    return Prepared(dataset, tokens, series, np.minimum(prepared.lengths, steps))


def in_random_order(prepared: Prepared, seed: int) -> Prepared:
    """The same rows, the steps of each in an order drawn for it. In a forecast the last step stays: changes are from it."""
    generator = np.random.default_rng([seed, 6])
    dataset = prepared.dataset
    if isinstance(prepared.series, Windows):
        windows = prepared.series
        order = np.argsort(generator.random((len(windows), windows.window), dtype=np.float32), axis=1)
        order[order == windows.window - 1] = order[:, -1]
        order[:, -1] = windows.window - 1
        places = (windows.starts[:, np.newaxis] + order).ravel()
        starts = np.arange(len(windows)) * windows.window
        return Prepared(dataset, (), Windows(windows.values[places], starts, windows.window), prepared.lengths)
    tokens = tuple([row[place] for place in generator.permutation(len(row))] for row in prepared.tokens)
    series = [generator.permutation(row, axis=0) for row in prepared.series]
    return Prepared(dataset, tokens, series, prepared.lengths)


def in_pieces(prepared: Prepared, steps: int, split: Split) -> Prepared:
    """Sequences whose next steps are predicted, cut into pieces of `steps` predictions each: a state that is forgotten after so
    many. Every step is predicted once. The parts are those of a split of the whole sequences.
    """
    dataset = prepared.dataset
    cuts = [[*range(0, len(row) - 1, steps)] for row in prepared.series]
    pieces = [row[start : start + steps + 1] for row, starts in zip(prepared.series, cuts, strict=True) for start in starts]
    rows = np.repeat(np.arange(len(cuts)), [len(starts) for starts in cuts])
    dataset = replace(
        dataset,
        sequences=pieces,
        targets=dataset.targets[rows],
        groups=dataset.groups[rows],
        fixed_test=np.isin(rows, split.test),
        fixed_validation=np.isin(rows, split.validation),
        weights=None if dataset.weights is None else dataset.weights[rows],
        files=(),
    )
    return Prepared(dataset, (), pieces, np.array([len(piece) for piece in pieces], dtype=np.int64))
