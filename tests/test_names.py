"""Names as a person reads them."""

import pytest

from gatewise.names import display_name


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("gru", "GRU"),
        ("lstm", "LSTM"),
        ("rnn", "RNN"),
        ("gru_2", "GRU (2)"),
        ("gru_h64_2", "GRU (hidden 64, 2)"),
        ("majority", "majority class"),
        ("tfidf_logistic", "TF-IDF + logistic regression"),
        ("linear_features", "linear model on simple features"),
        ("equivalent", "equivalent"),
        ("other_2", "other_2"),
    ],
)
def test_display_name(name: str, shown: str) -> None:
    assert display_name(name) == shown
