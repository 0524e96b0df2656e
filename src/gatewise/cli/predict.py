"""`gatewise predict`."""

from __future__ import annotations

import sys
from itertools import chain
from pathlib import Path
from typing import Annotated

import typer

from gatewise.cli.app import app
from gatewise.cli.parameters import RunPath, described, described_before, given_options
from gatewise.errors import OptionError
from gatewise.options.table import OPTION
from gatewise.report.streams import can_encode

__all__ = ["predict"]


@app.command()
def predict(
    run: RunPath,
    source: Annotated[str, typer.Argument(metavar="INPUT", help="A file like the one compared; a target is not needed.")],
    text: Annotated[str | None, described("text", panel="Options")] = None,
    audio: Annotated[str | None, described("audio", panel="Options")] = None,
    channels: Annotated[list[str] | None, described("channels", panel="Options")] = None,
    series: Annotated[list[str] | None, described_before(OPTION["channels"])] = None,
    id: Annotated[str | None, described("id", panel="Options")] = None,
    time: Annotated[str | None, described("time", panel="Options")] = None,
    date_format: Annotated[str | None, described("date_format", panel="Options")] = None,
    keep: Annotated[
        list[str] | None,
        typer.Option(metavar="COL", help="Column of the input to stand beside each prediction. Repeat it for each."),
    ] = None,
    device: Annotated[
        str,
        typer.Option(
            metavar="NAME", help="Where the network runs: cpu, or with PyTorch cuda, mps or auto, a GPU where there is one."
        ),
    ] = "cpu",
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the CSV here instead of standard output.")] = None,
) -> None:
    """Predict with a run's model: CSV with ids, files or dates beside the predictions."""
    from gatewise.export.opening import open_model
    from gatewise.options.values import read_one_device
    from gatewise.study.folder import writing_atomic
    from gatewise.study.predictions import prediction_blocks, run_columns

    chosen = read_one_device(device)
    model = open_model(run)
    if chosen != "cpu":
        from gatewise.training.networks import on_device

        model = on_device(model, chosen)
    columns = {"text": text, "audio": audio, "id": id, "time": time, "date_format": date_format}
    given = given_options({"channels": channels, "series": series})
    named = tuple(given.get("channels", ()))
    blocks = prediction_blocks(model, source, run_columns(run), keep=keep or (), channels=named, **columns)
    # Whatever is wrong with the first rows is said before anything is written.
    first = _csv(next(blocks, []))
    contents = chain([first], map(_csv, blocks))
    if out is not None:
        with writing_atomic(out) as file:
            for content in contents:
                file.write(content.encode(errors="backslashreplace"))
        return
    for content in contents:
        if not can_encode(content):
            raise OptionError(
                f"the predictions hold characters that standard output cannot write in {sys.stdout.encoding}; write them to a "
                "file with --out FILE, or set PYTHONIOENCODING=utf-8"
            )
        sys.stdout.write(content)


def _csv(rows: list[list[str]]) -> str:
    import csv
    import io

    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerows(rows)
    return buffer.getvalue()
