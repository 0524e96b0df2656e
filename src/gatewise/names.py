"""How arms and baselines are called where a person reads them."""

import re

__all__ = ["BASELINES", "CELLS", "baseline_kind", "display_name"]

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

_REPEATED = re.compile(r"(?P<cell>[a-z_]+?)(?:_h(?P<size>\d+))?(?:_(?P<index>\d+))?")


def display_name(name: str) -> str:
    """Return the name a person reads: `gru` is "GRU", `gru_2` (the second arm of an A/A run) is "GRU (2)".

    `gru_h74`, one of two arms of one cell that differ in hidden size, is "GRU (hidden 74)".

    A name that is neither a known cell nor a known baseline (`equivalent`, say) comes back unchanged.
    """
    if name in BASELINES:
        return BASELINES[name]
    if name in CELLS:
        return CELLS[name]
    repeated = _REPEATED.fullmatch(name)
    if repeated and repeated["cell"] in CELLS:
        parts = [f"hidden {repeated['size']}" if repeated["size"] else "", repeated["index"] or ""]
        return f"{CELLS[repeated['cell']]} ({', '.join(filter(None, parts))})"
    return name


def baseline_kind(name: str) -> str:
    """Return what a baseline is to a person: a simple one, or a network that is trained as the cells are."""
    return "rival network" if name in _NETWORKS else "simple baseline"
