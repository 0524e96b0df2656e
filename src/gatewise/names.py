"""How arms and baselines are called where a person reads them."""

import re

__all__ = ["baseline_kind", "display_name"]

_BASELINES = {
    "majority": "majority class",
    "tfidf_logistic": "TF-IDF + logistic regression",
    "linear_features": "linear model on simple features",
    "mean_value": "mean",
    "tfidf_ridge": "TF-IDF + ridge regression",
    "ridge_features": "ridge regression on simple features",
    "last_value": "repeated last value",
    "last_season": "repeated last season",
    "linear_window": "linear model of the window",
    "step_frequency": "share of steps",
    "repeat_step": "repeated step",
    "linear_step": "linear model of the last two steps",
    "nbsvm": "NBSVM",
    "character_logistic": "logistic regression on words and pieces of words",
    "minirocket": "MiniRocket",
    "minirocket_ridge": "MiniRocket + ridge regression",
    "nearest_dtw": "nearest neighbour by time warping",
    "boosted_features": "boosted trees on simple features",
    "boosted_numbers": "boosted regression trees",
    "exponential_smoothing": "exponential smoothing",
    "theta": "theta method",
    "phrases": "n-gram of steps",
    "tcn": "temporal convolutional network",
}
_NETWORKS = ("tcn",)
_CELLS = {
    "gru": "GRU",
    "lstm": "LSTM",
    "rnn": "RNN",
    "min_gru": "minGRU",
    "min_lstm": "minLSTM",
}
_REPEATED = re.compile(r"(?P<cell>[a-z_]+?)(?:_h(?P<size>\d+))?(?:_(?P<index>\d+))?")


def display_name(name: str) -> str:
    """Return the name a person reads: `gru` is "GRU", `gru_2` (the second arm of an A/A run) is "GRU (2)".

    `gru_h74`, one of two arms of one cell that differ in hidden size, is "GRU (hidden 74)".

    A name that is neither a known cell nor a known baseline (`equivalent`, say) comes back unchanged.
    """
    if name in _BASELINES:
        return _BASELINES[name]
    if name in _CELLS:
        return _CELLS[name]
    repeated = _REPEATED.fullmatch(name)
    if repeated and repeated["cell"] in _CELLS:
        parts = [f"hidden {repeated['size']}" if repeated["size"] else "", repeated["index"] or ""]
        return f"{_CELLS[repeated['cell']]} ({', '.join(filter(None, parts))})"
    return name


def baseline_kind(name: str) -> str:
    """Return what a baseline is to a person: a simple one, or a network that is trained as the cells are."""
    return "rival network" if name in _NETWORKS else "simple baseline"
