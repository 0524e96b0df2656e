"""Units side by side: results in the order given, and no process idle while there is work."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest

from gatewise.data.sources import open_source
from gatewise.records import Config
from gatewise.study.arms import arms_for
from gatewise.study.local_pool import LocalPool
from gatewise.study.runner import Runner
from gatewise.study.side_by_side import MOST_WAITING
from gatewise.study.units import Unit
from gatewise.study.work import Workload

JOBS = 2
PATIENCE = 20.0


class Threads:
    """An executor whose workers are threads of this process, doing what a test wants done."""

    def __init__(self, work: Callable[[int], None]) -> None:
        self.pool, self.work = ThreadPoolExecutor(JOBS), work
        self.begun: list[int] = []

    def submit(self, _: Any, __: Any, unit: Unit) -> Future[Any]:
        def run() -> int:
            self.begun.append(unit.number)
            self.work(unit.number)
            return unit.number

        return self.pool.submit(run)


def results(
    monkeypatch: pytest.MonkeyPatch, threads: Threads, numbers: int, check: Callable[[], None] = lambda: None
) -> Iterator[Any]:
    source = "builtin:parity?rows=60&length=10"
    config, dataset = Config(source, jobs=JOBS), open_source(source)
    runner = Runner(Workload(config, dataset, arms_for(config, dataset)))
    monkeypatch.setattr(runner._pool, "_started", lambda: threads)
    units = (Unit("baseline", "majority", number) for number in range(numbers))
    return runner.results(units, lambda unit, epoch: None, check)


def test_a_slow_unit_keeps_no_process_idle_and_results_stay_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    later = threading.Event()

    def work(number: int) -> None:
        if number == 0:
            assert later.wait(PATIENCE), "the units after the second were not begun"
        if number == 3:
            later.set()

    found = [unit.number for unit, _ in results(monkeypatch, Threads(work), 6)]
    assert found == list(range(6))


def test_only_so_many_results_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    released = threading.Event()
    threads = Threads(lambda number: None if number else (released.wait(PATIENCE), None)[1])
    looks = []

    def check() -> None:
        looks.append(len(threads.begun))
        if len(looks) == 20:
            released.set()

    found = [unit.number for unit, _ in results(monkeypatch, threads, 30, check)]
    assert found == list(range(30))
    assert max(looks[:20]) == MOST_WAITING * JOBS


def test_a_supply_that_ends_is_followed_no_further(monkeypatch: pytest.MonkeyPatch) -> None:
    threads = Threads(lambda number: None)
    assert [unit.number for unit, _ in results(monkeypatch, threads, 1)] == [0]
    assert [*results(monkeypatch, threads, 0)] == []


def test_while_others_go_first_nothing_is_begun_and_nothing_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    threads = Threads(lambda number: None)
    asked = 0

    def may_begin(_: LocalPool) -> bool:
        nonlocal asked
        asked += 1
        # First it may not; later only now and then.
        return asked > 3 and asked % 2 == 0

    monkeypatch.setattr(LocalPool, "may_begin", property(may_begin))
    found = results(monkeypatch, threads, 6, lambda: None if asked > 3 else _nothing_begun(threads))
    assert [unit.number for unit, _ in found] == list(range(6))


def _nothing_begun(threads: Threads) -> None:
    assert threads.begun == []
