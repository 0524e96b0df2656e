"""Time stamps in any spelling become whole steps, or a message says why they cannot."""

import datetime as dt
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from gatewise.data.dates.axis import TimeAxis, time_axis, time_text
from gatewise.data.dates.stamps import read_times
from gatewise.errors import DataError

HOURS = np.arange("2016-07-01", "2016-07-03", dtype="datetime64[h]")


def axis(times: Any, series: list[int] | None = None) -> TimeAxis:
    read = read_times(times, "when").values
    return time_axis(read, np.zeros(len(read), dtype=np.int64) if series is None else np.array(series), "when")


@pytest.mark.parametrize(
    "cells",
    [
        [f"{hour}".replace("T", " ") + ":00:00" for hour in HOURS],
        [f"{hour}:00" for hour in HOURS],
        [f"{hour}:00:00Z" for hour in HOURS],
        [f"{hour}:00+00:00" for hour in HOURS],
        [f" {hour}:00" for hour in HOURS],
        HOURS.tolist(),
        [time.replace(tzinfo=dt.UTC) for time in HOURS.tolist()],
        HOURS,
        HOURS.astype("datetime64[ns]"),
        pa.chunked_array([pa.array(HOURS.astype("datetime64[ms]"))]).to_pylist(),
    ],
    ids=["space", "T", "Z", "offset", "padded", "datetime", "zone", "numpy", "nanoseconds", "arrow"],
)
def test_every_spelling_of_a_time(cells: Any) -> None:
    read = read_times(cells, "when").values
    np.testing.assert_array_equal(read, HOURS.astype("datetime64[us]"))
    found = axis(cells)
    assert found.positions.tolist() == list(range(48))
    assert (found.step, found.season, found.step_seconds) == ("1 hour", 24, 3600.0)


def test_a_zone_that_changes_over_the_year_is_no_gap() -> None:
    cells = ["2024-03-31T00:30:00+01:00", "2024-03-31T01:30:00+01:00", "2024-03-31T03:30:00+02:00", "2024-03-31T04:30:00+02:00"]
    assert axis(cells).positions.tolist() == [0, 1, 2, 3]


def dates(start: str, end: str, unit: str = "D", step: int = 1) -> list[str]:
    return [str(time) for time in np.arange(start, end, step, dtype=f"datetime64[{unit}]")]


LAST_DAYS = [str(day - 1) for day in np.arange("2001-02", "2004-01", dtype="datetime64[M]").astype("datetime64[D]")]
WORKING = [str(day) for day in np.arange("2024-01-01", "2024-03-01", dtype="datetime64[D]") if np.is_busday(day)]


@pytest.mark.parametrize(
    ("cells", "step", "season", "seconds"),
    [
        (dates("2020-01-01", "2020-03-01"), "1 day", 7, 86400),
        (dates("2020-01-01", "2021-01-01", step=7), "1 week", 1, 604800),
        (dates("2020-01-01", "2021-01-01", step=28), "4 weeks", 1, 28 * 86400),
        (dates("2019-01", "2023-01", "M"), "1 month", 12, None),
        ([f"{month}-15" for month in dates("2019-01", "2023-01", "M")], "1 month", 12, None),
        (LAST_DAYS, "1 month", 12, None),
        (dates("2019-01", "2029-01", "M", 3), "3 months", 4, None),
        ([f"{year}-01-01" for year in range(1990, 2020)], "1 year", 1, None),
        (WORKING, "1 business day", 5, 86400),
        ([day.replace("-", "") for day in dates("2020-01-01", "2020-03-01")], "1 day", 7, 86400),
        (dates("2020-01-01T00:00", "2020-01-03T00:00", "m", 15), "15 minutes", 96, 900),
        (dates("2020-01-01T00:00", "2020-01-01T03:00", "m"), "1 minute", 1440, 60),
        (dates("2020-01-01T00", "2020-02-01T00", "h", 6), "6 hours", 4, 21600),
        (dates("2020-01-01T00", "2020-02-01T00", "h", 5), "5 hours", 1, 18000),
        (dates("2020-01-01T00:00:00", "2020-01-01T00:10:00", "s", 10), "10 seconds", 1, 10),
        ([str(year) for year in range(1900, 2000)], "1", 1, None),
        (np.arange(100) * 0.1, "0.1", 1, None),
        ([f"{number / 10}" for number in range(100)], "0.1", 1, None),
        (list(range(0, 1000, 5)), "5", 1, None),
    ],
)
def test_step_and_season(cells: Any, step: str, season: int, seconds: float | None) -> None:
    found = axis(cells)
    assert (found.step, found.season, found.step_seconds) == (step, season, seconds)
    assert found.positions.tolist() == list(range(len(cells)))


def test_gaps_keep_their_length() -> None:
    assert axis(np.delete(HOURS, [5, 6, 7, 30])).positions.tolist() == [n for n in range(48) if n not in (5, 6, 7, 30)]
    assert axis(["2019-01", "2019-02", "2019-05", "2019-06"]).positions.tolist() == [0, 1, 4, 5]
    holiday = [day for day in WORKING if day != "2024-01-10"]
    assert axis(holiday).positions.tolist() == [n for n in range(len(WORKING)) if n != 7]


def test_series_share_one_axis() -> None:
    times = np.concatenate([HOURS[10:20], HOURS[:5], HOURS[30:31]])
    assert axis(times, [0] * 10 + [1] * 5 + [2]).positions.tolist() == [*range(10, 20), *range(5), 30]
    full = HOURS[:4].astype("datetime64[m]")
    assert axis(np.concatenate([full, full + 30]), [0] * 4 + [1] * 4).positions.tolist() == [0, 1, 2, 3] * 2


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ([0, 1, 3, 7, 20, 21, 50], ["irregular", "makes up 33%", "leave out --time"]),
        ([*range(50), 50.4, 51.4], ["irregular", "1 of 51 differences", "between 49 and 50.4"]),
        (["2020-01-01", "2020-01-02", "2020-01-03", "2020-01-03T11:00"], ["irregular", "2020-01-03 11:00"]),
    ],
)
def test_irregular_times(cells: Any, expected: list[str]) -> None:
    with pytest.raises(DataError) as caught:
        axis(cells)
    for words in ["'when'", *expected]:
        assert words in str(caught.value)


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["2020-01-01", "7/1/2016 0:00"], "row 2 of the column 'when' is '7/1/2016 0:00', which is no time"),
        (["noon", "2020-01-01"], "row 1 of the column 'when' is 'noon', which is no time"),
        ([1, 2, None], "row 3 of the column 'when' has no time"),
        (["2020-01-01", None], "row 2 of the column 'when' has no time"),
        (["2020-01-01", " "], "row 2 of the column 'when' has no time"),
        (np.array([1.0, np.nan]), "row 2 of the column 'when' has no time"),
        (np.array(["2020-01-01", "NaT"], dtype="datetime64[D]"), "row 2 of the column 'when' has no time"),
        (["1", "two"], "row 2 of the column 'when' holds 'two', which is not a number"),
        ([1.0, float("inf")], "row 2 of the column 'when' has no time that is finite"),
        ([True, False], "row 1 of the column 'when' is True, which is no time"),
        ([[1], [2]], r"row 1 of the column 'when' is \[1\], which is no time"),
    ],
)
def test_cells_that_are_no_times(cells: Any, expected: str) -> None:
    with pytest.raises(DataError, match=expected):
        read_times(cells, "when")


def test_numbers_that_spell_no_date_stay_numbers() -> None:
    assert read_times([20200230, 20200301], "when").values.dtype == np.float64
    spelled = read_times([20200228, 20200229], "when").values.astype("datetime64[D]")
    assert spelled.tolist() == [dt.date(2020, 2, 28), dt.date(2020, 2, 29)]


def test_a_million_times_are_quick_to_read() -> None:
    cells = [str(time) for time in np.arange(1_000_000).astype("datetime64[m]")]
    assert axis(cells).positions[-1] == 999_999


@pytest.mark.parametrize(
    ("times", "following"),
    [
        (["2024-01-01 00:00", "2024-01-01 06:00", "2024-01-01 12:00"], ["2024-01-01 18:00", "2024-01-02", "2024-01-02 06:00"]),
        (["2023-11-15", "2023-12-15", "2024-01-15"], ["2024-02-15", "2024-03-15", "2024-04-15"]),
        (["2023-10-31", "2023-11-30", "2023-12-31"], ["2024-01-31", "2024-02-29", "2024-03-31"]),
        (["2022-12-31", "2023-03-31", "2023-06-30", "2023-09-30"], ["2023-12-31", "2024-03-31", "2024-06-30"]),
        (
            ["2024-01-02", "2024-01-03", "2024-01-04", "2024-01-05", "2024-01-08", "2024-01-09", "2024-01-10", "2024-01-11"],
            ["2024-01-12", "2024-01-15", "2024-01-16"],
        ),
        ([0.5, 1.0, 1.5], ["2", "2.5", "3"]),
    ],
    ids=["hours", "months", "ends of months", "ends of quarters", "business days", "numbers"],
)
def test_the_times_that_follow(times: list[Any], following: list[str]) -> None:
    read = read_times(times, "when").values
    spacing = axis(times).spacing
    assert spacing is not None
    assert [time_text(time) for time in spacing.after(read[-1], 3)] == following
