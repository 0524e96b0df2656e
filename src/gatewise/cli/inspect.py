"""`gatewise inspect`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from gatewise.cli.app import app
from gatewise.cli.parameters import described
from gatewise.errors import RunError
from gatewise.report.streams import can_encode, say

__all__ = ["inspect"]

PAGE = "inspect.html"


@app.command()
def inspect(
    run: Annotated[Path, typer.Argument(metavar="RUN|MODEL", help="The folder of a run or of a model.")],
    source: Annotated[
        str, typer.Argument(metavar="INPUT", help="A file like the one compared, or one text where the model reads texts.")
    ],
    row: Annotated[int, typer.Option(metavar="N", help="Row of the input to look at; of a forecast the series.")] = 1,
    memory: Annotated[
        int | None, typer.Option(metavar="STEPS", help="Steps that the task needs to remember, to compare the units with.")
    ] = None,
    text: Annotated[str | None, described("text", panel="Options")] = None,
    audio: Annotated[str | None, described("audio", panel="Options")] = None,
    channels: Annotated[list[str] | None, described("channels", panel="Options")] = None,
    id: Annotated[str | None, described("id", panel="Options")] = None,
    time: Annotated[str | None, described("time", panel="Options")] = None,
    date_format: Annotated[str | None, described("date_format", panel="Options")] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help=f"Write the page here instead of {PAGE} in the run's folder.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the numbers as JSON on standard output.")] = False,
) -> None:
    """Show what a model's gates do on a sequence, and what its prediction hangs on."""
    from gatewise.inspection.api import inspect as look

    columns = {"text": text, "audio": audio, "id": id, "time": time, "date_format": date_format}
    found = look(run, source, row=row, memory=memory, channels=channels or (), **columns)
    page = out if out is not None else None if found.folder is None else found.folder / PAGE
    written: Path | None = None
    try:
        written = None if page is None else found.report(page)
    except RunError as error:
        if out is not None:
            raise
        # What the gates do in a run that may only be read is what was asked for first.
        say(f"{error}; `--out FILE` writes the page elsewhere")
    if as_json:
        printed = json.dumps(found.to_json(), ensure_ascii=False)
        print(printed if can_encode(printed) else json.dumps(found.to_json()))
        return
    from rich.console import Console

    from gatewise.inspection.terminal import inspection_view

    Console().print(inspection_view(found, written))
