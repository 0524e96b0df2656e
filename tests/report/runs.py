"""Comparisons and verdicts as a run would leave them, of every task, made from a fixed seed."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import combinations
from statistics import fmean, pstdev
from typing import Any

import numpy as np

from gatewise.comparison.constraints import excluded_arms
from gatewise.metrics import METRICS, Metric
from gatewise.records import (
    Arm,
    AudioFeatures,
    BatchLatency,
    Comparison,
    Config,
    Cost,
    Difference,
    Epoch,
    Forecast,
    Hyperparameters,
    LengthScore,
    Profile,
    Ratio,
    ScoreSummary,
    StepRatio,
    Training,
    Verdict,
)
from gatewise.runtime.scoring import pack_rows
from gatewise.titles import Titles
from tests.report.mistaken import with_mistakes

Run = tuple[Comparison, Verdict]
HYPERPARAMETERS = Hyperparameters(learning_rate=0.00213, dropout=0.4, input_dropout=0.25, weight_decay=1e-5)
COST_SCALES = {
    **dict.fromkeys(("gru", "gru_1", "gru_h64"), 1.0),
    "gru_h74": 1.1,
    "lstm": 1.22,
    "gru_2": 1.22,
    "rnn": 1.44,
    "min_gru": 0.7,
    "min_lstm": 0.8,
}
TEXTS = Profile(
    "mr", "text", 10_662, {"negative": 5331, "positive": 5331}, 1, 20.0, 39.0, 56, 11, 0, None, "sha256:4f1c09a2",
    ("text column: text", "target column: label", "kind: text"), (),
)  # fmt: skip


@dataclass(frozen=True)
class TaskFacts:
    """What a task's run looks like: its metric, mean test scores, and data."""

    metric: Metric
    margin: float
    means: dict[str, float]
    baselines: tuple[str, ...]
    profile: Profile
    target: float
    lengths: Sequence[tuple[int, int]] = ((1, 10), (11, 17), (18, 24), (25, 31), (32, 56))
    constant: tuple[str, ...] = field(default=())

    def worse(self, value: float, margins: float) -> float:
        """A score that is worse by so many margins."""
        return value - self.metric.gain(1.0) * margins * self.margin


TASKS = {
    "classification": TaskFacts(
        METRICS["accuracy"],
        0.01,
        {
            **dict.fromkeys(("gru", "gru_1", "gru_h64"), 0.774),
            "lstm": 0.770,
            "rnn": 0.741,
            "min_gru": 0.752,
            "min_lstm": 0.761,
            "gru_2": 0.773,
            "gru_h74": 0.772,
            "tfidf_logistic": 0.763,
            "linear_features": 0.765,
            "majority": 0.5,
        },
        ("majority", "tfidf_logistic"),
        TEXTS,
        0.752,
        constant=("majority",),
    ),
    "regression": TaskFacts(
        METRICS["mae"],
        248.0,
        {
            **dict.fromkeys(("gru", "gru_1", "gru_h64"), 8312.0),
            "lstm": 8521.0,
            "rnn": 9120.0,
            "gru_2": 8301.0,
            "gru_h74": 8290.0,
            "ridge_features": 9105.0,
            "mean_value": 12_410.0,
        },
        ("mean_value", "ridge_features"),
        replace(
            TEXTS, name="energy", kind="series", rows=3140, classes={}, channels=24, length_min=40, length_median=96.0,
            length_p95=144.0, length_max=144, task="regression", outputs={"demand": (-1520.25, 30_412.5, 98_400.0)},
        ),
        9000.0,
        ((40, 72), (73, 96), (97, 120), (121, 144)),
    ),
    "forecast": TaskFacts(
        METRICS["mase"],
        0.0213,
        {
            **dict.fromkeys(("gru", "gru_1", "gru_h64"), 0.812),
            "lstm": 0.845,
            "rnn": 0.871,
            "gru_2": 0.813,
            "gru_h74": 0.809,
            "last_value": 1.652,
            "last_season": 1.063,
            "linear_window": 0.833,
        },
        ("last_value", "last_season", "linear_window"),
        replace(
            TEXTS, name="ETTh1", kind="series", rows=17_229, classes={}, channels=7, length_min=168, length_median=168.0,
            length_p95=168.0, length_max=168, repeated_rows=0, task="forecast", outputs={"OT": (-4.08, 11.4, 46.0)},
            forecast=Forecast(168, 24, 24, (6,), 3600.0),
        ),
        0.86,
        (),
    ),
    "next_step": TaskFacts(
        METRICS["nll"],
        0.24,
        {
            **dict.fromkeys(("gru", "gru_1", "gru_h64"), 8.54),
            "lstm": 8.71,
            "rnn": 9.05,
            "gru_2": 8.52,
            "gru_h74": 8.49,
            "step_frequency": 12.02,
            "repeat_step": 11.3,
            "linear_step": 9.12,
        },
        ("step_frequency", "repeat_step", "linear_step"),
        replace(
            TEXTS, name="JSB_Chorales", kind="series", rows=382, classes={}, channels=88, fixed_test_rows=77, length_min=31,
            length_median=56.0, length_p95=96.0, length_max=160, task="next_step",
        ),
        8.9,
    ),
}  # fmt: skip
AUDIO = {
    "name": "fsdd", "kind": "audio", "rows": 3000, "classes": {str(digit): 300 for digit in range(10)}, "channels": 40,
    "length_min": 12, "length_median": 41.0, "length_p95": 62.0, "length_max": 227, "audio": AudioFeatures(8000),
}  # fmt: skip


def _history(generator: np.random.Generator, facts: TaskFacts, peak: float, epochs: int) -> tuple[Epoch, ...]:
    scores = [
        facts.worse(peak, 20 * np.exp(-0.9 * epoch) + 0.2 * max(0, epoch - 4) + generator.normal(0, 0.4))
        for epoch in range(epochs)
    ]
    return tuple(Epoch(n + 1, 0.7 / (n + 1), 0.6 / (n + 1), float(score), 2.1 * (n + 1)) for n, score in enumerate(scores))


def _training(generator: np.random.Generator, facts: TaskFacts, kind: Any, name: str, number: int, score: float) -> Training:
    if kind == "baseline":
        train = facts.worse(score, -6)
        train = min(train, 1.0) if facts.metric.in_percent else train
        return Training(kind, name, number, None, score, None, train, score, 1066, seconds=0.4)
    history = _history(generator, facts, facts.worse(score, -0.5), int(generator.integers(5, 11)))
    phases = {"forward": 6.1, "backward": 9.4, "optimiser": 1.5, "batches": 0.6, "evaluation": 0.7}
    return Training(
        kind,
        name,
        number,
        HYPERPARAMETERS,
        validation_score=facts.worse(score, -0.4),
        validation_loss=0.48,
        train_score=facts.worse(score, -8.5 - 0.3 * (number % 3 - 1)),
        test_score=score,
        test_rows=1066,
        best_epoch=5,
        history=history,
        phases=phases,
        seconds=18.3,
        parameters=1_305_282,
        size_bytes=5_221_900,
    )


def _with_rows(evidence: Comparison) -> Comparison:
    """The same with what every test row adds to the scores of its trainings: as much as any other."""

    def with_rows(trainings: tuple[Training, ...]) -> tuple[Training, ...]:
        rows = evidence.test_rows
        return tuple(
            replace(one, test_rows=rows, row_scores=pack_rows(np.full(rows, one.test_score or 0.0))) for one in trainings
        )

    return replace(evidence, trainings=with_rows(evidence.trainings), baseline_trainings=with_rows(evidence.baseline_trainings))


def _difference(facts: TaskFacts, scores: dict[str, list[float]], first: str, second: str, **fields: Any) -> Difference:
    values = facts.metric.gain(1.0) * (np.array(scores[first]) - np.array(scores[second]))
    mean, half = float(values.mean()), 2.2 * float(values.std()) * 0.45
    known = {"p_first": 0.021, "p_equivalent": 0.967, "p_second": 0.012, "conclusion": "equivalent", **fields}
    wide = (mean - 1.5 * half, mean + 1.5 * half)
    return Difference(first, second, mean, (mean - half, mean + half), wide, replicates=len(values), **known)


def _cost(scale: float) -> Cost:
    latency = {
        "batch1": BatchLatency(0.412 * scale, 0.45 * scale, 0.61 * scale),
        "batch32": BatchLatency(4.13 * scale, 4.4, 6.02),
    }
    return Cost(
        12.34 * scale, 3.0, 9.8 * scale, 11, latency, int(412_300_000 * scale), int(1_305_282 * scale), int(5_221_900 * scale)
    )


def _by_length(facts: TaskFacts, arms: tuple[str, ...], replicates: int) -> tuple[LengthScore, ...]:
    return tuple(
        LengthScore(low, high, 1000 * replicates // (n + 1), {name: facts.worse(facts.means[name], 1.2 * n - 2) for name in arms})
        for n, (low, high) in enumerate(facts.lengths if replicates else ())
    )


def _curve(
    generator: np.random.Generator, facts: TaskFacts, arms: tuple[str, ...], fractions: Sequence[float]
) -> tuple[Training, ...]:
    trainings = []
    for fraction in fractions:
        for replicate in range(3):
            for place, name in enumerate(arms):
                margins = 4 * (fraction**-0.5 - 1) * (1 + 0.2 * place) + generator.normal(0, 0.5)
                training = _training(generator, facts, "curve", name, replicate, facts.worse(facts.means[name], margins))
                gap = facts.worse(training.test_score or 0.0, -6 - 4 * fraction**-0.5 - generator.normal(0, 0.3))
                trainings.append(replace(training, fraction=fraction, train_score=gap))
    return tuple(trainings)


def make_run(
    arms: tuple[str, ...] = ("gru", "lstm"),
    baselines: tuple[str, ...] = (),
    replicates: int = 12,
    *,
    task: str = "classification",
    curve: tuple[float, ...] = (),
    limits: dict[str, Any] | None = None,
    profile: dict[str, Any] | None = None,
    comparison: dict[str, Any] | None = None,
    verdict: dict[str, Any] | None = None,
    difference: dict[str, Any] | None = None,
    mistakes: bool = False,
) -> Run:
    """Build a run of a task.

    curve: fractions of the training part below 1 at which there are trainings. limits: fields of `Config`, what an arm may cost.
    mistakes: whether those were looked into. The other mappings replace fields of the records.
    """
    generator = np.random.default_rng(7)
    facts = TASKS[task]
    baselines = baselines or facts.baselines
    scores: dict[str, list[float]] = {}
    for name in (*arms, *baselines):
        spread = 0.0 if name in facts.constant else 0.6 * facts.margin
        scores[name] = [float(score) for score in facts.means[name] + generator.normal(0, spread, replicates)]

    def trainings(names: tuple[str, ...], kind: str) -> tuple[Training, ...]:
        return tuple(
            _training(generator, facts, kind, name, replicate, scores[name][replicate])
            for replicate in range(replicates)
            for name in names
        )

    tuning = []
    for name in arms:
        for number, margins in enumerate(generator.gamma(1.2, 1.2, 8)):
            chosen = replace(HYPERPARAMETERS, learning_rate=float(generator.uniform(1e-4, 1e-2)))
            settings = HYPERPARAMETERS if number == 3 else chosen
            trial = _training(generator, facts, "tuning", name, number, facts.worse(facts.means[name], float(margins)))
            tuning.append(replace(trial, hyperparameters=settings, test_score=None))
    unmeasured = Cost(None, None, None, 0, {}, None, 0, 0)
    costs = {name: _cost(COST_SCALES[name]) if replicates else unmeasured for name in arms}
    ratios = (
        tuple(StepRatio(one, other, Ratio(0.823, (0.808, 0.841))) for one, other in combinations(arms, 2)) if replicates else ()
    )
    warnings = ("11 rows repeat another row; repeats stay on one side of every split.",)
    cells = tuple(re.sub(r"_h?\d+$", "", name) for name in arms)
    evidence = Comparison(
        config=Config(
            "reviews.csv",
            cells=tuple(cell for name, cell in zip(arms, cells, strict=True) if not name.endswith("_h74")),
            max_epochs=12,
            match="both" if any("_h" in name for name in arms) else "hidden",
            curve=(*curve, 1.0) if curve else (),
            **(limits or {}),
        ),
        profile=replace(facts.profile, **(profile or {})),
        arms=tuple(
            Arm(name, cell, number, int(name.rpartition("_h")[2]) if "_h" in name else 64)
            for number, (name, cell) in enumerate(zip(arms, cells, strict=True))
        ),
        baselines=baselines,
        metric=facts.metric.name,
        margin=facts.margin,
        chosen=dict.fromkeys(arms, HYPERPARAMETERS),
        tuning=tuple(tuning),
        trainings=trainings(arms, "replicate"),
        baseline_trainings=trainings(baselines, "baseline"),
        curve_trainings=_curve(generator, facts, arms, curve),
        replicates=replicates,
        train_rows=8530,
        validation_rows=930,
        test_rows=1066,
        target_score=facts.target,
        costs=costs,
        training_time_ratios=ratios,
        by_length=_by_length(facts, arms, replicates),
        environment={
            "gatewise": "0.1.0", "python": "3.11.9", "platform": "Linux x86_64", "cores": 2, "memory_bytes": 16_777_216_000,
            "packages": {"torch": "2.13.0", "numpy": "2.2.1", "scikit-learn": "1.6.1"},
        },
        elapsed_s=581.0,
        stopped="decided",
        warnings=warnings,
    )  # fmt: skip
    evidence = _with_rows(replace(evidence, **(comparison or {})))
    excluded = excluded_arms(evidence)
    left = [name for name in arms if name not in excluded]
    others = []
    if replicates:
        others = [_difference(facts, scores, one, other) for n, one in enumerate(arms) for other in arms[n + 1 :]]
        unsure = {"p_first": 0.01, "p_equivalent": 0.28, "p_second": 0.71, "conclusion": "undecided"}
        others.append(_difference(facts, scores, baselines[1], arms[0], **unsure))
    deciding = _difference(facts, scores, left[0], left[1], **(difference or {})) if replicates and len(left) > 1 else None
    deciding = deciding and deciding.better_first()
    summary = {name: ScoreSummary(fmean(held), pstdev(held), len(held)) for name, held in scores.items() if held}
    first, second = map(Titles(evidence.arms), arms[:2])
    outcome = Verdict(
        decision="equivalent",
        recommended=arms[0],
        arms=evidence.arms,
        metric=facts.metric.name,
        higher_is_better=facts.metric.higher_is_better,
        margin=facts.margin,
        replicates=replicates,
        difference=deciding,
        comparisons=tuple(others),
        scores=summary,
        costs=costs,
        training_time_ratios=ratios,
        explanation=(
            f"{first} and {second} are practically equal on {evidence.profile.name}: ship the {first}, the cheaper to train.",
            f"The difference lies within the band with a probability of 97%, over {replicates} replicates.",
            f"A training step of the {first} takes 0.82 times as long as one of the {second}.",
        ),
        budget_s=600.0,
        elapsed_s=581.0,
        stopped=evidence.stopped,
        warnings=warnings,
        excluded=excluded,
    )
    outcome = replace(outcome, **(verdict or {}))
    return (with_mistakes(evidence, outcome) if mistakes else evidence), outcome


def whole_run(task: str) -> Run:
    """A run of a task with everything that a report can show: an arm of matched parameters, an excluded one, a learning curve."""
    sentences = (
        "Equivalent: the GRU (hidden 64) and the GRU (hidden 74) very probably differ by little; ship the GRU (hidden 64).",
        "Excluded by the constraints: the LSTM, whose latency 0.503 ms is above 0.48 ms and size 6.37 MB is above 6 MB.",
    )
    return make_run(
        ("gru_h64", "lstm", "gru_h74"),
        task=task,
        curve=(0.1, 0.25, 0.5),
        limits={"max_latency_ms": 0.48, "max_size_bytes": 6_000_000},
        verdict={"explanation": sentences},
        mistakes=True,
    )


def _undecided() -> Run:
    fields = {"p_first": 0.61, "p_equivalent": 0.37, "p_second": 0.02, "conclusion": "undecided", "further_replicates": 9}
    sentences = (
        "Undecided after 5 replicates: about 9 further replicates would probably decide.",
        "The GRU leads by 0.4 points.",
    )
    return make_run(
        replicates=5, difference=fields, verdict={"decision": "undecided", "recommended": "gru", "explanation": sentences}
    )


def _baseline() -> Run:
    sentences = ("TF-IDF + logistic regression beats both cells: ship it.", "It is 4.1 points better than the best cell.")
    return make_run(verdict={"decision": "baseline", "recommended": "tfidf_logistic", "explanation": sentences})


def _no_replicates() -> Run:
    fields = {"decision": "undecided", "recommended": "gru", "warnings": ("The budget ended before the first replicate.",)}
    sentences = ("Undecided: no replicate was finished.",)
    return make_run(
        replicates=0,
        verdict={**fields, "explanation": sentences},
        comparison={"stopped": "interrupted", "tuning": (), "chosen": {}},
    )


def _one_replicate() -> Run:
    unbounded = (-1.0, 1.0)
    comparison, verdict = make_run(replicates=1, verdict={"decision": "undecided"})
    assert verdict.difference is not None
    difference = replace(
        verdict.difference, ci95=unbounded, ci95_sequential=unbounded, conclusion="undecided", further_replicates=None
    )
    return comparison, replace(verdict, difference=difference)


def _series() -> Run:
    profile = {
        "name": "JapaneseVowels", "kind": "series", "rows": 640, "classes": {str(n): 71 for n in range(1, 10)}, "channels": 12,
        "fixed_test_rows": 370, "length_min": 7, "length_median": 15.0, "length_p95": 22.0, "length_max": 29,
    }  # fmt: skip
    return make_run(
        baselines=("majority", "linear_features"),
        profile=profile,
        comparison={"train_rows": 270, "validation_rows": 40, "test_rows": 370},
    )


def _one_left() -> Run:
    sentences = ("Ship the GRU: it alone meets the constraints.",)
    return make_run(task="forecast", limits={"max_latency_ms": 0.45}, verdict={"decision": "gru", "explanation": sentences})


def _none_left() -> Run:
    sentences = ("Ship the simple baseline, the linear model of the window: no cell meets the constraints.",)
    fields = {"decision": "baseline", "recommended": "linear_window", "explanation": sentences}
    return make_run(task="forecast", limits={"max_memory_bytes": 300_000_000}, verdict=fields)


RUNS: dict[str, Callable[[], Run]] = {
    "equivalent": make_run,
    "three_arms": lambda: make_run(("gru", "lstm", "rnn")),
    "same_cell_twice": lambda: make_run(("gru_1", "gru_2")),
    "undecided": _undecided,
    "baseline": _baseline,
    "no_replicates": _no_replicates,
    "one_replicate": _one_replicate,
    "fixed_test": _series,
    "audio": lambda: make_run(baselines=("majority", "linear_features"), profile=AUDIO, mistakes=True),
    "one_left": _one_left,
    "none_left": _none_left,
    **{f"whole_{task}": partial(whole_run, task) for task in TASKS},
}
