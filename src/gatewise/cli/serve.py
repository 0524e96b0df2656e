"""`gatewise serve`."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Annotated

import typer

from gatewise.cli.app import app
from gatewise.errors import OptionError
from gatewise.extras import require
from gatewise.interrupts import exit_code
from gatewise.report.streams import say

__all__ = ["serve"]

_PANEL = "Limits"


def _limit(name: str, words: str) -> typer.models.OptionInfo:
    option: typer.models.OptionInfo = typer.Option(name, help=words, rich_help_panel=_PANEL, show_default=True)
    return option


@app.command()
def serve(
    run: Annotated[Path, typer.Argument(metavar="RUN|MODEL", help="The folder of a run or of a model.")],
    host: Annotated[str, typer.Option(metavar="HOST", help="Address to serve on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(metavar="N", help="Port; 0 for any that is free.", min=0, max=65535)] = 8000,
    token_file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A file with the token that requests must carry: Authorization: Bearer.")
    ] = None,
    connections: Annotated[int, _limit("--max-connections", "Connections open at once.")] = 512,
    streams: Annotated[int, _limit("--max-streams", "Streams among them.")] = 256,
    queue: Annotated[int, _limit("--max-queue", "Sequences that wait; beyond, 503.")] = 1024,
    batch: Annotated[int, _limit("--max-batch", "Sequences computed at once.")] = 64,
    gather: Annotated[float, _limit("--gather", "Seconds that the first of a batch waits for others.")] = 0.001,
    body: Annotated[int, _limit("--max-body", "Bytes of a request; beyond, 413.")] = 4 * 2**20,
    rows: Annotated[int, _limit("--max-rows", "Sequences of a request.")] = 256,
    length: Annotated[int, _limit("--max-sequence", "Steps, characters or samples of a sequence.")] = 1_000_000,
    steps: Annotated[int, _limit("--max-steps", "Messages of a stream.")] = 1_000_000,
    patience: Annotated[float, _limit("--patience", "Seconds for a client to send its request and take its answer.")] = 10.0,
    idle: Annotated[float, _limit("--idle", "Seconds between a stream's messages.")] = 300.0,
    drain: Annotated[float, _limit("--drain", "Seconds at the end for what has been accepted.")] = 10.0,
) -> None:
    """Serve a model over HTTP and WebSocket, with a page to try it."""
    require("serve")
    from gatewise.export.opening import open_model
    from gatewise.serving.access import read_token
    from gatewise.serving.limits import Limits
    from gatewise.serving.server import serve as run_server

    given = locals()
    limits = Limits(**{item.name: given[item.name] for item in fields(Limits)})
    token = None if token_file is None else read_token(token_file)
    if not 0 <= port <= 65535:
        raise OptionError(f"port is {port}; expected a number from 0 to 65535")
    try:
        run_server(open_model(run), host, port, token, limits, say)
    except KeyboardInterrupt:
        # That is how a server ends.
        raise typer.Exit(exit_code()) from None
