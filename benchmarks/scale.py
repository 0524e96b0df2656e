"""A run here, in two processes, and on Ray clusters of several nodes made on this machine: the same answer, and what it costs.

    python -m benchmarks.scale [--source builtin:digits] [--replicates 6] [--tasks 200] [--nodes 2,4] [--only ways,studies]

First one comparison in every way: wall time, and whether verdict and scores are those of one process. Then a plan of many tiny
units (the majority class of 60 rows), whose time is that of handing them out: milliseconds a unit. The nodes of a cluster share
this machine's cores, so that more of them are no faster; what is seen is the overhead. Last (`studies`) three studies at once on
four nodes: how many units of each are done after every quarter of the time.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from benchmarks.layers.machine import busy, describe
from rich.console import Console
from rich.table import Table

import gatewise
from gatewise.data.sources import open_source
from gatewise.records import Config, Training
from gatewise.study.arms import arms_for
from gatewise.study.cluster import join, leave
from gatewise.study.journal import read_journal
from gatewise.study.processes import end_processes
from gatewise.study.runner import Runner
from gatewise.study.units import Unit
from gatewise.study.work import Workload

TINY = "builtin:parity?rows=60&length=10"
STORE = 200_000_000


@dataclass(frozen=True)
class Way:
    """Where units are done: in so many processes here, or on so many nodes of a processor each."""

    jobs: int = 1
    nodes: int = 0

    def __str__(self) -> str:
        if self.nodes:
            return f"Ray, {self.nodes} nodes"
        return "one process" if self.jobs == 1 else f"--jobs {self.jobs}"


@contextmanager
def options_of(way: Way) -> Iterator[dict[str, Any]]:
    """What chooses a way, while its cluster is there."""
    if not way.nodes:
        yield {"jobs": way.jobs}
        return
    from ray.cluster_utils import Cluster

    cluster = Cluster(
        initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False, "object_store_memory": STORE}
    )
    try:
        for _ in range(way.nodes - 1):
            cluster.add_node(num_cpus=1, object_store_memory=STORE)
        yield {"runner": "ray", "address": cluster.address}
    finally:
        leave()
        cluster.shutdown()  # type: ignore[no-untyped-call]


def compared(source: str, replicates: int, options: dict[str, Any]) -> tuple[float, Any]:
    """Seconds of a comparison, and all that must be the same wherever it was made."""
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        result = gatewise.compare(source, replicates=replicates, tune=2, out=Path(folder) / "run", **options)
        seconds = time.perf_counter() - began
    comparison = result.comparison
    found = [*comparison.tuning, *comparison.trainings, *comparison.baseline_trainings]
    return seconds, (result.verdict.decision, result.verdict.difference, [_timeless(training) for training in found])


def _timeless(training: Training) -> Training:
    history = tuple(replace(epoch, seconds=0.0) for epoch in training.history)
    return replace(training, phases={}, seconds=0.0, history=history)


def milliseconds_a_task(tasks: int, options: dict[str, Any]) -> float:
    """Of a plan of tiny units, once the processes are there."""
    dataset = open_source(TINY)
    config = Config(TINY, **options)
    with Runner(Workload(config, dataset, arms_for(config, dataset))) as runner:
        units = [Unit("baseline", "majority", number) for number in range(tasks)]
        # Every process encodes the data for the first of its units.
        list(runner.results(iter(units[:16]), lambda *_: None))
        began = time.perf_counter()
        done = list(runner.results(iter(units), lambda *_: None))
        seconds = time.perf_counter() - began
    if [unit for unit, _ in done] != units:
        raise RuntimeError("units were lost, or came in another order")
    return 1000 * seconds / tasks


def studies_together() -> list[dict[str, Any]]:
    """Units that three studies on four nodes have done after every quarter of the time in which all are under way, and at its
    end."""
    sources = [f"builtin:{name}?rows=600&length=30" for name in ("parity", "temporal-order", "counting")]
    shared: dict[str, Any] = {"replicates": 12, "tune": 1, "max_epochs": 8, "hidden_size": 16, "rivals": "simple"}
    with options_of(Way(nodes=4)) as options, tempfile.TemporaryDirectory() as folder:
        studies = gatewise.compare_all(sources, out=Path(folder) / "all", **options, **shared)
        times = {study.source: _unit_times(study.path) for study in studies}
    begins = max(found[0] for found in times.values())
    ends = min(found[-1] for found in times.values())
    rows = []
    for quarter in range(1, 5):
        at = begins + (ends - begins) * quarter / 4
        counts = [sum(begins < moment <= at for moment in found) for found in times.values()]
        rows.append({"after_s": at - begins, "units": counts})
    return rows


def _unit_times(run: Path) -> list[float]:
    """When each training of a run was finished, in seconds of the clock."""
    rows = read_journal(run / "journal.sqlite").rows()
    kinds = ("tuning", "replicate", "baseline")
    return sorted(datetime.fromisoformat(row["finished_at"]).timestamp() for row in rows if row["kind"] in kinds)


def main() -> None:
    """Measure every way and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--source", default="builtin:digits")
    parser.add_argument("--replicates", type=int, default=6)
    parser.add_argument("--tasks", type=int, default=200)
    parser.add_argument("--nodes", default="2,4")
    parser.add_argument("--only", default="ways,studies")
    parser.add_argument("--output", type=Path)
    asked = parser.parse_args()
    print(f"warning: {busy()}\n" if busy() else "", end="")
    found: list[dict[str, Any]] = []
    first = None
    ways = (Way(), Way(jobs=2), *(Way(nodes=int(count)) for count in asked.nodes.split(",")))
    for way in ways if "ways" in asked.only else ():
        with options_of(way) as options:
            began = time.perf_counter()
            if way.nodes:
                join(options["address"])
            joined = time.perf_counter() - began
            seconds, said = compared(asked.source, asked.replicates, options)
            first = said if first is None else first
            each = milliseconds_a_task(asked.tasks, options)
        found.append({"way": str(way), "same": said == first, "joining_s": joined, "seconds": seconds, "task_ms": each})
    table = Table("where", "same verdict and scores", "joining, s", "comparison, s", "tiny unit, ms")
    for row in found:
        table.add_row(
            row["way"], "yes" if row["same"] else "NO", *(f"{row[name]:.3g}" for name in ("joining_s", "seconds", "task_ms"))
        )
    Console(width=100).print(table)
    together = studies_together() if "studies" in asked.only else []
    for row in together:
        print(f"after {row['after_s']:.0f} s: {', '.join(map(str, row['units']))} units of the three studies")
    if asked.output is not None:
        asked.output.write_text(
            json.dumps({"machine": describe(), "ways": found, "studies": together}, indent=1) + "\n", encoding="utf-8"
        )


if __name__ == "__main__":
    try:
        main()
    finally:
        end_processes()
