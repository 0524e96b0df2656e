"""The command line: parse, call, print. Heavy modules are imported where they are used, so that --help answers at once."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gatewise.errors import GatewiseError

if TYPE_CHECKING:
    from gatewise.study.api import Result

__all__ = ["app", "main"]

EXIT_ERROR = 2
EXIT_INTERRUPTED = 130

app = typer.Typer(
    name="gatewise",
    help="GRU or LSTM? A fair, paired, budgeted comparison of recurrent cells on your own sequences.",
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

RunPath = Annotated[Path, typer.Argument(metavar="RUN", help="The run's folder.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the verdict as JSON on standard output.")]
Columns = Annotated[
    list[str] | None, typer.Option("--series", metavar="COL", help="Column of a series channel; repeat it for each.")
]
TextColumn = Annotated[str | None, typer.Option("--text", metavar="COL", help="Text column; inferred where it is clear.")]


@app.command()
def compare(
    source: Annotated[str, typer.Argument(metavar="SOURCE", help="CSV, TSV, JSON Lines, Parquet, .npz, .ts, or builtin:NAME.")],
    text: TextColumn = None,
    series: Columns = None,
    target: Annotated[str | None, typer.Option(metavar="COL", help="Target column; inferred where it is clear.")] = None,
    cells: Annotated[str, typer.Option(metavar="A,B", help="Cells to compare: gru, lstm, rnn, min_gru, min_lstm.")] = "gru,lstm",
    budget: Annotated[str | None, typer.Option(metavar="TIME", help="Time budget, like 90s, 10m, 1h.  [default: 10m]")] = None,
    pairs: Annotated[int | None, typer.Option(metavar="N", help="Run exactly N pairs instead of stopping when decided.")] = None,
    margin: Annotated[float, typer.Option(metavar="X", help="Half width of the band of practical equivalence.")] = 0.01,
    tune: Annotated[
        int | None, typer.Option(metavar="N", help="Tuning trials for each cell.  [default: what the budget allows]")
    ] = None,
    cost: Annotated[
        str, typer.Option(metavar="COST", help="What decides between equivalent cells: training, latency, memory, size.")
    ] = ("training"),
    seed: Annotated[int, typer.Option(metavar="N", help="Seed of everything random.")] = 0,
    jobs: Annotated[int | None, typer.Option(metavar="N", help="Processes that train at once.  [default: one a core]")] = None,
    threads: Annotated[int, typer.Option(metavar="N", help="Threads of each process.")] = 1,
    hidden_size: Annotated[int, typer.Option(metavar="N", help="Hidden size of every cell.")] = 64,
    layers: Annotated[int, typer.Option(metavar="N", help="Stacked recurrent layers.")] = 1,
    bidirectional: Annotated[bool, typer.Option("--bidirectional", help="Read sequences in both directions.")] = False,
    embedding_size: Annotated[int, typer.Option(metavar="N", help="Size of token embeddings.")] = 64,
    batch_size: Annotated[
        int | None, typer.Option(metavar="N", help="Rows a training step.  [default: by data size, 8 to 64]")
    ] = None,
    max_length: Annotated[
        int | None, typer.Option(metavar="N", help="Cut longer sequences.  [default: 512 tokens, no limit for series]")
    ] = None,
    max_vocabulary: Annotated[int, typer.Option(metavar="N", help="Most frequent tokens kept.")] = 20_000,
    max_epochs: Annotated[
        int | None, typer.Option(metavar="N", help="Epochs at most.  [default: by data size, 20 to 300]")
    ] = None,
    out: Annotated[Path | None, typer.Option(metavar="DIR", help="The run's folder.  [default: runs/NAME-DATE]")] = None,
    as_json: AsJson = False,
) -> None:
    """Compare cells on labelled sequences and say which to ship."""
    from gatewise.study.api import compare as run
    from gatewise.study.threads import default_jobs

    with _view() as view:
        result = run(
            source,
            text=text,
            series=tuple(series or ()),
            target=target,
            cells=tuple(cell.strip().lower() for cell in cells.split(",") if cell.strip()),
            budget=budget,
            pairs=pairs,
            margin=margin,
            tune=tune,
            cost=cost,  # type: ignore[arg-type]  # checked with the other options
            seed=seed,
            jobs=jobs if jobs is not None else default_jobs(threads),
            threads=threads,
            hidden_size=hidden_size,
            layers=layers,
            bidirectional=bidirectional,
            embedding_size=embedding_size,
            batch_size=batch_size,
            max_length=max_length,
            max_vocabulary=max_vocabulary,
            max_epochs=max_epochs,
            out=out,
            view=view,
        )
    _finish(result, as_json)


@app.command()
def resume(
    run: RunPath,
    budget: Annotated[
        str | None, typer.Option(metavar="TIME", help="A new total budget, to go on where the old one ended.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Go on with an interrupted or undecided run."""
    from gatewise.study.api import resume as go_on

    with _view() as view:
        result = go_on(run, budget=budget, view=view)
    _finish(result, as_json)


@app.command()
def report(run: RunPath, as_json: AsJson = False) -> None:
    """Print a run's verdict and write its report anew."""
    from gatewise.study.api import open_run

    result = open_run(run)
    result.report(run / "report.html")
    _print(result, as_json)


@app.command()
def predict(
    run: RunPath,
    source: Annotated[str, typer.Argument(metavar="INPUT", help="A file like the one compared; a target is not needed.")],
    text: TextColumn = None,
    series: Columns = None,
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the CSV here instead of standard output.")] = None,
) -> None:
    """Predict with a run's model: CSV with the predicted class and every class's probability."""
    from gatewise.data.sources import open_inputs
    from gatewise.export.bundle import load_model
    from gatewise.study.folder import write_atomic

    model = load_model(run / "model")
    probabilities = model.predict_proba(open_inputs(source, kind=model.kind, text=text, series=tuple(series or ())))
    content = _csv([["prediction", *(f"p_{name}" for name in model.classes)]])
    content += _csv([model.classes[int(row.argmax())], *(f"{value:.6f}" for value in row)] for row in probabilities)
    if out is None:
        sys.stdout.write(content)
    else:
        write_atomic(out, content)


@app.command()
def check() -> None:
    """Show the environment, and which kernels the cells run on."""
    from rich.console import Console
    from rich.table import Table

    from gatewise.study.environment import describe_environment

    table = Table(show_header=False, box=None)
    for name, value in describe_environment().items():
        for key, item in value.items() if isinstance(value, dict) else [("", value)]:
            table.add_row(f"{name} {key}".strip().replace("_", " "), str(item))
    Console().print(table)


def main() -> None:
    """Run the command; every error a user can meet becomes one message and exit code 2."""
    try:
        app()
    except GatewiseError as error:
        print(f"gatewise: {error}", file=sys.stderr)
        sys.exit(EXIT_ERROR)
    except KeyboardInterrupt:
        print("gatewise: interrupted", file=sys.stderr)
        sys.exit(EXIT_INTERRUPTED)


def _view() -> Any:
    from rich.console import Console

    from gatewise.report.live import view_for

    return view_for(Console(stderr=True))


def _finish(result: Result, as_json: bool) -> None:
    _print(result, as_json)
    if result.comparison.stopped == "interrupted":
        print(f"gatewise: interrupted; continue with `gatewise resume {result.path}`", file=sys.stderr)
        raise typer.Exit(EXIT_INTERRUPTED)


def _print(result: Result, as_json: bool) -> None:
    from gatewise.records import to_json

    if as_json:
        print(json.dumps(to_json(result.verdict), indent=2, ensure_ascii=False))
        return
    from rich.console import Console

    from gatewise.report.terminal import verdict_panel

    Console().print(verdict_panel(result.comparison, result.verdict, result.path / "report.html"))


def _csv(rows: Any) -> str:
    import csv
    import io

    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerows(rows)
    return buffer.getvalue()
