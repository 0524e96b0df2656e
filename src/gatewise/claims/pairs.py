"""Arms trained in pairs: on the same splits, from the same seeds, in the same order of data, and what their scores say."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from gatewise.cells import CELLS
from gatewise.comparison.evidence import Evidence
from gatewise.data.dataset.profile import describe
from gatewise.data.dataset.splits import make_split
from gatewise.metrics import METRICS, Metric
from gatewise.records import Comparison, Config, Dataset, Difference, Hyperparameters, Training, to_json
from gatewise.statistics.correlated import Differences as Seen
from gatewise.statistics.correlated import Resampled, Spread, posterior
from gatewise.statistics.decision import Rule, compare
from gatewise.study.arms import arms_for
from gatewise.study.dependence import dependence_of
from gatewise.study.units import Unit
from gatewise.study.work import Workload

__all__ = ["Pairs", "Setting", "config_of", "key_of", "pairs_of", "pooled", "units_of", "workload_of"]

Values = NDArray[np.float64]

# They say where the data lie and how the work is done, and decide no result.
_NOT_DECISIVE = ("source", "cells", "match", "jobs", "budget_s", "replicates", "cost", "rivals", "tune", "curve", "margin")
# An interval ends somewhere, for JSON knows no infinity.
_UNBOUNDED = (-1e9, 1e9)


@dataclass(frozen=True)
class Setting:
    """What is trained side by side.

    data: a name that the bench knows. match: as in `Config`: arms of equal hidden size, of equal parameters, or both.
    hyperparameters: of every arm; None for the defaults of the data's kind. fraction: of the training part. max_epochs: None for
    as many as suit the data. options: further fields of `Config`, such as hidden_size, forget_bias or pooling.
    """

    data: str
    cells: tuple[str, ...] = ("gru", "lstm")
    match: Literal["hidden", "parameters", "both"] = "hidden"
    hyperparameters: Hyperparameters | None = None
    fraction: float = 1.0
    max_epochs: int | None = None
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Pairs:
    """The replicates of a setting in which every arm was trained. asked: how many were asked for."""

    setting: Setting
    comparison: Comparison
    asked: int
    length_edges: tuple[int, ...]

    @property
    def arms(self) -> tuple[str, ...]:
        """Names of the arms, in the order of the cells asked for."""
        return tuple(arm.name for arm in self.comparison.arms)

    @property
    def metric(self) -> Metric:
        """What the scores are."""
        return METRICS[self.comparison.metric]

    @property
    def replicates(self) -> int:
        """How many there are."""
        return self.comparison.replicates

    def trainings(self, arm: str) -> list[Training]:
        """Those of an arm, in the order of the replicates."""
        return [training for training in self.comparison.trainings if training.name == arm]

    def difference(self, first: str, second: str, margin: float | None = None, comparisons: int = 1) -> Difference:
        """By how much the first arm is better on the test parts, with its interval and the probabilities about a band.

        margin: half width of the band in units of the metric, fixed beforehand; None for the metric's own. comparisons: in how
        many of one study a winner may be found, which makes each as much stricter (Bonferroni). The number of replicates does
        not depend on the scores, so this is one planned look.
        """
        band = self.metric.margin if margin is None else margin
        if band is None:
            raise ValueError(f"{self.metric.label} has no band of its own; give a margin")
        evidence = Evidence(replace(self.comparison, margin=band))
        values = evidence.differences(first, second)
        return _compared(first, second, values, evidence.spread(first, second), band, evidence.bounds, comparisons)

    @cached_property
    def by_length(self) -> tuple[tuple[int, int], ...]:
        """Least and greatest length in each of the bins of `Training.by_length`."""
        lows = (self.comparison.profile.length_min, *(edge + 1 for edge in self.length_edges[:-1]))
        return tuple(zip(lows, self.length_edges, strict=True))


def pooled(
    pairs: Sequence[Pairs],
    values: Sequence[Values],
    *,
    first: str,
    second: str,
    margin: float,
    resolution: float,
    comparisons: int = 1,
) -> Difference:
    """By how much the first arm is ahead in the mean over several settings, in whatever each replicate has a number of: a
    score, a gap, a logarithm of epochs. One setting alone is such a mean, too.

    values: of each setting [replicates], the first arm's less the second's, turned so that more is better; the replicates
    that all have count. margin: in the same unit, resolution: the least difference that can be told from none. comparisons: as in
    `Pairs.difference`.
    The settings are taken as they are, not as a sample of others. The greatest overlap of any of them counts for all. Raises
    ValueError for data with a test part of their own, whose rows make another spread.
    """
    if any(one.comparison.profile.fixed_test_rows is not None for one in pairs):
        raise ValueError("replicates on a test part of the data's own are not pooled with those on resampled splits")
    common = min(len(one) for one in values)
    means = np.mean([one[:common] for one in values], axis=0)
    spread = Resampled(
        max(one.comparison.test_rows / one.comparison.train_rows for one in pairs),
        resolution,
        _least([one.comparison.dependence.splits for one in pairs]),
        _least([one.comparison.dependence.groups for one in pairs]),
    )
    return _compared(first, second, means, spread, margin, _UNBOUNDED, comparisons)


def _least(counts: Sequence[int | None]) -> int | None:
    return min((one for one in counts if one is not None), default=None)


def _compared(
    first: str,
    second: str,
    values: Values,
    spread: Spread,
    margin: float,
    bounds: tuple[float, float],
    comparisons: int,
) -> Difference:
    found = posterior(Seen.of(values), spread)
    return compare(first, second, found, margin, Rule.planned(comparisons), replicates=len(values), bounds=bounds)


def config_of(setting: Setting, config: Config, jobs: int) -> Config:
    """The configuration of a setting on data that are read as `config` says."""
    changed = {**setting.options, "cells": setting.cells, "match": setting.match, "jobs": jobs}
    return replace(config, **changed)


def workload_of(config: Config, dataset: Dataset) -> Workload:
    """The work of a configuration.

    An arm's cell starts from a seed that depends on the cell's place in `CELLS` alone, so that the same training is found again
    whatever else is trained beside it.
    """
    places = list(CELLS)
    arms = (replace(arm, index=places.index(arm.cell)) for arm in arms_for(config, dataset))
    return Workload(config, dataset, tuple(arms))


def units_of(setting: Setting, workload: Workload, number: int) -> list[Unit]:
    """The trainings of one replicate, an arm each."""
    values = setting.hyperparameters or workload.trainer.default_hyperparameters
    kind: Literal["replicate", "curve"] = "replicate" if setting.fraction == 1.0 else "curve"
    return [
        Unit(kind, arm.name, number, values, fraction=setting.fraction, max_epochs=setting.max_epochs) for arm in workload.arms
    ]


def key_of(setting: Setting, workload: Workload, unit: Unit) -> str:
    """The name of one training: the same for every study that asks for it."""
    arm = workload.arm(unit.name)
    decisive = {name: value for name, value in to_json(workload.config).items() if name not in _NOT_DECISIVE}
    if workload.config.device == ("cpu",):
        # As journals have it that know no other.
        decisive.pop("device")
    decisive |= {"hidden_size": arm.hidden_size, "hyperparameters": to_json(unit.hyperparameters), "epochs": unit.max_epochs}
    digest = hashlib.sha256(json.dumps(decisive, sort_keys=True).encode()).hexdigest()[:16]
    return f"training:{setting.data}:{arm.cell}:{arm.hidden_size}:{unit.number}:{unit.fraction:g}:{digest}"


def pairs_of(setting: Setting, workload: Workload, trainings: Sequence[Training], replicates: int, asked: int) -> Pairs:
    """What was trained, as evidence. trainings: of every arm in every replicate."""
    dataset, config = workload.dataset, workload.config
    split = make_split(dataset, 0, config.seed)
    comparison = Comparison(
        config=replace(config, replicates=max(replicates, 2)),
        profile=describe(dataset, workload.prepared.lengths),
        arms=workload.arms,
        baselines=(),
        metric=workload.trainer.metric.name,
        margin=workload.trainer.metric.margin or 0.0,
        chosen={},
        tuning=(),
        trainings=tuple(trainings),
        baseline_trainings=(),
        curve_trainings=(),
        replicates=replicates,
        # Of a fraction, too: the correlation of replicates comes from the rows that they share, and those that learn from fewer
        # of the same rows share fewer. By the rows learned from alone, it would near 1 where it nears 0.
        train_rows=len(split.train) + len(split.validation),
        test_rows=len(split.test),
        target_score=None,
        costs={},
        training_time_ratios=(),
        by_length=(),
        environment={},
        elapsed_s=0.0,
        stopped="replicates",
        validation_rows=len(split.validation),
        dependence=dependence_of(dataset, split),
    )
    return Pairs(setting, comparison, asked, tuple(workload.scoring.length_edges.tolist()))
