"""Which column of a table is the text, the sound, or a channel of a series, and which is the target."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gatewise.data.columns.kinds import ColumnKind, counts_rows, is_free_text, kind_of, mean_length, sample_of
from gatewise.errors import DataError, OptionError
from gatewise.options.checks import check_together
from gatewise.records import Kind, Reading
from gatewise.wording import flag, listed, nearest

__all__ = ["LABEL_NAMES", "TARGET_NAMES", "TEXT_NAMES", "Choice", "Columns", "choose_columns", "require_column", "single_target"]

Columns = Mapping[str, Sequence[Any]]

TEXT_NAMES = ("text", "review", "sentence", "comment", "content", "body", "message", "tweet", "description", "title")
TARGET_NAMES = ("label", "target", "class", "sentiment", "category", "y")
# Of these, what says what a row is, not how much there was.
LABEL_NAMES = ("label", "class", "sentiment", "category")

# A column whose texts are that much shorter than those of another is not as likely the text.
_NEARLY_AS_LONG = 0.7
_TRIED = 4


@dataclass(frozen=True)
class Choice:
    """What is read of a table.

    inputs: the column of texts or sounds, or one column a channel. target: None where there is none. inferred: what was guessed;
    warnings: what was guessed on weak grounds.
    """

    kind: Kind
    inputs: tuple[str, ...]
    target: str | None
    inferred: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def choose_columns(columns: Columns, reading: Reading, *, with_target: bool = True) -> Choice:
    """Take the columns named, and infer the others.

    The input is the text column by its name, else file names of sounds, else lists of numbers, else the longest texts; with
    `reading.id`, where a row is a step, all number columns that are nothing else. The target goes by its name, or is the only
    column left. Times, and numbers that only count the rows, are neither. Raises OptionError where the options contradict one
    another, DataError where a column is unknown, is asked for twice, or cannot be inferred; where two columns are equally likely
    it names both options.
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
    weak: tuple[str, ...] = ()
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
        kind, inputs, guessed, weak = _infer_inputs(columns, free)
    if with_target and target is None:
        target, inferred = _infer_target(columns, [name for name in free if name not in inputs])
    return Choice(kind, inputs, target, (*guessed, *inferred), weak)


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
    return lambda name: kind_of(name, columns[name]) != "number"


def _named_inputs(reading: Reading) -> tuple[str, ...]:
    check_together(reading)
    chosen = next((name for name in ("text", "audio") if getattr(reading, name) is not None), None)
    if reading.id is not None and chosen is not None:
        raise OptionError(f"--id says that every row is a step of a series, so --{chosen} does not apply. Give one of them.")
    if reading.time is not None and reading.id is None:
        raise OptionError(
            "--time orders the steps of series, one a row: name the column that tells the series apart with --id, or leave out "
            "--time."
        )
    return reading.channels or tuple(name for name in (reading.text, reading.audio) if name is not None)


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


def _infer_inputs(columns: Columns, free: Sequence[str]) -> tuple[Kind, tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    kinds = {name: kind_of(name, columns[name]) for name in free}
    texts = [name for name, kind in kinds.items() if kind in ("text", "category")]
    named = _by_name(texts, TEXT_NAMES)
    if named is not None:
        return "text", (named,), (f"The text is the column {named!r}, by its name.",), ()
    sounds = [name for name, kind in kinds.items() if kind == "sound"]
    if sounds:
        return "audio", (sounds[0],), (f"The sounds are the files named in the column {sounds[0]!r}.",), ()
    lists = tuple(name for name, kind in kinds.items() if kind == "list")
    if lists:
        return "series", lists, (f"The series is the columns that hold lists of numbers: {listed(lists)}.",), ()
    # A column that could be the target by its name is the text only where nothing else is.
    likely = sorted(texts, key=lambda name: (name.casefold() in TARGET_NAMES, -mean_length(columns[name])))
    if not likely or likely[0].casefold() in TARGET_NAMES:
        raise DataError(_without_text(columns, kinds))
    longest = likely[0]
    rivals = [
        name for name in likely[1:] if kinds[name] == "text" and is_free_text(columns[name]) == is_free_text(columns[longest])
    ]
    close = [name for name in rivals if mean_length(columns[name]) >= _NEARLY_AS_LONG * mean_length(columns[longest])]
    if close and close[0].casefold() not in TARGET_NAMES:
        raise DataError(
            f"the columns {longest!r} and {close[0]!r} hold texts that are about as long, and nothing says which is to be read. "
            f"Add {flag('text', longest)} or {flag('text', close[0])}."
        )
    said = f"The text is the column {longest!r}: of the text columns its texts are the longest."
    others = [name for name in texts if name != longest and kinds[name] == "text"]
    if not is_free_text(columns[longest]):
        weak = (
            f"{longest!r} is taken for the text, though most of its cells are single words, as ids and names are (--text names "
            "another)."
        )
        return "text", (longest,), (said,), (weak,)
    if not others:
        return "text", (longest,), (said,), ()
    return (
        "text",
        (longest,),
        (said,),
        (
            f"The text was chosen among several columns: {longest!r} has the longest texts, and {listed(others, 5)} "
            f"{'is' if len(others) == 1 else 'are'} not read. {flag('text', others[0])} says otherwise.",
        ),
    )


def _without_text(columns: Columns, kinds: Mapping[str, ColumnKind]) -> str:
    """What to do with a table that holds neither texts nor sounds nor series in its cells."""
    found = f"no text column could be inferred; the columns are: {listed(columns)}. "
    numbers = [name for name, kind in kinds.items() if kind == "number" and not counts_rows(name, columns[name])]
    if not numbers:
        return f"{found}Name it with --text, sounds with --audio, and series that stand in one cell each with --channels."
    return (
        f"{found}Where every row is a step in time, add --task forecast to predict the next steps; where rows are steps of "
        "several series with a class or a number each, name the column that tells them apart with --id. A table with one row "
        "of numbers for each case has no sequences in it, and gatewise does not compare models for that."
    )


def _infer_channels(columns: Columns, free: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    channels = tuple(name for name in free if kind_of(name, columns[name]) == "number")
    if not channels:
        raise DataError(
            f"no column of numbers is left to be a channel; the columns are: {listed(columns)}. A series needs one a step: take "
            "another --id, --time or --target, or other data."
        )
    return channels, (f"The channels are the columns of numbers: {listed(channels)}.",)


def _infer_target(
    columns: Columns, free: Sequence[str], only: Callable[[str], bool] | None = None
) -> tuple[str, tuple[str, ...]]:
    """The target by its name, or the only free column (of those that are `only`, and can be one)."""
    named = _by_name(free, TARGET_NAMES)
    if named is not None:
        return named, (f"The target is the column {named!r}, by its name.",)
    left = [name for name in free if _may_be_target(columns, name) and (only is None or only(name))]
    # What may well be none is the target only where all others cannot be.
    left = [name for name in left if kind_of(name, columns[name]) != "text"] or left
    if len(left) == 1:
        why = "there is no other" if len(free) == 1 else "no other can be one"
        return left[0], (f"The target is the column {left[0]!r}: {why}.",)
    begun = f"no target column could be inferred; the columns are: {listed(columns)}."
    if not left:
        raise DataError(f"{begun} None of them holds classes or numbers: add a column that says what is to be predicted.")
    choices = " or ".join(flag("target", name) for name in left[:_TRIED])
    more = f", or another of {len(left):,}" if len(left) > _TRIED else ""
    raise DataError(f"{begun} Name the one to be predicted: add {choices}{more}.")


def _may_be_target(columns: Columns, name: str) -> bool:
    """Whether a column holds something to predict: more than one value, and neither the number of the row nor its part."""
    if kind_of(name, columns[name]) not in ("number", "category", "text", "other") or counts_rows(name, columns[name]):
        return False
    return name.strip().casefold() != "split" and len(set(map(str, sample_of(columns[name])))) > 1


def _by_name(names: Sequence[str], wanted: Sequence[str]) -> str | None:
    folded = {name.strip().casefold(): name for name in reversed(names)}
    # The exact spelling wins over another case of the same word.
    return next((word if word in names else folded[word] for word in wanted if word in folded), None)
