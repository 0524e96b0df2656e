"""Which probes fit into the time there is, and how large they may be."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from gatewise.records import Dataset
from gatewise.study.units import Context, Unit
from gatewise.study.work import Workload
from gatewise.tasks import in_time, traits_of
from gatewise.training.schedule import short_epochs
from gatewise.training.tune import suggest

__all__ = ["MOST_REPLICATES", "Probes", "further_units", "replicate_units", "size_probes"]

MOST_REPLICATES = 8
# Trainings as long as a pair's that the time should hold: two pairs, the contexts, two points of the learning curve.
TRAININGS_WANTED = 11
# With fewer rows than these a network has learned nothing.
FEWEST_ROWS = 200
CURVE = (0.25, 0.5)
CONTEXT_PARTS = (2, 4, 8, 16)
TRIALS = (1, 2)
# Rows must differ in length that much, the 75th percentile over the 25th, for the longer ones to be something new.
LENGTHS_DIFFER = 1.2


@dataclass(frozen=True)
class Probes:
    """How large a probe is.

    fraction: of the training rows. epochs: of every training; whole_epochs suit the data. seconds: that one takes, foretold.
    """

    fraction: float
    epochs: int
    whole_epochs: int
    seconds: float


def size_probes(epoch_s: float, train_rows: int, whole_epochs: int, seconds: float, dataset: Dataset) -> Probes:
    """How large probes may be so that the wanted number of them fit.

    epoch_s: seconds of an epoch on all training rows, of the slower arm. seconds: of all processes together. Trainings are whole
    where that fits; else shorter, down to the length that a comparison tries first; else on fewer rows, which come by as often as
    time allows.
    """
    each = seconds / TRAININGS_WANTED
    short = short_epochs(whole_epochs, dataset.task)
    if short * epoch_s <= each:
        epochs = min(whole_epochs, int(each / epoch_s))
        return Probes(1.0, epochs, whole_epochs, epochs * epoch_s)
    passes = each / epoch_s
    fraction = float(np.clip(passes / (2 * short), min(1.0, FEWEST_ROWS / train_rows), 1.0))
    epochs = max(short, round(passes / fraction))
    return Probes(fraction, epochs, whole_epochs, epochs * fraction * epoch_s)


def replicate_units(workload: Workload, probes: Probes, number: int, baselines: Collection[str]) -> Iterator[Unit]:
    """A pair of trainings, and some baselines on the same rows."""
    yield from _pair(workload, _whole(workload, probes), number)
    yield from (Unit("probe", name, number, fraction=probes.fraction) for name in baselines)


def further_units(workload: Workload, probes: Probes, baselines: Collection[str]) -> Iterator[Unit]:
    """All probes beyond the first replicate, what matters most first. baselines: that later replicates have."""
    whole = _whole(workload, probes)
    yield from (replace(whole, context=context) for context in _contexts(workload))
    yield from replicate_units(workload, probes, 1, baselines)
    if _lengths_differ(workload):
        yield from _pair(workload, replace(whole, context=Context(longer=True)), 0)
    for fraction in CURVE:
        yield from _pair(workload, replace(whole, fraction=fraction * probes.fraction), 0)
    yield from replicate_units(workload, probes, 2, baselines)
    dataset, seed = workload.dataset, workload.config.seed
    for trial in TRIALS:
        yield replace(whole, hyperparameters=suggest(dataset.kind, seed, trial, dataset.task))
    for number in range(3, MOST_REPLICATES):
        yield from replicate_units(workload, probes, number, baselines)


def _whole(workload: Workload, probes: Probes) -> Unit:
    values = workload.trainer.default_hyperparameters
    return Unit("probe", workload.arms[0].name, 0, values, probes.fraction, max_epochs=probes.epochs)


def _pair(workload: Workload, unit: Unit, number: int) -> Iterator[Unit]:
    names: Sequence[str] = [arm.name for arm in workload.arms]
    # The order alternates, as in a comparison.
    for name in names if number % 2 == 0 else names[::-1]:
        yield replace(unit, name=name, number=number)


def _contexts(workload: Workload) -> Iterator[Context]:
    """The shuffled steps, where order is not itself what is asked for, and ever shorter pasts."""
    if traits_of(workload.dataset.task).predicts != "steps":
        yield Context(shuffled=True)
    length = int(np.median(np.minimum(workload.prepared.lengths, workload.config.max_length or np.inf)))
    yield from (Context(last=last) for last in dict.fromkeys(-(-length // part) for part in CONTEXT_PARTS) if last < length)


def _lengths_differ(workload: Workload) -> bool:
    low, high = np.percentile(workload.prepared.lengths, [25, 75])
    fixed = workload.dataset.fixed_test is not None
    return not in_time(workload.dataset.task) and not fixed and bool(high >= LENGTHS_DIFFER * low)
