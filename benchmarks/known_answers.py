"""Which cell solves which test of memory, at which length, when the head reads the last state alone.

    python benchmarks/known_answers.py                  the whole table, some minutes on an idle machine
    python benchmarks/known_answers.py --tasks parity --cells gru,lstm
    python benchmarks/known_answers.py --page docs/known_answers.md

Every cell is trained by the recipe of a comparison (AdamW, clipping, averaged weights) without dropout and without early
stopping: it ends once its validation part is half way from solved to perfect, or after `--steps` training steps. The score is
that of the test part of the first split. Beside the cells stands the linear baseline on the same rows.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import torch

from gatewise.comparison.plan import arms_of
from gatewise.data.sources import open_source
from gatewise.metrics import METRICS
from gatewise.names import plain_title
from gatewise.records import Config, Epoch, Hyperparameters
from gatewise.runtime.scoring import score, truth_of
from gatewise.study.units import Unit
from gatewise.study.work import Workload
from gatewise.training.fit import fit
from gatewise.training.schedule import Schedule

CELLS = ("gru", "lstm", "rnn", "min_gru", "min_lstm")
HYPERPARAMETERS = Hyperparameters(learning_rate=5e-3, dropout=0.0, input_dropout=0.0, weight_decay=0.01)
BATCH = 64
LINEAR = ("linear_features", "ridge_features")


@dataclass(frozen=True)
class Task:
    """A built-in data set, its option and the values tried. solved: the score from which on it counts so. published: what the
    literature has."""

    name: str
    option: str
    values: tuple[int, ...]
    solved: float
    published: str
    metric: str = "accuracy"

    @property
    def condition(self) -> str:
        """When it counts as solved, in words."""
        return f"MSE below {self.solved:g}" if self.metric == "mse" else f"accuracy of at least {self.solved:.0%}"

    def is_solved(self, value: float) -> bool:
        """Whether a test score counts as solved."""
        return METRICS[self.metric].gain(value) >= METRICS[self.metric].gain(self.solved)

    def is_settled(self, value: float) -> bool:
        """Whether a validation score is so far beyond it that the test score will be, too: half way to perfect."""
        perfect = 0.0 if self.metric == "mse" else 1.0
        return METRICS[self.metric].gain(value) >= METRICS[self.metric].gain((self.solved + perfect) / 2)


TASKS = (
    Task(
        "adding",
        "length",
        (20, 50),
        0.01,
        "GRU ahead of LSTM: MSE 5.3e-5 against 0.164 at 600 steps, at equal parameters (Bai et al. 2018). A plain RNN "
        "fails where the gradient has to span long lags (Hochreiter 1991, Bengio et al. 1994).",
        metric="mse",
    ),
    Task(
        "copy", "delay", (1, 10), 0.99, "Both gated cells are at the memoryless baseline with a delay of 1,000 (Bai et al. 2018)."
    ),
    Task(
        "recall",
        "pairs",
        (2, 4),
        0.99,
        "Neither: an LSTM has been reported at 36.2% where chance is 25%.",
    ),
    Task("temporal-order", "length", (20, 50), 0.99, "LSTM solves it at 100 steps and more (Hochreiter & Schmidhuber 1997)."),
    Task("counting", "length", (20, 30), 0.95, "LSTMs learn to count, GRUs hardly (Weiss et al. 2018; Gers & Schmidhuber 2001)."),
    Task("dyck1", "length", (20, 30), 0.95, "As counting: one counter suffices (Weiss et al. 2018)."),
    Task(
        "parity",
        "length",
        (10, 20),
        0.95,
        "Cells with a nonlinear state can track it; gates that depend on the input alone (minGRU, minLSTM) cannot in one layer.",
    ),
)


@dataclass(frozen=True)
class Row:
    """One cell on one task: its test score, steps trained and seconds."""

    task: Task
    value: int
    name: str
    score: float
    steps: int | None = None
    seconds: float = 0.0

    @property
    def is_solved(self) -> bool:
        return self.task.is_solved(self.score)


def measure(task: Task, value: int, cells: Sequence[str], *, rows: int, steps: int, hidden_size: int, seed: int) -> Iterator[Row]:
    """The linear baseline and every cell on one setting."""
    source = f"builtin:{task.name}?{task.option}={value}&rows={rows}"
    config = Config(source, metric=task.metric, hidden_size=hidden_size, pooling="last", batch_size=BATCH, seed=seed)
    # A comparison has two arms or more; the cells of a single one are none of its concern.
    workload = Workload(config, open_source(source, seed=seed), arms_of(cells, hidden_size))
    linear = next(name for name in workload.baselines if name in LINEAR)
    trial = workload.run(Unit("baseline", linear, 0))
    yield Row(task, value, linear, trial.test_score or 0.0, seconds=trial.seconds)
    for arm in workload.arms:
        yield _trained(task, value, workload, arm.name, steps)


def _trained(task: Task, value: int, workload: Workload, name: str, steps: int) -> Row:
    started = time.perf_counter()
    arm = next(arm for arm in workload.arms if arm.name == name)
    encoded = workload.encode(0)
    split = encoded.split
    an_epoch = -(-len(split.train) // BATCH)
    settled: list[int] = []

    def on_epoch(epoch: Epoch) -> None:
        if task.is_settled(epoch.validation_score):
            settled.append(epoch.epoch)

    truth = truth_of(workload.dataset, split.validation, split.train)
    epochs = max(1, steps // an_epoch)
    fitted = fit(
        workload.network(arm, 0, HYPERPARAMETERS, encoded.train.input_size),
        encoded.train,
        encoded.validation,
        workload.trainer.objective,
        lambda predictions: score(task.metric, predictions, truth),
        HYPERPARAMETERS,
        Schedule(BATCH, epochs, epochs),
        seed=workload.config.seed,
        on_epoch=on_epoch,
        # Asked after every step: the epoch behind the one that settled it ends at its first.
        time_left=lambda: not settled,
    )
    found = score(
        task.metric,
        workload.trainer.objective.predict(fitted.network, encoded.test),
        truth_of(workload.dataset, split.test, split.train),
    )
    return Row(task, value, name, found, len(fitted.history) * an_epoch, time.perf_counter() - started)


def _value(task: Task, number: float) -> str:
    return f"{number:.4f}" if task.metric == "mse" else f"{number:.1%}"


def table(rows: Sequence[Row]) -> str:
    """The rows as a Markdown table: a line a setting, a column a model; what is solved is bold."""
    names = list(dict.fromkeys(row.name for row in rows))
    models = [name for name in names if name not in LINEAR]
    lines = ["| task | solved | linear baseline |" + "".join(f" {plain_title(name)} |" for name in models)]
    lines.append("|---" * (3 + len(models)) + "|")
    for task, value in dict.fromkeys((row.task, row.value) for row in rows):
        own = {row.name: row for row in rows if (row.task, row.value) == (task, value)}
        linear = next(row for name, row in own.items() if name not in models)
        cells = [_cell(linear), *(_cell(own[name]) if name in own else "" for name in models)]
        lines.append(f"| {task.name}, {task.option} {value} | {task.condition} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _line(row: Row) -> str:
    how = "solved" if row.is_solved else "not solved"
    steps = f" after {row.steps:,} steps" if row.steps else ""
    name, reached = plain_title(row.name), _value(row.task, row.score)
    return f"{row.task.name} {row.task.option} {row.value}: {name} {reached}, {how}{steps}, {row.seconds:.0f} s"


def _cell(row: Row) -> str:
    text = _value(row.task, row.score)
    return f"**{text}**" if row.is_solved else text


def page(rows: Sequence[Row], setting: str) -> str:
    """The page of documentation on what was measured."""
    published = "\n".join(f"- `{task.name}`: {task.published}" for task in dict.fromkeys(row.task for row in rows))
    solved_by_linear = [f"{row.task.name} {row.value}" for row in rows if row.is_solved and row.name in LINEAR]
    linear = f"It solves {', '.join(solved_by_linear)}." if solved_by_linear else "It solves none."
    return f"""# Known answers

Tests of memory, and which cell solves them when the head reads the last state alone (`--pooling last`). Written by
`benchmarks/known_answers.py`; what is solved is bold. {setting}

{table(rows)}

The linear baseline is the one of every comparison: a linear model of means, deviations, first and last steps and the means of ten
parts. {linear}

What the literature has:

{published}

One training a cell: that a cell solves a task is a finding; that it does not holds for this many rows and steps, and another seed
may do. With the default, `--pooling summary`, the head also reads mean and maximum over the steps, and cells come nearer to each
other.
"""


def _settings(wanted: Sequence[str], lengths: int) -> Iterator[tuple[Task, int]]:
    for number in range(lengths):
        yield from ((task, task.values[number]) for task in TASKS if task.name in wanted and number < len(task.values))


def _kept(path: Path | None) -> list[Row]:
    if path is None or not path.exists():
        return []
    by_name = {task.name: task for task in TASKS}
    found = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return [Row(**{**one, "task": by_name[one["task"]]}) for one in found]


def _written(row: Row) -> dict[str, Any]:
    return {field.name: getattr(row, field.name) for field in fields(Row)} | {"task": row.task.name}


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, and write the page where that is asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tasks", default=",".join(task.name for task in TASKS))
    parser.add_argument("--cells", default=",".join(CELLS))
    parser.add_argument("--rows", type=int, default=4000)
    parser.add_argument("--steps", type=int, default=3000)
    parser.add_argument("--hidden-size", type=int, default=64)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--lengths", type=int, default=2, help="how many of each task's lengths")
    parser.add_argument("--minutes", type=float, default=60.0, help="begin no further setting after so many")
    parser.add_argument("--keep", type=Path, help="write what was measured here, and measure no setting that is here already")
    parser.add_argument("--page", type=Path)
    given = parser.parse_args(arguments)
    torch.set_num_threads(1)
    rows = _kept(given.keep)
    known = {(row.task.name, row.value) for row in rows}
    setting = (
        f"{given.rows:,} rows (of which a tenth is tested and a tenth stops the training), hidden size {given.hidden_size}, one "
        f"layer, batches of {BATCH}, learning rate {HYPERPARAMETERS.learning_rate:g}, no dropout, at most {given.steps:,} steps, "
        f"seed {given.seed}."
    )
    options = {"rows": given.rows, "steps": given.steps, "hidden_size": given.hidden_size, "seed": given.seed}
    started = time.monotonic()
    # The short ones of every task first: where time is up, longer ones are left out.
    for task, value in _settings(given.tasks.split(","), given.lengths):
        if (task.name, value) in known or time.monotonic() - started > 60 * given.minutes:
            continue
        for row in measure(task, value, given.cells.split(","), **options):
            rows.append(row)
            print(_line(row), flush=True)
        if given.keep is not None:
            given.keep.write_text("".join(f"{json.dumps(_written(row))}\n" for row in rows), encoding="utf-8")
    rows.sort(key=lambda row: (TASKS.index(row.task), row.value))
    if given.page is not None:
        given.page.write_text(page(rows, setting), encoding="utf-8")
    print(table(rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
