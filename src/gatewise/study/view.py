"""What a run asks of whoever watches it."""

from __future__ import annotations

from typing import Protocol

from gatewise.records import Progress

__all__ = ["View"]


class View(Protocol):
    """Whoever watches a run."""

    def update(self, progress: Progress) -> None:
        """Called often, with the present state."""

    def log(self, message: str) -> None:
        """Called once for each event worth a line."""
