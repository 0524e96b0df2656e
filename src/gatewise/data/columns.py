"""Which column of a table is the text, which are the channels of a series, and which is the target."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from gatewise.data.cells import is_missing, is_number, is_number_list
from gatewise.data.suggestions import listed, nearest
from gatewise.errors import DataError, OptionError

__all__ = ["Columns", "SequenceColumns", "choose_sequence", "choose_target"]

Columns = Mapping[str, Sequence[Any]]

TEXT_NAMES = ("text", "review", "sentence", "comment", "content", "body", "message", "tweet", "description", "title")
TARGET_NAMES = ("label", "target", "class", "sentiment", "category", "y")

# Enough cells to tell what a column holds, few enough for a table of millions of rows.
_SAMPLE = 1000


@dataclass(frozen=True)
class SequenceColumns:
    """Where the sequences are: one text column, or one column a channel. `inferred`: what was guessed, as sentences."""

    text: str | None
    series: tuple[str, ...]
    inferred: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """All columns used."""
        return self.series or ((self.text,) if self.text is not None else ())


def choose_sequence(columns: Columns, *, text: str | None, series: Sequence[str], target: str | None) -> SequenceColumns:
    """Take the columns named, or infer them: a text column by its name, else lists of numbers, else the longest texts.

    Raises OptionError where both kinds are named, DataError where a column is unknown or none can be inferred.
    """
    if text is not None and series:
        raise OptionError("--text and --series were both given; a data set is either texts or series. Give one of them.")
    for name in (*([text] if text is not None else []), *series):
        _require(columns, name)
    if text is not None or series:
        return SequenceColumns(text, tuple(series))
    free = [name for name in columns if name != target]
    texts = [name for name in free if _mostly(columns[name], _is_words)]
    named = _by_name(texts, TEXT_NAMES)
    if named is not None:
        return SequenceColumns(named, (), (f"The text is the column {named!r}, by its name.",))
    lists = [name for name in free if _mostly(columns[name], is_number_list)]
    if lists:
        return SequenceColumns(None, tuple(lists), (f"The series is the columns that hold lists of numbers: {listed(lists)}.",))
    # A column that could be the target by its name is the text only where nothing else is.
    longest = max(texts, key=lambda name: (name.casefold() not in TARGET_NAMES, _mean_length(columns[name])), default=None)
    if longest is None or longest.casefold() in TARGET_NAMES:
        raise DataError(
            f"no text column could be inferred; the columns are: {listed(columns)}. "
            "Name it with --text COLUMN, or with --series COLUMN for columns of number lists."
        )
    return SequenceColumns(longest, (), (f"The text is the column {longest!r}: of the text columns its texts are the longest.",))


def choose_target(columns: Columns, *, target: str | None, sequence: SequenceColumns) -> tuple[str, tuple[str, ...]]:
    """Take the target column named, or infer it by its name, or as the only other column.

    Returns its name and what was inferred. Raises DataError where it is unknown, used already, or cannot be inferred.
    """
    if target is not None:
        _require(columns, target)
        if target in sequence.names:
            raise DataError(f"the column {target!r} is asked for as both the input and the target. Name two different columns.")
        return target, ()
    others = [name for name in columns if name not in sequence.names]
    named = _by_name(others, TARGET_NAMES)
    if named is not None:
        return named, (f"The target is the column {named!r}, by its name.",)
    if len(others) == 1:
        return others[0], (f"The target is the column {others[0]!r}: there is no other.",)
    raise DataError(f"no target column could be inferred; the columns are: {listed(columns)}. Name it with --target COLUMN.")


def _require(columns: Columns, name: str) -> None:
    if name not in columns:
        raise DataError(f"there is no column {name!r}; the columns are: {listed(columns)}.{nearest(name, columns)}")


def _by_name(names: Sequence[str], wanted: Sequence[str]) -> str | None:
    folded = {name.strip().casefold(): name for name in reversed(names)}
    # The exact spelling wins over another case of the same word.
    return next((word if word in names else folded[word] for word in wanted if word in folded), None)


def _sample(cells: Sequence[Any]) -> list[Any]:
    return list(islice((cell for cell in cells if not is_missing(cell)), _SAMPLE))


def _mostly(cells: Sequence[Any], test: Callable[[object], bool]) -> bool:
    sample = _sample(cells)
    return bool(sample) and sum(map(test, sample)) > len(sample) / 2


def _is_words(cell: object) -> bool:
    return isinstance(cell, str) and not is_number(cell) and not is_number_list(cell)


def _mean_length(cells: Sequence[Any]) -> float:
    lengths = [len(cell) for cell in _sample(cells) if isinstance(cell, str)]
    return sum(lengths) / len(lengths)
