"""The folder `predictions/` of a run: what is kept of each model's test predictions, one file a unit of work.

A file is written whole before its unit enters the journal, by the process that did the unit. The journal stays the truth: a file
that is missing, damaged or of another result than the journal's is as if it had never been there.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from gatewise.errors import RunError
from gatewise.mistakes import KEPT_AS, Kept
from gatewise.records import Task, Trial
from gatewise.study.folder import write_atomic

__all__ = ["KeptFolder"]


@dataclass(frozen=True)
class KeptFolder:
    """A folder of predictions."""

    path: Path

    def write(self, trial: Trial, kept: Kept) -> None:
        """Keep the predictions of a trial on its test part. Raises RunError where the folder cannot be written."""
        from safetensors.numpy import save

        try:
            self.path.mkdir(exist_ok=True)
        except OSError as error:
            raise RunError(f"{self.path} cannot be made: {error.strerror}; put that right and resume the run") from error
        arrays = {item.name: np.ascontiguousarray(getattr(kept, item.name)) for item in fields(kept)}
        write_atomic(self._file(trial), save(arrays, metadata=_about(trial, arrays)))

    def read(self, trials: Sequence[Trial], task: Task) -> dict[str, dict[int, Kept]]:
        """What was kept of some trials, by name and pair; those without a file that is whole and theirs are left out."""
        found: dict[str, dict[int, Kept]] = {}
        for trial in trials:
            if (kept := self._read(trial, task)) is not None:
                found.setdefault(trial.name, {})[trial.number] = kept
        return found

    def _file(self, trial: Trial) -> Path:
        return self.path / f"{trial.name}-{trial.number}.safetensors"

    def _read(self, trial: Trial, task: Task) -> Kept | None:
        from safetensors import SafetensorError, safe_open

        try:
            with safe_open(self._file(trial), framework="numpy") as file:
                about: Mapping[str, str] = file.metadata() or {}
                arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  (it is no mapping)
        except (OSError, SafetensorError):
            return None
        kind = KEPT_AS[task]
        # The digest covers names, types, shapes and numbers, and the score says that they are of this very result.
        if about != _about(trial, arrays) or set(arrays) != {item.name for item in fields(kind)}:
            return None
        return cast(Kept, kind(**arrays))


def _about(trial: Trial, arrays: Mapping[str, NDArray[Any]]) -> dict[str, str]:
    digest = hashlib.sha256()
    for name in sorted(arrays):
        digest.update(f"{name} {arrays[name].dtype} {arrays[name].shape} ".encode())
        digest.update(arrays[name].tobytes())
    # One entry, for safetensors writes several in any order.
    return {"gatewise": f"{trial.name}:{trial.number} scored {trial.test_score!r}, sha256 {digest.hexdigest()}"}
