"""numpy's .npz archives of time series: dense or ragged, with or without their own split."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gatewise.data.assemble import series_dataset
from gatewise.data.suggestions import listed
from gatewise.data.targets import class_name
from gatewise.errors import DataError
from gatewise.records import Dataset

__all__ = ["npz_dataset", "npz_inputs"]

Series = NDArray[np.float32]
Arrays = Mapping[str, NDArray[Any]]

_EXPECTED = (
    "Expected X and y (or X_train, y_train, X_test, y_test) with X [rows, steps] or [rows, steps, channels], or ragged "
    "values [sum of lengths, channels], lengths and labels (or train_values, ... and test_values, ...), and optionally classes."
)


def npz_dataset(path: Path, name: str) -> Dataset:
    """Read an archive of labelled series. Labels are class names, or indices into `classes` where the archive holds it.

    Raises DataError where it is damaged, holds pickled objects, fits no known layout, or its sizes contradict each other.
    """
    arrays = _load(path)
    parts = _parts(path, arrays)
    classes = _classes(path, arrays)
    sequences: list[Series] = []
    labels: list[str] = []
    sizes: list[int] = []
    for prefix in parts:
        found = _sequences(path, arrays, prefix)
        names = _labels(path, arrays, prefix, classes)
        if len(found) != len(names):
            raise DataError(
                f"{path}: {_of(prefix)} has {len(found)} series and {len(names)} labels. Give every series one label."
            )
        sequences += found
        labels += names
        sizes.append(len(found))
    fixed_test = np.repeat([False, True], sizes) if len(parts) == 2 else None
    return series_dataset(
        name,
        sequences,
        labels,
        target="the labels",
        order=classes,
        fixed_test=fixed_test,
        where=lambda row: f"row {row + 1}" if row < sizes[0] else f"row {row - sizes[0] + 1} of the test part",
        inferred=_inferred(arrays, parts, sizes),
        warnings=_layout_warnings(arrays),
    )


def npz_inputs(path: Path) -> list[Series]:
    """Read the series alone, for prediction: of both parts where the archive is split. Raises DataError as `npz_dataset` does."""
    arrays = _load(path)
    return [series for prefix in _parts(path, arrays) for series in _sequences(path, arrays, prefix)]


def _load(path: Path) -> Arrays:
    try:
        with path.open("rb") as file:
            # Only a zip archive is offered to numpy, which takes any other bytes for a pickle and would say so.
            if not zipfile.is_zipfile(file):
                raise DataError(f"{path} is not an .npz archive, or is damaged. Save it with numpy.savez. {_EXPECTED}")
            file.seek(0)
            with np.load(file, allow_pickle=False) as archive:
                arrays = {_canonical(key): archive[key] for key in archive.files}
    except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, OSError, RuntimeError, MemoryError) as error:
        if "allow_pickle" in str(error):
            raise DataError(
                f"{path} holds pickled objects, which may run code when read. Save plain number arrays instead; for series of "
                "different lengths use values, lengths and labels."
            ) from error
        raise DataError(f"{path} is not a readable .npz archive ({error}). It may be damaged: save it again.") from error
    foreign = [key for key, value in arrays.items() if not isinstance(value, np.ndarray)]
    if foreign:
        raise DataError(f"{path} holds {listed(foreign)}, no numpy arrays: it is some other zip archive. {_EXPECTED}")
    return {key: np.char.decode(value, "utf-8", "replace") if value.dtype.kind == "S" else value for key, value in arrays.items()}


def _canonical(key: str) -> str:
    """Keras and others spell x_train, scikit-learn users X_train: both are X_train here."""
    key = key.lower()
    return f"X{key[1:]}" if key in ("x", "x_train", "x_test") else key


def _parts(path: Path, arrays: Arrays) -> tuple[str, ...]:
    """The prefixes of the parts: one empty prefix, or that of the training and of the test part."""
    for layout in (("train_values", "test_values"), ("X_train", "X_test")):
        if layout[0] in arrays and layout[1] in arrays:
            return ("train", "test")
    if "values" in arrays or "X" in arrays:
        return ("",)
    raise DataError(f"{path} holds {listed(arrays) or 'no arrays'}. {_EXPECTED}")


def _of(prefix: str) -> str:
    return f"the {prefix} part" if prefix else "the archive"


def _get(path: Path, arrays: Arrays, key: str) -> NDArray[Any]:
    if key not in arrays:
        raise DataError(f"{path} holds {listed(arrays)}, but no {key}. {_EXPECTED}")
    return arrays[key]


def _key(prefix: str, ragged: str, dense: str, arrays: Arrays) -> tuple[str, bool]:
    """The key of a part's array, and whether the part is ragged."""
    if (f"{prefix}_values" if prefix else "values") in arrays:
        return (f"{prefix}_{ragged}" if prefix else ragged), True
    return (f"{dense}_{prefix}" if prefix else dense), False


def _sequences(path: Path, arrays: Arrays, prefix: str) -> list[Series]:
    key, ragged = _key(prefix, "values", "X", arrays)
    values = _numbers(path, key, arrays[key])
    allowed = (1, 2) if ragged else (2, 3)
    if values.ndim not in allowed:
        raise DataError(f"{path}: {key} has shape {values.shape}; expected {allowed[0]} or {allowed[1]} dimensions. {_EXPECTED}")
    if values.ndim == allowed[0]:
        values = values[..., np.newaxis]
    if not ragged:
        return list(values)
    lengths_key = _key(prefix, "lengths", "", arrays)[0]
    lengths = _get(path, arrays, lengths_key)
    if lengths.ndim != 1 or lengths.dtype.kind not in "iu" or (len(lengths) and lengths.min() < 0):
        raise DataError(f"{path}: {lengths_key} must be whole numbers of steps [rows]; it is {lengths.dtype} {lengths.shape}.")
    if int(lengths.sum()) != len(values):
        raise DataError(
            f"{path}: the {lengths_key} add up to {int(lengths.sum()):,} steps but {key} holds {len(values):,}. "
            "Series i must be values[sum of lengths before i : that + lengths[i]]."
        )
    return np.split(values, np.cumsum(lengths.astype(np.int64))[:-1]) if len(lengths) else []


def _numbers(path: Path, key: str, values: NDArray[Any]) -> Series:
    if values.dtype.kind not in "fiub":
        raise DataError(f"{path}: {key} holds {values.dtype} values; expected real numbers (float or integer).")
    # A value beyond 32-bit floats becomes infinite here, and check_series then names its place.
    with np.errstate(over="ignore"):
        return values.astype(np.float32)


def _classes(path: Path, arrays: Arrays) -> tuple[str, ...] | None:
    if "classes" not in arrays:
        return None
    names = tuple(str(name) for name in arrays["classes"].ravel())
    if len(set(names)) != len(names):
        raise DataError(f"{path}: classes names {listed(names)}, one of them twice. Give every class its own name.")
    return names


def _labels(path: Path, arrays: Arrays, prefix: str, classes: tuple[str, ...] | None) -> list[str]:
    key = _key(prefix, "labels", "y", arrays)[0]
    labels = _get(path, arrays, key)
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
    if labels.ndim != 1:
        raise DataError(f"{path}: {key} has shape {labels.shape}; expected one label a series [rows], not a one-hot code.")
    if classes is not None and labels.dtype.kind in "iu":
        if len(labels) and not (labels.min() >= 0 and labels.max() < len(classes)):
            raise DataError(
                f"{path}: {key} runs from {labels.min()} to {labels.max()}, but there are {len(classes)} classes. "
                "With `classes` in the archive, labels are indices into it, from 0."
            )
        return [classes[label] for label in labels]
    names = [class_name(label) for label in labels.tolist()]
    if classes is not None and not set(names) <= set(classes):
        raise DataError(f"{path}: {key} holds labels that are not among classes ({listed(classes)}). Make the two agree.")
    if None in names:
        raise DataError(f"{path}: {key} has no label for row {names.index(None) + 1}. Label it or drop the row.")
    return [name for name in names if name is not None]


def _inferred(arrays: Arrays, parts: tuple[str, ...], sizes: list[int]) -> list[str]:
    key, ragged = _key(parts[0], "values", "X", arrays)
    shape = arrays[key].shape
    channels = shape[-1] if len(shape) == (2 if ragged else 3) else 1
    if ragged:
        layout = f"{key} and their lengths are read as {sum(sizes):,} series (channels: {channels})."
    else:
        layout = f"{key} {list(shape)} is read as [rows, steps, channels]: {shape[1]} steps (channels: {channels})."
    if len(parts) == 1:
        return [layout]
    return [layout, f"The archive's own split is kept: {sizes[0]:,} rows to train on, {sizes[1]:,} to test."]


def _layout_warnings(arrays: Arrays) -> list[str]:
    """A univariate or short multivariate archive with its axes the other way round is a common mistake."""
    dense = next((arrays[key] for key in ("X_train", "X") if key in arrays and arrays[key].ndim == 3), None)
    if dense is None or dense.shape[2] <= dense.shape[1]:
        return []
    return [
        f"There are more channels ({dense.shape[2]}) than steps ({dense.shape[1]}). "
        "If the array is [rows, channels, steps], transpose its last two axes first."
    ]
