"""What came out of a comparison, as one of five answers."""

from types import SimpleNamespace

import pytest

from gatewise.advice.outcomes import ANSWERS, answers, outcome_of, way_to_perfect
from gatewise.records import Arm, Difference, ScoreSummary


def test_answers_add_up_to_one() -> None:
    for little in (False, True):
        for cells in (None, (0.2, 0.5, 0.3), (0.1, 0.2, 0.3)):
            for rival in (None, (0.6, 0.3, 0.1)):
                found = answers(cells, rival, little=little, cheap=False)
                assert set(found) == set(ANSWERS)
                assert sum(found.values()) == pytest.approx(1.0)


def test_a_baseline_that_leads_leaves_less_to_the_cells() -> None:
    assert answers((1.0, 0.0, 0.0), None, little=False, cheap=False)["first"] == 1.0
    found = answers((1.0, 0.0, 0.0), (0.8, 0.2, 0.0), little=False, cheap=False)
    assert found["baseline"] == pytest.approx(0.8)
    assert found["first"] == pytest.approx(0.2)
    # Where little is learned a baseline that is as good speaks against both cells, too.
    assert answers((1.0, 0.0, 0.0), (0.8, 0.2, 0.0), little=True, cheap=False)["neither"] == pytest.approx(1.0)


def test_a_baseline_that_is_as_good_counts_where_it_is_far_cheaper() -> None:
    as_good = (0.1, 0.8, 0.1)
    assert answers((0.5, 0.5, 0.0), as_good, little=False, cheap=True)["baseline"] == pytest.approx(0.9)
    assert answers((0.5, 0.5, 0.0), as_good, little=False, cheap=False)["baseline"] == pytest.approx(0.1)


@pytest.mark.parametrize(
    ("metric", "score", "simplest", "way"),
    [
        ("accuracy", 0.75, 0.5, 0.5),
        ("accuracy", 0.25, 0.5, -0.5),
        ("mase", 0.5, 1.0, 0.5),
        ("mase", 2.0, 1.0, -1.0),
        ("accuracy", 1.0, 1.0, 0.0),
    ],
)
def test_the_way_to_a_perfect_score(metric: str, score: float, simplest: float, way: float) -> None:
    assert way_to_perfect(metric, score, simplest) == pytest.approx(way)


@pytest.mark.parametrize(("p_baseline", "decision"), [(0.01, "equivalent"), (0.6, "undecided")])
def test_a_decision_between_cells_leaves_the_baseline_open(p_baseline: float, decision: str) -> None:
    """A run ends once its cells are decided between, however a baseline stands to them."""
    verdict = SimpleNamespace(
        decision="equivalent",
        comparisons=(_difference("gru", "lstm", 0.01, 0.98, 0.01), _difference("nbsvm", "gru", p_baseline, 1 - p_baseline, 0.0)),
        costs={"gru": None, "lstm": None},
        scores={
            name: ScoreSummary(mean, 0.01, 9)
            for name, mean in {"gru": 0.80, "lstm": 0.80, "majority": 0.5, "nbsvm": 0.82}.items()
        },
        replicates=9,
    )
    arms = tuple(Arm(name, name, index, 64) for index, name in enumerate(("gru", "lstm")))
    comparison = SimpleNamespace(arms=arms, baselines=("majority", "nbsvm"), metric="accuracy", costs={}, baseline_costs={})
    found = outcome_of(comparison, verdict)  # type: ignore[arg-type]
    assert found.decision == decision
    assert found.probabilities["baseline"] == pytest.approx(p_baseline)
    assert found.probabilities["equivalent"] == pytest.approx(1 - p_baseline)
    assert found.probabilities["first"] == 0.0


def _difference(first: str, second: str, p_first: float, p_equivalent: float, p_second: float) -> Difference:
    return Difference(first, second, 0.0, (0.0, 0.0), (0.0, 0.0), p_first, p_equivalent, p_second, 9, "undecided")
