"""Counts with their nouns, and the other parts that sentences share."""

import numpy as np
import pytest

from gatewise.wording import capitalised, counted, joined, probability, shown


@pytest.mark.parametrize(
    ("number", "words", "expected"),
    [
        (0, ("row",), "0 rows"),
        (1, ("row",), "1 row"),
        (10_662, ("row",), "10,662 rows"),
        (1, ("class", "classes"), "1 class"),
        (2, ("class", "classes"), "2 classes"),
        (1, ("row repeats", "rows repeat"), "1 row repeats"),
    ],
)
def test_one_is_singular_and_all_else_plural(number: int, words: tuple[str, ...], expected: str) -> None:
    assert counted(number, *words) == expected


def test_names_keep_their_letters_at_the_start_of_a_sentence() -> None:
    assert capitalised("lead of GRU over LSTM") == "Lead of GRU over LSTM"
    assert capitalised("") == ""


def test_lists_of_words() -> None:
    assert joined(["a"]) == "a"
    assert joined(["a", "b"]) == "a and b"
    assert joined(["a", "b", "c"], "or") == "a, b or c"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1.0, "over 99.9%"),
        (0.9988, "99.9%"),
        (0.99, "99%"),
        (0.5, "50%"),
        (0.01, "1%"),
        (0.004, "0.4%"),
        (0.0, "under 0.1%"),
    ],
)
def test_probabilities_never_claim_certainty(value: float, text: str) -> None:
    assert probability(value) == text


def test_a_value_is_repeated_in_one_line_whatever_it_is() -> None:
    assert shown("a\nb") == "'a\\nb'"
    assert shown(10**5000) == "of thousands of digits"
    assert shown(np.eye(2)) == "array([[1., 0.],        [0., 1.]])"
    assert len(shown("x" * 1000)) == 200
