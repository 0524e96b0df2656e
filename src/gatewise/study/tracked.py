"""The run that trackers are told of, and what its journal holds for them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import get_args

from gatewise.records import Config, Training, TrainingKind, from_json
from gatewise.study.folder import RunFolder
from gatewise.study.journal import Journal
from gatewise.tracking.tracker import TrackedRun, TrackedTraining
from gatewise.tracking.tracking import Tracking, given_places

__all__ = ["begin_tracking", "tracked"]


def begin_tracking(config: Config, folder: RunFolder, journal: Journal, log: Callable[[str], None]) -> Tracking:
    """The tracking that a configuration asks for, with what earlier sessions of the run have finished.

    The run is known by its folder's name and by what the journal keeps of its beginning, so that neither another folder of that
    name nor one that was moved is mistaken for it.
    """
    if not given_places(config):
        return Tracking()
    began = next((row["checksum"] for row in journal.rows() if row["key"] == "config"), 0)
    called = re.sub(r"[^\w.-]+", "-", folder.path.resolve().name)[:100]
    tracking = Tracking(TrackedRun(folder.path, f"{called}-{began:08x}", config), log)
    tracking.add(_finished(journal))
    return tracking


def tracked(journal: Journal, key: str, training: Training) -> TrackedTraining:
    """A training that is in the journal, as it is told."""
    return TrackedTraining(key, training, datetime.fromisoformat(journal.finished_at(key)).timestamp())


def _finished(journal: Journal) -> Iterator[TrackedTraining]:
    for row in journal.rows():
        if row["kind"] in get_args(TrainingKind):
            yield tracked(journal, row["key"], from_json(Training, journal.get(row["key"])))
