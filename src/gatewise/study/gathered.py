"""From the journal's rows to the record a verdict is reached on. Pure: the same rows give the same evidence."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import combinations
from typing import Any, get_args

import numpy as np

from gatewise.comparison.failed import failure_warnings
from gatewise.comparison.unfinished import unfinished_warning
from gatewise.metrics import METRICS, Metric
from gatewise.records import (
    Arm,
    BatchLatency,
    Comparison,
    Config,
    Cost,
    Dependence,
    DeviceCosts,
    Epoch,
    Failure,
    Hyperparameters,
    LengthScore,
    Profile,
    Shipped,
    StepRatio,
    Training,
    TrainingKind,
    TriedLength,
    from_json,
)
from gatewise.statistics.ratio import paired_ratio
from gatewise.study.failures import read_failures, reckon
from gatewise.study.journal import Journal
from gatewise.study.mending import DAMAGE
from gatewise.study.timings import timing_key
from gatewise.titles import Titles
from gatewise.training.schedule import default_schedule
from gatewise.training.tune import choose_hyperparameters, default_hyperparameters
from gatewise.wording import counted

__all__ = [
    "build_comparison",
    "chosen_hyperparameters",
    "counted_tuning",
    "margin_of",
    "read_profile",
    "read_trainings",
    "target_score",
    "whole_rounds",
]


TARGET_SHARE = 0.95
FEWEST_RATIOS = 5

Trainings = Mapping[str, list[Training]]


def read_trainings(journal: Journal) -> dict[str, list[Training]]:
    """Finished trainings by kind: `tuning`, `replicate`, `baseline`, `curve`. Raises RunError where one is no record of any."""
    try:
        return {kind: [from_json(Training, payload) for payload in journal.payloads(kind)] for kind in get_args(TrainingKind)}
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise journal.damaged(error) from error


def read_profile(journal: Journal) -> Profile:
    """What the data looked like when the run began. Raises RunError where its record is none."""
    try:
        return from_json(Profile, journal.get("data")["profile"])
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise journal.damaged(error) from error


def build_comparison(
    config: Config, environment: Mapping[str, Any], journal: Journal, found: Trainings, *, elapsed_s: float, stopped: str
) -> Comparison:
    """Everything a run has found so far. found: what `read_trainings` gives."""
    data = journal.get("data")
    profile = read_profile(journal)
    arms = tuple(from_json(Arm, arm) for arm in data["arms"])
    metric = METRICS[data["metric"]]
    title, failures = Titles(arms), read_failures(journal)
    whole = reckon([arm.name for arm in arms], data["baselines"], [*found["replicate"], *found["baseline"]], failures)
    names, baselines = whole.arms, whole.baselines
    arms = tuple(arm for arm in arms if arm.name in names)
    tuning = tuple(counted_tuning(journal, found["tuning"], names, config.max_epochs))
    tried = journal.get("length")
    used, fitted = (
        tuple(one for one in found[kind] if whole.counts(one.number) and one.name in compared)
        for kind, compared in (("replicate", names), ("baseline", baselines))
    )
    plan = journal.get("plan") or {"target_score": None}
    here = config.device[0]
    costs = {name: _cost(name, journal, config, [*used] or [*tuning], used, metric, plan["target_score"]) for name in names}
    return Comparison(
        config=config,
        profile=profile,
        arms=arms,
        baselines=baselines,
        metric=metric.name,
        margin=margin_of(journal),
        chosen=chosen_hyperparameters(journal, tuning, names, metric, profile) if tuning or found["replicate"] else {},
        tuning=tuning,
        trainings=used,
        baseline_trainings=fitted,
        curve_trainings=tuple(found["curve"]),
        replicates=whole.replicates,
        train_rows=data["train_rows"],
        test_rows=data["test_rows"],
        validation_rows=data.get("validation_rows", 0),
        dependence=from_json(Dependence, data.get("dependence", {})),
        target_score=plan["target_score"],
        costs=costs,
        baseline_costs={name: _baseline_cost(name, journal, found["baseline"]) for name in baselines},
        training_time_ratios=_step_ratios(names, journal, config, here),
        latency_ratios=_latency_ratios(names, journal, config, here),
        elsewhere=_elsewhere(journal, config, costs),
        epoch_ratios=_epoch_ratios(names, used),
        not_shippable=(journal.get("timing:shipped") or {}).get("refused", {}),
        shipped=_shipped(journal),
        length=from_json(TriedLength, tried) if tried else None,
        by_length=_by_length(used, names, data["length_edges"], profile),
        environment=environment,
        elapsed_s=elapsed_s,
        stopped=stopped,
        warnings=(
            *profile.warnings,
            *data["warnings"],
            *(note for plan in journal.payloads("budget")[-1:] for note in plan["notes"]),
            *(_lost(found) for found in journal.payloads(DAMAGE)),
            *_unfinished(config, journal, data, profile, used, title),
            *failure_warnings(
                failures,
                title,
                arms=names,
                baselines=baselines,
                finished=whole.finished,
                rounds=whole_rounds(journal, found["tuning"], names, failures),
            ),
        ),
        failures=tuple(failures),
        left_out=whole.left_out,
    )


def _lost(found: Mapping[str, int]) -> str:
    return (
        f"the run's journal was found damaged: {counted(found['kept'], 'unit')} of work sound and kept, {found['lost']} lost "
        "and done again"
    )


def _unfinished(
    config: Config, journal: Journal, data: Mapping[str, Any], profile: Profile, used: Sequence[Training], title: Titles
) -> Iterator[str]:
    """Nothing where a budget cut the trainings, which is said with the budget."""
    plans = journal.payloads("budget")
    if plans and plans[-1]["max_epochs"] < plans[-1]["own_epochs"]:
        return
    rows = data.get("epoch_rows") or max(1, data["train_rows"] - data.get("validation_rows", 0))
    suits = default_schedule(rows, batch_size=config.batch_size, max_epochs=None, task=profile.task).max_epochs
    tried = journal.get("length")
    yield from unfinished_warning(config.max_epochs, used, suits, from_json(TriedLength, tried) if tried else None, title)


def _shipped(journal: Journal) -> Shipped | None:
    """The model that was trained last for use; journals of earlier versions have its name alone."""
    last = journal.payloads("final")[-1:]
    return from_json(Shipped, last[0]) if last and "train_rows" in last[0] else None


def margin_of(journal: Journal) -> float:
    """Half width of the band of practical equivalence: what was fixed, or until then what the simplest baseline alone gives."""
    return float((journal.get("margin") or journal.get("data"))["margin"])


def whole_rounds(journal: Journal, tuning: Sequence[Training], names: Sequence[str], failures: Sequence[Failure] = ()) -> int:
    """How many rounds of tuning, counted from the first, have a trial of every arm, be it one that failed; no more than when
    tuning ended."""
    plan = journal.get("plan")
    finished = {(trial.name, trial.number) for trial in tuning}
    finished |= {(failure.name, failure.number) for failure in failures if failure.of == "tuning"}
    rounds = 0
    while all((name, rounds) in finished for name in names) and (plan is None or rounds < plan["tuning_trials"]):
        rounds += 1
    return rounds


def counted_tuning(journal: Journal, tuning: Sequence[Training], names: Sequence[str], max_epochs: int | None) -> list[Training]:
    """The tuning trials that count: those of whole rounds, so that no arm has a trial more than another, and of the length that
    the run's trainings have. max_epochs: that length; trials of earlier versions are all of it."""
    rounds = whole_rounds(journal, tuning, names, read_failures(journal))
    counting = (trial for trial in tuning if trial.number < rounds and trial.name in names)
    return [trial for trial in counting if trial.max_epochs in (None, max_epochs)]


def chosen_hyperparameters(
    journal: Journal, tuning: Sequence[Training], names: Sequence[str], metric: Metric, profile: Profile
) -> dict[str, Hyperparameters]:
    """What every arm is trained with in the replicates: as recorded when tuning ended, until then by the trials there are.

    The defaults where there was no time for any.
    """
    recorded = (journal.get("plan") or {}).get("chosen")
    if recorded is not None:
        return {name: from_json(Hyperparameters, recorded[name]) for name in names}
    if not tuning:
        return dict.fromkeys(names, default_hyperparameters(profile.kind, profile.task))
    found = {name: [trial for trial in tuning if trial.name == name] for name in names}
    return choose_hyperparameters(found, metric, margin_of(journal), journal.get("data").get("validation_rows", 0))


def target_score(tuning: Sequence[Training], names: Sequence[str], simplest: float, metric: Metric) -> float:
    """The validation score to be reached, fixed before the first replicate.

    It lies 95% of the way from the simplest baseline's score to the weakest arm's tuned best: close to what all can do, and
    still within reach where the validation part is small and the best of several trials was lucky.
    """
    scores = [[trial.validation_score for trial in tuning if trial.name == name] for name in names]
    best = [max(reached, key=metric.gain) for reached in scores if reached]
    return simplest + TARGET_SHARE * (min(best, key=metric.gain) - simplest)


def _step_ratios(names: Iterable[str], journal: Journal, config: Config, device: str) -> tuple[StepRatio, ...]:
    """The ratio of every pair of arms, the first listed over the other; none where steps were not timed on the device."""
    timed = journal.get(timing_key("steps", device, config))
    if timed is None:
        return ()
    times = {name: np.array(timed["milliseconds"][name]) for name in names}
    return tuple(StepRatio(one, other, paired_ratio(times[one], times[other])) for one, other in combinations(times, 2))


def _latency_ratios(names: Collection[str], journal: Journal, config: Config, device: str) -> tuple[StepRatio, ...]:
    """Those of the arms that are compared."""
    timed = journal.get(timing_key("latency", device, config)) or {}
    found = (from_json(StepRatio, one) for one in timed.get("ratios", ()))
    return tuple(ratio for ratio in found if {ratio.first, ratio.second} <= set(names))


def _elsewhere(journal: Journal, config: Config, costs: Mapping[str, Cost]) -> dict[str, DeviceCosts]:
    """What the arms cost on the devices that did not train, as far as that was measured. costs: on the one that did."""
    return {
        device: DeviceCosts(
            {name: _moved(name, cost, journal, config, device) for name, cost in costs.items()},
            _step_ratios(costs, journal, config, device),
            _latency_ratios(costs, journal, config, device),
        )
        for device in config.device[1:]
        if timing_key("steps", device, config) in journal
    }


def _moved(name: str, cost: Cost, journal: Journal, config: Config, device: str) -> Cost:
    """An arm's cost on a device that did not train it. A training takes as many steps there."""
    step, latency, memory = _timed(name, journal, config, device)
    fit_s = None
    if cost.fit_s is not None and cost.train_ms_per_step is not None and step is not None:
        fit_s = cost.fit_s * step / cost.train_ms_per_step
    return replace(
        cost,
        train_ms_per_step=step,
        seconds_to_target=None,
        # What is shipped runs on the processor, whatever trained it.
        latency_ms=cost.latency_ms if "timing:shipped" in journal else latency,
        peak_memory_bytes=memory,
        fit_s=fit_s,
    )


def _timed(name: str, journal: Journal, config: Config, device: str) -> tuple[float | None, dict[str, BatchLatency], int | None]:
    """Milliseconds of an arm's step, the latencies of its calls, and its peak memory in bytes, on a device."""
    steps, latency, memory = (journal.get(timing_key(what, device, config)) for what in ("steps", "latency", "memory"))
    return (
        float(np.median(steps["milliseconds"][name])) if steps else None,
        _latency_of(name, latency),
        memory["peak_memory_bytes"][name] if memory else None,
    )


def _latency_of(name: str, timed: Mapping[str, Any] | None) -> dict[str, BatchLatency]:
    of_name = (timed or {}).get("latency_ms", {}).get(name, {})
    return {label: from_json(BatchLatency, value) for label, value in of_name.items()}


def _epoch_ratios(names: Sequence[str], used: Sequence[Training]) -> tuple[StepRatio, ...]:
    """The ratio of the epochs that trainings took, of every pair of arms; none where there are few replicates."""
    trained = [training for training in used if training.history]
    epochs = {name: {training.number: len(training.history) for training in trained if training.name == name} for name in names}
    ratios = []
    for one, other in combinations(names, 2):
        shared = sorted(set(epochs[one]) & set(epochs[other]))
        if len(shared) >= FEWEST_RATIOS:
            taken = ([float(epochs[name][number]) for number in shared] for name in (one, other))
            ratios.append(StepRatio(one, other, paired_ratio(*taken)))
    return tuple(ratios)


def _cost(
    name: str,
    journal: Journal,
    config: Config,
    sized: Sequence[Training],
    used: Sequence[Training],
    metric: Metric,
    target: float | None,
) -> Cost:
    own = [training for training in used if training.name == name]
    reached = [_first_to_reach(training, metric, target) for training in own]
    step, latency, memory = _timed(name, journal, config, config.device[0])
    shipped = journal.get("timing:shipped")
    size = next((training for training in sized if training.name == name), None)
    return Cost(
        train_ms_per_step=step,
        epochs_to_target=_median_or_none([epoch.epoch if epoch else math.inf for epoch in reached]),
        seconds_to_target=_median_or_none([epoch.seconds if epoch else math.inf for epoch in reached]),
        target_reached=sum(epoch is not None for epoch in reached),
        latency_ms=_latency_of(name, shipped) if shipped else latency,
        peak_memory_bytes=memory,
        parameters=size.parameters if size else 0,
        bytes=(shipped or {}).get("bytes", {}).get(name, size.size_bytes if size else 0),
        fit_s=_median_or_none([training.history[-1].seconds for training in own if training.history]),
    )


def _baseline_cost(name: str, journal: Journal, trainings: Sequence[Training]) -> Cost:
    """What was measured of a baseline alone on the machine; of a network, its trainings too, which share nothing."""
    own = [training for training in trainings if training.name == name]
    alone = (journal.get("timing:baselines") or {}).get(name)
    latency = (alone or {}).get("latency_ms") or (journal.get("timing:latency") or {}).get("latency_ms", {}).get(name, {})
    trained = _median_or_none([training.history[-1].seconds for training in own if training.history])
    return Cost(
        train_ms_per_step=None,
        epochs_to_target=None,
        seconds_to_target=None,
        target_reached=0,
        latency_ms={label: from_json(BatchLatency, value) for label, value in latency.items()},
        peak_memory_bytes=None,
        parameters=own[0].parameters if own else 0,
        bytes=own[0].size_bytes if own else 0,
        fit_s=alone["fit_s"] if alone else trained,
    )


def _first_to_reach(training: Training, metric: Metric, target: float | None) -> Epoch | None:
    if target is None:
        return None
    return next((epoch for epoch in training.history if metric.gain(epoch.validation_score) >= metric.gain(target)), None)


def _median_or_none(values: Sequence[float]) -> float | None:
    """The median with 'never' counted as infinite, so that giving up early cannot look fast; None where the median is 'never'."""
    if not values:
        return None
    median = float(np.median(values))
    return median if math.isfinite(median) else None


def _by_length(
    trainings: Sequence[Training], names: Sequence[str], edges: Sequence[int], profile: Profile
) -> tuple[LengthScore, ...]:
    result = []
    low = profile.length_min
    for number, high in enumerate(edges):
        counts = {name: [training.by_length[number] for training in trainings if training.name == name] for name in names}
        rows = sum(count for count, _ in counts[names[0]])
        if rows:
            scores = {name: sum(total for _, total in items) / rows for name, items in counts.items()}
            result.append(LengthScore(low, high, rows, scores))
        low = high + 1
    return tuple(result)
