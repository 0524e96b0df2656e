"""End a run by every kind of signal again and again, resume it each time, and hold the result against an uninterrupted run.

    python benchmarks/crash.py [--source builtin:digits] [--replicates 4] [--kills 10] [--seed 0]

In turn: kill -9, Ctrl-C, Ctrl-C twice, SIGTERM, SIGHUP. Passes if decision, differences and scores are equal to the last bit and
every unit was done exactly once; exits with 1 if not.
"""

from __future__ import annotations

import argparse
import json
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

COMPARED = ("decision", "difference", "comparisons", "scores", "replicates")
ENDS = {
    "kill -9": (signal.SIGKILL,),
    "Ctrl-C": (signal.SIGINT,),
    "Ctrl-C twice": (signal.SIGINT, signal.SIGINT),
    "SIGTERM": (signal.SIGTERM,),
    "SIGHUP": (signal.SIGHUP,),
}
# Signals of one kind that come at once are one.
BETWEEN_SIGNALS = 0.05
TIMED = ("seconds", "phases", "history", "milliseconds", "latency_ms", "peak_memory_bytes")


def command(*arguments: str) -> list[str]:
    """A gatewise command line of this interpreter."""
    return [sys.executable, "-m", "gatewise", *arguments]


def heed_signals() -> None:
    """What was started in the background would ignore some of them."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


def journal(run: Path) -> dict[str, dict[str, Any]]:
    """The payload of every unit without its measured times."""
    connection = sqlite3.connect(run / "journal.sqlite")
    try:
        rows = connection.execute("SELECT key, payload FROM units").fetchall()
    finally:
        connection.close()
    return {key: {name: value for name, value in json.loads(payload).items() if name not in TIMED} for key, payload in rows}


def finish_times(run: Path) -> dict[str, str]:
    """When each unit was finished; a unit done twice would show a later time."""
    if not (run / "journal.sqlite").exists():
        return {}
    connection = sqlite3.connect(run / "journal.sqlite")
    try:
        if not connection.execute("SELECT name FROM sqlite_master WHERE name = 'units'").fetchall():
            return {}
        return dict(connection.execute("SELECT key, finished_at FROM units").fetchall())
    finally:
        connection.close()


def verdict(run: Path) -> dict[str, Any]:
    """The parts of the verdict that do not depend on the clock."""
    content = json.loads((run / "verdict.json").read_text(encoding="utf-8"))
    return {name: content[name] for name in COMPARED}


def main() -> int:
    """Run the check and print what was seen."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--source", default="builtin:digits")
    parser.add_argument("--replicates", default="4")
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    generator = random.Random(options.seed)
    with tempfile.TemporaryDirectory() as folder:
        whole, broken = Path(folder) / "whole", Path(folder) / "broken"
        compare = ("compare", options.source, "--replicates", options.replicates, "--tune", "2")
        started = time.monotonic()
        subprocess.run(command(*compare, "--out", str(whole)), check=True, capture_output=True)
        duration = time.monotonic() - started
        units = len(journal(whole))
        print(f"uninterrupted: {duration:.0f} s, {units} units, {verdict(whole)['decision']}")
        kills, repeated = 0, 0
        while kills < options.kills:
            arguments = ("resume", str(broken)) if (broken / "config.yaml").exists() else (*compare, "--out", str(broken))
            before = finish_times(broken)
            process = subprocess.Popen(
                command(*arguments),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                preexec_fn=heed_signals,  # noqa: PLW1509  (no threads here)
            )
            # Every kill falls in a part of the run of its own, the first perhaps before any unit is finished.
            aim = int((kills + generator.random()) * units / options.kills)
            while len(finish_times(broken)) < aim and process.poll() is None:
                time.sleep(0.02)
            time.sleep(generator.uniform(0.0, 1.0))
            if process.poll() is not None:
                print(f"the run ended after {kills} kills; give more --replicates to kill it {options.kills} times")
                return 1
            how = list(ENDS)[kills % len(ENDS)]
            for number in ENDS[how]:
                process.send_signal(number)
                time.sleep(BETWEEN_SIGNALS)
            process.wait()
            kills += 1
            after = finish_times(broken)
            repeated += sum(after.get(key) != finished for key, finished in before.items())
            print(f"{how}: exit code {process.returncode}, {len(before)} units before, {len(after)} after")
        before = finish_times(broken)
        subprocess.run(command("resume", str(broken)), check=True, capture_output=True)
        repeated += sum(finish_times(broken).get(key) != finished for key, finished in before.items())
        same_verdict, same_units = verdict(whole) == verdict(broken), journal(whole) == journal(broken)
        print(f"same verdict: {same_verdict}; same units: {same_units}; units repeated: {repeated}")
        return 0 if same_verdict and same_units and not repeated else 1


if __name__ == "__main__":
    sys.exit(main())
