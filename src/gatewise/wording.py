"""The parts that sentences share: counts with their nouns, lists of names, what may have been meant, options as typed."""

from __future__ import annotations

import difflib
import shlex
from collections.abc import Iterable, Sequence

__all__ = ["capitalised", "counted", "first_line", "flag", "joined", "listed", "nearest", "probability", "shown"]


def nearest(name: str, known: Iterable[str]) -> str:
    """Return ` Did you mean 'x'?` for the known name closest to `name`, or an empty string where none is close."""
    by_folded = {item.casefold(): item for item in known}
    close = difflib.get_close_matches(name.casefold(), by_folded, n=1)
    return f" Did you mean {by_folded[close[0]]!r}?" if close else ""


def flag(option: str, name: str) -> str:
    """An option with a column's name, as it is typed."""
    return f"--{option} {shlex.quote(name)}"


def first_line(error: BaseException | None) -> str:
    """What an error of another library says in its first line, or its kind where it says nothing."""
    return next(iter(str(error).strip().splitlines()), "") or type(error).__name__


def shown(value: object, limit: int = 200) -> str:
    """A value as a message repeats it: as Python writes it, in one line, cut where it is long."""
    try:
        text = " ".join(repr(value).split("\n"))
    except Exception:
        # A whole number of more digits than Python writes, or an object that fails at it.
        text = "of thousands of digits" if isinstance(value, int) else f"of type {type(value).__name__}"
    return text if len(text) <= limit else f"{text[: limit - 3]}..."


def listed(names: Iterable[str], limit: int = 20) -> str:
    """Join names for a message: at most `limit` of them, each at most 40 characters in one line."""
    names = [" ".join(name.splitlines()) for name in names]
    shown = [name if len(name) <= 40 else f"{name[:37]}..." for name in names[:limit]]
    more = f" and {len(names) - limit} more" if len(names) > limit else ""
    return ", ".join(shown) + more


def counted(number: int, one: str, many: str = "") -> str:
    """Return a count with what is counted: "1 row", "2 rows", "10,662 rows".

    many: the words for any number but one, where it takes more than an s; a verb goes along: "row repeats", "rows repeat".
    """
    return f"{number:,} {one if number == 1 else many or f'{one}s'}"


def capitalised(text: str) -> str:
    """Return text that begins a sentence; names inside it keep their letters."""
    return text[:1].upper() + text[1:]


def joined(words: Sequence[str], last: str = "and") -> str:
    """Return words as a list in a sentence: "a, b and c"."""
    return f" {last} ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def probability(value: float) -> str:
    """Return a probability as a percentage that claims no certainty: 0.958 is "96%", 0.992 "99.2%", 0.9999 "over 99.9%".

    Within a point of the ends a tenth more is shown: it is there that decisions fall.
    """
    if value < 0.001:
        return "under 0.1%"
    if value > 0.999:
        return "over 99.9%"
    return f"{value:.1%}" if value < 0.01 or value > 0.99 else f"{value:.0%}"
