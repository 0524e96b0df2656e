"""The classes of a source in the type that they have there, so that predictions can be compared with its labels."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import numpy as np

from gatewise.records import Label

__all__ = ["class_labels", "typed_texts"]

# With a leading zero it is a code: 007 stays a text.
_WHOLE = re.compile(r"-?(0|[1-9][0-9]*)")
_WHOLE_FLOAT = re.compile(r"-?(0|[1-9][0-9]*)(\.0*)?")
_TRUTH = ({"True", "False"}, {"true", "false"}, {"TRUE", "FALSE"})
_LARGEST = 2**63


def typed_texts(values: Sequence[Any]) -> list[Any]:
    """The different labels of a file that holds nothing but text, as a reader such as pandas would type the whole column.

    They are whole numbers where all are spelled so and fit in 64 bits, numbers where all are whole but some written as 1.0, truth
    values where all are spelled True and False; else texts, as they are.
    """
    texts = [value.strip() for value in values if isinstance(value, str) and value.strip()]
    read: Any = None
    if any(spelled.issuperset(texts) for spelled in _TRUTH):
        read = {text: text.lower() == "true" for text in texts}
    elif all(_WHOLE.fullmatch(text) and len(text) < 20 and -_LARGEST <= int(text) < _LARGEST for text in texts):
        read = {text: int(text) for text in texts}
    elif all(_WHOLE_FLOAT.fullmatch(text) and len(text) < 20 for text in texts):
        read = {text: float(text) for text in texts}
    return [read.get(value.strip(), value) if read and isinstance(value, str) else value for value in values]


def class_labels(names: Sequence[str | None], values: Sequence[Any], classes: Sequence[str]) -> tuple[Label, ...]:
    """The label of each class: its value as it came first, or its name where that is none that JSON can hold.

    names, values: of the different values of the source, None where one names no class. Classes whose values are equal in Python,
    as 1 and True are, keep their names.
    """
    first: dict[str, Label] = {}
    for name, value in zip(names, values, strict=True):
        if name is not None:
            first.setdefault(name, _plain(name, value))
    labels = tuple(first.get(name, name) for name in classes)
    if any(isinstance(label, float) for label in labels) and all(_is_number(label) for label in labels):
        # One column has one type; whole numbers among floats are floats.
        labels = tuple(float(label) for label in labels)
    return labels if len(set(labels)) == len(classes) else tuple(classes)


def _plain(name: str, value: Any) -> Label:
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, Decimal) and value.is_finite() and value == value.to_integral_value():
        value = int(value)
    if isinstance(value, (bool, int)) or (isinstance(value, float) and math.isfinite(value)):
        return value
    return name


def _is_number(label: Label) -> bool:
    # Beyond that a float is another number.
    return not isinstance(label, (str, bool)) and abs(label) <= 2**53
