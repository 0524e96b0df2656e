"""Units that cannot be done: recorded, left out where it is fair, and named; the rest goes on."""

import json
import os
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import gatewise
from gatewise.data.sources import open_source
from gatewise.errors import RunError
from gatewise.records import Config, Failure, Training
from gatewise.study import signs
from gatewise.study.api import Result
from gatewise.study.arms import arms_for
from gatewise.study.failures import reckon
from gatewise.study.local_pool import LocalPool
from gatewise.study.runner import Runner
from gatewise.study.signs import Patience, Signs
from gatewise.study.units import Unit
from gatewise.study.work import Workload

SOURCE = "builtin:parity?rows=120&length=10"
OPTIONS: dict[str, Any] = {
    "replicates": 5,
    "tune": 2,
    "hidden_size": 8,
    "max_epochs": 3,
    "rivals": "simple",
    "seed": 3,
    "jobs": 1,
}
NO_ROOM = "[enforce fail at alloc_cpu.cpp:121] . DefaultCPUAllocator: can't allocate memory: you tried to allocate 8 bytes."

Failing = Callable[[Unit], bool]


@pytest.fixture
def compare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., Result]:
    """Compare, with no memory for some units."""
    monkeypatch.setattr("gatewise.study.phases.memory_seconds", lambda _: 0.0)
    run = Workload.run

    def made(failing: Failing, error: Exception, **changes: Any) -> Result:
        def short_of_memory(self: Workload, unit: Unit, *more: Any) -> Training:
            if failing(unit):
                raise error
            return run(self, unit, *more)

        monkeypatch.setattr(Workload, "run", short_of_memory)
        return gatewise.compare(SOURCE, **OPTIONS | changes, out=tmp_path / "run")

    return made


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Result:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("gatewise.study.phases.memory_seconds", lambda _: 0.0)
        return gatewise.compare(SOURCE, **OPTIONS, out=tmp_path_factory.mktemp("sound") / "run")


def scores(result: Result) -> dict[tuple[str, int], float | None]:
    found = (*result.comparison.trainings, *result.comparison.baseline_trainings)
    return {(one.name, one.number): one.test_score for one in found}


def test_a_replicate_in_which_an_arm_failed_counts_for_none(compare: Callable[..., Result], sound: Result) -> None:
    where = {("replicate", "gru", 1), ("replicate", "lstm", 3), ("tuning", "lstm", 0)}
    found = compare(lambda unit: (unit.kind, unit.name, unit.number) in where, RuntimeError(NO_ROOM))
    assert (found.verdict.replicates, found.comparison.left_out, found.verdict.stopped) == (3, (1, 3), "replicates")
    assert {(one.of, one.name, one.number) for one in found.verdict.failures} == where
    assert {one.cause for one in found.verdict.failures} == {"memory"}
    assert {number for _, number in scores(found)} == {0, 2, 4}
    # The trial of which one arm has none is not what all are trained with.
    assert {one.number for one in found.comparison.tuning if one.name == "lstm"} == {1}
    assert found.verdict.difference is not None and found.verdict.difference.replicates == 3
    said = " ".join(found.verdict.warnings)
    assert "the GRU ran out of memory in 1 of 5 replicates (2): these replicates are left out for every cell" in said
    assert "the LSTM ran out of memory in 1 of 2 tuning trials (1); ran out of memory in 1 of 5 replicates (4)" in said
    written = json.loads((found.path / "verdict.json").read_text(encoding="utf-8"))
    assert written["warnings"] == list(found.verdict.warnings) and len(written["failures"]) == 3
    assert "ran out of memory in 1 of 5 replicates" in (found.path / "report.html").read_text(encoding="utf-8")
    lines = (found.path / "units.jsonl").read_text(encoding="utf-8").splitlines()
    # A unit that failed is finished: nothing is done again, nor written.
    again = gatewise.resume(found.path)
    assert (found.path / "units.jsonl").read_text(encoding="utf-8").splitlines() == lines
    assert again.verdict.warnings == found.verdict.warnings


def test_the_rest_is_what_it_would_have_been(compare: Callable[..., Result], sound: Result) -> None:
    found = compare(lambda unit: (unit.kind, unit.name, unit.number) == ("replicate", "gru", 2), MemoryError())
    assert scores(found) == {key: score for key, score in scores(sound).items() if key[1] != 2}
    assert sound.verdict.failures == () and sound.comparison.left_out == ()


def test_an_arm_that_fails_again_and_again_is_out(compare: Callable[..., Result], sound: Result) -> None:
    found = compare(lambda unit: unit.name == "lstm", MemoryError(), cells=("gru", "lstm", "rnn"))
    assert [arm.name for arm in found.comparison.arms] == ["gru", "rnn"]
    assert (found.verdict.replicates, found.comparison.left_out) == (5, ())
    assert {name for name, _ in scores(found)} >= {"gru", "rnn"} and "lstm" not in found.verdict.scores
    assert any(
        "the LSTM could not be trained" in said and "among the others (GRU and RNN)" in said for said in found.verdict.warnings
    )
    # Three replicates show it; no more are tried than were under way.
    assert {one.number for one in found.verdict.failures if one.of == "replicate"} == {0, 1, 2}


def test_one_arm_that_is_left_is_held_against_the_baselines(compare: Callable[..., Result]) -> None:
    found = compare(lambda unit: unit.name == "lstm", MemoryError())
    assert [arm.name for arm in found.comparison.arms] == ["gru"] and found.verdict.replicates == 5
    assert found.verdict.decision in ("gru", "baseline", "undecided")
    assert (found.path / "report.html").exists() and found.mistakes() is not None
    assert any("the LSTM could not be trained" in said for said in found.verdict.warnings)


def test_without_an_arm_nothing_is_decided(compare: Callable[..., Result]) -> None:
    found = compare(lambda unit: unit.name in ("gru", "lstm"), MemoryError())
    assert (found.verdict.decision, found.verdict.stopped, found.verdict.replicates) == ("undecided", "failed", 0)
    assert found.verdict.explanation[0] == "Undecided: none of the cells could be trained."
    assert len([said for said in found.verdict.warnings if "ran out of memory" in said]) == 2


def test_a_baseline_that_fails_is_out(compare: Callable[..., Result], sound: Result) -> None:
    gone = sound.comparison.baselines[-1]
    found = compare(lambda unit: (unit.name, unit.number) == (gone, 1), MemoryError())
    assert found.comparison.baselines == sound.comparison.baselines[:-1] and gone not in found.verdict.scores
    assert found.verdict.replicates == 5
    assert any("ran out of memory in replicate 2: it is left out of the comparison" in said for said in found.verdict.warnings)


def training(name: str, number: int) -> Training:
    return Training("replicate" if name in "ab" else "baseline", name, number, None, 0.5, None, test_score=0.5)


def test_replicates_count_from_the_first_on() -> None:
    def counted(missing: set[tuple[str, int]], failures: list[Failure], numbers: int = 5) -> tuple[int, tuple[int, ...]]:
        gone = missing | {(one.name, one.number) for one in failures}
        trainings = [training(name, number) for number in range(numbers) for name in "abx" if (name, number) not in gone]
        found = reckon(("a", "b"), ("x",), trainings, failures)
        return found.finished, found.left_out

    def failed(name: str, *numbers: int) -> list[Failure]:
        return [Failure("baseline" if name == "x" else "replicate", name, number, "died") for number in numbers]

    assert counted(set(), []) == (5, ())
    assert counted({("b", 3)}, []) == (3, ())
    assert counted({("x", 0)}, []) == (0, ())
    # One that failed has ended; one that is missing has not.
    assert counted({("b", 3)}, failed("a", 1)) == (3, (1,))
    assert counted(set(), failed("a", 0, 1)) == (5, (0, 1))
    assert counted(set(), failed("a", 1, 3) + failed("b", 1)) == (5, (1, 3))
    # Three one after the other: the arm is out, and takes no replicate from the others.
    assert counted(set(), failed("a", 1, 2, 3)) == (5, ())
    assert counted({("x", 4)}, failed("x", 2)) == (5, ())
    # Both are out: nothing counts.
    assert counted(set(), failed("a", 0, 1, 2) + failed("b", 0, 1, 2), 3) == (3, (0, 1, 2))


UNITS = [Unit("baseline", "majority", number) for number in range(6)]


def side_by_side(work: Callable[[Unit, int], tuple[Any, ...]], patience: Patience | None = None) -> tuple[list[Any], list[str]]:
    """Units done in two processes: work says what a unit does when it is begun for the n-th time."""
    dataset, config, said, given_up = open_source(SOURCE), Config(SOURCE, jobs=2), list[str](), list[Any]()
    times: dict[str, int] = {}
    with Runner(Workload(config, dataset, arms_for(config, dataset)), log=said.append, patience=patience) as runner:
        assert isinstance(runner._pool, LocalPool)
        pool = runner._pool
        executor = pool._started

        def begun(_: Config, unit: Unit) -> Any:
            times[unit.key] = times.get(unit.key, 0) + 1
            # Processes that are there: the time in which one begins is no silence of a unit.
            for ready in [executor().submit(time.sleep, 0.05) for _ in range(2)]:
                ready.result()
            return executor().submit(*work(unit, times[unit.key]))

        pool.run = begun  # type: ignore[method-assign, assignment]
        results = runner.results(
            iter(UNITS), lambda *_: None, on_failure=lambda unit, cause: given_up.append((unit.number, cause))
        )
        done = [unit.number for unit, _ in results]
    return [done, given_up], said


def test_a_unit_that_dies_for_good_is_given_up_and_its_neighbours_are_not() -> None:
    def work(unit: Unit, _: int) -> tuple[Any, ...]:
        return (os._exit, 1) if unit.number == 1 else (time.sleep, 0.1)

    (done, given_up), said = side_by_side(work)
    assert (done, given_up) == ([0, 2, 3, 4, 5], [(1, "died")])
    assert len(said) == 3


def test_a_unit_that_stands_still_is_begun_anew_and_twice_is_given_up() -> None:
    def work(unit: Unit, time_: int) -> tuple[Any, ...]:
        return (time.sleep, 60.0 if unit.number == 1 or (unit.number == 3 and time_ == 1) else 0.0)

    (done, given_up), said = side_by_side(work, Patience(least=0.6, times=3.0, first=1.2))
    assert (done, given_up) == ([0, 2, 3, 4, 5], [(1, "hung")])
    assert [line.partition(" has")[0] for line in said if "no sign of life" in line].count("baseline:majority:1") == 1


def test_without_anybody_to_tell_a_unit_that_cannot_be_done_ends_all() -> None:
    dataset, config = open_source(SOURCE), Config(SOURCE, jobs=2)
    with Runner(Workload(config, dataset, arms_for(config, dataset)), patience=Patience(0.1, 20.0, 0.2)) as runner:
        assert isinstance(runner._pool, LocalPool)
        executor = runner._pool._started
        runner._pool.run = lambda *_: executor().submit(time.sleep, 60.0)  # type: ignore[method-assign]
        with pytest.raises(RunError, match="stood still 2 times; what is finished is kept"):
            list(runner.results(iter(UNITS), lambda *_: None))


def test_what_stands_still_here_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signs, "_WATCH_SECONDS", 0.02)
    dataset, config, said = open_source(SOURCE), Config(SOURCE, jobs=1), list[str]()
    work = Workload(config, dataset, arms_for(config, dataset))

    def slow(unit: Unit, *_: Any) -> Training:
        time.sleep(0.3 if unit.number == 1 else 0.0)
        return training("x", unit.number)

    monkeypatch.setattr(work, "run", slow)
    with Runner(work, log=said.append, patience=Patience(0.1, 20.0, 0.15)) as runner:
        assert len(list(runner.results(iter(UNITS[:3]), lambda *_: None))) == 3
    assert len(said) == 1 and said[0].startswith("baseline:majority:1 has shown no sign of life for 0.")


def test_how_long_a_unit_may_be_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    heard = Signs(Patience(least=60.0, times=20.0, first=900.0), lambda: {"slow": 100.0})

    def passes(seconds: int, *, listening: bool = True) -> list[str]:
        for _ in range(seconds):
            now[0] += 1.0
            heard.tick(listening=listening)
        return list(heard.silent())

    for key in ("replicate:gru:0", "baseline:slow:0"):
        heard.begin(key)
    assert passes(900) == []
    assert passes(1) == ["replicate:gru:0"]
    # A fit that was estimated to take 100 s may take 20 times that, without a sign.
    assert passes(1099) == ["replicate:gru:0"] and len(passes(1)) == 2
    heard.heard("replicate:gru:0")
    heard.end("baseline:slow:0", finished=True)
    # What has taken long until now may take as long again.
    assert passes(2000) == [] and passes(2) == ["replicate:gru:0"]
    heard.end("replicate:gru:0")
    for key, seconds in (("replicate:rnn:0", 5), ("replicate:rnn:1", 100)):
        heard.begin(key)
        passes(seconds)
        heard.heard(key)
        if key.endswith("0"):
            heard.end(key, finished=True)
    # Of an arm whose silences are known to be of 5 s, 100 s are too long.
    assert passes(100) == [] and passes(1) == ["replicate:rnn:1"]
    heard.heard("replicate:rnn:1")
    # Nobody listened, or this process was stopped for an hour.
    assert passes(1000, listening=False) == []
    now[0] += 3600.0
    assert passes(1) == []


def test_a_run_without_failures_says_nothing_of_them(sound: Result) -> None:
    assert replace(sound.comparison, failures=()) == sound.comparison
    assert not any("memory" in said for said in sound.verdict.warnings)
