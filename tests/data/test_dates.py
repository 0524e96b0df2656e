"""Dates in the spellings that people and programs use become the same times, fast, or a message says what is in doubt."""

import datetime as dt
import time
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from gatewise.data.dates.formats import check_format, formats_of, parse_dates
from gatewise.data.dates.stamps import Times, is_written, read_times
from gatewise.data.values.arrow_cells import ArrowCells
from gatewise.errors import DataError, OptionError

DAYS = [dt.datetime(2021, 3, 28, 13, 5, 9) + dt.timedelta(days=row) for row in range(40)]
EXPECTED = np.array(DAYS, dtype="datetime64[us]")


def written(format: str, moments: list[dt.datetime] = DAYS) -> list[str]:
    return [moment.strftime(format) for moment in moments]


def bare(text: str) -> str:
    """Without zeros in front: 4/10/2021."""
    return "/".join(part.lstrip("0") for part in text.split("/"))


def read(cells: Any, name: str = "when", format: str | None = None) -> Times:
    return read_times(cells, name, format)


@pytest.mark.parametrize(
    "format",
    [
        *("%m/%d/%Y", "%d/%m/%Y", "%d.%m.%Y", "%m-%d-%Y", "%d-%m-%Y", "%Y/%m/%d", "%Y.%m.%d", "%m/%d/%y", "%d.%m.%y", "%d-%m-%y"),
        *("%d %b %Y", "%d-%b-%Y", "%d-%b-%y", "%d. %B %Y", "%d %B %Y", "%b %d, %Y", "%B %d, %Y", "%b %d %Y", "%Y-%b-%d"),
        *("%a, %d %b %Y", "%A, %B %d, %Y", "%a %b %d %Y"),
    ],
)
@pytest.mark.parametrize("clock", ["", " %H:%M:%S", " %I:%M:%S %p", " %H:%M", ", %I:%M %p"])
def test_every_spelling_of_a_date(format: str, clock: str) -> None:
    cells = written(format + clock)
    unit = "datetime64[D]" if not clock else "datetime64[s]" if "%S" in clock else "datetime64[m]"
    for form in (cells, [f" {cell} " for cell in cells], ArrowCells(pa.array(cells)), np.array(cells)):
        found = read(form)
        np.testing.assert_array_equal(found.values, EXPECTED.astype(unit).astype("datetime64[us]"))
        assert found.warnings == ()
    assert is_written(cells, str(found.format))


def test_american_dates_without_zeros_are_said_to_be_so() -> None:
    found = read([bare(cell) for cell in written("%m/%d/%Y")], "Usage Date")
    np.testing.assert_array_equal(found.values, EXPECTED.astype("datetime64[D]").astype("datetime64[us]"))
    assert found.format == "%m/%d/%Y"
    assert found.inferred == ("The times in 'Usage Date' are read as %m/%d/%Y: '3/28/2021' is 2021-03-28.",)


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["27/Mar/2021:23:00:00 +0100", "27/Mar/2021:23:00:00.250 -0730"], ["2021-03-27T22:00:00", "2021-03-28T06:30:00.25"]),
        (["03/27/2021 11:00:00 PM +01:00", "03/28/2021 12:00:00 AM +01:00"], ["2021-03-27T22:00", "2021-03-27T23:00"]),
        (["Sat, 27 Mar 2021 23:00:00 GMT", "Sun, 28 Mar 2021 23:00:00 GMT"], ["2021-03-27T23:00", "2021-03-28T23:00"]),
        (["2021/03/27 23:00:00,5", "2021/03/27 23:00:01"], ["2021-03-27T23:00:00.5", "2021-03-27T23:00:01"]),
        (["Mar 2021", "April 2021", "Sept 2021"], ["2021-03-01", "2021-04-01", "2021-09-01"]),
        (["3/2021", "12/2021"], ["2021-03-01", "2021-12-01"]),
        (["2021Q1", "2021-Q2", "Q3 2021"], ["2021-01-01", "2021-04-01", "2021-07-01"]),
        (["2021M01", "2021-02"], ["2021-01-01", "2021-02-01"]),
        (["2021-W05", "2021-W06"], ["2021-02-01", "2021-02-08"]),
        (["10. März 2021", "10. Okt. 2021", "1. Dez. 2021"], ["2021-03-10", "2021-10-10", "2021-12-01"]),
        (
            ["10 avril 2021", "3 juin 2021", "4 juil. 2021", "1 août 2021"],
            ["2021-04-10", "2021-06-03", "2021-07-04", "2021-08-01"],
        ),
        (["10 ene 2021", "10 mayo 2021", "10 out 2021", "10 mag 2021"], ["2021-01-10", "2021-05-10", "2021-10-10", "2021-05-10"]),
        (["12/31/68", "1/1/69"], ["2068-12-31", "1969-01-01"]),
    ],
    ids=[
        *("web server", "half days", "mail", "fractions", "months", "months in numbers", "quarters", "months with M", "weeks"),
        *("German", "French", "Spanish, Portuguese, Italian", "two digits"),
    ],
)
def test_zones_fractions_and_months(cells: list[str], expected: list[str]) -> None:
    np.testing.assert_array_equal(read(cells).values, np.array(expected, dtype="datetime64[us]"))


@pytest.mark.parametrize(
    ("cells", "format", "because"),
    [
        (["4/10/2021", "5/10/2021", "13/10/2021"], "%d/%m/%Y", ""),
        (["4/10/2021", "5/10/2021", "10/13/2021"], "%m/%d/%Y", ""),
        (["9/1/2021", "1/2/2021", "1/3/2021"], "%d/%m/%Y", "so the rows are in the order of time"),
        (["1/9/2021", "2/1/2021", "3/1/2021"], "%m/%d/%Y", "so the rows are in the order of time"),
        (["3/1/2021", "2/1/2021", "1/9/2021"], "%m/%d/%Y", "so the rows are in the order of time"),
        ([f"{month + 1}/1/2021" for month in range(12)] + ["1/1/2022"], "%m/%d/%Y", "so they lie evenly in time"),
        ([f"1/{month + 1}/2021" for month in range(12)] + ["1/1/2022"], "%d/%m/%Y", "so they lie evenly in time"),
        ([f"1.{month + 1}.2021" for month in range(12)] + ["1.1.2022"], "%d.%m.%Y", "so they lie evenly in time"),
        (["21/04/10", "21/04/11", "21/05/01"], "%y/%m/%d", "so the rows are in the order of time"),
    ],
)
def test_the_whole_column_tells_day_from_month(cells: list[str], format: str, because: str) -> None:
    found = read(cells)
    assert found.format == format
    assert found.warnings == ()
    assert because in found.inferred[0]
    assert ("--date-format" in found.inferred[0]) == bool(because)


@pytest.mark.parametrize(("mark", "format", "other"), [("/", "%m/%d/%Y", "%d/%m/%Y"), (".", "%d.%m.%Y", "%m.%d.%Y")])
def test_what_the_column_does_not_tell_is_assumed_aloud(mark: str, format: str, other: str) -> None:
    cells = [cell.replace("/", mark) for cell in ("4/10/2021", "11/3/2021", "2/5/2021")]
    found = read(cells)
    assert found.format == format
    assert "which is a guess: nothing in the column tells day from month" in found.warnings[0]
    assert f"--date-format {other!r} says otherwise" in found.warnings[0]
    asked = read(cells, format=other)
    assert (asked.format, asked.warnings) == (other, ())
    assert (asked.values != found.values).all()


def test_days_and_months_that_are_both_even_tell_nothing() -> None:
    assert "which is a guess" in read([f"{month + 1}/1/2021" for month in range(12)]).warnings[0]


def test_dates_equal_either_way_are_no_doubt() -> None:
    assert read(["4/4/2021", "5/5/2021", "6/6/2021"]).warnings == ()


@pytest.mark.parametrize(
    ("name", "cells", "said"),
    [
        ("timestamp", [1617235200 + 60 * row for row in range(9)], "seconds since 1970: 1617235200 is 2021-04-01 00:00:00"),
        ("event_time_ms", [1617235200000 + 60_000 * row for row in range(9)], "milliseconds since 1970"),
        ("EventTime", [str(1617235200000 + 60_000 * row) for row in range(9)], "milliseconds since 1970"),
        ("ts", [1617235200_000_000 + 60_000_000 * row for row in range(9)], "microseconds since 1970"),
        ("date", [1617235200_000_000_000 + 60_000_000_000 * row for row in range(9)], "nanoseconds since 1970"),
        ("epoch", np.arange(1617235200, 1617235200 + 540, 60), "seconds since 1970"),
    ],
)
def test_numbers_count_from_1970_where_the_name_says_time(name: str, cells: Any, said: str) -> None:
    found = read(cells, name)
    np.testing.assert_array_equal(found.values, np.datetime64("2021-04-01", "us") + np.arange(9) * np.timedelta64(60, "s"))
    assert said in found.inferred[0]
    plain = read(cells, "amount")
    assert plain.values.dtype == np.float64
    assert plain.inferred == ()


@pytest.mark.parametrize(
    ("format", "expected"),
    [
        ("%Q/%Y", "'%Q', which is not known. Write it like %d/%m/%Y"),
        ("%d/%m", "names no year"),
        ("%d/%d/%Y", "holds '%d' twice"),
        ("100%", "which is not known"),
    ],
)
def test_formats_that_do_not_do(format: str, expected: str) -> None:
    with pytest.raises(OptionError, match=expected):
        check_format(format)


@pytest.mark.parametrize(
    ("format", "cell", "expected"),
    [
        ("%F %T", "2021-03-27 23:00:01", "2021-03-27T23:00:01"),
        ("%d/%m/%Y %H:%M:%S.%f", "27/03/2021 23:00:01.5", "2021-03-27T23:00:01.5"),
        ("%Y%m%d", "20210327", "2021-03-27"),
        ("%Y-%j", "2021-086", "2021-03-27"),
        ("year %Y, day %d of %B (100%%)", "year 2021, day 27 of march (100%)", "2021-03-27"),
        ("%H:%M %d.%m.%y", "7:05 27.3.21", "2021-03-27T07:05"),
    ],
)
def test_a_format_of_ones_own(format: str, cell: str, expected: str) -> None:
    assert read([cell] * 3, format=format).values[0] == np.datetime64(expected, "us")


@pytest.mark.parametrize(
    ("cell", "format"),
    [
        ("31/4/2021", "%d/%m/%Y"),
        ("29/2/2021", "%d/%m/%Y"),
        ("0/1/2021", "%d/%m/%Y"),
        ("1/13/2021", "%d/%m/%Y"),
        ("1/1/21", "%d/%m/%Y"),
        ("1/1/2021 24:00", "%d/%m/%Y %H:%M"),
        ("1/1/2021 0:00 PM", "%d/%m/%Y %I:%M %p"),
        ("1 Maybe 2021", "%d %b %Y"),
        ("1 jui 2021", "%d %b %Y"),
        ("2021-366", "%Y-%j"),
        ("1/1/2021x", "%d/%m/%Y"),
    ],
)
def test_what_is_no_date_is_none(cell: str, format: str) -> None:
    assert np.isnat(parse_dates(pa.chunked_array([[cell]]), format)).all()


@pytest.mark.parametrize("cell", ["hello", "12", "3.5", "192.168.1.1", "1.2.3", "13:05", "May", "a 1/2/2021", "12-34", "1e5"])
def test_other_texts_have_no_format(cell: str) -> None:
    assert formats_of(cell) == []


def test_a_cell_unlike_the_others_is_named() -> None:
    cells = [*written("%m/%d/%Y"), "soon"]
    with pytest.raises(DataError, match=r"row 41 of the column 'when' is 'soon', which is no time as the others are, %m/%d/%Y\."):
        read(cells)
    with pytest.raises(DataError, match=r"row 1 .* no time as --date-format '%d/%m/%Y' has it \(\d+ of 40 rows are none\)"):
        read(cells[:-1], format="%d/%m/%Y")
    with pytest.raises(DataError, match="other marks, name those with --date-format"):
        read(["10_04_2021", "11_04_2021"])
    assert str(read(["10_04_2021", "11_04_2021"], format="%d_%m_%Y").values[0]) == "2021-04-10T00:00:00.000000"


def test_a_million_american_dates_are_read_as_one_column() -> None:
    """Cell by cell this takes ten times as long; both are measured here, for a machine may be slow."""
    days = [f"{row % 12 + 1}/{row % 28 + 1}/{2000 + row % 20} {row % 24}:{row % 60:02}" for row in range(1_000_000)]
    array = ArrowCells(pa.array(days))
    begun = time.process_time()
    found = read(array, format="%m/%d/%Y %H:%M")
    whole = time.process_time() - begun
    begun = time.process_time()
    some = [dt.datetime.strptime(cell, "%m/%d/%Y %H:%M") for cell in days[:20_000]]
    one_by_one = (time.process_time() - begun) * 50
    np.testing.assert_array_equal(found.values[:20_000], np.array(some, dtype="datetime64[us]"))
    assert whole < one_by_one
