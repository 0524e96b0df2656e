"""Check rivals against float64, then time them in turns."""

from __future__ import annotations

import resource
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from benchmarks.layers.results import Plan, Row, Timing
from benchmarks.layers.rivals import Answer, Prepare, Prepared, Task, task
from benchmarks.layers.shapes import GATES, ODD, QUICK, operations
from benchmarks.layers.torch_rivals import autocast, gatewise_layer, reference, torch_layer, torch_packed
from benchmarks.layers.verify import BFLOAT16_TOLERANCE, TOLERANCE, error

from gatewise.timing.interleaved import interleave

__all__ = ["Rival", "full_batches", "odd_sizes", "race", "ragged_batches", "under_autocast"]

ROUNDS = 401
WARM_UP = 2


@dataclass(frozen=True)
class Rival:
    """One line of a race."""

    name: str
    prepare: Prepare
    task: Task
    tolerance: float = TOLERANCE


def full_batches(plan: Plan, builders: Mapping[str, Prepare], fma_peak: float | None) -> Iterator[Row]:
    """Every library on every shape: GRU and LSTM take turns within one race."""
    modes = [mode for mode in ("train", "train_input", "inference") if mode.removesuffix("_input") in plan.parts]
    for mode in modes:
        for shape in plan.shapes:
            tasks = {cell: task(cell, mode, shape) for cell in GATES}
            rivals = [Rival(f"{name} {cell}", build, tasks[cell]) for name, build in builders.items() for cell in tasks]
            row = race("train" if mode != "inference" else mode, rivals, plan.seconds)
            yield _with_peak(row, fma_peak, plan.threads)


def odd_sizes(plan: Plan) -> Iterator[Row]:
    """Sizes that are no multiple of anything, against PyTorch alone."""
    for shape in [replace(size, steps=10) for size in ODD[:4]] if plan.quick else ODD:
        for mode in ("train_input", "inference"):
            tasks = {cell: task(cell, mode, shape) for cell in GATES}
            builders: dict[str, Prepare] = {"gatewise": gatewise_layer, "torch": torch_layer}
            rivals = [Rival(f"{name} {cell}", build, tasks[cell]) for name, build in builders.items() for cell in tasks]
            yield race("odd", rivals, plan.seconds / 4)


def ragged_batches(plan: Plan) -> Iterator[Row]:
    """Batches whose lengths are uniform in 1..steps, beside the same batch without padding, with and without lengths given."""
    for shape in [size for size in (QUICK if plan.quick else plan.shapes) if size.batch > 1]:
        lengths = np.random.default_rng(1).integers(1, shape.steps, shape.batch, endpoint=True)
        for mode in ("train", "inference"):
            rivals = []
            for cell in GATES:
                full = task(cell, mode, shape)
                all_equal = replace(full, lengths=np.full(shape.batch, shape.steps))
                ragged = replace(full, lengths=lengths)
                rivals += [
                    Rival(f"gatewise {cell} full", gatewise_layer, full),
                    Rival(f"gatewise {cell} full with lengths", gatewise_layer, all_equal),
                    Rival(f"gatewise {cell} ragged", gatewise_layer, ragged),
                    Rival(f"torch {cell} ragged", torch_packed, ragged),
                ]
            yield replace(race("ragged", rivals, plan.seconds), real_share=float(lengths.mean()) / shape.steps)


def under_autocast(plan: Plan) -> Iterator[Row]:
    """Float32 beside autocast to bfloat16, where a pass over the weights is long enough to gain."""
    for mode in ("train", "inference"):
        for shape in [size for size in plan.shapes if size.hidden_size >= 128 or plan.quick]:
            rivals = []
            for cell in GATES:
                one = task(cell, mode, shape)
                rivals += [
                    Rival(f"gatewise {cell}", gatewise_layer, one),
                    Rival(f"gatewise {cell} bfloat16", lambda given: autocast(gatewise_layer(given)), one, BFLOAT16_TOLERANCE),
                    Rival(f"torch {cell} bfloat16", lambda given: autocast(torch_layer(given)), one, BFLOAT16_TOLERANCE),
                ]
            yield race("bfloat16", rivals, plan.seconds)


def race(part: str, rivals: list[Rival], seconds: float) -> Row:
    """Time all rivals whose results are right, in turns; say of the others why not.

    Whatever a library raises becomes its reason, so that one that fails does not end the benchmark of the rest.
    """
    ready: dict[str, Prepared] = {}
    errors: dict[str, float] = {}
    refused: dict[str, str] = {}
    references: dict[int, Answer] = {}
    for rival in rivals:
        try:
            prepared = rival.prepare(rival.task)
            if prepared is None:
                continue
            if id(rival.task) not in references:
                references[id(rival.task)] = reference(rival.task)
            difference, where = error(prepared.answer(), references[id(rival.task)])
        except Exception as failure:
            refused[rival.name] = f"failed: {type(failure).__name__}: {failure}"
            continue
        if difference <= rival.tolerance:
            ready[rival.name], errors[rival.name] = prepared, difference
        else:
            refused[rival.name] = f"wrong: relative error {difference:.1e} of {where}, at most {rival.tolerance:.0e} is timed"
    times = interleave(
        {name: partial(_turn, one) for name, one in ready.items()},
        rounds=ROUNDS,
        warm_up=WARM_UP,
        seconds=seconds,
    )
    timings = {name: summarise(values, errors[name], page_faults(ready[name])) for name, values in times.items()}
    return Row(part, rivals[0].task.mode, rivals[0].task.shape, timings, refused)


def summarise(milliseconds: np.ndarray[tuple[int], np.dtype[np.float64]], difference: float, faults: int) -> Timing:
    """Median and quartiles of rounds."""
    quarter, median, three_quarters = np.percentile(milliseconds, [25, 50, 75])
    return Timing(float(median), float(quarter), float(three_quarters), len(milliseconds), difference, faults)


def page_faults(prepared: Prepared) -> int:
    """Pages that one call touches for the first time since the system handed them out."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    prepared.run()
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before


def _turn(prepared: Prepared, _: int) -> object:
    return prepared.run()


def _with_peak(row: Row, fma_peak: float | None, threads: int) -> Row:
    if fma_peak is None:
        return row
    available = fma_peak * threads
    timings = {
        name: replace(timing, peak_share=operations(row.shape, name.split()[1], row.mode) / (timing.median_ms * 1e6) / available)
        for name, timing in row.timings.items()
    }
    return replace(row, timings=timings)
