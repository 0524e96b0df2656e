"""Durations, latencies, sizes, margins and fractions, from numbers or from the texts people write."""

from __future__ import annotations

import math
import re
from itertools import pairwise
from numbers import Real
from typing import Any

from gatewise.errors import OptionError
from gatewise.wording import shown

__all__ = ["parse_duration", "parse_fractions", "parse_latency", "parse_margin", "parse_size"]

_NUMBER = r"(\d+(?:\.\d*)?|\.\d+)"
_SECONDS = {"s": 1.0, "m": 60.0, "h": 3600.0}
_MILLISECONDS = {"": 1.0, "us": 1e-3, "µs": 1e-3, "ms": 1.0, "s": 1e3}
_THOUSANDS = {"": 0, "k": 1, "m": 2, "g": 3}


def parse_duration(value: Any, called: str = "--budget") -> float:
    """Seconds of `90s`, `10m`, `1.5h`, `1h30m`, or of a number of seconds. called: how messages name the option.

    Raises OptionError on anything else, and on no time at all.
    """
    seconds = _number(value)
    if seconds is None and isinstance(value, str):
        written = value.strip().lower()
        parts = re.findall(r"(\d+(?:\.\d+)?)\s*([smh])", written, re.ASCII)
        if re.fullmatch(r"\d+(?:\.\d+)?", written, re.ASCII):
            seconds = float(written)
        elif parts and re.fullmatch(r"(?:\d+(?:\.\d+)?\s*[smh]\s*)+", written, re.ASCII):
            seconds = sum(float(number) * _SECONDS[unit] for number, unit in parts)
    if seconds is None or math.isinf(seconds):
        raise OptionError(f"{called} {shown(value)} is not a duration; write it like 90s, 10m or 1h30m")
    if seconds <= 0:
        raise OptionError(f"{called} {shown(value)} leaves no time; write a duration above zero, like 10m")
    return seconds


def parse_latency(value: Any, called: str = "--max-latency") -> float:
    """Milliseconds of `2ms`, `0.5s`, `300us`, or of a number of milliseconds.

    Raises OptionError on anything else, and on zero.
    """
    milliseconds = _number(value)
    if milliseconds is None and isinstance(value, str):
        found = re.fullmatch(_NUMBER + r"\s*(us|µs|ms|s|)", value.strip().lower(), re.ASCII)
        milliseconds = float(found[1]) * _MILLISECONDS[found[2]] if found else None
    if milliseconds is None or not 0 < milliseconds < math.inf:
        raise OptionError(f"{called} {shown(value)} is not a time above zero; write it like 2ms or 0.5s")
    return milliseconds


def parse_size(value: Any, called: str = "--max-size") -> int:
    """Bytes of `300kB`, `1.5MB`, `1GiB` (units of 1000; of 1024 with an i), or of a whole number of bytes.

    Raises OptionError on anything else, and on zero.
    """
    size = _number(value)
    if size is None and isinstance(value, str):
        found = re.fullmatch(_NUMBER + r"\s*([kmg]?)(i?)b?", value.strip().lower(), re.ASCII)
        if found and not (found[3] and not found[2]):
            size = float(found[1]) * (1024 if found[3] else 1000) ** _THOUSANDS[found[2]]
    if size is None or not 1 <= size < math.inf or (not isinstance(value, str) and size != int(size)):
        raise OptionError(f"{called} {shown(value)} is not a size of at least one byte; write it like 300kB or 1MB")
    return round(size)


def parse_margin(value: Any, called: str = "--margin") -> float | str:
    """A margin in units of the metric as a number, or as `2%` where it is relative to the best baseline's error.

    Raises OptionError on anything else, and where it is not above zero.
    """
    number = _number(value)
    relative = False
    if number is None and isinstance(value, str):
        found = re.fullmatch(_NUMBER + r"(?:e([+-]?\d+))?\s*(%?)", value.strip().lower(), re.ASCII)
        if found:
            number = float(f"{found[1]}e{found[2] or 0}")
            relative = bool(found[3])
    if number is None or not 0 < number < math.inf:
        raise OptionError(
            f"{called} {shown(value)} is not a number above zero; write it in units of the metric, like 0.01, or like 2% of the "
            "best baseline's error"
        )
    return f"{number:.12g}%" if relative else number


def parse_fractions(value: Any, called: str = "--curve") -> tuple[float, ...]:
    """Fractions that rise to 1, of a sequence of numbers or a text like `0.1,0.25,0.5,1`; none of an empty sequence.

    Raises OptionError on anything else.
    """
    items = value.split(",") if isinstance(value, str) else value
    fractions: list[float | None] = [None]
    if isinstance(items, (list, tuple)):
        fractions = [_fraction(item) for item in items]
    found = [fraction for fraction in fractions if fraction is not None and 0 < fraction <= 1]
    rising = all(low < high for low, high in pairwise(found))
    if len(found) < len(fractions) or not rising or (found and (len(found) < 2 or found[-1] != 1)):
        raise OptionError(
            f"{called} {shown(value)} is not a list of fractions of the training data that rise to 1; write it like "
            "0.1,0.25,0.5,1"
        )
    return tuple(found)


def _fraction(item: Any) -> float | None:
    if isinstance(item, str):
        return float(item) if re.fullmatch(_NUMBER, item.strip(), re.ASCII) else None
    return _number(item)


def _number(value: Any) -> float | None:
    """A finite number that is no truth value, else None."""
    if isinstance(value, bool) or not isinstance(value, Real):
        return None
    try:
        return float(value) if math.isfinite(value) else None
    except OverflowError:
        return None
