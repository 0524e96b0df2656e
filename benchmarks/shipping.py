"""Every form of the GRU and the LSTM of four comparisons, each measured by a process that has nothing but the artefact.

    python -m benchmarks.shipping --data FOLDER [--out RUNS] [--sets JapaneseVowels,sst2,fsdd,ETTh1] [--budget 60s]

FOLDER holds the public data sets (docs/results.md names them). A comparison that is in RUNS already is not run again. In the
processes that measure PyTorch cannot be imported, but for the form that is PyTorch. Writes docs/shipping.md.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from benchmarks.budgets import SETS, write_forecasts
from benchmarks.layers.machine import busy, describe
from typer.testing import CliRunner

from gatewise.cli import app
from gatewise.export.formats import FORMATS
from gatewise.records import ShippedArtefact
from gatewise.report.live import NullView
from gatewise.report.metric_text import MetricText
from gatewise.report.numbers import NOT_KNOWN
from gatewise.study.api import open_run
from gatewise.study.processes import end_processes
from gatewise.study.shipping import ship_run

PAGE = Path("docs/shipping.md")
ARMS = ("gru", "lstm")
HEADER = ("cell", "form", "score", "kB", "start, s", *(f"batch {n}: p50, p90, p99" for n in (1, 32)), "memory, MB", "error")

INTRODUCTION = """# What ships, measured

Written by `python -m benchmarks.shipping`, which compares GRU and LSTM on four data sets for {budget} each (text, series, sound,
forecast; `gatewise compare` with its own choices), writes both models in every form (`docs/export.md`), and has each loaded by a
process that has nothing but the artefact: in it PyTorch cannot be imported, but for the form `torch`. It is what `gatewise export
RUN --to all --check --arm gru --arm lstm` adds to a run's report.

Scores are of {rows} rows at most of the source's own test part, or, of a source without one (sst2 as it is read here), of rows
that ended the training. Milliseconds are of a call from raw inputs to predictions, preprocessing included, at batch 1 and 32;
the start is from the beginning of the process to the first prediction; memory is the most that the process had. The size of C is
that of its constants, in a device's flash; its start has the compiler in it, which no device runs. The error is the greatest
against the model's own predictions: of probabilities, or of numbers in units of their scale.

{machine}
"""


def main() -> int:
    """Compare, ship, measure, write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=Path("runs/shipping"))
    parser.add_argument("--sets", default="sst2,JapaneseVowels,fsdd,ETTh1")
    parser.add_argument("--budget", default="60s")
    asked = parser.parse_args()
    asked.out.mkdir(parents=True, exist_ok=True)
    write_forecasts(asked.data, asked.out)
    about = describe()
    machine = f"{about['processor']}, {about['usable_cores']} cores, {about['instruction_set']}. {busy() or 'Nothing else ran.'}"
    parts = [INTRODUCTION.format(budget=asked.budget, rows="1,000", machine=machine)]
    for name in asked.sets.split(","):
        run = asked.out / name
        _compare(name, run, asked.data, asked.out, asked.budget)
        parts.append(_section(name, run))
        PAGE.write_text("\n".join(parts), encoding="utf-8")
        print(parts[-1], flush=True)
    return 0


def _compare(name: str, run: Path, data: Path, made: Path, budget: str) -> None:
    if (run / "verdict.json").exists():
        return
    shutil.rmtree(run, ignore_errors=True)
    source, *options = SETS[name]
    place = next(folder / source for folder in (made, data) if (folder / source).exists())
    arguments = ["compare", str(place), *options, "--budget", budget, "--out", str(run), "--quiet"]
    result = CliRunner().invoke(app, arguments)
    if result.exit_code:
        raise RuntimeError(f"{name}: {result.exception or result.output}")


def _section(name: str, run: Path) -> str:
    # First the one that needs PyTorch: the model that the run has not kept is trained then.
    found = list(ship_run(run, [FORMATS["torch"]], NullView(), ARMS))
    with _without_torch():
        found += ship_run(run, [form for form in FORMATS.values() if form.name != "torch"], NullView(), ARMS)
    comparison = open_run(run).comparison
    say = MetricText.of(comparison)
    order = list(FORMATS)
    found.sort(key=lambda one: (ARMS.index(one.arm), order.index(one.form)))
    lines = [f"## {name}, {say.label}", "", f"| {' | '.join(HEADER)} |", f"|{'---|' * len(HEADER)}"]
    lines += [f"| {' | '.join(_cells(one, say))} |" for one in found if not one.refused]
    refused = {one.form: one.refused for one in found if one.refused}
    lines += ["", *(f"- Not as `{form}`: {reason}" for form, reason in refused.items())]
    return "\n".join(lines).rstrip() + "\n"


def _cells(one: ShippedArtefact, say: MetricText) -> Sequence[str]:
    times = (one.latency_ms.get(size) for size in ("batch1", "batch32"))
    return (
        one.arm.upper(),
        f"`{one.form}`",
        NOT_KNOWN if one.score is None else say.value(one.score),
        f"{one.bytes / 1e3:,.1f}",
        f"{one.startup_s:.2f}",
        *(NOT_KNOWN if each is None else ", ".join(f"{ms:.3g}" for ms in (each.p50, each.p90, each.p99)) for each in times),
        f"{one.memory_bytes / 1e6:.0f}",
        f"{one.greatest_error:.1e}",
    )


@contextmanager
def _without_torch() -> Iterator[None]:
    """Processes that are begun meanwhile find a PyTorch that cannot be imported."""
    before = os.environ.get("PYTHONPATH")
    with tempfile.TemporaryDirectory() as place:
        (Path(place) / "torch.py").write_text("raise ModuleNotFoundError('torch is hidden', name='torch')\n", encoding="utf-8")
        os.environ["PYTHONPATH"] = os.pathsep.join([place, *([before] if before else [])])
        try:
            yield
        finally:
            os.environ.pop("PYTHONPATH")
            if before is not None:
                os.environ["PYTHONPATH"] = before


if __name__ == "__main__":
    try:
        code = main()
    finally:
        end_processes()
    sys.exit(code)
