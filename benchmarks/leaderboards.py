"""The leaderboard and the verdict of every run below a folder, as one page of Markdown: what public data say in a few minutes.

    python -m benchmarks.budgets FOLDER --budgets 240 --out RUNS
    python benchmarks/leaderboards.py RUNS [--budget 240] [--out docs/leaderboards.md]

Scores are means over the replicates of a run, with their standard deviation; a fit is one training of a cell with the
hyperparameters that it was given, or one fit of a baseline; latency is the median of single rows.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import gatewise
from gatewise.metrics import METRICS, value_text
from gatewise.names import plain_title
from gatewise.report.numbers import significant
from gatewise.study.api import Result

COLUMNS = "| | {metric} | replicates | a fit, s | latency, ms |\n|---|---:|---:|---:|---:|"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", type=Path, nargs="+")
    parser.add_argument("--budget", type=int, default=240)
    parser.add_argument("--out", type=Path)
    asked = parser.parse_args()
    # NAME-BUDGET-TIME, as benchmarks.budgets names them; of several the last.
    folders = {path.name.split("-")[0]: path for runs in asked.runs for path in sorted(runs.glob(f"*-{asked.budget}-*"))}
    sections = [_section(name, gatewise.open_run(folder)) for name, folder in sorted(folders.items())]
    page = "\n\n".join([f"# Leaderboards\n\n{_introduction(asked.budget)}", *sections]) + "\n"
    if asked.out is None:
        print(page)
    else:
        asked.out.write_text(page, encoding="utf-8")


def _introduction(budget: int) -> str:
    command = f"gatewise compare DATA --budget {budget}s"
    return (
        f"Every cell and every baseline on public data in {budget} seconds: `{command}`, nothing else chosen but the columns\n"
        "and the official split. Made by `benchmarks/leaderboards.py` from the runs of `benchmarks/budgets.py`, on two busy\n"
        "cores; times hold beside each other, not by themselves."
    )


def _section(name: str, result: Result) -> str:
    verdict, metric = result.verdict, METRICS[result.verdict.metric]
    lines = [f"## {name}", "", COLUMNS.format(metric=verdict.metric)]
    for row in result.leaderboard():
        score, deviation = (value_text(metric, row[key], verdict.margin) for key in ("score", "sd"))
        fit, latency = (_number(row[key]) for key in ("fit_s", "latency_ms_p50"))
        lines.append(f"| {plain_title(row['name'])} | {score} ± {deviation} | {row['replicates']} | {fit} | {latency} |")
    return "\n".join([*lines, "", verdict.explanation[0]])


def _number(value: float | None) -> str:
    return "" if value is None else significant(value)


if __name__ == "__main__":
    main()
