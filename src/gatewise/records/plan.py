"""Nouns of what is planned: the arms, and what tuning chooses for them."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Arm", "Hyperparameters", "TriedLength"]


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


@dataclass(frozen=True)
class TriedLength:
    """What a round of tuning with whole trainings found beside one with short ones, of the default hyperparameters.

    short, whole: epochs at most. gain: how much better the validation score was in the mean of the arms, in the direction of the
    metric; needed: what would be clearly better. chosen: the epochs that all further trainings have at most.
    """

    short: int
    whole: int
    gain: float
    needed: float
    chosen: int

    @property
    def is_untold(self) -> bool:
        """Whether whole trainings are not clearly better, and were chosen because there were too few validation rows to tell."""
        return self.chosen == self.whole and self.gain <= self.needed
