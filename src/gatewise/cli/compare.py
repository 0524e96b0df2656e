"""`gatewise compare`."""

from __future__ import annotations

from pathlib import Path
from time import monotonic
from typing import Annotated, Any

import typer

from gatewise.cli.app import app
from gatewise.cli.output import begin, finish, finish_all, view
from gatewise.cli.parameters import Sources, given_options, taking, typed_options
from gatewise.options.config import PANELS
from gatewise.options.table import OPTION, OPTIONS

__all__ = ["compare"]


def _typed() -> dict[str, Any]:
    """Every option of the table, and what only a command has."""
    run = PANELS[-1]
    return {
        "source": Sources,
        **typed_options(option.name for option in OPTIONS if option.name != "source"),
        "config": Annotated[
            Path | None,
            typer.Option(metavar="FILE", help="Options from a YAML file (`gatewise init` writes one).", rich_help_panel=run),
        ],
        "quiet": Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress.", rich_help_panel=run)],
        "as_json": Annotated[
            bool, typer.Option("--json", help="Print the verdict as JSON on standard output.", rich_help_panel=run)
        ],
    }


def compare(*, context: typer.Context, config: Path | None, quiet: bool, as_json: bool, **_: Any) -> None:
    """Compare cells on your sequences and say which to ship. Several sources are several comparisons, and end in one table."""
    started = monotonic()
    from gatewise.options.values import read_value
    from gatewise.study.config_file import combined_options
    from gatewise.training.threads import default_jobs

    sources = context.params.get("source") or []
    given = combined_options(config, given_options(context.params))
    options = {name: read_value(OPTION[name], value) for name, value in given.items()}
    if len(sources) > 1:
        from gatewise.report.streams import say
        from gatewise.study.together import compare_all

        for each in sources:
            begin(each, quiet=True)
        options.pop("source")
        options.setdefault("jobs", default_jobs(options.get("threads", 1)))
        finish_all(compare_all(sources, log=(lambda _: None) if quiet else say, **options), as_json)
        return
    begin(options["source"], quiet)
    from gatewise.study.compare import compare as run

    options.setdefault("jobs", default_jobs(options.get("threads", 1)))
    with view(quiet) as shown:
        result = run(options.pop("source"), **options, view=shown, started=started)
    finish(result, as_json)


app.command()(taking(_typed(), compare))
