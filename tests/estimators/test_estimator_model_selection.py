"""In scikit-learn's tools: cross-validation, grid search, pipelines, cloning."""

from typing import Any

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, StratifiedKFold, cross_val_predict, cross_val_score
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from gatewise.estimators import SequenceClassifier, SequenceRegressor


def lower(texts: list[str]) -> list[str]:
    return [text.lower() for text in texts]


def first_channel(series: list[Any]) -> list[Any]:
    return [values[:, :1] for values in series]


def test_cross_val_score_of_ragged_series(quick: dict[str, Any], ragged: Any) -> None:
    scores = cross_val_score(SequenceClassifier(**quick), ragged.X, ragged.y, cv=3, error_score="raise")
    assert scores.shape == (3,)
    assert scores.min() > 0.9


@pytest.mark.parametrize("scoring", ["roc_auc", "neg_log_loss", "f1_macro"])
def test_cross_val_score_of_texts_by_other_metrics(scoring: str, quick: dict[str, Any], texts: Any) -> None:
    model = SequenceClassifier(embedding_size=8, **quick)
    scores = cross_val_score(model, texts.X, texts.y, cv=2, scoring=scoring, error_score="raise")
    assert scores.min() > (-0.3 if scoring == "neg_log_loss" else 0.9)


def test_grid_search_over_cell_and_hidden_size(quick: dict[str, Any], ragged: Any) -> None:
    grid = {"cell": ["gru", "lstm"], "hidden_size": [2, 8]}
    search = GridSearchCV(SequenceClassifier(**quick), grid, cv=StratifiedKFold(2), error_score="raise")
    search.fit(ragged.X, ragged.y)
    assert len(search.cv_results_["params"]) == 4
    assert set(search.best_params_) == {"cell", "hidden_size"}
    assert search.best_estimator_.model_.architecture.cell == search.best_params_["cell"]
    assert search.score(ragged.X, ragged.y) > 0.9


def test_pipelines(quick: dict[str, Any], ragged: Any, texts: Any) -> None:
    reader = make_pipeline(FunctionTransformer(lower), SequenceClassifier(embedding_size=8, **quick))
    shouted = [text.upper() for text in texts.X]
    assert cross_val_score(reader, shouted, texts.y, cv=2, error_score="raise").min() > 0.9
    chosen = make_pipeline(FunctionTransformer(first_channel), SequenceClassifier(**quick)).fit(ragged.X, ragged.y)
    assert chosen[-1].model_.channels == ("channel 1",)
    table = np.random.default_rng(0).normal(100, 50, (60, 4))
    scaled = Pipeline([("scale", StandardScaler()), ("model", SequenceRegressor(**quick))]).fit(table, table.sum(1))
    assert scaled.predict(table).shape == (60,)
    assert scaled.set_params(model__hidden_size=4).get_params()["model__hidden_size"] == 4


def test_predictions_out_of_fold(quick: dict[str, Any], ragged: Any) -> None:
    found = cross_val_predict(SequenceClassifier(**quick), ragged.X, ragged.y, cv=2, method="predict_proba")
    assert found.shape == (80, 2)


def test_a_clone_has_the_parameters_and_nothing_learned(quick: dict[str, Any], ragged: Any) -> None:
    model = SequenceClassifier("lstm", **quick).fit(ragged.X, ragged.y)
    copy = clone(model)
    assert copy.get_params() == model.get_params()
    assert not hasattr(copy, "model_")
