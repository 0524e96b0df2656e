"""Words below the columns of a figure."""

from __future__ import annotations

from collections.abc import Sequence

from gatewise.inspection.columns import Column

__all__ = ["cut", "room_for"]

# Of a letter of a turned word, and beside it, in pixels.
CHARACTER, SPACE = 7, 12


def cut(label: str, most: int) -> str:
    """Return a label of at most so many characters."""
    return label if len(label) <= most else f"{label[: most - 1]}…"


def room_for(columns: Sequence[Column], most: int) -> int:
    """Return the pixels that the labels take, turned, each cut to so many characters."""
    return SPACE + CHARACTER * min(most, max(len(column.label) for column in columns))
