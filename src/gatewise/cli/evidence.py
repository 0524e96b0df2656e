"""`gatewise evidence`: the recorded outcomes that advice rests on."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gatewise.cli.app import app
from gatewise.cli.output import view
from gatewise.cli.parameters import Quiet, RunPath

__all__ = ["add", "evidence", "score"]

evidence = typer.Typer(help="Recorded outcomes of comparisons, which advice learns from.", no_args_is_help=True)
app.add_typer(evidence, name="evidence")

Base = Annotated[Path | None, typer.Option(metavar="FILE", help="The base. Default: your own, which advice reads by itself.")]


@evidence.command()
def add(
    run: RunPath,
    base: Base = None,
    budget: Annotated[str, typer.Option(metavar="TIME", help="Time for measuring the data anew.")] = "60s",
    quiet: Quiet = False,
) -> None:
    """Add what a finished comparison found, with measurements of its data and no row of it."""
    from gatewise.advice.api import add_evidence

    with view(quiet) as shown:
        path, study = add_evidence(run, base=base, budget=budget, view=shown)
    print(f"added to {path}: {study.name}, {study.outcome.decision} after {study.outcome.replicates} replicates")


@evidence.command()
def score(base: Base = None) -> None:
    """How often the advice was right about data sets that it had not seen, beside two rules of thumb."""
    from rich.console import Console

    from gatewise.advice.api import studies_of
    from gatewise.advice.scoring import score_advice
    from gatewise.advice.terminal import score_view

    Console().print(score_view(score_advice(studies_of(base))))
