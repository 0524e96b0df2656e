"""Which column of a table is the text, the sound, or a channel of a series, and which is the target."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from gatewise.data.cells import is_missing, is_number, is_number_list, is_sound_name
from gatewise.data.suggestions import listed, nearest
from gatewise.errors import DataError, OptionError
from gatewise.records import Kind, Reading

__all__ = ["Choice", "Columns", "choose_columns", "require_column", "single_target"]

Columns = Mapping[str, Sequence[Any]]

TEXT_NAMES = ("text", "review", "sentence", "comment", "content", "body", "message", "tweet", "description", "title")
TARGET_NAMES = ("label", "target", "class", "sentiment", "category", "y")

# Enough cells to tell what a column holds, few enough for a table of millions of rows.
_SAMPLE = 1000


@dataclass(frozen=True)
class Choice:
    """What is read of a table.

    inputs: the column of texts or sounds, or one column a channel. target: None where there is none. inferred: what was guessed.
    """

    kind: Kind
    inputs: tuple[str, ...]
    target: str | None
    inferred: tuple[str, ...] = ()


def choose_columns(columns: Columns, reading: Reading, *, with_target: bool = True) -> Choice:
    """Take the columns named, and infer the others.

    The input is the text column by its name, else file names of sounds, else lists of numbers, else the longest texts; with
    `reading.id`, where a row is a step, all number columns that are nothing else. The target goes by its name, or is the only
    column left. Raises OptionError where the options contradict one another, DataError where a column is unknown, is asked for
    twice, or cannot be inferred.
    """
    named = _named_inputs(reading)
    target = single_target(reading) if with_target else None
    beside = (reading.group, reading.split, reading.weights) if with_target else ()
    for name in (*named, target, reading.id, reading.time, *beside):
        if name is not None:
            require_column(columns, name)
    _refuse_two_roles(named, target, reading)
    taken = {*reading.target, reading.id, reading.time, reading.group, reading.split, reading.weights}
    free = [name for name in columns if name not in taken]
    inferred: tuple[str, ...] = ()
    guessed: tuple[str, ...] = ()
    if reading.id is not None and with_target and target is None:
        # All number columns are channels, so the target has to be known before them.
        target, inferred = _infer_target(columns, [name for name in free if name not in named], only=_not_numbers(columns))
        free = [name for name in free if name != target]
    if named:
        kind: Kind = "text" if reading.text is not None else "audio" if reading.audio is not None else "series"
        inputs = named
    elif reading.id is not None:
        kind, (inputs, guessed) = "series", _infer_channels(columns, free)
    else:
        kind, inputs, guessed = _infer_inputs(columns, free)
    if with_target and target is None:
        target, inferred = _infer_target(columns, [name for name in free if name not in inputs])
    return Choice(kind, inputs, target, (*guessed, *inferred))


def require_column(columns: Columns, name: str) -> None:
    """Raise DataError unless there is such a column."""
    if name not in columns:
        raise DataError(f"there is no column {name!r}; the columns are: {listed(columns)}.{nearest(name, columns)}")


def single_target(reading: Reading) -> str | None:
    """The target named, None where it is to be inferred. Raises OptionError for several: a forecast alone predicts them."""
    if len(reading.target) > 1:
        raise OptionError(
            f"--target names {len(reading.target)} columns ({listed(reading.target)}); only a forecast has several. Name one."
        )
    return reading.target[0] if reading.target else None


def _not_numbers(columns: Columns) -> Callable[[str], bool]:
    """Whether a column, given by its name, mostly holds something else than numbers."""
    return lambda name: not _mostly(columns[name], is_number)


def _named_inputs(reading: Reading) -> tuple[str, ...]:
    given = {"--text": reading.text, "--audio": reading.audio, "--series": reading.series or None}
    chosen = [option for option, value in given.items() if value is not None]
    if len(chosen) > 1:
        both = "both" if len(chosen) == 2 else "all"
        raise OptionError(f"{' and '.join(chosen)} were {both} given; a data set is texts, sounds or series. Give one of them.")
    if reading.id is not None and chosen in (["--text"], ["--audio"]):
        raise OptionError(f"--id says that every row is a step of a series, so {chosen[0]} does not apply. Give one of them.")
    if reading.time is not None and reading.id is None:
        raise OptionError("--time orders the steps of series, one a row: name the column that tells the series apart with --id.")
    return reading.series or tuple(name for name in (reading.text, reading.audio) if name is not None)


def _refuse_two_roles(inputs: Sequence[str], target: str | None, reading: Reading) -> None:
    # A group may be any column: the target, say, or the id of a long table.
    roles = [("the input", name) for name in inputs]
    others = {"the target": target, "the id": reading.id, "the time": reading.time}
    others |= {"the split": reading.split, "the weights": reading.weights}
    roles += [(role, name) for role, name in others.items() if name is not None]
    for number, (role, name) in enumerate(roles):
        earlier = next((first for first, other in roles[:number] if other == name), None)
        if earlier is not None:
            raise DataError(f"the column {name!r} is asked for as both {earlier} and {role}. Name two different columns.")


def _infer_inputs(columns: Columns, free: Sequence[str]) -> tuple[Kind, tuple[str, ...], tuple[str, ...]]:
    sounds = [name for name in free if _mostly(columns[name], is_sound_name)]
    texts = [name for name in free if name not in sounds and _mostly(columns[name], _is_words)]
    named = _by_name(texts, TEXT_NAMES)
    if named is not None:
        return "text", (named,), (f"The text is the column {named!r}, by its name.",)
    if sounds:
        return "audio", (sounds[0],), (f"The sounds are the files named in the column {sounds[0]!r}.",)
    lists = tuple(name for name in free if _mostly(columns[name], is_number_list))
    if lists:
        return "series", lists, (f"The series is the columns that hold lists of numbers: {listed(lists)}.",)
    # A column that could be the target by its name is the text only where nothing else is.
    longest = max(texts, key=lambda name: (name.casefold() not in TARGET_NAMES, _mean_length(columns[name])), default=None)
    if longest is None or longest.casefold() in TARGET_NAMES:
        raise DataError(
            f"no text column could be inferred; the columns are: {listed(columns)}. Name it with --text COLUMN, or with --series "
            "COLUMN for columns of number lists; where every row is a step of a series, name the column of its id with --id."
        )
    return "text", (longest,), (f"The text is the column {longest!r}: of the text columns its texts are the longest.",)


def _infer_channels(columns: Columns, free: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    channels = tuple(name for name in free if _mostly(columns[name], is_number))
    if not channels:
        raise DataError(
            f"no column of numbers is left to be a channel; the columns are: {listed(columns)}. Name one by --series."
        )
    return channels, (f"The channels are the columns of numbers: {listed(channels)}.",)


def _infer_target(
    columns: Columns, free: Sequence[str], only: Callable[[str], bool] | None = None
) -> tuple[str, tuple[str, ...]]:
    """The target by its name, or the only free column (of those that are `only`)."""
    named = _by_name(free, TARGET_NAMES)
    if named is not None:
        return named, (f"The target is the column {named!r}, by its name.",)
    left = [name for name in free if only is None or only(name)]
    if len(left) == 1:
        return left[0], (f"The target is the column {left[0]!r}: there is no other.",)
    raise DataError(f"no target column could be inferred; the columns are: {listed(columns)}. Name it with --target COLUMN.")


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
