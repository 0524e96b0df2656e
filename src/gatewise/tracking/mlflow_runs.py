"""A run in MLflow: an experiment for each source, in it a run for the comparison and one beneath it for each training.

Each carries the name of gatewise's run in the tag `gatewise.run`, a training its key in `gatewise.unit`: by these they are found
again when the run goes on, on whatever machine. A training that was being written when the process was killed is not finished;
it is deleted and written anew.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from gatewise.errors import MissingPackageError, OptionError
from gatewise.extras import require_package
from gatewise.records import Verdict, to_json
from gatewise.tracking.figures import curves_of, findings_of, parameters_of, source_title, totals_of
from gatewise.tracking.places import folder_of
from gatewise.tracking.tracker import TrackedRun, TrackedTraining

__all__ = ["MLflowRuns", "check_store"]

_RUN, _UNIT, _PARENT = "gatewise.run", "gatewise.unit", "mlflow.parentRunId"
# What older servers take at once, and as a parameter's value.
_MOST_METRICS, _MOST_PARAMETERS, _LONGEST = 1000, 100, 250
_SERVERS = ("http", "https", "file", "databricks", "uc")
_DATABASES = ("sqlite", "postgresql", "mysql", "mssql")
# MLflow's own values let a server that does not answer hold a run up for minutes, and its folders are off unless asked for.
# Nothing is sent but to the place that was named, and nothing printed between the lines of a verdict.
_SETTINGS = {
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "10",
    "MLFLOW_ALLOW_FILE_STORE": "true",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
}


@contextmanager
def _settings() -> Iterator[None]:
    """MLflow's settings as they suit here, where nobody has chosen others."""
    missing = [name for name in _SETTINGS if name not in os.environ]
    os.environ.update({name: _SETTINGS[name] for name in missing})
    try:
        yield
    finally:
        for name in missing:
            os.environ.pop(name, None)


def check_store(flag: str, place: str) -> None:
    """Raise OptionError for an address of no kind that MLflow has, and MissingPackageError where its kind needs all of it."""
    scheme = urlsplit(place).scheme.partition("+")[0] if "://" in place else "file"
    if scheme in _DATABASES:
        try:
            require_package("mlflow.store.tracking.sqlalchemy_store")
        except ModuleNotFoundError as error:
            raise MissingPackageError(
                f"{flag} {place.partition(':')[0]}: a database needs the whole of MLflow. Install it: pip install mlflow"
            ) from error
    elif scheme not in _SERVERS:
        known = ", ".join(f"{one}://" for one in (*_SERVERS, *_DATABASES))
        raise OptionError(f"{flag} {place[:200]!r} is no place that MLflow knows; give a folder, or an address of {known}")


class MLflowRuns:
    """Writes to a tracking server, or to a folder as MLflow lays it out.

    Raises MissingPackageError where MLflow is not installed, and MLflow's and the network's own errors.
    """

    @_settings()
    def __init__(self, place: str, run: TrackedRun) -> None:
        tracking = require_package("mlflow.tracking")
        self._entities = require_package("mlflow.entities")
        folder = folder_of(place)
        self._client = tracking.MlflowClient(tracking_uri=place if folder is None else folder.as_uri())
        self._run = run
        self._experiment = self._experiment_of(source_title(run.config.source))
        self._finished = False
        self._parent, self._units = "", dict[str, str]()
        for found in self._runs():
            key = found.data.tags.get(_UNIT)
            if key is None:
                self._parent = found.info.run_id
            elif found.info.status == "FINISHED":
                self._units[key] = found.info.run_id
            else:
                self._client.delete_run(found.info.run_id)
        if self._parent:
            self._client.update_run(self._parent, status="RUNNING")
        else:
            self._parent = self._create(run.name, {}, time.time())
            self._log(self._parent, to_json(run.config), [])

    def has(self, key: str) -> bool:
        """Whether a training has a run that is finished."""
        return key in self._units

    @_settings()
    def add(self, unit: TrackedTraining) -> None:
        """Write a training as a run beneath that of the comparison."""
        began = unit.ended - unit.training.seconds
        last = max((epoch.epoch for epoch in unit.training.history), default=0)
        curves = [(name, value, began + at, step) for name, value, step, at in curves_of(unit.training)]
        totals = [(name, value, unit.ended, last) for name, value in totals_of(unit.training).items()]
        run = self._create(unit.key, {_UNIT: unit.key, _PARENT: self._parent}, began)
        self._log(run, parameters_of(unit.training), [*curves, *totals])
        self._client.set_terminated(run, status="FINISHED", end_time=_milliseconds(unit.ended))
        self._units[unit.key] = run

    @_settings()
    def finish(self, verdict: Verdict, files: tuple[Path, ...]) -> None:
        """Write the verdict's figures and its files into the comparison's run."""
        now = time.time()
        self._log(self._parent, {}, [(name, value, now, verdict.replicates) for name, value in findings_of(verdict).items()])
        for name in ("decision", "recommended", "stopped"):
            self._client.set_tag(self._parent, f"gatewise.{name}", getattr(verdict, name))
        for file in files:
            self._client.log_artifact(self._parent, str(file))
        self._client.set_terminated(self._parent, status="KILLED" if verdict.stopped == "interrupted" else "FINISHED")
        self._finished = True

    @_settings()
    def close(self) -> None:
        """Say of a comparison that an error ended that it failed."""
        if not self._finished:
            self._client.set_terminated(self._parent, status="FAILED")

    def _experiment_of(self, name: str) -> str:
        found = self._client.get_experiment_by_name(name)
        return str(self._client.create_experiment(name) if found is None else found.experiment_id)

    def _runs(self) -> Iterator[Any]:
        """The runs that are this run's."""
        page = None
        while True:
            found = self._client.search_runs([self._experiment], f"tags.`{_RUN}` = '{self._run.name}'", page_token=page)
            yield from found
            page = found.token
            if not page:
                return

    def _create(self, name: str, tags: Mapping[str, str], began: float) -> str:
        tags = {_RUN: self._run.name, "mlflow.source.name": "gatewise", **tags}
        run = self._client.create_run(self._experiment, _milliseconds(began), tags, run_name=name)
        return str(run.info.run_id)

    def _log(self, run: str, given: Mapping[str, Any], figures: list[tuple[str, float, float, int]]) -> None:
        """given: what does not change. figures: name, value, seconds since 1970, and step."""
        written = [self._entities.Param(name, str(value)[:_LONGEST]) for name, value in given.items()]
        metrics = [self._entities.Metric(name, value, _milliseconds(at), step) for name, value, at, step in figures]
        # Together no more than what may be sent at once.
        for first in range(0, len(written), _MOST_PARAMETERS):
            self._client.log_batch(run, params=written[first : first + _MOST_PARAMETERS])
        for first in range(0, len(metrics), _MOST_METRICS):
            self._client.log_batch(run, metrics=metrics[first : first + _MOST_METRICS])


def _milliseconds(seconds: float) -> int:
    return round(seconds * 1000)
