"""The end of the page: what to do next, in lines to copy."""

from pathlib import Path

from gatewise.records import Comparison, Verdict
from gatewise.report.blocks import Command, Section
from gatewise.report.follow_up import follow_up

__all__ = ["follow_up_section"]


def follow_up_section(comparison: Comparison, verdict: Verdict, run: Path | None) -> Section | None:
    """Return the section of the next steps; None where the page belongs to no folder, or nothing is left to do."""
    steps = follow_up(comparison, verdict, run) if run is not None else ()
    if not steps:
        return None
    return Section("next", "What to do next", (), tuple(Command(step.line, step.sentence) for step in steps))
