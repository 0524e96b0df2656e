"""What is foretold of a run: from timed steps, from what has happened since, and what of the budget is kept for what."""

import textwrap
from collections.abc import Callable, Iterator
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from gatewise.comparison.plan import arms_of
from gatewise.data.sources import open_source
from gatewise.records import Config, Epoch, Hyperparameters, Training
from gatewise.runtime.batches import plan_batches
from gatewise.study import forecast, outlook, phases, probe
from gatewise.study.budget import (
    MEASURING_SHARE,
    OVERHEAD_SHARE,
    TUNING_SHARE,
    Foresight,
    fitting_epochs,
    foreseen_replicates,
    plan_budget,
)
from gatewise.study.deadline import BudgetSpent
from gatewise.study.work import Workload

HYPERPARAMETERS = Hyperparameters(learning_rate=3e-3, dropout=0.1, input_dropout=0.0, weight_decay=0.0)
KNOWN = Foresight(
    budget_s=120.0,
    elapsed_s=5.0,
    epoch_s=(0.5, 0.7),
    report_s=1.0,
    epochs=20,
    jobs=2,
    tune=None,
    wanted=5,
    baselines_s=1.0,
    typical=0.6,
)


class Clock:
    """A clock that moves only when a test says so."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    # One module, which both have under its name.
    monkeypatch.setattr("gatewise.timing.interleaved.time.perf_counter", clock)
    return clock


# ---------------------------------------------------------------- from timed steps


def lengths_that_vary(rows: int = 400) -> Workload:
    generator = np.random.default_rng(0)
    series = [generator.normal(size=(int(generator.choice([5, 20, 200])), 1)).astype(np.float32) for _ in range(rows)]
    config = Config(
        "<series>", batch_size=8, max_epochs=3, hidden_size=4, metric="accuracy", task="classification", rivals=("none",)
    )
    return Workload(config, open_source((series, np.arange(rows) % 2)), arms_of(("gru", "lstm"), 4))


@pytest.mark.parametrize("seconds", [100.0, 1.0])
def test_an_epoch_is_foretold_from_batches_of_all_lengths(clock: Clock, monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    """A step that takes a millisecond for each padded step of its batch, and an evaluation of nothing."""
    monkeypatch.setattr(probe, "training_step", lambda *_, **__: lambda batch: setattr(clock, "now", clock.now + step_s(batch)))
    workload = lengths_that_vary()

    def step_s(batch: Any) -> float:
        return 1e-3 * int(batch.lengths.max())

    lengths = workload.encode(0).train.lengths
    truth = sum(1e-3 * int(lengths[rows].max()) for rows in plan_batches(lengths, 8, np.random.default_rng(7)))
    found = probe.probe(workload, ["gru", "lstm"], HYPERPARAMETERS, seconds)
    assert found.epoch_s == {name: pytest.approx(truth, rel=0.2) for name in ("gru", "lstm")}


def test_the_first_steps_of_a_process_are_not_counted(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    def made(*_: Any, **__: Any) -> Callable[[Any], None]:
        done = iter(range(1000))

        def step(batch: Any) -> None:
            clock.now += 1e-3 * int(batch.lengths.max()) * (10 if next(done) < 3 else 1)

        return step

    monkeypatch.setattr(probe, "training_step", made)
    workload = lengths_that_vary()
    found = probe.probe(workload, ["gru"], HYPERPARAMETERS, 10.0)
    lengths = workload.encode(0).train.lengths
    truth = sum(1e-3 * int(lengths[rows].max()) for rows in plan_batches(lengths, 8, np.random.default_rng(7)))
    assert found.epoch_s["gru"] == pytest.approx(truth, rel=0.2)


def test_what_processes_find_side_by_side_is_put_together() -> None:
    parts = [probe.Probed({"gru": 1.0}, 0.1, 0.3), probe.Probed({"lstm": 2.0}, 0.2, 0.4)]
    both = probe.Probed.together(parts)
    assert both.epoch_s == {"gru": 1.0, "lstm": 2.0}
    assert [both.scoring_s, both.encoding_s] == pytest.approx([0.3, 0.4])


# ---------------------------------------------------------------- what a budget holds


@pytest.mark.parametrize("budget", [10, 20, 30, 60, 90, 120, 180, 240, 600, 3600])
@pytest.mark.parametrize("epoch", [0.01, 0.1, 0.5, 3.0])
def test_tuning_measuring_and_the_closing_model_leave_two_thirds_to_replicates(budget: float, epoch: float) -> None:
    known = replace(KNOWN, budget_s=budget, epoch_s=(epoch, 1.3 * epoch))
    plan = plan_budget(known)
    used = known.used(plan.max_epochs)
    if plan.rounds > 1:
        overhead = (plan.rounds - 1) * known.round_s(used) + MEASURING_SHARE * budget + known.closing_s(used)
        assert overhead <= OVERHEAD_SHARE * budget
        assert plan.replicates >= 5, "replicates come before tuning"
    # Whatever could hold five replicates by shorter trainings or less tuning holds them.
    if foreseen_replicates(known, -(-known.epochs // 4), 1) >= 5:
        assert plan.replicates >= 5


def test_the_most_is_foretold_beside_the_expected() -> None:
    plan = plan_budget(replace(KNOWN, typical=0.5))
    assert plan.replicate_s == pytest.approx(0.625 + 0.5 * 20 * 0.6)
    assert plan.replicate_most_s == pytest.approx(0.625 + 20 * 0.6)


def test_short_trainings_are_expected_to_use_the_epochs_that_nothing_ends_before() -> None:
    assert [replace(KNOWN, typical=0.1).used(epochs) for epochs in (1, 2, 1000)] == [1, 2, 100]


def test_the_most_epochs_and_the_least_budget_that_would_do() -> None:
    small = replace(KNOWN, budget_s=30.0)
    epochs = fitting_epochs(small)
    assert epochs is not None
    assert foreseen_replicates(small, epochs, 1) >= 5 > foreseen_replicates(small, epochs + 1, 1)
    assert fitting_epochs(replace(KNOWN, budget_s=8.0)) is None
    plan = plan_budget(replace(KNOWN, budget_s=20.0))
    assert plan.least_s is not None and plan.better_s is not None
    assert 20.0 < plan.least_s <= plan.better_s
    assert plan_budget(replace(KNOWN, budget_s=plan.least_s)).replicates >= 5
    assert plan_budget(KNOWN).least_s is None


# ---------------------------------------------------------------- from what has happened


def training(kind: Any, name: str, number: int, epochs: int, seconds: float, **more: Any) -> Training:
    history = tuple(Epoch(place + 1, 1.0, 1.0, 0.5, (place + 1) * seconds / epochs) for place in range(epochs))
    return Training(kind, name, number, HYPERPARAMETERS, 0.5, 1.0, history=history, seconds=seconds, max_epochs=20, **more)


def session_with(*done: Training, left: float = 80.0, under_way: dict[str, Epoch] | None = None, **config: Any) -> Any:
    """A session of two arms that share two processes, with a plan for KNOWN, without baselines."""
    plan = replace(plan_budget(replace(KNOWN, baselines_s=0.0, typical=0.5)), max_epochs=20)
    asked: dict[str, Any] = {
        "budget_s": 120.0,
        "jobs": 2,
        "tune": None,
        "replicates": None,
        "max_epochs": 20,
        "max_memory_bytes": None,
    }
    asked["device"] = ("cpu",)
    return SimpleNamespace(
        config=SimpleNamespace(**(asked | config)),
        workload=SimpleNamespace(baselines=(), arms=arms_of(("gru", "lstm"), 4)),
        journal={"timing:memory": {}},
        failures=[],
        names=("gru", "lstm"),
        report_s=1.0,
        plan=plan,
        whole_epochs=None,
        replicates_done=0,
        replicates_ended=[],
        runner=SimpleNamespace(under_way=under_way or {}, places=(asked | config)["jobs"]),
        left=lambda: left,
        elapsed=lambda: 120.0 - left,
        trainings=lambda *kinds: [one for one in done if one.kind in kinds],
        tuning=lambda: [one for one in done if one.kind == "tuning" and one.max_epochs == 20],
    )


def test_before_any_training_the_plan_is_the_forecast() -> None:
    told = forecast.foretell(session_with())
    assert told.replicate_s == pytest.approx((10 * 0.5 + 10 * 0.7) / 2)
    assert told.replicate_most_s == pytest.approx(2 * told.replicate_s)
    assert told.decides_s is None


def test_trainings_refine_the_forecast_and_those_of_replicates_replace_those_of_tuning() -> None:
    tuned = [training("tuning", name, number, 16, 4.0) for name in ("gru", "lstm") for number in range(2)]
    # Two trainings of 16 epochs, and the 10 that were expected for two more; a quarter of a second each.
    assert forecast.foretell(session_with(*tuned)).replicate_s == pytest.approx(13 * 0.25)
    first = [training("replicate", name, 0, 16, 4.0, adopted=0) for name in ("gru", "lstm")]
    assert forecast.foretell(session_with(*tuned, *first)).replicate_s == pytest.approx(13 * 0.25)
    further = [training("replicate", name, number, 6, 3.0) for name in ("gru", "lstm") for number in (1, 2)]
    assert forecast.foretell(session_with(*tuned, *first, *further)).replicate_s == pytest.approx(8 * 0.5)


def test_replicates_of_this_session_are_what_further_ones_take() -> None:
    session = session_with()
    session.replicates_done, session.replicates_ended = 7, [10.0, 14.0, 18.0, 22.0, 26.0, 30.0]
    told = forecast.foretell(session)
    assert told.replicate_s == pytest.approx(4.0)
    closing = forecast.closing_seconds(session)
    assert told.replicates == 7 + int((80.0 - closing) // 4.0)


def test_another_round_of_tuning_leaves_two_thirds_and_the_replicates_that_decide() -> None:
    tuned = [training("tuning", name, 0, 10, 6.0) for name in ("gru", "lstm")]
    usual, closing, measuring, share = 6.0, 7.0, MEASURING_SHARE * 120, TUNING_SHARE * 120
    assert forecast.tuning_room(session_with(*tuned, left=110.0)) == pytest.approx(share)
    # One round more has been taken of the share.
    more = [*tuned, *(training("tuning", name, 1, 10, 6.0) for name in ("gru", "lstm"))]
    assert forecast.tuning_room(session_with(*more, left=110.0)) == pytest.approx(share - 6.0)
    # A closing model of 24 seconds leaves less of the third.
    slow = [training("tuning", name, 0, 10, 24.0) for name in ("gru", "lstm")]
    assert forecast.tuning_room(session_with(*slow, left=200.0)) == pytest.approx(40.0 - 25.0 - measuring)
    # Where little is left, the replicates before which nothing is decided come first.
    assert forecast.tuning_room(session_with(*tuned, left=45.0)) == pytest.approx(45.0 - 4 * usual - closing - measuring)
    assert forecast.tuning_room(session_with(*tuned, budget_s=None)) == float("inf")


def test_what_is_under_way_is_foretold_from_its_first_epochs() -> None:
    slow = {"tuning:gru:1": Epoch(2, 1.0, 1.0, 0.5, 6.0), "tuning:lstm:1": Epoch(1, 1.0, 1.0, 0.5, 9.0)}
    # Ten epochs are expected, eight are to come at three seconds each; of a first epoch alone nothing is said.
    assert forecast.still_to_train(session_with(under_way=slow), 1) == pytest.approx(24.0)
    assert forecast.still_to_train(session_with(), 1) == 0.0


@pytest.mark.parametrize(("room", "given_up"), [(30.0, False), (20.0, True)])
def test_a_round_of_tuning_is_given_up_once_its_first_epochs_foretell_too_much(room: float, given_up: bool) -> None:
    session = session_with()
    asked: list[str] = []

    def results(units: Iterator[Any], on_progress: Callable[..., None], check: Callable[[], None], _: Any) -> Iterator[Any]:
        for unit in units:
            asked.append(unit.key)
            check()
            session.runner.under_way = {unit.key: Epoch(2, 1.0, 1.0, 0.5, 6.0)}
            check()
            yield unit, training("tuning", unit.name, 1, 10, 30.0)

    session.runner.results = results
    session.workload.dataset = SimpleNamespace(kind="series", task="classification")
    session.config.seed = 0
    session.journal = {}
    session.title = session.score_text = str
    session.view = SimpleNamespace(log=lambda _: None)
    session.show = session.add_training = session.add_failure = lambda *_: None
    if given_up:
        with pytest.raises(BudgetSpent):
            phases._tuning_round(session, 1, 8, room)
        assert asked == ["tuning:gru:1"]
    else:
        phases._tuning_round(session, 1, 8, room)
        assert asked == ["tuning:gru:1", "tuning:lstm:1"]


# ---------------------------------------------------------------- said in a few lines


@pytest.mark.parametrize(
    ("left", "fits"), [(80.0, "about 13 replicates should fit into the 1 min 20 s"), (5.0, "even one may not fit into the 5.0 s")]
)
def test_what_fits_is_said_anew_before_the_first_replicate(left: float, fits: str) -> None:
    session = session_with(left=left)
    said = phases._forecast_line(session, forecast.foretell(session))
    assert said == f"A replicate takes about 6.0 s, at most 12 s: {fits} that are left."


class Rows:
    """A data set of which its size and task are asked."""

    task = "classification"

    def __init__(self, rows: int) -> None:
        self._rows = rows

    def __len__(self) -> int:
        return self._rows


@pytest.mark.parametrize("budget", [7.0, 10.0, 30.0, 120.0, 600.0])
@pytest.mark.parametrize("epoch", [0.05, 0.5, 5.0, 500.0])
def test_a_budget_that_is_too_small_is_said_in_four_lines_of_a_terminal(budget: float, epoch: float) -> None:
    known = replace(KNOWN, budget_s=budget, epoch_s=(epoch, epoch), epochs=150)
    plan = plan_budget(known)
    said = [outlook._line(plan, budget)]
    if plan.replicates < known.wanted:
        split = SimpleNamespace(split=SimpleNamespace(train=range(20_000)))
        workload = SimpleNamespace(dataset=Rows(30_000), encode=lambda _: split)
        session: Any = SimpleNamespace(config=SimpleNamespace(batch_size=64), workload=workload)
        said.append(outlook._instead(session, known, plan))
        assert all(words in said[1] for words in ("Nothing is decided before 5", "fit into --budget"))
    assert sum(len(textwrap.wrap(line, 80)) for line in said) <= 4
