"""How arrays that belong together are named: dense or ragged, with or without a split of their own -> labelled rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from gatewise.data.dataset.labelled import Labelled
from gatewise.data.dataset.rows import TEST, TRAIN, VALIDATION, Rows, join_rows, row_name
from gatewise.data.values.array_values import labels_of, plain, ragged_sequences, sequences_of
from gatewise.data.values.column_values import Cells, number_cells
from gatewise.errors import DataError
from gatewise.records import Kind
from gatewise.wording import listed

__all__ = ["EXPECTED", "canonical_key", "labelled_arrays", "sequence_arrays"]

Arrays = Mapping[str, Any]

EXPECTED = (
    "Expected X and y (or X_train, y_train, X_test, y_test) with X [rows, steps] or [rows, steps, channels], or ragged "
    "values [sum of lengths, channels], lengths and labels (or train_values, ... and test_values, ...), optionally classes, "
    "groups and weights."
)
_PARTS = {"train": TRAIN, "valid": VALIDATION, "test": TEST}


def canonical_key(key: str) -> str:
    """Keras and others spell x_train, scikit-learn users X_train: both are X_train here; val and validation are valid."""
    words = ["valid" if word in ("val", "validation") else word for word in key.lower().split("_")]
    return "_".join(["X" if words[0] == "x" else words[0], *words[1:]])


def labelled_arrays(arrays: Arrays, where: str, name: str, *, with_labels: bool = True) -> Labelled:
    """Read arrays by their canonical names. Labels are class names, indices into `classes` where that is there, or numbers.

    Where there are none, and every step says what is on and what is off, the next step is to be predicted.
    where: what the arrays are called in messages. Raises DataError where they fit no known layout or contradict each other.
    """
    prefixes = _prefixes(arrays, where)
    classes = _classes(arrays, where)
    keys = [_key(arrays, prefix, "labels", "y")[0] for prefix in prefixes]
    labelled = any(key in arrays for key in keys)
    parts = [_part(arrays, prefix, where, classes, with_labels and labelled) for prefix in prefixes]
    rows = parts[0]
    for part in parts[1:]:
        rows = join_rows(rows, part, None)
    sizes = [len(part) for part in parts]
    inferred = _inferred(arrays, prefixes, sizes)
    if with_labels and not labelled:
        if not _is_on_or_off(rows):
            _get(arrays, keys[0], where)
        inferred.append("There are no labels, and all steps hold 0 or 1 alone: the next step is to be predicted.")
    return Labelled(
        name,
        rows,
        declared=classes is not None,
        task="next_step" if with_labels and not labelled else None,
        inferred=tuple(inferred),
        warnings=tuple(_layout_warnings(arrays)),
    )


def sequence_arrays(arrays: Arrays, where: str) -> tuple[Kind, list[Any]]:
    """Read the sequences alone, of all parts, for prediction; and of which kind they are. Raises as `labelled_arrays` does."""
    found = [_sequences(arrays, prefix, where) for prefix in _prefixes(arrays, where)]
    return found[0][0], [sequence for _, sequences in found for sequence in sequences]


def _prefixes(arrays: Arrays, where: str) -> tuple[str, ...]:
    """The prefixes of the parts: one empty prefix, or those of the training, perhaps the validation, and the test part."""
    for dense in (False, True):
        there = tuple(prefix for prefix in _PARTS if (f"X_{prefix}" if dense else f"{prefix}_values") in arrays)
        if "train" in there and "test" in there:
            return there
    if "values" in arrays or "X" in arrays:
        return ("",)
    raise DataError(f"{where} holds {listed(arrays) or 'no arrays'}. {EXPECTED}")


def _of(prefix: str) -> str:
    return f"the {'validation' if prefix == 'valid' else prefix} part" if prefix else "the archive"


def _key(arrays: Arrays, prefix: str, ragged: str, dense: str) -> tuple[str, bool]:
    """The key of a part's array, and whether the part is ragged."""
    if (f"{prefix}_values" if prefix else "values") in arrays:
        return (f"{prefix}_{ragged}" if prefix else ragged), True
    return (f"{dense}_{prefix}" if prefix else dense), False


def _part(arrays: Arrays, prefix: str, where: str, classes: tuple[str, ...] | None, with_labels: bool) -> Rows:
    kind, sequences = _sequences(arrays, prefix, where)
    labels = _labels(arrays, prefix, where, classes) if with_labels else None
    groups, weights = (_beside(arrays, prefix, where, what) for what in ("groups", "weights"))
    for what, cells in (("labels", labels), ("groups", groups), ("weights", weights)):
        if cells is not None and len(cells) != len(sequences):
            raise DataError(
                f"{where}: {_of(prefix)} has {len(sequences):,} series and {len(cells):,} {what}. Give every series one."
            )
    return Rows(
        kind,
        sequences,
        labels=labels,
        groups=groups,
        weights=None if weights is None else number_cells(weights, "the weights"),
        parts=None if not prefix else np.full(len(sequences), _PARTS[prefix], dtype=np.int8),
        where=row_name if prefix in ("", "train") else lambda row: f"row {row + 1} of {_of(prefix)}",
    )


def _sequences(arrays: Arrays, prefix: str, where: str) -> tuple[Kind, list[Any]]:
    key, ragged = _key(arrays, prefix, "values", "X")
    try:
        if not ragged:
            return sequences_of(arrays[key], key)
        lengths = _key(arrays, prefix, "lengths", "")[0]
        return "series", ragged_sequences(arrays[key], _get(arrays, lengths, where), (key, lengths))
    except DataError as error:
        raise DataError(f"{where}: {error} {EXPECTED}") from error


def _get(arrays: Arrays, key: str, where: str) -> Any:
    if key not in arrays:
        raise DataError(f"{where} holds {listed(arrays)}, but no {key}. {EXPECTED}")
    return arrays[key]


def _beside(arrays: Arrays, prefix: str, where: str, what: str) -> Cells | None:
    key = _key(arrays, prefix, what, what)[0]
    return labels_of(arrays[key], f"{where}: {key}") if key in arrays else None


def _is_on_or_off(rows: Rows) -> bool:
    """Whether every step says of several things which are on and which are off."""
    if rows.kind != "series" or not len(rows) or rows.sequences[0].shape[1] < 2:
        return False
    seen = [np.isin(sequence, (0, 1)).all() for sequence in rows.sequences]
    return all(seen) and len({sequence.shape[1] for sequence in rows.sequences}) == 1


def _classes(arrays: Arrays, where: str) -> tuple[str, ...] | None:
    if "classes" not in arrays:
        return None
    names = tuple(str(name) for name in np.asarray(plain(arrays["classes"])).ravel())
    if len(set(names)) != len(names):
        raise DataError(f"{where}: classes names {listed(names)}, one of them twice. Give every class its own name.")
    return names


def _labels(arrays: Arrays, prefix: str, where: str, classes: tuple[str, ...] | None) -> Cells:
    key = _key(arrays, prefix, "labels", "y")[0]
    labels = labels_of(_get(arrays, key, where), f"{where}: {key}")
    if classes is None:
        return labels
    if isinstance(labels, np.ndarray) and labels.dtype.kind in "iu":
        if len(labels) and not (labels.min() >= 0 and labels.max() < len(classes)):
            raise DataError(
                f"{where}: {key} runs from {labels.min()} to {labels.max()}, but there are {len(classes)} classes. "
                "With `classes` in the archive, labels are indices into it, from 0."
            )
        own: Cells = np.asarray(plain(arrays["classes"])).ravel()[labels]
        return own
    if not {str(label).strip() for label in labels} <= set(classes):
        raise DataError(f"{where}: {key} holds labels that are not among classes ({listed(classes)}). Make the two agree.")
    return labels


def _inferred(arrays: Arrays, prefixes: tuple[str, ...], sizes: list[int]) -> list[str]:
    key, ragged = _key(arrays, prefixes[0], "values", "X")
    shape: tuple[int, ...] = getattr(arrays[key], "shape", ())
    sentences = []
    if ragged:
        channels = shape[1] if len(shape) == 2 else 1
        sentences.append(f"{key} and their lengths are read as {sum(sizes):,} series (channels: {channels}).")
    elif len(shape) in (2, 3):
        channels = shape[2] if len(shape) == 3 else 1
        sentences.append(f"{key} {list(shape)} is read as [rows, steps, channels]: {shape[1]} steps (channels: {channels}).")
    if len(prefixes) > 1:
        validation = f", {sizes[1]:,} to validate" if len(sizes) == 3 else ""
        sentences.append(f"The archive's own split is kept: {sizes[0]:,} rows to train on{validation}, {sizes[-1]:,} to test.")
    return sentences


def _layout_warnings(arrays: Arrays) -> list[str]:
    """A univariate or short multivariate archive with its axes the other way round is a common mistake."""
    shapes: list[tuple[int, ...]] = [getattr(arrays[key], "shape", ()) for key in ("X_train", "X") if key in arrays]
    dense = next((shape for shape in shapes if len(shape) == 3), None)
    if dense is None or dense[2] <= dense[1]:
        return []
    return [
        f"There are more channels ({dense[2]}) than steps ({dense[1]}). "
        "If the array is [rows, channels, steps], transpose its last two axes first."
    ]
