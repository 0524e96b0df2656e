"""The last step of every source: check the rows and make a Dataset of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gatewise.data.dataset.parts import check_weights, grouped, part_masks
from gatewise.data.dataset.repeats import group_series, group_texts, repeats_across
from gatewise.data.dataset.rows import TEST, TRAIN, Rows, row_name
from gatewise.data.dataset.targets import Target, finish_classes, finish_numbers, read_target
from gatewise.data.dataset.tokens import has_tokens
from gatewise.errors import DataError
from gatewise.records import AudioFeatures, Dataset, Label
from gatewise.tasks import predicts
from gatewise.wording import counted, listed

__all__ = ["assemble", "check_series", "series_dataset", "text_dataset"]

# Numbers looked at together, so that checking takes little memory beside the data.
_BLOCK = 1 << 20


def assemble(
    name: str,
    rows: Rows,
    target: Target,
    *,
    source: str,
    output: str = "target",
    groups: str = "the groups",
    weights: str = "the weights",
    audio: AudioFeatures | None = None,
    inferred: Sequence[str] = (),
    warnings: Sequence[str] = (),
) -> Dataset:
    """Make a Dataset for classification or regression of rows that all have an input and a target.

    source, groups, weights: what those are called in messages. output: the name of the number predicted. audio: how sounds were
    read, whose energies are now the sequences.
    Raises DataError where the rows do not do: as `check_series`, `finish_classes`, `finish_numbers`, `part_masks`, `grouped` and
    `check_weights` do.
    """
    if rows.kind != "text":
        check_series(rows.sequences, rows.where, rows.step)
    values: NDArray[Any]
    classes: tuple[str, ...] = ()
    labels: tuple[Label, ...] = ()
    rare: tuple[str, ...] = ()
    if predicts(target.task) == "numbers":
        values = finish_numbers(target, source, rows.where)
        said = f"The task is regression: {output!r}, numbers from {values.min():g} to {values.max():g}, is predicted."
    else:
        values, classes, labels, rare = finish_classes(target, source)
        said = f"The task is classification into {len(classes)} classes: {listed(classes, 10)}."
    repeats = group_texts(rows.sequences) if rows.kind == "text" else group_series(rows.sequences)
    together, notes = grouped(repeats, rows, groups)
    test, validation = part_masks(rows.parts)
    if rows.weights is not None:
        check_weights(rows.weights, weights, rows.where, rows.parts)
    return Dataset(
        name=name,
        kind=rows.kind,
        sequences=tuple(rows.sequences),
        targets=values,
        classes=classes,
        groups=together,
        fixed_test=test,
        channels=() if rows.kind == "text" else rows.channels or _numbered(rows.sequences[0]),
        inferred=(*inferred, *notes, said),
        warnings=(*warnings, *rare, *_empty_texts(rows), *_split_warnings(values, classes, repeats, test, validation)),
        task=target.task,
        fixed_validation=validation,
        weights=rows.weights,
        outputs=(output,) if predicts(target.task) == "numbers" else (),
        audio=audio,
        labels=labels,
        files=rows.files,
    )


def text_dataset(name: str, texts: Sequence[str], labels: Sequence[str], *, target: str, inferred: Sequence[str] = ()) -> Dataset:
    """Make a Dataset of texts and class names; `target` names the labels in messages. Raises DataError as `assemble` does."""
    classes = read_target(list(labels), target, "classification")
    return assemble(name, Rows("text", texts), classes, source=target, inferred=inferred)


def series_dataset(
    name: str,
    sequences: Sequence[NDArray[np.float32]],
    labels: Sequence[Label],
    *,
    target: str,
    channels: Sequence[str] = (),
    fixed_test: NDArray[np.bool_] | None = None,
    inferred: Sequence[str] = (),
    warnings: Sequence[str] = (),
) -> Dataset:
    """Make a Dataset of series, each float32 [steps, channels], and class names.

    target: what the labels are called in messages. channels: their names, numbered where empty.
    Raises DataError as `assemble` does.
    """
    parts = None if fixed_test is None else np.where(fixed_test, TEST, TRAIN).astype(np.int8)
    rows = Rows("series", sequences, parts=parts, channels=tuple(channels))
    classes = read_target(list(labels), target, "classification")
    return assemble(name, rows, classes, source=target, inferred=inferred, warnings=warnings)


def check_series(
    sequences: Sequence[NDArray[np.float32]],
    where: Callable[[int], str] | None = None,
    step: Callable[[int, int], str] | None = None,
) -> None:
    """Raise DataError where there is no series, one has no step or a different number of channels, or a value is not finite.

    where: how a row is called in messages, by its number where None. step: how a step of a row is, likewise.
    """
    if not len(sequences):
        raise DataError("there is no series in the data. Expected at least one.")
    call = where or row_name
    channels = sequences[0].shape[1]
    if not channels:
        raise DataError(f"{call(0)} has no channels. Expected at least one number a step.")
    for row, sequence in enumerate(sequences):
        if not len(sequence):
            raise DataError(f"{call(row)} has no steps. Drop it, or give it at least one.")
        if sequence.shape[1] != channels:
            raise DataError(
                f"{call(row)} has {sequence.shape[1]} channels, {call(0)} has {channels}. Give all rows the same channels."
            )
    ends = np.cumsum([len(sequence) for sequence in sequences])
    blocks = np.searchsorted(ends, np.arange(0, ends[-1], max(1, _BLOCK // channels)), side="right")
    bounds = [*np.unique(blocks).tolist(), len(sequences)]
    bad = [
        row
        for first, last in pairwise(bounds)
        if not np.isfinite(np.concatenate(sequences[first:last])).all()
        for row in range(first, last)
        if not np.isfinite(sequences[row]).all()
    ]
    if not bad:
        return
    count = sum(int((~np.isfinite(sequences[row])).sum()) for row in bad)
    first_step, channel = (int(place) for place in np.argwhere(~np.isfinite(sequences[bad[0]]))[0])
    place = f"step {first_step + 1}" if step is None else step(bad[0], first_step)
    rows = counted(len(bad), "row")
    values = counted(count, f"value in {rows} is", f"values in {rows} are")
    raise DataError(
        f"{values} not finite (missing, NaN or infinite as 32-bit floats); the first is in "
        f"{call(bad[0])}, channel {channel + 1}, {place}. Fill them first (for example by interpolation) or drop those rows; "
        "padding is not needed, because series may have different lengths."
    )


def _numbered(sequence: NDArray[np.float32]) -> tuple[str, ...]:
    return tuple(f"channel {number}" for number in range(1, sequence.shape[1] + 1))


def _empty_texts(rows: Rows) -> list[str]:
    empty = sum(not has_tokens(text) for text in rows.sequences) if rows.kind == "text" else 0
    return [f"{counted(empty, 'text without words is', 'texts without words are')} read as one unknown word."] if empty else []


def _split_warnings(
    targets: NDArray[Any],
    classes: Sequence[str],
    repeats: NDArray[np.int64],
    test: NDArray[np.bool_] | None,
    validation: NDArray[np.bool_] | None,
) -> list[str]:
    """What to beware of in a source's own split."""
    if test is None:
        return []
    train = ~test if validation is None else ~test & ~validation
    warnings = repeats_across(repeats, test, validation)
    unseen = [classes[number] for number in np.setdiff1d(targets[test], targets[train])] if classes else []
    if unseen:
        warnings.append(f"Classes in the source's test part but not in its training part cannot be learned: {listed(unseen, 5)}.")
    return warnings
