"""Scales and places in the figures."""

import re

import pytest

from gatewise.records import Difference
from gatewise.report.figures.difference import difference_figure, probability_figure
from gatewise.report.figures.strips import Strip, strips_figure
from gatewise.report.figures.svg import Drawing, Scale, decimals_for


def _difference(mean: float = 0.004, ci95: tuple[float, float] = (-0.003, 0.011)) -> Difference:
    return Difference("gru", "lstm", mean, ci95, ci95, 0.2, 0.7, 0.1, 3, "undecided")


def _percent(figure: str, css: str, attribute: str) -> list[float]:
    elements = re.findall(rf'<[a-z]+ [^>]*class="{css}"[^>]*>', figure)
    return [float(re.search(rf'\b{attribute}="([-\d.]+)%"', element)[1]) for element in elements]  # type: ignore[index]


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0.0, 1.0, [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]),
        (0.741, 0.784, [0.75, 0.76, 0.77, 0.78]),
        (-0.021, 0.021, [-0.02, -0.01, 0.0, 0.01, 0.02]),
    ],
)
def test_ticks_are_round_and_inside(low: float, high: float, expected: list[float]) -> None:
    assert Scale(low, high).ticks() == pytest.approx(expected)


def test_tick_labels_have_the_decimals_that_tell_them_apart() -> None:
    assert decimals_for([0.1, 0.2]) == 0
    assert decimals_for([0.75, 0.76]) == 0
    assert decimals_for([0.75, 0.755]) == 1
    assert decimals_for([0.75, 0.7502]) == 2
    assert decimals_for([0.75]) == 0


def test_a_scale_maps_its_ends() -> None:
    upwards = Scale(0.5, 1.0, 240, 30)
    assert (upwards(0.5), upwards(1.0), upwards(0.75)) == (240, 30, 135)


def test_pairs_stand_where_their_difference_is() -> None:
    figure = difference_figure(_difference(), [-0.02, 0.0, 0.02], 0.01)
    left, middle, right = _percent(figure, "pair", "cx")
    assert middle == 50
    assert left + right == pytest.approx(100)
    band_left, band_width = _percent(figure, "band", "x")[0], _percent(figure, "band", "width")[0]
    assert band_left + band_width / 2 == pytest.approx(50, abs=0.02)
    assert band_width / 2 == pytest.approx((right - 50) / 2, abs=0.02)


def test_equal_differences_are_stacked_not_hidden() -> None:
    figure = difference_figure(_difference(), [0.005] * 4, 0.01)
    heights = re.findall(r'<circle [^>]*cy="([\d.]+)"', figure)
    assert len(set(heights)) == 4


def test_a_boundless_interval_is_cut_and_marked() -> None:
    figure = difference_figure(_difference(ci95=(-1.0, 1.0)), [0.004], 0.01)
    assert _percent(figure, "interval", "x1") == [0] and _percent(figure, "interval", "x2") == [100]
    assert figure.count("◂") == 2 and figure.count("▸") == 2
    whole = difference_figure(_difference(), [0.004], 0.01)
    assert whole.count("◂") == 1 and whole.count("▸") == 1


def test_probabilities_share_the_whole_bar() -> None:
    figure = probability_figure(_difference(), ("arm-0", "arm-1"))
    widths = [_percent(figure, f"fill {colour}", "width")[0] for colour in ("arm-0", "equal", "arm-1")]
    assert widths == pytest.approx([20, 70, 10])


def test_a_row_far_off_does_not_stretch_the_scale() -> None:
    rows = [Strip("GRU", "arm-0", (0.77, 0.78), 0.775, ""), Strip("majority", "baseline", (0.5,), 0.5, "", sets_scale=False)]
    figure = strips_figure("strips", rows, title="t", axis="a")
    assert "◂ off the scale" in figure
    assert _percent(figure, "faint arm-0", "cx") == pytest.approx([3.7, 96.3], abs=0.1)
    assert _percent(figure, "faint baseline", "cx") == []


def test_text_in_drawings_is_escaped() -> None:
    drawing = Drawing("d", height=10, title="<b>&", description='"')
    drawing.text(0, 0, "</svg>")
    assert "<b>" not in drawing.markup() and drawing.markup().count("</svg>") == 1
