"""The last field of an ONNX file: a SHA-256 of all bytes before it, so that damage and later changes are noticed.

It is one more entry of the model's `metadata_props`, which every ONNX program reads and leaves as it is. It is no signature: who
changes a file on purpose can write a new one.
"""

from __future__ import annotations

import hashlib

from gatewise.export.onnx.wire import field_bytes

__all__ = ["KEY", "sealed", "unsealed"]

KEY = "gatewise_sha256"

METADATA_PROPS = 14


def sealed(content: bytes) -> bytes:
    """The file of a serialized model."""
    return content + _seal(content)


def unsealed(file: bytes) -> memoryview:
    """The serialized model of a file, without its seal. Raises ValueError where that is missing or of other bytes."""
    size = len(_seal(b""))
    content = memoryview(file)[:-size]
    if len(file) <= size or not file.endswith(_seal(content)):
        found = f'"{KEY}"' if KEY.encode("ascii") in file[-2 * size :] else "no checksum"
        raise ValueError(f"it ends with {found}, not with one of what it holds: it was cut short, changed, or is not of gatewise")
    return content


def _seal(content: bytes | memoryview) -> bytes:
    digest = hashlib.sha256(content).hexdigest()
    entry = field_bytes(1, KEY.encode("ascii")) + field_bytes(2, digest.encode("ascii"))
    return field_bytes(METADATA_PROPS, entry)
