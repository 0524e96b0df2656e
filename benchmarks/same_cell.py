"""A cell against itself, tuned and compared as any two are: how often a winner is named where there is none.

    python benchmarks/same_cell.py [--runs 210] [--replicates 12] [--jobs 2] [--out runs/same_cell]

Small runs of text, series and forecast in turn, each with rows, seed and splits of its own and three rounds of tuning; what costs
is not measured. Each is judged twice: at its end, as a run with --replicates is, and after every replicate until something is
concluded, as a run with a budget is. Lines of JSON go to OUT/runs.jsonl, and what is there already is not run again. Exits with 1
where more winners are named than 5% of such runs would name by chance once in a hundred benchmarks.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import torch
from scipy.stats import beta, binom

import gatewise
from gatewise.comparison.verdict import decide
from gatewise.records import Comparison, Training
from gatewise.report.live import NullView
from gatewise.statistics.decision import ERROR
from gatewise.study import run as study

CELLS = ("gru", "lstm")
TASKS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("text", "builtin:reviews?rows={rows}", {}),
    ("series", "builtin:waves?rows={rows}&length=20", {}),
    ("forecast", "builtin:seasonal?rows={rows}", {"task": "forecast", "window": 24, "horizon": 4}),
)
WAYS = ("at_the_end", "after_every_replicate")
WINNER, NONE = "winner", "undecided"
FEWEST_ROWS = {"text": 200, "series": 150, "forecast": 600}


def one_run(number: int, replicates: int, out: Path) -> dict[str, Any]:
    """What a run of one cell twice concludes."""
    task, source, options = TASKS[number % len(TASKS)]
    cell = CELLS[number // len(TASKS) % len(CELLS)]
    folder = out / f"run-{number}"
    result = gatewise.compare(
        source.format(rows=FEWEST_ROWS[task] + number),
        **options,
        cells=(cell, cell),
        seed=number,
        tune=3,
        replicates=replicates,
        budget=None,
        hidden_size=8,
        embedding_size=8,
        max_epochs=3,
        batch_size=32,
        rivals="simple",
        out=folder,
        view=NullView(),
    )
    comparison = result.comparison
    shutil.rmtree(folder)
    settings = {training.name: repr(training.hyperparameters) for training in comparison.trainings}
    return {
        "number": number,
        "task": task,
        "cell": cell,
        "at_the_end": _conclusion(comparison),
        "after_every_replicate": _looked_at(comparison),
        "tuned_apart": len(set(settings.values())) > 1,
    }


def _first(comparison: Comparison, count: int) -> Comparison:
    """The run after so many replicates, with no number of replicates planned."""

    def early(trainings: tuple[Training, ...]) -> tuple[Training, ...]:
        return tuple(training for training in trainings if training.number < count)

    return replace(
        comparison,
        config=replace(comparison.config, replicates=None),
        trainings=early(comparison.trainings),
        baseline_trainings=early(comparison.baseline_trainings),
        replicates=count,
    )


def _conclusion(comparison: Comparison) -> str:
    found = decide(comparison).comparisons[0].conclusion
    return WINNER if found in ("first", "second") else found


def _looked_at(comparison: Comparison) -> str:
    """What is concluded first."""
    looks = (_conclusion(_first(comparison, count)) for count in range(1, comparison.replicates + 1))
    return next((found for found in looks if found != NONE), NONE)


def _worker() -> None:
    torch.set_num_threads(1)
    for measuring in ("measure", "measure_late"):
        setattr(study, measuring, lambda *_: None)


def _runs(numbers: list[int], replicates: int, out: Path, jobs: int) -> Iterator[dict[str, Any]]:
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn"), initializer=_worker) as pool:
        yield from pool.map(one_run, numbers, [replicates] * len(numbers), [out] * len(numbers))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=210)
    parser.add_argument("--replicates", type=int, default=12)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--out", type=Path, default=Path("runs/same_cell"))
    asked = parser.parse_args()
    asked.out.mkdir(parents=True, exist_ok=True)
    path = asked.out / "runs.jsonl"
    found = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []
    missing = [number for number in range(asked.runs) if number not in {row["number"] for row in found}]
    for row in _runs(missing, asked.replicates, asked.out, asked.jobs):
        found.append(row)
        with path.open("a", encoding="utf-8") as handle:
            handle.write(json.dumps(row) + "\n")
        print(f"{len(found):4} of {asked.runs}  {row['task']:8} {row['cell']:4}  {row['at_the_end']}", flush=True)
    print(_table(found))
    return int(any(binom.sf(_winners(found, way) - 1, len(found), ERROR) < 0.01 for way in WAYS))


def _winners(rows: list[dict[str, Any]], way: str) -> int:
    return sum(row[way] == WINNER for row in rows)


def _table(rows: list[dict[str, Any]]) -> str:
    """Rates by task, as Markdown; the interval is Clopper and Pearson's."""
    lines = [
        "| task | runs | judged | winner named | 95% interval | equivalent | undecided | tuned apart |",
        "|---|---:|---|---:|---:|---:|---:|---:|",
    ]
    for task in (*(name for name, _, _ in TASKS if any(row["task"] == name for row in rows)), "all"):
        own = [row for row in rows if task in (row["task"], "all")]
        runs, apart = len(own), sum(row["tuned_apart"] for row in own)
        for way in WAYS:
            winners, equivalent = _winners(own, way), sum(row[way] == "equivalent" for row in own)
            low = beta.ppf(0.025, winners, runs - winners + 1) if winners else 0.0
            high = beta.ppf(0.975, winners + 1, runs - winners)
            lines.append(
                f"| {task} | {runs} | {way.replace('_', ' ')} | {winners} ({winners / runs:.1%}) | {low:.1%} to {high:.1%} | "
                f"{equivalent} | {runs - winners - equivalent} | {apart} |"
            )
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
