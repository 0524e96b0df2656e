"""Nouns of what is planned: the arms, and what tuning chooses for them."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Arm", "Hyperparameters"]


@dataclass(frozen=True)
class Arm:
    """One side of a comparison: a cell of one size, under the name that results and files have for it.

    The name is the cell's, with something behind it where several arms have one cell (`gru_1`, `gru_h74`). Nothing is read from
    it: what the arm is stands in the other fields.
    """

    name: str
    cell: str
    index: int
    hidden_size: int


@dataclass(frozen=True)
class Hyperparameters:
    """What tuning chooses, separately for every arm from one search space."""

    learning_rate: float
    dropout: float
    input_dropout: float
    weight_decay: float
