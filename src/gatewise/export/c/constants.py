"""Constant arrays as C writes them, and the bytes that they take."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Constants", "c_string", "number"]

_WIDTH = 130
_BYTES = {"float": 4, "int8_t": 1, "uint8_t": 1, "uint16_t": 2, "uint32_t": 4, "int": 4}


class Constants:
    """Definitions in their order. text: of all of them. size: bytes in read-only memory."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self.size = 0

    @property
    def text(self) -> str:
        """All definitions, a blank line between two."""
        return "\n\n".join(self._parts)

    def add(self, name: str, values: NDArray[Any] | Sequence[Any], kind: str) -> None:
        """static const KIND NAME[] = {...}; of whole numbers, or floats, which are read back exactly."""
        flat = np.asarray(values).ravel()
        if not len(flat):
            raise ValueError(f"{name} has no values, and C knows no empty array")
        shown = (number(value) for value in flat.tolist()) if kind == "float" else map(str, flat.tolist())
        self._parts.append(f"static const {kind} {name}[{len(flat)}] = {{\n{_wrapped(shown)}\n}};")
        self.size += len(flat) * _BYTES[kind]

    def add_text(self, text: str, size: int = 0) -> None:
        """Any definition. size: bytes that it takes."""
        self._parts.append(text)
        self.size += size


def number(value: float) -> str:
    """A float32 in C, which reads it back exactly. Raises ValueError for what is not finite."""
    single = np.float32(value)
    if not np.isfinite(single):
        raise ValueError(f"{value} has no place in C")
    shown = f"{single:.9g}"
    return f"{shown}f" if {"e", "."} & set(shown) else f"{shown}.0f"


def c_string(text: str) -> str:
    """A string literal in ASCII."""
    # Three octal digits end an escape whatever follows it; a question mark could begin a trigraph.
    plain = "".join(chr(byte) if 32 <= byte < 127 and chr(byte) not in '"\\?' else f"\\{byte:03o}" for byte in _bytes(text))
    return f'"{plain}"'


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "replace")


def _wrapped(shown: Iterable[str]) -> str:
    lines: list[str] = []
    line: list[str] = []
    width = 4
    for value in shown:
        if width + len(value) + 1 > _WIDTH:
            lines.append("    " + " ".join(line))
            line, width = [], 4
        line.append(f"{value},")
        width += len(value) + 2
    return "\n".join([*lines, "    " + " ".join(line)])
