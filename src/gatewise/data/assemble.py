"""The last step of every source: check the rows and make a Dataset of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from gatewise.data.repeats import group_series, group_texts
from gatewise.data.suggestions import listed
from gatewise.data.targets import class_targets
from gatewise.data.tokens import has_tokens
from gatewise.errors import DataError
from gatewise.records import Dataset

__all__ = ["check_series", "series_dataset", "text_dataset"]


def text_dataset(
    name: str,
    texts: Sequence[str],
    labels: Sequence[str],
    *,
    target: str,
    inferred: Sequence[str] = (),
    warnings: Sequence[str] = (),
) -> Dataset:
    """Make a Dataset of texts and class names; `target` names the labels in messages.

    Raises DataError as `class_targets` does.
    """
    targets, classes, rare = class_targets(labels, target)
    empty = sum(not has_tokens(text) for text in texts)
    without = (f"{empty:,} texts hold no words; each is read as one unknown word.",) if empty else ()
    return Dataset(
        name=name,
        kind="text",
        sequences=tuple(texts),
        targets=targets,
        classes=classes,
        groups=group_texts(texts),
        inferred=(*inferred, _classes_sentence(classes)),
        warnings=(*warnings, *rare, *without),
    )


def series_dataset(
    name: str,
    sequences: Sequence[NDArray[np.float32]],
    labels: Sequence[str],
    *,
    target: str,
    channels: Sequence[str] = (),
    order: Sequence[str] | None = None,
    fixed_test: NDArray[np.bool_] | None = None,
    where: Callable[[int], str] | None = None,
    inferred: Sequence[str] = (),
    warnings: Sequence[str] = (),
) -> Dataset:
    """Make a Dataset of series, each float32 [steps, channels], and class names.

    target: what the labels are called in messages. channels: their names, numbered where empty. order: the order of the classes,
    sorted where None. where: how a row is called in messages, its number where None.
    Raises DataError where a value is not finite, a series has no step or another number of channels, and as `class_targets` does.
    """
    check_series(sequences, where)
    targets, classes, rare = class_targets(labels, target, order)
    groups = group_series(sequences)
    return Dataset(
        name=name,
        kind="series",
        sequences=tuple(sequences),
        targets=targets,
        classes=classes,
        groups=groups,
        fixed_test=fixed_test,
        channels=tuple(channels) or tuple(f"channel {number}" for number in range(1, sequences[0].shape[1] + 1)),
        inferred=(*inferred, _classes_sentence(classes)),
        warnings=(*warnings, *rare, *_archive_warnings(targets, classes, groups, fixed_test)),
    )


def check_series(sequences: Sequence[NDArray[np.float32]], where: Callable[[int], str] | None = None) -> None:
    """Raise DataError where there is no series, one has no step or a different number of channels, or a value is not finite."""
    if not sequences:
        raise DataError("there is no series in the data. Expected at least one.")
    call = where or (lambda row: f"row {row + 1}")
    if not sequences[0].shape[1]:
        raise DataError(f"{call(0)} has no channels. Expected at least one number a step.")
    for row, sequence in enumerate(sequences):
        if not len(sequence):
            raise DataError(f"{call(row)} has no steps. Drop it, or give it at least one.")
        if sequence.shape[1] != sequences[0].shape[1]:
            raise DataError(
                f"{call(row)} has {sequence.shape[1]} channels, {call(0)} has {sequences[0].shape[1]}. "
                "Give all rows the same channels."
            )
    finite = np.isfinite(np.concatenate(sequences))
    if finite.all():
        return
    steps, channels = np.nonzero(~finite)
    ends = np.cumsum([len(sequence) for sequence in sequences])
    row = int(np.searchsorted(ends, steps[0], side="right"))
    step = int(steps[0] - ends[row] + len(sequences[row]))
    bad_rows = len(np.unique(np.searchsorted(ends, steps, side="right")))
    raise DataError(
        f"{len(steps):,} values in {bad_rows:,} rows are not finite (missing, NaN or infinite as 32-bit floats); the first is in "
        f"{call(row)}, channel {int(channels[0]) + 1}, step {step + 1}. Fill them first (for example by interpolation) or drop "
        "those rows; padding is not needed, because series may have different lengths."
    )


def _classes_sentence(classes: Sequence[str]) -> str:
    return f"The task is classification into {len(classes)} classes: {listed(classes, 10)}."


def _archive_warnings(
    targets: NDArray[np.int64], classes: Sequence[str], groups: NDArray[np.int64], fixed_test: NDArray[np.bool_] | None
) -> list[str]:
    if fixed_test is None:
        return []
    warnings = []
    repeated = int(np.isin(groups[fixed_test], groups[~fixed_test]).sum())
    if repeated:
        warnings.append(
            f"{repeated:,} test rows repeat a training row. The source's own split is kept, so test scores may flatter."
        )
    unseen = [classes[number] for number in np.setdiff1d(targets[fixed_test], targets[~fixed_test])]
    if unseen:
        warnings.append(f"Classes in the source's test part but not in its training part cannot be learned: {listed(unseen, 5)}.")
    return warnings
