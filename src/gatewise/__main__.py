"""The command `gatewise`, also `python -m gatewise`: listens for signals before anything else is loaded."""

from __future__ import annotations

from gatewise.interrupts import listen

__all__ = ["main"]


def main() -> None:
    """Run the command line."""
    listen()
    from gatewise.cli import main as run

    run()


if __name__ == "__main__":
    main()
