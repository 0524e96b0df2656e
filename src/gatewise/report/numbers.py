"""Numbers as a person reads them: one way of writing each quantity, on the page and in the terminal alike."""

import math
import re

__all__ = [
    "MINUS",
    "NOT_KNOWN",
    "bytes_text",
    "count",
    "duration",
    "milliseconds",
    "number",
    "percent",
    "rough_duration",
    "significant",
    "span",
    "typographic",
]

MINUS = "\u2212"
NOT_KNOWN = "–"
DAY = 86_400


def typographic(text: str) -> str:
    """Return a sentence with the page's own minus before its numbers."""
    return re.sub(r"(?<![\w-])-(?=\d)", MINUS, text)


def percent(share: float, digits: int = 1) -> str:
    """Return a share in 0..1 as a percentage: 0.774 is "77.4%"."""
    return f"{100 * share:.{digits}f}%" if math.isfinite(share) else NOT_KNOWN


def significant(value: float, digits: int = 3) -> str:
    """Return a number with that many significant digits, never in exponent form: 1234.5 is "1,230"."""
    if not math.isfinite(value):
        return NOT_KNOWN
    rounded = float(f"{value:.{digits}g}")
    if rounded == 0:
        return "0"
    decimals = max(0, digits - 1 - math.floor(math.log10(abs(rounded))))
    return f"{rounded:,.{decimals}f}".replace("-", MINUS)


def number(value: float) -> str:
    """Return a value from the data with six significant digits and no zeros behind them: 17.5 is "17.5"."""
    text = significant(value, 6)
    return text.rstrip("0").rstrip(".") if "." in text else text


def milliseconds(value: float) -> str:
    """Return a time given in milliseconds: 12.345 is "12.3 ms"."""
    return f"{significant(value)} ms"


def bytes_text(value: float) -> str:
    """Return a size given in bytes in decimal units: 5_651_234 is "5.65 MB"."""
    if value < 1000:
        return f"{value:.0f} B"
    # Each unit ends at 999.5 of it, which three digits would round to 1,000.
    if value < 999.5e3:
        return f"{significant(value / 1e3)} kB"
    if value < 999.5e6:
        return f"{significant(value / 1e6)} MB"
    return f"{significant(value / 1e9)} GB"


def count(value: int) -> str:
    """Return a whole number with thousands separated: 10662 is "10,662"."""
    return f"{value:,}"


def duration(seconds: float) -> str:
    """Return a time given in seconds: 581 is "9 min 41 s"."""
    if seconds < 59.95:
        return f"{seconds:.1f} s" if seconds < 9.95 else f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02d} s" if rest else f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} min" if minutes else f"{hours} h"


def rough_duration(seconds: float) -> str:
    """Return an estimated time no finer than it is known: 47 is "50 s", 259 "4 min", 5000 "1 h 25 min"."""
    step = 1 if seconds < 9.5 else 10 if seconds < 95 else 60 if seconds < 3570 else 300
    whole = max(round(seconds / step), 1) * step
    return f"{whole} s" if whole < 60 or whole == 90 else duration(whole)


def span(seconds: float) -> str:
    """Return the time that steps of a series cover: 3600 is "1 h", 604800 "7 days", 0.02 "20 ms"."""
    if seconds >= 2 * DAY:
        return f"{number(round(seconds / DAY, 1))} days"
    return duration(seconds) if seconds >= 1 else f"{number(1000 * seconds)} ms"
