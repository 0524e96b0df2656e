"""The .ts text format of the UEA, UCR and Monash archives of time series (Bagnall et al. 2018, arXiv:1811.00075; Tan et al. 2020,
arXiv:2006.10996).

Header lines begin with `@`, comments with `#`. After `@data` each line is one series: its dimensions separated by `:`, their
values by `,`, and the class label (`@classLabel true ...`) or the number to be predicted (`@targetLabel true`) last. A missing
value is `?`. The number of values may differ between series.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gatewise.data.dataset.labelled import Labelled
from gatewise.data.dataset.rows import TEST, TRAIN, Rows
from gatewise.data.formats.text_files import read_text
from gatewise.errors import DataError
from gatewise.wording import listed

__all__ = ["ts_inputs", "ts_labelled"]

Series = NDArray[np.float32]


@dataclass(frozen=True)
class _Header:
    """classes: those declared, None where a number is to be predicted."""

    dimensions: int | None
    classes: tuple[str, ...] | None


@dataclass(frozen=True, eq=False)
class _Part:
    path: Path
    classes: tuple[str, ...] | None
    sequences: list[Series]
    labels: list[str]
    lines: list[int]


def ts_labelled(path: Path, *, alone: bool = False) -> Labelled:
    """Read a .ts file; one of a pair NAME_TRAIN.ts and NAME_TEST.ts is read with the other, and their split is kept.

    alone: read this file and no other. Raises DataError for time stamps, unlabelled or damaged files.
    """
    name, train, test = _pair(path)
    parts = [_read(part) for part in ((train, test) if train and test and not alone else (path,))]
    sizes = [len(part.sequences) for part in parts]
    places = [(part.path.name, line) for part in parts for line in part.lines]
    declared = [part.classes for part in parts]
    if len(parts) == 2 and (declared[0] is None) != (declared[1] is None):
        raise DataError(f"{parts[0].path} and {parts[1].path} do not declare the same kind of target. Make their headers agree.")
    rows = Rows(
        "series",
        [sequence for part in parts for sequence in part.sequences],
        labels=[label for part in parts for label in part.labels],
        parts=np.repeat(np.array([TRAIN, TEST], dtype=np.int8), sizes) if len(parts) == 2 else None,
        where=lambda row: "line {1} of {0}".format(*places[row]),
    )
    inferred = tuple(_inferred(path, parts, sizes, alone))
    if declared[0] is None:
        return Labelled(name, rows, source="the target", task="regression", inferred=inferred)
    return Labelled(name, rows, source="the class label", declared=True, task="classification", inferred=inferred)


def ts_inputs(path: Path) -> list[Series]:
    """Read the series of this one file, for prediction."""
    return _read(path).sequences


def _pair(path: Path) -> tuple[str, Path | None, Path | None]:
    """The name of a problem, and its training and test files where both are there."""
    for ending, other in (("_TRAIN", "_TEST"), ("_TEST", "_TRAIN")):
        if path.stem.upper().endswith(ending):
            name = path.stem[: -len(ending)]
            # Keep the case the file is named in: some collections write _train.ts.
            written = other.lower() if path.stem.endswith(ending.lower()) else other
            sibling = path.with_name(f"{name}{written}{path.suffix}")
            if not sibling.is_file():
                return name, None, None
            return (name, path, sibling) if ending == "_TRAIN" else (name, sibling, path)
    return path.stem, None, None


def _inferred(path: Path, parts: Sequence[_Part], sizes: Sequence[int], alone: bool) -> list[str]:
    if alone:
        return []
    if len(parts) == 2:
        files = f"{parts[0].path.name} and {parts[1].path.name}"
        return [f"{files} are read together and their split is kept: {sizes[0]:,} rows to train on, {sizes[1]:,} to test."]
    if path.stem.upper().endswith(("_TRAIN", "_TEST")):
        return [f"{path.name} is read alone, because its other part is not beside it; gatewise makes the splits."]
    return []


def _read(path: Path) -> _Part:
    lines = [line.strip() for line in read_text(path).splitlines()]
    start = next((number for number, line in enumerate(lines, 1) if line.lower() == "@data"), None)
    if start is None:
        raise DataError(f"{path} has no @data line. Expected a .ts file: header lines, @data, then one series a line.")
    header = _header(path, lines[: start - 1])
    part = _Part(path, header.classes, [], [], [])
    dimensions = header.dimensions
    for number, line in enumerate(lines[start:], start + 1):
        if not line or line.startswith("#"):
            continue
        series, label = _row(f"{path}: line {number}", line, dimensions, header.classes)
        dimensions = series.shape[1]
        part.sequences.append(series)
        part.labels.append(label)
        part.lines.append(number)
    if not part.sequences:
        raise DataError(f"{path} holds no series after @data. It may be cut short: download it again.")
    return part


def _header(path: Path, lines: Sequence[str]) -> _Header:
    entries = {
        key.lower(): value.split() for key, _, value in (line[1:].partition(" ") for line in lines if line.startswith("@"))
    }
    if entries.get("timestamps", ["false"])[:1] == ["true"]:
        raise DataError(
            f"{path} has time stamps (@timeStamps true), which are not read. Resample the series to regular steps first."
        )
    flag, *classes = entries.get("classlabel") or ["false"]
    is_regression = entries.get("targetlabel", ["false"])[:1] in (["true"], ["True"])
    if not is_regression and (flag.lower() != "true" or not classes):
        raise DataError(
            f"{path} declares neither classes (@classLabel true ...) nor a number (@targetLabel true) to be predicted. Every "
            "series needs one at the end of its line."
        )
    univariate = entries.get("univariate", ["false"])[:1] == ["true"]
    written = "".join(entries.get("dimensions", ["1"] if univariate else []))
    if written and not written.isdecimal():
        raise DataError(f"{path}: @dimensions is {written!r}; expected a whole number.")
    return _Header(int(written) if written else None, None if is_regression else tuple(classes))


def _row(where: str, line: str, expected: int | None, classes: Sequence[str] | None) -> tuple[Series, str]:
    *dimensions, label = line.split(":")
    label = label.strip()
    if classes is not None and label not in classes:
        raise DataError(f"{where} ends in the label {label[:40]!r}, which @classLabel does not name: {listed(classes)}.")
    if not dimensions or (expected is not None and len(dimensions) != expected):
        raise DataError(f"{where} has {len(dimensions)} dimensions; expected {expected or 'at least 1'}, separated by colons.")
    channels = [_values(where, dimension) for dimension in dimensions]
    lengths = [len(channel) for channel in channels]
    if len(set(lengths)) > 1:
        raise DataError(
            f"{where} has dimensions of different lengths ({listed(map(str, lengths), 6)}). Resample them to the same steps."
        )
    return np.stack(channels, axis=1), label


def _values(where: str, dimension: str) -> Series:
    words = [word.strip() for word in dimension.split(",")] if dimension.strip() else []
    try:
        # A value beyond 32-bit floats becomes infinite here, and check_series then names its place.
        with np.errstate(over="ignore"):
            return np.array([float("nan" if word == "?" else word) for word in words], dtype=np.float64).astype(np.float32)
    except ValueError as error:
        wrong = next(word for word in words if word != "?" and not _is_number(word))
        raise DataError(
            f"{where} holds something that is not a number ({listed([repr(wrong)])}). Expected values separated by commas."
        ) from error


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True
