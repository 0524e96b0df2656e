"""The one-line entry points: compare, resume and open_run. What is heavy is loaded where it is used, after the data were read."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from itertools import chain, count
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any

from gatewise.interrupts import resumable
from gatewise.metrics import METRICS
from gatewise.options.configuration import build_config
from gatewise.options.quantities import parse_duration
from gatewise.options.table import OPTION
from gatewise.options.values import read_value
from gatewise.records import Comparison, Dataset, Verdict
from gatewise.report.live import NullView, view_for
from gatewise.report.notebook_view import NotebookView, in_notebook, is_interactive
from gatewise.study.folder import RunFolder, write_atomic
from gatewise.study.opening import open_data
from gatewise.study.view import View
from gatewise.titles import Titles
from gatewise.tracking.tracking import TRACKERS, check_places, with_places

if TYPE_CHECKING:
    from gatewise.comparison.mistakes.pooling import Pooled
    from gatewise.runtime.model import Model
    from gatewise.study.reproduce import Reproduction
    from gatewise.study.run import Finished

__all__ = ["Result", "default_folder", "open_run", "reproduce", "resume", "source_name", "start", "watched"]

# Sources named by what stands before the colon, and standard input, are no paths.
_NO_PATHS = ("builtin:", "hf:", "http://", "https://")
_STANDARD_INPUT = "-"


@dataclass(frozen=True, eq=False)
class Result:
    """What a comparison found. path: the run's folder."""

    path: Path
    verdict: Verdict
    comparison: Comparison

    def leaderboard(self) -> list[dict[str, Any]]:
        """Arms and baselines, best mean score first: one dict each, ready for a data frame."""
        rows = []
        for name, score in self.verdict.scores.items():
            cost = self.verdict.costs.get(name) or self.verdict.baseline_costs.get(name)
            latency = cost.latency_ms.get("batch1") if cost else None
            rows.append(
                {
                    "name": name,
                    "score": score.mean,
                    "sd": score.sd,
                    "replicates": score.n,
                    "fit_s": cost.fit_s if cost else None,
                    "train_ms_per_step": cost.train_ms_per_step if cost else None,
                    "latency_ms_p50": latency.p50 if latency else None,
                    "peak_memory_bytes": cost.peak_memory_bytes if cost else None,
                    "parameters": cost.parameters if cost else None,
                    "bytes": cost.bytes if cost else None,
                }
            )
        return sorted(rows, key=lambda row: float(row["score"] or 0.0), reverse=METRICS[self.verdict.metric].higher_is_better)

    def predictions(self) -> list[dict[str, Any]]:
        """The test predictions of every replicate and model that the run kept: one dict each, ready for a data frame.

        replicate, name, row (position in the data, from 0), then truth, prediction, confidence, p_truth and correct of classes;
        truth, prediction and error of numbers, in a forecast with step and channel; steps and nll of sequences whose next steps
        are predicted. Raises RunError, as the next four do, where the run kept none.
        """
        from gatewise.study.tables import predictions_table

        return predictions_table(self.comparison, self._pooled)

    def mistakes(self) -> list[dict[str, Any]]:
        """The rows that the arms got wrong, of numbers all rows, the worst first: row, truth, tests, and what every model said.

        `NAME_p_truth` is the probability that a model gave the true class, `NAME_wrong` how many of the tests it failed. In a
        forecast, and of next steps, a model's column holds its error.
        """
        from gatewise.study.tables import mistakes_table

        return mistakes_table(self.comparison, self._pooled)

    def errors(self) -> list[dict[str, Any]]:
        """Where the errors lie: recall and precision of every class; mean error by fifth of the truth; of forecasts by step ahead
        and by channel; of next steps by position and by channel. One dict for each and model.
        """
        from gatewise.study.tables import errors_table

        return errors_table(self.comparison, self._pooled)

    def confusion(self) -> list[dict[str, Any]]:
        """How often every class was taken for every other, where it was: name, truth, prediction, count, share of the true class.

        Raises OptionError where the task is no classification.
        """
        from gatewise.study.tables import confusion_table

        return confusion_table(self.comparison, self._pooled)

    def calibration(self) -> list[dict[str, Any]]:
        """The share of right predictions by confidence, in ten bins: name, low, high, count, confidence, accuracy, and
        the model's expected calibration error `ece` (Guo et al. 2017). Raises OptionError where the task is no classification.
        """
        from gatewise.study.tables import calibration_table

        return calibration_table(self.comparison, self._pooled)

    @cached_property
    def _pooled(self) -> Pooled[Any]:
        from gatewise.study.mistakes import read_pooled

        return read_pooled(RunFolder(self.path), self.comparison)

    def report(self, path: str | os.PathLike[str]) -> Path:
        """Write the report as one HTML file and return its path."""
        from gatewise.report.page import render_page

        target = Path(path)
        write_atomic(target, render_page(self.comparison, self.verdict, self.path))
        return target

    @property
    def model(self) -> Model:
        """The recommended model: `predict`, `predict_proba`, `score`.

        Raises RunError if the run was interrupted before training it.
        """
        from gatewise.export.bundle import load_model

        return load_model(self.path / "model")

    def __repr__(self) -> str:
        found = self.verdict
        decided = f"{found.decision!r}, ship {Titles(found.arms)(found.recommended)}; {found.replicates} replicates"
        return f"<gatewise.Result {decided}: {self.path}>"

    def _repr_html_(self) -> str:
        """What a notebook shows."""
        from gatewise.report.notebook import notebook_card

        return notebook_card(self.comparison, self.verdict, self.path)


def start(
    data: Any,
    given: Mapping[str, Any],
    *,
    view: View | None = None,
    verbose: bool | None = None,
    started: float | None = None,
) -> Result:
    """Compare cells on data. given: options by name, as `by_name` finds them; the rest as in `compare`."""
    test, out = given.get("test"), given.get("out")
    named = {**given, "test": None if test is None else source_name(test)}
    config = build_config(source_name(data), with_places(named))
    folder = RunFolder(Path(out) if out is not None else default_folder(config.source))
    started = monotonic() if started is None else started
    with watched(view, verbose) as watcher, resumable(folder.path, folder.config):
        dataset = open_data(config, data, watcher, test=_if_object(test), started=started)
        from gatewise.study.run import start_run

        return _result(start_run(config, dataset, folder, watcher, started=started))


def resume(
    run: str | os.PathLike[str],
    *,
    data: Any = None,
    test: Any = None,
    budget: str | float | None = None,
    jobs: int | None = None,
    runner: str | None = None,
    address: str | None = None,
    tensorboard: str | os.PathLike[str] | None = None,
    mlflow: str | os.PathLike[str] | None = None,
    view: View | None = None,
    verbose: bool | None = None,
    started: float | None = None,
) -> Result:
    """Go on with an interrupted run, or give an undecided one a larger total budget.

    data, test: needed where they were no files. jobs, runner, address: where is trained from now on; None for what the run had.
    tensorboard, mlflow: where is tracked from now on, what is done already included; None for where it was before.
    verbose, view, started: as in `compare`.
    """
    from gatewise.study.run import resume_run

    budget_s = parse_duration(budget) if budget is not None else None
    tracked = with_places({"tensorboard": tensorboard, "mlflow": mlflow})
    changes = _changes(jobs=jobs, runner=runner, address=address, **tracked)
    check_places({name: changes[name] for name in TRACKERS if name in changes})
    folder = RunFolder(Path(run))
    with watched(view, verbose) as watcher, resumable(folder.path):
        return _result(
            resume_run(folder, watcher, data=data, test=_if_object(test), budget_s=budget_s, changes=changes, started=started)
        )


def reproduce(
    run: str | os.PathLike[str],
    *,
    data: Any = None,
    jobs: int | None = None,
    runner: str | None = None,
    address: str | None = None,
    view: View | None = None,
    verbose: bool | None = None,
) -> Reproduction:
    """Do every training of a run again and hold it against what it was: equal to the last bit, or what differs.

    data: needed where the run was started on an object of Python. jobs, runner, address: where is trained; None for where the run
    did. verbose, view: as in `compare`. Nothing in the run's folder is written. Raises RunError where there is no run.
    """
    from gatewise.study.reproduce import reproduce_run

    with watched(view, verbose) as watcher:
        changes = _changes(jobs=jobs, runner=runner, address=address)
        return reproduce_run(RunFolder(Path(run)), watcher, data=data, changes=changes)


def open_run(run: str | os.PathLike[str]) -> Result:
    """The result of a run as it stands, without working on it."""
    from gatewise.study.run import read_run

    return _result(read_run(RunFolder(Path(run))))


def source_name(data: Any) -> str:
    """How a configuration names its source: an absolute path, `builtin:NAME`, `hf:NAME`, `-`, or `<kind of object>`."""
    if isinstance(data, (str, os.PathLike)):
        text = str(data)
        named = text == _STANDARD_INPUT or text.startswith(_NO_PATHS)
        return text if named else os.path.realpath(Path(text).expanduser())
    return f"<{data.name}>" if isinstance(data, Dataset) else f"<{type(data).__module__.split('.')[0]} {type(data).__name__}>"


def default_folder(source: str) -> Path:
    """`runs/NAME-DATE-TIME`, with a number behind it where another run began in the same second."""
    if source == _STANDARD_INPUT or source.startswith("<"):
        stem = "table"
    else:
        name = re.sub(r"^\w+:", "", source).split("?")[0]
        stem = re.sub(r"[^\w-]+", "-", Path(name).name.split(".")[0]).strip("-") or "run"
    first = Path("runs") / f"{stem}-{datetime.now():%Y%m%d-%H%M%S}"
    more = (first.with_name(f"{first.name}-{number}") for number in count(2))
    return next(path for path in chain([first], more) if not path.exists())


def _changes(**given: Any) -> dict[str, Any]:
    """Where is trained and tracked from now on, checked as the options of a comparison are."""
    return {name: read_value(OPTION[name], value) for name, value in given.items() if value is not None}


def _if_object(test: Any) -> Any:
    """What the configuration cannot name; a path is read from there."""
    return None if isinstance(test, (str, os.PathLike)) else test


@contextmanager
def watched(view: View | None, verbose: bool | None) -> Iterator[View]:
    """The view that is shown progress: the caller's own, one where a person is at work, lines on standard error, or nobody."""
    shown = is_interactive() if verbose is None else verbose
    if view is not None or not shown:
        yield NullView() if view is None else view
        return
    from rich.console import Console

    with NotebookView() if in_notebook() else view_for(Console(stderr=True)) as watcher:
        yield watcher


def _result(finished: Finished) -> Result:
    return Result(finished.folder.path, finished.verdict, finished.comparison)
