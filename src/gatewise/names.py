"""How arms and baselines are called where a person reads them."""

import re

__all__ = ["display_name"]

_BASELINES = {
    "majority": "majority class",
    "tfidf_logistic": "TF-IDF + logistic regression",
    "linear_features": "linear model on simple features",
}
_CELLS = {
    "gru": "GRU",
    "lstm": "LSTM",
    "rnn": "RNN",
    "min_gru": "minGRU",
    "min_lstm": "minLSTM",
}
_REPEATED = re.compile(r"(?P<cell>[a-z_]+)_(?P<index>\d+)")


def display_name(name: str) -> str:
    """Return the name a person reads: `gru` is "GRU", `gru_2` (the second arm of an A/A run) is "GRU (2)".

    A name that is neither a known cell nor a known baseline (`equivalent`, say) comes back unchanged.
    """
    if name in _BASELINES:
        return _BASELINES[name]
    if name in _CELLS:
        return _CELLS[name]
    repeated = _REPEATED.fullmatch(name)
    if repeated and repeated["cell"] in _CELLS:
        return f"{_CELLS[repeated['cell']]} ({repeated['index']})"
    return name
