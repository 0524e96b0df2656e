"""Commands about runs that are there: go on, report, list."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from time import monotonic
from typing import Annotated

import typer

from gatewise.cli.app import app
from gatewise.cli.output import finish, print_result, view
from gatewise.cli.parameters import AsJson, Quiet, RunPath
from gatewise.errors import RunError
from gatewise.interrupts import exit_code
from gatewise.report.streams import say

__all__ = ["report", "reproduce", "resume", "runs"]


Jobs = Annotated[
    int | None, typer.Option(metavar="N", help="Processes that train at once. Default: as many as before.", show_default=False)
]
Where = Annotated[
    str | None, typer.Option("--runner", metavar="NAME", help="Where is trained, local or ray. Default: where it was before.")
]
Address = Annotated[str | None, typer.Option(metavar="HOST:PORT", help="Of the Ray cluster.")]
TensorBoard = Annotated[
    str | None, typer.Option("--tensorboard", metavar="DIR", help="Folder that TensorBoard shows. Default: as before.")
]
MLflow = Annotated[
    str | None, typer.Option("--mlflow", metavar="URI", help="MLflow's tracking server, or a folder. Default: as before.")
]


@app.command()
def resume(
    run: RunPath,
    budget: Annotated[
        str | None, typer.Option(metavar="TIME", help="A new total budget, to go on where the old one ended.")
    ] = None,
    jobs: Jobs = None,
    runner: Where = None,
    address: Address = None,
    tensorboard: TensorBoard = None,
    mlflow: MLflow = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Go on with an interrupted or undecided run."""
    started = monotonic()
    if not quiet:
        print(f"resuming {run}", file=sys.stderr, flush=True)
    from gatewise.study.api import resume as go_on

    with view(quiet) as shown:
        result = go_on(
            run,
            budget=budget,
            jobs=jobs,
            runner=runner,
            address=address,
            tensorboard=tensorboard,
            mlflow=mlflow,
            view=shown,
            started=started,
        )
    finish(result, as_json)


@app.command()
def reproduce(
    run: RunPath,
    jobs: Jobs = None,
    runner: Where = None,
    address: Address = None,
    quiet: Quiet = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print what came out as JSON on standard output.")] = False,
) -> None:
    """Do every training of a run again, and say whether the same comes out.

    The exit code is 0 where it does, to the last bit or within a tenth of the margin of equivalence, and 1 where it does not.
    """
    from gatewise.records import to_json
    from gatewise.study.api import reproduce as do_again

    with view(quiet) as shown:
        found = do_again(run, jobs=jobs, runner=runner, address=address, view=shown)
    print(json.dumps({"outcome": found.outcome, **to_json(found)}, indent=2) if as_json else found)
    if found.outcome == "interrupted":
        raise typer.Exit(exit_code())
    if found.outcome not in ("equal", "within tolerance"):
        raise typer.Exit(1)


@app.command()
def report(
    run: RunPath,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the report here instead of report.html in the run's folder.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Print a run's verdict and write its report anew."""
    from gatewise.study.api import open_run

    result = open_run(run)
    page: Path | None = None
    try:
        page = result.report(out or run / "report.html")
    except RunError as error:
        if out is not None:
            raise
        # The verdict of a run that may only be read is what was asked for first.
        say(f"{error}; `--out FILE` writes the report elsewhere")
    print_result(result, as_json, page)


@app.command()
def runs(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="The folder that holds them.")] = Path("runs"),
    as_json: Annotated[bool, typer.Option("--json", help="Print them as JSON.")] = False,
) -> None:
    """List runs, newest first: data, verdict, difference, and when they last changed."""
    from rich.console import Console

    from gatewise.records import to_json
    from gatewise.study.listing import list_runs, runs_view

    found = list_runs(folder)
    if as_json:
        print(json.dumps(to_json(found), indent=2, ensure_ascii=False))
        return
    console = Console()
    console.print(runs_view(found, console.width))
