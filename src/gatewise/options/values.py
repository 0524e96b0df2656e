"""A value of an option from what a person wrote on the command line, in a file or in Python."""

from __future__ import annotations

import difflib
import math
import os
import re
from collections.abc import Callable, Iterable
from numbers import Integral, Real
from typing import Any

from gatewise.errors import OptionError
from gatewise.options.config import DeviceName
from gatewise.options.quantities import parse_duration, parse_fractions, parse_latency, parse_margin, parse_size
from gatewise.options.table import OPTION, Option
from gatewise.wording import shown

__all__ = ["did_you_mean", "read_one_device", "read_value"]

# Beyond it the libraries' own whole numbers overflow.
_LARGEST = 2**31 - 1


def read_value(option: Option, value: Any, called: str | None = None) -> Any:
    """Return the value as `Config` holds it; one that is so already comes back the same. called: how messages name the option.

    Raises OptionError, saying what came and what is expected, where the value has the wrong type, is no choice or is out of
    bounds. None is no value: it stands for not giving the option.
    """
    return _READERS[option.kind](option, value, called or option.flag)


def read_one_device(value: Any) -> DeviceName:
    """The one device of a command that works on one. Raises OptionError for another number of them."""
    found: tuple[DeviceName, ...] = read_value(OPTION["device"], value)
    if len(found) != 1:
        raise OptionError(
            f"--device {shown(value)} names {len(found)} devices; give one of {', '.join(OPTION['device'].choices)}"
        )
    return found[0]


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return `; did you mean x?` for the known name closest to `name`, or an empty string where none is close."""
    near = difflib.get_close_matches(name.lower(), list(known), n=1)
    return f"; did you mean {near[0]}?" if near else ""


def _column(option: Option, value: Any, called: str) -> str:
    if isinstance(value, str) and value:
        return value
    # YAML reads the column names 1, no and 2020-01-01 as a number, a truth value and a date.
    quoted = value is not None and not isinstance(value, (str, list, dict))
    todo = "put it in quotes" if quoted else "write one name, like review"
    raise OptionError(f"{called} {shown(value)} is not a column's name; {todo}")


def _columns(option: Option, value: Any, called: str) -> tuple[str, ...]:
    if isinstance(value, (list, tuple)):
        names = tuple(_column(option, item, called) for item in value)
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise OptionError(f"{called} names the column {shown(twice)} twice; name each once")
        return names
    return (_column(option, value, called),)


def _format(option: Option, value: Any, called: str) -> str:
    if isinstance(value, str) and "%" in value:
        return value
    raise OptionError(
        f"{called} {shown(value)} is not how a date is written; write it like %d/%m/%Y (day, month, year), or %Y-%m-%d %H:%M"
    )


def _path(option: Option, value: Any, called: str) -> str:
    if isinstance(value, (str, os.PathLike)) and str(value):
        return str(value)
    raise OptionError(
        f"{called} {shown(value)} is not a path; write it like {'runs/first' if option.kind == 'path' else 'data.csv'}"
    )


def _store(option: Option, value: Any, called: str) -> str:
    if not isinstance(value, (str, os.PathLike)) or not str(value).isprintable() or not str(value).strip():
        raise OptionError(f"{called} {shown(value)} is no place; write an address, like http://localhost:5000, or a folder")
    place = str(value).strip()
    if re.match(r"[^/]*://[^/]*@", place):
        raise OptionError(
            f"{called} has a name or a password in its address, which would be kept in the run's folder; set "
            "MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD instead"
        )
    return place


def _whole(option: Option, value: Any, called: str) -> int:
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise OptionError(f"{called} {shown(value)} is not a whole number; write it like {option.default or option.least or 1}")
    number = int(value)
    if option.most is None and number > _LARGEST:
        raise OptionError(f"{called} is too large; give at most {_LARGEST:,}")
    if option.most is not None and not (option.least or 0) <= number <= option.most:
        raise OptionError(f"{called} {shown(number)} is outside {option.least or 0} to {option.most}; give a number between them")
    if option.least is not None and number < option.least:
        raise OptionError(f"{called} {shown(number)} is too small; give at least {option.least}")
    return number


def _real(option: Option, value: Any, called: str) -> float:
    try:
        number = math.nan if isinstance(value, bool) or not isinstance(value, Real) else float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise OptionError(f"{called} {shown(value)} is not a finite number; write it like 1.0")
    return number


def _flag(option: Option, value: Any, called: str) -> bool:
    if not isinstance(value, bool):
        raise OptionError(f"{called} {shown(value)} is not a truth value; write true or false")
    return value


def _choice(option: Option, value: Any, called: str) -> str:
    written = value.strip().lower().replace("-", "_") if isinstance(value, str) else ""
    chosen = option.spellings.get(written, written)
    if chosen not in option.choices:
        near = did_you_mean(written, (*option.choices, *option.spellings))
        raise OptionError(
            f"{called}: unknown {option.noun} {shown(value)}{near or '.'} Known {option.noun}s: {', '.join(option.choices)}"
        )
    return chosen


def _choices(option: Option, value: Any, called: str) -> tuple[str, ...]:
    if isinstance(value, str):
        value = [word for word in value.split(",") if word.strip()]
    if not isinstance(value, (list, tuple)):
        raise OptionError(f"{called} {shown(value)} is not a list of {option.noun}s; write it like {','.join(option.default)}")
    return tuple(_choice(option, item, called) for item in value)


def _address(option: Option, value: Any, called: str) -> str:
    if not isinstance(value, str) or not value.strip() or any(letter.isspace() for letter in value.strip()):
        raise OptionError(f"{called} {shown(value)} is no address; write HOST:PORT")
    return value.strip()


def _quantity(parse: Callable[[Any, str], Any]) -> Callable[[Option, Any, str], Any]:
    return lambda option, value, called: parse(value, called)


_READERS: dict[str, Callable[[Option, Any, str], Any]] = {
    "source": _path,
    "path": _path,
    "store": _store,
    "column": _column,
    "columns": _columns,
    "format": _format,
    "address": _address,
    "whole": _whole,
    "number": _real,
    "flag": _flag,
    "choice": _choice,
    "choices": _choices,
    "duration": _quantity(parse_duration),
    "latency": _quantity(parse_latency),
    "size": _quantity(parse_size),
    "margin": _quantity(parse_margin),
    "fractions": _quantity(parse_fractions),
}
