"""What is tracked, and what a tracker is."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from gatewise.records import Config, Training, Verdict

__all__ = ["TrackedRun", "TrackedTraining", "Tracker"]


@dataclass(frozen=True)
class TrackedRun:
    """A run as trackers know it. folder: its own. name: of the folder, with what no other run has. config: all its options."""

    folder: Path
    name: str
    config: Config


@dataclass(frozen=True)
class TrackedTraining:
    """A finished unit of work. key: its key in the journal, by which it is known again. ended: seconds since 1970."""

    key: str
    training: Training
    ended: float


class Tracker(Protocol):
    """One place that a run is written to. Whatever a method raises ends the tracking there, and nothing else."""

    def has(self, key: str) -> bool:
        """Whether a training is there already, whole."""

    def add(self, unit: TrackedTraining) -> None:
        """Write a training that is not there yet."""

    def finish(self, verdict: Verdict, files: tuple[Path, ...]) -> None:
        """Write what the run found, and the files that say it, where files can be kept."""

    def close(self) -> None:
        """Called last, also where an error ends the run and `finish` was not called."""
