"""Options as the parser wants them. What one is called and says comes from `options.table`; here is only how it is typed."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, get_args

import typer

from gatewise.errors import OptionError
from gatewise.options.table import OPTION, OPTIONS, Option

__all__ = [
    "AsJson",
    "Quiet",
    "RunPath",
    "Source",
    "Sources",
    "described",
    "described_before",
    "given_options",
    "taking",
    "typed_options",
]

_METAVARS = {
    "source": "SOURCE",
    "path": "DIR",
    "store": "URI",
    "column": "COL",
    "columns": "COL",
    "format": "FORMAT",
    "address": "HOST:PORT",
    "whole": "N",
    "number": "X",
    "choice": "NAME",
    "choices": "A,B",
    "duration": "TIME",
    "latency": "TIME",
    "size": "SIZE",
    "margin": "X",
    "fractions": "LIST",
}


def described(name: str, *, panel: str | None = None) -> Any:
    """An option of the table as typer wants it. Its default stands in the help alone: what is not given may stand in a file."""
    option = OPTION[name]
    default = "" if option.unset == "none" else f" Default: {option.default_text}."
    spelled = (f"{option.flag}/{option.off_flag}",) if option.kind == "flag" else option.flags
    repeated = " Repeat it for each." if option.kind == "columns" else ""
    return typer.Option(
        *spelled,
        metavar=_METAVARS.get(option.kind),
        help=f"{option.help_text}{repeated}{default}",
        rich_help_panel=panel or option.panel,
        autocompletion=_choices_of(option) if option.choices else None,
    )


def described_before(option: Option) -> Any:
    """The earlier spelling of an option, which no help shows."""
    return typer.Option(option.earlier_flag, hidden=True)


def _choices_of(option: Option) -> Callable[[str], list[str]]:
    """What a shell offers for the value of an option: its choices, of several behind a comma the last."""

    def complete(incomplete: str) -> list[str]:
        before, comma, begun = incomplete.rpartition(",") if option.kind == "choices" else ("", "", incomplete)
        return [f"{before}{comma}{choice}" for choice in option.choices if choice.startswith(begun)]

    return complete


RunPath = Annotated[Path, typer.Argument(metavar="RUN", help="The run's folder.")]
Source = Annotated[str | None, typer.Argument(metavar="SOURCE", help=OPTION["source"].help_text, show_default=False)]
Sources = Annotated[
    list[str] | None,
    typer.Argument(metavar="SOURCE", help=f"{OPTION['source'].help_text} Several are compared on each.", show_default=False),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print the verdict as JSON on standard output.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress.")]


_TYPES: dict[str, Any] = {"whole": int, "number": float, "flag": bool, "columns": list[str]}


def typed_options(names: Iterable[str]) -> dict[str, Any]:
    """Options of the table as parameters, by name, and their earlier spellings behind them."""
    options = [OPTION[name] for name in names]
    # Of an option with two spellings both would have to be seen, where each comes once.
    kinds = {option.name: list[str] if option.other_flag else _TYPES.get(option.kind, str) for option in options}
    return {
        **{name: Annotated[kind | None, described(name)] for name, kind in kinds.items()},
        **{
            option.earlier: Annotated[_TYPES.get(option.kind, str) | None, described_before(option)]
            for option in options
            if option.earlier
        },
    }


def taking(typed: Mapping[str, Any], command: Callable[..., None]) -> Callable[..., None]:
    """A command of `context` and keywords with the signature that the parser reads: what is typed as a flag is off, what else is
    not given is None."""
    keyword = inspect.Parameter.KEYWORD_ONLY
    parameters = [inspect.Parameter("context", keyword, annotation=typer.Context)]
    for name, kind in typed.items():
        default = False if get_args(kind)[0] is bool else None
        parameters.append(inspect.Parameter(name, keyword, default=default, annotation=kind))
    command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    command.__annotations__ = {one.name: one.annotation for one in parameters}
    return command


def given_options(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """The options among the parameters of `compare` that were given, by name; of several sources the first.

    Raises OptionError where one of two spellings comes twice; the parser by itself would let the last one win.
    """
    given = {name: value for name, value in parameters.items() if name in OPTION and value not in (None, [], ())}
    for name, values in given.items():
        option = OPTION[name]
        if name == "source":
            given[name] = values if isinstance(values, str) else values[0]
        if option.other_flag:
            if len(values) > 1:
                raise OptionError(f"{' and '.join(option.flags)} are one option, which came {len(values)} times; give it once")
            given[name] = values[0]
    for option in OPTIONS:
        value = parameters.get(option.earlier)
        if value in (None, [], ()):
            continue
        if option.name in given:
            raise OptionError(f"{option.flag} and {option.earlier_flag} are one option, and both were given; give one of them")
        given[option.name] = value
    return given
