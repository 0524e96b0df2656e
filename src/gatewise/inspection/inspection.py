"""What `gatewise.inspect` returns: the record, and the ways in which it shows itself."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from gatewise.inspection.record import Inspected

__all__ = ["Inspection"]


@dataclass(frozen=True, eq=False, repr=False)
class Inspection(Inspected):
    """What was found in a model, as `Inspected` has it.

    In a notebook it shows itself; `str` is the terminal's view, `report` writes the page, `to_json` the numbers.
    """

    def report(self, path: str | os.PathLike[str]) -> Path:
        """Write the page as one HTML file and return its path. Raises RunError where it cannot be written."""
        from gatewise.inspection.page import render_inspection
        from gatewise.study.folder import write_atomic

        target = Path(path)
        write_atomic(target, render_inspection(self))
        return target

    def __repr__(self) -> str:
        return f"<gatewise.Inspection: {self.subject.title} on row {self.sequence.row} of {self.sequence.source}>"

    def __str__(self) -> str:
        from gatewise.inspection.terminal import inspection_view
        from gatewise.report.plain_text import plain_lines

        return plain_lines(inspection_view(self))

    def _repr_html_(self) -> str:
        """What a notebook shows: the page in a frame of its own."""
        from gatewise.inspection.page import render_inspection
        from gatewise.report.document import framed

        return framed(render_inspection(self))
