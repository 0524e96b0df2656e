"""The family of `builtin:spans`: its answers are recomputed from its sequences alone."""

import numpy as np
import pytest

from gatewise.data.builtin.dataset import builtin_dataset
from gatewise.data.builtin.synthetic.spans import SPAN_RULES
from gatewise.errors import DataError
from tests.arrays import series_of


def answer(rule: str, sequence: np.ndarray, classes: int) -> int:
    symbols, marked = sequence[:, :classes].argmax(axis=1), sequence[:, classes] > 0.5
    chosen = symbols[marked]
    if rule == "difference":
        return int(chosen[0] - chosen[1]) % classes
    if rule == "majority":
        return int(np.bincount(chosen, minlength=classes).argmax())
    return int(chosen.sum()) % classes


@pytest.mark.parametrize("rule", [rule for rule in SPAN_RULES if rule != "surplus"])
@pytest.mark.parametrize(("length", "span", "classes"), [(30, 2, 2), (30, 17, 5), (12, 12, 3)])
def test_the_marked_symbols_decide(rule: str, length: int, span: int, classes: int) -> None:
    dataset = builtin_dataset(f"spans?rule={rule}&length={length}&span={span}&classes={classes}&rows=200", 3)
    assert dataset.channels == (*"ABCDEFGHI"[:classes], "marker")
    for sequence, target in zip(series_of(dataset), dataset.targets, strict=True):
        assert sequence.shape == (length, classes + 1)
        assert answer(rule, sequence, classes) == "ABCDEFGHI".index(dataset.classes[target])
        places = np.flatnonzero(sequence[:, -1])
        assert places.min() >= length - span
        if rule != "majority":
            assert places.min() == length - span
        assert len(places) == {"symbol": 1, "difference": 2, "sum": min(8, span), "majority": max(round(span / 2), 1)}[rule]


def test_a_surplus_shows_in_the_shares_of_the_symbols_and_nothing_is_marked() -> None:
    dataset = builtin_dataset("spans?rule=surplus&length=200&span=20&classes=3&rows=300", 0)
    shares = np.array([sequence.mean(axis=0) for sequence in series_of(dataset)])
    assert not shares[:, -1].any()
    right = np.array(["ABC".index(name) for name in dataset.classes])[dataset.targets] == shares[:, :3].argmax(axis=1)
    assert right.mean() > 0.85


def test_noise_is_in_percent_of_a_symbols_height() -> None:
    plain = series_of(builtin_dataset("spans?rows=200", 0))
    noisy = series_of(builtin_dataset("spans?rows=200&noise=40", 0))
    assert np.std(np.concatenate(noisy) - np.concatenate(plain)) == pytest.approx(0.4, rel=0.02)


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        ("spans?rule=sums", "rule is 'sums'; expected one of symbol, difference, sum, majority, surplus"),
        ("spans?length=20&span=21", "span is 21 where length is 20; expected a span of at most the length"),
        ("spans?span=1", "at least 2"),
        ("spans?classes=10", "from 2 to 9"),
    ],
)
def test_what_cannot_be_is_refused(request_: str, expected: str) -> None:
    with pytest.raises(DataError, match=expected):
        builtin_dataset(request_, 0)
