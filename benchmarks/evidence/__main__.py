"""Run the studies that the advice rests on, and write the base and docs/advice.md.

    python -m benchmarks.evidence run [--data FOLDER] [--out RUNS] [--sets family,tasks,public] [--part 0/2]
    python -m benchmarks.evidence advise [--data FOLDER] [--out RUNS]    advice on the public sets and on tests of memory
    python -m benchmarks.evidence write [--out RUNS]    src/gatewise/advice/evidence.jsonl and docs/advice.md

FOLDER holds the public data sets (docs/results.md names them). Every study is a `gatewise compare` whose run is kept in RUNS, and
the advisor's measurements of its data; what is there already, or in the base that gatewise comes with, is not done again. `--part
1/2` does every second study, so that two processes share the work: they write files of their own.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks.budgets import write_forecasts
from benchmarks.evidence.design import SELF_TEST, Study, family, public, tasks
from benchmarks.evidence.page import write_page
from typer.testing import CliRunner

import gatewise
from gatewise.advice.base import Study as Recorded
from gatewise.advice.base import shipped_base, study_line
from gatewise.advice.outcomes import outcome_of
from gatewise.advice.recording import study_of
from gatewise.cli import app
from gatewise.records import from_json, to_json
from gatewise.report.live import NullView
from gatewise.study.folder import RunFolder
from gatewise.study.processes import end_processes
from gatewise.study.run import read_run

PROBING_S = 30.0
REPLICATES = 6
PACKAGE = Path(gatewise.__file__).parent
SETS = {"family": family, "tasks": tasks, "public": public}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("run", "advise", "write"))
    parser.add_argument("--data", type=Path)
    parser.add_argument("--out", type=Path, default=Path("runs/evidence"))
    parser.add_argument("--sets", default="family,tasks,public")
    parser.add_argument("--part", default="0/1")
    asked = parser.parse_args()
    asked.out.mkdir(parents=True, exist_ok=True)
    if asked.data is not None:
        write_forecasts(asked.data, asked.out)
    if asked.what == "run":
        _run(asked)
    elif asked.what == "advise":
        _advise(asked)
    else:
        _write(asked.out)


def _studies(asked: argparse.Namespace) -> Iterator[Study]:
    part, parts = map(int, asked.part.split("/"))
    named = asked.sets.split(",")
    made = [study for name in named if name != "public" or asked.data is not None for study in SETS[name]()]
    for study in made[part::parts]:
        yield study.placed(asked.out, asked.data)


def _run(asked: argparse.Namespace) -> None:
    lines = asked.out / f"studies-{asked.part.replace('/', '-of-')}.jsonl"
    done = {json.loads(line)["run"] for file in asked.out.glob("studies-*.jsonl") for line in _lines(file)}
    shipped = {study.name for study in shipped_base()}
    for study in _studies(asked):
        if study.name in done or {study.name, study.source} & shipped:
            continue
        started = time.monotonic()
        folder = asked.out / study.name
        if not (folder / "verdict.json").exists():
            shutil.rmtree(folder, ignore_errors=True)
            _compare(study, folder)
        found = study_of(folder, NullView(), seconds=PROBING_S)
        with lines.open("a", encoding="utf-8") as handle:
            handle.write(json.dumps({"run": study.name, "study": json.loads(study_line(found))}) + "\n")
        took = time.monotonic() - started
        print(f"{study.name}: {found.outcome.decision}, {found.outcome.replicates} replicates, {took:.0f} s", flush=True)


def _compare(study: Study, folder: Path) -> None:
    """A comparison as a user makes it: of a public set in its budget, of a made one of so many replicates."""
    fixed = ["--replicates", str(REPLICATES), "--tune", "1", "--jobs", "1"]
    limits = ["--budget", f"{study.seconds}s"] if study.seconds else fixed
    arguments = ["compare", study.source, *study.options, *limits, "--out", str(folder), "--quiet"]
    result = CliRunner().invoke(app, arguments)
    if result.exit_code:
        raise RuntimeError(f"{study.name}: {result.exception or result.output}")


def _advise(asked: argparse.Namespace) -> None:
    """Advice on what is not in the base that advises: each data set is left out by its fingerprint."""
    told = asked.out / "advised.jsonl"
    done = {json.loads(line)["name"] for line in _lines(told)}
    wanted = [*SELF_TEST, *(public() if asked.data is not None else ())]
    for study in (one.placed(asked.out, asked.data) for one in wanted if one.name not in done):
        started = time.monotonic()
        options: dict[str, Any] = _keywords(study.options)
        advice = gatewise.advise(study.source, verbose=False, **options)
        row: dict[str, Any] = {"name": study.name, "seconds": time.monotonic() - started, "advice": to_json(advice)}
        with told.open("a", encoding="utf-8") as handle:
            handle.write(json.dumps(row) + "\n")
        print(f"{study.name}: {advice.headline} ({row['seconds']:.0f} s)", flush=True)


def _keywords(options: Sequence[str]) -> dict[str, str | int]:
    """Options as they are typed, as keywords."""
    pairs = zip(options[::2], options[1::2], strict=True)
    return {name.removeprefix("--").replace("-", "_"): int(value) if value.isdecimal() else value for name, value in pairs}


def _write(out: Path) -> None:
    rows = [json.loads(line) for file in sorted(out.glob("studies-*.jsonl")) for line in _lines(file)]
    base = PACKAGE / "advice" / "evidence.jsonl"
    found = [*map(json.loads, _lines(base)), *(json.loads(study_line(_by_todays_rule(out, row))) for row in rows)]
    studies = {study["facts"]["fingerprint"]: study for study in found}
    named = sorted(studies.values(), key=lambda study: study.get("source") or study["facts"]["name"])
    base.write_text("".join(f"{json.dumps(one, ensure_ascii=False, separators=(',', ':'))}\n" for one in named), encoding="utf-8")
    write_page(Path("docs/advice.md"), [json.loads(line) for line in _lines(out / "advised.jsonl")])
    print(f"{len(studies)} studies, docs/advice.md")


def _by_todays_rule(out: Path, row: dict[str, Any]) -> Recorded:
    """A study with the outcome that its run has now."""
    finished = read_run(RunFolder(out / row["run"]))
    recorded = from_json(Recorded, row["study"])
    return replace(recorded, outcome=outcome_of(finished.comparison, finished.verdict))


def _lines(file: Path) -> list[str]:
    return file.read_text(encoding="utf-8").splitlines() if file.exists() else []


if __name__ == "__main__":
    try:
        main()
    finally:
        end_processes()
    sys.exit()
