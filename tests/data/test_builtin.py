"""The generators' answers are recomputed from their sequences."""

import re

import numpy as np
import pytest

from gatewise.data.sources import open_source
from gatewise.errors import DataError
from gatewise.records import Dataset


def labels(dataset: Dataset) -> list[str]:
    return [dataset.classes[target] for target in dataset.targets]


def symbols(dataset: Dataset, row: int) -> str:
    return "".join(dataset.channels[code] for code in dataset.sequences[row].argmax(axis=1))


def test_adding() -> None:
    dataset = open_source("builtin:adding?length=20&rows=300")
    assert dataset.name == "adding"
    for sequence, label in zip(dataset.sequences, labels(dataset), strict=True):
        assert sequence.shape == (20, 2)
        marked = np.flatnonzero(sequence[:, 1])
        assert len(marked) == 2
        assert marked[0] < 10 <= marked[1]
        assert label == ("above 1" if sequence[marked, 0].sum() > 1 else "at most 1")


def test_temporal_order() -> None:
    dataset = open_source("builtin:temporal-order?length=30&rows=300")
    lengths = {len(sequence) for sequence in dataset.sequences}
    assert lengths == {30, 31, 32, 33}
    for row, label in enumerate(labels(dataset)):
        word = symbols(dataset, row)
        assert re.fullmatch(r"E[abcd]+([XY])[abcd]+([XY])[abcd]+B", word)
        assert re.sub("[^XY]", "", word) == label


def test_parity() -> None:
    dataset = open_source("builtin:parity?length=12&rows=200")
    for sequence, label in zip(dataset.sequences, labels(dataset), strict=True):
        assert sequence.shape == (12, 1)
        assert label == ("odd" if sequence.sum() % 2 else "even")


@pytest.mark.parametrize("length", [10, 11, 50])
def test_counting(length: int) -> None:
    dataset = open_source(f"builtin:counting?length={length}&rows=400")
    differences = set()
    for row, label in enumerate(labels(dataset)):
        word = symbols(dataset, row)
        assert len(word) == length
        assert re.fullmatch("a+b+", word.replace("c", ""))
        difference = word.count("a") - word.count("b")
        assert label == ("unequal" if difference else "equal")
        differences.add(difference)
    assert differences == {-2, -1, 0, 1, 2}
    assert np.bincount(dataset.targets).tolist() == [200, 200]


def test_digits() -> None:
    rows, pixels = open_source("builtin:digits"), open_source("builtin:digits-pixels")
    assert (rows.name, len(rows), rows.classes) == ("digits", 1797, tuple("0123456789"))
    assert rows.sequences[0].shape == (8, 8)
    assert pixels.sequences[0].shape == (64, 1)
    np.testing.assert_array_equal(rows.sequences[5].ravel(), pixels.sequences[5].ravel())
    assert max(sequence.max() for sequence in rows.sequences) == 1
    assert rows.targets[:10].tolist() == list(range(10))


@pytest.mark.parametrize("name", ["adding", "temporal-order", "parity", "counting"])
def test_seed_and_defaults(name: str) -> None:
    first, again, other = (open_source(f"builtin:{name}", seed=seed) for seed in (1, 1, 2))
    assert len(first) == 2000
    assert min(len(sequence) for sequence in first.sequences) == 50
    assert all(np.array_equal(one, two) for one, two in zip(first.sequences, again.sequences, strict=True))
    assert not all(np.array_equal(one, two) for one, two in zip(first.sequences, other.sequences, strict=True))
    assert np.bincount(first.targets).min() > 0.8 * 2000 / len(first.classes)
    assert "seed 1" in first.inferred[0]


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        ("ading", "no built-in data set 'ading'; there are: digits, .*Did you mean 'adding'"),
        ("", "there are: digits"),
        ("adding?lenght=9", "no option 'lenght'; there are: length, rows.*Did you mean 'length'"),
        ("adding?length=long", "length is 'long'; expected a whole number of at least 10"),
        ("adding?length=9", "at least 10"),
        ("parity?rows=-40", "at least 30"),
        ("parity?rows=", "rows is ''"),
        ("digits?rows=40", "takes no options"),
    ],
)
def test_bad_requests(request_: str, expected: str) -> None:
    with pytest.raises(DataError, match=expected):
        open_source(f"builtin:{request_}")
