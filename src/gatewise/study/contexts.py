"""What a model sees in a context, as the data that a workload works on."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from gatewise.data.dataset.splits import make_split
from gatewise.data.encoding.contexts import in_pieces, in_random_order, last_steps
from gatewise.data.encoding.prepared import Prepared
from gatewise.records import Config, Dataset
from gatewise.study.units import Context
from gatewise.tasks import predicts

__all__ = ["seen"]


def seen(prepared: Prepared, context: Context, number: int, config: Config) -> tuple[Dataset, Prepared]:
    """The rows of replicate `number` with their parts and targets, and what is read of them.

    The rows are those of the data set, but for sequences whose next steps are predicted, which `last` cuts into pieces.
    """
    dataset = prepared.dataset
    if context.longer:
        longer = prepared.lengths > np.median(prepared.lengths)
        dataset = replace(dataset, fixed_test=longer, fixed_validation=None)
        prepared = replace(prepared, dataset=dataset)
    if context.last is not None and predicts(dataset.task) == "steps":
        prepared = in_pieces(prepared, context.last, make_split(dataset, number, config.seed))
        dataset = prepared.dataset
    elif context.last is not None:
        prepared = last_steps(prepared, context.last, config.max_length)
    if context.shuffled:
        prepared = in_random_order(prepared, config.seed)
    return dataset, prepared
