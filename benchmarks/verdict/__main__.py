"""Replicates a minute and seconds to a verdict on public data, and where the time goes.

    python -m benchmarks.verdict FOLDER [--budget 120] [--sets mr,sst2] [--out RUNS] [--before CHECKOUT] [--plain]

FOLDER holds the public data sets (docs/results.md names them). Every run is a `gatewise compare` in a process of its own.
--before: the same by the sources of another checkout, whose kernels are compiled in place; --plain: the same with PyTorch's
layers and autograd (`plain.py`). The ways take turns on every data set, so that a busy machine meets them alike. Lines of JSON go
to RUNS/verdict.jsonl; what is there already is not run again.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from benchmarks.budgets import SETS, write_forecasts
from benchmarks.layers.tables import Table
from benchmarks.layers.terminal import rich_table
from benchmarks.verdict.foretold import foretold, foretold_table, happened
from rich.console import Console

NINE = ("mr", "sst2", "uci_sentences", "amazon_multidomain", "JapaneseVowels", "GunPoint", "ECG5000", "fsdd", "ETTh1")
STEP = ("forward", "backward", "optimiser")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--budget", type=int, default=120)
    parser.add_argument("--sets", default=",".join(NINE))
    parser.add_argument("--out", type=Path, default=Path("runs/verdict"))
    parser.add_argument("--before", type=Path)
    parser.add_argument("--plain", action="store_true")
    asked = parser.parse_args()
    asked.out.mkdir(parents=True, exist_ok=True)
    write_forecasts(asked.folder, asked.out)
    found = asked.out / "verdict.jsonl"
    rows = [json.loads(line) for line in found.read_text(encoding="utf-8").splitlines()] if found.exists() else []
    ways = [("now", None), *([("before", asked.before)] if asked.before else []), *([("plain", None)] if asked.plain else [])]
    for name in asked.sets.split(","):
        for way, checkout in ways:
            if any((row["set"], row["way"], row["budget"]) == (name, way, asked.budget) for row in rows):
                continue
            rows.append(_run(name, way, checkout, asked.budget, asked.folder, asked.out))
            with found.open("a", encoding="utf-8") as handle:
                handle.write(json.dumps(rows[-1]) + "\n")
            print(_line(rows[-1]), flush=True)
    console = Console(width=max(120, Console().width))
    for table in _tables([row for row in rows if row["budget"] == asked.budget]):
        console.print(rich_table(table))


def _run(name: str, way: str, checkout: Path | None, budget: int, folder: Path, out: Path) -> dict[str, Any]:
    source, *options = SETS[name]
    if not source.startswith("builtin:"):
        source = str((out if (out / source).exists() else folder) / source)
    run = out / f"{name}-{way}-{budget}-{time.strftime('%H%M%S')}"
    program = "benchmarks.verdict.plain" if way == "plain" else "gatewise"
    environment = dict(os.environ)
    if checkout is not None:
        environment["PYTHONPATH"] = str(checkout / "src")
    started = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", program, "compare", source, *options, "--budget", f"{budget}s", "--out", str(run), "--json"],
        capture_output=True,
        text=True,
        check=False,
        env=environment,
    )
    row: dict[str, Any] = {"set": name, "way": way, "budget": budget, "wall": time.monotonic() - started}
    if done.returncode:
        return row | {"error": done.stderr.strip().splitlines()[-1:]}
    verdict = json.loads(done.stdout)
    # An earlier version calls its file by another name.
    journal = next(path for path in (run / "units.jsonl", run / "trials.jsonl") if path.exists())
    units = [json.loads(line) for line in journal.read_text(encoding="utf-8").splitlines()]
    scores = defaultdict(list)
    for unit in units:
        if _kind(unit) == "replicate":
            scores[unit["name"]].append(unit["test_score"])
    return row | {
        "decision": verdict["decision"],
        "recommended": verdict.get("recommended"),
        "replicates": verdict.get("replicates", verdict.get("pairs")),
        "seconds": _phases(units, verdict["elapsed_s"]),
        "work": _work(units),
        "foretold": foretold(units),
        "happened": happened(units, verdict),
        "scores": {arm: sum(values) / len(values) for arm, values in scores.items()},
    }


def _kind(unit: dict[str, Any]) -> str:
    return "replicate" if unit["kind"] == "pair" else str(unit["kind"])


def _phases(units: Sequence[dict[str, Any]], total: float) -> dict[str, float]:
    """Wall seconds of the run's parts: each ends with the last unit of its kind; what is measured late belongs to the end."""
    ends = {_kind(unit): unit["elapsed_s"] for unit in units}
    first = min((unit["elapsed_s"] for unit in units if _kind(unit) == "replicate"), default=total)
    early = (unit["elapsed_s"] for unit in units if unit["kind"] == "timing" and unit["elapsed_s"] <= first)
    ends["timing"] = max(early, default=0.0)
    parts = {"reading": "budget", "tuning": "plan", "measuring": "timing", "replicates": "replicate"}
    seconds, before = {}, 0.0
    for part, kind in parts.items():
        end = max(ends.get(kind, before), before)
        seconds[part], before = end - before, end
    return seconds | {"closing": max(total - before, 0.0)}


def _work(units: Sequence[dict[str, Any]]) -> dict[str, float]:
    """Seconds of work of the replicates, over all processes."""
    work: dict[str, float] = defaultdict(float)
    for unit in units:
        kind = _kind(unit)
        if kind == "baseline":
            work["baselines"] += unit["seconds"]
        elif kind == "replicate":
            for phase, spent in unit["phases"].items():
                work["step" if phase in STEP else phase] += spent
    return dict(work)


def _rate(row: dict[str, Any]) -> float:
    """Replicates a minute, of the whole run."""
    return 60 * float(row["replicates"]) / float(row["wall"])


def _line(row: dict[str, Any]) -> str:
    begins = f"{row['set']:20} {row['way']:7} wall {row['wall']:6.1f} s"
    if "error" in row:
        return f"{begins}  {row['error']}"
    return f"{begins}  {row['decision']:10} {row['replicates']:3} replicates, {_rate(row):5.1f} a minute"


def _tables(rows: Sequence[dict[str, Any]]) -> Iterator[Table]:
    rows = [row for row in rows if "error" not in row]
    by = {(row["set"], row["way"]): row for row in rows}
    sets = list(dict.fromkeys(row["set"] for row in rows))
    others = [way for way in ("before", "plain") if any(row["way"] == way for row in rows)]
    lines = []
    ratios: dict[str, list[float]] = defaultdict(list)
    for name in sets:
        if (now := by.get((name, "now"))) is None:
            continue
        line = [name, now["decision"], f"{now['wall']:.0f}", str(now["replicates"]), f"{_rate(now):.1f}"]
        for way in others:
            other = by.get((name, way))
            if other is None or not other["replicates"] or not now["replicates"]:
                line.append("")
                continue
            ratios[way].append(_rate(now) / _rate(other))
            line.append(f"{_rate(now) / _rate(other):.2f} ({other['decision']}, {other['replicates']})")
        lines.append(tuple(line))
    means = (f"{math.exp(sum(map(math.log, ratios[way])) / len(ratios[way])):.2f}" if ratios[way] else "" for way in others)
    lines.append(("geometric mean", "", "", "", "", *means))
    header = ("data", "verdict", "wall, s", "replicates", "a minute", *(f"times {way}" for way in others))
    yield Table("Replicates a minute", "", header, tuple(lines))
    parts = ("reading", "tuning", "measuring", "replicates", "closing")
    work = ("step", "evaluation", "batches", "encoding", "baselines")
    lines = []
    for row in rows:
        total, spent = sum(row["seconds"].values()), sum(row["work"].values()) or 1.0
        lines.append(
            (
                f"{row['set']} {row['way']}",
                *(f"{row['seconds'].get(part, 0.0) / total:.0%}" for part in parts),
                *(f"{row['work'].get(part, 0.0) / spent:.0%}" for part in work),
            )
        )
    note = "Shares of the wall time, and of the replicates' work."
    yield Table("Where the time goes", note, ("run", *parts, *work), tuple(lines))
    yield foretold_table(rows)


if __name__ == "__main__":
    main()
