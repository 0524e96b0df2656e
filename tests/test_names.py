"""Names as a person reads them."""

import pytest

from gatewise.comparison.plan import arms_of
from gatewise.names import plain_title
from gatewise.records import Arm
from gatewise.titles import Titles


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("gru", "GRU"),
        ("lstm", "LSTM"),
        ("rnn", "RNN"),
        ("majority", "majority class"),
        ("tfidf_logistic", "TF-IDF + logistic regression"),
        ("linear_features", "linear model on simple features"),
        ("equivalent", "equivalent"),
        ("gru_2", "gru_2"),
    ],
)
def test_cells_and_baselines_have_titles(name: str, shown: str) -> None:
    assert plain_title(name) == Titles()(name) == shown


@pytest.mark.parametrize(
    ("arms", "shown"),
    [
        (arms_of(("gru", "lstm")), ["GRU", "LSTM"]),
        (arms_of(("gru", "gru", "lstm")), ["GRU (1)", "GRU (2)", "LSTM"]),
        (arms_of(("gru", "lstm"), 64, "both", {"gru": 74, "lstm": 64}), ["GRU (hidden 64)", "LSTM", "GRU (hidden 74)"]),
        (
            arms_of(("gru", "gru", "lstm"), 64, "both", {"gru": 74, "lstm": 64}),
            ["GRU (hidden 64, 1)", "GRU (hidden 64, 2)", "LSTM", "GRU (hidden 74)"],
        ),
    ],
    ids=["two", "A/A", "both matches", "A/A and both matches"],
)
def test_an_arm_is_called_by_what_tells_it_apart(arms: tuple[Arm, ...], shown: list[str]) -> None:
    assert [Titles(arms)(arm.name) for arm in arms] == shown


def test_nothing_is_read_from_an_arms_name() -> None:
    arms = (Arm("first", "gru", 0, 64), Arm("lstm_h9", "gru", 1, 74))
    assert [Titles(arms)(arm.name) for arm in arms] == ["GRU (hidden 64)", "GRU (hidden 74)"]
