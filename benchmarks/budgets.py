"""What budgets from ten seconds to four minutes give on public data, and whether they are kept.

    python -m benchmarks.budgets FOLDER [--budgets 10,30,60,120,240] [--sets mr,sst2] [--out RUNS]

FOLDER holds the public data sets (docs/results.md names them). Every run is a `gatewise compare` in a process of its own, timed
from outside: Python's start and end are in it. Lines of JSON go to RUNS/budgets.jsonl; what is there already is not run again.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks.forecasting_data import write_etth1, write_exchange

__all__ = ["SETS", "main", "write_forecasts"]

_SPLIT = ("--split-column", "split")

SETS: dict[str, tuple[str, ...]] = {
    "digits": ("builtin:digits",),
    "uci_sentences": ("uci_sentences/uci_sentences.parquet",),
    "sst2": ("sst2/sst2.parquet",),
    "mr": ("mr/mr.parquet",),
    "amazon_multidomain": ("amazon_multidomain/amazon_multidomain.parquet",),
    "imdb_10k": ("imdb_10k/imdb_10k.parquet",),
    "JapaneseVowels": ("tsc/JapaneseVowels.npz",),
    "BasicMotions": ("tsc/BasicMotions.npz",),
    "GunPoint": ("tsc/GunPoint.npz",),
    "ItalyPowerDemand": ("tsc/ItalyPowerDemand.npz",),
    "ECG5000": ("tsc/ECG5000.npz",),
    "ETTh1": ("etth1.csv", "--task", "forecast", "--time", "date", "--split-column", "part", "--target", "OT", "--horizon", "24"),
    "exchange_rate": ("exchange_wide.csv", "--task", "forecast", "--time", "day", "--horizon", "3"),
    "fsdd": ("fsdd/index.csv", "--audio", "file", "--target", "digit", *_SPLIT),
    "JSB_Chorales": ("polyphonic_music/JSB_Chorales.npz", "--task", "next-step"),
    "Nottingham": ("polyphonic_music/Nottingham.npz", "--task", "next-step"),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--budgets", default="10,30,60,120,240")
    parser.add_argument("--sets", default=",".join(SETS))
    parser.add_argument("--out", type=Path, default=Path("runs/budgets"))
    asked = parser.parse_args()
    asked.out.mkdir(parents=True, exist_ok=True)
    found = asked.out / "budgets.jsonl"
    rows = [json.loads(line) for line in found.read_text(encoding="utf-8").splitlines()] if found.exists() else []
    done = {(row["set"], row["budget"]) for row in rows}
    write_forecasts(asked.folder, asked.out)
    for budget in map(int, asked.budgets.split(",")):
        for name in asked.sets.split(","):
            if (name, budget) not in done:
                rows.append(_run(name, budget, asked.folder, asked.out))
                with found.open("a", encoding="utf-8") as handle:
                    handle.write(json.dumps(rows[-1]) + "\n")
                print(_line(rows[-1]), flush=True)
    print(_summary(rows))


def write_forecasts(folder: Path, out: Path) -> None:
    if not (out / "exchange_wide.csv").exists() and (folder / "forecasting").is_dir():
        write_etth1(folder / "forecasting/ETTh1.csv", out)
        write_exchange(folder / "forecasting/exchange_rate.txt.gz", out)


def _run(name: str, budget: int, folder: Path, out: Path) -> dict[str, Any]:
    source, *options = SETS[name]
    if not source.startswith("builtin:"):
        source = str((out if (out / source).exists() else folder) / source)
    run = out / f"{name}-{budget}-{time.strftime('%H%M%S')}"
    started = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "gatewise", "compare", source, *options, "--budget", f"{budget}s", "--out", str(run), "--json"],
        capture_output=True,
        text=True,
        check=False,
    )
    wall = time.monotonic() - started
    row: dict[str, Any] = {"set": name, "budget": budget, "wall": wall, "code": done.returncode}
    if done.returncode:
        return row | {"error": done.stderr.strip().splitlines()[-1:]}
    verdict = json.loads(done.stdout)
    units = [json.loads(line) for line in (run / "units.jsonl").read_text(encoding="utf-8").splitlines()]
    plan: dict[str, Any] = next((unit for unit in units if unit["kind"] == "budget"), {})
    return row | {
        "reported": verdict["elapsed_s"],
        "decision": verdict["decision"],
        "replicates": verdict["replicates"],
        "trainings": sum(unit["kind"] in ("tuning", "replicate") for unit in units),
        "said_after": plan.get("elapsed_s"),
        "epochs": plan.get("max_epochs"),
        "own_epochs": plan.get("own_epochs"),
        "foreseen": plan.get("replicates"),
        "better": plan.get("better_s"),
        "model": (run / "model/model.json").exists(),
    }


def _line(row: dict[str, Any]) -> str:
    if row["code"]:
        return f"{row['set']:20} {row['budget']:4} s  exit code {row['code']}: {row['error']}"
    over = row["wall"] / row["budget"] - 1
    return (
        f"{row['set']:20} {row['budget']:4} s  wall {row['wall']:6.1f} ({over:+5.0%})  {row['decision']:10} "
        f"{row['replicates']:3} replicates, {row['trainings']:3} trainings of {row['epochs']}/{row['own_epochs']} epochs; "
        f"{row['foreseen']} replicates foreseen after {row['said_after'] or 0:4.1f} s, better {row['better']}, "
        f"{'model' if row['model'] else 'no model'}"
    )


def _summary(rows: list[dict[str, Any]]) -> str:
    over = sorted(row["wall"] / row["budget"] - 1 for row in rows if not row["code"])
    failed = sum(bool(row["code"]) for row in rows)
    replicates = sum(not row["code"] and row["replicates"] > 0 for row in rows)
    most = f"{over[-1]:+.1%}" if over else "-"
    late = sum(one > 0.05 for one in over)
    ended = f"{len(rows)} runs, {failed} failed, {replicates} with a replicate"
    return f"{ended}; most over its budget: {most}; more than 5% over: {late}"


if __name__ == "__main__":
    main()
