"""The folder `predictions/` of a run: what is kept of each model's test predictions, one file a unit of work.

A file is written whole before its unit enters the journal, by the process that did the unit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import cast

from gatewise.mistakes import Kept
from gatewise.records import Task, Training
from gatewise.study.array_files import read_arrays, write_arrays
from gatewise.tasks import traits_of

__all__ = ["KeptFolder"]


@dataclass(frozen=True)
class KeptFolder:
    """A folder of predictions."""

    path: Path

    def write(self, training: Training, kept: Kept) -> None:
        """Keep the predictions of a training on its test part. Raises RunError where the folder cannot be written."""
        write_arrays(self._file(training), {item.name: getattr(kept, item.name) for item in fields(kept)}, _result(training))

    def read(self, trainings: Sequence[Training], task: Task) -> dict[str, dict[int, Kept]]:
        """What was kept of some trainings, by name and replicate; those without a file that is whole and theirs are left out."""
        found: dict[str, dict[int, Kept]] = {}
        for training in trainings:
            if (kept := self._read(training, task)) is not None:
                found.setdefault(training.name, {})[training.number] = kept
        return found

    def _file(self, training: Training) -> Path:
        return self.path / f"{training.name}-{training.number}.safetensors"

    def _read(self, training: Training, task: Task) -> Kept | None:
        arrays, kind = read_arrays(self._file(training), _result(training)), traits_of(task).kept
        if arrays is None or set(arrays) != {item.name for item in fields(kind)}:
            return None
        return cast(Kept, kind(**arrays))


def _result(training: Training) -> str:
    return f"{training.name}:{training.number} scored {training.test_score!r}"
