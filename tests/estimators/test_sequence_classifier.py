"""The classifier learns, repeats itself, and heeds weights and parameters."""

from typing import Any

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone, is_classifier
from sklearn.exceptions import ConvergenceWarning, NotFittedError

from gatewise.data.encoding.text import TextEncoder
from gatewise.errors import OptionError
from gatewise.estimators import SequenceClassifier
from gatewise.records import Architecture, Kind
from gatewise.training.tune import default_hyperparameters


def architecture_of(fitted: SequenceClassifier) -> Architecture:
    found = fitted.model_.architecture
    assert found is not None
    return found


@pytest.mark.parametrize("cell", ["gru", "lstm", "rnn", "min_gru", "min_lstm"])
def test_every_cell_learns_ragged_series(cell: str, quick: dict[str, Any], ragged: Any) -> None:
    model = SequenceClassifier(cell, **quick).fit(ragged.X, ragged.y)
    assert is_classifier(model)
    assert model.classes_.tolist() == ["falling", "rising"]
    assert model.score(ragged.X, ragged.y) > 0.95
    assert set(model.predict(ragged.X)) == {"falling", "rising"}
    probabilities = model.predict_proba(ragged.X)
    assert probabilities.shape == (80, 2)
    assert_allclose(probabilities.sum(1), 1, atol=1e-6)


def test_texts_and_labels_of_any_type(quick: dict[str, Any], texts: Any) -> None:
    model = SequenceClassifier(embedding_size=8, **quick)
    assert model.fit(texts.X, texts.y).score(texts.X, texts.y) == 1.0
    assert model.predict(["the cast was great", "the plot was awful"]).tolist() == [1, 0]
    assert model.fit(texts.X, texts.y.astype(bool)).predict(["the plot was good"]).tolist() == [True]
    assert model.fit(texts.X, texts.y * 3 - 1).classes_.tolist() == [-1, 2]


@pytest.mark.parametrize("pooling", ["last", "attention"])
def test_what_is_read_of_the_states_can_be_chosen(pooling: str, quick: dict[str, Any], ragged: Any) -> None:
    model = SequenceClassifier(pooling=pooling, **quick).fit(ragged.X, ragged.y)
    assert architecture_of(model).pooling == pooling
    assert model.score(ragged.X, ragged.y) > 0.9


def test_the_same_seed_gives_the_same_model_and_leaves_the_callers_alone(quick: dict[str, Any], ragged: Any) -> None:
    torch.manual_seed(5)
    np.random.seed(5)  # noqa: NPY002  # the state that must stay
    numpy_state: Any = np.random.get_state()  # noqa: NPY002
    before = torch.get_rng_state(), numpy_state[1].copy()
    first = SequenceClassifier(**quick).fit(ragged.X, ragged.y)
    assert torch.equal(torch.get_rng_state(), before[0])
    numpy_state = np.random.get_state()  # noqa: NPY002
    assert_array_equal(numpy_state[1], before[1])
    second = clone(first).fit(ragged.X, ragged.y)
    other = clone(first).set_params(random_state=1).fit(ragged.X, ragged.y)
    assert_array_equal(first.predict_proba(ragged.X), second.predict_proba(ragged.X))
    assert [epoch["train_loss"] for epoch in first.history_] == [epoch["train_loss"] for epoch in second.history_]
    assert (first.predict_proba(ragged.X) != other.predict_proba(ragged.X)).any()


def test_random_state_may_be_a_generator_of_numpy(quick: dict[str, Any], ragged: Any) -> None:
    models = [SequenceClassifier(**{**quick, "random_state": np.random.RandomState(3)}).fit(ragged.X, ragged.y) for _ in range(2)]
    one, other = (model.predict_proba(ragged.X) for model in models)
    assert_array_equal(one, other)


def test_class_weights_move_the_decision(quick: dict[str, Any]) -> None:
    generator = np.random.default_rng(0)
    y = np.arange(200) % 10 == 0
    X = generator.normal(np.where(y, 0.7, 0.0)[:, np.newaxis], 1, (200, 3))
    found = {
        str(weight): SequenceClassifier(**quick, class_weight=weight).fit(X, y).predict(X).mean()
        for weight in (None, "balanced", {True: 1000.0, False: 0.001})
    }
    shares = list(found.values())
    assert shares[0] < 0.1
    assert 0.2 < shares[1] < shares[2]


def test_rows_of_weight_zero_are_left_out(quick: dict[str, Any], ragged: Any) -> None:
    weights = np.ones(80)
    weights[60:] = 0
    y = ragged.y.copy()
    y[60:] = "never"
    weighted = SequenceClassifier(**quick).fit(ragged.X, y, sample_weight=weights)
    without = SequenceClassifier(**quick).fit(ragged.X[:60], y[:60])
    assert weighted.classes_.tolist() == ["falling", "rising"]
    assert_array_equal(weighted.predict_proba(ragged.X), without.predict_proba(ragged.X))


def test_weights_matter(quick: dict[str, Any]) -> None:
    X, y = np.zeros((60, 3)), np.arange(60) % 2
    model = SequenceClassifier(**quick)
    assert model.fit(X, y, sample_weight=np.where(y, 9.0, 1.0)).predict_proba(X)[0, 1] > 0.7
    assert model.fit(X, y, sample_weight=np.where(y, 1.0, 9.0)).predict_proba(X)[0, 1] < 0.3


def test_parameters_that_are_not_given_are_those_of_the_first_tuning_trial(ragged: Any, texts: Any) -> None:
    kinds: tuple[tuple[Any, Kind], ...] = ((ragged, "series"), (texts, "text"))
    for data, kind in kinds:
        model = SequenceClassifier(max_epochs=1, hidden_size=4).fit(data.X, data.y)
        assert architecture_of(model).dropout == default_hyperparameters(kind).dropout
        assert architecture_of(SequenceClassifier(max_epochs=1, dropout=0.25).fit(data.X, data.y)).dropout == 0.25


def test_architecture(ragged: Any, texts: Any) -> None:
    model = SequenceClassifier("lstm", hidden_size=5, layers=2, bidirectional=True, max_epochs=1, forget_bias=1.0)
    shape = architecture_of(model.fit(ragged.X, ragged.y))
    assert (shape.cell, shape.hidden_size, shape.layers, shape.bidirectional) == ("lstm", 5, 2, True)
    assert shape.forget_bias == 1.0
    reader = SequenceClassifier(max_vocabulary=10, max_length=2, max_epochs=1, embedding_size=3).fit(texts.X, texts.y)
    encoder = reader.model_.encoder
    assert isinstance(encoder, TextEncoder)
    assert (encoder.max_length, architecture_of(reader).embedding_size) == (2, 3)
    assert len(encoder.vocabulary) <= 10


def test_verbose_prints_a_line_an_epoch(quick: dict[str, Any], ragged: Any, capsys: pytest.CaptureFixture[str]) -> None:
    SequenceClassifier(**{**quick, "max_epochs": 2}).fit(ragged.X, ragged.y)
    assert capsys.readouterr().out == ""
    SequenceClassifier(**{**quick, "max_epochs": 2}, verbose=1).fit(ragged.X, ragged.y)
    lines = capsys.readouterr().out.splitlines()
    assert [line.partition(",")[0] for line in lines] == ["SequenceClassifier: epoch 1", "SequenceClassifier: epoch 2"]
    assert "validation accuracy" in lines[0]


def test_a_training_that_diverges_is_told(ragged: Any) -> None:
    X = [np.abs(values) * 3e38 for values in ragged.X]
    with pytest.warns(ConvergenceWarning, match="the training of SequenceClassifier diverged"):
        SequenceClassifier(max_epochs=2, hidden_size=4, learning_rate=1e30).fit(
            [np.minimum(values, 3.0e38) for values in X], ragged.y
        )


def test_a_fit_that_fails_leaves_what_was_learned_before(quick: dict[str, Any], ragged: Any) -> None:
    model = SequenceClassifier(**quick).fit(ragged.X, ragged.y)
    with pytest.raises(ValueError, match="forget_bias and chrono"):
        model.set_params(forget_bias=1.0, chrono=20).fit(ragged.X, np.arange(80) % 3)
    assert set(model.predict(ragged.X)) == {"falling", "rising"}


def test_threads_are_given_back(quick: dict[str, Any], ragged: Any) -> None:
    before = torch.get_num_threads()
    SequenceClassifier(**quick, threads=before + 1).fit(ragged.X, ragged.y).predict(ragged.X)
    assert torch.get_num_threads() == before


def test_prediction_before_fit(ragged: Any) -> None:
    for method in ("predict", "predict_proba"):
        with pytest.raises(NotFittedError, match="not fitted yet"):
            getattr(SequenceClassifier(), method)(ragged.X)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"cell": "gruu"}, "cell: unknown cell 'gruu'; did you mean gru?"),
        ({"cell": None}, "cell: unknown cell None"),
        ({"pooling": "first"}, "pooling: unknown pooling 'first'. Known poolings: last, mean, max, summary, attention"),
        ({"hidden_size": 0}, "hidden_size 0 is too small; give at least 1"),
        ({"hidden_size": "big"}, "hidden_size 'big' is not a whole number"),
        ({"hidden_size": None}, "hidden_size is None; expected a value such as 64"),
        ({"layers": 1.5}, "layers 1.5 is not a whole number"),
        ({"bidirectional": 2}, "bidirectional 2 is not a truth value"),
        ({"max_epochs": 0}, "max_epochs 0 is too small"),
        ({"max_length": 0}, "max_length 0 is too small"),
        ({"chrono": 1}, "chrono 1 is too small; give at least 2"),
        ({"forget_bias": 1.0, "chrono": 20}, "forget_bias and chrono both set the biases"),
        ({"learning_rate": 0}, "learning_rate is 0; expected a finite number above 0"),
        ({"learning_rate": float("nan")}, "learning_rate is nan; expected a finite number above 0"),
        ({"weight_decay": -1}, "weight_decay is -1; expected a finite number of at least 0"),
        ({"dropout": 1.0}, "dropout is 1.0; expected a number from 0 to below 1"),
        ({"input_dropout": "much"}, "input_dropout is 'much'; expected a number from 0 to below 1"),
        ({"validation_fraction": 1}, "validation_fraction is 1; expected a number from 0 to below 1"),
        ({"validation_fraction": None}, "validation_fraction is None"),
        ({"threads": 0}, "threads 0 is outside 1 to 1024"),
        ({"device": "abacus"}, "device: unknown device 'abacus'. Known devices: cpu, cuda, mps, auto"),
        ({"device": "cpu,cuda"}, "device is 'cpu,cuda'; expected one of cpu, cuda, mps and auto"),
        ({"device": None}, "device is None; expected a value such as cpu"),
        ({"random_state": "now"}, "random_state is 'now'"),
        ({"class_weight": "fair"}, "class_weight is 'fair'.*Expected None, 'balanced'"),
        ({"class_weight": {"up": 1.0}}, "class_weight is .*Expected None, 'balanced'"),
    ],
    ids=str,
)
def test_bad_parameters(parameters: dict[str, Any], message: str, ragged: Any) -> None:
    with pytest.raises(ValueError, match=message) as caught:
        SequenceClassifier(**parameters).fit(ragged.X, ragged.y)
    assert isinstance(caught.value, OptionError)
