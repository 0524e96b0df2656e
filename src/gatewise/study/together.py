"""Several comparisons with the same options, each in a process and a run folder of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Any

from gatewise.errors import OptionError, RunError
from gatewise.options.table import OPTION
from gatewise.report.numbers import duration
from gatewise.study.api import Result, default_folder, open_run, source_name
from gatewise.study.sharing import TOGETHER, write_active

__all__ = ["Study", "compare_all"]

LOOK_SECONDS = 0.1
# A first signal ends a run in good order, which takes its report.
_INTERRUPTED = (128 + signal.SIGINT, 128 + signal.SIGTERM)


@dataclass(frozen=True)
class Study:
    """What came of one source. path: its run's folder. code: exit code of its command, 0 where it ended well; None where it was
    not begun. error: what the command said last, where it did not end well."""

    source: str
    path: Path
    code: int | None
    seconds: float = 0.0
    error: str = ""

    @property
    def interrupted(self) -> bool:
        """Whether `gatewise resume` may go on with it, or it was not begun."""
        return self.code is None or self.code in _INTERRUPTED

    @property
    def result(self) -> Result | None:
        """The run as it stands; None where it has none yet."""
        try:
            return open_run(self.path)
        except RunError:
            return None


def compare_all(
    sources: Sequence[str | os.PathLike[str]],
    *,
    out: str | os.PathLike[str] | None = None,
    log: Callable[[str], None] = lambda _: None,
    **options: Any,
) -> list[Study]:
    """Compare cells on several sources, with the options of `gatewise.compare` for all of them.

    sources: files, `builtin:NAME` or `hf:NAME`. out: the folder that gets one run's folder a source; None for one below `runs`.
    log: told when a study begins and ends. With `runner="ray"` all are under way at once, and each has its share of the
    cluster's places; when one ends, the others have its share. On this machine they come one after the other, each with `jobs`
    processes. A budget is that of each. One that fails leaves the others alone. An interrupt ends those under way, each of which
    can be resumed, and begins no other.

    Raises OptionError where there is no source, or one is no file.
    """
    named = [_named(source) for source in sources]
    if not named:
        raise OptionError("there is no source to compare on; give one or more: ['a.csv', 'b.csv'], say")
    folder = Path(out) if out is not None else default_folder("studies")
    taken: set[str] = set()
    waiting = [_Command(source, folder / _free(default_folder(source).name.rsplit("-", 2)[0], taken)) for source in named]
    every = list(waiting)
    most = len(waiting) if options.get("runner") == "ray" else 1
    with TemporaryDirectory(prefix="gatewise-") as name, ExitStack() as stack:
        shared = Path(name)
        config = shared / "options.yaml"
        config.write_text(json.dumps({key: _written(key, value) for key, value in options.items()}), encoding="utf-8")
        running: list[_Command] = []
        try:
            while waiting or running:
                while waiting and len(running) < most:
                    running.append(waiting.pop(0))
                    write_active(shared / "active", len(running) + min(len(waiting), most - len(running)))
                    running[-1].begin(config, shared, stack)
                    log(f"{running[-1].source}: begun in {running[-1].path}")
                time.sleep(LOOK_SECONDS)
                ended = [one for one in running if one.has_ended()]
                running = [one for one in running if one not in ended]
                for one in ended:
                    log(f"{one.source}: {one.said()}")
                if ended:
                    write_active(shared / "active", max(len(running), 1))
        except KeyboardInterrupt:
            for one in running:
                one.interrupt()
        finally:
            for one in running:
                one.wait()
        return [one.study() for one in every]


@dataclass(eq=False)
class _Command:
    """`gatewise compare` on one source."""

    source: str
    path: Path
    began: float = 0.0
    seconds: float = 0.0
    process: subprocess.Popen[bytes] | None = field(default=None)
    errors: IO[bytes] | None = field(default=None)

    def begin(self, config: Path, shared: Path, stack: ExitStack) -> None:
        """Start it. Its signals come from this process alone, each once."""
        self.errors = stack.enter_context((shared / f"{self.path.name}.err").open("w+b"))
        command = [sys.executable, "-m", "gatewise", "compare", self.source, "--config", str(config), "--out", str(self.path)]
        self.process = subprocess.Popen(
            [*command, "--quiet", "--json"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=self.errors,
            env=os.environ | {TOGETHER: str(shared / "active")},
            start_new_session=True,
        )
        self.began = time.monotonic()

    def has_ended(self) -> bool:
        if self.process is None or self.process.poll() is None:
            return False
        self.seconds = time.monotonic() - self.began
        return True

    def interrupt(self) -> None:
        if self.process is not None:
            self.process.send_signal(signal.SIGINT)

    def wait(self) -> None:
        if self.process is not None:
            self.process.wait()
            self.has_ended()

    def said(self) -> str:
        study = self.study()
        result = "ended" if study.code == 0 else f"failed with exit code {study.code} ({study.error})"
        return f"{result} after {duration(self.seconds)}"

    def study(self) -> Study:
        code = None if self.process is None else self.process.returncode
        error = ""
        if code and self.errors is not None:
            self.errors.seek(0)
            error = " ".join(self.errors.read().decode("utf-8", "replace").split())[-500:]
        return Study(self.source, self.path, code, self.seconds, error)


def _named(source: str | os.PathLike[str]) -> str:
    if not isinstance(source, (str, os.PathLike)) or str(source) == "-":
        raise OptionError(f"{type(source).__name__} {str(source)[:40]!r} is no file; give files, builtin:NAME or hf:NAME")
    return source_name(source)


def _free(stem: str, taken: set[str]) -> str:
    """A folder's name that no other source has."""
    names: Iterator[str] = (stem if number == 1 else f"{stem}-{number}" for number in range(1, len(taken) + 2))
    name = next(name for name in names if name not in taken)
    taken.add(name)
    return name


def _written(name: str, value: Any) -> Any:
    """The value of an option as a file of options has it, wherever that file lies."""
    if name not in OPTION:
        raise OptionError(f"there is no option {name!r}; `gatewise compare --help` lists them")
    if name in ("source", "out"):
        raise OptionError(f"{name} is given for all sources at once, and not among the options")
    if OPTION[name].kind in ("source", "path") and value is not None:
        return source_name(value)
    return list(value) if isinstance(value, tuple) else value
