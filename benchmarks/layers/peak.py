"""Share of the FMA peak over sizes of batch and state, and the same of another checkout in turns."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
from benchmarks.layers.results import Plan, Row, Timing
from benchmarks.layers.shapes import GATES, Shape, operations
from benchmarks.layers.verify import TOLERANCE

__all__ = ["BATCHES", "HIDDEN_SIZES", "measure_peaks"]

BATCHES = (1, 2, 4, 8, 16, 32, 64, 256)
HIDDEN_SIZES = (16, 32, 64, 128, 256, 512)
POSITIONS = 2048
"""Rows over all steps, as far as 16 to 256 steps make that many."""
TURNS = 5


def measure_peaks(plan: Plan, fma_peak: float | None) -> Iterator[Row]:
    """Training and inference of every size, the input as wide as the state; "before" are the layers of `plan.before`."""
    if fma_peak is None:
        return
    with ExitStack() as stack:
        workers = {"gatewise": stack.enter_context(_Worker(plan.threads, Path()))}
        if plan.before:
            workers["before"] = stack.enter_context(_Worker(plan.threads, Path(plan.before)))
        batches, sizes = (BATCHES[:2], HIDDEN_SIZES[:2]) if plan.quick else (BATCHES, HIDDEN_SIZES)
        for mode in ("train", "inference"):
            for hidden in sizes:
                for batch in batches:
                    steps = min(256, max(16, POSITIONS // batch))
                    yield _row(mode, Shape(batch, steps, hidden, hidden), workers, fma_peak * plan.threads, plan.seconds / 300)


class _Worker:
    """`peak_worker` on the gatewise of a checkout, of this process where the path is empty."""

    def __init__(self, threads: int, checkout: Path) -> None:
        environment = dict(os.environ)
        source = (checkout / "src").resolve()
        if checkout.name:
            if not (source / "gatewise" / "nn").is_dir():
                raise ValueError(f"{checkout} is no checkout of gatewise: there is no src/gatewise/nn")
            # The programs are this checkout's, the layers the other one's.
            environment["PYTHONPATH"] = os.pathsep.join((str(source), str(Path(__file__).parents[2])))
        command = [sys.executable, "-m", "benchmarks.layers.peak_worker", str(threads)]
        self._process = subprocess.Popen(
            command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
        )
        missing = self._answer()["missing"]
        if missing:
            self.__exit__()
            raise ValueError(
                f"{checkout.resolve()} has no compiled kernels, and without them it runs PyTorch's layers: {missing}"
            )

    def __enter__(self) -> _Worker:
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait()

    def ask(self, cell: str, mode: str, shape: Shape, seconds: float) -> Any:
        """One request, and its answer."""
        assert self._process.stdin
        self._process.stdin.write(json.dumps({"cell": cell, "mode": mode, "shape": str(shape), "seconds": seconds}) + "\n")
        self._process.stdin.flush()
        return self._answer()

    def _answer(self) -> Any:
        assert self._process.stdout
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("a process that times the layers has ended; its message is above")
        return json.loads(line)


def _row(mode: str, shape: Shape, workers: dict[str, _Worker], available: float, seconds: float) -> Row:
    """All workers in turns, which change their order."""
    errors: dict[str, float] = {}
    refused: dict[str, str] = {}
    for name, worker in workers.items():
        for cell in GATES:
            difference, where = worker.ask(cell, mode, shape, 0)["error"]
            if difference <= TOLERANCE:
                errors[f"{name} {cell}"] = difference
            else:
                refused[f"{name} {cell}"] = f"wrong: relative error {difference:.1e} of {where}, at most {TOLERANCE:.0e} is timed"
    times: dict[str, list[float]] = {key: [] for key in errors}
    for turn in range(TURNS):
        for key in sorted(errors, reverse=turn % 2 == 1):
            name, cell = key.split()
            times[key] += workers[name].ask(cell, mode, shape, seconds)["milliseconds"]
    timings = {
        key: _timing(np.array(values), errors[key], operations(shape, key.split()[1], mode) / 1e6 / available)
        for key, values in times.items()
    }
    return Row("peak", mode, shape, timings, refused)


def _timing(milliseconds: np.ndarray[tuple[int], np.dtype[np.float64]], difference: float, at_peak: float) -> Timing:
    """at_peak: milliseconds that the operations would take at the peak."""
    quarter, median, three_quarters = (float(value) for value in np.percentile(milliseconds, [25, 50, 75]))
    return Timing(median, quarter, three_quarters, len(milliseconds), difference, 0, at_peak / median)
