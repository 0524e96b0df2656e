"""Time gatewise's recurrent layers beside PyTorch's, and beside ONNX Runtime, Flax and Keras where they are installed.

    python -m benchmarks.layers [--quick] [--only PART] [--threads 1,2] [--shapes B,T,I,H ...] [--output FOLDER] [--add]
    python -m benchmarks.layers --only peak --before CHECKOUT   the share of the peak, beside that of a built checkout
    python -m benchmarks.layers --render docs/performance.md    write the figures of the last run into the document

A rival whose result differs from a float64 reference is refused and not timed. Each number of threads and each setting of the
allocator is measured in a process of its own, in which all rivals take turns, and the medians count. Writes layers.json after
every row, and at the end layers.svg.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from benchmarks.layers.machine import INSTRUCTION_SETS, busy, environment
from benchmarks.layers.markdown import render_markdown, replace_between_marks
from benchmarks.layers.plot import draw
from benchmarks.layers.results import PARTS, SETTINGS, Plan, Report, Run, read, write
from benchmarks.layers.shapes import QUICK, SHAPES, Shape
from benchmarks.layers.terminal import show
from rich.console import Console

from gatewise.records import to_json


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, or render what was measured. Returns 0, 1 where a process failed, or 130 after an interrupt."""
    options = _parser().parse_args(arguments)
    results = options.output / "layers.json"
    if options.render:
        replace_between_marks(options.render, "layers", render_markdown(json.loads(results.read_text(encoding="utf-8"))))
        return 0
    console = Console(width=max(80, Console().width), soft_wrap=False)
    options.output.mkdir(parents=True, exist_ok=True)
    warning = busy()
    if warning:
        console.print(f"warning: {warning}", style="yellow")
    report = Report(datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"), ())
    if options.add and results.exists():
        report = read(Report, results)
    code = 0
    for plan in _plans(options):
        run, code = _measure(plan)
        if run is not None:
            report = Report(report.started, (*report.runs, run))
            write(report, results)
        if code:
            break
    if not report.runs:
        return code
    show(report, console)
    (options.output / "layers.svg").write_text(draw(report) + "\n", encoding="utf-8")
    console.print(f"\nWritten: {results} and layers.svg")
    return code


def _plans(options: argparse.Namespace) -> Iterator[Plan]:
    shapes = tuple(options.shapes) or (QUICK if options.quick else SHAPES)
    seconds = options.seconds or (0.05 if options.quick else 3.0)
    parts = tuple(options.only) or PARTS
    before = str(options.before.resolve()) if options.before else ""
    settings = tuple(SETTINGS) if options.setting == "all" else (options.setting,)
    for setting in settings:
        for threads in options.threads:
            # The other settings are checks on whole layers; the other parts are measured once.
            measured = parts if setting == settings[0] else tuple(part for part in parts if part in ("train", "inference"))
            if measured:
                yield Plan(threads, setting, options.instruction_set, measured, shapes, seconds, options.quick, before)


def _measure(plan: Plan) -> tuple[Run | None, int]:
    """Run one process; its run as far as it came, and its exit code."""
    print(f"{plan.threads} thread(s), setting {plan.setting}, {plan.instruction_set or 'best instruction set'}", flush=True)
    with tempfile.TemporaryDirectory() as folder, _cores(plan.threads):
        output = Path(folder) / "run.json"
        command = [sys.executable, "-m", "benchmarks.layers.child", json.dumps(to_json(plan)), str(output)]
        child = subprocess.Popen(command, env=environment(plan))
        try:
            code = child.wait()
        except KeyboardInterrupt:
            child.wait()
            code = 130
        return (read(Run, output) if output.exists() else None), code


@contextmanager
def _cores(threads: int) -> Iterator[None]:
    """Let children have as many cores as threads: not every library's own pool can be told its size."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, sorted(allowed)[:threads])
    try:
        yield
    finally:
        os.sched_setaffinity(0, allowed)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.layers", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--threads", type=_threads, default=(1, 2), help="numbers of threads, as 1,2 (the default)")
    parser.add_argument("--shapes", type=Shape.parse, nargs="+", default=(), metavar="B,T,I,H", help="instead of the eight")
    parser.add_argument("--only", choices=PARTS, action="append", default=[], help="a part; may be given several times")
    parser.add_argument("--seconds", type=float, help="of each race on one shape (default 3)")
    parser.add_argument("--setting", choices=(*SETTINGS, "all"), default="all", help="of the process: see docs/performance.md")
    parser.add_argument("--instruction-set", choices=tuple(INSTRUCTION_SETS), default="", help="force it on both sides")
    parser.add_argument("--before", type=Path, metavar="CHECKOUT", help="a built one; its share of the peak beside ours")
    parser.add_argument("--output", type=Path, default=Path("build/benchmarks"), help="folder (default build/benchmarks)")
    parser.add_argument("--add", action="store_true", help="to the runs that the folder's layers.json has")
    parser.add_argument("--quick", action="store_true", help="tiny sizes, to see that everything runs")
    parser.add_argument("--render", type=Path, metavar="DOCUMENT", help="write the last figures into it, measure nothing")
    return parser


def _threads(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(","))


if __name__ == "__main__":
    sys.exit(main())
