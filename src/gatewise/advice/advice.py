"""What `gatewise.advise` returns: the recommendation, and the ways in which it shows itself."""

from __future__ import annotations

import os
from dataclasses import dataclass, fields
from pathlib import Path

from gatewise.advice.recommend import Recommendation
from gatewise.wording import probability

__all__ = ["Advice"]


@dataclass(frozen=True, repr=False)
class Advice(Recommendation):
    """What to begin with, and why, as `Recommendation` has it.

    In a notebook it shows itself; `str` is the terminal's view, `report` writes the page.
    """

    @classmethod
    def of(cls, recommendation: Recommendation) -> Advice:
        """A recommendation that shows itself."""
        return cls(**{item.name: getattr(recommendation, item.name) for item in fields(recommendation)})

    def report(self, path: str | os.PathLike[str]) -> Path:
        """Write the page as one HTML file and return its path. Raises RunError where it cannot be written."""
        from gatewise.advice.page import advice_page
        from gatewise.study.folder import write_atomic

        target = Path(path)
        write_atomic(target, advice_page(self))
        return target

    def __repr__(self) -> str:
        first = self.ranked[0]
        return f"<gatewise.Advice: start with {self.recommended!r}; {first.answer!r} {probability(first.probability)}>"

    def __str__(self) -> str:
        from gatewise.advice.terminal import advice_view
        from gatewise.report.plain_text import plain_lines

        return plain_lines(advice_view(self))

    def _repr_html_(self) -> str:
        """What a notebook shows: the page in a frame of its own."""
        from gatewise.advice.page import advice_page
        from gatewise.report.document import framed

        return framed(advice_page(self))
