"""Rounds of rival actions: how many, in which order, and what is left behind."""

import gc
import time
from collections import Counter
from collections.abc import Callable

import numpy as np
import pytest

from gatewise.timing import interleave, percentiles


def recorder(calls: list[tuple[str, int]], name: str, seconds: float = 0.0) -> Callable[[int], None]:
    def action(number: int) -> None:
        calls.append((name, number))
        time.sleep(seconds)

    return action


def test_every_action_runs_once_a_round_and_warm_up_is_not_counted() -> None:
    calls: list[tuple[str, int]] = []
    times = interleave({name: recorder(calls, name) for name in "ab"}, rounds=7, warm_up=3, seconds=60)
    assert {name: values.shape for name, values in times.items()} == {"a": (7,), "b": (7,)}
    assert len(calls) == 20
    counted = calls[6:]
    assert [number for _, number in counted] == [number for number in range(7) for _ in "ab"]
    assert set(Counter(counted).values()) == {1}


def test_order_is_drawn_anew_every_round_and_by_the_seed() -> None:
    def order(seed: int) -> list[str]:
        calls: list[tuple[str, int]] = []
        interleave({name: recorder(calls, name) for name in "ab"}, rounds=40, warm_up=0, seconds=60, seed=seed)
        return [name for name, _ in calls[::2]]

    assert 8 < order(0).count("a") < 32
    assert order(0) == order(0) != order(1)


def test_time_limit_ends_it_but_never_before_five_rounds() -> None:
    calls: list[tuple[str, int]] = []
    times = interleave({"a": recorder(calls, "a", 0.002)}, rounds=1000, warm_up=0, seconds=0.0)
    assert len(times["a"]) == 5
    times = interleave({"a": recorder(calls, "a", 0.002)}, rounds=1000, warm_up=0, seconds=0.03)
    assert 5 <= len(times["a"]) < 1000


def test_milliseconds() -> None:
    times = interleave({"a": recorder([], "a", 0.005)}, rounds=5, warm_up=0, seconds=60)
    assert 5 <= times["a"].min() < 50


@pytest.mark.parametrize("enabled", [True, False])
def test_garbage_collector_is_off_while_timing_and_as_before_afterwards(enabled: bool) -> None:
    seen = []

    def failing(number: int) -> None:
        seen.append(gc.isenabled())
        if number == 2:
            raise KeyError("stop")

    before = gc.isenabled()
    try:
        (gc.enable if enabled else gc.disable)()
        interleave({"a": lambda _: seen.append(gc.isenabled())}, rounds=2, warm_up=0, seconds=60)
        assert gc.isenabled() is enabled
        with pytest.raises(KeyError):
            interleave({"a": failing}, rounds=5, warm_up=0, seconds=60)
        assert gc.isenabled() is enabled
    finally:
        (gc.enable if before else gc.disable)()
    assert seen == [False] * 5


def test_percentiles() -> None:
    latency = percentiles(np.arange(101.0)[::-1])
    assert (latency.p50, latency.p90, latency.p99) == (50.0, 90.0, 99.0)
