"""How numbers are written."""

import pytest

from gatewise.report.numbers import bytes_text, count, duration, milliseconds, number, percent, rough_duration, significant, span


def test_percentages() -> None:
    assert percent(0.7741) == "77.4%"
    assert percent(0.5, 0) == "50%"
    assert percent(float("nan")) == "–"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (12.345, "12.3 ms"),
        (0.41234, "0.412 ms"),
        (1234.5, "1,230 ms"),
        (9.9996, "10.0 ms"),
        (0.0, "0 ms"),
        (0.00002, "0.0000200 ms"),
    ],
)
def test_milliseconds_have_three_significant_digits(value: float, text: str) -> None:
    assert milliseconds(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0 B"), (999, "999 B"), (1500, "1.50 kB"), (999_600, "1.00 MB"), (5_651_234, "5.65 MB"), (16_777_216_000, "16.8 GB")],
)
def test_bytes(value: int, text: str) -> None:
    assert bytes_text(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.44, "0.4 s"),
        (9.96, "10 s"),
        (59.96, "1 min"),
        (581, "9 min 41 s"),
        (600, "10 min"),
        (3720, "1 h 02 min"),
        (7199.8, "2 h"),
    ],
)
def test_durations(value: float, text: str) -> None:
    assert duration(value) == text


def test_counts_and_significant_digits() -> None:
    assert count(10_662) == "10,662"
    assert significant(0.000012345, 2) == "0.000012"
    assert significant(float("nan")) == "–"
    assert significant(-1234.5) == "−1,230"


@pytest.mark.parametrize(
    ("value", "text"), [(17.5, "17.5"), (0, "0"), (-4.08, "−4.08"), (98_400.0, "98,400"), (30, "30"), (1 / 3, "0.333333")]
)
def test_values_from_the_data(value: float, text: str) -> None:
    assert number(value) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(604_800, "7 days"), (86_400, "24 h"), (3600, "1 h"), (900, "15 min"), (0.025, "25 ms"), (1, "1.0 s"), (129_600, "36 h")],
)
def test_time_that_steps_cover(seconds: float, text: str) -> None:
    assert span(seconds) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.2, "1 s"), (7.4, "7 s"), (47, "50 s"), (88, "90 s"), (97, "2 min"), (259, "4 min"), (3580, "1 h"), (5000, "1 h 25 min")],
)
def test_estimated_times_are_no_finer_than_they_are_known(value: float, text: str) -> None:
    assert rough_duration(value) == text
