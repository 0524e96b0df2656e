"""What a budget holds, and that a run keeps to it and to what it has found."""

import json
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import gatewise
from gatewise.records import Progress, Training
from gatewise.report.live import NullView
from gatewise.study import forecast, phases
from gatewise.study.budget import BudgetPlan, Foresight, foreseen_replicates, plan_budget
from gatewise.study.deadline import BudgetSpent
from gatewise.study.work import Workload

KNOWN = Foresight(
    budget_s=600.0, elapsed_s=5.0, epoch_s=(0.1, 0.1), report_s=1.0, epochs=100, jobs=2, tune=None, wanted=5, typical=0.6
)


class Listener(NullView):
    """Keeps what a run says, and when."""

    def __init__(self) -> None:
        self.started = time.monotonic()
        self.lines: list[tuple[float, str]] = []
        self.last: Progress | None = None

    def log(self, message: str) -> None:
        self.lines.append((time.monotonic() - self.started, message))

    def update(self, progress: Progress) -> None:
        self.last = progress


# ---------------------------------------------------------------- the plan


def test_a_budget_with_room_changes_nothing() -> None:
    plan = plan_budget(KNOWN)
    assert (plan.max_epochs, plan.own_epochs, plan.tuned, plan.better_s) == (100, 100, True, None)
    assert plan.replicates >= 5
    assert plan.training_s == pytest.approx(10.0)


@pytest.mark.parametrize("budget", [10, 20, 30, 40, 60, 90, 120, 240, 600, 3600])
@pytest.mark.parametrize("epoch", [0.01, 0.1, 1.0, 10.0])
def test_shorter_budgets_never_mean_longer_trainings(budget: float, epoch: float) -> None:
    known = replace(KNOWN, budget_s=budget, epoch_s=(epoch, 1.3 * epoch))
    plan, richer = plan_budget(known), plan_budget(replace(known, budget_s=2 * budget))
    assert 1 <= plan.max_epochs <= richer.max_epochs <= 100
    assert plan.tuned <= richer.tuned
    # Below a quarter of their epochs trainings are cut for the first replicate alone, and then nothing is tuned.
    assert plan.max_epochs >= 25 or not plan.tuned
    if plan.max_epochs > 1 and not plan.tuned:
        assert foreseen_replicates(replace(known, typical=1.0), plan.max_epochs, 0) >= 1


def test_the_better_budget_holds_enough_replicates_of_full_length() -> None:
    known = replace(KNOWN, budget_s=30.0)
    plan = plan_budget(known)
    assert plan.max_epochs < 100
    assert plan.better_s is not None
    better = plan_budget(replace(known, budget_s=plan.better_s))
    assert (better.max_epochs, better.better_s) == (100, None)
    assert better.replicates >= 5


def test_hopeless_budgets_still_have_a_plan() -> None:
    plan = plan_budget(replace(KNOWN, budget_s=0.01, epoch_s=(500.0, 900.0)))
    assert (plan.max_epochs, plan.tuned, plan.replicates) == (1, False, 0)
    assert plan.better_s is not None


def test_rounds_of_tuning_that_were_asked_for_are_counted() -> None:
    known = replace(KNOWN, budget_s=120.0)
    assert plan_budget(replace(known, tune=8)).replicates < plan_budget(replace(known, tune=1)).replicates


def test_the_first_replicate_costs_no_training_where_anything_is_tuned() -> None:
    known = replace(KNOWN, budget_s=120.0, tune=1)
    assert foreseen_replicates(known, 100, 1) == foreseen_replicates(known, 100, 0) > foreseen_replicates(known, 100, 2)
    assert plan_budget(replace(known, tune=1)).replicates == plan_budget(replace(known, tune=0)).replicates


def test_baselines_and_scores_take_their_time_from_the_replicates() -> None:
    plan = plan_budget(replace(KNOWN, budget_s=90.0))
    slower = plan_budget(replace(KNOWN, budget_s=90.0, baselines_s=16.0, scoring_s=2.0))
    assert slower.replicates < plan.replicates
    assert slower.max_epochs < plan.max_epochs
    # Two processes share them, and get in each other's way.
    assert slower.baselines_s == pytest.approx(16.0 * 1.25 / 2)
    assert slower.replicate_s == pytest.approx(0.1 * 0.6 * slower.max_epochs + slower.baselines_s + slower.scoring_s)
    assert slower.better_s is not None
    assert plan_budget(replace(KNOWN, budget_s=slower.better_s, baselines_s=16.0, scoring_s=2.0)).replicates >= 5


def test_whole_trainings_are_tried_where_enough_replicates_of_them_fit() -> None:
    free = replace(KNOWN, whole=400)
    for budget, tried in ((900.0, 400), (600.0, 400), (240.0, None), (30.0, None)):
        plan = plan_budget(replace(free, budget_s=budget))
        assert (plan.own_epochs, plan.whole_epochs) == (100, tried), budget
        if tried is not None:
            assert foreseen_replicates(replace(free, budget_s=budget, whole=None), tried, 1) >= 5
    assert plan_budget(replace(free, wanted=200)).whole_epochs is None


@pytest.mark.parametrize("budget", [10.0, 60.0, 600.0, 3600.0])
def test_nothing_else_is_tried_beside_epochs_that_were_asked_for(budget: float) -> None:
    plan = plan_budget(replace(KNOWN, budget_s=budget))
    assert plan.max_epochs <= 100
    assert plan.whole_epochs is None


def test_the_round_of_whole_trainings_takes_its_time_from_replicates_and_is_part_of_the_most() -> None:
    fixed, free = plan_budget(KNOWN), plan_budget(replace(KNOWN, whole=200))
    assert free.whole_epochs == 200
    assert (free.max_epochs, free.replicate_s, free.better_s) == (fixed.max_epochs, fixed.replicate_s, fixed.better_s)
    assert free.replicates < fixed.replicates
    assert free.replicate_most_s == pytest.approx(2 * fixed.replicate_most_s)
    assert plan_budget(replace(KNOWN, whole=200, tune=0)).whole_epochs is None


# ---------------------------------------------------------------- a run


SLOW = "builtin:parity?rows=400&length=60"


@pytest.fixture
def slow_steps(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Make every training step take so many seconds more, in this process."""
    from gatewise.training.autograd_step import AutogradStep
    from gatewise.training.compiled_step import CompiledStep

    own_calls: dict[type[Any], Callable[..., float]] = {kind: kind.__call__ for kind in (AutogradStep, CompiledStep)}

    def slow(seconds: float) -> None:
        def slowed(own: Callable[..., float]) -> Callable[..., float]:
            def call(self: Any, *given: Any) -> float:
                time.sleep(seconds)
                return own(self, *given)

            return call

        for kind, own in own_calls.items():
            monkeypatch.setattr(kind, "__call__", slowed(own))

    return slow


def test_a_budget_too_small_for_one_replicate_keeps_the_run(tmp_path: Path, slow_steps: Callable[[float], None]) -> None:
    import sklearn.linear_model  # noqa: F401  (seconds, which a command spends while it reads)

    slow_steps(0.3)
    view = Listener()
    result = gatewise.compare(SLOW, budget=6, hidden_size=4, out=tmp_path / "run", view=view)
    assert (result.verdict.decision, result.verdict.replicates, result.comparison.stopped) == ("undecided", 0, "budget")
    assert (tmp_path / "run/report.html").exists()
    assert json.loads((tmp_path / "run/verdict.json").read_text(encoding="utf-8"))["replicates"] == 0
    # An epoch takes longer than the whole budget: the training under way was given up in the midst of it.
    rows = [json.loads(line) for line in (tmp_path / "run/units.jsonl").read_text(encoding="utf-8").splitlines()]
    assert not {"tuning", "replicate"} & {row["kind"] for row in rows}
    said = "\n".join(line for _, line in view.lines)
    assert all(word in said for word in ("even one may not fit into 6.0 s", "untuned", "Nothing is decided before 5", "--budget"))


def test_what_would_be_better_is_said_before_anything_is_trained(tmp_path: Path, slow_steps: Callable[[float], None]) -> None:
    slow_steps(0.2)
    view = Listener()
    result = gatewise.compare(SLOW, budget=6, hidden_size=4, out=tmp_path / "run", view=view)
    advice = next(number for number, (_, line) in enumerate(view.lines) if "they fit into --budget" in line)
    assert not any(line.startswith(("tuning", "replicate")) for _, line in view.lines[:advice])
    assert any("Every training was cut to" in warning for warning in result.verdict.warnings)


def test_nothing_that_was_trained_is_thrown_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that ends within its first replicate goes on from the trainings it has."""
    own = Workload.run
    finished: list[str] = []

    def run(self: Workload, unit: Any, *rest: Any) -> Training:
        if len(finished) == 2:
            raise BudgetSpent
        training = own(self, unit, *rest)
        finished.append(unit.key)
        return training

    monkeypatch.setattr(Workload, "run", run)
    options: dict[str, Any] = {"hidden_size": 4, "max_epochs": 2, "replicates": 2, "budget": 300, "margin": 0.01}
    first = gatewise.compare("builtin:parity?rows=100&length=10", tune=1, out=tmp_path / "run", **options)
    assert (first.verdict.replicates, finished) == (0, ["tuning:gru:0", "tuning:lstm:0"])

    monkeypatch.setattr(Workload, "run", own)
    resumed = gatewise.resume(tmp_path / "run", budget=400)
    assert resumed.verdict.replicates == 2
    rows = [json.loads(line) for line in (tmp_path / "run/units.jsonl").read_text(encoding="utf-8").splitlines()]
    assert len({row["key"] for row in rows}) == len(rows)
    whole = gatewise.compare("builtin:parity?rows=100&length=10", tune=1, out=tmp_path / "whole", **options)
    assert resumed.verdict.scores == whole.verdict.scores


def test_a_round_of_tuning_that_was_given_up_does_not_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = Workload.run

    def run(self: Workload, unit: Any, *rest: Any) -> Training:
        if unit.key == "tuning:lstm:1":
            raise BudgetSpent
        return own(self, unit, *rest)

    monkeypatch.setattr(Workload, "run", run)
    result = gatewise.compare(
        "builtin:parity?rows=100&length=10", tune=3, replicates=2, budget=300, hidden_size=4, max_epochs=2, out=tmp_path / "run"
    )
    assert [(trial.name, trial.number) for trial in result.comparison.tuning] == [("gru", 0), ("lstm", 0)]
    assert result.verdict.replicates == 2


def test_without_time_for_tuning_every_cell_has_the_defaults(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    untuned = BudgetPlan(2, 40, False, 3, 9.0, 0.1, 0.1, 120.0)
    monkeypatch.setattr("gatewise.study.outlook.plan_budget", lambda known: untuned)
    result = gatewise.compare("builtin:parity?rows=100&length=10", replicates=2, budget=300, hidden_size=4, out=tmp_path / "run")
    assert result.comparison.tuning == ()
    assert result.comparison.chosen["gru"] == result.comparison.chosen["lstm"]
    assert result.comparison.config.max_epochs == 2
    assert all(len(training.history) <= 2 for training in result.comparison.trainings)
    notes = [warning for warning in result.verdict.warnings if "to fit into" in warning or "no time to tune" in warning]
    assert len(notes) == 2
    # Another session keeps the plan, whatever its budget: replicates must be alike.
    resumed = gatewise.resume(tmp_path / "run", budget="1h")
    assert resumed.comparison.config.max_epochs == 2


def test_no_tuning_can_be_asked_for_and_repeats_a_run_that_had_no_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    untuned = BudgetPlan(2, 40, False, 3, 9.0, 0.1, 0.1, 120.0)
    source = "builtin:parity?rows=100&length=10"
    asked = gatewise.compare(source, tune=0, replicates=2, max_epochs=2, hidden_size=4, budget=300, out=tmp_path / "asked")
    assert asked.comparison.tuning == ()
    assert not any("no time to tune" in warning for warning in asked.verdict.warnings)
    monkeypatch.setattr("gatewise.study.outlook.plan_budget", lambda known: untuned)
    short = gatewise.compare(source, replicates=2, hidden_size=4, budget=300, out=tmp_path / "short")
    assert short.verdict.scores == asked.verdict.scores


def test_a_run_without_trainings_is_planned_anew(tmp_path: Path, slow_steps: Callable[[float], None]) -> None:
    slow_steps(0.5)
    short = gatewise.compare(
        "builtin:parity?rows=100&length=10",
        replicates=2,
        tune=1,
        budget=2,
        hidden_size=4,
        max_epochs=8,
        rivals="simple",
        out=tmp_path / "run",
    )
    assert (short.verdict.replicates, short.comparison.config.max_epochs) == (0, 1)
    slow_steps(0.0)
    resumed = gatewise.resume(tmp_path / "run", budget=300)
    assert (resumed.verdict.replicates, resumed.comparison.config.max_epochs) == (2, 8)


def test_the_margin_comes_from_the_first_replicate_and_waits_for_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its baselines are fitted once, and what a budget leaves open is fixed when there is time."""
    options: dict[str, Any] = {"replicates": 2, "tune": 1, "hidden_size": 4, "max_epochs": 1, "budget": 300}
    source = "builtin:waves?rows=120"
    whole = gatewise.compare(source, out=tmp_path / "whole", **options)
    first = [training.validation_score for training in whole.comparison.baseline_trainings if training.number == 0]
    assert whole.verdict.margin == pytest.approx(0.02 * min(first))

    own = Workload.run

    def run(self: Workload, unit: Any, *rest: Any) -> Training:
        raise BudgetSpent

    monkeypatch.setattr(Workload, "run", run)
    short = gatewise.compare(source, out=tmp_path / "short", **options)
    assert (short.verdict.replicates, short.verdict.decision) == (0, "undecided")
    monkeypatch.setattr(Workload, "run", own)
    resumed = gatewise.resume(tmp_path / "short")
    assert resumed.verdict.margin == whole.verdict.margin
    assert resumed.verdict.scores == whole.verdict.scores


def test_the_reported_time_begins_with_the_program(tmp_path: Path) -> None:
    began = time.monotonic() - 25.0
    result = gatewise.compare(
        "builtin:parity?rows=60&length=10",
        replicates=2,
        tune=1,
        hidden_size=4,
        max_epochs=1,
        budget=300,
        out=tmp_path / "run",
        started=began,
    )
    assert result.verdict.elapsed_s > 25.0


def test_measuring_takes_no_more_than_its_share(tmp_path: Path, slow_steps: Callable[[float], None]) -> None:
    slow_steps(0.3)
    gatewise.compare(
        "builtin:parity?rows=64&length=10",
        replicates=2,
        tune=1,
        budget=40,
        hidden_size=4,
        max_epochs=1,
        rivals="none",
        out=tmp_path / "run",
    )
    rows = [json.loads(line) for line in (tmp_path / "run/units.jsonl").read_text(encoding="utf-8").splitlines()]
    # A round of two arms takes 0.6 s at least, and steps may be timed for 4% of 40 s, or for two rounds.
    milliseconds = next(row for row in rows if row["key"] == "timing:steps")["milliseconds"]
    assert all(2 <= len(values) <= 3 and np.median(values) >= 300 for values in milliseconds.values())


def test_a_final_training_that_was_cut_short_is_done_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from gatewise.study.session import Session

    own = Session.left
    monkeypatch.setattr(Session, "left", lambda self: -99.0 if "on all data" in self.progress.phase else own(self))
    options: dict[str, Any] = {"replicates": 2, "tune": 1, "hidden_size": 4, "max_epochs": 3, "budget": 300, "rivals": "none"}
    view = Listener()
    gatewise.compare("builtin:parity?rows=100&length=10", out=tmp_path / "run", view=view, **options)
    assert any("the budget cut the training of the" in line and "on all data to 1 epoch;" in line for _, line in view.lines)
    monkeypatch.setattr(Session, "left", own)
    gatewise.resume(tmp_path / "run")
    rows = [json.loads(line) for line in (tmp_path / "run/units.jsonl").read_text(encoding="utf-8").splitlines()]
    finals = [(row["epochs"], row["cut_short"]) for row in rows if row["kind"] == "final"]
    assert finals == [(1, True), (3, False)]


def test_libraries_are_loaded_before_a_baseline_is_timed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where other processes trained, the first fit here would otherwise be the time of its imports."""
    done: list[str] = []
    session: Any = SimpleNamespace(replicates_done=1, left=lambda: 10.0)
    monkeypatch.setattr(phases, "baseline_costs_seconds", lambda _: 1.0)
    monkeypatch.setattr(phases, "closing_seconds", lambda _: 1.0)
    monkeypatch.setattr(phases, "load_libraries", lambda: done.append("loaded"))
    monkeypatch.setattr(phases, "_measure_baselines", lambda _: done.append("timed"))
    phases.measure_late(session)
    assert done == ["loaded", "timed"]


@pytest.mark.parametrize(("left", "epochs"), [(float("inf"), 40), (1000.0, 40), (12.0, 10), (0.5, 1)])
def test_the_closing_training_has_the_epochs_that_fit(monkeypatch: pytest.MonkeyPatch, left: float, epochs: int) -> None:
    """One that is cut off with its learning rate still high is worth little."""
    split = SimpleNamespace(split=SimpleNamespace(train=range(80)))
    session: Any = SimpleNamespace(
        left=lambda: left,
        report_s=1.0,
        config=SimpleNamespace(max_epochs=40, budget_s=0.0),
        workload=SimpleNamespace(encode=lambda _: split),
    )
    monkeypatch.setattr(forecast, "_epoch_seconds", lambda session, name: 0.8)
    # On 100 rows in the place of 80 an epoch takes 1 s, and perhaps a tenth more.
    assert forecast.closing_epochs(session, "gru", 100) == epochs


def test_trainings_that_the_cap_ended_are_counted_in_verdict_and_page(tmp_path: Path) -> None:
    options: dict[str, Any] = {"replicates": 2, "tune": 0, "hidden_size": 4, "max_epochs": 1, "rivals": "simple"}
    result = gatewise.compare("builtin:parity?rows=60&length=10", out=tmp_path / "run", **options)
    (warning,) = (one for one in result.verdict.warnings if "ended at the cap" in one)
    assert warning.startswith("4 of 4 trainings (GRU 2, LSTM 2) ended at the cap of 1 epoch, where 300 suit the data")
    assert "--max-epochs 300" in warning
    assert warning in (tmp_path / "run" / "report.html").read_text(encoding="utf-8")
    assert warning in gatewise.open_run(tmp_path / "run").verdict.warnings


@pytest.mark.parametrize(
    ("budget", "fits", "kept"), [(None, 1.0, 9.0), (240.0, 1.0, 9.0), (100.0, 1.0, 4.0), (240.0, 16.0, 4.0), (20.0, 0.1, 0.7)]
)
def test_time_is_kept_for_what_is_measured_after_the_replicates(budget: float | None, fits: float, kept: float) -> None:
    """No more than measuring took before; what the memory takes is kept where the closing model does not take as long."""
    session: Any = SimpleNamespace(
        config=SimpleNamespace(budget_s=budget, max_memory_bytes=None, device=("cpu",)),
        workload=SimpleNamespace(baselines=("majority",)),
        journal={},
        names=(),
        report_s=0.0,
        plan=None,
        trainings=lambda kind: [SimpleNamespace(number=0, phases={"fitting": fits})] if kind == "baseline" else [],
    )
    assert forecast.late_seconds(session) == pytest.approx(kept)
    session.journal = {"timing:baselines": {}, "timing:memory": {}}
    assert forecast.late_seconds(session) == 0.0
