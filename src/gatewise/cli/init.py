"""`gatewise init`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gatewise.cli.app import app
from gatewise.cli.parameters import Source

__all__ = ["init"]


@app.command()
def init(
    source: Source = None,
    out: Annotated[Path, typer.Option(metavar="FILE", help="The configuration file.")] = Path("gatewise.yaml"),
    schema: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write a JSON schema for editors, too, and point the file to it.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace files that are there.")] = False,
) -> None:
    """Write a configuration file with every option, its default and a comment."""
    from gatewise.study.config_template import write_template

    write_template(out, source=source, schema=schema, force=force)
    print(f"{out} is written; run it with `gatewise compare --config {out}`")
