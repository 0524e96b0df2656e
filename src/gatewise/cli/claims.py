"""`gatewise claims`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from gatewise.cli.app import app
from gatewise.cli.output import view
from gatewise.cli.parameters import Quiet

__all__ = ["claims"]


@app.command()
def claims(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="NAME", help="Claims, as --list names them; all by default.")
    ] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Rough answers to all in about 12 minutes on two cores.")] = False,
    data: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Folder of public data sets. Default: built-in data alone.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="Folder of the results, to begin or to go on with. Default: runs/claims, with --quick -quick."
        ),
    ] = None,
    device: Annotated[
        str, typer.Option(metavar="NAME", help="Where cells are trained: cpu, cuda, mps, or auto, a GPU where there is one.")
    ] = "cpu",
    list_them: Annotated[bool, typer.Option("--list", help="List the claims with their questions, and measure none.")] = False,
    quiet: Quiet = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the results as JSON on standard output.")] = False,
) -> None:
    """Put rules of thumb about GRU and LSTM to the test on this machine."""
    from rich.console import Console

    from gatewise.claims.studies import named_studies

    if list_them:
        from gatewise.claims.terminal import questions_view

        Console().print(questions_view(named_studies(names or ())))
        return
    from gatewise.claims.folder import ClaimsFolder
    from gatewise.claims.run import default_folder, run_claims
    from gatewise.claims.terminal import claims_view
    from gatewise.options.values import read_one_device
    from gatewise.records import to_json

    folder = out or default_folder(quick)
    with view(quiet) as shown:
        results = run_claims(names or (), quick=quick, data=data, out=folder, view=shown, device=read_one_device(device))
    if as_json:
        print(json.dumps(to_json(results), indent=2))
        return
    Console().print(claims_view(results, ClaimsFolder(folder).page), crop=False)
