"""Protocol buffers as far as an ONNX file needs them: a message as its fields, every bound checked.

The encoding is that of https://protobuf.dev/programming-guides/encoding: a key of field number and wire type before every value.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

__all__ = ["BYTES", "FIXED32", "VARINT", "Field", "field_bytes", "fields", "varints"]

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5

_WIDTHS = {FIXED64: 8, FIXED32: 4}


class Field(NamedTuple):
    """One field of a message. number: of the field. kind: its wire type. value: of a varint; content: of all others."""

    number: int
    kind: int
    value: int
    content: memoryview


def fields(message: memoryview) -> Iterator[Field]:
    """The fields in the order in which they stand. Raises ValueError for what is no message."""
    at, nothing = 0, message[:0]
    while at < len(message):
        key, at = _varint(message, at)
        number, kind = key >> 3, key & 7
        if not number:
            raise ValueError("a field has the number 0")
        if kind == VARINT:
            value, at = _varint(message, at)
            yield Field(number, kind, value, nothing)
            continue
        if kind == BYTES:
            size, at = _varint(message, at)
        elif kind in _WIDTHS:
            size = _WIDTHS[kind]
        else:
            raise ValueError(f"field {number} has the wire type {kind}")
        if size > len(message) - at:
            raise ValueError(f"field {number} ends beyond its message")
        yield Field(number, kind, 0, message[at : at + size])
        at += size


def varints(field: Field) -> list[int]:
    """The signed 64-bit integers of a repeated field, of which one stands alone or all stand in one. Raises ValueError."""
    if field.kind == VARINT:
        return [_signed(field.value)]
    if field.kind != BYTES:
        raise ValueError(f"field {field.number} holds no integers")
    found, at = [], 0
    while at < len(field.content):
        value, at = _varint(field.content, at)
        found.append(_signed(value))
    return found


def field_bytes(number: int, content: bytes) -> bytes:
    """A field of bytes as it stands in a message."""
    return _as_varint(number << 3 | BYTES) + _as_varint(len(content)) + content


def _varint(message: memoryview, at: int) -> tuple[int, int]:
    """The value that begins at a place, and the place behind it."""
    value = 0
    for shift in range(0, 70, 7):
        if at >= len(message):
            raise ValueError("a number ends beyond its message")
        byte = message[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value & 2**64 - 1, at
    raise ValueError("a number has more than 10 bytes")


def _signed(value: int) -> int:
    return value - 2**64 if value >= 2**63 else value


def _as_varint(value: int) -> bytes:
    found = bytearray()
    while value >= 0x80:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*found, value])
