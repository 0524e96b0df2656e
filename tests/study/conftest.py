"""Tiny runs, each made once and shared: a whole run with every measurement, and quick ones without that of memory."""

import fcntl
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import gatewise
from gatewise.study.api import Result

SOURCE = "builtin:parity?rows=120&length=20"
# Long enough for a signal to arrive in the midst of the replicates, and with a budget that nothing is cut for on a busy machine.
QUICK: dict[str, Any] = {
    "budget": "10m",
    "replicates": 3,
    "tune": 2,
    "hidden_size": 8,
    "max_epochs": 8,
    "seed": 5,
    "rivals": "simple",
}
# The command as it is, but for the measurement of memory, as in the tests' own process.
WITHOUT_MEMORY_PROBES = (
    "import gatewise.study.phases as phases, runpy; phases.memory_seconds = lambda *_: 0.0; "
    "runpy.run_module('gatewise', run_name='__main__')"
)


def made_once(factory: pytest.TempPathFactory, name: str, source: str, **options: Any) -> Result:
    """A finished run that the test processes share: the first to ask makes it, the others wait for it."""
    base = factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    with (shared / f"{name}.lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        if not (shared / name).exists():
            gatewise.compare(source, **options, out=shared / name)
    return gatewise.open_run(shared / name)


@pytest.fixture(scope="session")
def whole(tmp_path_factory: pytest.TempPathFactory, memory_seconds: Any) -> Result:
    """A finished run with nothing left out."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("gatewise.study.phases.memory_seconds", memory_seconds)
        return made_once(
            tmp_path_factory,
            "whole",
            "builtin:parity?rows=60&length=10",
            replicates=2,
            tune=1,
            hidden_size=8,
            max_epochs=2,
            rivals="simple",
        )


@pytest.fixture(scope="session")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> Result:
    """What every interrupted run must come to."""
    return made_once(tmp_path_factory, "uninterrupted", SOURCE, **QUICK)


@dataclass
class Command:
    """A gatewise command under way in a process of its own."""

    process: subprocess.Popen[str]
    folder: Path

    def wait_for_rows(self, rows: int) -> list[str]:
        """Wait until the journal holds this many rows, and return their keys."""
        return self._wait(lambda keys: len(keys) >= rows, f"{rows} rows")

    def wait_for_replicate(self, models: int) -> list[str]:
        """Wait until every model of the first replicate is in the journal, and return its keys."""

        def whole(keys: list[str]) -> bool:
            return sum(key.endswith(":0") and key.startswith(("replicate:", "baseline:")) for key in keys) >= models

        return self._wait(whole, f"{models} models of the first replicate")

    def _wait(self, enough: Callable[[list[str]], bool], what: str) -> list[str]:
        deadline = time.monotonic() + 180
        while time.monotonic() < deadline:
            keys = journal_keys(self.folder)
            if enough(keys):
                return keys
            if self.process.poll() is not None:
                break
            time.sleep(0.005)
        self.process.kill()
        raise AssertionError(f"the journal never held {what}: {self.process.communicate()}")


def journal_keys(folder: Path) -> list[str]:
    path = folder / "journal.sqlite"
    if not path.exists():
        return []
    connection = sqlite3.connect(path, timeout=10)
    try:
        return [key for (key,) in connection.execute("SELECT key FROM units ORDER BY rowid")]
    except sqlite3.OperationalError:  # the table is not there yet
        return []
    finally:
        connection.close()


def _heed_signals() -> None:
    # A shell that starts the tests in the background lets them ignore interrupts, and children inherit that.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


Start = Callable[..., Command]


@pytest.fixture
def start() -> Iterator[Start]:
    """Start `gatewise compare` with the options of QUICK, or `gatewise resume`, in a process of its own."""
    started: list[subprocess.Popen[str]] = []

    def start_one(command: str, folder: Path, *more: str) -> Command:
        arguments = [str(folder)]
        if command == "compare":
            options = [word for name, value in QUICK.items() for word in (f"--{name.replace('_', '-')}", str(value))]
            arguments = [SOURCE, *options, "--out", str(folder)]
        started.append(_started("-c", WITHOUT_MEMORY_PROBES, command, *arguments, *more))
        return Command(started[-1], folder)

    yield start_one
    for process in started:
        process.kill()
        process.communicate()


@pytest.fixture
def start_reading() -> Iterator[Callable[[Path], "subprocess.Popen[str]"]]:
    """Start `gatewise compare -` in a folder, with a standard input that never ends."""
    started: list[subprocess.Popen[str]] = []

    def start_one(folder: Path) -> subprocess.Popen[str]:
        started.append(_started("-m", "gatewise", "compare", "-", cwd=folder, stdin=subprocess.PIPE))
        return started[-1]

    yield start_one
    for process in started:
        process.kill()
        process.communicate()


def _started(*arguments: str, **more: Any) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=_heed_signals,  # noqa: PLW1509  (no threads here)
        env={"OMP_NUM_THREADS": "1", "PATH": "/usr/bin:/bin", "PYTHONPATH": str(Path(gatewise.__file__).parents[1])},
        **more,
    )


@dataclass
class Outcome:
    """What two runs of one seed must have in common."""

    decision: str
    recommended: str
    difference: Any
    scores: Any
    trainings: dict[str, tuple[Any, ...]]
    kept: dict[str, bytes]


def outcome_of(result: Result) -> Outcome:
    content = json.loads((result.path / "verdict.json").read_text(encoding="utf-8"))
    rows = [json.loads(line) for line in (result.path / "units.jsonl").read_text(encoding="utf-8").splitlines()]
    fitted = {
        row["key"]: (row["hyperparameters"], row["validation_loss"], row["test_score"], row["row_scores"], row["best_epoch"])
        for row in rows
        if row["kind"] in ("tuning", "replicate", "baseline")
    }
    kept = {file.name: file.read_bytes() for file in [*result.path.glob("predictions/*"), *result.path.glob("examples.json")]}
    return Outcome(content["decision"], content["recommended"], content["difference"], content["scores"], fitted, kept)


@pytest.fixture(scope="session")
def outcome() -> Callable[[Result], Outcome]:
    return outcome_of


@pytest.fixture(scope="session")
def keys() -> Callable[[Path], list[str]]:
    """Keys of a run's journal, in the order finished."""
    return journal_keys
