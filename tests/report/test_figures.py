"""Scales and places in the figures."""

import re
from dataclasses import replace

import pytest

from gatewise.metrics import METRICS
from gatewise.records import Arm, Difference
from gatewise.report.figures.axes import upright
from gatewise.report.figures.difference import difference_figure, probability_figure
from gatewise.report.figures.strips import Strip, strips_figure
from gatewise.report.figures.svg import Drawing, Scale, padded
from gatewise.report.metric_text import MetricText
from gatewise.titles import Titles

ACCURACY = MetricText(METRICS["accuracy"], 0.01)
MASE = MetricText(METRICS["mase"], 0.0213)


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


@pytest.mark.parametrize(
    ("say", "low", "high", "expected"),
    [
        (ACCURACY, 0.1, 0.5, ["10%", "20%", "30%", "40%", "50%"]),
        (ACCURACY, 0.75, 0.761, ["75.0%", "75.5%", "76.0%"]),
        (MASE, 0.78, 0.86, ["0.78", "0.80", "0.82", "0.84", "0.86"]),
        (MASE, 8000, 9000, ["8,000", "8,200", "8,400", "8,600", "8,800", "9,000"]),
        (MASE, -1.0, 0.5, ["−1.0", "−0.5", "0.0", "0.5"]),
    ],
)
def test_tick_labels_have_the_decimals_that_tell_them_apart(
    say: MetricText, low: float, high: float, expected: list[str]
) -> None:
    scale = Scale(low, high)
    assert [say.tick(tick, scale.step()) for tick in scale.ticks()] == expected


@pytest.mark.parametrize("values", [[0.5, 0.5], [0.0], [15_000.0] * 3, [-3.0]])
def test_equal_values_have_room_beside_them(values: list[float]) -> None:
    low, high = padded(values, 0.06)
    assert low < values[0] < high
    assert Scale(low, high).ticks()


def test_an_axis_has_room_for_its_numbers_and_breaks_a_long_name() -> None:
    def figure(values: list[float], label: str) -> str:
        return upright("f", values, MASE.tick, title="t", description="d", label=label)[0].markup()

    rooms = [int(re.search(r"--left:(\d+)px", figure(values, "a"))[1]) for values in ([0.1, 0.5], [1e6, 2e6])]  # type: ignore[index]
    assert rooms[1] > rooms[0] + 30
    long = figure([0.1, 0.5], "validation negative log-likelihood a step, lower is better")
    assert ">validation negative log-likelihood a step,<" in long and ">lower is better<" in long


def test_a_scale_maps_its_ends() -> None:
    upwards = Scale(0.5, 1.0, 240, 30)
    assert (upwards(0.5), upwards(1.0), upwards(0.75)) == (240, 30, 135)


def test_replicates_stand_where_their_difference_is() -> None:
    figure = difference_figure(_difference(), [-0.02, 0.0, 0.02], ACCURACY)
    left, middle, right = _percent(figure, "replicate", "cx")
    assert middle == 50
    assert left + right == pytest.approx(100)
    band_left, band_width = _percent(figure, "band", "x")[0], _percent(figure, "band", "width")[0]
    assert band_left + band_width / 2 == pytest.approx(50, abs=0.02)
    assert band_width / 2 == pytest.approx((right - 50) / 2, abs=0.02)


def test_equal_differences_are_stacked_not_hidden() -> None:
    figure = difference_figure(_difference(), [0.005] * 4, ACCURACY)
    heights = re.findall(r'<circle [^>]*cy="([\d.]+)"', figure)
    assert len(set(heights)) == 4


def test_a_boundless_interval_is_cut_and_marked() -> None:
    figure = difference_figure(_difference(ci95=(-1.0, 1.0)), [0.004], ACCURACY)
    assert _percent(figure, "interval", "x1") == [0] and _percent(figure, "interval", "x2") == [100]
    assert figure.count("◂") == 2 and figure.count("▸") == 2
    whole = difference_figure(_difference(), [0.004], ACCURACY)
    assert whole.count("◂") == 1 and whole.count("▸") == 1


def test_probabilities_share_the_whole_bar() -> None:
    figure = probability_figure(_difference(), ("arm-0", "arm-1"), Titles())
    widths = [_percent(figure, f"fill {colour}", "width")[0] for colour in ("arm-0", "equal", "arm-1")]
    assert widths == pytest.approx([20, 70, 10])


def test_a_row_far_off_does_not_stretch_the_scale() -> None:
    rows = [Strip("GRU", "arm-0", (0.77, 0.78), 0.775, ""), Strip("majority", "baseline", (0.5,), 0.5, "", sets_scale=False)]
    figure = strips_figure("strips", rows, ACCURACY, title="t", axis="a")
    assert "◂ off the scale" in figure
    assert _percent(figure, "faint arm-0", "cx") == pytest.approx([3.7, 96.3], abs=0.1)
    assert _percent(figure, "faint baseline", "cx") == []


def test_text_in_drawings_is_escaped() -> None:
    drawing = Drawing("d", height=10, title="<b>&", description='"')
    drawing.text(0, 0, "</svg>")
    assert "<b>" not in drawing.markup() and drawing.markup().count("</svg>") == 1


def test_a_long_name_and_its_numbers_stand_on_two_lines() -> None:
    def heights(name: str) -> list[str]:
        row = Strip(name, "arm-0", (8.1, 8.2), 8.15, "1,234,567 ± 12,345")
        return re.findall(r'y="(\d+)" class="label (?:strong|end) halo"', strips_figure("s", [row], MASE, title="t", axis="a"))

    assert len(set(heights("GRU"))) == 1
    assert len(set(heights("ridge regression on simple features"))) == 2


def test_differences_of_a_metric_without_percent_have_no_points() -> None:
    figure = difference_figure(_difference(0.031, (0.004, 0.058)), [0.02, 0.04], MASE)
    assert "points" not in figure and "%, " not in figure
    for words in ("lead in test MASE", "within ±0.021", "mean +0.031", "GRU better ▸", "◂ LSTM better", "+0.004 to +0.058"):
        assert words in figure
    assert min(_percent(figure, "replicate", "cx")) > 50


SIZES = {"min_gru": {"min_gru_h64": 64, "min_gru_h128": 128}, "min_lstm": {"min_lstm_h64": 64, "min_lstm_h256": 256}}


def test_long_names_of_the_sides_stand_on_two_lines() -> None:
    def sides(first: str, second: str) -> list[str]:
        named = Difference(first, second, 0.004, (-0.003, 0.011), (-0.003, 0.011), 0.2, 0.7, 0.1, 3, "undecided")
        arms = tuple(Arm(name, cell, 0, size) for cell, sizes in SIZES.items() for name, size in sizes.items())
        say = replace(ACCURACY, title=Titles(arms))
        return re.findall(r'y="(\d+)"[^>]*>(?:◂ )?[^<]* better(?: ▸)?<', difference_figure(named, [0.004], say))

    assert len(set(sides("gru", "lstm"))) == 1
    assert len(set(sides("min_gru_h128", "min_lstm_h256"))) == 2
