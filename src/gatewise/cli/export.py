"""`gatewise export`."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gatewise.cli.app import app
from gatewise.cli.output import view
from gatewise.cli.parameters import AsJson, Quiet
from gatewise.errors import GatewiseError, OptionError
from gatewise.options.table import OPTION

if TYPE_CHECKING:
    from gatewise.export.formats import Format

__all__ = ["export"]


@app.command()
def export(
    model: Annotated[Path, typer.Argument(metavar="RUN|MODEL", help="A run's folder, or a model's folder or file.")],
    to: Annotated[
        str,
        typer.Option(
            "--to",
            metavar="FORM",
            help=f"One of {', '.join(OPTION['ship'].choices)}; several with commas between; all.",
            show_default=False,
        ),
    ],
    out: Annotated[Path | None, typer.Option(metavar="PATH", help="Where to write it. Default: beside the model.")] = None,
    check: Annotated[
        bool,
        typer.Option(
            "--check",
            help="Of a run: measure what was written, on its data, in processes of their own, and add that to its report.",
        ),
    ] = False,
    arm: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="With --check: whose model, of the run's cells. Repeat it for each."),
    ] = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Ship a model in another form: written, read back, and held against the model before it is handed over."""
    from gatewise.export.formats import FORMATS, format_named

    forms = list(FORMATS.values()) if to == "all" else [format_named(name) for name in to.split(",")]
    if check:
        if out is not None:
            raise OptionError("--check writes into the run's folder shipped/; leave out --out")
        _check(model, forms, tuple(arm or ()), quiet=quiet, as_json=as_json)
    elif arm:
        raise OptionError("--arm goes with --check, which trains the models that a run has not kept; add --check")
    else:
        _ship(model, forms, out, as_json=as_json)


def _ship(place: Path, forms: list[Format], out: Path | None, *, as_json: bool) -> None:
    """Several forms go on past one that cannot be; the first reason is raised in the end."""
    from gatewise.export.formats import identifier
    from gatewise.export.opening import open_model
    from gatewise.export.shipping import ship

    failed: list[tuple[Format, GatewiseError]] = []
    if len(forms) > 1 and out is not None and out.exists() and not out.is_dir():
        raise OptionError(f"--out is {out}, which is a file; several forms go into a folder")
    model = open_model(place)
    beside = place if (place / "model").is_dir() else place.parent
    for form in forms:
        name = f"{identifier(model.name)}-{form.name}{form.suffix}"
        try:
            found = ship(model, form, out / name if out is not None and len(forms) > 1 else out or beside / name)
        except GatewiseError as error:
            failed.append((form, error))
            continue
        if as_json:
            print(json.dumps({**asdict(found), "path": str(found.path)}, ensure_ascii=False))
            continue
        print(f"{found.path}: {form.says}, {found.size:,} bytes")
        same = "" if found.parity.same is None else f", the same class for {found.parity.same:.0%} of them"
        print(f"  held against the model on {found.parity.rows} inputs: differs by {found.parity.greatest:.1e} at most{same}")
    for form, reason in failed[1:]:
        print(f"not as {form.name}: {reason}", file=sys.stderr)
    if failed:
        form, reason = failed[0]
        raise reason if len(forms) == 1 else type(reason)(f"not as {form.name}: {reason}") from reason


def _check(run: Path, forms: list[Format], arms: tuple[str, ...], *, quiet: bool, as_json: bool) -> None:
    from gatewise.records import to_json
    from gatewise.report.artefacts import artefact_lines
    from gatewise.study.api import open_run
    from gatewise.study.shipping import ship_run

    with view(quiet) as shown:
        found = ship_run(run, forms, shown, arms)
    result = open_run(run)
    page = result.report(run / "report.html")
    if as_json:
        print(json.dumps(to_json(found), indent=2, ensure_ascii=False))
        return
    for line in artefact_lines(result.comparison, found):
        print(line)
    print(f"written to {run / 'shipped'}, report: {page}")
