"""Texts as times, by a format as strptime spells it, a whole column at once.

A format becomes a regular expression for Arrow, and its parts become numbers. Arrow's own strptime is no help here: it follows
the C library of the machine, takes the 31st of April for the 1st of May and 21 for the year 21, and knows no fractions.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gatewise.data.dates.month_names import MONTHS
from gatewise.errors import OptionError

__all__ = ["check_format", "formats_of", "parse_dates"]

_NUMBERS = {"Y": r"\d{4}", "f": r"\d{1,9}", "j": r"\d{1,3}", "y": r"\d{2}", **dict.fromkeys("mdHIMS", r"\d{1,2}")}
_PATTERNS = {
    **{letter: f"(?P<{letter}>{digits})" for letter, digits in _NUMBERS.items()},
    # Seconds may have a fraction, which many programs write only where there is one.
    "S": r"(?P<S>\d{1,2})(?:[.,](?P<f>\d{1,9}))?",
    "b": r"(?P<b>[A-Za-zÀ-ÿ]{3,10})\.?",
    "p": r"(?P<p>[AaPp])\.?[Mm]\.?",
    "z": r"(?P<z>[Zz]|UTC|GMT|[+-]\d\d:?\d\d|[+-]\d\d)",
    "a": r"[A-Za-z]{2,9}\.?",
    "%": "%",
}
_SAME = {"B": "%b", "A": "%a", "T": "%H:%M:%S", "R": "%H:%M", "F": "%Y-%m-%d", "D": "%m/%d/%y"}
# Two digits of a year from here on are of the last century, as POSIX has it.
_PIVOT = 69
_ZONE = re.compile(r"([+-])(\d\d):?(\d\d)?")

_NUMERIC = [
    [f"%m{mark}%d{mark}%{year}", f"%d{mark}%m{mark}%{year}"]
    if mark == "/"
    else [f"%d{mark}%m{mark}%{year}", f"%m{mark}%d{mark}%{year}"]
    for mark in "/.-"
    for year in "Yy"
]
_DATES = (
    *(f"%Y{mark}%m{mark}%d" for mark in "-/."),
    *(format for both in _NUMERIC for format in both),
    *(f"%y{mark}%m{mark}%d" for mark in "-/."),
    *(f"%d{mark}%b{mark}%{year}" for mark in (" ", "-", "/", ".") for year in "Yy"),
    "%d. %b %Y",
    *(f"%b{mark}%d{comma} %Y" for mark in (" ", "-") for comma in (",", "")),
    *(f"%Y{mark}%b{mark}%d" for mark in " -/"),
    *(f"%b{mark}%Y" for mark in (" ", "-", "/", ", ")),
    "%Y/%m",
    "%m/%Y",
)
_CLOCKS = (
    "",
    *(
        f"{mark}{clock}{zone}"
        for mark in (" ", "T", ", ", ":")
        for clock in ("%H:%M:%S", "%H:%M", "%I:%M:%S %p", "%I:%M %p")
        for zone in ("", "%z", " %z")
    ),
)
_WEEKDAYS = ("", "%a, ", "%a ")


def check_format(format: str) -> None:
    """Raise OptionError unless a format names a year, and parts that are known, each once."""
    letters = re.findall(r"%(.?)", _spelled_out(format))
    unknown = next((letter for letter in letters if letter not in _PATTERNS), None)
    example = "Write it like %d/%m/%Y, or %Y-%m-%d %H:%M:%S"
    if unknown is not None:
        raise OptionError(
            f"--date-format {format!r} holds {'%' + unknown!r}, which is not known. {example}; known are %Y %y %m %b "
            "%d %j %H %I %p %M %S %f %z %a."
        )
    twice = next((letter for letter in letters if letter != "%" and letters.count(letter) > 1), None)
    if twice is not None:
        raise OptionError(f"--date-format {format!r} holds {'%' + twice!r} twice. {example}.")
    if not {"Y", "y"} & set(letters):
        raise OptionError(f"--date-format {format!r} names no year (%Y, or %y for two digits). {example}.")


def formats_of(cell: str) -> list[str]:
    """The formats that a text may be written in, the likelier first: with slashes American, with dots and hyphens European.

    Whether its numbers are a date by them, `parse_dates` says.
    """
    text, found = cell.strip(), []
    for weekday in _WEEKDAYS:
        for date in _DATES:
            match = _beginning(weekday + date).match(text)
            if match is not None:
                rest = text[match.end() :]
                found += [weekday + date + clock for clock in _CLOCKS if _whole(clock).fullmatch(rest)]
    return found


def parse_dates(array: Any, format: str) -> NDArray[Any]:
    """Read a pyarrow ChunkedArray of texts: datetime64[us] [rows], in UTC where the format has a zone, NaT for what is no date.

    Digits of a second beyond the sixth are cut. Raises OptionError as `check_format` does.
    """
    check_format(format)
    chunks = [_parse(chunk, f"^\\s*{_pattern(format)}\\s*$") for chunk in array.chunks]
    return np.concatenate(chunks) if chunks else np.empty(0, dtype="datetime64[us]")


def _spelled_out(format: str) -> str:
    return re.sub(r"%(.)", lambda found: _SAME.get(found[1], found[0]), format)


@lru_cache(maxsize=512)
def _pattern(format: str) -> str:
    """A format as a regular expression, of Arrow's kind and Python's."""
    parts = re.split(r"(%.|\s+)", _spelled_out(format).replace("%S.%f", "%S").replace("%S,%f", "%S"))
    written = [
        "" if not part else r"\s+" if part.isspace() else _PATTERNS[part[1]] if part[0] == "%" else re.escape(part)
        for part in parts
    ]
    # "1:05PM" and "1:05 PM" are one.
    return "".join(written).replace(rf"\s+{_PATTERNS['p']}", rf"\s*{_PATTERNS['p']}")


@lru_cache(maxsize=512)
def _beginning(format: str) -> re.Pattern[str]:
    # Not in the middle of a number or a word.
    return re.compile(f"{_pattern(format)}(?![0-9A-SU-Za-z])")


@lru_cache(maxsize=512)
def _whole(format: str) -> re.Pattern[str]:
    return re.compile(_pattern(format))


def _parse(chunk: Any, pattern: str) -> NDArray[Any]:
    from pyarrow import compute

    found = compute.extract_regex(chunk, pattern)
    fields = {found.type.field(number).name: field for number, field in enumerate(found.flatten())}
    parts = {name: _whole_numbers(field) for name, field in fields.items() if name in _NUMBERS}
    valid = found.is_valid().to_numpy(zero_copy_only=False)
    nothing = np.zeros(len(chunk), dtype=np.int64)
    years = parts["Y"] if "Y" in parts else parts["y"] + np.where(parts["y"] < _PIVOT, 2000, 1900)
    months = _months(fields["b"]) if "b" in fields else parts.get("m", nothing + 1)
    days = parts.get("d", nothing + 1)
    valid &= (months >= 1) & (months <= 12) & (days >= 1)
    first = (years - 1970).astype("datetime64[Y]").astype("datetime64[M]") + (months - 1)
    dates = first.astype("datetime64[D]") + (days - 1)
    # The 31st of April would land in May.
    valid &= dates.astype("datetime64[M]") == first
    if "j" in parts:
        dates = first.astype("datetime64[Y]").astype("datetime64[D]") + (parts["j"] - 1)
        valid &= (parts["j"] >= 1) & (dates.astype("datetime64[Y]") == first.astype("datetime64[Y]"))
    hours = parts.get("H", nothing)
    if "I" in parts:
        valid &= (parts["I"] >= 1) & (parts["I"] <= 12)
        hours = parts["I"] % 12 if "p" in fields else parts["I"]
    if "p" in fields:
        hours = hours + 12 * (compute.utf8_lower(fields["p"]).to_numpy(zero_copy_only=False) == "p")
    minutes, seconds = parts.get("M", nothing), parts.get("S", nothing)
    valid &= (hours < 24) & (minutes < 60) & (seconds < 60)
    micro = ((hours * 60 + minutes - (_offsets(fields["z"]) if "z" in fields else 0)) * 60 + seconds) * 1_000_000
    if "f" in fields:
        micro += _whole_numbers(compute.utf8_slice_codeunits(compute.utf8_rpad(fields["f"], 6, "0"), 0, 6))
    times = dates.astype("datetime64[us]") + micro.astype("timedelta64[us]")
    return np.where(valid, times, np.datetime64("NaT", "us"))


def _whole_numbers(field: Any) -> NDArray[np.int64]:
    """Digits as numbers, 0 where there are none."""
    import pyarrow
    from pyarrow import compute

    given = compute.if_else(compute.equal(field, ""), pyarrow.scalar(None, field.type), field)
    return np.asarray(given.cast(pyarrow.int64()).fill_null(0).to_numpy(zero_copy_only=False))


def _months(field: Any) -> NDArray[np.int64]:
    """Months by their names, 0 for other words."""
    return _by_word(field, lambda word: MONTHS.get(word.lower(), 0))


def _offsets(field: Any) -> NDArray[np.int64]:
    """Minutes that a zone is ahead of UTC."""

    def minutes(word: str) -> int:
        found = _ZONE.fullmatch(word)
        return (-1 if found[1] == "-" else 1) * (60 * int(found[2]) + int(found[3] or 0)) if found else 0

    return _by_word(field, minutes)


def _by_word(field: Any, number: Any) -> NDArray[np.int64]:
    """A number for each text, worked out once for each different one."""
    encoded = field.dictionary_encode()
    numbers: NDArray[np.int64] = np.array([number(word or "") for word in encoded.dictionary.to_pylist()] + [0], dtype=np.int64)
    found: NDArray[np.int64] = numbers[encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False)]
    return found
