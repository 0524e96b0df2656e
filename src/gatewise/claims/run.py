"""Run the studies: one after the other, each piece of work once, with whatever is done on the page at any time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from gatewise.claims.bench import AGAIN, Bench
from gatewise.claims.folder import ClaimsFolder
from gatewise.claims.page import render_claims
from gatewise.claims.records import Outcome, Results
from gatewise.claims.studies import all_studies, named_studies
from gatewise.claims.study import Study
from gatewise.errors import OptionError
from gatewise.interrupts import RunInterrupted
from gatewise.options.config import DeviceName
from gatewise.report.live import NullView
from gatewise.study.environment import describe_environment
from gatewise.study.folder import write_atomic, write_json
from gatewise.study.journal import Journal
from gatewise.study.view import View
from gatewise.training.devices import resolve_devices
from gatewise.training.threads import default_jobs, limited_threads

__all__ = ["QUICK_MINUTES", "allotted_seconds", "default_folder", "run_claims"]

QUICK_MINUTES = 12.0
"""What all studies may take together in a quick run; a study that must go over its part to know anything does."""


def default_folder(quick: bool) -> Path:
    """Where studies go unless a folder is named; always the same, so that the same command goes on."""
    return Path("runs") / ("claims-quick" if quick else "claims")


def run_claims(
    names: Iterable[str] = (),
    *,
    quick: bool = False,
    data: Path | None = None,
    out: Path | None = None,
    view: View | None = None,
    jobs: int | None = None,
    device: DeviceName = "cpu",
) -> Results:
    """Run the studies of these names, or all, and return all that are done in the folder.

    quick: rough answers in about `QUICK_MINUTES`. data: folder of public data sets, None for built-in data alone. out: folder of
    the journal and the results, by default `default_folder`; what is finished there is not done again. jobs: processes that train
    at once, by default one a core. device: where cells are trained. After each study `claims.json` and `claims.html` are written.
    Raises OptionError for an unknown name or folder, or a device that is not there, RunError where the folder cannot be written
    or is in use, and RunInterrupted after an interrupt.
    """
    wanted = named_studies(names)
    if data is not None and not data.is_dir():
        raise OptionError(f"--data {data} is no folder; give the folder that holds the public data sets, or leave it out")
    folder = ClaimsFolder(default_folder(quick) if out is None else out)
    given = "" if data is None else str(data.resolve())
    (device,) = resolve_devices([device])
    with folder.opened(view or NullView(), quick=quick, data=given, device=device) as journal, limited_threads(1):
        try:
            for place in range(len(wanted)):
                bench = _bench(place, wanted, journal, quick, data, view or NullView(), jobs or default_jobs(1), device)
                study = wanted[place]
                if _key(study) not in journal:
                    bench.show("beginning")
                    bench.once(_key(study), lambda study=study, bench=bench: study.measure(bench))  # type: ignore[misc]
                    bench.view.log(f"{study.claim.name}: {study.judge(journal.get(_key(study))).sentence}")
                _write(folder, _results(journal, quick, data is not None, device))
        except KeyboardInterrupt as error:
            raise RunInterrupted(folder.path, AGAIN) from error
        return _results(journal, quick, data is not None, device)


def allotted_seconds(study: Study, quick: bool) -> float:
    """What a study may take."""
    if not quick:
        return 60.0 * study.minutes
    return 60.0 * QUICK_MINUTES * study.minutes / sum(other.minutes for other in all_studies())


def _bench(
    place: int,
    wanted: Sequence[Study],
    journal: Journal,
    quick: bool,
    data: Path | None,
    view: View,
    jobs: int,
    device: DeviceName,
) -> Bench:
    seconds = [allotted_seconds(study, quick) for study in wanted]
    later = list(zip(wanted, seconds, strict=True))[place + 1 :]
    done = _seconds_by_study(journal)
    return Bench(
        study=wanted[place].claim.name,
        quick=quick,
        seconds=seconds[place],
        journal=journal,
        view=view,
        jobs=jobs,
        device=device,
        data_folder=data,
        place=place + 1,
        studies=len(wanted),
        earlier_s=sum(done.get(study.claim.name, 0.0) for study in wanted[:place]),
        later_s=sum(own for study, own in later if _key(study) not in journal),
    )


def _key(study: Study) -> str:
    return f"findings:{study.claim.name}"


def _seconds_by_study(journal: Journal) -> dict[str, float]:
    found: dict[str, float] = {}
    for row in journal.rows():
        found[row["kind"]] = max(found.get(row["kind"], 0.0), row["elapsed_s"])
    return found


def _results(journal: Journal, quick: bool, public_data: bool, device: DeviceName) -> Results:
    """All studies of the folder that are done. Their verdicts are reached anew: they depend on the findings alone."""
    seconds = _seconds_by_study(journal)
    found = ((study, journal.get(_key(study))) for study in all_studies())
    outcomes = tuple(
        Outcome(study.claim, findings, study.judge(findings), seconds[study.claim.name])
        for study, findings in found
        if findings is not None
    )
    return Results(quick, public_data, outcomes, describe_environment([device]), device)


def _write(folder: ClaimsFolder, results: Results) -> None:
    write_json(folder.results, results)
    write_atomic(folder.page, render_claims(results))
