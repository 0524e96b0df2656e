"""All places that a run is written to beside its folder, none of which may cost it anything but the time of writing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any

from gatewise.errors import GatewiseError
from gatewise.extras import require
from gatewise.options.table import OPTION
from gatewise.options.values import read_value
from gatewise.records import Config, Verdict
from gatewise.tracking.mlflow_runs import MLflowRuns, check_store
from gatewise.tracking.places import check_folder, folder_of, placed
from gatewise.tracking.tensorboard_files import TensorBoardFiles
from gatewise.tracking.tracker import TrackedRun, TrackedTraining, Tracker
from gatewise.wording import first_line

__all__ = ["TRACKERS", "Kind", "Tracking", "check_places", "given_places", "with_places"]


@dataclass(frozen=True)
class Kind:
    """How a tracker is called, made, and asked beforehand whether a place is of a kind that it knows."""

    title: str
    make: Callable[[str, TrackedRun], Tracker]
    check: Callable[[str, str], None] = lambda _flag, _place: None


TRACKERS: Mapping[str, Kind] = {
    "tensorboard": Kind("TensorBoard", TensorBoardFiles),
    "mlflow": Kind("MLflow", MLflowRuns, check_store),
}
"""By the option that names the place."""


def given_places(config: Config) -> dict[str, str]:
    """The places that a configuration names, by option."""
    return {name: place for name in TRACKERS if (place := getattr(config, name)) is not None}


def with_places(options: Mapping[str, Any]) -> dict[str, Any]:
    """Options whose places hold wherever a command is started. Raises OptionError for a place that is none."""
    given = {name: read_value(OPTION[name], options[name]) for name in TRACKERS if options.get(name) is not None}
    return {**options, **{name: placed(place) for name, place in given.items()}}


def check_places(places: Mapping[str, str]) -> None:
    """Refuse what cannot be tracked before anything is done. Raises OptionError and MissingPackageError."""
    for name, place in places.items():
        flag = OPTION[name].flag
        require("track")
        TRACKERS[name].check(flag, place)
        folder = folder_of(place)
        if folder is not None:
            check_folder(flag, folder)


class Tracking:
    """Writes a run wherever its configuration says, until something goes wrong there, which is said once and ends it there.

    run: None for nowhere. log: told what went wrong.
    """

    def __init__(self, run: TrackedRun | None = None, log: Callable[[str], None] = lambda _: None) -> None:
        self._log = log
        self._trackers: dict[str, Tracker] = {}
        if run is not None:
            for name, place in given_places(run.config).items():
                self._guarded(name, partial(self._begin, name, place, run))

    def __enter__(self) -> Tracking:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for name, tracker in list(self._trackers.items()):
            self._guarded(name, tracker.close)
        self._trackers.clear()

    def add(self, units: Iterable[TrackedTraining]) -> None:
        """Write finished trainings, in every place those that are not there."""
        units = list(units)
        for name, tracker in list(self._trackers.items()):
            self._guarded(name, partial(_add, tracker, units))

    def finish(self, verdict: Verdict, files: tuple[Path, ...]) -> None:
        """Write what was found."""
        for name, tracker in list(self._trackers.items()):
            self._guarded(name, partial(tracker.finish, verdict, files))

    def _begin(self, name: str, place: str, run: TrackedRun) -> None:
        self._trackers[name] = TRACKERS[name].make(place, run)

    def _guarded(self, name: str, work: Callable[[], None]) -> None:
        try:
            work()
        except Exception as error:
            self._trackers.pop(name, None)
            said = str(error) if isinstance(error, GatewiseError) else first_line(error)
            self._log(
                f"tracking with {TRACKERS[name].title} has ended ({said[:300]}); the run goes on, and a later "
                "`gatewise resume` writes there what is missing"
            )


def _add(tracker: Tracker, units: Iterable[TrackedTraining]) -> None:
    for unit in units:
        if not tracker.has(unit.key):
            tracker.add(unit)
