"""What splits and baselines share of a data set changes nothing but the time, and is found out once."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from gatewise.data.dataset.shared_rows import SharedRows, by_row
from gatewise.data.dataset.splits import make_split
from gatewise.data.encoding.prepared import prepare
from gatewise.data.sources import open_source
from gatewise.records import Config
from gatewise.tasks import traits_of
from gatewise.training.baselines import BASELINES
from gatewise.training.baselines.choice import baselines_for
from gatewise.training.baselines.terms import KnownTerms, count_terms
from gatewise.training.baselines.tfidf import words_and_pairs
from gatewise.training.trainer import Trainer

SOURCES = (
    "builtin:reviews?rows=200",
    "builtin:temporal-order?rows=200",
    "builtin:adding?rows=200",
    "builtin:chords",
    "builtin:seasonal",
)


def test_a_row_is_looked_at_once_for_all_splits() -> None:
    asked: list[int] = []

    def squares(values: Sequence[Any]) -> Any:
        asked.append(len(values))
        return np.array([value * value for value in values])

    found: dict[Any, Any] = {}
    whole = [3, 1, 2]
    assert by_row(SharedRows(whole, np.array([2, 0]), found), squares).tolist() == [4, 9]
    assert by_row(SharedRows(whole, np.array([1]), found), squares).tolist() == [1]
    assert by_row([5], squares).tolist() == [25]
    assert asked == [3, 1]


def test_shared_rows_are_a_sequence() -> None:
    rows = SharedRows("abcd", np.array([3, 0, 2]), {})
    assert list(rows) == ["d", "a", "c"]
    assert rows[1] == "a"
    assert rows[-1] == "c"
    assert list(rows[1:]) == ["a", "c"]
    assert list(rows.select(np.array([2, 0]))) == ["c", "d"]
    with pytest.raises(IndexError):
        rows[3]


@pytest.mark.parametrize("source", SOURCES)
def test_every_baseline_says_the_same_with_shared_rows(source: str) -> None:
    dataset = open_source(source)
    config = Config(source, metric=traits_of(dataset.task).metric)
    trainer = Trainer(config, dataset, prepare(dataset))
    # Two splits in turn: what the first one left must not reach the second.
    for number in (0, 1, 0):
        split = make_split(dataset, number, config.seed)
        for name in baselines_for(dataset):
            if name not in BASELINES:
                continue
            said = []
            for shared, inputs in ((False, trainer.prepared.inputs), (True, trainer.prepared.shared)):
                model = trainer.fit_baseline(BASELINES[name], split.train, split.validation, shared=shared)
                said.append([model.predict(inputs(rows)) for rows in (split.train, split.validation, split.test)])
            for alone, together in zip(*said, strict=True):
                np.testing.assert_array_equal(together, alone, err_msg=name)


def test_terms_that_no_shared_row_has_are_counted_as_missing() -> None:
    rows = SharedRows([["a", "b"], ["b"]], np.array([1, 0]), {})
    assert count_terms(rows, words_and_pairs).terms.names.tolist() == ["a", "a b", "b"]
    assert KnownTerms(words_and_pairs, ("a", "never")).count(rows).toarray().tolist() == [[0, 0], [1, 0]]
    assert KnownTerms(words_and_pairs, ("a", "b")).count(rows).toarray().tolist() == [[0, 1], [1, 1]]


def test_a_model_looks_its_terms_up_once_and_not_in_every_prediction(monkeypatch: pytest.MonkeyPatch) -> None:
    from sklearn.feature_extraction import text

    dataset = open_source("builtin:reviews?rows=200")
    trainer = Trainer(Config("", metric="accuracy"), dataset, prepare(dataset))
    split = make_split(dataset, 0, 0)
    for name in ("tfidf_logistic", "nbsvm"):
        model = trainer.fit_baseline(BASELINES[name], split.train, split.validation)
        row = trainer.prepared.inputs(split.test[:1])
        expected = model.predict(row)
        with monkeypatch.context() as patch:
            patch.delattr(text, "CountVectorizer")
            np.testing.assert_array_equal(model.predict(row), expected)
