"""The command `gatewise`: what its commands are registered with, and what an interrupt does to them."""

from __future__ import annotations

from typing import Annotated, Any

import typer

import gatewise
from gatewise.interrupts import RunInterrupted, exit_code, interruptible
from gatewise.report.streams import say

__all__ = ["app"]


# As --help lists them.
ORDER = (
    "compare",
    "advise",
    "init",
    "resume",
    "reproduce",
    "report",
    "runs",
    "predict",
    "stream",
    "export",
    "serve",
    "inspect",
    "claims",
    "evidence",
    "check",
)


class _Commands(typer.core.TyperGroup):
    """The parser would leave without a word after an interrupt, and lists commands as their modules are imported."""

    def list_commands(self, ctx: Any) -> list[str]:
        return sorted(super().list_commands(ctx), key=ORDER.index)

    def invoke(self, ctx: Any) -> Any:
        try:
            with interruptible():
                return super().invoke(ctx)
        except KeyboardInterrupt as error:
            said = str(error) if isinstance(error, RunInterrupted) else "interrupted before anything was written; nothing is lost"
            say(said)
            raise typer.Exit(exit_code()) from error


app = typer.Typer(
    name="gatewise",
    cls=_Commands,
    help="GRU or LSTM? A fair, paired, budgeted comparison of recurrent cells on your own sequences.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"gatewise {gatewise.__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", help="Show the version and exit.", is_eager=True, callback=_print_version)
    ] = False,
) -> None:
    pass
