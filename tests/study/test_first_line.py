"""The line that says at the start of a run what was read."""

from dataclasses import replace

import pytest

from gatewise.records import Profile
from gatewise.study.run import _in_one_line

PROFILE = Profile("a", "series", 40, {}, 2, 5.0, 9.0, 9, 0, 8, None, "f")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"task": "regression", "outputs": {"y": (0.0, 1.0, 2.0)}}, "40 rows, 1 number to predict, 2 to 9 steps"),
        ({"task": "next_step"}, "40 rows, next steps of 8 channels, 2 to 9 steps"),
        ({"classes": {"a": 30, "b": 10}, "repeated_rows": 1}, "2 classes of 25% to 75%"),
        ({"repeated_rows": 1}, "1 row repeats an earlier one."),
        ({"repeated_rows": 2}, "2 rows repeat an earlier one."),
    ],
)
def test_counts_and_what_is_predicted_are_said_in_good_grammar(changes: dict[str, object], words: str) -> None:
    assert words in _in_one_line(replace(PROFILE, **changes))  # type: ignore[arg-type]
