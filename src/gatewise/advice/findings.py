"""From probes to facts. The pairs are judged by what judges a comparison's replicates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from gatewise.advice.facts import CellCost, ContextLoss, CurvePoint, DataFacts, Facts, Measured, SpeedFacts
from gatewise.advice.foresight import foreseen_budget
from gatewise.advice.outcomes import Odds, answers, is_little, outcome_of
from gatewise.advice.probing import Probing
from gatewise.comparison.evidence import Evidence
from gatewise.comparison.outlook import replicates_to_decide
from gatewise.comparison.plan import margin_needs_baselines, resolve_margin
from gatewise.comparison.verdict import decide, far_cheaper
from gatewise.records import BatchLatency, Comparison, Cost, Difference, StepRatio, Training, Verdict, from_json
from gatewise.runtime.scoring import unpack_rows
from gatewise.statistics.correlated import Differences, posterior
from gatewise.statistics.ratio import paired_ratio
from gatewise.statistics.rows import variance_over_rows
from gatewise.study.dependence import dependence_of
from gatewise.study.encoded import shortened_split
from gatewise.study.gathered import target_score
from gatewise.study.units import Context

__all__ = ["comparison_of", "facts_of"]

# Standard errors of a 95% interval where its degrees of freedom are many.
NORMAL = 1.96
FEWEST_TELLING = 3
FEW_SCATTER = 2.0


def facts_of(found: Probing) -> tuple[Facts, Comparison, Verdict]:
    """What the probes say: facts, and the pairs as a comparison with its verdict."""
    comparison = comparison_of(found)
    verdict = decide(comparison)
    evidence = Evidence(comparison)
    first, second = found.names
    difference = _between(verdict, first, second)
    scores = {name: score.mean for name, score in evidence.scores.items()}
    baselines = [name for name in comparison.baselines if name in scores]
    best = max(baselines, key=lambda name: found.metric.gain(scores[name]), default=None)
    replicates = evidence.replicates
    scatter = float(evidence.differences(first, second).std(ddof=1)) if replicates > 1 else None
    further = replicates_to_decide(verdict, adaptive=True)
    trials, target = _trials(found), _target(found, comparison)
    facts = Facts(
        name=found.profile.name,
        fingerprint=found.profile.fingerprint,
        metric=found.metric.name,
        margin=comparison.margin,
        data=_data(found, comparison),
        cells=(found.workload.arms[0].cell, found.workload.arms[1].cell),
        hidden_size=found.workload.arms[0].hidden_size,
        learned_rows=len(_split_rows(found)),
        epochs=found.probes.epochs,
        whole_epochs=found.probes.whole_epochs,
        replicates=replicates,
        scores=scores,
        simplest=baselines[0] if baselines else "",
        best_baseline=best,
        difference=_measured(difference),
        quick=_quick(found, comparison, verdict, best),
        lead=_lead(evidence, found, best),
        scatter=scatter,
        shuffled=_shuffled(found, scatter),
        contexts=_contexts(found, scatter),
        longer=_longer(found),
        curve=_curve(found),
        gap=_gap(found),
        tuning=max(trials) - min(trials) if len(trials) > 1 else None,
        tuning_trials=len(trials),
        target=target,
        epochs_ratio=_epochs_ratio(found, target),
        speed=_speed(found, comparison),
        further=further,
        budget_s=foreseen_budget(found, verdict, further),
        seconds=found.seconds,
    )
    return facts, comparison, verdict


def comparison_of(found: Probing) -> Comparison:
    """The pairs of trainings as the evidence of a comparison."""
    workload, config = found.workload, found.config
    whole = {name: found.whole(name) for name in (*found.names, *workload.baselines)}
    count = found.replicates
    pairs = tuple(whole[name][number] for number in range(count) for name in found.names)
    baselines = tuple(one for name in workload.baselines for number, one in sorted(whole[name].items()) if number < count)
    split = shortened_split(workload.dataset, 0, found.probes.fraction, config.seed)
    steps, latency = found.speed["steps"], found.speed["latency"]
    first, second = found.names
    return Comparison(
        config=config,
        profile=found.profile,
        arms=workload.arms,
        baselines=workload.baselines,
        metric=found.metric.name,
        margin=_margin(found, [whole[name][0] for name in workload.baselines]),
        chosen=dict.fromkeys(found.names, workload.trainer.default_hyperparameters),
        tuning=(),
        trainings=pairs,
        baseline_trainings=baselines,
        curve_trainings=(),
        replicates=count,
        train_rows=len(split.train) + len(split.validation),
        test_rows=len(split.test),
        validation_rows=len(split.validation),
        target_score=None,
        costs={name: _cost(found, name, [one for one in pairs if one.name == name]) for name in found.names},
        baseline_costs={
            name: _baseline_cost([one for one in baselines if one.name == name]) for name in workload.baselines if whole[name]
        },
        training_time_ratios=(StepRatio(first, second, paired_ratio(steps[first], steps[second])),),
        latency_ratios=tuple(from_json(StepRatio, one) for one in latency["ratios"]),
        by_length=(),
        environment={},
        elapsed_s=found.seconds,
        stopped="budget",
        dependence=dependence_of(workload.dataset, split),
    )


def _margin(found: Probing, baselines: Sequence[Training]) -> float:
    asked, metric = found.config.margin, found.metric
    if not baselines:
        return resolve_margin(asked, metric, 0.0)
    known = baselines if margin_needs_baselines(asked, metric) else baselines[:1]
    return resolve_margin(asked, metric, max((one.validation_score for one in known), key=metric.gain))


def _data(found: Probing, comparison: Comparison) -> DataFacts:
    profile, most = found.profile, found.config.max_length or np.inf
    counts = list(profile.classes.values())
    lengths = np.minimum(found.workload.prepared.lengths, most)
    return DataFacts(
        kind=profile.kind,
        task=profile.task,
        rows=profile.rows,
        train_rows=len(found.workload.encode(0).split.train),
        test_rows=comparison.test_rows,
        length_median=float(np.median(lengths)),
        length_p95=float(np.percentile(lengths, 95)),
        length_max=float(lengths.max()),
        channels=profile.channels,
        classes=len(counts),
        largest_class=max(counts) / sum(counts) if counts else 0.0,
        repeated=profile.repeated_rows / profile.rows,
    )


def _split_rows(found: Probing) -> NDArray[np.int64]:
    return shortened_split(found.workload.dataset, 0, found.probes.fraction, found.config.seed).train


def _cost(found: Probing, name: str, own: Sequence[Training]) -> Cost:
    latency = found.speed["latency"]["latency_ms"][name]
    return Cost(
        train_ms_per_step=float(np.median(found.speed["steps"][name])),
        epochs_to_target=None,
        seconds_to_target=None,
        target_reached=0,
        latency_ms={label: from_json(BatchLatency, value) for label, value in latency.items()},
        peak_memory_bytes=None,
        parameters=own[0].parameters,
        bytes=own[0].size_bytes,
        fit_s=float(np.median([one.history[-1].seconds for one in own])),
    )


def _baseline_cost(own: Sequence[Training]) -> Cost:
    return Cost(
        train_ms_per_step=None,
        epochs_to_target=None,
        seconds_to_target=None,
        target_reached=0,
        latency_ms={},
        peak_memory_bytes=None,
        parameters=own[0].parameters,
        bytes=own[0].size_bytes,
        fit_s=float(np.median([one.phases["fitting"] for one in own])),
    )


def _quick(found: Probing, comparison: Comparison, verdict: Verdict, best: str | None) -> Mapping[str, float]:
    """How probable every answer is by the pairs alone.

    Below three of them nothing is known of how single pairs scatter; they are then taken to by two margins, between the median
    of public sets (0.6) and that of made data (2.8), and the test rows tell the rest.
    """
    if verdict.replicates >= FEWEST_TELLING:
        return outcome_of(comparison, verdict).probabilities
    first, second = found.names
    cell = max(found.names, key=lambda name: found.metric.gain(verdict.scores[name].mean))
    return answers(
        _odds_of_few(found, first, second, comparison.margin),
        None if best is None else _odds_of_few(found, best, cell, comparison.margin),
        little=is_little(comparison, verdict),
        cheap=best is not None and far_cheaper(best, cell, comparison),
    )


def _odds_of_few(found: Probing, one: str, other: str, margin: float) -> Odds:
    """That one is better than another by more than the margin, equal within it, or worse, by very few pairs."""
    pairs = [
        (found.whole(one)[number], found.whole(other)[number]) for number in sorted(found.whole(one)) if number < found.replicates
    ]
    gain = found.metric.gain
    mean = float(np.mean([gain(mine.test_score or 0.0) - gain(its.test_score or 0.0) for mine, its in pairs]))
    mine, its = pairs[0]
    rows = unpack_rows(mine.row_scores, mine.test_rows) - unpack_rows(its.row_scores, its.test_rows)
    error = float(np.sqrt((variance_over_rows(rows).variance + (FEW_SCATTER * margin) ** 2) / len(pairs)))
    above, below = float(ndtr((mean - margin) / error)), float(ndtr((-margin - mean) / error))
    return above, 1.0 - above - below, below


def _between(verdict: Verdict, first: str, second: str) -> Difference:
    """The first arm minus the second."""
    found = next(one for one in verdict.comparisons if {one.first, one.second} == {first, second})
    return found if found.first == first else found.turned()


def _measured(difference: Difference) -> Measured:
    return Measured(difference.mean, *(difference.ci95 if difference.is_known else (None, None)))


def _lead(evidence: Evidence, found: Probing, best: str | None) -> Measured | None:
    """The better cell over the best baseline."""
    if best is None:
        return None
    cell = max(found.names, key=lambda name: found.metric.gain(evidence.scores[name].mean))
    leads = evidence.differences(cell, best)
    if len(leads) < FEWEST_TELLING:
        return Measured(float(leads.mean()))
    low, high = posterior(Differences.of(leads), evidence.spread(cell, best)).interval(0.95)
    return Measured(float(leads.mean()), float(low), float(high))


def _in_context(found: Probing, context: Context, name: str) -> Training | None:
    return next((one for unit, one in found.trainings.items() if (unit.name, unit.context) == (name, context)), None)


def _loss(found: Probing, training: Training, scatter: float | None) -> Measured:
    """How much worse a probe's score is than that of the first pair, on the same test rows.

    Its interval holds what other test rows, and another training, would change: of that the pairs' scatter tells.
    """
    whole = found.whole(training.name)[0]
    value = found.metric.gain(whole.test_score or 0.0) - found.metric.gain(training.test_score or 0.0)
    if scatter is None or not whole.row_scores or whole.test_rows != training.test_rows:
        return Measured(value)
    rows = [unpack_rows(one.row_scores, one.test_rows) for one in (whole, training)]
    error = float(np.sqrt(variance_over_rows(rows[0] - rows[1]).variance + scatter**2))
    return Measured(value, value - NORMAL * error, value + NORMAL * error)


def _shuffled(found: Probing, scatter: float | None) -> Measured | None:
    training = _in_context(found, Context(shuffled=True), found.names[0])
    return None if training is None else _loss(found, training, scatter)


def _contexts(found: Probing, scatter: float | None) -> tuple[ContextLoss, ...]:
    found_by = {unit.context.last: one for unit, one in found.trainings.items() if unit.context.last is not None}
    return tuple(ContextLoss(last, _loss(found, found_by[last], scatter)) for last in sorted(found_by))


def _longer(found: Probing) -> Measured | None:
    """The first cell's lead on rows longer than those it learned from."""
    pair = [_in_context(found, Context(longer=True), name) for name in found.names]
    if pair[0] is None or pair[1] is None:
        return None
    value = found.metric.gain(pair[0].test_score or 0.0) - found.metric.gain(pair[1].test_score or 0.0)
    if not pair[0].row_scores:
        return Measured(value)
    rows = [unpack_rows(one.row_scores, one.test_rows) for one in pair if one is not None]
    error = float(np.sqrt(variance_over_rows(rows[0] - rows[1]).variance))
    return Measured(value, value - NORMAL * error, value + NORMAL * error)


def _curve(found: Probing) -> tuple[CurvePoint, ...]:
    """Scores of the first pair's test part, after ever more rows."""
    fractions = sorted({unit.fraction for unit in found.trainings if unit.context == Context()})
    points = []
    for fraction in fractions:
        scores = {
            unit.name: one.test_score or 0.0
            for unit, one in found.trainings.items()
            if unit.number == 0 and unit.context == Context() and unit.fraction == fraction and _is_default(found, unit.name, one)
        }
        if set(found.names) <= set(scores):
            rows = len(shortened_split(found.workload.dataset, 0, fraction, found.config.seed).train)
            points.append(CurvePoint(rows, {name: scores[name] for name in found.names}))
    return tuple(points)


def _is_default(found: Probing, name: str, training: Training) -> bool:
    return name not in found.names or training.hyperparameters == found.workload.trainer.default_hyperparameters


def _gap(found: Probing) -> Mapping[str, float]:
    gaps = {}
    for name in found.names:
        own = [found.whole(name)[number] for number in range(found.replicates)]
        lost = [found.metric.gain(one.train_score or 0.0) - found.metric.gain(one.test_score or 0.0) for one in own]
        gaps[name] = float(np.mean(lost))
    return gaps


def _trials(found: Probing) -> list[float]:
    """Scores of the first cell with several hyperparameters, on the first pair's split, turned so that more is better."""
    name, metric = found.names[0], found.metric
    return [
        metric.gain(one.test_score or 0.0)
        for unit, one in found.trainings.items()
        if unit.name == name and unit.number == 0 and unit.context == Context() and unit.fraction == found.probes.fraction
    ]


def _target(found: Probing, comparison: Comparison) -> float | None:
    """The validation score that both are to reach, fixed by the first pair as a comparison fixes it by tuning."""
    simplest = [one for one in comparison.baseline_trainings if one.name == comparison.baselines[0] and one.number == 0]
    if not simplest:
        return None
    pair = [found.whole(name)[0] for name in found.names]
    return target_score(pair, found.names, simplest[0].validation_score, found.metric)


def _epochs_ratio(found: Probing, target: float | None) -> Measured | None:
    if target is None:
        return None
    reached = [
        [_epochs_to(found, found.whole(name)[number], target) for name in found.names] for number in range(found.replicates)
    ]
    both = [(first, second) for first, second in reached if first is not None and second is not None]
    if not both:
        return None
    ratio = paired_ratio(*(np.array(epochs, dtype=np.float64) for epochs in zip(*both, strict=True)))
    return Measured(ratio.median, *(ratio.ci95 if len(both) >= FEWEST_TELLING else (None, None)))


def _epochs_to(found: Probing, training: Training, target: float) -> int | None:
    gain = found.metric.gain
    return next((epoch.epoch for epoch in training.history if gain(epoch.validation_score) >= gain(target)), None)


def _speed(found: Probing, comparison: Comparison) -> SpeedFacts:
    steps, latency = comparison.training_time_ratios[0].ratio, comparison.latency_ratios[0].ratio
    times = found.speed["recurrent"]
    rest = paired_ratio(times["rest"], times["whole"])
    share = Measured(*(float(np.clip(1.0 - value, 0.0, 1.0)) for value in (rest.median, rest.ci95[1], rest.ci95[0])))
    return SpeedFacts(
        kernel=found.speed["kernel"],
        costs={name: _cell_cost(cost) for name, cost in comparison.costs.items()},
        step_ratio=Measured(steps.median, *steps.ci95),
        latency_ratio=Measured(latency.median, *latency.ci95),
        recurrent_share=share,
        epoch_s={name: found.probed.epoch_s[name] for name in found.names},
    )


def _cell_cost(cost: Cost) -> CellCost:
    return CellCost(cost.train_ms_per_step or 0.0, cost.latency_ms, cost.parameters, cost.bytes, cost.fit_s or 0.0)
