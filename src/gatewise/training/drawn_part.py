"""A training part that is encoded an epoch at a time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from typing import Self

from gatewise.records import Encoded

__all__ = ["DrawnPart"]


@dataclass(frozen=True, eq=False)
class DrawnPart(Encoded):
    """Some rows of a training part that is too large to be encoded at once, and a way to the others.

    Its own rows stand for all of it, where steps are timed and memory is measured. draw: the rows of an epoch, by its number,
    counted from 1, and the training's seed.
    """

    draw: Callable[[int, int], Encoded] = field(kw_only=True)

    @classmethod
    def of(cls, draw: Callable[[int, int], Encoded]) -> Self:
        """A part whose own rows are those of some epoch."""
        own = draw(1, 0)
        return cls(**{item.name: getattr(own, item.name) for item in fields(Encoded)}, draw=draw)

    def epoch(self, number: int, seed: int) -> Encoded:
        """The rows of epoch `number`."""
        return self.draw(number, seed)
