"""Faults injected into runs at random moments, and what they cost: units lost, units done twice, wrong answers.

    python -m benchmarks.faults [--times 20] [--only worker,journal,disk,ray-worker,ray-node] [--seed 0] [--output FILE.json]

worker      kill -9 of a training process of `--jobs 2`
journal     kill -9 of the command, and a page, a sector, some bytes or the end of journal.sqlite overwritten
disk        the file system that the run is on fills up, and is freed again (a small tmpfs; needs the right to mount one)
ray-worker  kill -9 of a process of a Ray cluster of three nodes that does a unit
ray-node    one of the nodes lost, another added

Where a fault ends the command, it is resumed; every run is held against one that nothing happened to. Signals to the command
itself are in `benchmarks/crash.py`. Passes if every run ends with the same decision, differences and scores, no unit that was in
the journal is missing at the end but those that a damaged journal lost, and none was done twice; exits with 1 if not.
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

    def __init__(self, run: Path, options: tuple[str, ...]) -> None:
        self.run = run
        asked = ("resume", str(run)) if (run / "config.yaml").exists() else (*COMPARE, "--out", str(run))
        self.process = subprocess.Popen(command(*asked, *options), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)

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


def kill_worker(watched: Watched, generator: random.Random) -> bool:
    """Kill a process that trains; they are below the one that they are forked from."""
    below = descendants(watched.process.pid)
    workers = [one for one in below if any(one in descendants(other) for other in below if other != one)]
    if not workers:
        return False
    os.kill(generator.choice(workers), signal.SIGKILL)
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


def kill_ray_worker(_: Watched, generator: random.Random) -> bool:
    """Kill a process that does a unit just now."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                found += [int(entry.name)] if (entry / "cmdline").read_bytes().startswith(b"ray::run") else []
            except OSError:
                continue
    if not found:
        return False
    os.kill(generator.choice(found), signal.SIGKILL)
    return True


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
) -> Counted:
    """Runs, one after the other, until a fault was injected so many times."""
    while counted.injected < times:
        run = folder / f"{counted.fault}-{counted.runs}"
        held: dict[str, str] = {}
        while True:
            watched = Watched(run, options)
            due = time.monotonic() + generator.uniform(0.5, 3.0)
            while not watched.ended:
                time.sleep(0.02)
                if counted.injected < times and time.monotonic() >= due:
                    held |= finished(run)
                    if inject(watched, generator):
                        counted.injected += 1
                    due = time.monotonic() + generator.uniform(0.5, 3.0)
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


def main() -> int:
    """Inject, count, print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=20)
    parser.add_argument("--only", default="worker,journal,disk,ray-worker,ray-node")
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
                found.append(injected(counted, kill_worker, local, folder, whole, asked.times, generator))
            elif fault == "journal":
                found.append(injected(counted, damage_journal, local, folder, whole, asked.times, generator))
            elif fault == "disk":
                with small_disk(folder) as place:
                    found.append(injected(counted, fill_disk, local, place, whole, asked.times, generator))
            else:
                with cluster(3) as (made, others):
                    there = ("--runner", "ray", "--address", made.address)
                    inject = kill_ray_worker if fault == "ray-worker" else lose_node(made, others)
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
