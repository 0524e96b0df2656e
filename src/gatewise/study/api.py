"""The one-line entry points: compare, resume, open_run and load_model."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain, count
from pathlib import Path
from typing import Any

from gatewise.comparison.plan import parse_duration
from gatewise.export.bundle import load_model
from gatewise.names import display_name
from gatewise.records import Comparison, Config, CostName, Dataset, Verdict
from gatewise.report.live import NullView
from gatewise.report.page import render_page
from gatewise.study.folder import RunFolder, write_atomic
from gatewise.study.run import Finished, read_run, resume_run, start_run
from gatewise.study.session import View
from gatewise.training.model import Model

__all__ = ["Result", "compare", "default_folder", "open_run", "resume", "source_name"]


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
            cost = self.verdict.costs.get(name)
            latency = cost.latency_ms.get("batch1") if cost else None
            rows.append(
                {
                    "name": name,
                    "score": score.mean,
                    "sd": score.sd,
                    "pairs": score.n,
                    "train_ms_per_step": cost.train_ms_per_step if cost else None,
                    "latency_ms_p50": latency.p50 if latency else None,
                    "peak_memory_bytes": cost.peak_memory_bytes if cost else None,
                    "parameters": cost.parameters if cost else None,
                    "bytes": cost.bytes if cost else None,
                }
            )
        return sorted(rows, key=lambda row: -float(row["score"] or 0.0))

    def report(self, path: str | os.PathLike[str]) -> Path:
        """Write the report as one HTML file and return its path."""
        target = Path(path)
        write_atomic(target, render_page(self.comparison, self.verdict))
        return target

    @property
    def model(self) -> Model:
        """The recommended model: `predict`, `predict_proba`, `score`.

        Raises RunError if the run was interrupted before training it.
        """
        return load_model(self.path / "model")

    def __repr__(self) -> str:
        return f"<gatewise.Result {self.verdict.decision!r}, ship {display_name(self.verdict.recommended)}: {self.path}>"


def compare(
    data: Any,
    *,
    text: str | None = None,
    series: Sequence[str] = (),
    target: str | None = None,
    cells: Sequence[str] = ("gru", "lstm"),
    budget: str | float | None = None,
    pairs: int | None = None,
    margin: float = 0.01,
    tune: int | None = None,
    cost: CostName = "training",
    seed: int = 0,
    jobs: int = 1,
    threads: int = 1,
    hidden_size: int = 64,
    layers: int = 1,
    bidirectional: bool = False,
    embedding_size: int = 64,
    batch_size: int | None = None,
    max_length: int | None = None,
    max_vocabulary: int = 20_000,
    max_epochs: int | None = None,
    out: str | os.PathLike[str] | None = None,
    view: View | None = None,
) -> Result:
    """Compare recurrent cells on labelled sequences, fairly paired, and say which to ship.

    data: a path, `builtin:NAME`, a pandas or pyarrow table, or a Dataset. text, series, target: columns, inferred if not given.
    budget: `"10m"` or seconds, by default ten minutes, or no limit where `pairs` is given. pairs: an exact number of pairs
    instead of stopping when decided. margin: half width of the band of practical equivalence, in accuracy. tune: tuning trials
    for each cell. cost: what decides between equivalent cells. jobs: processes that train at once (more than one needs the
    usual `if __name__ == "__main__":` guard in a script), with `threads` each. Sizes and limits are the same
    for every cell. out: the run's folder, by default `runs/NAME-DATE`. view: who is shown progress; nobody by default.

    Raises DataError, OptionError or RunError (all GatewiseError), each with one message that says what to do.
    """
    budget_s = parse_duration(str(budget)) if budget is not None else (None if pairs is not None else 600.0)
    config = Config(
        source=source_name(data),
        text=text,
        series=tuple(series),
        target=target,
        cells=tuple(cells),
        budget_s=budget_s,
        pairs=pairs,
        margin=margin,
        tune=tune,
        cost=cost,
        seed=seed,
        jobs=jobs,
        threads=threads,
        hidden_size=hidden_size,
        layers=layers,
        bidirectional=bidirectional,
        embedding_size=embedding_size,
        batch_size=batch_size,
        max_length=max_length,
        max_vocabulary=max_vocabulary,
        max_epochs=max_epochs,
    )
    folder = RunFolder(Path(out) if out is not None else default_folder(config.source))
    return _result(start_run(config, data, folder, view or NullView()))


def resume(
    run: str | os.PathLike[str], *, data: Any = None, budget: str | float | None = None, view: View | None = None
) -> Result:
    """Go on with an interrupted run, or give an undecided one a larger total budget. data: needed where it was no file."""
    budget_s = parse_duration(str(budget)) if budget is not None else None
    return _result(resume_run(RunFolder(Path(run)), view or NullView(), data=data, budget_s=budget_s))


def open_run(run: str | os.PathLike[str]) -> Result:
    """The result of a run as it stands, without working on it."""
    return _result(read_run(RunFolder(Path(run))))


def source_name(data: Any) -> str:
    """How a configuration names its source: an absolute path, `builtin:NAME`, or `<kind of object>` for data from Python."""
    if isinstance(data, (str, os.PathLike)):
        text = str(data)
        return text if text.startswith("builtin:") else str(Path(text).expanduser().resolve())
    return f"<{data.name}>" if isinstance(data, Dataset) else f"<{type(data).__module__.split('.')[0]} {type(data).__name__}>"


def default_folder(source: str) -> Path:
    """`runs/NAME-DATE-TIME`, with a number behind it where another run began in the same second."""
    name = source.removeprefix("builtin:").split("?")[0] if not source.startswith("<") else "table"
    stem = Path(name).name.split(".")[0] or "run"
    first = Path("runs") / f"{stem}-{datetime.now():%Y%m%d-%H%M%S}"
    more = (first.with_name(f"{first.name}-{number}") for number in count(2))
    return next(path for path in chain([first], more) if not path.exists())


def _result(finished: Finished) -> Result:
    return Result(finished.folder.path, finished.verdict, finished.comparison)
