"""`gatewise export`."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from gatewise.cli.app import app
from gatewise.errors import OptionError

__all__ = ["export"]


@app.command()
def export(
    model: Annotated[Path, typer.Argument(metavar="RUN|MODEL", help="A run's folder, or a model's folder or file.")],
    to: Annotated[
        str,
        typer.Option("--to", metavar="FORM", help="bundle, torch; several with commas between; all.", show_default=False),
    ],
    out: Annotated[Path | None, typer.Option(metavar="PATH", help="Where to write it. Default: beside the model.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print what was measured as JSON.")] = False,
) -> None:
    """Ship a model in another form: written, read back, and held against the model before it is handed over."""
    from gatewise.export.formats import FORMATS, format_named, identifier
    from gatewise.export.opening import open_model
    from gatewise.export.shipping import ship

    forms = list(FORMATS.values()) if to == "all" else [format_named(name) for name in to.split(",")]
    if len(forms) > 1 and out is not None and out.exists() and not out.is_dir():
        raise OptionError(f"--out is {out}, which is a file; several forms go into a folder")
    opened = open_model(model)
    for form in forms:
        name = f"{identifier(opened.name)}-{form.name}{form.suffix}"
        place = out / name if out is not None and len(forms) > 1 else out or _beside(model) / name
        found = ship(opened, form, place)
        if as_json:
            print(json.dumps({**asdict(found), "path": str(found.path)}, ensure_ascii=False))
            continue
        print(f"{found.path}: {form.says}, {found.size:,} bytes")
        same = "" if found.parity.same is None else f", the same class for {found.parity.same:.0%} of them"
        print(f"  held against the model on {found.parity.rows} inputs: differs by {found.parity.greatest:.1e} at most{same}")


def _beside(model: Path) -> Path:
    """Where artefacts go: into a run's folder, beside a model's."""
    return model if (model / "model").is_dir() else model.parent
