"""The command `gatewise`, also `python -m gatewise`: listens for signals before anything else is loaded."""

from __future__ import annotations

import sys

from gatewise.interrupts import exit_code, listen

__all__ = ["main"]


def main() -> None:
    """Run the command line."""
    try:
        listen()
        from gatewise.cli import main as run

        run()
    except KeyboardInterrupt:
        # Nothing but the command line itself was loaded so far.
        print("gatewise: interrupted before anything was started", file=sys.stderr)
        sys.exit(exit_code())


if __name__ == "__main__":
    main()
