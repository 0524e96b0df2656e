"""Comparisons and verdicts as a run would leave them, made from a fixed seed."""

from collections.abc import Callable
from dataclasses import replace
from statistics import fmean, pstdev
from typing import Any

import numpy as np
import pytest

from gatewise.names import display_name
from gatewise.records import (
    Arm,
    BatchLatency,
    Comparison,
    Config,
    Cost,
    Difference,
    Epoch,
    Hyperparameters,
    LengthScore,
    Profile,
    Ratio,
    ScoreSummary,
    Trial,
    Verdict,
)

Run = tuple[Comparison, Verdict]
MEANS = {
    "gru": 0.774,
    "lstm": 0.770,
    "rnn": 0.741,
    "gru_2": 0.773,
    "tfidf_logistic": 0.763,
    "linear_features": 0.765,
    "majority": 0.5,
}
HYPERPARAMETERS = Hyperparameters(learning_rate=0.00213, dropout=0.4, input_dropout=0.25, weight_decay=1e-5)


def _history(generator: np.random.Generator, peak: float, epochs: int) -> tuple[Epoch, ...]:
    scores = [
        peak - 0.2 * np.exp(-0.9 * epoch) - 0.002 * max(0, epoch - 4) + generator.normal(0, 0.004) for epoch in range(epochs)
    ]
    return tuple(Epoch(n + 1, 0.7 / (n + 1), 0.6 / (n + 1), float(score), 2.1 * (n + 1)) for n, score in enumerate(scores))


def _trial(generator: np.random.Generator, kind: Any, name: str, number: int, score: float) -> Trial:
    if kind == "baseline":
        return Trial(kind, name, number, None, score, None, min(score + 0.06, 1.0), score, 1066, seconds=0.4)
    history = _history(generator, score + 0.005, int(generator.integers(5, 11)))
    phases = {"forward": 6.1, "backward": 9.4, "optimiser": 1.5, "batches": 0.6, "evaluation": 0.7}
    return Trial(
        kind,
        name,
        number,
        HYPERPARAMETERS,
        validation_score=score + 0.004,
        validation_loss=0.48,
        train_score=score + 0.085,
        test_score=score,
        test_rows=1066,
        best_epoch=5,
        history=history,
        phases=phases,
        seconds=18.3,
        parameters=1_305_282,
        size_bytes=5_221_900,
    )


def _difference(scores: dict[str, list[float]], first: str, second: str, **fields: Any) -> Difference:
    values = np.array(scores[first]) - np.array(scores[second])
    mean, half = float(values.mean()), 2.2 * float(values.std()) * 0.45
    known = {"p_first": 0.021, "p_equivalent": 0.967, "p_second": 0.012, "conclusion": "equivalent", **fields}
    wide = (mean - 1.5 * half, mean + 1.5 * half)
    return Difference(first, second, mean, (mean - half, mean + half), wide, pairs=len(values), **known)


def _cost(scale: float) -> Cost:
    latency = {
        "batch1": BatchLatency(0.412 * scale, 0.45 * scale, 0.61 * scale),
        "batch32": BatchLatency(4.13 * scale, 4.4, 6.02),
    }
    return Cost(
        12.34 * scale, 3.0, 9.8 * scale, 11, latency, int(412_300_000 * scale), int(1_305_282 * scale), int(5_221_900 * scale)
    )


def _by_length(arms: tuple[str, ...], pairs: int) -> tuple[LengthScore, ...]:
    bins = [(1, 10), (11, 17), (18, 24), (25, 31), (32, 56)] if pairs else []
    return tuple(
        LengthScore(low, high, 1000 * pairs // (n + 1), {name: MEANS[name] + 0.02 - 0.012 * n for name in arms})
        for n, (low, high) in enumerate(bins)
    )


def make_run(
    arms: tuple[str, ...] = ("gru", "lstm"),
    baselines: tuple[str, ...] = ("majority", "tfidf_logistic"),
    pairs: int = 12,
    *,
    profile: dict[str, Any] | None = None,
    comparison: dict[str, Any] | None = None,
    verdict: dict[str, Any] | None = None,
    difference: dict[str, Any] | None = None,
) -> Run:
    """Build a run; the mappings replace fields of its records."""
    generator = np.random.default_rng(7)
    scores: dict[str, list[float]] = {}
    for name in (*arms, *baselines):
        spread = 0.0 if name == "majority" else 0.006
        scores[name] = [float(score) for score in MEANS[name] + generator.normal(0, spread, pairs)] if spread else [0.5] * pairs

    def trials(names: tuple[str, ...], kind: str) -> tuple[Trial, ...]:
        return tuple(_trial(generator, kind, name, pair, scores[name][pair]) for pair in range(pairs) for name in names)

    tuning = []
    for name in arms:
        for number, score in enumerate(MEANS[name] - generator.gamma(1.2, 0.012, 8)):
            chosen = replace(HYPERPARAMETERS, learning_rate=float(generator.uniform(1e-4, 1e-2)))
            settings = HYPERPARAMETERS if number == 3 else chosen
            tuning.append(
                replace(_trial(generator, "tuning", name, number, float(score)), hyperparameters=settings, test_score=None)
            )
    facts = Profile(
        "mr", "text", 10_662, {"negative": 5331, "positive": 5331}, 1, 20.0, 39.0, 56, 11, 0, None, "sha256:4f1c09a2",
        ("text column: text", "target column: label", "kind: text"), (),
    )  # fmt: skip
    unmeasured = Cost(None, None, None, 0, {}, None, 0, 0)
    costs = {name: _cost(1 + 0.22 * number) if pairs else unmeasured for number, name in enumerate(arms)}
    ratio = Ratio(0.823, (0.808, 0.841)) if pairs and len(arms) > 1 else None
    warnings = ("11 rows repeat another row; repeats stay on one side of every split.",)
    evidence = Comparison(
        config=Config("reviews.csv", cells=tuple(name.split("_")[0] for name in arms)),
        profile=replace(facts, **(profile or {})),
        arms=tuple(Arm(name, name.split("_")[0], number) for number, name in enumerate(arms)),
        baselines=baselines,
        metric="accuracy",
        chosen=dict.fromkeys(arms, HYPERPARAMETERS),
        tuning=tuple(tuning),
        trials=trials(arms, "pair"),
        baseline_trials=trials(baselines, "baseline"),
        pairs=pairs,
        train_rows=8530,
        test_rows=1066,
        target_score=0.752,
        costs=costs,
        training_time_ratio=ratio,
        by_length=_by_length(arms, pairs),
        environment={
            "gatewise": "0.1.0", "python": "3.11.9", "platform": "Linux x86_64", "cores": 2, "memory_bytes": 16_777_216_000,
            "packages": {"torch": "2.13.0", "numpy": "2.2.1", "scikit-learn": "1.6.1"},
        },
        elapsed_s=581.0,
        stopped="decided",
        warnings=warnings,
    )  # fmt: skip
    evidence = replace(evidence, **(comparison or {}))
    deciding = _difference(scores, arms[0], arms[1], **(difference or {})) if pairs else None
    others = []
    if deciding is not None:
        others = [_difference(scores, one, other) for n, one in enumerate(arms) for other in arms[n + 1 :]]
        others.append(
            _difference(scores, baselines[1], arms[0], p_first=0.01, p_equivalent=0.28, p_second=0.71, conclusion="undecided")
        )
    summary = {name: ScoreSummary(fmean(held), pstdev(held), len(held)) for name, held in scores.items() if held}
    first, second = (display_name(name) for name in arms[:2])
    outcome = Verdict(
        decision="equivalent",
        recommended=arms[0],
        metric="accuracy",
        higher_is_better=True,
        margin=0.01,
        pairs=pairs,
        difference=deciding,
        comparisons=tuple(others),
        scores=summary,
        costs=costs,
        training_time_ratio=ratio,
        explanation=(
            f"{first} and {second} are practically equal on mr: ship the {first}, the cheaper to train.",
            f"The difference in test accuracy lies within the band of ±1 point with a probability of 96.7%, over {pairs} pairs.",
            f"A training step of the {first} takes 0.82 times as long as one of the {second}.",
        ),
        budget_s=600.0,
        elapsed_s=581.0,
        stopped=evidence.stopped,
        warnings=warnings,
    )
    return evidence, replace(outcome, **(verdict or {}))


def _undecided() -> Run:
    fields = {"p_first": 0.61, "p_equivalent": 0.37, "p_second": 0.02, "conclusion": "undecided", "further_pairs": 9}
    sentences = ("Undecided after 5 pairs: about 9 further pairs would probably decide.", "The GRU leads by 0.4 points.")
    return make_run(pairs=5, difference=fields, verdict={"decision": "undecided", "recommended": "gru", "explanation": sentences})


def _baseline() -> Run:
    sentences = ("TF-IDF + logistic regression beats both cells: ship it.", "It is 4.1 points better than the best cell.")
    return make_run(verdict={"decision": "baseline", "recommended": "tfidf_logistic", "explanation": sentences})


def _no_pairs() -> Run:
    fields = {"decision": "undecided", "recommended": "gru", "warnings": ("The budget ended before the first pair.",)}
    sentences = ("Undecided: no pair was finished.",)
    return make_run(
        pairs=0, verdict={**fields, "explanation": sentences}, comparison={"stopped": "interrupted", "tuning": (), "chosen": {}}
    )


def _one_pair() -> Run:
    unbounded = (-1.0, 1.0)
    comparison, verdict = make_run(pairs=1, verdict={"decision": "undecided"})
    assert verdict.difference is not None
    difference = replace(
        verdict.difference, ci95=unbounded, ci95_sequential=unbounded, conclusion="undecided", further_pairs=None
    )
    return comparison, replace(verdict, difference=difference)


def _series() -> Run:
    profile = {
        "name": "JapaneseVowels", "kind": "series", "rows": 640, "classes": {str(n): 71 for n in range(1, 10)}, "channels": 12,
        "fixed_test_rows": 370, "length_min": 7, "length_median": 15.0, "length_p95": 22.0, "length_max": 29,
    }  # fmt: skip
    return make_run(baselines=("majority", "linear_features"), profile=profile, comparison={"train_rows": 230, "test_rows": 370})


RUNS: dict[str, Callable[[], Run]] = {
    "equivalent": make_run,
    "three_arms": lambda: make_run(("gru", "lstm", "rnn")),
    "same_cell_twice": lambda: make_run(("gru", "gru_2")),
    "undecided": _undecided,
    "baseline": _baseline,
    "no_pairs": _no_pairs,
    "one_pair": _one_pair,
    "fixed_test": _series,
}


@pytest.fixture(params=sorted(RUNS))
def any_run(request: pytest.FixtureRequest) -> Run:
    """Every kind of run in turn."""
    return RUNS[request.param]()


@pytest.fixture
def run_named() -> Callable[[str], Run]:
    """A function from a kind of run to that run."""
    return lambda name: RUNS[name]()


@pytest.fixture
def run_with() -> Callable[..., Run]:
    """A function that builds a run with some fields replaced."""
    return make_run
