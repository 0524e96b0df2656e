"""How arms and baselines are called where a person reads them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    # The options' help, which names cells, must not wait for numpy.
    from gatewise.records import Arm

__all__ = ["BASELINES", "CELLS", "Titles", "baseline_kind", "plain_title"]

BASELINES = {
    "majority": "majority class",
    "tfidf_logistic": "TF-IDF + logistic regression",
    "nbsvm": "NBSVM",
    "character_logistic": "logistic regression on words and pieces of words",
    "linear_features": "linear model on simple features",
    "minirocket": "MiniRocket",
    "nearest_dtw": "nearest neighbour by time warping",
    "boosted_features": "boosted trees on simple features",
    "mean_value": "mean",
    "tfidf_ridge": "TF-IDF + ridge regression",
    "ridge_features": "ridge regression on simple features",
    "minirocket_ridge": "MiniRocket + ridge regression",
    "boosted_numbers": "boosted regression trees",
    "last_value": "repeated last value",
    "last_season": "repeated last season",
    "linear_window": "linear model of the window",
    "theta": "theta method",
    "exponential_smoothing": "exponential smoothing",
    "step_frequency": "share of steps",
    "repeat_step": "repeated step",
    "linear_step": "linear model of the last two steps",
    "phrases": "n-gram of steps",
    "tcn": "temporal convolutional network",
}
"""What every baseline is called."""

_NETWORKS = ("tcn",)
CELLS = {
    "gru": "GRU",
    "lstm": "LSTM",
    "rnn": "RNN",
    "min_gru": "minGRU",
    "min_lstm": "minLSTM",
}
"""What every cell that can be compared is called."""


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


def plain_title(name: str) -> str:
    """What a baseline or a cell is called; any other name comes back unchanged."""
    return BASELINES.get(name) or CELLS.get(name, name)


def baseline_kind(name: str) -> str:
    """Return what a baseline is to a person: a simple one, or a network that is trained as the cells are."""
    return "rival network" if name in _NETWORKS else "simple baseline"
