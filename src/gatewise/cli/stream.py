"""`gatewise stream`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gatewise.cli.app import app
from gatewise.errors import DataError, RunError
from gatewise.interrupts import exit_code

if TYPE_CHECKING:
    from gatewise.runtime.model import Model
    from gatewise.runtime.streaming.stream import ModelStream

__all__ = ["stream"]


@app.command()
def stream(
    run: Annotated[Path, typer.Argument(metavar="RUN|MODEL", help="The folder of a run or of a model.")],
    as_json: Annotated[bool, typer.Option("--json", help="Write JSON lines instead of CSV.")] = False,
    state: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Go on from the state in this file, if it is there, and write it at the end."),
    ] = None,
) -> None:
    """Read a sequence from standard input, a line a step, and write what the model says after each line.

    A line is a piece of text; of series the channels of one step; of sound samples, any number of them. Numbers are separated by
    commas, after a first line of names or without one, or are a JSON array, or an object by the names of the channels. Where
    there is nothing to be said yet, the line has empty cells, or null. An empty line begins a new sequence, and is answered by
    one.
    """
    from gatewise.export.opening import open_model
    from gatewise.runtime.answers import columns

    model = open_model(run)
    steps = model.stream()
    if state is not None and state.exists():
        steps.restore(_read(state))
    if not as_json:
        _write(_csv(columns(model)))
    try:
        for line in _answered(model, steps, as_json):
            _write(line)
    except KeyboardInterrupt:
        _keep(steps, state)
        raise typer.Exit(exit_code()) from None
    _keep(steps, state)


def _answered(model: Model, steps: ModelStream, as_json: bool) -> Iterator[str]:
    import json

    from gatewise.runtime.answers import answer, cells

    names: list[str] = []
    for number, raw in enumerate(sys.stdin.buffer, 1):
        try:
            line = raw.decode("utf-8-sig" if number == 1 else "utf-8").rstrip("\r\n")
            if not line:
                steps.reset()
                yield ""
                continue
            if number == 1 and model.kind == "series" and (names := _header(model, line)):
                continue
            said = steps.step(line if model.kind == "text" else _numbers(model, line, names))
        except UnicodeDecodeError as error:
            raise DataError(f"line {number} is not UTF-8 ({error.reason}); write the input in UTF-8") from error
        except DataError as error:
            raise DataError(f"line {number}: {error}") from error
        yield json.dumps(answer(model, said), ensure_ascii=False) if as_json else _csv(cells(model, said))


def _header(model: Model, line: str) -> list[str]:
    """The names in a first line of names, empty of any other line. Raises DataError where a channel is not among them."""
    import csv

    names = [name.strip() for name in next(csv.reader([line]))]
    if line.lstrip().startswith(("[", "{")) or any(_is_number(name) for name in names):
        return []
    missing = [channel for channel in model.channels if channel not in names]
    if missing:
        raise DataError(
            f"there is no column {missing[0]!r} among {', '.join(names)}; the model reads {', '.join(model.channels)}"
        )
    return names


def _numbers(model: Model, line: str, names: list[str]) -> Any:
    """float64 [channels] of one step, or samples. Raises DataError for anything else."""
    import csv
    import json

    import numpy as np

    try:
        if line.lstrip().startswith(("[", "{")):
            found = json.loads(line)
            values = [found[channel] for channel in model.channels] if isinstance(found, dict) else found
        else:
            values = next(csv.reader([line]))
            if names:
                row = dict(zip(names, values, strict=True))
                values = [row[channel] for channel in model.channels]
        return np.asarray(values, dtype=np.float64)
    except KeyError as error:
        raise DataError(f"there is no channel {error}; the model reads {', '.join(model.channels)}") from error
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        raise DataError(f"{line[:80]!r} is no list of numbers ({error}); expected them with commas between, or JSON") from error


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _csv(cells: list[str]) -> str:
    import csv
    import io

    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="").writerow(cells)
    return buffer.getvalue()


def _write(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _read(state: Path) -> bytes:
    try:
        return state.read_bytes()
    except OSError as error:
        raise RunError(f"{state} cannot be read: {error.strerror or error}; give another file to --state") from error


def _keep(steps: ModelStream, state: Path | None) -> None:
    from gatewise.durable import write_file

    if state is None:
        return
    try:
        write_file(state, steps.save())
    except OSError as error:
        raise RunError(f"{state} cannot be written: {error.strerror or error}; give another file to --state") from error
