"""Every form of the same data is one data set, and what is none is refused with one message."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from numpy.testing import assert_array_equal

from gatewise.errors import DataError
from gatewise.estimators import SequenceClassifier, SequenceRegressor
from gatewise.estimators.inputs import read_sequences

TABLE = np.random.default_rng(3).normal(size=(40, 5))
LABELS = np.tile([0, 1], 20)


@pytest.mark.parametrize(
    "X",
    [
        TABLE,
        TABLE.tolist(),
        torch.from_numpy(TABLE),
        torch.from_numpy(TABLE).requires_grad_(),
        pd.DataFrame(TABLE, columns=list("abcde")),
        TABLE[:, :, np.newaxis],
        torch.from_numpy(TABLE)[:, :, None],
        list(TABLE),
        tuple(TABLE),
        [row[:, np.newaxis] for row in TABLE],
        [torch.from_numpy(row) for row in TABLE],
        [[[value] for value in row] for row in TABLE.tolist()],
        TABLE.astype(object),
    ],
    ids=[
        "array", "nested list", "tensor", "tensor with gradient", "frame", "3-D array", "3-D tensor", "list of arrays", "tuple",
        "list of 2-D arrays", "list of tensors", "3-D nested list", "objects",
    ],
)  # fmt: skip
def test_all_forms_of_a_table_are_the_same_sequences(X: Any) -> None:
    found = read_sequences(SequenceClassifier(), X, reset=True)
    assert found.kind == "series"
    assert [row.dtype for row in found.rows] == [np.float32] * 40
    assert_array_equal(np.stack(found.rows), TABLE[:, :, np.newaxis].astype(np.float32))


def ragged_objects() -> Any:
    values = np.empty(3, dtype=object)
    values[:] = [[1.0], [2.0, 3.0], np.array([4.0, 5.0, 6.0])]
    return values


@pytest.mark.parametrize(
    "X",
    [
        [[1.0], [2.0, 3.0], [4.0, 5.0, 6.0]],
        [np.array([1]), np.array([2, 3]), np.array([4, 5, 6])],
        [torch.tensor([1.0]), torch.tensor([2.0, 3.0]), torch.tensor([4.0, 5.0, 6.0])],
        pd.Series([[1.0], [2.0, 3.0], [4.0, 5.0, 6.0]]),
        ragged_objects(),
    ],
    ids=["lists", "arrays", "tensors", "series of lists", "array of arrays"],
)
def test_ragged_input(X: Any) -> None:
    found = read_sequences(SequenceClassifier(), X, reset=True)
    assert [row[:, 0].tolist() for row in found.rows] == [[1], [2, 3], [4, 5, 6]]


@pytest.mark.parametrize(
    "X",
    [
        ["one", "two words"],
        ("one", "two words"),
        np.array(["one", "two words"]),
        np.array(["one", "two words"], dtype=object),
        np.array([["one"], ["two words"]]),
        pd.Series(["one", "two words"]),
        pd.DataFrame({"text": ["one", "two words"]}),
    ],
    ids=["list", "tuple", "array", "objects", "column", "series", "frame of one column"],
)
def test_texts(X: Any) -> None:
    found = read_sequences(SequenceClassifier(), X, reset=True)
    assert (found.kind, found.rows) == ("text", ["one", "two words"])


BAD = {
    "one text": ("a text", "one text came where a list of texts was expected"),
    "text and number": (["a", 1.0], "row 2 of X is a float among texts"),
    "missing text": (pd.Series(["a", None]), "row 2 of X is a NoneType|row 2 of X is a float"),
    "flat numbers": ([1.0, 2.0, 3.0], "Expected 2D array, got 1D array"),
    "nothing": ([], "Expected 2D array, got 1D array"),
    "one row": ([np.arange(3.0)], r"1 sequence came \(n_samples=1\)"),
    "no steps": ([np.arange(3.0), np.array([])], "row 2 of X has no steps"),
    "other channels": ([np.ones((3, 2)), np.ones((3, 1))], "row 2 of X has 1 channels, row 1 of X has 2"),
    "four dimensions": ([np.ones((3, 2, 2)), np.ones((3, 2, 2))], r"row 1 of X has shape \(3, 2, 2\)"),
    "four dimensions at once": (np.ones((3, 2, 2, 2)), "dim 4|shape"),
    "nan": ([np.array([1.0, np.nan]), np.array([2.0])], r"1 value in 1 row is not finite .* row 1 of X, channel 1, step 2"),
    "too large": ([np.array([1.0, 1e300]), np.array([2.0])], "not finite .*32-bit"),
    "table too large": (np.array([[1.0, 1e300], [1.0, 2.0]]), "not finite .*32-bit"),
    "nan in a table": (np.array([[1.0, np.nan], [1.0, 2.0]]), "Input X contains NaN"),
    "complex": ([np.array([1j]), np.array([1j, 2])], "Complex data not supported: row 1"),
    "not numbers": ([np.array([{}]), np.array([1, 2])], "row 1 of X is not an array of numbers"),
    "uneven": ([[[1.0], [1.0, 2.0]], [[1.0]]], "row 1 of X is not an array of numbers"),
}


@pytest.mark.parametrize(("X", "message"), BAD.values(), ids=BAD)
def test_bad_input(X: Any, message: str) -> None:
    with pytest.raises(DataError, match=message) as caught:
        SequenceClassifier().fit(X, [0] * len(X))
    assert isinstance(caught.value, (ValueError, TypeError))


def test_input_of_another_kind_at_prediction(quick: dict[str, Any], ragged: Any, texts: Any) -> None:
    model = SequenceClassifier(**quick).fit(ragged.X, ragged.y)
    with pytest.raises(ValueError, match="X holds texts, and the estimator was fitted on series of numbers"):
        model.predict(["a text"])
    with pytest.raises(ValueError, match=r"input 1 has shape \(4, 1\); the model reads \[steps, 2\]"):
        model.predict([np.ones(4)])
    reader = SequenceClassifier(**quick).fit(texts.X, texts.y)
    with pytest.raises(ValueError, match="X holds numbers, and the estimator was fitted on texts"):
        reader.predict(ragged.X)


def test_a_table_fixes_its_columns_and_a_list_does_not(quick: dict[str, Any]) -> None:
    model = SequenceClassifier(**quick).fit(pd.DataFrame(TABLE, columns=list("abcde")), LABELS)
    assert model.n_features_in_ == 5
    assert model.feature_names_in_.tolist() == list("abcde")
    with pytest.raises(ValueError, match="feature names should match"):
        model.predict(pd.DataFrame(TABLE, columns=list("abcdf")))
    assert len(model.predict([np.ones(2), np.ones(7)])) == 2
    model.fit(list(TABLE), LABELS)
    assert not hasattr(model, "n_features_in_")
    assert not hasattr(model, "feature_names_in_")


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (None, "requires y to be passed, but the target y is None"),
        ([0, 1], "X has 40 rows and y has 2"),
        ([1] * 40, "y has one class only, 1;"),
        (np.linspace(0, 1, 40), "Unknown label type: continuous"),
        ([np.nan, *[0.0, 1.0] * 19, 0.0], "Input y contains NaN"),
        (np.zeros((40, 2)), r"y should be a 1d array, got an array of shape \(40, 2\)"),
        ([1j] * 40, "Complex data not supported"),
    ],
)
def test_bad_labels(y: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message) as caught:
        SequenceClassifier().fit(TABLE, y)
    assert isinstance(caught.value, DataError)


@pytest.mark.parametrize(
    ("y", "message"),
    [
        ([np.inf, *[0.0] * 39], "Input y contains infinity"),
        ([1e300, *[0.0] * 39], "Input y contains infinity"),
        (["a"] * 40, "could not convert string to float"),
    ],
)
def test_bad_numbers(y: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message) as caught:
        SequenceRegressor().fit(TABLE, y)
    assert isinstance(caught.value, DataError)


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        (np.ones(3), r"sample_weight has shape \(3,\); expected one weight for each of the 40 rows"),
        (-np.ones(40), "sample_weight holds negative or missing values"),
        (np.full(40, np.nan), "sample_weight holds negative or missing values"),
        (np.zeros(40), "sample_weight is zero in every row"),
        (LABELS, "y has one class only, 1;"),
        (["a"] * 40, "could not convert string to float"),
    ],
)
def test_bad_weights(weights: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message) as caught:
        SequenceClassifier().fit(TABLE, LABELS, sample_weight=weights)
    assert isinstance(caught.value, DataError)
