"""The command line: parse, call, print. Heavy modules are imported where they are used, so that --help answers at once.

What an option is called and says comes from `options.table`; here is only how it is typed.
"""

from __future__ import annotations

import gc
import inspect
import json
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Annotated, Any

import typer

import gatewise
from gatewise.errors import GatewiseError, OptionError, RunError
from gatewise.interrupts import RunInterrupted, exit_code
from gatewise.options.config import PANELS
from gatewise.options.table import OPTION, OPTIONS, Option
from gatewise.report.streams import can_encode, flush_output, prepare_streams, say
from gatewise.study.unexpected import unexpected

if TYPE_CHECKING:
    from gatewise.study.api import Result

__all__ = ["app", "given_options", "main"]

EXIT_ERROR = 2
EXIT_BROKEN_PIPE = 141


class _Commands(typer.core.TyperGroup):
    """The parser would leave without a word after an interrupt."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt as error:
            _interrupted(error)
            raise typer.Exit(exit_code()) from error


def _interrupted(error: KeyboardInterrupt) -> None:
    said = str(error) if isinstance(error, RunInterrupted) else "interrupted before anything was written; nothing is lost"
    say(said)


app = typer.Typer(
    name="gatewise",
    cls=_Commands,
    help="GRU or LSTM? A fair, paired, budgeted comparison of recurrent cells on your own sequences.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

_METAVARS = {
    "source": "SOURCE",
    "path": "DIR",
    "column": "COL",
    "columns": "COL",
    "format": "FORMAT",
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


def _described(name: str, *, panel: str | None = None) -> Any:
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


def _described_before(option: Option) -> Any:
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
AsJson = Annotated[bool, typer.Option("--json", help="Print the verdict as JSON on standard output.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress.")]


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


_TYPES: dict[str, Any] = {"whole": int, "number": float, "flag": bool, "columns": list[str]}


def _compare_parameters() -> list[inspect.Parameter]:
    """The parameters of `compare`: every option of the table, and what only a command has."""
    run = PANELS[-1]
    options = {
        # Of an option with two spellings both would have to be seen, where each comes once.
        option.name: (list[str] if option.other_flag else _TYPES.get(option.kind, str), _described(option.name))
        for option in OPTIONS
        if option.name != "source"
    }
    described = {
        "source": Source,
        **{name: Annotated[kind | None, typed] for name, (kind, typed) in options.items()},
        **{
            option.earlier: Annotated[_TYPES.get(option.kind, str) | None, _described_before(option)]
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
        *(inspect.Parameter(name, keyword, default=None, annotation=kind) for name, kind in described.items()),
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
    _begin(options["source"], quiet)
    from gatewise.study.compare import compare as run

    options.setdefault("jobs", default_jobs(options.get("threads", 1)))
    with _view(quiet) as view:
        result = run(options.pop("source"), **options, view=view, started=started)
    _finish(result, as_json)


# The parser reads a function's signature: this one's is made of the table.
_PARAMETERS = _compare_parameters()
compare.__signature__ = inspect.Signature(_PARAMETERS)  # type: ignore[attr-defined]
compare.__annotations__ = {one.name: one.annotation for one in _PARAMETERS}
app.command()(compare)


def given_options(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """The options among the parameters of `compare` that were given, by name.

    Raises OptionError where one of two spellings comes twice; the parser by itself would let the last one win.
    """
    given = {name: value for name, value in parameters.items() if name in OPTION and value not in (None, [], ())}
    for name, values in given.items():
        option = OPTION[name]
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


@app.command()
def resume(
    run: RunPath,
    budget: Annotated[
        str | None, typer.Option(metavar="TIME", help="A new total budget, to go on where the old one ended.")
    ] = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Go on with an interrupted or undecided run."""
    started = monotonic()
    if not quiet:
        print(f"resuming {run}", file=sys.stderr, flush=True)
    from gatewise.study.api import resume as go_on

    with _view(quiet) as view:
        result = go_on(run, budget=budget, view=view, started=started)
    _finish(result, as_json)


@app.command()
def report(
    run: RunPath,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the report here instead of report.html in the run's folder.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Print a run's verdict and write its report anew."""
    from gatewise.study.api import open_run

    result = open_run(run)
    page: Path | None = None
    try:
        page = result.report(out or run / "report.html")
    except RunError as error:
        if out is not None:
            raise
        # The verdict of a run that may only be read is what was asked for first.
        say(f"{error}; `--out FILE` writes the report elsewhere")
    _print(result, as_json, page)


@app.command()
def runs(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="The folder that holds them.")] = Path("runs"),
    as_json: Annotated[bool, typer.Option("--json", help="Print them as JSON.")] = False,
) -> None:
    """List runs, newest first: data, verdict, difference, and when they last changed."""
    from rich.console import Console

    from gatewise.records import to_json
    from gatewise.study.listing import list_runs, runs_view

    found = list_runs(folder)
    if as_json:
        print(json.dumps(to_json(found), indent=2, ensure_ascii=False))
        return
    console = Console()
    console.print(runs_view(found, console.width))


@app.command()
def predict(
    run: RunPath,
    source: Annotated[str, typer.Argument(metavar="INPUT", help="A file like the one compared; a target is not needed.")],
    text: Annotated[str | None, _described("text", panel="Options")] = None,
    audio: Annotated[str | None, _described("audio", panel="Options")] = None,
    channels: Annotated[list[str] | None, _described("channels", panel="Options")] = None,
    series: Annotated[list[str] | None, _described_before(OPTION["channels"])] = None,
    id: Annotated[str | None, _described("id", panel="Options")] = None,
    time: Annotated[str | None, _described("time", panel="Options")] = None,
    date_format: Annotated[str | None, _described("date_format", panel="Options")] = None,
    keep: Annotated[
        list[str] | None,
        typer.Option(metavar="COL", help="Column of the input to stand beside each prediction. Repeat it for each."),
    ] = None,
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the CSV here instead of standard output.")] = None,
) -> None:
    """Predict with a run's model: CSV with ids, files or dates beside the predictions."""
    from gatewise.export.bundle import load_model
    from gatewise.study.folder import write_atomic
    from gatewise.study.predictions import prediction_rows, read_inputs, run_columns

    model = load_model(run / "model")
    columns = {"text": text, "audio": audio, "id": id, "time": time, "date_format": date_format}
    given = given_options({"channels": channels, "series": series})
    named = tuple(given.get("channels", ()))
    inputs = read_inputs(model, source, run_columns(run), keep=keep or (), channels=named, **columns)
    content = _csv(prediction_rows(model, inputs))
    if out is not None:
        write_atomic(out, content)
    elif can_encode(content):
        sys.stdout.write(content)
    else:
        raise OptionError(
            f"the predictions hold characters that standard output cannot write in {sys.stdout.encoding}; write them to a file "
            "with --out FILE, or set PYTHONIOENCODING=utf-8"
        )


@app.command()
def check() -> None:
    """Show the environment, and which kernels the cells run on."""
    from rich.console import Console
    from rich.table import Table

    from gatewise.kernels import REMEDY
    from gatewise.study.environment import describe_environment

    environment = describe_environment()
    table = Table(show_header=False, box=None)
    for name, value in environment.items():
        for key, item in value.items() if isinstance(value, dict) else [("", value)]:
            table.add_row(f"{name} {key}".strip().replace("_", " "), str(item))
    Console().print(table)
    missing = environment["compiled_kernels"].get("missing")
    if missing:
        print(f"gatewise has no compiled kernels ({missing}): cells run on PyTorch's layers or on plain equations; {REMEDY}.")


def main() -> None:
    """Run the command; every error a user can meet becomes one message and exit code 2."""
    prepare_streams()
    try:
        try:
            # `python -m gatewise` is called as the command is, so that a shell completes both.
            app(prog_name="gatewise")
        finally:
            flush_output()
    except GatewiseError as error:
        say(str(error))
        sys.exit(EXIT_ERROR)
    except KeyboardInterrupt as error:
        _interrupted(error)
        sys.exit(exit_code())
    except BrokenPipeError:
        # Whoever read the output wanted no more of it.
        sys.exit(EXIT_BROKEN_PIPE)
    except Exception as error:
        if os.environ.get("GATEWISE_TRACEBACK"):
            raise
        message, code = unexpected(error)
        say(message)
        sys.exit(code)
    finally:
        if "gatewise.study.runner" in sys.modules:
            from gatewise.study.runner import end_processes

            end_processes()
        # At its end Python goes through all that torch has built, for a second or two, unless it is told not to.
        gc.freeze()


def _begin(source: str, quiet: bool) -> None:
    """Refuse what cannot be there, and say what is being done, before anything heavy is loaded."""
    from gatewise.data.formats.paths import check_place

    check_place(source)
    if not quiet:
        print(f"reading {source}", file=sys.stderr, flush=True)


def _view(quiet: bool) -> Any:
    from rich.console import Console

    from gatewise.report.live import NullView, view_for

    return NullView() if quiet else view_for(Console(stderr=True))


def _finish(result: Result, as_json: bool) -> None:
    _print(result, as_json, result.path / "report.html")
    if result.comparison.stopped == "interrupted":
        say(f"interrupted; continue with `gatewise resume {result.path}`")
        raise typer.Exit(exit_code())


def _print(result: Result, as_json: bool, page: Path | None) -> None:
    from gatewise.records import to_json

    if as_json:
        text = json.dumps(to_json(result.verdict), indent=2, ensure_ascii=False)
        print(text if can_encode(text) else json.dumps(to_json(result.verdict), indent=2))
        return
    from rich.console import Console

    from gatewise.report.terminal import verdict_panel

    # Lines to copy may be longer than the terminal is wide, which breaks them better than a new line would.
    Console().print(verdict_panel(result.comparison, result.verdict, page, result.path), crop=False)


def _csv(rows: Any) -> str:
    import csv
    import io

    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerows(rows)
    return buffer.getvalue()
