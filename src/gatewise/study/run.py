"""A run from beginning to end: started, resumed, or only read."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from gatewise.comparison.plan import resolve_margin
from gatewise.comparison.verdict import decide
from gatewise.data.dataset.drawn import epoch_rows
from gatewise.data.dataset.profile import describe
from gatewise.data.dataset.splits import make_split
from gatewise.errors import OptionError, RunError
from gatewise.records import Comparison, Config, Dataset, Profile, Verdict, to_json
from gatewise.report.blocks import unit_of_length
from gatewise.study.arms import arms_for, match_note
from gatewise.study.artefacts import read_artefacts
from gatewise.study.curve import run_curve
from gatewise.study.dependence import dependence_of
from gatewise.study.environment import describe_environment
from gatewise.study.finish import remove_leftovers, train_final, write_results
from gatewise.study.folder import RunFolder, write_json
from gatewise.study.gathered import build_comparison, read_profile, read_trainings
from gatewise.study.identity import identity, open_config
from gatewise.study.journal import Journal, open_journal, read_journal
from gatewise.study.kept import KeptFolder
from gatewise.study.memory_need import require_room
from gatewise.study.mending import mend_journal
from gatewise.study.mistakes import with_mistakes
from gatewise.study.opening import read_data
from gatewise.study.outlook import plan_run
from gatewise.study.phases import fix_margin, measure, measure_late, memory_beside, run_replicates, tune
from gatewise.study.resolved import resolved
from gatewise.study.runner import Runner
from gatewise.study.session import Session
from gatewise.study.tracked import begin_tracking
from gatewise.study.trained import TrainedFolder
from gatewise.study.view import View
from gatewise.study.work import Workload
from gatewise.tasks import traits_of
from gatewise.training.baselines.choice import choose_rivals, simple_baselines
from gatewise.training.threads import limited_threads
from gatewise.wording import counted

__all__ = ["Finished", "read_run", "reopened", "resume_run", "start_run"]


@dataclass(frozen=True, eq=False)
class Finished:
    """What a run left behind."""

    folder: RunFolder
    comparison: Comparison
    verdict: Verdict


def start_run(config: Config, dataset: Dataset, folder: RunFolder, view: View, *, started: float | None = None) -> Finished:
    """Run a comparison in a new folder. dataset: what `open_data` read for this configuration.

    started: when the budget began to run, on the monotonic clock; now, where None. Raises OptionError where the folder cannot be
    used.
    """
    started = time.monotonic() if started is None else started
    may_choose = config.max_epochs is None and config.tune != 0
    config = resolved(config, dataset)
    split = make_split(dataset, 0, config.seed)
    require_room(config, dataset, len(split.train))
    choose_rivals(dataset, split, config.rivals, config.budget_s)
    environment = describe_environment(config.device) | {"threads": config.threads}
    folder.create(config, environment)
    try:
        return _work(config, environment, dataset, folder, view, started, may_choose=may_choose)
    except OptionError:
        # Only a margin relative to nothing is found this late: nothing half-written stays behind.
        folder.remove()
        raise


def resume_run(
    folder: RunFolder,
    view: View,
    *,
    data: Any = None,
    test: Any = None,
    budget_s: float | None = None,
    changes: Mapping[str, Any] | None = None,
    started: float | None = None,
) -> Finished:
    """Go on with a run where its journal ends. data, test: needed where they were no files. budget_s: a new total budget.

    changes: other fields of the configuration that a run may change. started: as in `start_run`.
    Raises RunError if there is no run, or its data is not what it was.
    """
    started = time.monotonic() if started is None else started
    _mend(folder, view)
    config = open_config(folder)
    if budget_s is not None:
        config = replace(config, budget_s=budget_s)
    config = replace(config, **(changes or {}))
    for name, given, source in (("data", data, config.source), ("test", test, config.test or "")):
        if given is None and source.startswith("<"):
            raise RunError(
                f"{folder.path} was started on {source} from Python; resume it there with gatewise.resume(folder, {name}=...)"
            )
    if data is None and config.source == "-":
        raise RunError(f"{folder.path} was started on standard input; resume it in Python with gatewise.resume(folder, data=...)")
    dataset = read_data(config, config.source if data is None else data, view, test=test, started=started)
    environment = folder.read_environment()
    if not environment:
        environment = describe_environment(config.device) | {"threads": config.threads}
        write_json(folder.environment, environment)
    folder.write_config(config)
    return _work(config, environment, dataset, folder, view, started)


def read_run(folder: RunFolder) -> Finished:
    """The verdict and evidence of a run as its journal has them now, without working on it.

    Raises RunError if there is no run, or it has not got far enough to say anything.
    """
    config = open_config(folder)
    environment = folder.read_environment()
    if not folder.journal.is_file():
        raise RunError(f"{folder.path} has no journal yet; continue it with `gatewise resume {folder.path}`")
    journal = read_journal(folder.journal)
    if "data" not in journal:
        raise RunError(f"{folder.path} has not begun its work; continue it with `gatewise resume {folder.path}`")
    stopped, ended = folder.ending()
    elapsed = max(ended, journal.elapsed_s())
    comparison = build_comparison(config, environment, journal, read_trainings(journal), elapsed_s=elapsed, stopped=stopped)
    verdict = decide(comparison)
    comparison = replace(with_mistakes(folder, comparison, verdict), artefacts=read_artefacts(folder))
    return Finished(folder, comparison, verdict)


def _work(
    config: Config,
    environment: dict[str, Any],
    dataset: Dataset,
    folder: RunFolder,
    view: View,
    started: float,
    *,
    may_choose: bool = False,
) -> Finished:
    with _session(config, environment, dataset, folder, view, started) as session:
        # Before anything else, and once and for all.
        session.once("config", lambda: identity(config))
        with begin_tracking(config, folder, session.journal, view.log) as session.tracking:
            return _finished(session, may_choose=may_choose)


def _finished(session: Session, *, may_choose: bool) -> Finished:
    folder = session.folder
    try:
        _record_data(session)
        plan_run(session, may_choose=may_choose)
        fix_margin(session)
        chosen = tune(session)
        measure(session, chosen)
        run_curve(session, chosen)
        stopped = run_replicates(session, chosen)
        measure_late(session)
        with memory_beside(session, chosen):
            train_final(session, session.verdict(stopped))
    except KeyboardInterrupt:
        if "data" not in session.journal:
            # There is nothing yet that a verdict could be about.
            raise
        stopped = "interrupted"
    comparison = session.comparison(stopped)
    verdict = decide(comparison)
    session.show("writing the report")
    comparison = with_mistakes(folder, comparison, verdict, session.workload.dataset)
    comparison = replace(comparison, artefacts=read_artefacts(folder))
    write_results(folder, comparison, verdict)
    session.tracking.finish(verdict, (folder.report, folder.verdict))
    return Finished(folder, comparison, verdict)


@contextmanager
def _session(
    config: Config, environment: Mapping[str, Any], dataset: Dataset, folder: RunFolder, view: View, started: float
) -> Iterator[Session]:
    """The run's turn of this process, with its journal open and its folder locked."""
    workload = Workload(config, dataset, arms_for(config, dataset), KeptFolder(folder.predictions), TrainedFolder(folder.trained))
    with (
        folder.locked(),
        open_journal(folder.journal) as journal,
        limited_threads(config.threads),
        Runner(workload, log=view.log) as runner,
    ):
        remove_leftovers(folder.path)
        folder.write_units(journal.rows())
        if "data" in journal:
            workload.baselines = _recorded_baselines(journal)
        for note in runner.notes:
            view.log(note)
        yield Session(config, environment, folder, journal, workload, runner, view, started)


def _mend(folder: RunFolder, view: View) -> None:
    """Keep what is sound of a journal that is damaged."""
    if folder.journal.is_file():
        with folder.locked():
            said = mend_journal(folder.journal, folder.units, rests_on="plan")
        if said:
            view.log(said)


@contextmanager
def reopened(folder: RunFolder, view: View, *, data: Any = None) -> Iterator[Session]:
    """A finished run, to do more with its data and arms; without a budget. data: needed where it was no file.

    Raises RunError if there is no run, or its data is not what it was.
    """
    started = time.monotonic()
    config = replace(_readable(folder, data), budget_s=None)
    dataset = read_data(config, config.source if data is None else data, view, started=started)
    with _session(config, folder.read_environment(), dataset, folder, view, started) as session:
        if "data" not in session.journal:
            raise RunError(f"{folder.path} has not begun its work; continue it with `gatewise resume {folder.path}`")
        _record_data(session)
        yield session


def _readable(folder: RunFolder, data: Any) -> Config:
    """The configuration of a run whose data can be read again."""
    config = open_config(folder)
    if data is None and (config.source.startswith("<") or config.source == "-"):
        raise RunError(f"{folder.path} was started on data that no file holds; it can only be resumed in Python")
    return config


def _recorded_baselines(journal: Journal) -> tuple[str, ...]:
    """Those that the run began with. Raises RunError where their record is none."""
    try:
        return tuple(journal.get("data")["baselines"])
    except (KeyError, TypeError) as error:
        raise journal.damaged(error) from error


def _record_data(session: Session) -> None:
    workload = session.workload
    profile = describe(workload.dataset, workload.prepared.lengths)
    note = match_note(session.config, workload.dataset)
    notes = (*([note] if note else []), *workload.rivals.notes)
    profile = replace(profile, inferred=(*profile.inferred, *notes))
    known = session.journal.get("data")
    if known is None:
        session.record("data", "data", _data_payload(session, profile))
        for line in (*profile.inferred, _in_one_line(profile), *(f"note: {warning}" for warning in profile.warnings)):
            session.view.log(line)
    elif read_profile(session.journal).fingerprint != profile.fingerprint:
        raise RunError(
            f"the data of {session.folder.path} is not what it was when the run began ({session.config.source} has changed); "
            "put the old data back, or start a new run"
        )


def _in_one_line(profile: Profile) -> str:
    unit = unit_of_length(profile)
    if traits_of(profile.task).predicts == "steps":
        what = f"next steps of {counted(profile.channels, 'channel')}"
    else:
        what = f"{counted(len(profile.outputs), 'number')} to predict"
    if profile.classes:
        shares = [count / profile.rows for count in profile.classes.values()]
        what = f"{counted(len(shares), 'class', 'classes')} of {min(shares):.0%} to {max(shares):.0%}"
    return (
        f"{counted(profile.rows, 'row')}, {what}, {profile.length_min:,} to {profile.length_max:,} {unit} (median "
        f"{profile.length_median:,.0f}), {counted(profile.repeated_rows, 'row repeats', 'rows repeat')} an earlier one."
    )


def _data_payload(session: Session, profile: Profile) -> dict[str, Any]:
    workload = session.workload
    split = make_split(workload.dataset, 0, session.config.seed)
    encoder = workload.trainer.fit_encoder(split.train)
    cut, rows = encoder.truncated(workload.prepared.lengths), len(workload.dataset)
    cut_note = (
        f"{cut:,} of {counted(rows, 'sequence')} {'is' if cut == 1 else 'are'} longer than {session.config.max_length} and "
        f"{'is' if cut == 1 else 'are'} cut there (--max-length)"
    )
    simplest = workload.baseline_score(simple_baselines(workload.dataset)[0])
    return {
        "profile": to_json(profile),
        "arms": to_json(workload.arms),
        "baselines": list(workload.baselines),
        "metric": workload.trainer.metric.name,
        # Where it is relative to the best baseline's error, `fix_margin` has the last word.
        "margin": resolve_margin(session.config.margin, workload.trainer.metric, simplest),
        "simplest_score": simplest,
        "length_edges": workload.scoring.length_edges.tolist(),
        "train_rows": len(split.train) + len(split.validation),
        "epoch_rows": epoch_rows(workload.dataset, len(split.train)),
        "validation_rows": len(split.validation),
        "test_rows": len(split.test),
        "dependence": to_json(dependence_of(workload.dataset, split)),
        "warnings": [cut_note] if cut else [],
    }
