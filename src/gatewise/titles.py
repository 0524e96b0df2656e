"""What the arms of one comparison are called where a person reads them."""

from __future__ import annotations

from dataclasses import dataclass

from gatewise.names import plain_title
from gatewise.records import Arm

__all__ = ["Titles"]


@dataclass(frozen=True)
class Titles:
    """What the arms and baselines of one comparison are called where a person reads them: `title("gru")` is "GRU".

    An arm is called as its cell. Where several have one cell it has the hidden size and the number behind it that tell it apart:
    "GRU (hidden 74)", "GRU (2)". What names no arm is a baseline, a cell, or comes back unchanged (`equivalent`, say).
    """

    arms: tuple[Arm, ...] = ()

    def __call__(self, name: str) -> str:
        arm = next((arm for arm in self.arms if arm.name == name), None)
        if arm is None:
            return plain_title(name)
        of_cell = [other for other in self.arms if other.cell == arm.cell]
        alike = [other for other in of_cell if other.hidden_size == arm.hidden_size]
        parts = [f"hidden {arm.hidden_size}"] * (len(alike) < len(of_cell))
        parts += [str(alike.index(arm) + 1)] * (len(alike) > 1)
        return f"{plain_title(arm.cell)} ({', '.join(parts)})" if parts else plain_title(arm.cell)
