"""The figure by training data: where points and bars stand, and what it says in words."""

import re
from dataclasses import replace
from itertools import pairwise
from xml.etree import ElementTree

import pytest

from gatewise.comparison.curve import CurvePoint, Estimate
from gatewise.metrics import METRICS
from gatewise.report.figures.curve_by_data import Quantity, curve_by_data_figure
from gatewise.report.metric_text import MetricText

COLOURS = {"gru": "arm-0", "lstm": "arm-1", "rnn": "arm-2"}
ACCURACY = MetricText(METRICS["accuracy"], 0.01)


def point(fraction: float, *, interval: bool = True, arms: tuple[str, ...] = ("gru", "lstm"), rows: int = 1000) -> CurvePoint:
    def estimate(mean: float) -> Estimate:
        return Estimate(mean, (mean - 0.02 / fraction**0.5, mean + 0.02 / fraction**0.5) if interval else None)

    scores = {name: estimate(0.9 - 0.1 / fraction**0.5 / 3 - 0.01 * place) for place, name in enumerate(arms)}
    gaps = {name: estimate(0.1 / fraction**0.5) for name in arms}
    differences = {name: estimate(0.01 * (place + 1)) for place, name in enumerate(arms[1:])}
    return CurvePoint(fraction, round(fraction * rows), 5, scores, gaps, differences)


POINTS = [point(fraction) for fraction in (0.1, 0.25, 0.5, 1.0)]


def attributes(figure: str, css: str, name: str) -> list[float]:
    elements = re.findall(rf'<[a-z]+ [^>]*class="{css}"[^>]*>', figure)
    return [float(re.search(rf'\b{name}="([-\d.]+)%?"', element)[1]) for element in elements]  # type: ignore[index]


@pytest.mark.parametrize("quantity", ["scores", "gaps", "differences"])
def test_every_point_has_its_dot_and_its_bar(quantity: Quantity) -> None:
    figure = curve_by_data_figure(POINTS, COLOURS, ACCURACY, quantity)
    ElementTree.fromstring(figure)
    arms = ("arm-1",) if quantity == "differences" else ("arm-0", "arm-1")
    for colour in ("arm-0", "arm-1"):
        expected = 4 if colour in arms else 0
        assert len(attributes(figure, f"fill {colour}", "cx")) == expected
        assert len(attributes(figure, f"faint {colour}", "x")) == expected
    assert figure.count('class="zero"') == (0 if quantity == "scores" else 1)
    assert f'id="by-data-{quantity}-title"' in figure


def test_each_doubling_of_the_rows_takes_the_same_room() -> None:
    points = [point(fraction) for fraction in (0.125, 0.25, 0.5, 1.0)]
    places = attributes(curve_by_data_figure(points, COLOURS, ACCURACY, "scores"), "fill arm-0", "cx")
    steps = [after - before for before, after in pairwise(places)]
    assert steps == pytest.approx([steps[0]] * 3, abs=0.05)


def test_bars_of_the_arms_stand_side_by_side_around_their_dots() -> None:
    figure = curve_by_data_figure(POINTS, COLOURS, ACCURACY, "scores")
    first, second = (attributes(figure, f"faint {colour}", "x") for colour in ("arm-0", "arm-1"))
    width = attributes(figure, "faint arm-0", "width")[0]
    assert all(one + width < other for one, other in zip(first, second, strict=True))
    dots = attributes(figure, "fill arm-0", "cy")
    tops, heights = attributes(figure, "faint arm-0", "y"), attributes(figure, "faint arm-0", "height")
    assert all(top + height / 2 == pytest.approx(dot, abs=0.2) for dot, top, height in zip(dots, tops, heights, strict=True))
    assert heights == sorted(heights, reverse=True)


def test_a_point_without_an_interval_has_no_bar() -> None:
    figure = curve_by_data_figure([point(0.5, interval=False), point(1.0)], COLOURS, ACCURACY, "scores")
    assert len(attributes(figure, "fill arm-0", "cx")) == 2
    assert len(attributes(figure, "faint arm-0", "x")) == 1


def test_a_single_point_is_drawn() -> None:
    figure = curve_by_data_figure([point(1.0, interval=False)], COLOURS, ACCURACY, "scores")
    ElementTree.fromstring(figure)
    assert "nan" not in figure and "inf" not in figure
    assert len(attributes(figure, "fill arm-0", "cx")) == 1


def test_row_labels_do_not_run_into_each_other() -> None:
    points = [point(fraction / 10, rows=10_000) for fraction in range(1, 11)]
    figure = curve_by_data_figure(points, COLOURS, ACCURACY, "scores")
    labels = re.findall(r'<text x="([\d.]+)%" y="258" class="tick middle">([\d,]+)<', figure)
    places = [float(place) for place, _ in labels]
    assert labels[0][1] == "10,000"
    assert all(before - after >= 14 for before, after in pairwise(places))
    assert len(attributes(figure, "fill arm-0", "cx")) == 10


def test_three_arms_have_two_differences() -> None:
    points = [point(fraction, arms=("gru", "lstm", "rnn")) for fraction in (0.5, 1.0)]
    figure = curve_by_data_figure(points, COLOURS, ACCURACY, "differences")
    assert "lead of GRU over the other" in figure
    assert "over LSTM" in figure and "over RNN" in figure and "against GRU" not in figure


@pytest.mark.parametrize(
    ("metric", "quantity", "words"),
    [
        ("accuracy", "scores", ["GRU: ", "86.7% (84.7% to 88.7%) with 1,000 rows", "100 rows", "test accuracy"]),
        (
            "accuracy",
            "differences",
            ["over LSTM: ", "+1.0 points (−1.0 to +3.0 points) with 1,000 rows", "accuracy in points, lead of GRU"],
        ),
        ("mase", "gaps", ["GRU: ", "+0.10", "MASE, test minus train"]),
        ("mase", "differences", ["over LSTM: +0.01", "test MASE, lead of GRU over the other"]),
    ],
)
def test_the_figure_says_in_words_what_it_shows(metric: str, quantity: Quantity, words: list[str]) -> None:
    figure = curve_by_data_figure(POINTS, COLOURS, MetricText(METRICS[metric], 0.01), quantity)
    assert all(word in figure for word in words), figure
    assert ("points" in figure) == (metric == "accuracy" and quantity == "differences")


def test_intervals_far_wider_than_the_means_are_apart_do_not_flatten_them() -> None:
    wide = Estimate(0.85, (-3.0, 4.0))
    points = [replace(one, scores={**one.scores, "lstm": wide}) for one in POINTS]
    figure = curve_by_data_figure(points, COLOURS, ACCURACY, "scores")
    dots = attributes(figure, "fill arm-0", "cy")
    assert max(dots) - min(dots) > 40
    tops, heights = attributes(figure, "faint arm-1", "y"), attributes(figure, "faint arm-1", "height")
    assert min(tops) >= 30 and max(top + height for top, height in zip(tops, heights, strict=True)) <= 240
