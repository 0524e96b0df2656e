"""What cells and baselines are called where a person reads them."""

from __future__ import annotations

from gatewise import cells

__all__ = ["BASELINES", "CELLS", "baseline_kind", "plain_title"]

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
CELLS = {name: traits.title for name, traits in cells.CELLS.items()}
"""What every cell that can be compared is called."""


def plain_title(name: str) -> str:
    """What a baseline or a cell is called; any other name comes back unchanged."""
    return BASELINES.get(name) or CELLS.get(name, name)


def baseline_kind(name: str) -> str:
    """Return what a baseline is to a person: a simple one, or a network that is trained as the cells are."""
    return "rival network" if name in _NETWORKS else "simple baseline"
