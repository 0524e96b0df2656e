"""A run's folder: where each file lies, atomic writes, and a lock so that two processes never continue one run at once."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from gatewise.durable import growing_file, write_file
from gatewise.errors import OptionError, RunError
from gatewise.records import Config, from_json, to_json
from gatewise.wording import first_line

__all__ = ["RunFolder", "append_json_line", "unwritable", "write_atomic", "write_json", "write_json_lines", "writing_atomic"]

# What earlier versions wrote where a run stopped.
_EARLIER_ENDINGS = {"pairs": "replicates", "most_pairs": "most_replicates", "horizon": "most_replicates"}

# A name longer than a file system takes would fill the screen.
_LONGEST_NAME = 200


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
    def units(self) -> Path:
        return self.path / "units.jsonl"

    @property
    def verdict(self) -> Path:
        return self.path / "verdict.json"

    @property
    def report(self) -> Path:
        return self.path / "report.html"

    @property
    def model(self) -> Path:
        return self.path / "model"

    @property
    def predictions(self) -> Path:
        return self.path / "predictions"

    @property
    def trained(self) -> Path:
        return self.path / "trained"

    @property
    def shipped(self) -> Path:
        """Models of the run in the forms they are shipped in, and what was measured of them."""
        return self.path / "shipped"

    @property
    def examples(self) -> Path:
        return self.path / "examples.json"

    def create(self, config: Config, environment: dict[str, Any]) -> None:
        """Make the folder with `config.yaml` and `environment.json`.

        Raises OptionError if it holds anything already, or cannot be made.
        """
        try:
            self._make(config, environment)
        except OSError as error:
            raise OptionError(
                f"--out {_shortened(self.path)} cannot be written: {error.strerror}; choose a folder you may write to"
            ) from error

    def _make(self, config: Config, environment: dict[str, Any]) -> None:
        if self.config.exists():
            raise OptionError(
                f"--out {self.path} holds another run; continue it with `gatewise resume {self.path}`, "
                "or choose a folder that does not exist"
            )
        # Unfinished temporary files are what a killed process leaves; they hold nothing.
        if self.path.exists() and (not self.path.is_dir() or any(not item.match(".*.part") for item in self.path.iterdir())):
            raise OptionError(f"--out {self.path} exists and is not an empty folder; choose one that does not exist")
        is_new = not self.path.exists()
        self.path.mkdir(parents=True, exist_ok=True)
        try:
            write_json(self.environment, environment)
            # The file that makes the folder a run comes last.
            write_atomic(self.config, _yaml(config))
        except RunError:
            if is_new:
                shutil.rmtree(self.path, ignore_errors=True)
            raise

    def open(self) -> Config:
        """The configuration of an existing run.

        Raises RunError if there is no run here or its configuration is damaged.
        """
        from gatewise.study.settings_text import UNREADABLE, load

        try:
            return from_json(Config, load(self.config.read_text(encoding="utf-8")) or {})
        except (FileNotFoundError, NotADirectoryError) as error:
            raise RunError(
                f"{self.path} holds no run (no config.yaml in it); give the folder that `gatewise compare` named"
            ) from error
        except OSError as error:
            raise _unreadable(self.config, error) from error
        except UNREADABLE as error:
            raise RunError(f"{self.config} is damaged ({first_line(error)}); restore it or start a new run") from error

    def read_environment(self) -> dict[str, Any]:
        """What `create` recorded of the machine; nothing if it was killed before it could.

        Raises RunError if the file is damaged.
        """
        try:
            content = json.loads(self.environment.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise _unreadable(self.environment, error) from error
        except (ValueError, RecursionError) as error:
            raise RunError(f"{self.environment} is damaged ({error}); restore it or start a new run") from error
        if not isinstance(content, dict):
            raise RunError(f"{self.environment} is damaged (it holds a {type(content).__name__}); restore it or start a new run")
        return content

    def ending(self) -> tuple[str, float]:
        """Why the run ended, and after how many seconds; a run without a whole `verdict.json` was cut off before it could say."""
        try:
            content = json.loads(self.verdict.read_text(encoding="utf-8"))
            stopped = str(content["stopped"])
            return _EARLIER_ENDINGS.get(stopped, stopped), float(content["elapsed_s"])
        except OSError as error:
            if isinstance(error, FileNotFoundError):
                return "interrupted", 0.0
            raise _unreadable(self.verdict, error) from error
        except (ValueError, KeyError, TypeError, RecursionError):
            return "interrupted", 0.0

    def write_units(self, rows: Iterable[dict[str, Any]]) -> None:
        """Write the rows of the journal for other tools, in the place of what an earlier version wrote."""
        write_json_lines(self.units, rows)
        (self.path / "trials.jsonl").unlink(missing_ok=True)

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


def write_atomic(path: Path, content: str | bytes) -> None:
    """Write a file so that at any moment either the old or the whole new content is there, also after a power cut.

    Text is written in UTF-8. Raises RunError where the place cannot be written.
    """
    if not path.name:
        raise unwritable(path, IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR)))
    # A name that is no UTF-8 comes from the operating system with lone surrogates; JSON reads their escapes back.
    try:
        write_file(path, content.encode(errors="backslashreplace") if isinstance(content, str) else content)
    except OSError as error:
        raise unwritable(path, error) from error


@contextmanager
def writing_atomic(path: Path) -> Iterator[IO[bytes]]:
    """The same of a file that is written bit by bit, in place of it at the end of the block."""
    if not path.name:
        raise unwritable(path, IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR)))
    try:
        with growing_file(path) as file:
            yield file
    except OSError as error:
        raise unwritable(path, error) from error


def unwritable(path: Path, error: OSError) -> RunError:
    """What to raise where a file or folder cannot be written."""
    return RunError(
        f"{_shortened(path)} cannot be written: {error.strerror or error}; choose a place you may write to, with room left"
    )


def write_json(path: Path, record: Any) -> None:
    """Write a record as indented JSON, atomically."""
    write_atomic(path, json.dumps(to_json(record), indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def write_json_lines(path: Path, rows: Iterable[dict[str, Any]]) -> None:
    """Write one JSON object a line, atomically."""
    write_atomic(path, "".join(json.dumps(row, ensure_ascii=False, allow_nan=False) + "\n" for row in rows))


def append_json_line(path: Path, row: dict[str, Any]) -> None:
    """Add one line. A crash may cut it short: the journal is the truth, and this file is written anew from it at every start."""
    line = json.dumps(row, ensure_ascii=False, allow_nan=False) + "\n"
    try:
        with path.open("a", encoding="utf-8", errors="backslashreplace") as handle:
            handle.write(line)
    except OSError as error:
        raise unwritable(path, error) from error


def _yaml(config: Config) -> str:
    import yaml

    header = "# Every option of this run with its value, defaults included. `gatewise resume` reads this file.\n"
    return header + yaml.safe_dump(to_json(config), sort_keys=False, allow_unicode=True)


def _unreadable(path: Path, error: OSError) -> RunError:
    return RunError(f"{_shortened(path)} cannot be read: {error.strerror or error}; give yourself the right to read it")


def _shortened(path: Path) -> str:
    text = str(path)
    return text if len(text) <= _LONGEST_NAME else f"{text[:_LONGEST_NAME]}..."
