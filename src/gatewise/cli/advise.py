"""`gatewise advise`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gatewise.advice.options import ADVISED
from gatewise.cli.app import app
from gatewise.cli.output import begin, view
from gatewise.cli.parameters import Quiet, Source, given_options, taking, typed_options
from gatewise.errors import OptionError
from gatewise.options.table import OPTION

if TYPE_CHECKING:
    from gatewise.advice.advice import Advice
    from gatewise.advice.asking import Asked

__all__ = ["advise"]

# What the command has beside the options that it shares with a comparison.
_OWN: dict[str, Any] = {
    "ask": Annotated[bool, typer.Option("--ask", help="Ask six questions in place of reading data; the answer is weaker.")],
    "budget": Annotated[str | None, typer.Option(metavar="TIME", help="Time for the measurements. Default: 60s.")],
    "deadline": Annotated[str | None, typer.Option(metavar="TIME", help="By when a model has to be there: what fits is said.")],
    "explain": Annotated[bool, typer.Option("--explain", help="Show every quantity, and the recorded studies that voted.")],
    "base": Annotated[
        Path | None, typer.Option(metavar="FILE", help="Recorded studies that count beside gatewise's own. Default: your own.")
    ],
    "out": Annotated[Path | None, typer.Option(metavar="FILE", help="Write the advice as a page, too.")],
    "quiet": Quiet,
    "as_json": Annotated[bool, typer.Option("--json", help="Print the advice as JSON on standard output.")],
}


def advise(
    *,
    context: typer.Context,
    source: str | None,
    ask: bool,
    budget: str | None,
    deadline: str | None,
    explain: bool,
    base: Path | None,
    out: Path | None,
    quiet: bool,
    as_json: bool,
    **_: Any,
) -> None:
    """Say which cell to begin with, after a minute of measurements."""
    started = monotonic()
    if ask == (source is not None):
        raise OptionError(
            "advise takes a SOURCE or --ask, one of them; `gatewise advise reviews.csv`, or `gatewise advise --ask`"
        )
    if source is None:
        from gatewise.advice.api import advise_person

        _show(advise_person(_answers(), base=base), explain, out, as_json)
        return
    from gatewise.options.values import read_value

    given = {name: value for name, value in given_options(context.params).items() if name in ADVISED}
    options = {name: read_value(OPTION[name], value) for name, value in given.items()}
    begin(source, quiet)
    from gatewise.advice.api import advise as run

    if budget is not None:
        options["budget"] = budget
    with view(quiet) as shown:
        advice = run(source, **options, deadline=deadline, base=base, view=shown, started=started)
    _show(advice, explain, out, as_json)


def _show(advice: Advice, explain: bool, out: Path | None, as_json: bool) -> None:
    from rich.console import Console

    from gatewise.advice.terminal import advice_view
    from gatewise.records import to_json

    if out is not None:
        advice.report(out)
    if as_json:
        print(json.dumps(to_json(advice), indent=2))
        return
    # Lines to copy may be longer than the terminal is wide.
    Console().print(advice_view(advice, explain=explain), crop=False)
    if out is not None:
        print(f"\nThe page: {out}")


def _answers() -> dict[str, str]:
    """What a person answers to all questions; what is not known is left out."""
    from gatewise.advice.asking import QUESTIONS

    found = {}
    for number, asked in enumerate(QUESTIONS, 1):
        print(f"\n{number} of {len(QUESTIONS)}. {asked.words}", file=sys.stderr)
        for place, choice in enumerate(asked.choices, 1):
            print(f"  {place}  {choice.words}", file=sys.stderr)
        print(f"  {len(asked.choices) + 1}  I don't know", file=sys.stderr)
        value = _answer(asked)
        if value is not None:
            found[asked.name] = value
    return found


def _answer(asked: Asked) -> str | None:
    most = len(asked.choices) + 1
    while True:
        print("> ", end="", file=sys.stderr, flush=True)
        line = sys.stdin.readline()
        if not line:
            print(file=sys.stderr)
            raise OptionError("the answers ended before the questions did, so nothing is recommended; begin again with --ask")
        text = line.strip()
        if text.isascii() and text.isdecimal() and len(text) < 3 and 1 <= int(text) <= most:
            return None if int(text) == most else asked.choices[int(text) - 1].value
        print(f"{text!r} is no choice; type a number from 1 to {most}, and Enter", file=sys.stderr)


app.command()(taking({"source": Source, **typed_options(ADVISED), **_OWN}, advise))
