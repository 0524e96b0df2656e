"""The command line: parse, call, print; a module a command.

Heavy modules are imported where they are used, so that --help answers at once.
"""

from __future__ import annotations

import gc
import os
import sys

# Commands are registered as their modules are imported.
from gatewise.cli import advise, check, claims, compare, evidence, export, init, inspect, predict, runs, serve, stream  # noqa: F401
from gatewise.cli.app import app
from gatewise.cli.parameters import given_options
from gatewise.errors import GatewiseError
from gatewise.extras import explain
from gatewise.report.streams import flush_output, prepare_streams, say
from gatewise.study.unexpected import unexpected

__all__ = ["app", "given_options", "main"]

EXIT_ERROR = 2
EXIT_BROKEN_PIPE = 141


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
    except ModuleNotFoundError as error:
        missing = explain(error)
        if missing is None:
            raise
        say(str(missing))
        sys.exit(EXIT_ERROR)
    except BrokenPipeError:
        # Whoever read the output wanted no more of it.
        sys.exit(EXIT_BROKEN_PIPE)
    except Exception as error:
        if os.environ.get("GATEWISE_TRACEBACK"):
            raise
        message, code = unexpected(error, *sys.argv[1:2])
        say(message)
        sys.exit(code)
    finally:
        if "gatewise.study.processes" in sys.modules:
            from gatewise.study.processes import end_processes

            end_processes()
        # At its end Python goes through all that torch has built, for a second or two, unless it is told not to.
        gc.freeze()
