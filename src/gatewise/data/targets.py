"""Labels of any spelling as class indices, and the checks that they are classes at all."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gatewise.data.cells import is_missing
from gatewise.data.suggestions import listed
from gatewise.errors import DataError

__all__ = ["class_name", "class_targets"]

MINIMUM_ROWS = 30
FEW_ROWS = 5
MANY_CLASSES = 50

# Label columns with missing values pass through floats in many tools, which turns 1 into 1.0.
_WHOLE_FLOAT = re.compile(r"(-?\d+)\.0+")


def class_name(label: Any) -> str | None:
    """Return the class a label names, None where it is missing (None, NaN or blank). 1, 1.0 and "1.0" all are the class "1"."""
    if is_missing(label):
        return None
    if isinstance(label, (bytes, list, tuple, dict, np.ndarray)):
        raise DataError(
            f"the target holds a {type(label).__name__}. Expected one class a row: a text, a whole number or true/false."
        )
    name = str(label).strip()
    whole = _WHOLE_FLOAT.fullmatch(name)
    return (whole[1] if whole else name) or None


def class_targets(
    names: Sequence[str], source: str, order: Sequence[str] | None = None
) -> tuple[NDArray[np.int64], tuple[str, ...], tuple[str, ...]]:
    """Turn class names into targets int64 [rows], the classes, and warnings.

    Classes are sorted (as numbers where all are whole numbers) or come in the `order` given; those without a row are left out.
    `source` names the target in errors. Raises DataError where the names are a regression target, an id or free text, of one
    class, or too few to split.
    """
    counts = Counter(names)
    classes = tuple(name for name in order if name in counts) if order is not None else tuple(_sorted(counts))
    if order is None and _is_regression(classes):
        raise DataError(
            f"{source} holds numbers with fractions (such as {_first_fraction(classes)}): regression is not supported yet, the "
            "target must be classes. Name another --target, or turn the numbers into classes first."
        )
    if len(classes) == 1:
        raise DataError(
            f"{source} holds one class only ({classes[0]!r}). A comparison needs at least two: name another --target."
        )
    if len(names) < MINIMUM_ROWS:
        raise DataError(f"there are {len(names)} usable rows. A comparison needs at least {MINIMUM_ROWS}: add data.")
    if len(classes) == len(names) or (len(classes) > MANY_CLASSES and len(classes) > len(names) / 2):
        raise DataError(
            f"{source} looks like an id or free text: {len(classes):,} different values in {len(names):,} rows. "
            "Name the column of classes with --target."
        )
    if sum(count >= 2 for count in counts.values()) < 2:
        raise DataError(f"{source} has fewer than two classes with at least 2 rows. Add rows of the rare classes, or merge them.")
    index = {name: number for number, name in enumerate(classes)}
    return np.array([index[name] for name in names], dtype=np.int64), classes, _rare(counts, classes, source)


def _rare(counts: Counter[str], classes: Sequence[str], source: str) -> tuple[str, ...]:
    rare = [f"{name} ({counts[name]})" for name in classes if counts[name] < FEW_ROWS]
    if not rare:
        return ()
    return (f"Classes of {source} with fewer than {FEW_ROWS} rows are hardly learned or tested: {listed(rare, 5)}.",)


def _as_number(name: str) -> float | None:
    try:
        number = float(name)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _is_regression(classes: Sequence[str]) -> bool:
    numbers = [_as_number(name) for name in classes]
    return all(number is not None for number in numbers) and any(
        number != int(number) for number in numbers if number is not None
    )


def _first_fraction(classes: Sequence[str]) -> str:
    return next(name for name in classes if float(name) != int(float(name)))


def _sorted(names: Counter[str]) -> list[str]:
    if all(re.fullmatch(r"-?[0-9]+", name) for name in names):
        return sorted(names, key=lambda name: (int(name), name))
    return sorted(names)
