"""A run's folder: where each file lies, atomic writes, and a lock so that two processes never continue one run at once."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gatewise.errors import OptionError, RunError
from gatewise.records import Config, from_json, to_json

__all__ = ["RunFolder", "write_atomic"]


@dataclass(frozen=True)
class RunFolder:
    """Paths of one run."""

    path: Path

    @property
    def config(self) -> Path:
        return self.path / "config.yaml"

    @property
    def environment(self) -> Path:
        return self.path / "environment.json"

    @property
    def journal(self) -> Path:
        return self.path / "journal.sqlite"

    @property
    def trials(self) -> Path:
        return self.path / "trials.jsonl"

    @property
    def verdict(self) -> Path:
        return self.path / "verdict.json"

    @property
    def report(self) -> Path:
        return self.path / "report.html"

    @property
    def model(self) -> Path:
        return self.path / "model"

    def create(self, config: Config, environment: dict[str, Any]) -> None:
        """Make the folder with `config.yaml` and `environment.json`.

        Raises OptionError if it holds anything already, or cannot be made.
        """
        if self.config.exists():
            raise OptionError(
                f"--out {self.path} holds another run; continue it with `gatewise resume {self.path}`, "
                "or choose a folder that does not exist"
            )
        # Unfinished temporary files are what a killed process leaves; they hold nothing.
        if self.path.exists() and (not self.path.is_dir() or any(not item.match(".*.part") for item in self.path.iterdir())):
            raise OptionError(f"--out {self.path} exists and is not an empty folder; choose one that does not exist")
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            write_atomic(self.config, _yaml(config))
            write_json(self.environment, environment)
        except OSError as error:
            raise OptionError(
                f"--out {self.path} cannot be written: {error.strerror}; choose a folder you may write to"
            ) from error

    def open(self) -> Config:
        """The configuration of an existing run.

        Raises RunError if there is no run here or its configuration is damaged.
        """
        import yaml

        if not self.config.is_file():
            raise RunError(f"{self.path} holds no run (no config.yaml in it); give the folder that `gatewise compare` named")
        try:
            return from_json(Config, yaml.safe_load(self.config.read_text(encoding="utf-8")) or {})
        except (yaml.YAMLError, TypeError, AttributeError, UnicodeDecodeError) as error:
            raise RunError(f"{self.config} is damaged ({error}); restore it or start a new run") from error

    def read_environment(self) -> dict[str, Any]:
        """What `create` recorded of the machine; nothing if it was killed before it could.

        Raises RunError if the file is damaged.
        """
        if not self.environment.exists():
            return {}
        try:
            content: dict[str, Any] = json.loads(self.environment.read_text(encoding="utf-8"))
        except (OSError, json.JSONDecodeError) as error:
            raise RunError(f"{self.environment} cannot be read ({error}); restore it or start a new run") from error
        return content

    def write_config(self, config: Config) -> None:
        """Replace `config.yaml`."""
        write_atomic(self.config, _yaml(config))

    def remove(self) -> None:
        """Delete the folder and everything in it."""
        shutil.rmtree(self.path)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the run for this process. Raises RunError if another process holds it."""
        try:
            handle = (self.path / ".lock").open("w")
        except OSError as error:
            raise RunError(f"{self.path} cannot be written ({error.strerror}); give yourself the right to write there") from error
        with handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise RunError(f"{self.path} is being worked on by another process; wait for it or stop it") from error
            yield


def write_atomic(path: Path, text: str) -> None:
    """Write a file so that at any moment either the old or the whole new content is there, also after a power cut.

    Raises RunError where the place cannot be written.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with temporary.open("w", encoding="utf-8") as handle:
            handle.write(text)
            handle.flush()
            os.fsync(handle.fileno())
        temporary.replace(path)
        directory = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)
    except OSError as error:
        raise RunError(f"{path} cannot be written: {error.strerror}; choose a place you may write to, with room left") from error


def write_json(path: Path, record: Any) -> None:
    """Write a record as indented JSON, atomically."""
    write_atomic(path, json.dumps(to_json(record), indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def write_json_lines(path: Path, rows: Iterable[dict[str, Any]]) -> None:
    """Write one JSON object a line, atomically."""
    write_atomic(path, "".join(json.dumps(row, ensure_ascii=False, allow_nan=False) + "\n" for row in rows))


def append_json_line(path: Path, row: dict[str, Any]) -> None:
    """Add one line. A crash may cut it short: the journal is the truth, and this file is written anew from it at every start."""
    with path.open("a", encoding="utf-8") as handle:
        handle.write(json.dumps(row, ensure_ascii=False, allow_nan=False) + "\n")


def _yaml(config: Config) -> str:
    import yaml

    header = "# Every option of this run with its value, defaults included. `gatewise resume` reads this file.\n"
    return header + yaml.safe_dump(to_json(config), sort_keys=False, allow_unicode=True)
