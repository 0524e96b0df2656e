"""Counts with their nouns, and the other parts that sentences share."""

import pytest

from gatewise.wording import counted


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
