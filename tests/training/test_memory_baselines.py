"""The built-in tests of memory ask for memory: the linear baseline, which sees means of parts, first and last steps, fails.

What is solved is what docs/known_answers.md calls so; a guess that needs no memory is stated in each generator's docstring.
"""

import pytest

from gatewise.comparison.plan import arms_of
from gatewise.data.sources import open_source
from gatewise.records import Config
from gatewise.study.units import Unit
from gatewise.study.work import Workload


def baseline_score(source: str, name: str, metric: str | None = None) -> float:
    workload = Workload(Config(source, metric=metric), open_source(source), arms_of(("gru", "lstm")))
    score = workload.run(Unit("baseline", name, 0)).test_score
    assert score is not None
    return score


@pytest.mark.parametrize(
    ("source", "most"),
    [
        ("builtin:temporal-order?length=10", 0.33),
        ("builtin:temporal-order?length=50", 0.33),
        ("builtin:parity?length=10", 0.6),
        ("builtin:parity?length=50", 0.6),
        ("builtin:counting?length=20", 0.6),
        ("builtin:counting?length=50", 0.6),
        ("builtin:dyck1?length=20", 0.6),
        ("builtin:dyck1?length=50", 0.6),
        ("builtin:dyck2?length=20", 0.6),
        # The most frequent symbol, and the value of any pair, are right in 29% and 32.5%.
        ("builtin:copy?delay=5&rows=1200", 0.4),
        ("builtin:recall?rows=1200", 0.42),
    ],
)
def test_the_linear_baseline_solves_none(source: str, most: float) -> None:
    assert baseline_score(source, "linear_features") < most


def test_the_linear_baseline_does_not_add() -> None:
    assert baseline_score("builtin:adding", "ridge_features", "mse") > 0.8 / 6, "always saying 1 has 1/6"
