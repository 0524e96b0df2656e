"""Time rival actions against each other: warmed up, in turn, so that a drift of the machine touches all of them alike."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from gatewise.records import BatchLatency

__all__ = ["interleave", "percentiles"]


def interleave(
    actions: Mapping[str, Callable[[int], object]], *, rounds: int, warm_up: int, seconds: float, least: int = 5, seed: int = 0
) -> dict[str, NDArray[np.float64]]:
    """Milliseconds of every action in every round.

    An action is called with the round's number; all actions of one round do the same work, in an order drawn anew each round.
    warm_up: rounds that are not counted; after the first of them they end when a quarter of `seconds` is spent. Ends after
    `rounds`, or when `seconds` are spent and at least `least` rounds are counted.
    Returns float64 [rounds counted] by action; entry k of every action belongs to the same round.
    """
    generator = np.random.default_rng(seed)
    names = list(actions)
    times: dict[str, list[float]] = {name: [] for name in names}
    started = time.perf_counter()
    collecting = gc.isenabled()
    gc.disable()
    try:
        for number in range(-warm_up, rounds):
            spent = time.perf_counter() - started
            if spent > seconds / 4 and -warm_up < number < 0:
                continue
            if spent > seconds and number >= least:
                break
            for position in generator.permutation(len(names)):
                name = names[position]
                began = time.perf_counter()
                actions[name](max(number, 0))
                if number >= 0:
                    times[name].append((time.perf_counter() - began) * 1e3)
    finally:
        if collecting:
            gc.enable()
    return {name: np.array(values) for name, values in times.items()}


def percentiles(milliseconds: NDArray[np.float64]) -> BatchLatency:
    """50th, 90th and 99th percentile."""
    p50, p90, p99 = np.percentile(milliseconds, [50, 90, 99])
    return BatchLatency(float(p50), float(p90), float(p99))
