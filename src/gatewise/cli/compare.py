"""`gatewise compare`."""

from __future__ import annotations

import inspect
from pathlib import Path
from time import monotonic
from typing import Annotated, Any

import typer

from gatewise.cli.app import app
from gatewise.cli.output import begin, finish, view
from gatewise.cli.parameters import Source, described, described_before, given_options
from gatewise.options.config import PANELS
from gatewise.options.table import OPTION, OPTIONS

__all__ = ["compare"]

_TYPES: dict[str, Any] = {"whole": int, "number": float, "flag": bool, "columns": list[str]}


def _compare_parameters() -> list[inspect.Parameter]:
    """The parameters of `compare`: every option of the table, and what only a command has."""
    run = PANELS[-1]
    options = {
        # Of an option with two spellings both would have to be seen, where each comes once.
        option.name: (list[str] if option.other_flag else _TYPES.get(option.kind, str), described(option.name))
        for option in OPTIONS
        if option.name != "source"
    }
    typed = {
        "source": Source,
        **{name: Annotated[kind | None, option] for name, (kind, option) in options.items()},
        **{
            option.earlier: Annotated[_TYPES.get(option.kind, str) | None, described_before(option)]
            for option in OPTIONS
            if option.earlier
        },
        "config": Annotated[
            Path | None,
            typer.Option(metavar="FILE", help="Options from a YAML file (`gatewise init` writes one).", rich_help_panel=run),
        ],
    }
    flags = {
        "quiet": typer.Option("--quiet", "-q", help="Show no progress.", rich_help_panel=run),
        "as_json": typer.Option("--json", help="Print the verdict as JSON on standard output.", rich_help_panel=run),
    }
    keyword = inspect.Parameter.KEYWORD_ONLY
    return [
        inspect.Parameter("context", keyword, annotation=typer.Context),
        *(inspect.Parameter(name, keyword, default=None, annotation=kind) for name, kind in typed.items()),
        *(inspect.Parameter(name, keyword, default=False, annotation=Annotated[bool, flag]) for name, flag in flags.items()),
    ]


def compare(*, context: typer.Context, config: Path | None, quiet: bool, as_json: bool, **_: Any) -> None:
    """Compare cells on your sequences and say which to ship."""
    started = monotonic()
    from gatewise.options.values import read_value
    from gatewise.study.config_file import combined_options
    from gatewise.training.threads import default_jobs

    options = {
        name: read_value(OPTION[name], value) for name, value in combined_options(config, given_options(context.params)).items()
    }
    begin(options["source"], quiet)
    from gatewise.study.compare import compare as run

    options.setdefault("jobs", default_jobs(options.get("threads", 1)))
    with view(quiet) as shown:
        result = run(options.pop("source"), **options, view=shown, started=started)
    finish(result, as_json)


# The parser reads a function's signature: this one's is made of the table.
_PARAMETERS = _compare_parameters()
compare.__signature__ = inspect.Signature(_PARAMETERS)  # type: ignore[attr-defined]
compare.__annotations__ = {one.name: one.annotation for one in _PARAMETERS}
app.command()(compare)
