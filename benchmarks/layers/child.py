"""One process of the benchmark: `python -m benchmarks.layers.child PLAN OUTPUT`, started by the command.

Threads, allocator, handling of tiny numbers and instruction set are settings of a process, so each combination has one of its
own; within it all rivals take turns.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import torch
from benchmarks.layers.libraries import find_libraries
from benchmarks.layers.machine import describe, measure_fma_peak
from benchmarks.layers.measure import full_batches, odd_sizes, ragged_batches, under_autocast
from benchmarks.layers.peak import measure_peaks
from benchmarks.layers.results import Plan, Row, Run, write
from benchmarks.layers.rivals import Prepare, task
from benchmarks.layers.shapes import SHAPES
from benchmarks.layers.steps import measure_steps
from benchmarks.layers.summary import MODES
from benchmarks.layers.torch_rivals import OURS, build

from gatewise.nn import backend
from gatewise.records import from_json


def main() -> int:
    """Measure the plan and write the run after every row, so that an interruption loses one row at most."""
    plan = from_json(Plan, json.loads(sys.argv[1]))
    output = Path(sys.argv[2])
    torch.set_num_threads(plan.threads)
    if plan.setting == "flushed":  # before any other thread starts: they inherit it
        torch.set_flush_denormal(True)
    builders, libraries = find_libraries()
    libraries = {**libraries, "gatewise": f"{libraries['gatewise']}, {_kernel()}"}
    run = Run(plan, describe(), libraries, measure_fma_peak(0.05 if plan.quick else 1.0))
    write(run, output)
    try:
        for row in _rows(plan, builders, libraries, run.fma_peak):
            run = replace(run, rows=(*run.rows, row))
            write(run, output)
            print(f"  {row.mode if row.part in MODES else f'{row.part}, {row.mode}'} {row.shape}", flush=True)
            for name, reason in row.refused.items():
                print(f"    not timed: {name}: {reason}", flush=True)
    except KeyboardInterrupt:
        return 130
    write(replace(run, complete=True), output)
    return 0


def _rows(plan: Plan, builders: Mapping[str, Prepare], libraries: Mapping[str, str], fma_peak: float | None) -> Iterator[Row]:
    yield from full_batches(plan, builders, fma_peak)
    if "odd" in plan.parts:
        yield from odd_sizes(plan)
    if "ragged" in plan.parts:
        yield from ragged_batches(plan)
    if "step" in plan.parts:
        yield from measure_steps(plan, libraries)
    if "bfloat16" in plan.parts:
        yield from under_autocast(plan)
    if "peak" in plan.parts:
        yield from measure_peaks(plan, fma_peak)


def _kernel() -> str:
    drawn = task("gru", "inference", SHAPES[0])
    return str(backend(build(OURS["gru"], drawn), torch.from_numpy(drawn.inputs)))  # type: ignore[arg-type]


if __name__ == "__main__":
    sys.exit(main())
