"""The regressor learns numbers in their own units, by either loss."""

from typing import Any

import numpy as np
import pytest
from sklearn.base import is_regressor
from sklearn.exceptions import NotFittedError

from gatewise.errors import OptionError
from gatewise.estimators import SequenceRegressor


def test_series_to_a_number_in_its_units(quick: dict[str, Any], ragged: Any) -> None:
    y = np.array([1000 + 50 * values[:, 0].mean() for values in ragged.X])
    model = SequenceRegressor(**{**quick, "max_epochs": 40}).fit(ragged.X, y)
    assert is_regressor(model)
    assert model.score(ragged.X, y) > 0.9
    assert model.predict(ragged.X).shape == (80,)
    assert model.predict(ragged.X).dtype == np.float32


def test_texts_to_a_number(quick: dict[str, Any], texts: Any) -> None:
    model = SequenceRegressor(embedding_size=8, **quick).fit(texts.X, texts.y * 10.0)
    low, high = model.predict(["the plot was awful", "the plot was great"])
    assert abs(low) < 2
    assert abs(high - 10) < 2


def test_the_losses_lead_to_mean_and_median(quick: dict[str, Any]) -> None:
    X, y = np.zeros((200, 2)), np.where(np.arange(200) % 5 == 0, 10.0, 0.0)
    quick |= {"max_epochs": 30, "validation_fraction": 0.2}
    mean, median = (
        SequenceRegressor(**quick, loss=loss).fit(X, y).predict(X[:1])[0] for loss in ("squared_error", "absolute_error")
    )
    assert mean == pytest.approx(2.0, abs=0.5)
    assert median == pytest.approx(0.0, abs=0.5)


def test_weights_matter(quick: dict[str, Any]) -> None:
    X, y = np.zeros((100, 2)), np.arange(100) % 2 * 1.0
    weighted = SequenceRegressor(**quick).fit(X, y, sample_weight=np.where(y, 9.0, 1.0)).predict(X[:1])[0]
    assert weighted > 0.75


def test_bad_loss_and_prediction_before_fit() -> None:
    with pytest.raises(OptionError, match="loss is 'huber'; expected one of 'squared_error', 'absolute_error'"):
        SequenceRegressor(loss="huber").fit(np.zeros((4, 2)), np.arange(4.0))
    with pytest.raises(NotFittedError):
        SequenceRegressor().predict(np.zeros((4, 2)))
