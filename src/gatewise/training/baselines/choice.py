"""Which baselines a run has: those that were asked for and fit the data, where a replicate has the time."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from gatewise import tasks
from gatewise.errors import OptionError
from gatewise.names import plain_title
from gatewise.nn import RIVALS
from gatewise.nn.tcn import levels_for
from gatewise.records import Dataset, Split
from gatewise.training.baselines import BASELINES
from gatewise.training.schedule import LARGEST_BATCH
from gatewise.training.size import Size

__all__ = ["Rivals", "baselines_for", "choose_rivals", "foreseen_seconds", "simple_baselines"]

# Batches that a usual training takes, and products for a step in a block of 64 units, forward and backward.
TRAINED_BATCHES = 1200
WORK_OF_BLOCK = 3 * 2 * 3 * 64**2
# Seconds that a strong baseline may take in a replicate, and their share of the budget.
MOST_SECONDS = 10.0
BUDGET_SHARE = 0.015
# Share of the budget that a simple one may take in a replicate: a quarter of it in those before which nothing is decided.
SIMPLE_SHARE = 0.05


@dataclass(frozen=True)
class Rivals:
    """names: of the baselines, the simplest first. notes: what was left out, in sentences."""

    names: tuple[str, ...]
    notes: tuple[str, ...] = ()


def simple_baselines(dataset: Dataset) -> tuple[str, ...]:
    """Names of the baselines that everything else is measured against, the simplest first, which takes next to no time."""
    return _rivals(dataset).simple


def baselines_for(dataset: Dataset) -> tuple[str, ...]:
    """Names of all baselines that fit a data set, the simplest first."""
    fitting = _rivals(dataset)
    return (*fitting.simple, *fitting.strong, *fitting.rest, *RIVALS)


def choose_rivals(dataset: Dataset, split: Split, asked: Sequence[str], budget_s: float | None) -> Rivals:
    """The baselines of a run.

    asked: `none`, `simple`, `strong` (the simple ones too), `all`, or names. Of the groups `simple` and `strong` those are left
    out that are estimated to take too long in a replicate: simple ones more than 5% of the budget, strong ones more than 1.5% of
    it or ten seconds. With `all`, and by name, they are taken whatever their time. split: the first of the run. The estimate
    depends on the data and the budget alone, so that a run can be repeated. Raises OptionError for a name that does not fit the
    data.
    """
    fitting = baselines_for(dataset)
    simple, strong, _ = _rivals(dataset)
    budget = math.inf if budget_s is None else budget_s
    limits = dict.fromkeys(simple, SIMPLE_SHARE * budget) | dict.fromkeys(strong, min(MOST_SECONDS, BUDGET_SHARE * budget))
    seconds = foreseen_seconds(dataset, split, tuple(limits))
    # The simplest of all is what every score is read against.
    quick = [name for name in limits if seconds[name] <= limits[name] or name == simple[0]]
    groups: dict[str, tuple[str, ...]] = {
        "none": (),
        "simple": tuple(name for name in simple if name in quick),
        "strong": tuple(quick),
        "all": fitting,
    }
    unfit = [name for name in asked if name not in groups and name not in fitting]
    if unfit:
        raise OptionError(f"--rivals names {', '.join(unfit)}, which does not fit this data; those that do: {', '.join(fitting)}")
    chosen = {name for one in asked for name in groups.get(one, (one,))}
    wanted = {*simple, *strong} if "strong" in asked else {*simple} if "simple" in asked else set()
    slow = [f"{plain_title(name)} (about {seconds[name]:.2g} s a replicate)" for name in fitting if name in wanted - chosen]
    notes = (f"Left out for their time: {', '.join(slow)}. --rivals all has every baseline that fits the data.",) if slow else ()
    return Rivals(tuple(name for name in fitting if name in chosen), notes)


def foreseen_seconds(dataset: Dataset, split: Split, names: Sequence[str]) -> dict[str, float]:
    """Seconds that each baseline is estimated to take in a replicate, scores included. split: one of the run's."""
    size = Size.of(dataset, split)
    return {name: BASELINES[name].foreseen(size) if name in BASELINES else _foreseen_network(size) for name in names}


def _foreseen_network(size: Size) -> float:
    """Seconds of a network that is a rival."""
    rows = TRAINED_BATCHES * LARGEST_BATCH
    return 0.1 + rows * size.steps * levels_for(size.longest) * WORK_OF_BLOCK * 5e-11


def _rivals(dataset: Dataset) -> tasks.Rivals:
    return tasks.traits_of(dataset.task).rivals(dataset.kind, dataset.forecast)
