"""What is said of a training and of a verdict."""

import math

import pytest

from gatewise.records import Epoch
from gatewise.tracking.figures import curves_of, findings_of, parameters_of, source_title, totals_of
from tests.tracking.trained import FINDINGS, unit, verdict


def test_a_training() -> None:
    training = unit().training
    assert parameters_of(training) == {
        "kind": "replicate",
        "name": "gru",
        "number": 0,
        "fraction": 1.0,
        "parameters": 0,
        "max_epochs": 3,
        "learning_rate": 0.01,
        "dropout": 0.0,
        "input_dropout": 0.25,
        "weight_decay": 0.5,
    }
    assert totals_of(training) == {"best_validation_score": 0.75, "test_score": 0.875, "seconds": 8.0, "best_epoch": 3.0}
    assert list(curves_of(training))[:4] == [
        ("train_loss", 0.5, 1, 2.0),
        ("validation_loss", 0.75, 1, 2.0),
        ("validation_score", 0.25, 1, 2.0),
        ("train_loss", 0.25, 2, 4.0),
    ]


def test_what_is_no_number_is_left_out() -> None:
    training = unit(history=(Epoch(1, math.nan, math.inf, 0.5, 1.0),), test_score=None).training
    assert list(curves_of(training)) == [("validation_score", 0.5, 1, 1.0)]
    assert "test_score" not in totals_of(training)


def test_a_verdict() -> None:
    assert findings_of(verdict()) == FINDINGS
    assert "difference" not in findings_of(verdict(difference=None))


@pytest.mark.parametrize(
    ("source", "title"),
    [
        ("/data/mr.parquet", "mr.parquet"),
        ("builtin:parity?rows=50", "builtin:parity?rows=50"),
        ("https://host/files/reviews.csv?token=secret", "reviews.csv"),
        ("https://host/?token=secret", "host"),
        ("hf:stanfordnlp/imdb", "hf:stanfordnlp/imdb"),
        ("<pandas DataFrame>", "pandas DataFrame"),
        ("-", "standard input"),
    ],
)
def test_a_source_has_a_heading_that_tells_no_secret(source: str, title: str) -> None:
    assert source_title(source) == title
