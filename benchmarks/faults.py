"""Faults injected into runs at random moments, and what they cost: units lost, units done twice, wrong answers.

    python -m benchmarks.faults [--times 20] [--only worker,hang,driver,...] [--seed 0] [--output FILE.json]

worker      kill -9 of a training process of `--jobs 2`
hang        SIGSTOP of such a process: it stands still, and nothing ends it
driver      kill -9 of the command, with its training processes
memory      trainings that ask for more memory than there is, or kill their process, every time
nan         trainings whose weights become NaN after some steps
journal     kill -9 of the command, and a page, a sector, some bytes or the end of journal.sqlite overwritten
disk        the file system that the run is on fills up, and is freed again (a small tmpfs; needs the right to mount one)
ray-worker  kill -9 of a process of a Ray cluster of three nodes that does a unit
ray-node    one of the nodes lost, another added
ray-hang    SIGSTOP of a process that does a unit

What hangs is given up after seconds here (`benchmarks/faulty.py`). Where a fault ends the command, it is resumed; every run is
held against one that nothing happened to. Other signals to the command are in `benchmarks/crash.py`. Passes if every run ends
with the same decision, differences and scores, no unit that was in the journal is missing at the end but those that a damaged
journal lost, and none was done twice; exits with 1 if not. Of `memory` and `nan`, where the answer is on other replicates or
scores, every other training has to be that of the whole run, the failed ones have to be recorded and told as such, and the scores
to be the means of what is left.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks.crash import command, journal, verdict
from rich.console import Console
from rich.table import Table

from gatewise.errors import RunError
from gatewise.study.journal import read_journal

SOURCE = "builtin:parity?rows=400&length=30"
COMPARE = (
    "compare",
    SOURCE,
    "--replicates",
    "12",
    "--tune",
    "2",
    "--hidden-size",
    "16",
    "--max-epochs",
    "12",
    "--rivals",
    "simple",
)
STORE = 80_000_000
PATIENCE = 120.0
# Seconds until what stands still is ended, as in `gatewise.study.signs.Patience`.
HANGING = [4.0, 5.0, 10.0]
KINDS = "worker,hang,driver,memory,nan,journal,disk,ray-worker,ray-node,ray-hang"


@dataclass
class Counted:
    """What came of one kind of fault. mended: units that a damaged journal lost, which are then done again by intent."""

    fault: str
    injected: int = 0
    runs: int = 0
    resumed: int = 0
    lost: int = 0
    repeated: int = 0
    mended: int = 0
    wrong: int = 0


class Watched:
    """A command that works on a run, and what its journal held."""

    def __init__(self, run: Path, options: tuple[str, ...], fail: dict[str, str] | None = None) -> None:
        self.run = run
        asked = ("resume", str(run)) if (run / "config.yaml").exists() else (*COMPARE, "--out", str(run))
        self.process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.faulty", *asked, *options],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env=os.environ | {"FAULTS": json.dumps({"fail": fail or {}, "patience": HANGING})},
        )

    @property
    def ended(self) -> bool:
        return self.process.poll() is not None

    def said(self) -> str:
        assert self.process.stderr is not None
        return self.process.stderr.read().decode("utf-8", "replace").strip()[-300:]


def descendants(process: int) -> list[int]:
    """All processes below one."""
    parents: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except (OSError, IndexError, ValueError):
                continue
            parents.setdefault(parent, []).append(int(entry.name))
    found, open_ = [], [process]
    while open_:
        below = parents.get(open_.pop(), [])
        found += below
        open_ += below
    return found


def send_worker(number: signal.Signals) -> Callable[[Watched, random.Random], bool]:
    """Send a signal to a process that trains; they are below the one that they are forked from."""

    def send(watched: Watched, generator: random.Random) -> bool:
        below = descendants(watched.process.pid)
        workers = [one for one in below if any(one in descendants(other) for other in below if other != one)]
        if not workers:
            return False
        os.kill(generator.choice(workers), number)
        return True

    return send


def after_progress(inject: Callable[[Watched, random.Random], bool]) -> Callable[[Watched, random.Random], bool]:
    """Inject again only once what the last one met is done: a unit that hangs twice is rightly given up."""
    before: dict[Path, int] = {}

    def injected(watched: Watched, generator: random.Random) -> bool:
        done = len(finished(watched.run))
        if done < before.get(watched.run, -3) + 3 or not inject(watched, generator):
            return False
        before[watched.run] = done
        return True

    return injected


def kill_driver(watched: Watched, _: random.Random) -> bool:
    """Kill the command at whatever it is at."""
    watched.process.kill()
    watched.process.wait()
    return True


def damage_journal(watched: Watched, generator: random.Random) -> bool:
    """Kill the command, and overwrite a part of its journal behind the first page, where no unit is yet."""
    path = watched.run / "journal.sqlite"
    if len(finished(watched.run)) < 8:
        return False
    watched.process.kill()
    watched.process.wait()
    content = bytearray(path.read_bytes())
    size = generator.choice([1, 16, 512, 4096])
    start = generator.randrange(4096, max(len(content), 4097))
    content[start : start + size] = generator.randbytes(size)
    path.write_bytes(content)
    return True


def fill_disk(watched: Watched, generator: random.Random) -> bool:
    """Leave no room until the command has given up."""
    if not (watched.run / "journal.sqlite").exists():
        return False
    filler = watched.run.parent / "filler"
    with filler.open("wb", buffering=0) as handle:
        try:
            while True:
                handle.write(b"x" * 4096)
        except OSError:
            pass
    deadline = time.monotonic() + PATIENCE
    while not watched.ended and time.monotonic() < deadline:
        time.sleep(0.05)
    filler.unlink()
    return watched.process.returncode == 2


@contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    place = folder / "disk"
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=40m", "tmpfs", str(place)], check=True)
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


@contextmanager
def cluster(nodes: int) -> Iterator[tuple[Any, list[Any]]]:
    """A Ray cluster that gives up a silent node after a second, and its nodes but for the first."""
    from ray.cluster_utils import Cluster

    patience = {"health_check_period_ms": 300, "health_check_timeout_ms": 300, "health_check_failure_threshold": 3}
    head = {"num_cpus": 1, "include_dashboard": False, "object_store_memory": STORE, "_system_config": patience}
    made = Cluster(initialize_head=True, head_node_args=head)
    try:
        yield made, [made.add_node(num_cpus=1, object_store_memory=STORE) for _ in range(nodes - 1)]
    finally:
        made.shutdown()  # type: ignore[no-untyped-call]


def send_ray_worker(number: signal.Signals) -> Callable[[Watched, random.Random], bool]:
    """Send a signal to a process that does a unit just now."""

    def send(_: Watched, generator: random.Random) -> bool:
        found = []
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                try:
                    found += [int(entry.name)] if (entry / "cmdline").read_bytes().startswith(b"ray::run") else []
                except OSError:
                    continue
        if not found:
            return False
        os.kill(generator.choice(found), number)
        return True

    return send


def lose_node(made: Any, others: list[Any]) -> Callable[[Watched, random.Random], bool]:
    """Lose a node with all its processes; another comes for it."""

    def lose(watched: Watched, generator: random.Random) -> bool:
        if len(finished(watched.run)) < 6:
            return False
        gone = others.pop(generator.randrange(len(others)))
        made.remove_node(gone, allow_graceful=False)
        others.append(made.add_node(num_cpus=1, object_store_memory=STORE))
        return True

    return lose


def finished(run: Path) -> dict[str, str]:
    """When each unit was finished, by its key; nothing of a journal that is damaged just now."""
    path = run / "journal.sqlite"
    try:
        return {row["key"]: row["finished_at"] for row in read_journal(path).rows()} if path.exists() else {}
    except RunError:
        return {}


def told_lost(run: Path) -> int:
    """Units that the run says a damaged journal lost."""
    return sum(payload["lost"] for key, payload in journal(run).items() if key.startswith("damage:"))


def trainings(run: Path) -> dict[str, Any]:
    return {key: row for key, row in journal(run).items() if key.startswith(("tuning:", "replicate:", "baseline:"))}


def injected(
    counted: Counted,
    inject: Callable[[Watched, random.Random], bool],
    options: tuple[str, ...],
    folder: Path,
    whole: Path,
    times: int,
    generator: random.Random,
    between: tuple[float, float] = (0.5, 3.0),
) -> Counted:
    """Runs, one after the other, until a fault was injected so many times. between: seconds from one to the next."""
    while counted.injected < times:
        run = folder / f"{counted.fault}-{counted.runs}"
        held: dict[str, str] = {}
        while True:
            watched = Watched(run, options)
            due = time.monotonic() + generator.uniform(*between)
            while not watched.ended:
                time.sleep(0.02)
                if counted.injected < times and time.monotonic() >= due:
                    held |= finished(run)
                    if inject(watched, generator):
                        counted.injected += 1
                    due = time.monotonic() + generator.uniform(*between)
            if watched.process.returncode == 0:
                break
            if watched.process.returncode not in (2, -signal.SIGKILL):
                raise RuntimeError(f"exit code {watched.process.returncode}: {watched.said()}")
            counted.resumed += 1
        counted.runs += 1
        now = finished(run)
        changed, mended = sum(now.get(key, at) != at for key, at in held.items()), told_lost(run)
        counted.lost += sum(key not in now for key in held)
        counted.repeated += max(0, changed - mended)
        counted.mended += mended
        counted.wrong += verdict(whole) != verdict(run) or trainings(whole) != trainings(run)
    return counted


def planned(counted: Counted, hows: tuple[str, ...], folder: Path, whole: Path, times: int, generator: random.Random) -> Counted:
    """Runs in which some trainings of replicates fail for good, until so many did."""
    arms = ("gru", "lstm")
    before = trainings(whole)
    while counted.injected < times:
        run = folder / f"{counted.fault}-{counted.runs}"
        # Three of one arm one after the other would put it out, and the first replicate's may be taken over from tuning.
        numbers = range(1, 12, 3)
        fail = {
            f"replicate:{arms[generator.randrange(2)]}:{number + generator.randrange(2)}": generator.choice(hows)
            for number in numbers
        }
        watched = Watched(run, ("--jobs", "2"), fail)
        said = watched.said() if watched.process.wait() else ""
        if said:
            raise RuntimeError(said)
        counted.injected += len(fail)
        counted.runs += 1
        now, content = journal(run), json.loads((run / "verdict.json").read_text(encoding="utf-8"))
        counted.lost += sum(key not in now for key in before)
        counted.repeated += len((run / "units.jsonl").read_text(encoding="utf-8").splitlines()) - len(now)
        counted.wrong += not (
            all(now[key] == row for key, row in before.items() if key not in fail and key in now)
            and all(_is_told(now[key], how, content) for key, how in fail.items())
            and _are_means(content, now, fail)
        )
    return counted


def _is_told(row: dict[str, Any], how: str, content: dict[str, Any]) -> bool:
    """Whether a training that failed is recorded as what it was, and told in the verdict."""
    if how == "nan":
        return row["ended"] == "diverged" and row["test_score"] is not None
    words = {"memory": "ran out of memory", "dies": "died with its process"}[how]
    title, number = row["name"].upper(), row["number"] + 1
    told = any(f"the {title} " in said and words in said and str(number) in said for said in content["warnings"])
    return row["cause"] == {"memory": "memory", "dies": "died"}[how] and told


def _are_means(content: dict[str, Any], now: dict[str, Any], fail: dict[str, str]) -> bool:
    """Whether the scores are the means over the replicates that nothing is missing in."""
    left = [number for number in range(12) if not any(key.endswith(f":{number}") and how != "nan" for key, how in fail.items())]
    for name in ("gru", "lstm"):
        scores = [now[f"replicate:{name}:{number}"]["test_score"] for number in left]
        if abs(sum(scores) / len(scores) - content["scores"][name]["mean"]) > 1e-12 or content["scores"][name]["n"] != len(left):
            return False
    return bool(content["replicates"] == len(left))


def main() -> int:
    """Inject, count, print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=20)
    parser.add_argument("--only", default=KINDS)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--output", type=Path)
    asked = parser.parse_args()
    generator, found = random.Random(asked.seed), []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        whole = folder / "whole"
        subprocess.run(command(*COMPARE, "--out", str(whole), "--jobs", "2"), check=True, capture_output=True)
        for fault in asked.only.split(","):
            began, counted = time.monotonic(), Counted(fault)
            local = ("--jobs", "2")
            if fault == "worker":
                found.append(injected(counted, send_worker(signal.SIGKILL), local, folder, whole, asked.times, generator))
            elif fault == "hang":
                inject = after_progress(send_worker(signal.SIGSTOP))
                found.append(injected(counted, inject, local, folder, whole, asked.times, generator))
            elif fault == "driver":
                found.append(injected(counted, kill_driver, local, folder, whole, asked.times, generator, between=(0.2, 9.0)))
            elif fault in ("memory", "nan"):
                hows = ("memory", "dies") if fault == "memory" else ("nan",)
                found.append(planned(counted, hows, folder, whole, asked.times, generator))
            elif fault == "journal":
                found.append(injected(counted, damage_journal, local, folder, whole, asked.times, generator))
            elif fault == "disk":
                with small_disk(folder) as place:
                    found.append(injected(counted, fill_disk, local, place, whole, asked.times, generator))
            else:
                with cluster(3) as (made, others):
                    there = ("--runner", "ray", "--address", made.address)
                    inject = {
                        "ray-worker": send_ray_worker(signal.SIGKILL),
                        "ray-hang": after_progress(send_ray_worker(signal.SIGSTOP)),
                        "ray-node": lose_node(made, others),
                    }[fault]
                    found.append(injected(counted, inject, there, folder, whole, asked.times, generator))
            print(f"{fault}: {time.monotonic() - began:.0f} s", flush=True)
    names = ("fault", "injected", "runs", "resumed", "lost", "repeated", "mended", "wrong")
    table = Table(*names)
    for each in found:
        table.add_row(*(str(getattr(each, name)) for name in names))
    Console(width=100).print(table)
    if asked.output is not None:
        asked.output.write_text(json.dumps([asdict(each) for each in found], indent=1) + "\n", encoding="utf-8")
    return int(any(each.lost or each.repeated or each.wrong for each in found))


if __name__ == "__main__":
    sys.exit(main())
