"""How scores and differences of each metric are written."""

from dataclasses import replace

import pytest

from gatewise.metrics import METRICS
from gatewise.records import Difference, ScoreSummary
from gatewise.report.metric_text import MetricText

ACCURACY = MetricText(METRICS["accuracy"], 0.01)
MASE = MetricText(METRICS["mase"], 0.0213)
R2 = MetricText(METRICS["r2"], 0.01)


def _difference(replicates: int) -> Difference:
    return Difference("gru", "lstm", 0.004, (-0.003, 0.011), (-0.02, 0.03), 0.2, 0.7, 0.1, replicates, "undecided")


def test_accuracies_are_in_percent_and_points() -> None:
    assert ACCURACY.value(0.7741) == "77.4%"
    assert ACCURACY.value(0.7741, fine=True) == "77.41%"
    assert ACCURACY.difference(0.0041) == "+0.4 points"
    assert ACCURACY.difference(-0.0041) == "−0.4 points"
    assert ACCURACY.difference(-0.0001) == "+0.0 points"
    assert ACCURACY.difference(0.0041, unit=False) == "+0.4"
    assert ACCURACY.size(-0.0041) == "0.4 points"
    assert ACCURACY.band() == "±1.0 points"
    assert ACCURACY.summary(ScoreSummary(0.7741, 0.0061, 12)) == "77.4% ± 0.6"


def test_other_metrics_are_in_their_own_units_to_a_tenth_of_the_margin() -> None:
    assert MASE.value(0.83121) == "0.831"
    assert MASE.difference(-0.0123) == "−0.012"
    assert MASE.band() == "±0.021"
    assert MASE.summary(ScoreSummary(0.8312, 0.0093, 12)) == "0.831 ± 0.009"
    assert MetricText(METRICS["mae"], 248.0).summary(ScoreSummary(12_410.4, 118.7, 3)) == "12,410 ± 119"
    assert R2.value(-0.1234) == "−0.123"
    assert MASE.value(float("nan")) == "–"


def test_an_interval_takes_three_replicates_or_a_decision() -> None:
    assert ACCURACY.interval(_difference(3)) == "−0.3 to +1.1 points"
    assert MASE.interval(_difference(3)) == "−0.003 to +0.011"
    assert ACCURACY.interval(replace(_difference(2), conclusion="undecided")) == "not known yet"
    assert ACCURACY.interval(replace(_difference(2), conclusion="first")) == "−0.3 to +1.1 points"


def test_the_leader_stands_first() -> None:
    behind = replace(_difference(3), mean=-0.034)
    assert ACCURACY.leads(behind) == "LSTM leads GRU by 3.4 points"
    assert MASE.leads(behind) == "LSTM leads GRU by 0.034"


@pytest.mark.parametrize(
    ("say", "axis", "versus", "gap", "differences"),
    [
        (ACCURACY, "test accuracy", "lead of GRU over LSTM", "train minus test", "lead in test accuracy, points"),
        (R2, "test R²", "lead of GRU over LSTM", "train minus test", "lead in test R²"),
        (MASE, "test MASE, lower is better", "lead of GRU over LSTM", "test minus train", "lead in test MASE"),
    ],
)
def test_words_follow_the_way_of_the_metric(say: MetricText, axis: str, versus: str, gap: str, differences: str) -> None:
    assert (say.axis("test"), say.versus("gru", "lstm")) == (axis, versus)
    assert (say.ahead_on_training(), say.difference_axis()) == (gap, differences)
