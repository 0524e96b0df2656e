"""How long trainings are: short where that is as good, whole where it is not, the same for every arm, and once for a run."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import gatewise
from gatewise import tasks
from gatewise.metrics import METRICS
from gatewise.records import Training
from gatewise.report.sections.reproduce import as_it_was
from gatewise.study import phases
from gatewise.study.length import choose_length, decide_length
from gatewise.study.session import Session
from gatewise.training.tune import default_hyperparameters

VALUES = default_hyperparameters("series")


def trial(name: str, number: int, score: float) -> Training:
    return Training("tuning", name, number, VALUES, score, 0.5)


@pytest.mark.parametrize(
    ("metric", "scores", "rows", "chosen"),
    [
        ("accuracy", (0.80, 0.82), 10**6, 20),
        ("accuracy", (0.80, 0.82), 100, 4),  # a standard error is four points
        ("accuracy", (0.80, 0.82), 20, 20),  # of nine points: nothing can be told, and whole trainings are safe
        ("accuracy", (0.80, 0.804), 10**6, 4),
        ("accuracy", (0.82, 0.70), 10**6, 4),
        ("mae", (0.80, 0.78), 100, 20),
        ("mae", (0.80, 0.90), 100, 4),
    ],
)
def test_whole_trainings_must_be_clearly_better(metric: str, scores: tuple[float, float], rows: int, chosen: int) -> None:
    # All of the change is one arm's: the mean counts.
    before, after = scores
    found = [trial("gru", 0, before), trial("gru", 1, before), trial("lstm", 0, before), trial("lstm", 1, 2 * after - before)]
    length = choose_length([*found, trial("gru", 2, 0.1)], METRICS[metric], 0.01, rows, short=4, whole=20)
    assert (length.short, length.whole, length.chosen) == (4, 20, chosen)
    assert length.gain == pytest.approx(METRICS[metric].gain(scores[1]) - METRICS[metric].gain(scores[0]))
    assert length.is_untold == (rows == 20)
    assert (length.gain > length.needed) == (chosen == 20 and rows != 20)


def few_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gatewise.study.length.TELLING_ERROR", 1.0)
    monkeypatch.setitem(tasks.TASKS, "classification", replace(tasks.TASKS["classification"], steps=100, short=0.1))


def compare(out: Path, **options: Any) -> gatewise.Result:
    settings: dict[str, Any] = {"replicates": 2, "tune": 2, "hidden_size": 4, "rivals": "simple"} | options
    return gatewise.compare("builtin:parity?rows=60&length=10", out=out, **settings)


def units(run: Path, kind: str) -> list[dict[str, Any]]:
    rows = [json.loads(line) for line in (run / "units.jsonl").read_text(encoding="utf-8").splitlines()]
    return [row for row in rows if row["kind"] == kind]


@pytest.mark.parametrize("better", [False, True])
@pytest.mark.parametrize("budget", [None, "5h"])
def test_a_run_chooses_once_and_its_command_repeats_it(
    better: bool, budget: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    few_steps(monkeypatch)
    monkeypatch.setattr("gatewise.study.length.margin_of", lambda journal: -9.0 if better else 9.0)
    result = compare(tmp_path / "run", budget=budget)
    short, whole = 4, 20
    chosen = whole if better else short
    assert result.comparison.config.max_epochs == chosen
    (length,) = units(tmp_path / "run", "length")
    assert (length["short"], length["whole"], length["chosen"]) == (short, whole, chosen)
    trials = units(tmp_path / "run", "tuning")
    assert [trial["max_epochs"] for trial in trials] == [short] * 2 + [whole] * 2 + [chosen] * 2
    assert trials[0]["hyperparameters"] == trials[2]["hyperparameters"] != trials[4]["hyperparameters"]
    assert {training.max_epochs for training in result.comparison.trainings} == {chosen}
    assert len(result.comparison.tuning) == 4, "two rounds of the length that was chosen"
    assert "in the mean of the arms" in (tmp_path / "run/report.html").read_text(encoding="utf-8")
    again = gatewise.resume(tmp_path / "run")
    assert (again.comparison.config.max_epochs, again.verdict.scores) == (chosen, result.verdict.scores)
    command = as_it_was(result.comparison)
    assert (command.max_epochs, command.tune) == (chosen, 2)
    repeated = compare(tmp_path / "again", max_epochs=chosen)
    assert repeated.verdict.scores == result.verdict.scores
    assert not units(tmp_path / "again", "length")


@pytest.mark.parametrize("after", [1, 3, 4])
def test_an_interrupted_choice_goes_on(after: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    few_steps(monkeypatch)
    expected = compare(tmp_path / "whole")
    calls = []

    def interrupted(session: Any) -> None:
        calls.append(session)
        if after == 4 and len(calls) == 2:
            raise KeyboardInterrupt
        decide_length(session)

    add = Session.add_training

    def added(self: Any, unit: Any, training: Training) -> None:
        add(self, unit, training)
        if after < 4 and len(self.found["tuning"]) == after:
            raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(phases, "decide_length", interrupted)
        patch.setattr(Session, "add_training", added)
        stopped = compare(tmp_path / "run")
    assert stopped.comparison.stopped == "interrupted"
    resumed = gatewise.resume(tmp_path / "run")
    assert resumed.verdict.scores == expected.verdict.scores
    assert resumed.comparison.length == expected.comparison.length


def test_without_tuning_trainings_are_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    few_steps(monkeypatch)
    assert compare(tmp_path / "run", tune=0).comparison.config.max_epochs == 20
    assert not units(tmp_path / "run", "length")
