"""A process that times the layers of whichever gatewise it finds, a line of JSON in and one out.

`python -m benchmarks.layers.peak_worker THREADS`: another checkout's compiled module cannot be loaded beside this one's, so each
has a process of its own, and the two take turns. It takes nothing of gatewise but its layers, whose signature does not change.
"""

from __future__ import annotations

import json
import sys
import time
from dataclasses import replace

import torch
from benchmarks.layers.rivals import Prepared, Task, task
from benchmarks.layers.shapes import Shape
from benchmarks.layers.torch_rivals import gatewise_layer, reference
from benchmarks.layers.verify import error

from gatewise.kernels import missing

CHECKED = 4
"""Steps over which a result is compared with float64."""


def main() -> None:
    """Say why this gatewise has no kernels, if it has none, then answer requests until there are no more.

    A request holds cell, mode, shape, and seconds: 0 to check, which gives `error`, the relative one and where it is largest;
    more to time calls one by one for that long, which gives their `milliseconds`.
    """
    torch.set_num_threads(int(sys.argv[1]))
    _say({"missing": missing()})
    prepared: dict[str, Prepared] = {}
    for line in sys.stdin:
        request = json.loads(line)
        shape, seconds = Shape.parse(request["shape"]), request["seconds"]
        asked = task(request["cell"], request["mode"], shape)
        if not seconds:
            _say({"error": _error(asked)})
            continue
        key = f"{asked.cell} {asked.mode} {shape}"
        if key not in prepared:
            prepared = {name: one for name, one in prepared.items() if name.endswith(f"{asked.mode} {shape}")}
            prepared[key] = gatewise_layer(asked)
        _say({"milliseconds": _time(prepared[key], seconds)})


def _say(answer: dict[str, object]) -> None:
    print(json.dumps(answer), flush=True)


def _error(asked: Task) -> tuple[float, str]:
    steps = min(CHECKED, asked.shape.steps)
    short = replace(asked, shape=replace(asked.shape, steps=steps), inputs=asked.inputs[:steps])
    return error(gatewise_layer(short).answer(), reference(short))


def _time(one: Prepared, seconds: float) -> list[float]:
    one.run()  # the other process had the caches
    times: list[float] = []
    end = time.perf_counter() + seconds
    while not times or time.perf_counter() < end:
        began = time.perf_counter()
        one.run()
        times.append((time.perf_counter() - began) * 1e3)
    return times


if __name__ == "__main__":
    main()
