"""From rows to evidence: which replicates count, what a target is, and sums that can be checked by hand."""

from dataclasses import replace
from pathlib import Path

import pytest

from gatewise.comparison.plan import arms_of
from gatewise.metrics import METRICS
from gatewise.records import BatchLatency, Config, Epoch, Hyperparameters, Profile, Training, to_json
from gatewise.study.gathered import build_comparison, chosen_hyperparameters, read_trainings, target_score
from gatewise.study.journal import Journal, open_journal
from gatewise.training.tune import default_hyperparameters

CONFIG = Config("data", replicates=3)
PROFILE = Profile("data", "series", 40, {"a": 20, "b": 20}, 2, 5.0, 9.0, 10, 0, 1, None, "abc", warnings=("few rows",))
KNOWN = {
    "arms": to_json(arms_of(("gru", "lstm"))),
    "baselines": ["majority", "linear_features"],
    "metric": "accuracy",
    "margin": 0.01,
    "simplest_score": 0.5,
}
NAMES = ("gru", "lstm", "majority", "linear_features")


def epochs(*scores: float) -> tuple[Epoch, ...]:
    return tuple(Epoch(number, 0.5, 0.5, score, 2.0 * number) for number, score in enumerate(scores, 1))


def training(name: str, number: int, *scores: float, by_length: tuple[tuple[int, int], ...] = ((4, 3), (6, 3))) -> Training:
    if name in ("majority", "linear_features"):
        return Training("baseline", name, number, None, 0.5, None, 0.5, 0.5, 10, by_length=by_length)
    values = Hyperparameters(0.01, 0.1, 0.1, 0.1)
    return Training(
        "replicate",
        name,
        number,
        values,
        max(scores),
        0.5,
        0.9,
        0.6,
        10,
        history=epochs(*scores),
        by_length=by_length,
        parameters=7,
    )


def tuning(name: str, number: int, score: float) -> Training:
    return Training("tuning", name, number, Hyperparameters(0.001 * (number + 1), 0.1, 0.1, 0.1), score, 0.5)


def test_target_lies_near_the_weakest_arms_tuned_best() -> None:
    trials = [tuning("gru", 0, 0.7), tuning("gru", 1, 0.9), tuning("lstm", 0, 0.8), tuning("lstm", 1, 0.6)]
    assert target_score(trials, ("gru", "lstm"), 0.5, METRICS["accuracy"]) == pytest.approx(0.5 + 0.95 * 0.3)
    # Of errors the weakest best is the largest: 0.7, from a baseline of 1.
    assert target_score(trials, ("gru", "lstm"), 1.0, METRICS["mae"]) == pytest.approx(1 - 0.95 * 0.3)


def test_what_tuning_chose_stays_as_it_was_recorded(tmp_path: Path) -> None:
    trials = [tuning("gru", 0, 0.7), tuning("gru", 1, 0.9), tuning("lstm", 0, 0.7), tuning("lstm", 1, 0.8)]
    names = ("gru", "lstm")

    def rates(known: Journal, found: list[Training]) -> dict[str, float]:
        chosen = chosen_hyperparameters(known, found, names, METRICS["accuracy"], PROFILE)
        return {name: values.learning_rate for name, values in chosen.items()}

    with open_journal(tmp_path / "journal.sqlite") as journal:
        journal.add("data", "data", {"margin": 0.01, "validation_rows": 1000}, 1.0)
        default = default_hyperparameters(PROFILE.kind, PROFILE.task).learning_rate
        assert rates(journal, []) == {"gru": default, "lstm": default}
        assert rates(journal, trials) == {"gru": 0.002, "lstm": 0.002}
        own = {name: to_json(Hyperparameters(rate, 0.1, 0.1, 0.1)) for name, rate in (("gru", 0.003), ("lstm", 0.004))}
        journal.add("plan", "plan", {"target_score": 0.8, "tuning_trials": 2, "chosen": own}, 2.0)
        assert rates(journal, trials) == {"gru": 0.003, "lstm": 0.004}


def test_evidence_of_a_run(tmp_path: Path) -> None:
    replicates = [
        training("gru", 0, 0.5, 0.8, 0.9),
        training("gru", 1, 0.5, 0.7, 0.7),
        training("gru", 2, 0.9),
        training("lstm", 0, 0.5, 0.8, by_length=((4, 4), (6, 2))),
        training("lstm", 1, 0.9, 0.8, by_length=((4, 4), (6, 1))),
    ]
    baselines = [training(name, number) for name in NAMES[2:] for number in (0, 1, 2)]
    with open_journal(tmp_path / "journal.sqlite") as journal:
        data = {
            "profile": to_json(PROFILE),
            "length_edges": [5, 7, 10],
            "train_rows": 30,
            "test_rows": 10,
            "warnings": ["cut"],
            **KNOWN,
        }
        journal.add("data", "data", data, 1.0)
        journal.add("plan", "plan", {"target_score": 0.8, "tuning_trials": 1}, 2.0)
        steps = {"gru": [1.0, 3.0, 2.0, 2.0, 2.0], "lstm": [2.0, 6.0, 4.0, 4.0, 4.0]}
        journal.add("timing:steps", "timing", {"milliseconds": steps}, 2.5)
        bins = {0: lambda item: replace(item, by_length=(item.by_length[0], (0, 0), item.by_length[1]))}
        for item in [*replicates, *baselines, tuning("gru", 0, 0.8), tuning("lstm", 0, 0.9)]:
            stored = bins[0](item) if item.by_length else item
            journal.add(f"{item.kind}:{item.name}:{item.number}", item.kind, to_json(stored), 3.0)
        found = read_trainings(journal)
        comparison = build_comparison(CONFIG, {}, journal, found, elapsed_s=9.0, stopped="budget")
        assert comparison == build_comparison(CONFIG, {}, journal, read_trainings(journal), elapsed_s=9.0, stopped="budget")

    assert comparison.replicates == 2
    assert {item.number for item in (*comparison.trainings, *comparison.baseline_trainings)} == {0, 1}
    assert comparison.warnings == ("few rows", "cut")
    gru, lstm = comparison.costs["gru"], comparison.costs["lstm"]
    assert (gru.train_ms_per_step, lstm.train_ms_per_step) == (2.0, 4.0)
    (step,) = comparison.training_time_ratios
    assert (step.first, step.second) == ("gru", "lstm") and step.ratio.median == pytest.approx(0.5)
    # The GRU reaches 0.8 in epoch 2 and, in its other replicate, never: the median of the two is 'never'.
    assert (gru.target_reached, gru.epochs_to_target, gru.seconds_to_target) == (1, None, None)
    assert (lstm.target_reached, lstm.epochs_to_target, lstm.seconds_to_target) == (2, 1.5, 3.0)
    assert (gru.latency_ms, gru.peak_memory_bytes, gru.parameters) == ({}, None, 7)
    short, long = comparison.by_length
    assert (short.low, short.high, short.rows) == (2, 5, 8)
    assert short.scores == {"gru": 6 / 8, "lstm": 8 / 8}
    assert (long.low, long.high, long.rows) == (8, 10, 12)
    assert long.scores == {"gru": 6 / 12, "lstm": 3 / 12}


def test_evidence_before_the_first_replicate(tmp_path: Path) -> None:
    with open_journal(tmp_path / "journal.sqlite") as journal:
        data = {"profile": to_json(PROFILE), "length_edges": [10], "train_rows": 30, "test_rows": 10, "warnings": [], **KNOWN}
        journal.add("data", "data", data, 1.0)
        comparison = build_comparison(CONFIG, {}, journal, read_trainings(journal), elapsed_s=1.0, stopped="interrupted")
    assert (comparison.replicates, comparison.by_length, comparison.target_score) == (0, (), None)
    assert comparison.costs["gru"].epochs_to_target is None


@pytest.mark.parametrize("shipped", [False, True])
def test_evidence_of_another_device(tmp_path: Path, shipped: bool) -> None:
    def latency(milliseconds: float) -> dict[str, dict[str, BatchLatency]]:
        return {name: {"batch1": BatchLatency(milliseconds, 9.0, 9.0)} for name in ("gru", "lstm")}

    with open_journal(tmp_path / "journal.sqlite") as journal:
        data = {"profile": to_json(PROFILE), "length_edges": [10], "train_rows": 30, "test_rows": 10, "warnings": [], **KNOWN}
        journal.add("data", "data", data, 1.0)
        for place, (device, times) in enumerate({"": 2.0, ":cuda": 0.5}.items()):
            steps = {"gru": [times] * 3, "lstm": [(2 - place) * times] * 3}
            journal.add(f"timing:steps{device}", "timing", {"milliseconds": steps}, 2.0)
            journal.add(f"timing:latency{device}", "timing", {"latency_ms": to_json(latency(times)), "ratios": []}, 2.0)
        journal.add("timing:memory:cuda", "timing", {"peak_memory_bytes": {"gru": 10, "lstm": 20}}, 2.0)
        if shipped:
            journal.add("timing:shipped", "timing", {"latency_ms": to_json(latency(7.0)), "bytes": {}, "refused": {}}, 2.0)
        for item in [training(name, 0, 0.5) for name in NAMES]:
            journal.add(f"{item.kind}:{item.name}:0", item.kind, to_json(item), 3.0)
        config = replace(CONFIG, device=("cpu", "cuda", "mps"))
        comparison = build_comparison(config, {}, journal, read_trainings(journal), elapsed_s=1.0, stopped="budget")
    # Nothing was measured on the third.
    assert list(comparison.elsewhere) == ["cuda"]
    here, there = comparison.costs["gru"], comparison.elsewhere["cuda"].costs["gru"]
    assert (here.train_ms_per_step, here.peak_memory_bytes) == (2.0, None)
    assert (there.train_ms_per_step, there.peak_memory_bytes) == (0.5, 10)
    assert here.fit_s is not None and there.fit_s == pytest.approx(here.fit_s / 4)
    assert there.seconds_to_target is None
    assert [one.latency_ms["batch1"].p50 for one in (here, there)] == ([7.0, 7.0] if shipped else [2.0, 0.5])
    (step,) = comparison.elsewhere["cuda"].training_time_ratios
    assert step.ratio.median == pytest.approx(1.0)
    assert comparison.training_time_ratios[0].ratio.median == pytest.approx(0.5)
