"""Rows whose sequences are their own targets -> Dataset."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from gatewise.data.dataset.next_step import next_step_dataset
from gatewise.data.dataset.parts import PART_NAMES, check_weights, grouped, part_masks
from gatewise.data.dataset.rows import Rows
from gatewise.errors import DataError
from gatewise.records import Dataset

__all__ = ["next_step_rows"]


def next_step_rows(
    name: str,
    rows: Rows,
    *,
    groups: str = "the groups",
    weights: str = "the weights",
    inferred: Sequence[str] = (),
    warnings: Sequence[str] = (),
) -> Dataset:
    """Make a Dataset for next-step prediction of rows that all have a series.

    groups, weights: what those are called in messages. Raises DataError where the rows are no series of 0 and 1, and as
    `part_masks`, `grouped` and `check_weights` do.
    """
    if rows.kind != "series":
        raise DataError("next-step prediction reads series of 0 and 1, not texts or sounds. Name their columns with --channels.")
    part_masks(rows.parts)
    parts = None if rows.parts is None else [PART_NAMES[part] for part in rows.parts.tolist()]
    dataset = next_step_dataset(
        name, rows.sequences, rows.channels, parts=parts, where=rows.where, inferred=inferred, warnings=warnings
    )
    # Rows of a single step are left out there.
    kept = rows.take(np.flatnonzero([len(sequence) > 1 for sequence in rows.sequences]))
    together, notes = grouped(dataset.groups, kept, groups)
    if kept.weights is not None:
        check_weights(kept.weights, weights, kept.where)
    return replace(dataset, groups=together, weights=kept.weights, inferred=(*dataset.inferred, *notes))
